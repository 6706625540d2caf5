"""An update whose vectors cost money.

The price first, a yes once, a limit always, a receipt after.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from codesearch.config import Settings
from codesearch.embedding import Embedder
from codesearch.errors import ConfigError, ConsentNeeded, Elsewhere, EmbedderError, Paused
from codesearch.ingest.commit import Approve, OnProgress, Receipt
from codesearch.ingest.prepare import Site
from codesearch.ingest.update import preview, update
from codesearch.model import Bill, Progress, UpdateReport
from codesearch.remote import Account, exchange
from codesearch.remote.prices import shown

if TYPE_CHECKING:
    from codesearch.embedding.remote import RemoteEmbedder

T = TypeVar("T")

#: Dollars that may be spent a day without being asked about, once it was agreed to send code.
UNASKED = 0.50
#: A run stops where it costs so much more than was agreed to.
_SLACK = 1.25
_CENT = 0.01


def quote(site: Site, full: bool, on_progress: OnProgress, *, batch: bool = False) -> UpdateReport:
    """What an update would do, with its price. Sends nothing."""
    from codesearch.embedding.remote import Survey

    survey = Survey(remote_of(site))
    report = preview(site, full, on_progress, survey)
    bill = survey.bill(batch=batch)
    return replace(report, bill=bill, tokens=bill.tokens)


def paid_update(
    site: Site,
    settings: Settings,
    full: bool,
    on_progress: OnProgress,
    on_wait: Callable[[str], None],
    approve: Approve | None,
    receipt: Receipt | None = None,
    patience: float | None = None,
) -> UpdateReport:
    """As ``update``, with the bill of what was sent.

    ``patience``: seconds without any answer after which it is given up; None: long.

    Raises:
        ConsentNeeded: nobody agreed to send code there, or to this price, and ``approve`` did not.
        Paused: it would cost more than the limit.
    """
    start = time.perf_counter()
    embedder = remote_of(site)
    if not settings.offline:
        embedder.service.check()
    price = quote(site, full, on_progress).bill or Bill()
    if price.promised:
        raise Paused(
            f"a batch job is at {price.promised:,} functions of this repository",
            "codesearch index --batch waits for it and fetches them",
        )
    unasked = price.texts > 0 and check(embedder, settings, price, approve)
    limit = settings.max_cost
    if limit is None and price.dollars is not None:
        limit = price.dollars * _SLACK + _CENT
    total = price.texts
    agreed = settings.max_cost is None
    account = Account(embedder.price, limit, settings.max_requests, is_agreed=agreed)

    def watch(done: int, waiting: str) -> None:
        on_progress(Progress("send", min(done, total), total, waiting))

    embedder.begin(account, watch, patience)
    try:
        report = update(site, full, on_progress, on_wait)
    finally:
        bill = embedder.finish()
        if unasked and bill.dollars:
            embedder.vault.add_unasked(bill.dollars)
        if receipt is not None and (bill.texts or bill.refused):
            receipt(bill)
    return replace(
        report,
        bill=replace(bill, paid=price.paid, promised=price.promised),
        seconds=time.perf_counter() - start,
    )


def asked(
    site: Site, settings: Settings, text: str, make: Callable[[Embedder], T],
    approve: Approve | None, on_progress: OnProgress,
) -> T:  # fmt: skip
    """What is made of a question with the embedder, after it was agreed that it may be sent.

    Raises:
        Elsewhere: it has to be sent, with the key of whoever asks.
        ConsentNeeded, EmbedderError: it may not be sent; it could not be.
    """
    embedder = remote_of(site)
    if not (site.own_key or embedder.knows(text)):
        raise Elsewhere(f"{embedder.service.name} has to be asked")
    embedder.while_asked = lambda _, waiting: on_progress(Progress("ask", 0, None, waiting))
    try:
        return make(embedder)
    except (ValueError, LookupError) as error:  # which would be taken for a damaged index
        raise EmbedderError(f"unexpected {type(error).__name__}: {error}") from error
    except ConsentNeeded:
        price = embedder.priced(Bill(texts=1, tokens=round(embedder.tokens(text))))
        check(embedder, settings, price, approve)
        return make(embedder)


def check(
    embedder: RemoteEmbedder, settings: Settings, price: Bill, approve: Approve | None
) -> bool:
    """Whether so much may be sent; asks where nobody has agreed yet.

    Returns whether nobody was asked, since it was agreed to before and is little.

    Raises: as ``paid_update``.
    """
    if settings.offline:
        raise EmbedderError(
            f"{sum_of(price)} would have to be sent to {price.service},"
            " and the network is forbidden",
            "leave out --offline, or answer from the index as it is: --no-refresh",
        )
    limit, dollars = settings.max_cost, price.dollars
    if limit is not None and dollars is None:
        raise Paused(
            f"the price of {embedder.service.model} is not known, so no limit of cost can be kept",
            "nothing was sent; limit the number of functions instead: --max-requests",
        )
    if limit is not None and dollars is not None and dollars > limit:
        raise Paused(
            f"this would cost about {shown(dollars)}, more than the limit of {shown(limit)}",
            "nothing was sent; raise the limit with --max-cost",
        )
    if settings.max_requests is not None and price.texts > settings.max_requests:
        raise Paused(
            f"{sum_of(price)} would have to be sent, more than the limit of"
            f" {settings.max_requests:,}",
            "nothing was sent; raise the limit with --max-requests",
        )
    if embedder.is_agreed and (limit is not None or embedder.service.is_near):
        return False
    little = dollars is not None and dollars + embedder.vault.unasked() <= UNASKED
    if embedder.is_agreed and little:
        return True
    if approve is None or not approve(price):
        raise ConsentNeeded(
            f"nobody has agreed to send {sum_of(price)} to {price.service}",
            "codesearch index -n shows the price; codesearch index --yes agrees to it",
        )
    embedder.agree()
    return False


def sum_of(price: Bill) -> str:
    """``1,200 functions (about $0.31)``."""
    what = f"{price.texts:,} function" + ("" if price.texts == 1 else "s")
    if price.dollars is None:
        return f"{what} (at a price not known to us)"
    return f"{what} (about {shown(price.dollars)})"


def export(site: Site, file: Path, on_progress: OnProgress) -> int:
    """Writes the paid vectors of what the work tree holds now into a file. How many."""
    from codesearch.embedding.remote import Survey

    embedder = remote_of(site)
    survey = Survey(embedder, of_all=True)
    preview(site, True, on_progress, survey)
    return exchange.export(
        embedder.vault, embedder.id, embedder.dimension, sorted(survey.paid), file
    )


def take(site: Site, file: Path) -> tuple[str, int, int]:
    """Takes paid vectors from a file: the model, how many it holds, how many are new.

    Raises:
        ConfigError: see ``exchange.take``; or they are of another model, or too short.
    """
    embedder = remote_of(site)

    def fits(held: exchange.Held) -> None:
        if held.model != embedder.id or held.dimension < embedder.dimension:
            raise ConfigError(
                f"{file} holds vectors of {held.model} with {held.dimension} numbers, not of"
                f" {embedder.id} with {embedder.dimension} or more",
                "choose that backend, model and dimension, or export the file anew",
            )

    held, new = exchange.take(embedder.vault, file, fits)
    return held.model, held.vectors, new


def remote_of(site: Site) -> RemoteEmbedder:
    from codesearch.embedding.remote import RemoteEmbedder

    if not isinstance(site.embedder, RemoteEmbedder):
        raise ConfigError(
            "this backend costs nothing: nothing was paid for, and it has no batch jobs",
            "choose the one that is meant: --backend gemini",
        )
    return site.embedder

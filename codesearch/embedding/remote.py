"""An embedder whose model is elsewhere: what was paid for is looked up, the rest is sent.

A vector's identity is the digest of model, form of the text, role and text, with its dimension
beside it (longer ones serve as shorter ones). What looks like a secret is replaced before the
digest is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codesearch.config import Settings
from codesearch.embedding.base import Home
from codesearch.errors import ConfigError, ConsentNeeded, EmbedderError
from codesearch.model import Bill, Passage, Withheld
from codesearch.remote import (
    Account,
    Delivery,
    Pace,
    Price,
    Redactor,
    Role,
    Service,
    price_of,
    vault_in,
)
from codesearch.remote.tokens import estimate, fitting
from codesearch.remote.vault import KEY_BYTES

F32 = NDArray[np.float32]

#: Called with how many texts of a run are done, and what is waited for.
Watch = Callable[[int, str], None]

# Seconds for a question, which somebody waits for.
_QUESTION_PATIENCE = 20.0
_WRITTEN_EVERY = 5.0


class Wanted(NamedTuple):
    """A text to be sent."""

    key: bytes
    text: str
    withheld: Sequence[Withheld]


class RemoteEmbedder:
    """See the module's text."""

    remote = True
    in_workers = False
    weight = 1.0
    #: Not measured for any of these models; see ``Embedder.floor``.
    floor: float | None = None
    purpose: float | None = None
    #: Seconds before a failed call is repeated for the first time, about.
    first_wait = 0.5

    def __init__(self, service: Service, settings: Settings, home: Home) -> None:
        if (folder := home.folder) is None:
            raise ConfigError(f"{service.name} needs a folder for what is paid for")
        self.service = service
        self.vault = vault_in(folder)
        self.id = f"{service.model}/{service.template}"
        self.dimension = service.dimension
        self.place = home.place
        self._offline = settings.offline
        self._settings = settings
        self._redact = Redactor()
        self._pace = Pace(settings.requests_per_minute, settings.tokens_per_minute)
        self._account = self._asked = Account.of(self.price, settings)
        self._patience: float | None = None
        self._watch: Watch | None = None
        self.while_asked: Watch | None = None  # told what a question waits for
        self._done = 0  # texts of this run, up to the current call
        self._withheld: dict[Withheld, None] = {}
        self._refused: list[str] = []
        self._noted = (0, 0.0, 0.0, 0.0)

    # -- embedding ---------------------------------------------------------------------

    def embed_documents(self, passages: Sequence[Passage]) -> F32:
        wanted = [self.wanted(passage) for passage in passages]
        for one in wanted:
            self._withheld.update(dict.fromkeys(one.withheld))
        found = self.vault.find(self.id, self.dimension, (one.key for one in wanted))
        missing = {
            one.key: (one.text, passage)
            for one, passage in zip(wanted, passages, strict=True)
            if one.key not in found
        }
        if missing:
            self._check_allowed()
            keys = list(missing)
            texts = [text for text, _ in missing.values()]
            hurry = self._watch is None  # somebody waits for what is like a text
            refused = self._send(texts, "document", keys, found, in_a_hurry=hurry)
            for number in refused:
                # Without a direction it is found by its words alone.
                found[keys[number]] = np.zeros(self.dimension, np.float16)
                passage = missing[keys[number]][1]
                self._refused.append(f"{passage.path} {passage.symbol}".strip())
        rows = [found[one.key] for one in wanted]
        return np.array(rows, np.float32).reshape(len(rows), self.dimension)

    def embed_query(self, text: str) -> F32:
        if not text.strip():
            return np.zeros(self.dimension, np.float32)
        sent, key = self._question(text)
        found = self.vault.find(self.id, self.dimension, [key])
        if key not in found:
            self._check_allowed()
            self._send([sent], "question", [key], found, in_a_hurry=True)
            self.write_down()
            if key not in found:
                raise EmbedderError(
                    f"{self.service.name} does not take this question",
                    "put it in other words, or ask by words alone: --mode lexical",
                )
        return found[key].astype(np.float32)

    def knows(self, question: str) -> bool:
        """Whether a question can be embedded without the network."""
        _, key = self._question(question)
        return bool(self.vault.has(self.id, self.dimension, [key])) or not question.strip()

    # -- runs --------------------------------------------------------------------------

    def kept(self, passages: Sequence[Passage]) -> list[F32 | None]:
        """The vectors of those that were paid for; nothing is sent."""
        keys = [self.wanted(passage).key for passage in passages]
        found = self.vault.find(self.id, self.dimension, keys)
        return [found[k].astype(np.float32) if k in found else None for k in keys]

    def begin(
        self, account: Account, watch: Watch | None = None, patience: float | None = None
    ) -> None:
        """Begins a run: what is sent from now on counts for this account.

        ``patience``: seconds without any success after which it is given up; None: long.
        """
        self.write_down()
        self._account = account
        self._patience = patience
        self._watch = watch
        self._done = 0
        self._withheld, self._refused = {}, []
        self._noted = _figures(account)

    def finish(self) -> Bill:
        """Ends a run; what it cost."""
        self.write_down()
        account = self._account
        bill = Bill(
            service=self.service.name,
            model=self.service.model,
            dimension=self.dimension,
            priced=self.price.read,
            texts=account.texts,
            tokens=round(account.tokens),
            dollars=0.0 if self.service.is_near else account.dollars,
            refused=tuple(self._refused),
            withheld=tuple(self._withheld),
        )
        self.begin(self._asked)
        return bill

    def priced(self, bill: Bill, *, batch: bool = False) -> Bill:
        """A bill with its dollars and minutes."""
        near = self.service.is_near
        return replace(
            bill,
            service=self.service.name,
            model=self.service.model,
            dimension=self.dimension,
            terms=self.service.terms,
            priced=self.price.read,
            is_batch=batch,
            dollars=0.0 if near else self.price.of(bill.tokens, batch=batch),
            minutes={} if near or batch else self.price.minutes(bill.texts, bill.tokens),
        )

    def wanted(self, passage: Passage) -> Wanted:
        """What would be sent of a passage."""
        text, kinds = self._redact(self.service.document(passage), passage.path)
        text = fitting(text, self.service.limits.tokens)
        withheld = [Withheld(passage.path, passage.symbol, kind) for kind in kinds]
        return Wanted(self._key("document", text), text, withheld)

    def tokens(self, text: str) -> float:
        """How many the service would count, about."""
        return estimate(text) * self._ratio

    @property
    def price(self) -> Price:
        return price_of(self.service.model)

    # -- consent -----------------------------------------------------------------------

    @property
    def is_agreed(self) -> bool:
        """Whether this repository's code may be sent there."""
        return self.service.is_near or self.vault.agreed(self.service.name, self.place)

    def agree(self) -> None:
        """Notes that the user wants it."""
        self.vault.agree(self.service.name, self.place)

    def _check_allowed(self) -> None:
        if self._offline:
            raise EmbedderError(
                f"{self.service.name} has to be asked, and the network is forbidden",
                "leave out --offline, or ask by words alone: --mode lexical",
            )
        if not self.is_agreed:
            raise ConsentNeeded(
                f"nobody has agreed yet that this code is sent to {self.service.name}",
                "codesearch index -n says what it would cost; codesearch index --yes agrees",
            )

    # -- parts -------------------------------------------------------------------------

    def _send(
        self,
        texts: Sequence[str],
        role: Role,
        keys: Sequence[bytes],
        found: dict[bytes, NDArray[np.float16]],
        *,
        in_a_hurry: bool = False,
    ) -> Mapping[int, str]:
        """Sends texts; each vector is kept for good before anything else happens to it."""

        def keep(numbers: Sequence[int], vectors: F32) -> None:
            new = {keys[i]: v for i, v in zip(numbers, vectors.astype(np.float16), strict=True)}
            self.vault.keep(self.id, self.dimension, new)
            found.update(new)

        told = time.monotonic()

        def watch(done: int, waiting: str) -> None:
            nonlocal told
            if in_a_hurry and self.while_asked is not None:
                self.while_asked(done, waiting)
            elif self._watch is not None:
                self._watch(self._done + done, waiting)
            if time.monotonic() - told > _WRITTEN_EVERY:
                told = time.monotonic()
                self.write_down()

        delivery = Delivery(self.service, self._pace, self._account, ratio=self._ratio,
                            first_wait=self.first_wait)  # fmt: skip
        if in_a_hurry:
            delivery = replace(delivery, patience=_QUESTION_PATIENCE, hurry=_QUESTION_PATIENCE)
        elif self._patience is not None:
            delivery = replace(delivery, patience=self._patience)
        try:
            return delivery.send(texts, role, keep, watch)
        finally:
            self._done += len(texts)
            self.write_down()

    def write_down(self) -> None:
        """Notes what was spent since it was last noted."""
        a = self._account
        now = _figures(a)
        texts, tokens, guessed, reported = (x - y for x, y in zip(now, self._noted, strict=True))
        self._noted = now
        dollars = 0.0 if self.service.is_near else self.price.of(tokens)
        self.vault.note(self.id, int(texts), tokens, dollars, (guessed / self._ratio, reported))

    def _question(self, text: str) -> tuple[str, bytes]:
        clean, _ = self._redact(self.service.question(" ".join(text.split())), "")
        clean = fitting(clean, self.service.limits.tokens)
        return clean, self._key("question", clean)

    def _key(self, role: Role, text: str) -> bytes:
        digest = blake2b(digest_size=KEY_BYTES)
        for part in (self.id, role, text):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
        return digest.digest()

    @cached_property
    def _ratio(self) -> float:
        return self.vault.ratio(self.id)


def _figures(account: Account) -> tuple[int, float, float, float]:
    return account.texts, account.tokens, account.estimated, account.reported


class Survey:
    """What it would cost to embed passages, added up without sending any.

    Args:
        embedder: of them.
        keep_texts: whether the missing texts themselves are wanted.
        of_all: also what an index has already.
    """

    def __init__(
        self, embedder: RemoteEmbedder, *, keep_texts: bool = False, of_all: bool = False
    ) -> None:
        self._embedder = embedder
        self.of_all = of_all
        self._texts: list[Wanted] | None = [] if keep_texts else None
        self.paid: set[bytes] = set()
        self._withheld: dict[Withheld, None] = {}
        self.missing: dict[bytes, float] = {}  # tokens by key

    def add(self, passages: Sequence[Passage]) -> None:
        """Counts some passages, each text once."""
        e = self._embedder
        wanted = {one.key: one for one in map(e.wanted, passages)}
        for one in wanted.values():
            self._withheld.update(dict.fromkeys(one.withheld))
        there = e.vault.has(e.id, e.dimension, wanted)
        self.paid |= there
        new = [w for key, w in wanted.items() if key not in there and key not in self.missing]
        self.missing.update((one.key, e.tokens(one.text)) for one in new)
        if self._texts is not None:
            self._texts += new

    def left(self) -> list[Wanted]:
        """The texts that have no vector and are in no job, if they were to be kept."""
        e = self._embedder
        promised = e.vault.promised(e.id, e.dimension, self.missing.keys())
        return [one for one in self._texts or () if one.key not in promised]

    def bill(self, *, batch: bool = False) -> Bill:
        e = self._embedder
        promised = e.vault.promised(e.id, e.dimension, self.missing.keys())
        left = self.missing.keys() - promised
        bill = Bill(
            texts=len(left),
            tokens=round(sum(self.missing[key] for key in left)),
            paid=len(self.paid),
            promised=len(promised),
            withheld=tuple(self._withheld),
        )
        return e.priced(bill, batch=batch)

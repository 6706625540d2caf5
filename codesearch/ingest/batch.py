"""First indexing by asynchronous jobs: half the price, for who can wait.

A job is written down before anything else can happen, and its texts are paid for by nobody else
until it was fetched. Whatever interrupts this, the next run goes on with the same jobs.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from codesearch.config import Settings
from codesearch.errors import ConfigError, EmbedderError
from codesearch.ingest.commit import Approve, OnProgress, Receipt
from codesearch.ingest.paid import check, paid_update, remote_of
from codesearch.ingest.prepare import Site
from codesearch.ingest.update import preview
from codesearch.model import Bill, Progress, UpdateReport
from codesearch.remote import Busy, Fleeting, Job, NotFound, Unfit, unit_vectors

if TYPE_CHECKING:
    from codesearch.embedding.gemini import GeminiService
    from codesearch.embedding.remote import RemoteEmbedder, Wanted
    from codesearch.gemini.jobs import State

_FIRST_LOOK, _LAST_LOOK = 5.0, 60.0  # seconds between two looks at the jobs
# Titles of jobs; one that stands in place of a name is not known to have been begun, and after so
# many seconds was not.
_TITLE = "codesearch-"
_BEGINNING = 900.0
_sleep = time.sleep
_TROUBLES = 10  # failed looks, one after the other


def batch_update(
    site: Site,
    settings: Settings,
    full: bool,
    on_progress: OnProgress,
    on_wait: Callable[[str], None],
    approve: Approve | None,
    receipt: Receipt | None = None,
) -> UpdateReport:
    """As ``paid_update``, with all that is missing from jobs.

    Raises: as ``paid_update``; EmbedderError: a job failed, or the service has none.
    """
    embedder = remote_of(site)
    service = _with_jobs(embedder, settings)
    fetched = _fetch(embedder, service, on_progress, _FIRST_LOOK)
    price, missing = _quote(site, full, embedder, on_progress)
    if price.texts:
        check(embedder, settings, price, approve)
        most = service.texts_a_job
        for at in range(0, len(missing), most):
            _begin(embedder, service, missing[at : at + most])
        new = _fetch(embedder, service, on_progress, _FIRST_LOOK)
        fetched = replace(
            new, texts=fetched.texts + new.texts, tokens=fetched.tokens + new.tokens,
            dollars=_sum(fetched.dollars, new.dollars),
        )  # fmt: skip
    # What no job could do is sent at once; mostly there is none.
    if receipt is not None and fetched.texts:
        receipt(embedder.priced(fetched, batch=True))
    report = paid_update(site, settings, full, on_progress, on_wait, approve, receipt)
    rest = report.bill or Bill()
    bill = replace(
        rest, texts=rest.texts + fetched.texts, tokens=rest.tokens + fetched.tokens,
        dollars=_sum(rest.dollars, fetched.dollars),
    )  # fmt: skip
    return replace(report, bill=bill)


def _with_jobs(embedder: RemoteEmbedder, settings: Settings) -> GeminiService:
    from codesearch.embedding.gemini import GeminiService

    service = embedder.service
    if not isinstance(service, GeminiService) or not service.has_jobs:
        raise ConfigError(
            f"{service.name} has no batch jobs that codesearch knows", "leave out --batch"
        )
    if settings.offline:
        raise EmbedderError(f"{service.name} has to be asked, and the network is forbidden")
    return service


def _quote(
    site: Site, full: bool, embedder: RemoteEmbedder, on_progress: OnProgress
) -> tuple[Bill, list[Wanted]]:
    from codesearch.embedding.remote import Survey

    survey = Survey(embedder, keep_texts=True)
    preview(site, full, on_progress, survey)
    return survey.bill(batch=True), survey.left()


def _begin(embedder: RemoteEmbedder, service: GeminiService, texts: list[Wanted]) -> None:
    """Has a job begun, which is noted before: under a title that the service is given too."""
    title = _TITLE + secrets.token_hex(8)
    tokens = sum(embedder.tokens(one.text) for one in texts)
    job = Job(
        title, embedder.id, embedder.dimension, embedder.place, time.time(), len(texts), tokens
    )
    own = set(embedder.vault.promise(job, [one.key for one in texts]))
    if not own:
        return  # another process has just begun it
    try:
        name = service.begin_job(
            title, [(one.key.hex(), one.text) for one in texts if one.key in own]
        )
    except (Busy, Fleeting, Unfit, EmbedderError) as error:
        if not isinstance(error, Fleeting):  # then it may have begun all the same
            embedder.vault.fulfil(title)
        raise EmbedderError(
            f"{service.name} did not take the job: {error}", "run it again later"
        ) from None
    embedder.vault.begun(title, name)


def _fetch(
    embedder: RemoteEmbedder, service: GeminiService, on_progress: OnProgress, wait: float
) -> Bill:
    """Waits for all jobs of this model, whoever began them, and takes what they bring."""
    vault = embedder.vault
    texts = tokens = troubles = 0
    ended: list[str] = []
    jobs = vault.jobs(embedder.id)
    total = sum(job.texts for job in jobs)
    while jobs:
        left = sum(job.texts for job in jobs)
        on_progress(Progress("send", total - left, total, "batch jobs, which may take hours"))
        for job in jobs:
            try:
                state, taken, counted = _looked_at(embedder, service, job)
            except (Busy, Fleeting) as error:
                troubles += 1
                if troubles > _TROUBLES:
                    raise EmbedderError(
                        f"{service.name} did not answer: {error}",
                        "the jobs go on; codesearch index --batch fetches them",
                    ) from None
                continue
            troubles = 0
            texts, tokens = texts + taken, tokens + counted
            if state in _ENDS:
                ended.append(f"the job {job.name} {_ENDS[state]}")
        # Another process may have fetched some, or begun others.
        jobs = vault.jobs(embedder.id)
        if jobs:
            _sleep(wait)
            wait = min(1.5 * wait, _LAST_LOOK)
    if ended:
        raise EmbedderError(
            f"{service.name}: {', '.join(ended)}",
            "run codesearch index --batch again to begin others",
        )
    dollars = embedder.price.of(tokens, batch=True)
    return Bill(service=service.name, texts=texts, tokens=tokens, dollars=dollars)


_ENDS = {"failed": "failed", "gone": "is not known there any more"}


def _looked_at(
    embedder: RemoteEmbedder, service: GeminiService, job: Job
) -> tuple[State, int, int]:
    """How far a job is; of one that ended, what it brought is kept: texts and tokens."""
    vault = embedder.vault
    if job.name.startswith(_TITLE):  # noted, and perhaps never begun
        name = service.job_named(job.name)
        if name is not None:
            vault.begun(job.name, name)
        elif time.time() - job.begun > _BEGINNING:
            vault.fulfil(job.name)
        return "running", 0, 0
    state, texts, tokens = service.job_state(job.name), 0, 0
    if state == "running":
        return state, 0, 0
    if state == "done":
        try:
            texts, tokens = _take(embedder, service, job)
        except NotFound:
            state = "gone"
    vault.fulfil(job.name)
    return state, texts, tokens


def _take(embedder: RemoteEmbedder, service: GeminiService, job: Job) -> tuple[int, int]:
    """Keeps what a job brought; how many texts and tokens that were."""
    found: dict[bytes, np.ndarray] = {}
    tokens = 0.0
    for result in service.job_results(job.name):
        try:
            key = bytes.fromhex(result.key)
            row = unit_vectors([result.vector or []], 1, service, job.dimension)[0]
        except (ValueError, Fleeting, EmbedderError):
            continue  # it is sent by itself later, and the service says what is wrong with it
        found[key] = row.astype(np.float16)
        tokens += job.tokens / max(job.texts, 1) if result.tokens is None else result.tokens
    embedder.vault.keep(embedder.id, job.dimension, found)
    embedder.vault.note(embedder.id, len(found), tokens, embedder.price.of(tokens, batch=True))
    return len(found), round(tokens)


def _sum(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b

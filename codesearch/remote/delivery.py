"""Sending many texts: in batches, several at a time, at the service's pace, again where it failed.

A number travels with each text, and every vector is handed on with it as soon as it is there, so
that whatever happens later, nothing is paid twice and no vector comes to another's place.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codesearch.errors import CodesearchError, EmbedderError
from codesearch.remote.account import Account
from codesearch.remote.base import F32, Busy, Fleeting, Role, Service, Stopped, Unfit
from codesearch.remote.pace import Pace
from codesearch.remote.tokens import estimate

if TYPE_CHECKING:
    from tenacity import RetryCallState, Retrying

Keep = Callable[[Sequence[int], F32], None]
Watch = Callable[[int, str], None]

#: Calls at a time. More only fill the service's queue.
WORKERS = 8
# Seconds for one call, and without any success until it is given up.
CALL_SECONDS = 60.0
PATIENCE = 180.0
# Tries of one text that the service may have received: more would be paid for again and again.
_TRIES = 8
_GRACE = 5.0  # seconds in which what was sent may still come back after an interruption
_FIRST_WAIT, _LAST_WAIT = 0.5, 30.0
# Seconds of nothing but refusals for want of quota.
_BUSY = 900.0
# Texts refused, none taken: then a text that any model takes is tried.
_LATER = "what is done is kept; run it again later"
_BY_WORDS = "try again later, or ask by words alone: --mode lexical"
_HOPELESS = 20
_PROBE = "def main():\n    return 0"


@dataclass(frozen=True)
class Delivery:
    """Sends texts to one service.

    Args:
        service: takes them.
        pace: shared by everything that is sent to it.
        account: what may be spent.
        ratio: tokens that the service counts for one of our estimate.
        patience: seconds without any success after which it is given up.
        hurry: seconds that may be waited for quota; None: as long as it takes.
        first_wait: seconds before the first repetition, about.
    """

    service: Service
    pace: Pace
    account: Account
    ratio: float = 1.0
    patience: float = PATIENCE
    hurry: float | None = None
    first_wait: float = _FIRST_WAIT

    def send(
        self, texts: Sequence[str], role: Role, keep: Keep, watch: Watch | None = None
    ) -> dict[int, str]:
        """Sends texts and hands on each vector as it comes.

        Args:
            texts: not empty ones.
            role: whether they are code or questions.
            keep: given numbers of texts and their unit vectors, shape (n, dimension); called by
                one thread at a time.
            watch: called now and then, in the caller's thread, with how many texts are done and
                what is waited for.

        Returns:
            The texts that the service does not take, by number, each with what it said.

        Raises:
            EmbedderError, Paused: it goes on no further; what came before was handed on.
            KeyboardInterrupt: likewise.
        """
        if not texts:
            return {}
        run = _Run(self, texts, role, keep)
        count = min(WORKERS, -(-len(texts) // self.service.limits.texts))
        threads: list[threading.Thread] = []
        patience = _GRACE  # with calls that are still open
        try:
            for _ in range(count):
                # Daemons, so that a call that hangs does not keep the process from ending.
                threads.append(threading.Thread(target=run.work, daemon=True))
                threads[-1].start()
            while not run.finished.wait(0.1):
                if watch is not None:
                    watch(run.done, run.waiting)
                if run.is_late():
                    run.stop(self._late(run.waiting))
                    break
            else:
                patience = CALL_SECONDS + _GRACE
        finally:
            run.stop(None)
            end = time.monotonic() + patience
            for thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
        if run.error is not None:
            raise run.error
        if run.took_nothing:
            self._probe(run, role)
        return run.unfit

    def _late(self, waiting: str) -> EmbedderError:
        what = f"{self.service.name} did not answer in time" + (f": {waiting}" if waiting else "")
        return EmbedderError(what, _LATER if self.hurry is None else _BY_WORDS)

    def _probe(self, run: _Run, role: Role) -> None:
        """Whether it was the texts: of a service that took none of them.

        Raises:
            EmbedderError: it does not take the simplest of texts either.
        """
        why = next(iter(run.unfit.values()))
        probe = _Run(self, [_PROBE], role, lambda *_: None)
        probe.work()
        if probe.error is not None:
            raise probe.error
        if probe.unfit:
            raise EmbedderError(
                f"{self.service.name} takes none of the texts: {why}",
                "is it the right model, with a dimension that it knows?",
            )


class _Run:
    """One call of ``Delivery.send``: what its threads share."""

    def __init__(self, of: Delivery, texts: Sequence[str], role: Role, keep: Keep) -> None:
        self._of = of
        self._texts = texts
        self._role = role
        self._keep = keep
        self._tokens = [estimate(text) * of.ratio for text in texts]
        self._left = len(texts)  # neither handed on nor unfit
        self._todo: deque[Sequence[int]] = deque(self._batches())
        self._lock = threading.Lock()
        self._keeping = threading.Lock()
        self._halt = threading.Event()
        self._begun = self._success = self._alive = time.monotonic()
        self._taken = 0
        self.unfit: dict[int, str] = {}
        self.error: CodesearchError | None = None
        self.finished = threading.Event()
        self.done = 0
        self.waiting = ""

    @property
    def took_nothing(self) -> bool:
        """Whether there were texts, and the service took none."""
        return bool(self.unfit) and not self._taken

    def is_late(self) -> bool:
        """Whether it takes too long: a service may answer a byte at a time, or never."""
        of, now = self._of, time.monotonic()
        if of.hurry is not None and now - self._begun > of.hurry + _GRACE:
            return True
        if of.pace.waits() > 0:
            self._alive = now
        return now - self._alive > of.patience + 2 * CALL_SECONDS

    def stop(self, error: CodesearchError | None) -> None:
        """Has nothing more sent."""
        with self._lock:
            if self.error is None:
                self.error = error
        self._halt.set()
        self.finished.set()

    def _batches(self) -> Iterator[Sequence[int]]:
        limits = self._of.service.limits
        batch: list[int] = []
        size = 0
        for number, text in enumerate(self._texts):
            more = len(text.encode("utf-8", "surrogatepass")) + 200  # what JSON adds, escapes aside
            if batch and (len(batch) == limits.texts or size + more > limits.bytes // 2):
                yield batch
                batch, size = [], 0
            batch.append(number)
            size += more
        if batch:
            yield batch

    def work(self) -> None:
        """What each thread does."""
        try:
            while not self._halt.is_set():
                batch = self._next()
                if batch is None:
                    return
                self._one(batch)
        except Stopped:
            return
        except CodesearchError as error:
            self.stop(error)
        except Exception as error:
            self.stop(EmbedderError(f"unexpected {type(error).__name__}: {error}"))

    def _next(self) -> Sequence[int] | None:
        """A batch; waits while others are at theirs, which they may have to halve."""
        while not self._halt.is_set():
            with self._lock:
                if self._todo:
                    return self._todo.popleft()
                if not self._left:
                    return None
            self.finished.wait(0.05)
        return None

    def _one(self, batch: Sequence[int]) -> None:
        if len(batch) > 1 and not self._fits(batch):
            self._halve(batch)
            return
        texts = [self._texts[i] for i in batch]
        try:
            vectors = self._sent(texts, sum(self._tokens[i] for i in batch))
        except Unfit as why:
            if len(batch) > 1:
                self._halve(batch)
            else:
                self._refused(batch[0], str(why))
            return
        except Busy:
            with self._lock:  # the gate is closed now; perhaps the batch has to be smaller
                self._todo.appendleft(batch)
            return
        with self._keeping:
            self._keep(batch, vectors)
        self._ended(len(batch), taken=len(batch))

    def _fits(self, batch: Sequence[int]) -> bool:
        requests, tokens = self._of.pace.most()
        return len(batch) <= requests and sum(self._tokens[i] for i in batch) <= tokens

    def _halve(self, batch: Sequence[int]) -> None:
        half = len(batch) // 2
        with self._lock:
            self._todo.extendleft((batch[half:], batch[:half]))

    def _refused(self, number: int, why: str) -> None:
        with self._lock:
            self.unfit[number] = why
            hopeless = not self._taken and len(self.unfit) == _HOPELESS
        if hopeless:
            self._of._probe(self, self._role)
        self._ended(1, taken=0)

    def _ended(self, count: int, taken: int) -> None:
        with self._lock:
            self._left -= count
            self.done += count
            self._taken += taken
            self._success = self._alive = time.monotonic()
            self.waiting = ""
            if not self._left:
                self.finished.set()

    # -- one call, and again -----------------------------------------------------------

    def _sent(self, texts: Sequence[str], tokens: float) -> F32:
        """The unit vectors of a batch.

        Raises:
            Unfit, Busy, Stopped, EmbedderError.
        """
        for attempt in self._attempts():
            with attempt:
                return self._call(texts, tokens)
        raise Stopped

    def _call(self, texts: Sequence[str], tokens: float) -> F32:
        of = self._of
        until = float("inf") if of.hurry is None else self._begun + of.hurry
        left = of.pace.waits()
        if left > 1:
            self.waiting = f"the quota of the minute: {left:.0f} s"
        try:
            of.pace.take(len(texts), tokens, self._halt.is_set, until)
            self._alive = time.monotonic()
        except Busy as busy:
            raise EmbedderError(
                f"{of.service.name} has no quota left for this minute",
                f"try again in {busy.after or 0:.0f} s",
            ) from None
        of.account.reserve(len(texts), tokens)
        try:
            timeout = min(CALL_SECONDS, max(of.patience, 1.0))
            answer = of.service.send(texts, self._role, timeout)
            vectors = unit_vectors(answer.vectors, len(texts), of.service)
        except Busy as busy:
            of.account.fail(len(texts), tokens, billed=False)
            self._alive = time.monotonic()
            of.pace.refuse(busy, len(texts), tokens)
            if time.monotonic() - self._success > _BUSY:
                raise EmbedderError(
                    f"{of.service.name} has had no quota for {_BUSY / 60:.0f} minutes",
                    "what is done is kept; does the key's project have a quota for this model?",
                ) from None
            raise
        except Fleeting as error:
            of.account.fail(len(texts), tokens, billed=error.billed)
            raise
        except BaseException:
            of.account.fail(len(texts), tokens, billed=False)
            raise
        of.account.settle(len(texts), tokens, answer.tokens)
        return vectors

    def _attempts(self) -> Retrying:
        from tenacity import Retrying, retry_if_exception_type, wait_exponential_jitter

        return Retrying(
            retry=retry_if_exception_type(Fleeting),
            wait=wait_exponential_jitter(
                self._of.first_wait,
                _LAST_WAIT,
                jitter=self._of.first_wait,
            ),
            stop=self._is_enough,
            sleep=self._sleep,
            before_sleep=self._note,
            retry_error_callback=self._give_up,
        )

    def _is_enough(self, state: RetryCallState) -> bool:
        silent = time.monotonic() - self._success
        tries = state.attempt_number
        return tries >= _TRIES or (tries > 1 and silent > self._of.patience)

    def _sleep(self, seconds: float) -> None:
        if self._halt.wait(seconds):
            raise Stopped

    def _note(self, state: RetryCallState) -> None:
        self.waiting = _said(state)

    def _give_up(self, state: RetryCallState) -> Any:
        raise EmbedderError(
            f"{self._of.service.name} did not answer: {_said(state)}",
            _LATER if self._of.hurry is None else _BY_WORDS,
        )


def _said(state: RetryCallState) -> str:
    error = state.outcome.exception() if state.outcome is not None else None
    return str(error) or type(error).__name__


def unit_vectors(
    vectors: Sequence[Sequence[float]], count: int, service: Service, dimension: int | None = None
) -> F32:
    """What came back as unit vectors of the wanted length (None: the service's).

    Raises:
        Fleeting: there are too few or too many, or numbers that are none.
        EmbedderError: they have another length than was asked for.
    """
    if len(vectors) != count:
        raise Fleeting(f"{len(vectors)} vectors came back for {count} texts", billed=True)
    wanted = service.dimension if dimension is None else dimension
    for vector in vectors:
        has = len(vector)
        if not has:
            raise Fleeting("an empty vector came back", billed=True)
        if has < wanted or (has > wanted and not service.cuts):
            raise EmbedderError(
                f"{service.model} gives vectors of {has} numbers, not {wanted}",
                f"set CODESEARCH_DIMENSION={has}, or choose another model",
            )
    try:
        rows = np.array([vector[:wanted] for vector in vectors], np.float32)
    except (TypeError, ValueError):
        raise Fleeting("a vector came back with something that is no number", billed=True) from None
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    if not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise Fleeting("a vector came back with numbers that are none", billed=True)
    unit: F32 = (rows / lengths[:, None]).astype(np.float32)
    return unit

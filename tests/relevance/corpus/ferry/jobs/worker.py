"""Workers: take a job, run its handler, decide what becomes of a failure."""

from __future__ import annotations

import logging
import random
import signal
import threading
import traceback
from collections.abc import Callable

from ferry.jobs.queue import Job, JobQueue

log = logging.getLogger("ferry.worker")
Handler = Callable[[dict[str, object]], None]


class Permanent(Exception):
    """Raised by a handler when trying again cannot help."""


class Backoff:
    def __init__(self, first: float = 2.0, factor: float = 3.0, cap: float = 3600.0) -> None:
        self.first = first
        self.factor = factor
        self.cap = cap

    def delay(self, attempts: int) -> float:
        """Seconds until the next try: grows by the factor, a tenth of noise on top."""
        plain = min(self.cap, self.first * self.factor ** max(0, attempts - 1))
        return plain * random.uniform(0.9, 1.1)


class Heartbeat:
    """Keeps the lease of a running job alive from a second thread."""

    def __init__(self, queue: JobQueue, job: Job, owner: str, lease: float) -> None:
        self._queue, self._job, self._owner, self._lease = queue, job, owner, lease
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.lost = False

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._lease / 3):
            if not self._queue.extend(self._job, self._owner, self._lease):
                self.lost = True
                log.warning("job %s was taken over by another worker", self._job.id)
                return


class Worker:
    def __init__(
        self,
        queue: JobQueue,
        name: str,
        *,
        backoff: Backoff | None = None,
        max_attempts: int = 6,
        lease: float = 30.0,
    ) -> None:
        self.queue = queue
        self.name = name
        self.backoff = backoff or Backoff()
        self.max_attempts = max_attempts
        self.lease = lease
        self._handlers: dict[str, Handler] = {}
        self._stopping = threading.Event()

    def handles(self, name: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            if name in self._handlers:
                raise ValueError(f"two handlers for {name!r}")
            self._handlers[name] = handler
            return handler

        return register

    def run(self, idle_pause: float = 1.0) -> None:
        """Work until told to stop; a job that is under way is finished first."""
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        log.info("worker %s is up, %d handlers", self.name, len(self._handlers))
        while not self._stopping.is_set():
            if not self.run_once():
                self._stopping.wait(idle_pause)
        log.info("worker %s is down", self.name)

    def run_once(self) -> bool:
        job = self.queue.claim(self.name, self.lease)
        if job is None:
            return False
        handler = self._handlers.get(job.name)
        if handler is None:
            self.queue.bury(job, f"no handler is registered for {job.name!r}")
            return True
        with Heartbeat(self.queue, job, self.name, self.lease) as heartbeat:
            failure = self._attempt(handler, job)
        if heartbeat.lost:
            return True
        if failure is None:
            self.queue.finish(job)
        else:
            self._settle(job, failure)
        return True

    @staticmethod
    def _attempt(handler: Handler, job: Job) -> BaseException | None:
        try:
            handler(job.payload)
        except Exception as error:
            log.debug("%s", traceback.format_exc())
            return error
        return None

    def _settle(self, job: Job, failure: BaseException) -> None:
        reason = f"{type(failure).__name__}: {failure}"
        if isinstance(failure, Permanent):
            self.queue.bury(job, reason)
            return
        if job.attempts >= self.max_attempts:
            log.error("giving up on %s after %d attempts: %s", job.id, job.attempts, reason)
            self.queue.bury(job, reason)
            return
        delay = self.backoff.delay(job.attempts)
        log.warning("job %s failed (%s), next try in %.0f s", job.id, reason, delay)
        self.queue.postpone(job, delay, reason)

    def stop(self) -> None:
        self._stopping.set()

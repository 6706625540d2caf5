"""What ``codesearch watch`` holds while it runs: the index, the server, and what it shows."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace

from codesearch import config, output, places, protocol
from codesearch.cli import consent
from codesearch.cli.base import Door, Meter, columns, is_terminal, remark
from codesearch.cli.index import changes
from codesearch.cli.resident import Resident
from codesearch.cli.scope import settings_of
from codesearch.errors import StoreError
from codesearch.ingest import Standby
from codesearch.model import Bill, Progress, UpdateReport, WatchEvent
from codesearch.watch import Current, Watcher


class Watch:
    """What is kept between events: the index, and the line that is shown."""

    def __init__(self, door: Door, root: places.Root, *, as_json: bool) -> None:
        self.door = door
        self.root = root
        self.standby = Standby()
        self._as_json = as_json
        self._is_live = is_terminal(sys.stderr) and not door.quiet and not as_json
        self._shown = 0  # columns of the line that is rewritten
        self._last = ""  # what changed last
        self._meter: Meter | None = None  # of the update that is going on
        self._resident = Resident(root, self.standby)
        self.index = Current(root, self._settings, self.standby)

    def run(self, *, debounce: float, poll: bool) -> None:
        """Until it is interrupted; see ``Watcher.run``."""
        watcher = Watcher(
            self.root.path,
            self.index,
            self.update,
            self.tell,
            debounce=debounce,
            poll=poll,
        )
        try:
            with self.index().kept(), closing(self.standby), self.serve():
                watcher.run()
        except KeyboardInterrupt:
            self.tell(WatchEvent("stopped"))

    def update(self) -> UpdateReport:
        """Brings the index up to date."""

        def wait(writer: str) -> None:
            self.tell(WatchEvent("waiting", detail=writer))

        return self.index().update(on_progress=self.progress, on_wait=wait, receipt=self.receipt)

    def _settings(self) -> config.Settings:
        return settings_of(self.root.path, replace(self.door, quiet=True))

    def serve(self) -> AbstractContextManager[object]:
        """Answers command lines meanwhile, where that can be."""
        if sys.platform == "win32":
            return nullcontext()
        from codesearch.server.serve import Server

        try:
            return closing(Server(self.root.path, self._resident.answer))
        except StoreError as error:
            self.door.warn(f"searches are not answered from here: {error.message}")
            return nullcontext()

    def tell(self, event: WatchEvent) -> None:
        """Shows an event."""
        self._meter = None
        if event.event in {"ready", "updated"}:
            self._resident.warm(self.index.settings())
        if self._as_json:
            found = protocol.watch(event, root=str(self.root.path))
            self.door.write(protocol.encode(found), exact=True)
            return
        report = event.report
        if event.event == "ready" and event.detail:
            self._above(f"Looking every second or less often: {event.detail}")
        for note in report.notes if report is not None else ():
            self._above(f"warning: {note}")
        if event.event == "failed":
            self._above(f"warning: {event.detail}; trying again")
        elif event.event == "waiting":
            self._above(f"waiting for {event.detail}, which is writing the index")
        elif event.event == "stopped":
            self._clear()
        elif report is not None:
            self._state(event.event, report)

    def receipt(self, bill: Bill) -> None:
        """Says what was sent."""
        if not self._as_json:
            self._clear()
            consent.teller(self.door)(bill)

    def progress(self, progress: Progress) -> None:
        """Shows how far a long update is."""
        if self._is_live:
            if self._meter is None:
                self._clear()
                self._meter = Meter(self.door)
            self._meter(progress)

    def _state(self, event: str, report: UpdateReport) -> None:
        name = output.visible(self.root.path.name)
        holds = f"{output.plural(report.files, 'file')}, {output.plural(report.chunks, 'function')}"
        if event == "updated":
            took = output.duration(report.seconds)
            self._last = f"{time.strftime('%H:%M:%S')} {changes(report)} in {took}"
        if self._is_live:
            self._clear()
            line = f"Watching {name}: {holds}" + (f"; {self._last}" if self._last else "")
            line = output.clip(line, columns() - 1, "...")
            self._shown = output.width(line)
            remark(line, nl=False)
        elif event == "updated":
            self.door.say(self._last)
        else:
            self.door.say(f"Watching {name}: {holds}")

    def _above(self, text: str) -> None:
        self._clear()
        self.door.say(text)

    def _clear(self) -> None:
        if self._is_live and self._shown:
            remark(f"\r{'':<{self._shown}}\r", nl=False)
            self._shown = 0

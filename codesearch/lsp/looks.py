"""Looking for duplicates while somebody writes: when to look, and what is shown of it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from lsprotocol import types

from codesearch.errors import CodesearchError, Elsewhere
from codesearch.lsp import findings
from codesearch.lsp.findings import Units
from codesearch.lsp.repository import Repository
from codesearch.lsp.words import Words
from codesearch.model import Duplicate

_QUIET = 0.7  # seconds without another change
_AGAIN = 1.0  # seconds until an index that was not up to date is asked again


@dataclass(frozen=True)
class Options:
    """What of duplicates is shown: of "open" files and changed functions, of "changed" functions
    only, or nothing ("off")."""

    duplicates: str = "open"
    severity: str = "information"


@dataclass(frozen=True)
class Document:
    """An open document: its path in the repository, and the editor's version of it."""

    uri: str
    path: str
    version: int | None


@dataclass(frozen=True)
class Shown:
    """A finding as it was published, and the version of the document that it was found in."""

    finding: Duplicate
    diagnostic: types.Diagnostic
    version: int | None


class Looks:
    """Looks for duplicates of one repository whenever it was told of changes and it is quiet.

    Args:
        repository: where.
        documents: gives its documents that are open.
        publish: shows the diagnostics of a document, by its URI.
        changed: called when there are other findings among changed functions.
    """

    def __init__(
        self,
        repository: Repository,
        documents: Callable[[], list[Document]],
        publish: Callable[[str, list[types.Diagnostic], int | None], None],
        changed: Callable[[], None],
    ) -> None:
        self._repository = repository
        self._documents = documents
        self._publish = publish
        self._changed = changed
        self.options = Options()
        self.words = Words()
        self.units: Units = len
        self._shown: Mapping[str, list[Shown]] = {}
        self._names: tuple[str, ...] = ()
        self._task: asyncio.Task[None] | None = None
        self._is_due = asyncio.Event()

    def soon(self) -> None:
        """Something changed."""
        self._is_due.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def close(self) -> None:
        """Ends it, and shows nothing any more."""
        if self._task is not None:
            self._task.cancel()
        self._show({})

    def at(self, path: str, asked: types.Range) -> list[Shown]:
        """What is shown in a part of a file."""
        return [
            shown for shown in self._shown.get(path, []) if _meets(shown.diagnostic.range, asked)
        ]

    async def _run(self) -> None:
        while True:
            await self._is_due.wait()
            while self._is_due.is_set():
                self._is_due.clear()
                await asyncio.sleep(_QUIET)
            try:
                self._show(await self._found())
            except Elsewhere:  # the index has to be updated first, which others see to
                await asyncio.sleep(_AGAIN)
                self._is_due.set()
            except CodesearchError:
                pass  # whoever asks is told
            except Exception:
                traceback.print_exc()  # an editor keeps it; the next look may fare better

    async def _found(self) -> dict[str, list[Shown]]:
        if self.options.duplicates == "off":
            return {}
        repository, loop = self._repository, asyncio.get_running_loop()
        documents = self._documents()
        versions = {d.path: d.version for d in documents}
        every: dict[tuple[str, int, str], Duplicate] = {}
        names: tuple[str, ...] = ()
        if repository.root.is_git:
            report = await loop.run_in_executor(
                repository.looks, repository.duplicates, "changed", []
            )
            names = tuple(f.fingerprint for f in report.findings)
            every |= {_key(f): f for f in report.findings}
        if self.options.duplicates == "open" and documents:
            paths = [d.path for d in documents]
            report = await loop.run_in_executor(
                repository.looks, repository.duplicates, "files", paths
            )
            every |= {_key(f): f for f in report.findings}
        found: dict[str, list[Shown]] = {}
        for finding in every.values():
            path = finding.place.path
            shown = findings.diagnostic(
                finding, self.options.severity, self.words, repository.uri_of, self.units
            )
            found.setdefault(path, []).append(Shown(finding, shown, versions.get(path)))
        if names != self._names:
            self._names = names
            self._changed()
        return found

    def _show(self, found: Mapping[str, list[Shown]]) -> None:
        uris = {d.path: d.uri for d in self._documents()}
        for path in {**self._shown, **found}:
            new = [s.diagnostic for s in found.get(path, [])]
            if [s.diagnostic for s in self._shown.get(path, [])] != new:
                version = found[path][0].version if new else None
                uri = uris.get(path) or self._repository.uri_of(path)
                with suppress(OSError):
                    self._publish(uri, new, version)
        self._shown = found


def _key(finding: Duplicate) -> tuple[str, int, str]:
    return finding.place.path, finding.place.start_line, finding.place.symbol


def _meets(a: types.Range, b: types.Range) -> bool:
    first, last = (a.start.line, a.start.character), (a.end.line, a.end.character)
    begin, end = (b.start.line, b.start.character), (b.end.line, b.end.character)
    return first <= end and begin <= last

"""Looking for duplicates while somebody writes: when to look, and what is shown of it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from lsprotocol import types

from codesearch.errors import CodesearchError, Elsewhere
from codesearch.lsp import findings
from codesearch.lsp.findings import Units
from codesearch.lsp.repository import Repository
from codesearch.lsp.words import Words
from codesearch.model import Duplicate

_QUIET = 0.7  # seconds without another change
_SECONDS = 5.0  # that comparing may take, since nobody has asked for it


CHOICES = ("open", "changed", "off")


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
        self._uris: dict[str, str] = {}  # under which something was published, by path
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
        self.clear()

    def clear(self) -> None:
        """Shows nothing."""
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
            except Elsewhere:
                pass  # there is another look as soon as an index is stored
            except Exception:
                traceback.print_exc()  # an editor keeps it; the next look may fare better

    async def _found(self) -> dict[str, list[Shown]]:
        if self.options.duplicates == "off":
            return {}
        repository = self._repository
        documents = self._documents()
        versions = {d.path: d.version for d in documents}
        every: dict[tuple[str, int, str], Duplicate] = {}
        names: tuple[str, ...] = ()
        if repository.root.is_git:
            changed = await self._look("changed", [])
            names = tuple(f.fingerprint for f in changed)
            every |= {_key(f): f for f in changed}
        if self.options.duplicates == "open" and documents:
            every |= {_key(f): f for f in await self._look("files", [d.path for d in documents])}
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

    async def _look(self, scope: str, paths: list[str]) -> Sequence[Duplicate]:
        """What is found; nothing where that cannot be told, for want of git for example.

        Raises:
            Elsewhere: the index has to be updated first.
        """
        look = partial(self._repository.duplicates, scope, paths, _SECONDS)
        try:
            pool = self._repository.looks
            report = await asyncio.get_running_loop().run_in_executor(pool, look)
        except Elsewhere:
            raise
        except CodesearchError:
            return []
        return report.findings

    def _show(self, found: Mapping[str, list[Shown]]) -> None:
        open_ = {d.path: d.uri for d in self._documents()}
        for path in {**self._shown, **found}:
            new = [s.diagnostic for s in found.get(path, [])]
            if [s.diagnostic for s in self._shown.get(path, [])] != new:
                version = found[path][0].version if new else None
                uri = open_.get(path) or self._uris.get(path) or self._repository.uri_of(path)
                self._uris[path] = uri
                with suppress(OSError):
                    self._publish(uri, new, version)
        self._shown = found


def _key(finding: Duplicate) -> tuple[str, int, str]:
    return finding.place.path, finding.place.start_line, finding.place.symbol


def _meets(a: types.Range, b: types.Range) -> bool:
    first, last = (a.start.line, a.start.character), (a.end.line, a.end.character)
    begin, end = (b.start.line, b.start.character), (b.end.line, b.end.character)
    return first <= end and begin <= last

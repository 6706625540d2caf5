"""One repository, as an editor's folders hold it: its index, what is not saved, its answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codesearch import config, ingest, places, protocol, snippet
from codesearch.duplicates import baseline
from codesearch.index import Index
from codesearch.lsp import requests, uris
from codesearch.lsp.documents import with_uris
from codesearch.lsp.job import Approve, Job
from codesearch.lsp.keeper import Keeper, OnProgress, State
from codesearch.model import (
    BASELINE,
    Chunk,
    DuplicateMode,
    DuplicateReport,
    DuplicateRequest,
    SearchRequest,
    SearchResult,
)
from codesearch.watch import Current

_MODES: Mapping[str, DuplicateMode] = {
    "changed": "uncommitted",
    "files": "files",
    "all": "all",
}
_SURE = frozenset(("CS001", "CS002", "CS003"))


@dataclass(frozen=True)
class Folder:
    """A folder of an editor.

    ``given`` is its path as the editor has it, ``real`` the same without symbolic links.
    """

    uri: str
    name: str
    given: Path
    real: Path


class Repository:
    """Answers for one work tree. May be used by several threads.

    Args:
        root: the work tree.
        serve: answers command lines there; see ``Keeper``.
        tell: called with every state of the index, in any thread.
        polls: see ``Keeper``.
        debounce: see ``Keeper``.
        is_automatic: see ``Keeper``.
    """

    def __init__(
        self,
        root: places.Root,
        *,
        serve: Callable[[places.Root, ingest.Standby], AbstractContextManager[object]],
        tell: Callable[[Repository, State], None],
        polls: Callable[[], None],
        debounce: float,
        is_automatic: bool,
    ) -> None:
        self.root = root
        self.folders: list[Folder] = []
        self.unsaved: dict[str, bytes] = {}
        self.most_bytes = (
            config.Settings().max_file_bytes
        )  # of a file that is indexed, as last read
        self.questions = ThreadPoolExecutor(1, f"questions of {root.path.name}")
        self.looks = ThreadPoolExecutor(1, f"duplicates of {root.path.name}")
        self._standby = ingest.Standby()
        # An index is for one thread at a time: one answers, one looks for duplicates, one keeps.
        self._asked = self._current(self.unsaved)
        self._looked = self._current(self.unsaved)
        self._asking, self._looking = threading.Lock(), threading.Lock()
        self._kept = self._current(None)
        self.keeper = Keeper(
            root,
            self._kept,
            self._job,
            serve=lambda: serve(root, self._standby),
            tell=lambda state: tell(self, state),
            polls=polls,
            debounce=debounce,
            is_automatic=is_automatic,
        )

    def _current(self, unsaved: ingest.Unsaved | None) -> Current:
        return Current(self.root, self._settings, self._standby, unsaved)

    def _settings(self) -> config.Settings:
        settings = config.load(self.root.path, user_file=places.user_file()).settings
        self.most_bytes = settings.max_file_bytes
        return settings

    def _job(self, full: bool, on_progress: OnProgress, approve: Approve) -> Job:
        settings = self._kept.settings()
        return Job(self.root, settings, full=full, on_progress=on_progress, approve=approve)

    def close(self) -> None:
        """Ends its threads and processes."""
        self.keeper.close()
        for pool in (self.questions, self.looks):
            pool.shutdown(wait=False, cancel_futures=True)
        self._standby.close()

    # -- names -----------------------------------------------------------------------------

    def relative(self, path: Path) -> str | None:
        """A file's path in the repository, with "/"; None for one that lies elsewhere."""
        real = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118
        inside = os.path.relpath(real, self.root.path)
        if inside == "..":
            return None
        return None if inside.startswith(f"..{os.sep}") else inside.replace(os.sep, "/")

    def uri_of(self, path: str) -> str:
        """The URI of a path in the repository, below a folder as the editor has opened it."""
        full = self.root.path / path
        for folder in sorted(self.folders, key=lambda f: -len(str(f.real))):
            if full.is_relative_to(folder.real):
                return uris.uri_of(folder.given / full.relative_to(folder.real))
        return uris.uri_of(full)

    def part(self, folder: str) -> list[str]:
        """The paths that are asked about: of a folder with this URI, else of all folders here."""
        wanted = [f for f in self.folders if not folder or f.uri == folder]
        parts = [os.path.relpath(f.real, self.root.path).replace(os.sep, "/") for f in wanted]
        return [] if "." in parts else parts

    # -- questions, each in the thread of ``questions`` --------------------------------------

    def search(self, query: str, params: Mapping[str, Any]) -> tuple[SearchRequest, SearchResult]:
        """Answers a question. Raises: as ``Index.search``."""
        with self._asking:
            index = self._asked()
            request = self._request(query, params)
            return request, index.search(request)

    def similar(
        self, target: str | tuple[str, int], params: Mapping[str, Any]
    ) -> tuple[SearchRequest, SearchResult]:
        """Finds code like other code. Raises: as ``Index.similar``."""
        with self._asking:
            index = self._asked()
            name = "-" if isinstance(target, str) else f"{target[0]}:{target[1]}"
            request = self._request(name, params)
            return request, index.similar(target, request)

    def _request(self, query: str, params: Mapping[str, Any]) -> SearchRequest:
        paths = self.part(requests.text(params, "folder"))
        tests = self._asked.settings().tests
        return requests.search(query, params, tests=tests, paths=paths)

    def answer(self, request: SearchRequest, result: SearchResult) -> protocol.Document:
        """An answer as a document for clients."""
        index = self._asked()
        document = protocol.search(
            request,
            result,
            root=str(self.root.path),
            model=index.model()[0],
            backend=self._asked.settings().backend,
            extent=snippet.Extent(),
        )
        return with_uris(document, self.uri_of)

    def functions(self, path: str) -> list[Chunk]:
        """What a file is cut into. Raises: as ``Index.functions``."""
        with self._asking:
            return self._asked().functions(path)

    def warm(self) -> None:
        """Loads what the next question needs."""
        with self._asking:
            self._asked().warm()

    def status(self) -> protocol.Document:
        """What there is to say about the index."""
        with self._looking:
            return protocol.status(self._looked().status())

    # -- duplicates, in the thread of ``looks`` ----------------------------------------------

    def duplicates(
        self, scope: str, paths: list[str], seconds: float | None = None
    ) -> DuplicateReport:
        """Looks for duplicates among changed functions, in some files, or everywhere.

        ``seconds``: see ``DuplicateRequest``. Raises: as ``Index.duplicates``.
        """
        with self._looking:
            request = self._look_for(paths if scope == "files" else self.part(""))
            accepted = baseline.load(self._baseline)
            request = replace(request, mode=_MODES[scope], accepted=accepted, seconds=seconds)
            return self._look(self._looked(), request)[0]

    def accept(self, path: str, line: int) -> int:
        """Accepts the duplicates of the function at a line, in the baseline. How many pairs."""
        with self._looking:
            request = replace(self._look_for([path]), mode="files", line=line, accepting=True)
            pairs = self._look(self._looked(), request)[1]
            if pairs:
                baseline.save(self._baseline, {**baseline.load(self._baseline), **pairs})
            return sum(pairs.values())

    @property
    def _baseline(self) -> Path:
        return self.root.path / BASELINE

    def _look_for(self, paths: list[str]) -> DuplicateRequest:
        settings = self._looked.settings()
        return DuplicateRequest(
            mode="all",
            paths=tuple(paths),
            threshold=settings.dupes_threshold,
            min_tokens=settings.dupes_min_tokens,
            exclude=settings.dupes_exclude,
            rules=_SURE - set(settings.dupes_ignore),
            differences=False,
        )

    @staticmethod
    def _look(index: Index, request: DuplicateRequest) -> tuple[DuplicateReport, dict[str, int]]:
        return index.duplicates(request, lambda _: None, lambda _: None)

    # -- the index ---------------------------------------------------------------------------

    def clean(self) -> int:
        """Deletes the index; it is left alone until it is asked for. The bytes freed."""
        self.keeper.forget()
        with self._asking, self._looking:
            for current in (self._asked, self._looked):
                current().freshness.forget()
            return self._kept().clean()

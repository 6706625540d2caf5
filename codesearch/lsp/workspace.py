"""The folders of a window, and the repositories that they lie in: two folders may share one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from codesearch import places
from codesearch.errors import ConfigError
from codesearch.lsp import uris
from codesearch.lsp.repository import Folder, Repository


class Workspace:
    """All folders of a window.

    Args:
        make: opens a repository.
    """

    def __init__(self, make: Callable[[places.Root], Repository]) -> None:
        self._make = make
        self._by_root: dict[places.Root, Repository] = {}
        self.refused: dict[str, tuple[Folder, ConfigError]] = {}  # folders by URI, and why

    def add(self, uri: str, name: str) -> Repository | None:
        """Opens a folder; None where that is refused or is no file's place."""
        path = uris.path_of(uri)
        if path is None:
            return None
        folder = Folder(uri, name, path, path.resolve())
        try:
            root = places.find_root(path)
        except ConfigError as error:
            self.refused[uri] = folder, error
            return None
        found = self._by_root.get(root)
        if found is None:
            found = self._by_root[root] = self._make(root)
        found.folders.append(folder)
        return found

    def remove(self, uri: str) -> Repository | None:
        """Closes a folder; its repository, where that is in no other folder."""
        self.refused.pop(uri, None)
        for root, repository in list(self._by_root.items()):
            repository.folders = [f for f in repository.folders if f.uri != uri]
            if not repository.folders:
                del self._by_root[root]
                return repository
        return None

    def __iter__(self) -> Iterator[Repository]:
        return iter(list(self._by_root.values()))

    def asked(self, folder: str) -> list[Repository]:
        """The repositories of a folder, or of all of them.

        Raises:
            ConfigError: there is none.
        """
        if folder in self.refused:
            raise self.refused[folder][1]
        found = [r for r in self if not folder or any(f.uri == folder for f in r.folders)]
        if not found:
            for _, error in self.refused.values():
                raise error
            raise ConfigError("no folder is open", "open a folder to search it")
        return found

    def of(self, uri: str) -> tuple[Repository, str] | None:
        """The repository of a document, and the document's path there."""
        path = uris.path_of(uri)
        if path is None:
            return None
        held = [
            (repository, inside)
            for repository in self
            if (inside := repository.relative(path)) is not None
        ]
        # Of repositories in one another the inner one has the file.
        return max(held, key=lambda pair: len(str(pair[0].root.path)), default=None)

    def held(self, uri: str) -> tuple[Repository, str]:
        """As ``of``.

        Raises:
            ConfigError: it lies in no folder that is open.
        """
        found = self.of(uri)
        if found is None:
            raise ConfigError("this file lies in no folder that is open", "open its folder")
        return found

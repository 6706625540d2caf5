"""The functions of files in the versions that a commit has to do with.

To make fingerprints takes most of the time that a file takes, and who edits one function leaves
the others of its file alone. So what the index has of the same content is taken from it, and a
version that it has not is cut with the fingerprints of those that were met before.
"""

from __future__ import annotations

from codesearch.chunking import chunk_or_windows
from codesearch.duplicates.functions import Function, of_chunks, of_file
from codesearch.model import SourceFile
from codesearch.search import View


class Versions:
    """Gives the functions of files, all that have a fingerprint.

    Args:
        view: the index.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[str, dict[tuple[str, str], bytes]] = {}  # by path, see ``Known``

    def has(self, file: SourceFile) -> bool:
        """Whether the index has this version."""
        return self._view.digest(file.path) == file.digest

    def functions(self, file: SourceFile) -> list[tuple[Function, str]]:
        """The functions of a file, each with its lines."""
        known = self._known.setdefault(file.path, {})
        if self.has(file):
            found = list(of_file(self._view, file.path))
        else:
            found = of_chunks(chunk_or_windows(file, known))
        lines = file.text.split("\n") if found else []
        out = [(f, "\n".join(lines[f.start_line - 1 : f.end_line])) for f in found]
        known.update(_unambiguous(out))
        return out


def _unambiguous(found: list[tuple[Function, str]]) -> dict[tuple[str, str], bytes]:
    """Fingerprints by symbol and lines: not of two functions that share both."""
    each: dict[tuple[str, str], set[bytes]] = {}
    for f, lines in found:
        each.setdefault((f.symbol, lines), set()).add(f.fingerprint)
    return {key: prints.pop() for key, prints in each.items() if len(prints) == 1}

"""What an index was made of and with: one small JSON file for each work tree.

It is written last when an index is begun and removed first when it is dropped, so that
where it is, the tables have to be; it can be read without the table library. Knows nothing
of the tables.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from codesearch.store.faults import corrupt, disk_errors

_SUFFIX = ".tree.json"


@dataclass(frozen=True, slots=True)
class Meta:
    """The facts about one work tree's index.

    ``generation`` moves before every change of the files or chunks, never back, and never
    takes a value again, not even after the index was dropped and begun anew. So what was
    derived under the writer's lock is current exactly as long as the generation is the same;
    after a crash it can be ahead of the rows, never behind them.
    """

    format: int
    settings: str
    embedder: str
    dimension: int
    root: str  # of the work tree
    created: float  # Unix seconds
    updated: float
    generation: int

    @property
    def is_gone(self) -> bool:
        """Whether the work tree is not there any more; not if that can't be seen."""
        try:
            Path(self.root).stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return False

    def moved(self) -> Meta:
        """The same, one change later."""
        now = time.time_ns()
        return replace(self, updated=now / 1e9, generation=max(self.generation + 1, now))


def _file(folder: Path, tree: str) -> Path:
    return folder / f"{tree}{_SUFFIX}"


def trees(folder: Path) -> list[str]:
    """The work trees with an index in the folder, sorted."""
    return sorted(f.name.removesuffix(_SUFFIX) for f in folder.glob(f"*{_SUFFIX}"))


def read_meta(folder: Path, tree: str) -> Meta | None:
    """The facts about a work tree's index; None where there is no index.

    Raises:
        IndexCorrupt: the file is not what ``write_meta`` wrote.
        StoreError: it can't be read.
    """
    file = _file(folder, tree)
    with disk_errors(folder):
        try:
            text = file.read_bytes()
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            text = b""
    try:
        facts = json.loads(text)
    except ValueError:
        facts = None
    wanted = {f.name: type(getattr(_EXAMPLE, f.name)) for f in fields(Meta)}
    if not isinstance(facts, dict) or {k: type(v) for k, v in facts.items()} != wanted:
        raise corrupt(folder, f"{file.name} does not describe an index")
    return Meta(**facts)


_EXAMPLE = Meta(0, "", "", 0, "", 0.0, 0.0, 0)


def write_meta(folder: Path, tree: str, meta: Meta) -> None:
    """Replaces the file in one step; for the holder of the writer's lock."""
    replace_file(_file(folder, tree), json.dumps(asdict(meta), indent=1))


def remove_meta(folder: Path, tree: str) -> None:
    remove_tree(_file(folder, tree))


def remove_tree(path: Path) -> None:
    """Deletes a folder with all that is in it, or the file that lies in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace_file(file: Path, text: str) -> None:
    """Writes a file so that a reader sees the old one or the new one, also after a power cut.

    The temporary name is always the same: a killed writer leaves one file and its successor
    uses it up.
    """
    temporary = file.with_name(file.name + ".new")
    with temporary.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)

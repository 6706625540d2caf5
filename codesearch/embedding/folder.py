"""What backends share whose model the user has put into a folder."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from codesearch.config import Settings
from codesearch.errors import ConfigError
from codesearch.model import Passage

_READ = 1 << 20


def model_folder(settings: Settings) -> Path:
    """The folder that ``model`` names.

    Raises:
        ConfigError: there is none. A name alone would have the library look for it in the network.
    """
    said = settings.model
    folder = Path(said).expanduser() if said else None
    if folder is None or not folder.is_dir() or not folder.is_absolute():
        problem = f"there is no folder {said}" if said else "which model to use was not said"
        raise ConfigError(
            f"{settings.backend}: {problem}",
            "set CODESEARCH_MODEL to the absolute path of a folder with a downloaded model",
        )
    return folder


def identity(folder: Path, backend: str) -> str:
    """A name of the model that changes with its content."""
    digest = blake2b(digest_size=6)
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md"):
        digest.update(file.relative_to(folder).as_posix().encode("utf-8", "surrogatepass"))
        with file.open("rb") as source:
            while part := source.read(_READ):
                digest.update(part)
    return f"{backend}/{folder.name}/{digest.hexdigest()}"


def text_of(passage: Passage) -> str:
    """A passage in one text, what names it first."""
    head = " ".join(filter(None, (passage.path, passage.symbol)))
    return "\n".join(filter(None, (head, passage.doc, passage.code)))

"""What the stages share: shards of JSON lines, languages of questions, stable choices."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import zstandard

from codesearch import terms

#: Packages in each part of the data, in percent; the rest is for training.
DEV, TEST = 3, 5

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("other", re.compile(r"[\u0370-\u03ff\u0590-\u08ff\u0980-\u10ff]")),
)
_LATIN = dict(zip(("de", "es", "fr", "pt"), terms.FOREIGN_STOP_WORDS, strict=False))


class Writer(Protocol):
    def __call__(self, record: dict[str, Any]) -> None: ...


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a compressed file of JSON lines."""
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        rest = b""
        while block := stream.read(1 << 20):
            *lines, rest = (rest + block).split(b"\n")
            yield from map(json.loads, lines)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Writes records to a compressed file, which is there when all of them are in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as raw, zstandard.ZstdCompressor(6).stream_writer(raw) as stream:

        def write(record: dict[str, Any]) -> None:
            stream.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

        yield write
    part.replace(path)


def draw(*what: object) -> float:
    """A number in [0, 1) that depends on its arguments alone, on every machine."""
    digest = blake2b(repr(what).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little") / 2.0**64


def split_of(package: str) -> str:
    """The part of the data in which a package is, whole: train, dev or test."""
    drawn = 100 * draw("split", package)
    return "test" if drawn < TEST else "dev" if drawn < TEST + DEV else "train"


def human_language(text: str) -> str:
    """The language of a sentence as far as its letters and commonest words say: "en" if nothing."""
    if text.isascii():
        letters = text
    else:
        for name, script in _SCRIPTS:
            if len(script.findall(text)) * 4 > len(text):
                return name
        letters = text
    said = [w.lower() for w in terms.words(letters)]
    share = {name: sum(w in own for w in said) for name, own in _LATIN.items()}
    best = max(share, key=lambda name: share[name])
    english = sum(w in terms.STOP_WORDS for w in said)
    return best if share[best] > 1 and share[best] > english else "en"

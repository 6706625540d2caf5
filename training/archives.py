"""Archives as streams: the members of what registries serve, without unpacking anything to disk.

Hostile archives are bounded: by members, by a member's size, by all bytes that come out. What is
broken ends the stream with a typed error. The room knows neither licences nor languages.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import IO, NamedTuple, Protocol

#: A member larger than this is skipped; an archive gives no more than so many bytes and members.
MAX_MEMBER = 1_000_000
MAX_BYTES = 800_000_000
MAX_MEMBERS = 200_000
MAX_NESTED = 60_000_000

_TAR = re.compile(r"\.(?:tar(?:\.(?:gz|xz|bz2|lzma))?|tgz|txz|crate)\Z")
# Where built packages keep sources; what is before a library's own folders says nothing.
_INSTALLED = re.compile(
    r"\A(?:\./)?usr/(?:share/(?:gocode/src/[^/]+(?:/[^/]+){1,2}|cargo/registry/[^/]+|nodejs/[^/]+"
    r"|rubygems-integration/[^/]+|php|perl5|lua/[^/]+)|lib/ruby/vendor_ruby|lib/ruby/gems/[^/]+"
    r"|lib/python3/dist-packages)/(?=.)"
)
_ZIP = re.compile(r"\.(?:zip|whl|jar)\Z")


class ArchiveError(Exception):
    """An archive that cannot be read, or is out of bounds."""


class Member(NamedTuple):
    path: str
    data: bytes


class _Stream(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A stream of which no more than a budget can be read."""

    def __init__(self, stream: _Stream, budget: int) -> None:
        self._stream = stream
        self._left = budget

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError("too many bytes")
        return data


def _every(_path: str) -> bool:
    return True


class _Choice(NamedTuple):
    """Which members are read: those of wanted paths, up to so many bytes."""

    wanted: Callable[[str], bool]
    largest: int


def members(
    file: Path, wanted: Callable[[str], bool] = _every, largest: int = MAX_MEMBER
) -> Iterator[Member]:
    """The regular files of an archive, or of all archives of a Debian source (its ``.dsc``).

    Paths are relative and have no first folder that all members share (``package/``,
    ``name-1.0/``); Debian's own files come as ``debian/...``. Links are left out, and so is what
    is not wanted or too large.

    Args:
        file: the archive.
        wanted: whether the member at a path is to be read; all are if it is not given.
        largest: a larger member (bytes) is left out.

    Raises:
        ArchiveError: it is broken, or out of bounds; what came before is good.
    """
    choice = _Choice(wanted, largest)
    try:
        if file.name.endswith(".dsc"):
            for part in debian_parts(file):
                yield from _of_file(part, choice)
        else:
            yield from _of_file(file, choice)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise ArchiveError(str(error)) from error
    except (tarfile.TarError, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise ArchiveError(str(error)) from error
    except (NotImplementedError, OverflowError) as error:
        raise ArchiveError(str(error)) from error


def debian_checksums(dsc: Path) -> dict[str, str]:
    """The files that a ``.dsc`` names, with their SHA-256."""
    text = dsc.read_text(encoding="utf-8", errors="replace")
    found = re.findall(r"^ ([0-9a-f]{64}) \d+ ([\w.+~-]+)$", text, re.MULTILINE)
    return {name: digest for digest, name in sorted(found, key=itemgetter(1))}


def debian_parts(dsc: Path) -> list[Path]:
    """The archives that a ``.dsc`` names, those that are there: upstream's come first."""
    parts = [dsc.parent / name for name in debian_checksums(dsc) if _TAR.search(name)]
    return sorted(
        (p for p in parts if p.is_file()), key=lambda p: (".debian.tar" in p.name, p.name)
    )


def _of_file(file: Path, choice: _Choice) -> Iterator[Member]:
    if _ZIP.search(file.name):
        with zipfile.ZipFile(file) as archive:
            yield from _of_zip(archive, choice)
        return
    with file.open("rb") as raw:
        if file.suffix == ".deb":
            name = _to_data(raw)
            installed = choice._replace(wanted=lambda p: choice.wanted(_INSTALLED.sub("", p)))
            for path, data in _of_tar(_decompressed(name, raw), installed, MAX_BYTES, True, 1):
                yield Member(_INSTALLED.sub("", path), data)
        else:
            keeps_top = ".debian.tar" in file.name
            yield from _of_tar(_decompressed(file.name, raw), choice, MAX_BYTES, keeps_top, 0)


def _to_data(raw: IO[bytes]) -> str:
    """Goes to the files of a built Debian package; gives the name of the archive there."""
    if raw.read(8) != b"!<arch>\n":
        raise ArchiveError("no Debian package")
    for _ in range(8):
        head = raw.read(60)
        name, size = head[:16].decode("ascii").strip().rstrip("/"), int(head[48:58] or b"-1")
        if name.startswith("data.tar") or size < 0:
            return name
        raw.seek(size + size % 2, io.SEEK_CUR)
    raise ArchiveError("no data")


def _of_zip(archive: zipfile.ZipFile, choice: _Choice) -> Iterator[Member]:
    total = 0
    for number, info in enumerate(sorted(archive.infolist(), key=lambda i: i.filename)):
        if info.is_dir() or info.file_size > choice.largest or not _is_plain(info.filename):
            continue
        if not choice.wanted(info.filename):
            continue
        with archive.open(info) as stream:
            data = stream.read(choice.largest + 1)
        total += len(data)
        if number > MAX_MEMBERS or total > MAX_BYTES:
            raise ArchiveError("too many members or bytes")
        if len(data) <= choice.largest:
            yield Member(info.filename, data)


def _decompressed(name: str, raw: IO[bytes]) -> _Stream:
    if name.endswith((".gz", ".tgz", ".crate")):
        return gzip.open(raw)
    if name.endswith((".xz", ".txz", ".lzma")):
        return lzma.open(raw)
    if name.endswith(".bz2"):
        return bz2.open(raw)
    return raw


def _of_tar(
    stream: _Stream, choice: _Choice, budget: int, keeps_top: bool, depth: int
) -> Iterator[Member]:
    bounded = _Bounded(stream, budget)
    with tarfile.open(fileobj=bounded, mode="r|", errorlevel=1) as archive:
        for number, info in enumerate(archive):
            archive.members = []  # type: ignore[attr-defined]  # a stream goes forward only: what is behind need not be kept
            if number > MAX_MEMBERS:
                raise ArchiveError("too many members")
            if not info.isreg() or not _is_plain(info.name):
                continue
            path = info.name.removeprefix("./")
            nested = depth == 0 and _TAR.search(path) is not None
            if info.size > (MAX_NESTED if nested else choice.largest):
                continue
            if not nested:
                path = path if keeps_top else path.partition("/")[2] or path
                if not choice.wanted(path):
                    continue
            inner = archive.extractfile(info)
            if inner is None:
                continue
            data = inner.read()
            if nested:
                plain = _decompressed(path, io.BytesIO(data))
                try:
                    yield from _of_tar(plain, choice, budget // 2, False, depth + 1)
                except (ArchiveError, OSError, EOFError, lzma.LZMAError, tarfile.TarError):
                    continue  # test data is often broken on purpose
                continue
            yield Member(path, data)


def _is_plain(path: str) -> bool:
    """Whether a member's name stays inside and can be written down."""
    parts = path.removeprefix("./").split("/")
    return path.isprintable() and len(path) < 500 and ".." not in parts and "" not in parts

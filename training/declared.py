"""What a downloaded archive says of itself: its name, its licence, where its source lives.

Reads only the few members that say so. Refusing is the caller's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from training import licences
from training.archives import ArchiveError, debian_parts, members

_LICENCE_FILE = re.compile(r"(?:[^/]*/)*(?:licen[cs]e|copying|unlicense)[^/]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inspected:
    """``licence`` is empty if it is not known to be permissive; ``addresses`` is text with URLs."""

    name: str
    licence: str
    addresses: str


_NOTHING = Inspected("", "", "")


def inspected(file: Path) -> Inspected:
    """What an archive says of itself; nothing if it cannot be read."""
    try:
        if file.suffix == ".dsc":
            return _debian(file)
        if file.suffix == ".deb":
            return _built(file)
        return _wheel(file) if file.suffix == ".whl" else _npm(file)
    except ArchiveError:
        return _NOTHING


def _wheel(file: Path) -> Inspected:
    metadata, texts = "", []
    for member in members(file):
        folder, _, rest = member.path.partition("/")
        if folder.endswith(".dist-info"):
            if rest == "METADATA":
                metadata = member.data.decode("utf-8", "replace")
            elif _LICENCE_FILE.fullmatch(rest):
                texts.append(member.data.decode("utf-8", "replace"))
    head = HeaderParser().parsestr(metadata)
    urls = [str(url) for url in head.get_all("Project-URL") or ()] + [str(head.get("Home-page"))]
    name = str(head.get("Name") or "")
    return Inspected(name, licences.of_wheel(metadata, texts), " \n".join(urls))


def _npm(file: Path) -> Inspected:
    package, texts = "", []
    for member in members(file):
        if member.path == "package.json":
            package = member.data.decode("utf-8-sig", "replace")
        elif "/" not in member.path and _LICENCE_FILE.fullmatch(member.path):
            texts.append(member.data.decode("utf-8", "replace"))
    try:
        said = json.loads(package)
    except ValueError:
        return _NOTHING
    if not isinstance(said, dict):
        return _NOTHING
    urls = json.dumps([said.get("repository"), said.get("homepage")])
    name = str(said.get("name") or "")
    return Inspected(name, licences.of_npm(package, texts), urls.replace('"', " "))


def _debian(dsc: Path) -> Inspected:
    text = dsc.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^Homepage: *(\S+)", text, re.MULTILINE)
    source = re.search(r"^Source: *(\S+)", text, re.MULTILINE)
    rules = debian_copyright(dsc)
    if source is None:
        return _NOTHING
    licence = rules.licence if rules else ""
    return Inspected(source[1], licence, found[1] + "\n" if found else "")


def _built(file: Path) -> Inspected:
    for member in members(file):
        if re.fullmatch(r"(?:\./)?usr/share/doc/[^/]+/copyright", member.path):
            text = member.data.decode("utf-8", "replace")
            rules = licences.of_debian(text)
            # Its paths are those of the source: nothing tells which file is under which stanza.
            licence = rules.licence if rules and rules.all_permissive else ""
            return Inspected(file.name.partition("_")[0], licence, text[:2_000])
    return _NOTHING


def debian_copyright(dsc: Path) -> licences.DebianCopyright | None:
    """The licences of a Debian source's files, or None where they are not permissive.

    Raises:
        ArchiveError: the archive with Debian's own files is broken.
    """
    for part in reversed(debian_parts(dsc)):
        for member in members(part):
            if member.path == "debian/copyright":
                return licences.of_debian(member.data.decode("utf-8", "replace"))
    return None

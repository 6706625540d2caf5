"""Parallel: sentences in other human languages with their English, from packages' catalogues.

``python -m training.parallel --work DIR`` reads the packages of ``training/packages/parallel``
(fetched by ``python -m training.collect --work DIR --lists training/packages/parallel``) as
streams and writes ``DIR/parallel/<registry>-<name>.jsonl.zst``: a line a pair, ``{"lang",
"text", "en", "package", "licence"}``. A file that is there is not made again. The room knows
where catalogues lie; how they are written is known in ``catalogues``.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.archives import ArchiveError, Member, members
from training.catalogues import Messages
from training.collect import PARALLEL, Entry, listed, read_manifest
from training.declared import debian_copyright
from training.languages import LANGUAGES, is_pair, language_of, plain
from training.layouts import LAYOUTS, Layout
from training.text import read, writing

#: A file larger than this (bytes) is not read.
MAX_FILE = 20_000_000

log = logging.getLogger("training.parallel")


def layout_of(address: str) -> tuple[Layout, re.Match[str]] | None:
    """How the file at ``registry:name/path`` is to be read, if it is a catalogue."""
    for layout in LAYOUTS:
        match = layout.path.fullmatch(address)
        if match:
            return layout, match
    return None


def files(archive: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Files of an archive whose paths are wanted; also large ones."""
    return members(archive, wanted, MAX_FILE)


def catalogue_files(archive: Path, package: str) -> Iterator[tuple[Layout, re.Match[str], bytes]]:
    """The catalogues of a package's archive; of a Debian source those under a permissive licence.

    Where nothing is known of a source's files one by one, a person judged its catalogues.
    """
    rules = debian_copyright(archive) if archive.suffix == ".dsc" else None

    def is_wanted(path: str) -> bool:
        return layout_of(f"{package}/{path}") is not None and (rules is None or rules.allows(path))

    for path, data in files(archive, is_wanted):
        found = layout_of(f"{package}/{path}")
        if found:
            yield *found, data


class Joined:
    """Catalogues by what they translate, to be joined with the English ones by key."""

    def __init__(self) -> None:
        self._english: dict[str, Messages] = defaultdict(dict)
        self._others: list[tuple[str, str, str, Messages]] = []

    def add(self, package: str, layout: Layout, match: re.Match[str], data: bytes) -> None:
        """A catalogue of a package; one that cannot be read is left out."""
        try:
            messages = layout.read(data)
        except (ValueError, OSError, IndexError, RecursionError) as error:
            log.warning("%s: %s", match.string, error)
            return
        if layout.key:
            messages = {layout.key(match, key): text for key, text in messages.items()}
        if layout.holds_many:
            many: dict[str, Messages] = defaultdict(dict)
            for key, text in messages.items():
                code, _, rest = key.partition("\0")
                many[language_of(code)][rest] = text
        else:
            code = layout.language or match.groupdict().get("lang") or ""
            many = {language_of(code): messages}
        for language, own in many.items():
            if layout.english_keys:
                self._others.append((package, language, "", own))
            elif language == "en":
                self._english[layout.joins(match)].update(own)
            elif language:
                self._others.append((package, language, layout.joins(match), own))

    def pairs(self) -> Iterator[tuple[str, str, str, str]]:
        """Package, language, text and English of every message that has both."""
        for package, language, joins, messages in self._others:
            if language not in LANGUAGES:
                continue
            english = self._english.get(joins, {})
            for key, text in messages.items():
                yield package, language, text, english.get(key, "") if joins else key


def write_pairs(
    joined: Joined, licences: Mapping[str, str], file: Path, seen: set[int]
) -> Counter[str]:
    """Writes the pairs that are worth keeping and not ``seen`` yet; counts them by language."""
    counts: Counter[str] = Counter()
    with writing(file) as write:
        for package, language, text, english in joined.pairs():
            one, two = plain(text), plain(english)
            mark = _mark(language, one, two)
            if mark in seen or not is_pair(language, one, two):
                continue
            seen.add(mark)
            counts[language] += 1
            pair = {"lang": language, "text": one, "en": two, "package": package}
            write(pair | {"licence": licences[package]})
    return counts


def _mark(language: str, text: str, english: str) -> int:
    said = "\0".join([language, text.casefold(), english.casefold()])
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest(), "big")


def read_pairs(folder: Path) -> Iterator[dict[str, Any]]:
    """All pairs written so far."""
    for file in sorted(folder.glob("*.jsonl.zst")):
        yield from read(file)


def run(work: Path, entries: Sequence[Entry]) -> Counter[str]:
    """Reads the packages that are there; gives how many pairs each language has.

    Packages that share catalogues (one language each) go into one file.
    """
    folder = work / "parallel"
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[int] = set()
    counts: Counter[str] = Counter()
    for pair in read_pairs(folder):
        seen.add(_mark(pair["lang"], pair["text"], pair["en"]))
        counts[pair["lang"]] += 1
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[_group(f"{entry.registry}:{entry.name}")].append(entry)
    for group, own in groups.items():
        file = folder / f"{re.sub(r'[^a-z0-9]+', '-', group.lower()).strip('-')}.jsonl.zst"
        if file.exists():
            continue
        joined = Joined()
        for entry in own:
            package = f"{entry.registry}:{entry.name}"
            try:
                for layout, match, data in catalogue_files(work / "archives" / entry.file, package):
                    joined.add(package, layout, match, data)
            except ArchiveError as error:
                log.warning("%s: %s", package, error)
        licences = {f"{entry.registry}:{entry.name}": entry.licence for entry in own}
        found = write_pairs(joined, licences, file, seen)
        counts.update(found)
        log.info("%s: %s", group, " ".join(f"{k} {n}" for k, n in found.most_common()))
    return counts


def _group(package: str) -> str:
    return re.sub(r"(language-pack|:chromium)-.*", r"\1", package)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.parallel", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where everything is written")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    entries = read_manifest(given.work / "archives" / "manifest.jsonl")
    wanted = [p.key for p in listed(PARALLEL)]
    there = [entries[key] for key in wanted if key in entries and entries[key].has_catalogues]
    if len(there) < len(wanted):
        log.warning("%d packages are not there: collect them first", len(wanted) - len(there))
    for language, count in run(given.work, there).most_common():
        log.info("%8d %s", count, language)
    return 0


if __name__ == "__main__":
    sys.exit(main())

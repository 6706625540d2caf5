"""Collect: downloads the packages of our lists, with their licences, and nothing else.

``python -m training.collect --work DIR`` reads ``training/packages/*.txt``, fetches what is not
there with the registries' ordinary clients, four at once, checks licence and exclusions on the
archive itself, and writes a line a package into ``DIR/archives/manifest.jsonl``. Nothing of a
package is built, installed or executed: pure wheels, npm tarballs with scripts off, Debian
sources without unpacking.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import random
import re
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from training import clients
from training.declared import inspected
from training.excluded import excluded, excluded_address

LISTS = Path(__file__).with_name("packages")
#: Lists of which only catalogues of messages are taken, and WordNet; no code.
PARALLEL = LISTS / "parallel"
#: An archive larger than this (bytes) is not kept.
MAX_ARCHIVE = 120_000_000
AT_ONCE = 4
# A question to apt costs as much for fifty packages as for one; one package that pip or npm cannot
# have costs a question for each of its batch.
_BATCHES = {"deb": 50, "debian": 50}
_BATCH = 12
_JUDGED = re.compile(r"\s*#\s*by hand:\s*")
_OK = "ok"
# Another status than "ok", so that nothing but the catalogues of such a package is ever read: its
# code was not judged.
_OK_BY_HAND = "ok by hand"
_TOO_LARGE = "refused: too large"
_UNCLEAR = "refused: licence is not known to be permissive"

log = logging.getLogger("training.collect")


@dataclass(frozen=True, slots=True)
class Package:
    """A line of a list: what to fetch. ``licence`` is what was found when the list was made.

    ``by_hand`` is why a person knows that the licence holds for the catalogues that are taken.
    """

    registry: str
    name: str
    version: str
    licence: str = ""
    by_hand: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.registry, self.name, self.version


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the manifest.

    ``status`` is "ok", "ok by hand" (its catalogues only) or why the package is not used.
    """

    registry: str
    name: str
    version: str
    licence: str
    file: str  # relative to the folder of archives; of a Debian source its .dsc
    sha256: str
    status: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.registry, self.name, self.version

    @property
    def has_catalogues(self) -> bool:
        """Whether its catalogues may be read."""
        return self.status in {_OK, _OK_BY_HAND}


def listed(folder: Path = LISTS) -> list[Package]:
    """The packages of all lists, sorted; a line is name, version, licence.

    Of the lists in ``PARALLEL`` it may end in ``# by hand: REASON``.

    Raises:
        ValueError: a line has no version, a package is one of those that must not be used, or it
            is judged by hand where code is taken, or without a licence or a reason.
    """
    found = []
    for file in sorted(folder.glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            said, *reason = _JUDGED.split(line, maxsplit=1)
            name, version, *licence = said.split(None, 2)
            if excluded(name):
                raise ValueError(f"{file.name}: {name} must not be trained on")
            if reason and folder.resolve() != PARALLEL.resolve():
                raise ValueError(f"{file.name}: {name} cannot be judged by hand: its code is taken")
            if reason and not (reason[0] and licence):
                raise ValueError(f"{file.name}: {name} is judged by hand without licence or reason")
            found.append(Package(file.stem, name, version, *licence, *reason))
    return sorted(set(found), key=lambda p: p.key)


def read_manifest(file: Path) -> dict[tuple[str, str, str], Entry]:
    """The last line about each package; a line cut off by a crash is dropped."""
    entries: dict[tuple[str, str, str], Entry] = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                continue
            entries[entry.key] = entry
    return entries


class Collector:
    """Fetches packages into a folder and keeps its manifest."""

    def __init__(self, work: Path) -> None:
        self.folder = work / "archives"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._manifest = self.folder / "manifest.jsonl"
        self._scratch = self.folder / ".scratch"
        self._lock = threading.Lock()
        self.known = read_manifest(self._manifest)
        if self._manifest.exists() and not self._manifest.read_bytes().endswith(b"\n"):
            self._append("")

    def tidy(self) -> None:
        """Removes what a run that was killed left half fetched."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    def wanted(self, packages: Iterable[Package]) -> list[Package]:
        """Those that are neither there nor known to be of no use."""
        return [p for p in packages if not self._is_done(p)]

    def _is_done(self, package: Package) -> bool:
        entry = self.known.get(package.key)
        if entry is None or entry.status.startswith("failed"):
            return False
        # Judged by hand since then, or no longer.
        if entry.status in ({_TOO_LARGE, _UNCLEAR} if package.by_hand else {_OK_BY_HAND}):
            return False
        return not entry.has_catalogues or (self.folder / entry.file).is_file()

    def fetch(self, packages: Sequence[Package], client: clients.Client) -> None:
        """Downloads packages of one registry; each gets its line in the manifest."""
        names = "+".join(p.name for p in packages)
        scratch = self._scratch / f"{hashlib.sha256(names.encode()).hexdigest()[:16]}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            got = client(scratch, [(p.name, p.version) for p in packages])
            for package in packages:
                self._record(self._kept(package, got.get(package.name, "not served")))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _kept(self, package: Package, got: Path | str) -> Entry:
        """Judges what was downloaded and moves it to its place."""

        def entry(status: str, licence: str = "", file: str = "", digest: str = "") -> Entry:
            p = package
            return Entry(p.registry, p.name, p.version, licence, file, digest, status)

        if isinstance(got, str):
            return entry(f"failed: {got}")
        if clients.missing(got) and not package.by_hand:  # its licence is not there
            return entry("failed: not served")
        files = clients.files_of(got)
        if sum(file.stat().st_size for file in files) > MAX_ARCHIVE and not package.by_hand:
            return entry(_TOO_LARGE)
        seen = inspected(got)
        licence = seen.licence or (package.licence if package.by_hand else "")
        if not licence:
            return entry(_UNCLEAR)
        if not seen.name:
            return entry("refused: has no name that exclusions could be checked by")
        project = excluded(seen.name) or excluded_address(seen.addresses)
        if project:
            return entry(f"refused: belongs to {project}")
        folder = self.folder / package.registry
        if package.registry == "debian":
            folder /= package.name
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(got.read_bytes()).hexdigest()
        for file in files:
            file.replace(folder / file.name)
        status = _OK_BY_HAND if package.by_hand else _OK
        return entry(status, licence, f"{(folder / got.name).relative_to(self.folder)}", digest)

    def _record(self, entry: Entry) -> None:
        with self._lock:
            self.known[entry.key] = entry
            self._append(json.dumps(asdict(entry), sort_keys=True))

    def _append(self, line: str) -> None:
        with self._manifest.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


def batches(packages: Sequence[Package]) -> list[list[Package]]:
    """Packages of one registry each, few at a time, the registries taking turns."""
    order = sorted(packages, key=lambda p: (p.registry, p.name))
    random.Random(0).shuffle(order)  # noqa: S311  (all languages early, always the same order)
    found: list[list[Package]] = []
    for registry in sorted({p.registry for p in order}):
        own = [p for p in order if p.registry == registry]
        size = _BATCHES.get(registry, _BATCH)
        found += [own[i : i + size] for i in range(0, len(own), size)]
    random.Random(1).shuffle(found)  # noqa: S311
    return found


def run(
    work: Path, packages: Sequence[Package], make: Callable[[str, Path], clients.Client]
) -> int:
    """Fetches what is missing; gives how many packages could not be had."""
    collector = Collector(work)
    collector.tidy()
    wanted = collector.wanted(packages)
    log.info("%d packages, %d to fetch", len(packages), len(wanted))
    todo = batches(wanted)
    ready = {registry: make(registry, work) for registry in sorted({p.registry for p in wanted})}

    def fetch(batch: list[Package]) -> None:
        try:
            collector.fetch(batch, ready[batch[0].registry])
        except OSError as error:  # of this batch; the rest goes on
            log.warning("%s ...: %s", batch[0].name, error)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, _ in enumerate(pool.map(fetch, todo), 1):
            if number % 20 == 0:
                log.info("%d of %d batches", number, len(todo))
    own = [collector.known.get(p.key) for p in packages]
    statuses = Counter(entry.status if entry else "failed" for entry in own)
    for status, count in statuses.most_common(20):
        log.info("%5d %s", count, status)
    return sum(count for status, count in statuses.items() if status.startswith("failed"))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.collect", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where everything is written")
    parser.add_argument("--lists", type=Path, default=LISTS, help="folder of the package lists")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    failed = run(given.work, listed(given.lists), clients.client)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

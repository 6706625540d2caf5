"""``codesearch clean --max-disk``: all indexes together take no more than was said."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from cli_runner import SAMPLE, Ask, Done, Home, repository

from codesearch import store

NAMES = ("one", "two", "three", "four")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    return Ask(monkeypatch, capfdbinary)


class Shelf:
    """Indexes of several repositories; the first was not used for longest."""

    def __init__(self, ask: Ask, place: Path) -> None:
        self.ask, self.place = ask, place
        self.home = Home(place / "home")
        self.index = place / "indexes"
        self.sizes = {}
        for age, name in zip((40, 30, 20, 10), NAMES, strict=True):
            repo = repository(place / name, SAMPLE)
            assert self.run(name, "index").returncode == 0
            (folder,) = self.index.glob(f"{repo.name}-*")
            self.used(folder, age)
            self.sizes[name] = store.size_on_disk(folder)

    def used(self, folder: Path, days: float) -> None:
        for path in folder.iterdir():
            then = path.stat().st_mtime - 86_400 * days
            os.utime(path, (then, then))

    def run(self, name: str, *args: str) -> Done:
        return self.ask(self.home, *args, cwd=self.place / name, CODESEARCH_INDEX=str(self.index))

    def names(self) -> set[str]:
        return {folder.name.rpartition("-")[0] for folder in store.folders(self.index)}

    def folder(self, name: str) -> Path:
        (folder,) = self.index.glob(f"{name}-*")
        return folder

    def shrink(self, name: str, *keep: str) -> Done:
        """As if there were room for the given ones only."""
        room = sum(self.sizes[k] for k in keep) + 1000
        return self.run(name, "clean", "--max-disk", str(room), "--yes")


@pytest.fixture
def shelf(ask: Ask, tmp_path: Path) -> Shelf:
    return Shelf(ask, tmp_path)


def test_what_fits_is_left_alone(shelf: Shelf) -> None:
    done = shelf.run("one", "clean", "--max-disk", "2GB", "--yes")
    assert (done.returncode, shelf.names()) == (0, set(NAMES))
    assert re.fullmatch(r"Freed 0 bytes; the rest takes [\d.]+ kB\n", done.stderr)


def test_the_longest_unused_go_first_and_the_own_one_last(shelf: Shelf) -> None:
    done = shelf.shrink("one", "one", "three", "four")
    assert (done.returncode, shelf.names()) == (0, {"one", "three", "four"})
    assert done.stderr.startswith(f"Deleted the index of {shelf.place / 'two'}, ")
    assert "Freed " in done.stderr
    assert shelf.shrink("one", "one").returncode == 0
    assert shelf.names() == {"one"}
    assert shelf.run("one", "clean", "--max-disk", "0", "-y").returncode == 0
    assert shelf.names() == set()


def test_a_question_is_a_use(shelf: Shelf) -> None:
    (image,) = shelf.folder("one").glob("*.segment")
    seen = image.stat()
    os.utime(image, (seen.st_mtime + 86_400 * 35, seen.st_mtime))  # as if it was read since
    shelf.shrink("four", "one", "three", "four")
    assert shelf.names() == {"one", "three", "four"}


def test_orphans_go_first(shelf: Shelf) -> None:
    shutil.rmtree(shelf.place / "three")
    shelf.shrink("four", "one", "two", "four")
    assert shelf.names() == {"one", "two", "four"}


def test_one_that_is_being_written_is_left_alone(shelf: Shelf) -> None:
    with store.writer(shelf.folder("one")):
        shelf.used(shelf.folder("one"), 40)
        done = shelf.shrink("four", "one", "four")
        assert (done.returncode, shelf.names()) == (0, {"one", "four"})
        assert f"the index of {shelf.place / 'one'} is being written" in done.stderr
        done = shelf.run("four", "clean", "--max-disk", "1kB", "-y")
        assert (done.returncode, shelf.names()) == (1, {"one"})


def test_a_damaged_one_goes_by_its_age(shelf: Shelf) -> None:
    (described,) = shelf.folder("three").glob("*.tree.json")
    described.write_text("torn")
    shelf.used(shelf.folder("three"), 20)
    done = shelf.shrink("four", "four")
    assert shelf.names() == {"four"}
    assert f"Deleted the index of three-{described.parent.name.rpartition('-')[2]}" in done.stderr


@pytest.mark.parametrize("size", ["", "much", "-1", "2XB", "1e9", "2 GB GB", "nan", "\u0662GB\x1b"])
def test_nonsense_is_refused(shelf: Shelf, size: str) -> None:
    done = shelf.run("one", "clean", "--max-disk", size, "--yes")
    assert done.returncode == 2
    assert "is no size" in done.stderr
    assert "hint: a number with a unit: 500MB, 2GB, 1.5GiB\n" in done.stderr
    assert shelf.names() == set(NAMES)


def test_it_asks_and_excludes_the_other_ways(shelf: Shelf) -> None:
    assert "--yes" in shelf.run("one", "clean", "--max-disk", "1 MB").stderr
    for other in ("--all", "--orphans"):
        done = shelf.run("one", "clean", "--max-disk", "1mib", other, "-y")
        assert done.returncode == 2
        assert f"--max-disk and {other} exclude each other" in done.stderr
    assert shelf.names() == set(NAMES)

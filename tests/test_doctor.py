"""``codesearch doctor``: whatever is done to an index folder is found, told and mended."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import SAMPLE, Ask, Home, repository, write

from codesearch import segment, store
from codesearch.store import rows
from codesearch.store.database import Database
from codesearch.store.faults import without_panics

QUERIES = ("how are retries scheduled", "parse the configuration", "write settings")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    return Ask(monkeypatch, capfdbinary)


class Patient:
    """A repository with an index, whose folder can be put back to what it was."""

    def __init__(self, ask: Ask, place: Path) -> None:
        self.ask = ask
        self.home = Home(place / "home")
        self.repo = repository(place / "repo", SAMPLE)
        self.run("index")
        write(self.repo, {"app/queue.py": SAMPLE["app/queue.py"] + "\n\ndef purge():\n    pass\n"})
        self.run("index")
        (described,) = self.home.folder.rglob("*.tree.json")
        self.folder = described.parent
        self.tree = described.name.removesuffix(".tree.json")
        assert self.run("doctor", "--fix") == 0  # sweeps what the edit left
        self.copy = place / "copy"
        shutil.copytree(self.folder, self.copy)
        self.right = self.answers()

    def run(self, *args: str) -> int:
        done = self.ask(self.home, *args, cwd=self.repo)
        self.out, self.err = done.stdout, done.stderr
        assert "Traceback" not in done.stderr
        assert "unexpected" not in done.stderr
        assert "panicked" not in done.stderr
        return done.returncode

    def answers(self) -> list[Any]:
        found = []
        for query in QUERIES:
            assert self.run(query, "--json") == 0, self.err
            found.append(json.loads(self.out)["results"])
        return found

    def health(self, *args: str) -> dict[str, Any]:
        code = self.run("doctor", "--json", *args)
        document: dict[str, Any] = json.loads(self.out)
        assert document["schema"] == "codesearch.doctor/1"
        faults = [f for f in document["findings"] if f["severity"] == "fault"]
        assert (code, document["healthy"]) == (int(bool(faults)), not faults)
        return document

    def findings(self) -> list[tuple[str, str]]:
        return [(f["severity"], f["what"]) for f in self.health()["findings"]]

    def is_cured(self) -> None:
        cured = self.health("--fix")
        assert cured["findings"] == []
        assert cured["mended"]
        assert self.findings() == []
        assert self.answers() == self.right

    def restore(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy, self.folder)

    def table(self, name: str) -> Any:
        db = Database(self.folder)
        (found,) = db.tables(name)
        return db.open(found)


@pytest.fixture
def patient(ask: Ask, tmp_path: Path) -> Patient:
    return Patient(ask, tmp_path)


def test_native_code_that_gives_up_says_so_to_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    with without_panics():
        os.write(2, b"thread panicked\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


# -- any damage to any file --------------------------------------------------------------


def noise(file: Path) -> None:
    data = bytearray(file.read_bytes())
    dice = random.Random(file.name)  # noqa: S311
    for _ in range(max(3, len(data) // 100)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    file.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": lambda f: os.truncate(f, f.stat().st_size // 2),
    "emptied": lambda f: os.truncate(f, 0),
    "zeroed": lambda f: f.write_bytes(bytes(f.stat().st_size)),
    "random": lambda f: f.write_bytes(random.Random(f.name).randbytes(f.stat().st_size)),  # noqa: S311
    "noisy": lambda f: noise(f) if f.stat().st_size else None,
    "deleted": Path.unlink,
    "a folder": lambda f: (f.unlink(), f.mkdir()),
}
EVERY = os.environ.get("CODESEARCH_EVERY_FILE")  # else one of each kind


def kind(file: Path, folder: Path) -> str:
    return re.sub(r"[0-9a-f]{8,}[0-9a-f-]*|\d+-", "*", file.relative_to(folder).as_posix())


@pytest.mark.parametrize("damage", DAMAGE)
def test_any_damage_to_any_file_is_mended(patient: Patient, damage: str) -> None:
    files = sorted(f for f in patient.folder.rglob("*") if f.is_file())
    chosen = {kind(f, patient.folder): f for f in files}.values()
    for file in files if EVERY else chosen:
        DAMAGE[damage](file)
        name = file.relative_to(patient.folder)
        assert patient.run("doctor") in {0, 1}, (name, patient.err)
        assert patient.run("doctor", "--fix") == 0, (name, patient.out)
        assert patient.run("doctor") == 0, (name, patient.out)
        assert patient.out.startswith("healthy: "), (name, patient.out)
        assert patient.answers() == patient.right, name
        patient.restore()


@pytest.mark.parametrize("seed", range(4))
def test_a_folder_of_which_half_is_gone_is_mended(patient: Patient, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    files = sorted(f for f in patient.folder.rglob("*") if f.is_file())
    for file in dice.sample(files, len(files) // 2):
        file.unlink()
    assert patient.answers() == patient.right
    patient.restore()
    for file in dice.sample(files, len(files) // 2):
        file.unlink()
    assert patient.run("doctor") in {0, 1}
    assert patient.run("doctor", "--fix") == 0
    assert patient.answers() == patient.right


@pytest.mark.parametrize("lost", ["with the image", "without it"])
@pytest.mark.parametrize("table", ["*_files", "*_chunks", "vectors_*"])
def test_a_torn_manifest_of_a_table_is_mended(patient: Patient, table: str, lost: str) -> None:
    """The newest version of a table, as after a power cut; the image hides it or does not."""
    (versions,) = patient.folder.glob(f"lance/{table}.lance/_versions")
    newest = min(versions.glob("*.manifest"))  # they count down
    os.truncate(newest, newest.stat().st_size // 2)
    shutil.copytree(patient.folder, patient.copy.with_name("torn"))
    (image,) = patient.folder.glob("*.segment")
    if lost == "without it":
        image.unlink()
    assert patient.answers() == patient.right
    write(patient.repo, {"app/new.py": "def polish_the_lens():\n    return 1\n"})
    assert patient.run("index") == 0
    assert patient.run("polish the lens", "--json", "-k1") == 0
    assert json.loads(patient.out)["results"][0]["symbol"] == "polish_the_lens"
    assert "rebuilt" in patient.err or patient.run("doctor") == 0
    (patient.repo / "app" / "new.py").unlink()
    patient.copy = patient.copy.with_name("torn")
    patient.restore()
    assert patient.run("doctor") == 1
    patient.is_cured()


# -- each finding ------------------------------------------------------------------------


def test_a_sound_index_is_healthy_and_is_not_touched(patient: Patient) -> None:
    before = {f: f.stat().st_mtime_ns for f in patient.folder.rglob("*") if f.is_file()}
    health = patient.health()
    assert (health["findings"], health["mended"], health["notes"]) == ([], [], [])
    assert 0.4 * health["bytes_on_disk"] < health["bytes_live"] <= health["bytes_on_disk"]
    patient.run("doctor")
    assert re.fullmatch(r"healthy: [\d.]+ kB in .*, [\d.]+ kB of it live\n", patient.out)
    assert {f: f.stat().st_mtime_ns for f in patient.folder.rglob("*") if f.is_file()} == before


def test_without_an_index_there_is_nothing_to_examine(ask: Ask, tmp_path: Path) -> None:
    home, repo = Home(tmp_path / "home"), repository(tmp_path / "repo", SAMPLE)
    for more in ((), ("--fix",)):
        done = ask(home, "doctor", *more, cwd=repo)
        assert (done.returncode, done.stderr) == (0, "there is no index yet: a search builds it\n")
    assert not list(home.folder.rglob("*.tree.json"))


def test_a_folder_that_lost_all_of_an_index_says_so(patient: Patient) -> None:
    for path in (patient.folder / "lance", next(patient.folder.glob("*.tree.json"))):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    health = patient.health()
    assert [f["what"] for f in health["findings"]] == ["is an image that nobody uses"]
    assert health["notes"] == ["there is no index yet: a search builds it"]
    patient.is_cured()


def test_mending_on_a_full_disk_deletes_nothing(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(patient.repo, {"app/config.py": SAMPLE["app/config.py"] + "\n# more\n"})
    patient.run("index")

    def full(*_: object) -> None:
        raise RuntimeError("lance error: LanceError(IO): No space left on device (os error 28)")

    monkeypatch.setattr("codesearch.store.tidy.rewrite", full)
    assert patient.run("doctor", "--fix") == 2
    assert patient.err.startswith("error: the disk is full")
    assert patient.run("status", "--check", "-q") == 0


def test_rows_that_do_not_fit_together_are_found(patient: Patient) -> None:
    chunks = patient.table("*_chunks")
    chunks.add(chunks.search().to_arrow().slice(0, 1))
    assert ("fault", "holds functions of 1 file twice") in patient.findings()
    patient.is_cured()
    patient.table("*_chunks").delete("symbol = 'Config.load'")
    assert ("fault", "functions of 1 file are missing") in patient.findings()
    patient.is_cured()
    files = patient.table("*_files")
    files.add(files.search().to_arrow().slice(0, 1))
    (finding,) = patient.findings()
    assert finding == ("fault", "cannot be read: a file is in it twice")
    patient.is_cured()


def test_lost_and_wrong_vectors_are_found(patient: Patient) -> None:
    table = patient.table("vectors_*")
    stored = table.search().to_arrow().slice(0, 2)
    keys = stored["key"].to_pylist()
    table.delete(f"key = '{keys[0]}'")
    assert patient.findings() == [("fault", "1 vector missing")]
    patient.is_cured()
    dimension = stored.schema.field("vector").type.list_size
    for value, what in ((np.inf, "numbers that are none"), (1, "two values")):
        patient.table("vectors_*").add(
            rows.of_vectors(keys[:1], np.full((1, dimension), value, np.float16))
        )
        (finding,) = patient.findings()
        assert finding[0] == "fault"
        assert what in finding[1]
        patient.is_cured()
    patient.table("vectors_*").add(stored)
    assert patient.findings() == [("waste", "2 vectors stored twice")]
    patient.is_cured()


def test_tables_that_differ_from_a_whole_image_are_found(patient: Patient) -> None:
    """Rows that are consistent in themselves, such as an older version of a table."""
    patient.table("*_chunks").update(
        where="symbol = 'Config.load'", values={"start_line": 100, "end_line": 101}
    )
    (finding,) = patient.findings()
    assert finding == ("fault", "was made from other rows than the tables hold")
    patient.is_cured()


def test_an_image_that_lags_or_is_lost_is_found(patient: Patient) -> None:
    (image,) = patient.folder.glob("*.segment")
    data = bytearray(image.read_bytes())
    data[-500] ^= 0x55
    image.write_bytes(data)
    assert patient.findings() == [("fault", "has another checksum than it was saved with")]
    patient.is_cured()
    for old in patient.folder.glob("*.segment"):
        old.unlink()
    assert patient.findings() == [("fault", "the image is missing")]
    patient.is_cured()
    described = next(patient.folder.glob("*.tree.json"))
    facts = json.loads(described.read_text())
    described.write_text(json.dumps({**facts, "generation": facts["generation"] + 1}))
    assert patient.findings() == [("fault", "is behind the tables")]
    patient.is_cured()


@pytest.mark.parametrize(("by", "what"), [(1, "a newer version"), (-1, "an older version")])
def test_an_index_of_another_version_is_said_and_built_again(
    patient: Patient, by: int, what: str
) -> None:
    described = next(patient.folder.glob("*.tree.json"))
    facts = json.loads(described.read_text())
    described.write_text(json.dumps({**facts, "format": facts["format"] + by}))
    assert ("fault", f"was made with {what} of codesearch") in patient.findings()
    assert patient.answers() == patient.right
    described.write_text(json.dumps({**facts, "format": facts["format"] + by}))
    patient.run("index")
    assert "rebuilt" in patient.err
    described.write_text(json.dumps({**facts, "format": facts["format"] + by}))
    patient.is_cured()


@pytest.mark.parametrize("by", [1, -1])
def test_an_image_of_another_version_is_said_and_made_again(patient: Patient, by: int) -> None:
    (image,) = patient.folder.glob("*.segment")
    made, facts = segment.load(image, whole=True)
    for name in (image, image.with_name(f"{patient.tree}-99.segment")):
        segment.save(made, name, {**facts, "format": facts["format"] + by})
        assert ("fault", "was made with another version of codesearch") in patient.findings()
        assert patient.answers() == patient.right
    segment.save(made, name, {**facts, "format": facts["format"] + by})
    patient.is_cured()


@pytest.mark.parametrize("magic", [b"CSSEG\x02\r\n", b"CSSEG\x00\r\n"])
def test_an_image_of_another_layout_is_made_again(patient: Patient, magic: bytes) -> None:
    (image,) = patient.folder.glob("*.segment")
    data = image.read_bytes()
    image.write_bytes(magic + data[len(magic) :])
    assert patient.findings() == [("fault", "is not a segment of this version")]
    patient.is_cured()
    image.write_bytes(magic + data[len(magic) :])
    assert patient.answers() == patient.right


def test_other_settings_are_said(patient: Patient) -> None:
    write(patient.repo, {"codesearch.toml": "max-file-bytes = 100000\n"})
    found = patient.findings()
    assert ("fault", "was made with other settings") in found
    assert patient.run("doctor", "--fix") == 0
    assert patient.findings() == []


def test_leftovers_cost_disk_and_are_deleted(patient: Patient) -> None:
    described = next(patient.folder.glob("*.tree.json"))
    (image,) = patient.folder.glob("*.segment")
    write(patient.folder, {f"{described.name}.new": "{", f"{patient.tree}-9.segment.new": "x"})
    shutil.copy(image, patient.folder / f"{patient.tree}-0.segment")
    shutil.copy(image, patient.folder / "0badcafe-1.segment")
    lance = patient.folder / "lance"
    shutil.copytree(lance / f"{patient.tree}_files.lance", lance / "0badcafe_files.lance")
    facts = json.loads(described.read_text())
    gone = {**facts, "root": str(patient.repo / "nowhere")}
    (patient.folder / "60e60e60.tree.json").write_text(json.dumps(gone))
    for table in ("files", "chunks"):
        shutil.copytree(lance / f"{patient.tree}_{table}.lance", lance / f"60e60e60_{table}.lance")
    (patient.folder / "note.txt").write_text("not ours")
    found = patient.findings()
    assert {severity for severity, _ in found} == {"waste"}
    assert len(found) == 6
    patient.run("doctor")
    assert patient.out.count("waste  ") == 6
    assert "is the index of" in patient.out
    patient.is_cured()
    assert (patient.folder / "note.txt").exists()
    assert not list(patient.folder.rglob("60e60e60*"))


def test_garbage_rows_cost_disk_and_are_swept(patient: Patient) -> None:
    text = SAMPLE["app/config.py"]
    for number in range(3):
        write(patient.repo, {"app/config.py": f"{text}\n# {number}\n"})
        patient.run("index")
    (finding,) = patient.findings()
    assert finding[0] == "waste"
    assert finding[1].endswith("rows of files that changed")
    write(patient.repo, {"app/config.py": text})
    patient.run("index")
    patient.is_cured()


def test_a_writer_at_work_is_no_fault(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codesearch.ingest.health._PATIENCE", 0.1)
    with store.writer(patient.folder):
        health = patient.health()
    assert health["findings"] == []
    assert re.match(rf"process {os.getpid()} \(.*\) is writing the index in ", health["notes"][0])
    assert "waiting for process" in patient.err


def test_another_work_tree_is_examined_and_forgotten(patient: Patient, tmp_path: Path) -> None:
    git = ["git", "-C", str(patient.repo), "-c", "user.name=a", "-c", "user.email=a@b"]
    for args in (["add", "-A"], ["commit", "-qm", "one"], ["worktree", "add", "-q", "../other"]):
        subprocess.run([*git, *args], check=True)
    assert patient.ask(patient.home, "index", cwd=tmp_path / "other").returncode == 0
    assert patient.findings() == []
    (other,) = {p.name.split(".")[0] for p in patient.folder.glob("*.tree.json")} - {patient.tree}
    (image,) = patient.folder.glob(f"{other}-*.segment")
    os.truncate(image, 100)
    patient.table(f"{other}_chunks").delete("symbol = 'Config.load'")
    health = patient.health()
    assert [f["severity"] for f in health["findings"]] == ["fault"] * 2
    assert "until it is used again" in health["findings"][0]["cure"]
    patient.is_cured()
    done = patient.ask(patient.home, QUERIES[0], "--json", cwd=tmp_path / "other")
    assert json.loads(done.stdout)["results"] == patient.right[0]


# -- the disk ----------------------------------------------------------------------------


def test_what_lies_in_place_of_the_folder_is_told(patient: Patient) -> None:
    shutil.rmtree(patient.folder)
    patient.folder.write_text("")
    for more in ((), ("--fix",)):
        assert patient.run("doctor", *more) in {1, 2}
    assert patient.folder.read_text() == ""


def indexed_on(
    disk: Path, ask: Ask, tmp_path: Path
) -> tuple[Home, Path, dict[str, str], list[dict[str, Any]]]:
    """A home, a repository, the variable that puts its index on the disk, and a right answer."""
    home, repo = Home(tmp_path / "home"), repository(tmp_path / "repo", SAMPLE)
    where = {"CODESEARCH_INDEX": str(disk / "index")}
    assert ask(home, "index", cwd=repo, **where).returncode == 0
    right = json.loads(ask(home, QUERIES[0], "--json", cwd=repo, **where).stdout)["results"]
    return home, repo, where, right


def test_a_read_only_folder_is_examined_and_told(
    ask: Ask, small_disk: Path, tmp_path: Path
) -> None:
    home, repo, where, right = indexed_on(small_disk, ask, tmp_path)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = ask(home, "doctor", cwd=repo, **where)
    assert (done.returncode, done.stderr) == (1, "")
    assert "is closed to you or cannot be written" in done.stdout
    done = ask(home, "doctor", "--fix", cwd=repo, **where)
    assert done.returncode == 2
    assert "is read-only or not yours" in done.stderr
    done = ask(home, QUERIES[0], "--json", cwd=repo, **where)
    assert json.loads(done.stdout)["results"] == right
    write(repo, {"app/new.py": "def polish_the_lens():\n    return 1\n"})
    done = ask(home, "polish the lens", "--json", cwd=repo, **where)
    assert json.loads(done.stdout)["results"][0]["symbol"] == "polish_the_lens"


def test_a_full_disk_is_told_and_mended_when_there_is_room(
    ask: Ask, small_disk: Path, tmp_path: Path
) -> None:
    home, repo, where, right = indexed_on(small_disk, ask, tmp_path)
    (image,) = small_disk.rglob("*.segment")
    image.unlink()
    full = small_disk / "full"
    with full.open("wb", buffering=0) as out:
        for size in (65536, 4096, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                pass
    done = ask(home, "doctor", "--json", cwd=repo, **where)
    assert done.returncode == 1, done.stderr
    for command in (["doctor", "--fix"], ["index"], [QUERIES[0]]):
        done = ask(home, *command, cwd=repo, **where)
        assert done.returncode == 2
        assert done.stderr.startswith("error: the disk is full"), done.stderr
    full.unlink()
    assert ask(home, "doctor", "--fix", cwd=repo, **where).returncode == 0
    found = json.loads(ask(home, QUERIES[0], "--json", cwd=repo, **where).stdout)["results"]
    assert found == right


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_closed_files_are_opened_again(patient: Patient) -> None:
    files = sorted(f for f in patient.folder.rglob("*") if f.is_file())
    chosen = [*{kind(f, patient.folder): f for f in files}.values(), patient.folder / "lance"]
    if root := os.geteuid() == 0:  # whom permissions do not bind
        above = next(p for p in patient.home.folder.parents if p.name.startswith("pytest-of-"))
        for path in (*patient.home.folder.parents, patient.home.folder):
            if path.is_relative_to(above):
                path.chmod(0o755)
        for path in patient.home.folder.parent.rglob("*"):
            os.chown(path, 65534, 65534, follow_symlinks=False)
        os.chown(patient.home.folder, 65534, 65534)
        os.seteuid(65534)
    try:
        for path in chosen:
            mode = path.stat().st_mode
            path.chmod(0)
            assert patient.run("doctor") == 1, path
            assert patient.run("doctor", "--fix") == 0, patient.out + patient.err
            assert patient.answers() == patient.right
            path.chmod(mode)
    finally:
        if root:
            os.seteuid(0)

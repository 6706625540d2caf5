"""The wheel, the sdist and the editable install hold all that the program needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GRAMMARS = {f.name for f in (ROOT / "grammars").glob("*.toml")}


def build(source: Path, target: str, out: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (made,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the unpacked sdist, so that both are known to be whole."""
    folder = tmp_path_factory.mktemp("unpacked")
    safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4
    shutil.unpack_archive(sdist, folder, **safely)
    (source,) = folder.iterdir()
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_grammar(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert GRAMMARS
    assert {f"codesearch/grammars/{g}" for g in GRAMMARS} <= names
    assert "codesearch/py.typed" in names
    assert not any(name.startswith("tests/") for name in names)


def test_the_sdist_holds_grammars_tests_and_documents(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"grammars/{g}" for g in GRAMMARS} <= names
    assert {"README.md", "LICENSE", "ARCHITECTURE.md", "tests/test_packaging.py"} <= names


def test_an_installed_wheel_answers(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True)
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "a.py").write_text("def close_the_door():\n    return 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "codesearch", "search", "close the door", "--json"],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(site), "CODESEARCH_INDEX": str(tmp_path / "index")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"][0]["symbol"] == "close_the_door"
    where = subprocess.run(
        [sys.executable, "-c", "import codesearch; print(codesearch.__file__)"],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(site)), "the installed copy was meant to run"


def test_no_document_has_a_gap() -> None:
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        assert not re.search(r"@[A-Z]+@|TODO", (ROOT / name).read_text(encoding="utf-8")), name

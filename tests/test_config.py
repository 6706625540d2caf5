"""Settings come from five places; each test writes real files and real environment variables."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesearch import config
from codesearch.config import Settings, load
from codesearch.errors import ConfigError


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(config.PREFIX):
            monkeypatch.delenv(name)


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    resolved = load(tmp_path, user_file=tmp_path / "none.toml")
    assert resolved.settings == Settings()
    assert {source for _, _, source in resolved.rows()} == {"default"}


def test_every_setting_has_a_key_and_a_row(tmp_path: Path) -> None:
    values = {name: value for name, value, _ in load(tmp_path).rows()}
    assert len(values) == len(fields(Settings))
    assert values["max-file-bytes"] == Settings().max_file_bytes


@pytest.mark.parametrize("name", ["pyproject.toml", "codesearch.toml"])
def test_a_repository_says_what_is_worth_searching(tmp_path: Path, name: str) -> None:
    table = "" if name == "codesearch.toml" else "[tool.codesearch]\n"
    (tmp_path / name).write_text(
        table + 'exclude = ["gen/"]\ninclude = ["gen/keep.py"]\nmax-file-bytes = 5\n'
        'tests = "exclude"\n'
    )
    resolved = load(tmp_path)
    assert resolved.settings == Settings(
        exclude=("gen/",), include=("gen/keep.py",), max_file_bytes=5, tests="exclude"
    )
    assert resolved.sources["exclude"] == name


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "codesearch.toml").write_text('tests = "exclude"\nexclude = ["a"]\n')
    user = tmp_path / "user.toml"
    user.write_text('tests = "only"\njobs = 2\nbackend = "hashing"\n')
    monkeypatch.setenv("CODESEARCH_JOBS", "3")
    monkeypatch.setenv("CODESEARCH_MAX_FILE_BYTES", "70")
    resolved = load(tmp_path, user_file=user, flags={"max-file-bytes": 71, "backend": None})
    assert resolved.settings == Settings(
        backend="hashing", exclude=("a",), tests="only", jobs=3, max_file_bytes=71
    )
    assert resolved.sources == {
        "exclude": "codesearch.toml",
        "tests": str(user),
        "backend": str(user),
        "jobs": "CODESEARCH_JOBS",
        "max-file-bytes": "--max-file-bytes",
    }


@pytest.mark.parametrize(
    ("variable", "text", "settings"),
    [
        ("CODESEARCH_OFFLINE", "yes", Settings(offline=True)),
        ("CODESEARCH_OFFLINE", "0", Settings(offline=False)),
        ("CODESEARCH_EXCLUDE", "a/*, b", Settings(exclude=("a/*", "b"))),
        ("CODESEARCH_BACKEND", "hashing", Settings(backend="hashing")),
        ("CODESEARCH_TESTS", "only", Settings(tests="only")),
        ("CODESEARCH_JOBS", "7", Settings(jobs=7)),
        ("CODESEARCH_JOBS", " ", Settings(jobs=None)),
    ],
)
def test_variables_are_read_as_the_type_of_their_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, text: str, settings: Settings
) -> None:
    monkeypatch.setenv(variable, text)
    assert load(tmp_path).settings == settings


def test_the_index_can_be_moved_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODESEARCH_INDEX", "relative/place")
    assert load(tmp_path).settings.index_home == tmp_path / "relative" / "place"
    monkeypatch.setenv("CODESEARCH_INDEX", "~/place")
    assert load(tmp_path).settings.index_home == Path.home() / "place"


def test_the_index_in_a_file_must_be_absolute(tmp_path: Path) -> None:
    user = tmp_path / "user.toml"
    user.write_text('index = "here"\n')
    with pytest.raises(ConfigError, match="absolute"):
        load(tmp_path, user_file=user)


def test_a_typo_is_an_error_that_names_the_file_and_the_key(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.codesearch]\nexlude = ["x"]\n')
    with pytest.raises(ConfigError, match=r"pyproject\.toml.*exlude") as caught:
        load(tmp_path)
    assert caught.value.hint == "did you mean exclude?"


def test_a_mistyped_variable_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESEARCH_BACKND", "x")
    with pytest.raises(ConfigError, match="CODESEARCH_BACKND") as caught:
        load(tmp_path)
    assert caught.value.hint == "did you mean CODESEARCH_BACKEND?"


@pytest.mark.parametrize(
    "line",
    [
        "jobs = 0",
        'jobs = "many"',
        "jobs = true",
        "offline = 1",
        'exclude = "x"',
        "exclude = [1]",
        'exclude = [""]',
        "backend = 3",
        'backend = ""',
        "max-file-bytes = 1_000_000_000_000",
        "tests = 'sometimes'",
        "index = 4",
    ],
)
def test_a_wrong_type_or_range_is_an_error(tmp_path: Path, line: str) -> None:
    user = tmp_path / "user.toml"
    user.write_text(line + "\n")
    with pytest.raises(ConfigError, match=line.split(" ", maxsplit=1)[0]):
        load(tmp_path, user_file=user)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('backend = "gemini"', "where code is sent"),
        ('index = "/tmp/x"', "where files are written"),
        ("jobs = 64", "how much of the machine"),
        ("offline = false", "network"),
    ],
)
@pytest.mark.parametrize("name", ["pyproject.toml", "codesearch.toml"])
def test_a_cloned_repository_is_not_trusted(tmp_path: Path, name: str, line: str, why: str) -> None:
    table = "" if name == "codesearch.toml" else "[tool.codesearch]\n"
    (tmp_path / name).write_text(table + line + "\n")
    with pytest.raises(ConfigError, match=f"{name}: a repository may not set .*{why}") as caught:
        load(tmp_path, user_file=tmp_path / "mine.toml")
    assert "mine.toml" in caught.value.hint
    assert "CODESEARCH_" in caught.value.hint


def test_settings_in_both_files_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.codesearch]\nexclude = []\n")
    (tmp_path / "codesearch.toml").write_text("exclude = []\n")
    with pytest.raises(ConfigError, match="both"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["pyproject.toml", "codesearch.toml"])
def test_broken_toml_that_speaks_of_us_is_an_error_with_its_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[tool.codesearch]\nexclude = [\n\n= 3\n")
    with pytest.raises(ConfigError, match=rf"{name}: not valid TOML: .*line 4"):
        load(tmp_path)


def test_deeply_nested_toml_is_an_error_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "codesearch.toml").write_text("exclude = " + "[" * 100_000)
    with pytest.raises(ConfigError, match="nested too deeply"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        (b"[project\nbroken = ", ""),  # broken, but none of our business
        (b"\xff\xfe\x00\x01 codesearch", "UTF-8"),
        (b"# codesearch\n" + b"#" * 1_000_001, "larger than 1 MB"),
        (b"[tool.other]\nx = 'codesearch'\n", ""),
    ],
    ids=["broken", "binary", "huge", "mentioned"],
)
def test_a_pyproject_that_is_not_about_us_never_stops_a_search(
    tmp_path: Path, content: bytes, warning: str
) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    resolved = load(tmp_path)
    assert resolved.settings == Settings()
    assert [warning in w for w in resolved.warnings] == ([True] if warning else [])


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pyproject.toml")
    assert "not a regular file" in load(tmp_path).warnings[0]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_an_unreadable_pyproject_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").symlink_to("pyproject.toml")
    assert "cannot be read" in load(tmp_path).warnings[0]


def test_a_user_file_that_cannot_be_read_is_named_in_full(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        load(tmp_path, user_file=tmp_path)
    assert told.value.message == f"{tmp_path}: not a regular file"


def test_a_folder_in_place_of_our_own_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "codesearch.toml").mkdir()
    with pytest.raises(ConfigError, match=r"codesearch\.toml: not a regular file"):
        load(tmp_path)


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "codesearch.toml").write_bytes(b"\xef\xbb\xbftests = 'only'\n")
    assert load(tmp_path).settings.tests == "only"


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_no_bytes_in_a_repository_file_raise_anything_but_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tmp_path_factory.mktemp("repository")
    (root / "codesearch.toml").write_bytes(content)
    (root / "pyproject.toml").write_bytes(b"[tool.codesearch]\n" + content)
    with contextlib.suppress(ConfigError):
        load(root)

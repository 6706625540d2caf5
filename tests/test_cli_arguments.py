"""What is typed: usage errors and what they say. In process, for none of it reaches an index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codesearch import cli
from codesearch.cli import similar
from codesearch.errors import CodesearchError


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("CODESEARCH_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["--jsn", "x"], "there is no flag --jsn", "did you mean --json?"),
        (["search", "x", "--top"], "there is no flag --top", "did you mean --top-k?"),
        (["index", "--ful"], "there is no flag --ful", "did you mean --full?"),
        (["x", "--mode", "hybrd"], "there is no mode 'hybrd'", "did you mean hybrid?"),
        (["x", "--format", "jsn"], "there is no format 'jsn'", "did you mean json?"),
        (["x", "--kind", "class,functon"], "there is no kind 'functon'", "did you mean function?"),
        (["x", "--tests", "excl"], "there is no way to treat tests", "did you mean exclude?"),
        (["x", "-t", "pyton"], "there is no language 'pyton'", "did you mean python?"),
        (["x", "-T", "pyton"], "there is no language 'pyton'", "did you mean python?"),
        (["x", "--color", "alway"], "there is no way to colour", "did you mean always?"),
        (["x", "--backend", "locl"], "there is no embedding backend", "did you mean"),
        (["x", "-k", "0"], "0 is not in the range 1<=x<=1000", "codesearch search --help"),
        (["x", "-k", "1001"], "1001 is not in the range", "codesearch search --help"),
        (["x", "-k", "many"], "'many' is not a valid integer", "codesearch search --help"),
        (["x", "-C", "-1"], "-1 is not in the range", "codesearch search --help"),
        (["x", "--min-score", "high"], "'high' is not a valid float", "codesearch search --help"),
        (["x", "-l", "--json"], "-l prints names of files only", ""),
        (["x", "--full", "-C", "3"], "--full shows all lines", ""),
        (["x", "sorce"], "there is no file or folder sorce", "did you mean source?"),
        (["how", "are", "retries"], "no file or folder are", 'codesearch "how are retries"'),
        (["x", "a\0b"], "there is no file or folder", ""),
        (["x", "--backend", " "], "--backend must be a name, not ' '", ""),
        (["x", ""], 'there is no file or folder ""', 'codesearch "x'),
        (["search"], "the query is empty", "in plain words"),
        ([""], "the query is empty", "in plain words"),
        ([" \t\n"], "the query is empty", "in plain words"),
        (["\x01\x1b\x7f"], "the query is empty", "in plain words"),
        (["similar"], "missing argument", "codesearch similar --help"),
        (["similar", "a.py"], "a.py does not say which line", "src/store.py:120"),
        (["similar", "b.py:1"], "there is no file or folder b.py", "did you mean a.py?"),
        (["similar", "source:1"], "source is a folder", "a file and a line"),
        (["similar", "a.py:0"], "lines are counted from 1", ""),
        (["index", "nowhere"], "there is no file or folder nowhere", "check the path"),
        (["index", "a.py"], "a.py is a file", "give a folder"),
        (["index", "--jobs", "0"], "0 is not in the range", "codesearch index --help"),
        (["files", "--why", "b.py"], "there is no file or folder b.py", "did you mean a.py?"),
        (["clean", "--all", "--orphans"], "exclude each other", ""),
        (["config"], "missing command", "codesearch config --help"),
        (["completion", "bsh"], "there is no shell 'bsh'", "did you mean bash?"),
        (["x", "--queries-from", "a.py", "--json"], "--queries-from answers in JSON", "--jsonl"),
        (["--queries-from", "none"], "cannot read the queries in none", ""),
    ],
)
def test_wrong_usage_is_told_in_a_sentence_with_a_hint(
    capsys: pytest.CaptureFixture[str], args: list[str], error: str, hint: str
) -> None:
    assert cli.run(args) == 2
    out, err = capsys.readouterr()
    first, *rest = err.splitlines()
    assert out == ""
    assert first.startswith("error: ")
    assert error in first
    assert len(rest) <= 1
    assert hint in "".join(rest)


def test_an_error_never_echoes_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["x", "\x1b]0;title\x07\nname"]) == 2
    assert r"\x1b]0;title\x07\nname" in capsys.readouterr().err
    assert cli.run(["x", "--mode", "\x1b[31m"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    bare = capsys.readouterr().out
    assert cli.run(["--help"]) == 0
    assert capsys.readouterr().out == bare
    assert cli.run(["-h"]) == 0
    for command in cli.COMMANDS:
        assert f"\n  {command} " in bare


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_with_both_flags(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert cli.run([command, "-h"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: codesearch {command}")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    from codesearch import __version__

    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"codesearch {__version__}\n"


def test_bad_settings_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESEARCH_JOBS", "none")
    assert cli.run(["config", "show"]) == 2
    assert "CODESEARCH_JOBS must be a whole number" in capsys.readouterr().err


def test_each_setting_is_shown_with_its_source(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("codesearch.toml").write_text('exclude = ["a", "b"]\n')
    Path("pyproject.toml").write_bytes(b"\xff")
    monkeypatch.setenv("CODESEARCH_OFFLINE", "1")
    assert cli.run(["config", "show"]) == 0
    out, err = capsys.readouterr()
    rows = [line.split("  ") for line in out.splitlines()]
    shown = {row[0].strip(): [cell.strip() for cell in row[1:] if cell.strip()] for row in rows}
    assert shown["exclude"] == ['["a", "b"]', "codesearch.toml"]
    assert shown["offline"] == ["true", "CODESEARCH_OFFLINE"]
    assert shown["jobs"] == ["automatic", "default"]
    assert shown["backend"] == ['"local"', "default"]
    assert err.startswith("warning: pyproject.toml: not text in UTF-8")


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("a.py:12", ("a.py", 12)),
        ("a.py:12-40", ("a.py", 12)),
        ("a.py:12:5", ("a.py", 12)),
        (os.path.join(".", "a.py") + ":3", (os.path.join(".", "a.py"), 3)),  # noqa: PTH118
    ],
)
def test_a_place_is_written_as_this_tool_and_others_write_it(
    target: str, place: tuple[str, int]
) -> None:
    assert similar.place(target) == (Path(place[0]), place[1])


def test_an_absolute_place_keeps_its_drive_letter() -> None:
    file = Path("a.py").absolute()
    assert similar.place(f"{file}:7") == (file, 7)


@pytest.mark.skipif(sys.platform == "win32", reason="a colon separates streams there")
def test_a_name_may_hold_colons_itself() -> None:
    Path("b.py:5").write_text("x")
    assert similar.place("b.py:5:9") == (Path("b.py:5"), 9)
    with pytest.raises(CodesearchError, match=r"no file or folder C:\\a\.py"):
        similar.place(r"C:\a.py:3")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert cli.run(["completion", shell]) == 0
    assert "_CODESEARCH_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("codesearch sta", "status"),
        ("codesearch query --mode sem", "semantic"),
        ("codesearch similar --by", "--by-file"),
        ("codesearch completion z", "zsh"),
    ],
)
def test_a_shell_is_offered_commands_flags_and_values(words: str, offered: str) -> None:
    asked = {
        "_CODESEARCH_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-m", "codesearch"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert f",{offered}\n" in done.stdout


HEAVY = {"numpy", "lancedb", "pyarrow", "pygments", "tree_sitter", "asyncio", "multiprocessing"}


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["completion", "bash"]])
def test_help_loads_nothing_heavy(args: list[str]) -> None:
    assert not HEAVY & loaded(*args)


def loaded(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> set[str]:
    """The top-level packages that a run of the program imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "codesearch", *args],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "codesearch.cli" in names
    return {name.partition(".")[0] for name in names}

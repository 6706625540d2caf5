"""What a person sees: the program on a pseudo-terminal of a given width."""

from __future__ import annotations

import contextlib
import os
import re
import select
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runner import SAMPLE, Home, repository

from codesearch.output import width

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals in the standard library there", allow_module_level=True)

import fcntl
import pty
import termios


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def repo(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    long = "def long_function(values):\n" + "".join(f"    step({i})\n" for i in range(60))
    wide = (
        "# \u8a2d\u5b9a\u30d5\u30a1\u30a4\u30eb\u3092\u8aad\u307f\u8fbc\u3080\n\n" + "\u8a9e" * 90
    )
    files = {**SAMPLE, "app/long.py": long + "    needle(values)\n", "docs/\u8a2d\u5b9a.md": wide}
    folder = repository(tmp_path_factory.mktemp("work") / "repo", files)
    assert home.run("index", cwd=folder).returncode == 0
    return folder


def on_terminal(
    home: Home, *args: str, cwd: Path, columns: int = 80, typed: bytes = b"", **environment: str
) -> tuple[int, str]:
    """The exit code and all that appeared, with ``\\n`` line ends."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "codesearch", *args],
        cwd=cwd,
        env=home.environment(**environment),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=_control,  # noqa: PLW1509  no threads here
    ) as process:
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):  # the end, as Linux reports it
            while True:
                # Again and again: a Ctrl-C just before the program begins to read is lost.
                ready, _, _ = select.select([leader], [], [], 0.5)
                if not ready and shown.endswith(b"[y/N]: "):
                    os.write(leader, typed)
                if ready and not (piece := os.read(leader, 65536)):
                    break
                shown += piece if ready else b""
        os.close(leader)
        code = process.wait(60)
    return code, shown.decode("utf-8").replace("\r\n", "\n")


def _control() -> None:
    """Makes the terminal the process's own, so that Ctrl-C becomes a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def bare(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_a_person_sees_colours_and_lines(home: Home, repo: Path) -> None:
    code, shown = on_terminal(home, "failed job back into the queue", "-k1", cwd=repo)
    assert code == 0
    assert "\x1b[35mapp/queue.py\x1b[0m\x1b[32m:4-6\x1b[0m" in shown
    assert bare(shown).split("\n")[1:] == [
        "4  def schedule_retry(job, delay):",
        '5      """Put a failed job back into the queue after a delay."""',
        "6      queue.put(job, after=delay * job.attempts)",
        "",
    ]


@pytest.mark.parametrize(
    ("flags", "environment"),
    [([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), (["--color", "never"], {})],
)
def test_who_wants_no_colours_gets_none(
    home: Home, repo: Path, flags: list[str], environment: dict[str, str]
) -> None:
    _, shown = on_terminal(home, "failed job", *flags, cwd=repo, **environment)
    assert "4  def schedule_retry" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("columns", [60, 20])
def test_no_line_is_wider_than_the_terminal(home: Home, repo: Path, columns: int) -> None:
    args = ("failed job settings", "--by-file", "--explain")
    _, shown = on_terminal(home, *args, cwd=repo, columns=columns)
    lines = bare(shown).split("\n")
    assert len(lines) > 5
    assert [line for line in lines if width(line) > columns] == []


def test_of_a_long_function_the_lines_that_answer_are_shown(home: Home, repo: Path) -> None:
    _, shown = on_terminal(home, "needle", "-k1", cwd=repo)
    lines = bare(shown).split("\n")
    assert lines[1] == " 1  def long_function(values):"
    assert "62      needle(values)" in lines
    assert len(lines) < 15


def test_progress_is_one_line_that_goes_away(home: Home, repo: Path, tmp_path: Path) -> None:
    other = Home(tmp_path)
    code, shown = on_terminal(other, "index", "--full", cwd=repo, columns=40)
    assert code == 0
    drawn = shown.split("\r")
    assert any(part.startswith(("Indexing ", "Looking ", "Writing ")) for part in drawn)
    assert max(map(len, drawn[:-1])) < 40
    assert drawn[-2].strip() == ""
    assert drawn[-1].startswith("Indexed 7 files, ")


def test_a_question_before_deleting(home: Home, repo: Path, tmp_path: Path) -> None:
    other = Home(tmp_path)
    assert other.run("index", cwd=repo).returncode == 0
    code, shown = on_terminal(other, "clean", cwd=repo, typed=b"n\n")
    assert (code, "Freed" in shown) == (0, False)
    assert list(tmp_path.rglob("*.segment"))
    code, shown = on_terminal(other, "clean", cwd=repo, typed=b"y\n")
    assert (code, "Freed" in shown) == (0, True)
    assert not list(tmp_path.rglob("*.segment"))


def test_a_question_that_is_broken_off_is_an_interruption(home: Home, repo: Path) -> None:
    code, shown = on_terminal(home, "clean", cwd=repo, typed=b"\x03")
    assert code == 130
    assert "error: interrupted" in shown


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_hostile_name_does_not_act_on_the_terminal(home: Home, tmp_path: Path) -> None:
    evil = {"a\x1b]0;pwned\x07\n.py": "def espresso():\n    return '\x1b[2J\x9b31m'\n"}
    repo = repository(tmp_path / "repo", evil)
    for args in (["espresso", "-v"], ["files"]):
        _, shown = on_terminal(home, *args, cwd=repo, NO_COLOR="1")
        assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", shown), args
    _, shown = on_terminal(home, "espresso", cwd=repo, NO_COLOR="1")
    assert r"a\x1b]0;pwned\x07\n.py:1-2  function espresso" in shown
    assert r"return '\x1b[2J\x9b31m'" in shown


def test_watch_rewrites_one_line_and_answers_terminals_as_they_are(
    home: Home, tmp_path: Path
) -> None:
    repo = repository(tmp_path / "repo", SAMPLE)
    (tmp_path / "run").mkdir(mode=0o700)
    runtime = {"XDG_RUNTIME_DIR": str(tmp_path / "run")}
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 60, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "codesearch", "watch", "--debounce-ms", "50"],
        cwd=repo, env=home.environment(**runtime), stdin=follower, stdout=follower,
        stderr=follower, start_new_session=True, preexec_fn=_control,  # noqa: PLW1509
    )  # fmt: skip
    os.close(follower)

    def until(pattern: str) -> str:
        shown = ""
        while not re.search(pattern, shown):
            ready, _, _ = select.select([leader], [], [], 60)
            assert ready, shown
            shown += os.read(leader, 65536).decode()
        return shown

    until("Watching repo: [0-9]+ files, [0-9]+ functions")
    asked = ("how are retries scheduled", "--color", "always")
    for columns in (50, 100):
        served = on_terminal(home, *asked, cwd=repo, columns=columns, **runtime)
        alone = on_terminal(home, *asked, cwd=repo, columns=columns)
        assert served == alone
    (repo / "app" / "fresh.py").write_text("def polish_the_lens():\n    return 1\n")
    line = until("1 new in ")
    assert "\r" in line
    assert "\n" not in line
    assert all(width(part) < 60 for part in line.split("\r"))
    os.write(leader, b"\x03")
    with contextlib.suppress(OSError):
        while os.read(leader, 65536):
            pass
    os.close(leader)
    assert process.wait(60) == 0

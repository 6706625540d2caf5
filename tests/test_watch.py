"""The real program watching a real folder, changed by real programs, asked by others meanwhile."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import copies
import pytest
from cli_runner import Done, Home
from copies import PYTHON
from repositories import git, repository, write

if sys.platform == "win32":
    pytest.skip("signals and sockets of Unix", allow_module_level=True)

from socket import AF_UNIX, SOCK_STREAM, socket

SECONDS = 30.0


class Watch:
    """A running ``codesearch watch --json``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.seen: list[dict[str, Any]] = []
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next event that is wanted."""
        deadline = time.monotonic() + SECONDS
        while True:
            line = self._lines.get(timeout=max(deadline - time.monotonic(), 0.01))
            assert line, f"it ended after {self.seen}"
            event = json.loads(line)
            assert event["schema"] == "codesearch.watch/1"
            self.seen.append(event)
            if wanted(event):
                return event

    def event(self, name: str) -> dict[str, Any]:
        return self.until(lambda e: e["event"] == name)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(
        tmp_path / "repo",
        {
            "app/retry.py": "def schedule_retry(job):\n    return job.delay * 2\n",
            "app/store.py": "def load_session(key):\n    return key\n",
            "lib/deep/parse.py": "def parse_header(line):\n    return line.split(':')\n",
            ".gitignore": "build/\n",
        },
    )


@pytest.fixture
def environment(home: Home, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "run").mkdir(mode=0o700)
    return home.environment(XDG_RUNTIME_DIR=str(tmp_path / "run"))


@pytest.fixture
def watching(repo: Path, environment: dict[str, str]) -> Callable[..., Any]:
    @contextmanager
    def begin(*flags: str, before: tuple[str, ...] = ()) -> Iterator[Watch]:
        command = [sys.executable, "-m", "codesearch", "watch", "--json", "--debounce-ms", "50"]
        process = subprocess.Popen(
            [*before, *command, *flags],
            cwd=repo, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield Watch(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=SECONDS)
            assert b"Traceback" not in errors, errors.decode()

    return begin


@pytest.fixture
def ask(repo: Path, environment: dict[str, str]) -> Callable[..., Done]:
    def run(*args: str, python: tuple[str, ...] = (), **more: str) -> Done:
        done = subprocess.run(
            [sys.executable, *python, "-m", "codesearch", *args],
            cwd=repo, env=environment | more, capture_output=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        return subprocess.CompletedProcess(
            args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


def by_itself(done: Done) -> bool:
    """Whether a run under ``-X importtime`` did the work, rather than a server."""
    return re.search(r"\| +click$", done.stderr, re.MULTILINE) is not None


def stored(ask: Callable[..., Done], question: str) -> list[str]:
    """The symbols that the stored index has for a question."""
    done = ask("search", question, "--no-refresh", "--json", "--mode", "lexical")
    return [r["symbol"] for r in json.loads(done.stdout)["results"]]


def eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not check():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def test_changes_are_stored_as_they_come(
    watching: Callable[..., Any], ask: Callable[..., Done], repo: Path
) -> None:
    with watching() as watch:
        ready = watch.event("ready")
        assert (ready["files"], ready["polling"]) == (4, "")

        (repo / "app" / "retry.py").write_text("def polish_lens(x):\n    return x\n")
        assert watch.event("updated")["changed"] == 1
        assert stored(ask, "polish_lens") == ["polish_lens"]
        assert "schedule_retry" not in stored(ask, "schedule_retry")

        temporary = repo / "app" / ".retry.py.swp"  # as editors save
        temporary.write_text("def sweep_floor(x):\n    return x\n")
        temporary.replace(repo / "app" / "retry.py")
        watch.until(lambda e: e["event"] == "updated" and "sweep_floor" in stored(ask, "sweep"))

        (repo / "lib").rename(repo / "library")  # a folder with folders
        watch.until(lambda e: e["event"] == "updated" and e["removed"] == 1 and e["added"] == 1)
        (repo / "library" / "deep" / "more").mkdir()
        (repo / "library" / "deep" / "more" / "x.py").write_text("def carve_wood():\n    pass\n")
        watch.until(lambda e: e["event"] == "updated" and "carve_wood" in stored(ask, "carve"))

        shutil.rmtree(repo / "library")
        assert watch.event("updated")["removed"] == 2

        (repo / "app" / "notes.py").write_text("def take_notes():\n    pass\n")
        watch.until(lambda e: e["event"] == "updated" and "take_notes" in stored(ask, "notes"))
        (repo / ".gitignore").write_text("build/\napp/notes.py\n")
        watch.until(lambda e: e["event"] == "updated" and e["removed"] == 1)
        (repo / ".codesearchignore").write_text("app/store.py\n")
        watch.until(lambda e: e["event"] == "updated" and e["removed"] == 1)
        assert not {"load_session", "take_notes"} & set(stored(ask, "load session take notes"))


def test_a_burst_and_a_checkout_lose_nothing(
    watching: Callable[..., Any], ask: Callable[..., Done], repo: Path
) -> None:
    git(repo, "checkout", "-q", "-b", "other")
    for number in range(600):
        (repo / f"many{number}.py").write_text(f"def burst_{number}():\n    return {number}\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "many")
    git(repo, "checkout", "-q", "main")
    with watching() as watch:
        assert watch.event("ready")["files"] == 4
        git(repo, "checkout", "-q", "other")
        watch.until(lambda e: e["event"] == "updated" and e["files"] == 604)
        assert stored(ask, "burst_599")[0] == "burst_599"
        git(repo, "checkout", "-q", "main")
        again = watch.until(lambda e: e["event"] == "updated" and e["files"] == 4)
        assert again["embedded"] == 0
        git(repo, "checkout", "-q", "other")
        back = watch.until(lambda e: e["event"] == "updated" and e["files"] == 604)
        assert (back["embedded"], back["reused"]) == (0, 600), "what is known costs nothing"


def test_what_comes_and_goes_and_what_is_ignored_changes_nothing(
    watching: Callable[..., Any], repo: Path
) -> None:
    (repo / "build").mkdir()
    with watching() as watch:
        watch.event("ready")
        for number in range(50):
            (repo / "app" / f"{number}.tmp.py").write_text("x = 1\n")
            (repo / "app" / f"{number}.tmp.py").unlink()
            (repo / "build" / f"{number}.py").write_text("x = 1\n")
        (repo / "app" / "link.py").symlink_to("store.py")
        (repo / "app" / "last.py").write_text("def last_of_all():\n    pass\n")
        watch.until(lambda e: e["event"] == "updated" and e["files"] == 5)
        assert all(e["files"] <= 55 for e in watch.seen)


def test_the_repositorys_settings_hold_at_once_and_wrong_ones_are_survived(
    watching: Callable[..., Any], repo: Path
) -> None:
    with watching() as watch:
        watch.event("ready")
        (repo / "codesearch.toml").write_text('exclude = ["app/"]\n')
        watch.until(lambda e: e["event"] == "updated" and e["files"] == 3)
        (repo / "codesearch.toml").write_text("exclude = [\n")
        assert "codesearch.toml" in watch.event("failed")["message"]
        (repo / "codesearch.toml").write_text("exclude = []\n")
        watch.until(lambda e: e["event"] == "updated" and e["files"] == 5)


def test_polling_finds_the_same(
    watching: Callable[..., Any], ask: Callable[..., Done], repo: Path
) -> None:
    with watching("--poll") as watch:
        assert watch.event("ready")["polling"] == "it was asked for"
        (repo / "app" / "retry.py").write_text("def polish_lens(x):\n    return x\n")
        assert watch.event("updated")["changed"] == 1
        assert stored(ask, "polish_lens") == ["polish_lens"]


@pytest.mark.skipif(not shutil.which("unshare"), reason="no limit of our own can be set")
def test_where_the_system_watches_no_more_folders_it_polls(
    watching: Callable[..., Any], repo: Path
) -> None:
    limit = 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"'
    before = ("unshare", "-Ur", "sh", "-c", limit, "sh")
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system forbids namespaces")
    with watching(before=before) as watch:
        assert "max_user_watches" in watch.event("ready")["polling"]
        (repo / "app" / "retry.py").write_text("def polish_lens(x):\n    return x\n")
        assert watch.event("updated")["changed"] == 1


def test_a_second_watch_is_told_of_the_first(
    watching: Callable[..., Any], ask: Callable[..., Done]
) -> None:
    with watching() as watch:
        watch.event("ready")
        done = ask("watch")
        assert done.returncode == 2
        assert "watches this work tree already" in done.stderr


def test_it_ends_when_its_folder_is_gone_and_when_it_is_told(
    watching: Callable[..., Any], repo: Path
) -> None:
    with watching() as watch:
        watch.event("ready")
        watch.process.send_signal(signal.SIGTERM)
        watch.event("stopped")
        assert watch.process.wait(SECONDS) == 0
    with watching() as watch:
        watch.event("ready")
        shutil.rmtree(repo)
        assert watch.process.wait(SECONDS) == 2


QUESTIONS = [
    ["schedule a retry"],
    ["schedule a retry", "--json"],
    ["search", "schedule a retry", "-k", "1", "-C", "1"],
    ["session", "app", "-l"],
    ["parse header", "--format", "vimgrep", "--explain"],
    ["similar", "app/retry.py:1"],
    ["parse header", "lib/deep", "--color", "always"],
    ["header", "-t", "pyton"],
    ["header", "--kind", "class"],
    ["header", "--nonsense"],
    ["header", "nowhere"],
    ["dupes", "--staged"],
]


def test_the_server_answers_as_a_process_of_its_own_would(
    watching: Callable[..., Any], ask: Callable[..., Done]
) -> None:
    def said(done: Done) -> tuple[int, str, str]:
        took = [line for line in done.stdout.splitlines() if '"took_ms"' not in line]
        return done.returncode, "\n".join(took), done.stderr

    ask("index", "-q")
    alone = [said(ask(*args)) for args in QUESTIONS]
    with watching() as watch:
        watch.event("ready")
        assert [said(ask(*args)) for args in QUESTIONS] == alone
        quick = ask("schedule a retry", python=("-X", "importtime"))
        assert not by_itself(quick), "the server did not answer"
        assert not by_itself(ask("dupes", "--staged", python=("-X", "importtime")))
        assert by_itself(ask("dupes", "--all", python=("-X", "importtime"))), "it takes too long"
        written = ask("dupes", "--staged", "-o", os.devnull, python=("-X", "importtime"))
        assert by_itself(written)
        elsewhere = ask("schedule a retry", python=("-X", "importtime"), HOME=str(Path.cwd()))
        assert by_itself(elsewhere), "another user's folders: not the server's to answer"


def test_every_edit_shows_in_the_servers_next_answer(
    watching: Callable[..., Any], ask: Callable[..., Done], repo: Path
) -> None:
    with watching() as watch:
        watch.event("ready")
        for number in range(12):
            name = f"edit_number_{number}"
            (repo / "app" / "retry.py").write_text(f"def {name}(x):\n    return x\n")
            found = json.loads(ask(name, "--json", "-k", "3").stdout)
            assert found["results"][0]["symbol"] == name
            assert found["results"][0]["snippet"].startswith(f"def {name}")
            last = f"edit_number_{number - 1}"
            assert last not in [r["symbol"] for r in found["results"]]


def test_the_server_is_told_what_a_hook_is_told(
    watching: Callable[..., Any], ask: Callable[..., Done]
) -> None:
    with watching() as watch:
        watch.event("ready")
        for told, mode in (("1", "files"), ("", "staged")):
            how = {"python": ("-X", "importtime"), "PRE_COMMIT": told}
            done = ask("dupes", "--staged", "app/retry.py", "--json", **how)
            assert json.loads(done.stdout)["mode"] == mode
            assert not by_itself(done), "the server did not answer"


def test_the_server_looks_at_the_index_that_git_gives_a_hook(
    watching: Callable[..., Any], ask: Callable[..., Done], repo: Path
) -> None:
    write(repo, {"app/settings.py": PYTHON, "app/options.py": copies.renamed()})
    with watching() as watch:
        watch.event("ready")
        other = str(repo / ".git" / "alternative")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GIT_INDEX_FILE", other)
            git(repo, "read-tree", "HEAD")
            git(repo, "add", "app")
        for told, checked, found in (({"GIT_INDEX_FILE": other}, 2, 1), ({}, 0, 0)):
            done = ask("dupes", "--staged", "--json", python=("-X", "importtime"), **told)
            document = json.loads(done.stdout)
            assert (document["checked"], len(document["findings"])) == (checked, found)
            assert not by_itself(done), "the server did not answer"


def test_a_server_that_was_killed_is_nobodys_trouble(
    watching: Callable[..., Any], ask: Callable[..., Done], repo: Path
) -> None:
    with watching() as watch:
        watch.event("ready")
        watch.process.kill()
        watch.process.wait(SECONDS)
        (repo / "app" / "retry.py").write_text("def polish_lens(x):\n    return x\n")
        assert "polish_lens" in ask("polish the lens").stdout
    with watching() as watch:
        watch.event("ready")
        quick = ask("polish the lens", python=("-X", "importtime"))
        assert not by_itself(quick)


def test_only_its_user_can_reach_the_server(
    watching: Callable[..., Any], ask: Callable[..., Done], tmp_path: Path
) -> None:
    with watching() as watch:
        watch.event("ready")
        folder = tmp_path / "run" / "codesearch"
        (place,) = folder.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert place.stat().st_mode & 0o777 == 0o600
        folder.chmod(0o755)  # somebody may have put another there
        quick = ask("schedule a retry", python=("-X", "importtime"))
        assert by_itself(quick)
        assert "schedule_retry" in quick.stdout


def test_what_a_client_says_wrong_does_not_end_the_server(
    watching: Callable[..., Any], ask: Callable[..., Done], tmp_path: Path
) -> None:
    with watching() as watch:
        watch.event("ready")
        (place,) = (tmp_path / "run" / "codesearch").iterdir()
        for said in (b"", b"\xff\xff\xff\xff", struct.pack("<I", 5) + b"hello", b"GET / HTTP/1.1"):
            with socket(AF_UNIX, SOCK_STREAM) as client:
                client.connect(str(place))
                client.sendall(said)
        odd = ask("schedule a retry", python=("-X", "importtime"), PYTHONIOENCODING="rot13")
        assert odd.returncode in {0, 1, 2}
        assert not by_itself(ask("schedule a retry", python=("-X", "importtime")))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_answer_that_cannot_be_written_is_an_error(
    watching: Callable[..., Any], environment: dict[str, str], repo: Path
) -> None:
    with watching() as watch, Path("/dev/full").open("wb") as full:
        watch.event("ready")
        done = subprocess.run(
            [sys.executable, "-m", "codesearch", "retry"],
            cwd=repo, env=environment, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        assert (done.returncode, b"cannot write the answer" in done.stderr) == (2, True)

"""Nothing leaves the machine unless a remote backend was chosen: the system itself watches."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import no_network
import pytest
from cli_runner import SAMPLE, Home, repository, write
from fake_services import Fake, Server

pytestmark = pytest.mark.skipif(
    not no_network.is_possible(), reason="only Linux has filters of system calls"
)


def run(home: Home, *args: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(Path(no_network.__file__)), "codesearch", *args],
        cwd=cwd, env=home.environment(**more), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_the_local_backend_opens_no_socket(tmp_path: Path) -> None:
    top, home = repository(tmp_path / "repo", SAMPLE), Home(tmp_path / "home")
    # Enough source for worker processes.
    write(top, {f"big/m{i}.py": "def f(x):\n    return x\n\n\n" * 30_000 for i in range(4)})
    key = {"GEMINI_API_KEY": "AQ.k", "GOOGLE_GENAI_USE_VERTEXAI": "1"}
    for args in (
        ("index",), ("schedule a retry",), ("similar", "app/queue.py:4"), ("status",), ("doctor",),
        ("index", "--full", "--offline"), ("files",), ("clean", "--yes"),
    ):  # fmt: skip
        done = run(home, *args, cwd=top, **key)
        assert done.returncode == 0, (args, done.stderr)


def test_offline_opens_no_socket_whatever_is_chosen(tmp_path: Path) -> None:
    top, home = repository(tmp_path / "repo", SAMPLE), Home(tmp_path / "home")
    with Server(Fake()) as server:
        remote = {
            "CODESEARCH_BACKEND": "gemini",
            "GEMINI_API_KEY": "AQ.k",
            "GOOGLE_GEMINI_BASE_URL": server.address,
        }
        # The filter does its work: this is killed.
        killed = run(home, "index", "--yes", cwd=top, **remote)
        assert killed.returncode == -signal.SIGSYS
        assert run(home, "index", "--yes", "--offline", cwd=top, **remote).returncode == 2
        assert not server.fake.calls
        # What is paid for and was asked before needs none.
        paid = home.run("index", "--yes", cwd=top, **remote)
        assert paid.returncode == 0, paid.stderr
        assert home.run("schedule a retry", cwd=top, **remote).returncode == 0
        again = run(home, "schedule a retry", cwd=top, **remote)
        assert again.returncode == 0, again.stderr
        assert run(home, "index", cwd=top, **remote).returncode == 0
        new = run(home, "something new", "--offline", cwd=top, **remote)
        assert new.returncode == 2
        assert "the network is forbidden" in new.stderr

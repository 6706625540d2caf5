"""What tests of several rooms need."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Home
from lsp_client import Begin, Editor, editor

# Modules whose tests share what is slow to make, or would wait for one another.
TOGETHER = {"tests/test_vscode.py"}


def pytest_configure() -> None:
    # What a shell runs in the background ignores an interruption, and so do its children. Those
    # that are to be interrupted would wait for ever.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n``, tests of the modules above go to one worker each, others to any.

    The mark ``xdist_group`` would say so too, but has no effect with pytest 9.2 and xdist 3.8.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return module if module in TOGETHER else nodeid

    return Scheduling(config, log) if config.getvalue("dist") == "load" else None


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def environment(home: Home, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "run").mkdir(mode=0o700)
    return home.environment(XDG_RUNTIME_DIR=str(tmp_path / "run"))


@pytest.fixture
def begin(environment: dict[str, str], tmp_path: Path) -> Begin:
    """Begins language servers."""
    return lambda cwd=None, **more: editor(environment | more, cwd or tmp_path)


@pytest.fixture
def e(begin: Begin) -> Iterator[Editor]:
    """The editor's end of a language server."""
    with begin() as found:
        yield found


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where that can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if (
        sys.platform != "linux"
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("no right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)

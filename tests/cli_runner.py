"""The real command line on real repositories, kept away from the user's own files."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from codesearch import cli

Done = subprocess.CompletedProcess[str]

SAMPLE = {
    "app/queue.py": '''\
"""Jobs that run later."""


def schedule_retry(job, delay):
    """Put a failed job back into the queue after a delay."""
    queue.put(job, after=delay * job.attempts)


def drain(queue):
    while queue:
        queue.pop().run()
''',
    "app/config.py": '''\
class Config:
    """Settings that a person wrote."""

    def load(self, path):
        """Parse the configuration file."""
        return parse(path.read_text())

    def save(self, path):
        path.write_text(render(self))
''',
    "tests/test_queue.py": """\
def test_a_failed_job_is_scheduled_again():
    schedule_retry(job, delay=3)
    assert queue == [job]
""",
    "docs/guide.md": "# Guide\n\nHow to write settings.\n",
    ".gitignore": "build/\n",
    "build/made.py": "def made():\n    return 1\n",
}


@dataclass(frozen=True)
class Home:
    """A user's folders, all of them in one temporary folder."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        ours = ("CODESEARCH_", "XDG_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "_CODESEARCH")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        names = ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")
        self.folder.mkdir(exist_ok=True)
        return {**kept, **dict.fromkeys(names, str(self.folder)), "TERM": "xterm", **more}

    def run(self, *args: str, cwd: Path, **environment: str) -> Done:
        """Runs the program as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "codesearch", *args],
            cwd=cwd,
            env=self.environment(**environment),
            capture_output=True,
            timeout=120,
            check=False,
        )
        return _done(args, done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Ask:
    """Runs command lines in this process, which saves the start of many others."""

    monkeypatch: pytest.MonkeyPatch
    captured: pytest.CaptureFixture[bytes]

    def __call__(
        self,
        home: Home,
        *args: str | bytes,
        cwd: Path,
        stdin: bytes = b"",
        **environment: str,
    ) -> Done:
        with self.monkeypatch.context() as patch:
            patch.chdir(cwd)
            wanted = home.environment(**environment)
            for name in set(os.environ) - set(wanted):
                patch.delenv(name)
            for name, value in wanted.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            code = cli.run([os.fsdecode(arg) for arg in args])
        return _done(args, code, *self.captured.readouterr())


def _done(args: tuple[str | bytes, ...], code: int, out: bytes, err: bytes) -> Done:
    """The end of a run, its output as text in which no byte is lost."""
    texts = (raw.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape") for raw in (out, err))
    return subprocess.CompletedProcess(args, code, *texts)


def repository(folder: Path, files: dict[str, str]) -> Path:
    """A git repository with some files; nothing is committed."""
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    write(folder, files)
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")

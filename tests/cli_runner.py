"""The real program on real repositories, kept away from the user's own files."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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
        return {**kept, **dict.fromkeys(names, str(self.folder)), "TERM": "xterm", **more}

    def run(
        self,
        *args: str | bytes,
        cwd: Path,
        stdin: str | bytes = b"",
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """Runs the program to its end; output as text in which no byte is lost."""
        done = subprocess.run(
            [sys.executable, "-m", "codesearch", *args],
            cwd=cwd,
            env=self.environment(**environment),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        out, err = (raw.decode("utf-8", "surrogateescape") for raw in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)


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
        file.write_text(text, encoding="utf-8")

"""What the VS Code extension costs in a real VS Code, with a browser as its window.

    python benchmarks/editor.py FOLDER [--rounds 10] [--question TEXT ...]

The extension is packed, installed into a VS Code server of its own, and FOLDER opened and indexed
there. Then each question is asked in turn, with the server warm, and the time taken from the press
of Enter to the painted frame that shows its results. The browser paints without a graphics card,
and everything shares this machine: the numbers are an upper bound for a desktop.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

EXTENSION = Path(__file__).parent.parent / "vscode-extension"
QUESTIONS = (
    "where are redirects followed",
    "how is the session cookie signed",
    "parse the content type header",
    "close the connection when the client goes away",
    "escape html in template output",
    "retry after a failed request",
)


def run(*command: str, task: dict[str, object] | None = None) -> None:
    program = Path(sys.executable).with_name("codesearch")
    environment = {
        **os.environ,
        "CODESEARCH_TEST_PROGRAM": str(program),
        "CODESEARCH_EDITOR_TASK": json.dumps(task),
    }
    done = subprocess.run(
        command, cwd=EXTENSION, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=10, help="how often each question is asked")
    parser.add_argument("--question", action="append", help="in place of ours; at least two")
    given = parser.parse_args()
    questions = given.question or list(QUESTIONS)
    if len(questions) < 2:
        parser.error("two questions are needed: results are awaited that differ from those before")
    if not (EXTENSION / "node_modules").is_dir():
        run("npm", "ci", "--ignore-scripts")
    run("npm", "run", "package")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "measured.json"
        task: dict[str, object] = {
            "repository": str(given.folder.resolve()),
            "questions": questions,
            "rounds": given.rounds,
            "out": str(out),
        }
        run("npm", "run", "measure", task=task)
        measured = json.loads(out.read_text(encoding="utf-8"))
    painted = sorted(measured["painted"])
    p95 = quantiles(painted, n=20)[-1]
    print(f"Enter to painted results: p50 {median(painted):.0f} ms, p95 {p95:.0f} ms", end="")
    print(f" ({len(painted)} questions)")
    each = ", ".join(f"{ms:.0f}" for ms in measured["activations"])
    print(f"activation: {median(measured['activations']):.0f} ms (of {each})")
    for when, (busy, paused) in measured["blocks"].items():
        print(
            f"the extension host, {when}: at work for {busy:.1f} ms in one piece at most;", end=""
        )
        print(f" with waiting for a processor {paused:.1f} ms")
    print(f"memory of the server's processes: {measured['memory'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()

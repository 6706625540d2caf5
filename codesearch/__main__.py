"""The console script, and ``python -m codesearch``: a server's answer, or our own."""

from __future__ import annotations

import sys


def main() -> None:
    from codesearch.server.client import ask

    try:
        code = ask(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        sys.exit(130)
    if code is None:
        import gc

        from codesearch.cli import main as by_ourselves

        gc.set_threshold(100_000)  # what is made for an answer is kept until the end anyway
        by_ourselves()
    sys.exit(code)


if __name__ == "__main__":
    main()

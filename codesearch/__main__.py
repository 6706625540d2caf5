"""The console script, and ``python -m codesearch``: a server's answer, or our own."""

from __future__ import annotations

import sys


def main() -> None:
    from codesearch.server.client import ask

    code = ask(sys.argv[1:])
    if code is None:
        from codesearch.cli import main as by_ourselves

        by_ourselves()
    sys.exit(code)


if __name__ == "__main__":
    main()

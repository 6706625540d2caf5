"""What we need to know of a failure that should not be: a file shaped like a bug report.

It stays on this machine; the user decides whom to show it to.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata

from codesearch import __version__, places
from codesearch.cli.base import PROGRAM

_LIBRARIES = ("click", "lancedb", "numpy", "pyarrow", "pygments", "tree-sitter")
_KEPT = 20


def write(error: BaseException, args: Sequence[str]) -> str:
    """Writes a report and returns the end of a sentence that says where it is.

    Where no file can be written the report goes to standard error, so that it is not lost.
    """
    text = _text(error, args)
    try:
        folder = places.log_folder()
        folder.mkdir(parents=True, exist_ok=True)
        old = sorted(folder.glob("failure-*.md"))
        for file in old[: max(0, len(old) - _KEPT + 1)]:
            file.unlink()
        stamp = time.strftime("%Y%m%d-%H%M%S")
        file = folder / f"failure-{stamp}-{os.getpid()}.md"
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except (OSError, RuntimeError):
        with suppress(OSError):
            sys.stderr.write(text)
        return "this report could not be written to a file"
    return f"a report that you can attach to an issue is in {file}"


def _text(error: BaseException, args: Sequence[str]) -> str:
    trace = "".join(traceback.format_exception(error))
    versions = "\n".join(f"- {name} {_version(name)}" for name in _LIBRARIES)
    return f"""# {PROGRAM} failed: {type(error).__name__}

## What was run

    {PROGRAM} {" ".join(map(ascii, args))}

in {_folder()!a}

## What happened

```
{trace.rstrip()}
```

## Where

- {PROGRAM} {__version__}
- Python {sys.version}
- {platform.platform()}
{versions}
"""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109  a folder that is gone is an answer too
    except OSError:
        return "a folder that is gone"

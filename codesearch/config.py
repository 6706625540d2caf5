"""Settings: what was said in files, the environment and flags, resolved once and passed down.

This is the only room that reads the environment. It knows no index and no terminal.

A later source wins: defaults, the repository's file, the user's file, the environment,
flags. A repository's file is what a stranger wrote, so it may only say what is worth
searching in it, never where code is sent, what is written where or what a run may cost.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from codesearch.errors import ConfigError, did_you_mean
from codesearch.model import RULE_NAMES, THRESHOLD, Tests

PREFIX = "CODESEARCH_"
MAX_CONFIG_BYTES = 1_000_000
MAX_JOBS = 256
# Trees are 20 to 100 times their source (a 10 MB JSON file: about 1 GB of memory).
MAX_FILE_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, after all sources were merged.

    A repository's own configuration may set ``exclude``, ``include``, ``max_file_bytes``,
    ``tests`` and what concerns duplicates only: a cloned repository is not trusted with more.
    """

    backend: str = "local"
    model: str | None = None  # None: the backend's usual one
    dimension: int | None = None  # None: the model's usual one
    endpoint: str | None = None  # the address of a backend that has no fixed one
    vertex: bool = False  # Gemini through Google Cloud
    requests_per_minute: int | None = None  # None: learned from the service's refusals
    tokens_per_minute: int | None = None
    max_cost: float | None = None  # dollars a run; None: what was agreed to
    max_requests: int | None = None  # texts a run
    index_home: Path | None = None  # None: the operating system's cache folder
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    max_file_bytes: int = 1_000_000
    tests: Tests = "demote"
    dupes_threshold: float = THRESHOLD  # of likeness, from which on a function is a copy
    dupes_min_tokens: int = 50  # functions of fewer are not compared
    dupes_ignore: tuple[str, ...] = ()  # rules
    dupes_exclude: tuple[str, ...] = ()  # files whose functions are not compared
    jobs: int | None = None  # None: one worker a core
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings with the place that each came from, and what a person should know of both."""

    settings: Settings
    sources: Mapping[str, str]  # by key; a key that is absent has its default
    warnings: tuple[str, ...] = ()

    def rows(self) -> Iterator[tuple[str, Any, str]]:
        """Each key with its value and its source, in the order in which they are documented."""
        for name, key in _KEYS.items():
            yield name, getattr(self.settings, key.field), self.sources.get(name, "default")


def load(
    root: Path, *, user_file: Path | None = None, flags: Mapping[str, Any] | None = None
) -> Resolved:
    """Resolve the settings for the repository at ``root``.

    Args:
        root: the folder whose ``codesearch.toml`` or ``pyproject.toml`` counts.
        user_file: the user's own file; need not exist.
        flags: what the command line said, by key; a value of None was not said.

    Raises:
        ConfigError: an unknown key, a value of the wrong type or out of range, a repository that
            sets what it may not, a file of ours that cannot be read or is not TOML.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    warnings: list[str] = []

    def take(said: Mapping[str, Any], source: str) -> None:
        for name, value in said.items():
            values[_KEYS[name].field] = value
            sources[name] = source

    name, table = _repository_table(root, warnings)
    take(_checked(table, name, root=root, user_file=user_file), name)
    if user_file is not None and (raw := _read(user_file, str(user_file))) is not None:
        shown = str(user_file)
        take(_checked(_parsed(raw, shown), shown, root=user_file.parent), shown)
    for name, value in _from_environment():
        take({name: value}, _variable_of(name))
    for name, value in (flags or {}).items():
        if value is None:
            continue
        try:
            take({name: _KEYS[name].check(value)}, f"--{name}")
        except ValueError as error:
            raise ConfigError(f"--{name} must be {error}, not {value!r}") from None
    return Resolved(Settings(**values), sources, tuple(warnings))


# Of another process where a server answers for it.
_environment: ContextVar[Mapping[str, str]] = ContextVar("environment", default=os.environ)


@contextmanager
def environment(of: Mapping[str, str]) -> Iterator[None]:
    """Has another process's variables count in this thread."""
    token = _environment.set(of)
    try:
        yield
    finally:
        _environment.reset(token)


def guard_children() -> None:
    """Has Python processes that this one begins not look for modules in the current folder, as
    ``python -c`` does first of all: it is a repository, and may hold a file of such a name."""
    os.environ["PYTHONSAFEPATH"] = "1"


def variable(name: str) -> str:
    """An environment variable that is not one of ours (``NO_COLOR``, ``TERM``), or ``""``."""
    return _environment.get().get(name, "")


# What a value must be. Each check returns the value as Settings keeps it, or raises ValueError
# with the end of the sentence "'key' must be ...".


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a name")
    return value.strip()


def _folder(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError("the path of a folder")
    try:
        path = Path(value).expanduser()
    except RuntimeError:  # "~somebody" who does not exist
        path = Path(value)
    if not path.is_absolute():
        raise ValueError("an absolute path")
    return path


def _patterns(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise ValueError("a list of patterns, each a string as in .gitignore")
    return tuple(value)


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"a whole number from {low:,} to {high:,}")
        return value

    return check


def _dollars(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise ValueError("an amount of US dollars, such as 2.50")
    return float(value)


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.3 <= value <= 1:
        raise ValueError("a number from 0.3 to 1")
    return float(value)


def _rules(value: object) -> tuple[str, ...]:
    known = list(RULE_NAMES)
    if not isinstance(value, list | tuple) or not all(v in known for v in value):
        raise ValueError(f"a list of rules: {', '.join(known)}")
    return tuple(value)


def _address(value: object) -> str:
    text = _text(value) if isinstance(value, str) else ""
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", text):
        raise ValueError("the address of a service, such as http://localhost:11434/v1")
    return text.rstrip("/")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _tests(value: object) -> str:
    choices = get_args(Tests)
    if value not in choices:
        guess = did_you_mean(str(value), choices)
        raise ValueError("one of " + ", ".join(choices) + (f" ({guess})" if guess else ""))
    return str(value)


@dataclass(frozen=True, slots=True)
class _Key:
    field: str
    check: Callable[[object], Any]
    repository: bool = False  # whether a repository's own file may set it
    why_not: str = ""  # what a repository could do with it


_KEYS: dict[str, _Key] = {
    "backend": _Key("backend", _text, why_not="choose where code is sent"),
    "model": _Key("model", _text, why_not="choose where code is sent"),
    "dimension": _Key("dimension", _whole(16, 10_000), why_not="choose what is paid for"),
    "endpoint": _Key("endpoint", _address, why_not="choose where code is sent"),
    "vertex": _Key("vertex", _flag, why_not="choose where code is sent"),
    "requests-per-minute": _Key(
        "requests_per_minute", _whole(1, 10_000_000), why_not="choose how fast quota is used"
    ),
    "tokens-per-minute": _Key(
        "tokens_per_minute", _whole(1, 1_000_000_000), why_not="choose how fast quota is used"
    ),
    "max-cost": _Key("max_cost", _dollars, why_not="choose what is paid for"),
    "max-requests": _Key(
        "max_requests", _whole(1, 1_000_000_000), why_not="choose what is paid for"
    ),
    "index": _Key("index_home", _folder, why_not="choose where files are written"),
    "exclude": _Key("exclude", _patterns, repository=True),
    "include": _Key("include", _patterns, repository=True),
    "max-file-bytes": _Key("max_file_bytes", _whole(1, MAX_FILE_BYTES), repository=True),
    "tests": _Key("tests", _tests, repository=True),
    "dupes-threshold": _Key("dupes_threshold", _share, repository=True),
    "dupes-min-tokens": _Key("dupes_min_tokens", _whole(16, 10_000), repository=True),
    "dupes-ignore": _Key("dupes_ignore", _rules, repository=True),
    "dupes-exclude": _Key("dupes_exclude", _patterns, repository=True),
    "jobs": _Key("jobs", _whole(1, MAX_JOBS), why_not="choose how much of the machine is used"),
    "offline": _Key("offline", _flag, why_not="choose whether the network is used"),
}


def _variable_of(name: str) -> str:
    return PREFIX + name.upper().replace("-", "_")


def _checked(
    table: Mapping[str, Any], source: str, *, root: Path, user_file: Path | None = None
) -> dict[str, Any]:
    """The values of one file. ``user_file`` is given where the file is a repository's own."""
    from_repository = source in _REPOSITORY_FILES
    out = {}
    for name, value in table.items():
        key = _KEYS.get(name)
        if key is None:
            raise _unknown(f"{source}: unknown setting {name!r}", name, list(_KEYS))
        if from_repository and not key.repository:
            yours = str(user_file) if user_file else "your own configuration file"
            raise ConfigError(
                f"{source}: a repository may not set {name!r}, for it could {key.why_not}",
                f"remove it from {root / source}, and set it in {yours} or as {_variable_of(name)}",
            )
        try:
            out[name] = key.check(value)
        except ValueError as error:
            raise ConfigError(f"{source}: {name!r} must be {error}") from None
    return out


def _from_environment() -> Iterator[tuple[str, Any]]:
    names = {_variable_of(name): name for name in _KEYS}
    said = _environment.get()
    for variable_name in sorted(v for v in said if v.startswith(PREFIX)):
        text = said[variable_name]
        name = names.get(variable_name)
        if name is None:
            raise _unknown(
                f"unknown environment variable {variable_name}", variable_name, list(names)
            )
        if not text.strip():
            continue
        try:
            yield name, _KEYS[name].check(_from_text(name, text))
        except ValueError as error:
            raise ConfigError(f"{variable_name} must be {error}, not {text!r}") from None


def _from_text(name: str, text: str) -> Any:
    """A variable's text as the type of the setting; left as text where it has no such form."""
    check = _KEYS[name].check
    if check in (_patterns, _rules):
        return [part.strip() for part in text.split(",") if part.strip()]
    if check is _folder:
        return text if text.startswith("~") else Path(text).absolute()
    if check is _flag:
        return {"1": True, "true": True, "yes": True, "on": True}.get(
            text.strip().lower(),
            {"0": False, "false": False, "no": False, "off": False}.get(text.strip().lower(), text),
        )
    if check in (_dollars, _share):
        try:
            return float(text)
        except ValueError:
            return text
    if text.strip().isascii() and text.strip().replace("_", "").isdigit() and check is not _text:
        return int(text)
    return text


def _unknown(message: str, word: str, known: list[str]) -> ConfigError:
    return ConfigError(
        message, did_you_mean(word, known) or "known are: " + ", ".join(sorted(known))
    )


_REPOSITORY_FILES = ("codesearch.toml", "pyproject.toml")


def _repository_table(root: Path, warnings: list[str]) -> tuple[str, Mapping[str, Any]]:
    """The repository's settings and the name of the file that holds them.

    ``codesearch.toml`` exists for us alone, so whatever is wrong with it is an error. A
    ``pyproject.toml`` belongs to others too: where it does not speak of us nothing in it
    can stop a search, and where it cannot be read a warning says that it was not.
    """
    own, shared = _REPOSITORY_FILES
    raw = _read(root / own, own)
    table: Mapping[str, Any] | None = None if raw is None else _parsed(raw, own)

    try:
        raw = _read(root / shared, shared)
        text = "" if raw is None else _decoded(raw, shared)
    except ConfigError as error:
        warnings.append(f"{error.message}; no settings were taken from it")
        text = ""
    if "codesearch" in text:  # most do not, and need not be parsed
        tool = _parsed_text(text, shared).get("tool", {})
        if isinstance(tool, Mapping) and "codesearch" in tool:
            ours = tool["codesearch"]
            if not isinstance(ours, Mapping):
                raise ConfigError(f"{shared}: 'tool.codesearch' must be a table")
            if table is not None:
                raise ConfigError(
                    f"both {own} and [tool.codesearch] of {shared} hold settings", "keep one"
                )
            return shared, ours
    return own, table or {}


def _read(path: Path, source: str) -> bytes | None:
    """The bytes of a configuration file, or None where there is none."""
    try:
        seen = path.stat()
        if not stat.S_ISREG(seen.st_mode):  # a pipe would be waited for
            raise ConfigError(f"{source}: not a regular file")
        if seen.st_size > MAX_CONFIG_BYTES:
            raise ConfigError(f"{source}: larger than {MAX_CONFIG_BYTES // 1_000_000} MB")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read ({error.strerror})") from None


def _decoded(raw: bytes, source: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{source}: not text in UTF-8") from None


def _parsed(raw: bytes, source: str) -> Mapping[str, Any]:
    return _parsed_text(_decoded(raw, source), source)


def _parsed_text(text: str, source: str) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The parser's sentence ends with "(at line 3, column 7)".
        raise ConfigError(f"{source}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{source}: not valid TOML: nested too deeply") from None

"""Settings: files, environment and flags laid over each other."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "FERRY_"
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
REFERENCE = re.compile(r"\$\{(?P<name>[A-Z_][A-Z0-9_]*)(?::-(?P<default>[^}]*))?\}")


class SettingsError(Exception):
    """A setting that we cannot use, with the place where it was written."""


@dataclass
class Settings:
    database: str = "ferry.db"
    workers: int = 2
    timeout: float = 15.0
    base_url: str = ""
    allowed_hosts: list[str] = field(default_factory=list)
    debug: bool = False


def load_settings(start: Path, flags: Mapping[str, str] | None = None) -> Settings:
    """Defaults, then the nearest ferry.toml, then the environment, then flags: the last wins."""
    merged: dict[str, object] = {}
    path = find_file(start)
    if path is not None:
        merged = deep_merge(merged, read_file(path))
    merged = deep_merge(merged, from_environment(os.environ))
    merged = deep_merge(merged, dict(flags or {}))
    return build(merged)


def find_file(start: Path, name: str = "ferry.toml") -> Path | None:
    for folder in (start, *start.parents):
        candidate = folder / name
        if candidate.is_file():
            return candidate
        if (folder / ".git").exists():
            return None
    return None


def read_file(path: Path) -> dict[str, object]:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from error
    return {key: expand(value, os.environ) for key, value in tree.items()}


def expand(value: object, variables: Mapping[str, str]) -> object:
    """Replace ``${NAME}`` and ``${NAME:-default}`` in strings, at any depth."""
    if isinstance(value, dict):
        return {key: expand(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [expand(inner, variables) for inner in value]
    if not isinstance(value, str):
        return value

    def substitute(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if name in variables:
            return variables[name]
        if default is None:
            raise SettingsError(f"environment variable {name} is not set")
        return default

    return REFERENCE.sub(substitute, value)


def from_environment(variables: Mapping[str, str]) -> dict[str, object]:
    found = {}
    for name, value in variables.items():
        if name.startswith(PREFIX) and value:
            found[name.removeprefix(PREFIX).lower()] = value
    return found


def deep_merge(under: dict[str, object], over: Mapping[str, object]) -> dict[str, object]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, Mapping):
            result[key] = deep_merge(below, value)
        else:
            result[key] = value
    return result


def build(tree: Mapping[str, object]) -> Settings:
    settings = Settings()
    known = set(Settings.__dataclass_fields__)
    for key, value in tree.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f", did you mean {near[0]}?" if near else ""
            raise SettingsError(f"unknown setting {key!r}{hint}")
        setattr(settings, key, coerce(key, value, type(getattr(settings, key))))
    return settings


def coerce(key: str, value: object, wanted: type) -> object:
    """Bring a value, often a string from the environment, to the type of its setting."""
    if isinstance(value, wanted):
        return value
    text = str(value).strip()
    if wanted is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise SettingsError(f"{key}: {text!r} is neither yes nor no")
    if wanted is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if wanted is float:
        return parse_duration(text)
    try:
        return wanted(text)
    except ValueError:
        raise SettingsError(f"{key}: {text!r} is not a {wanted.__name__}") from None


def parse_duration(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip())
    if match is None or (match[2] and match[2] not in UNITS):
        raise SettingsError(f"{text!r} is not a duration like 90s, 15m or 2h")
    return float(match[1]) * UNITS.get(match[2] or "s", 1.0)

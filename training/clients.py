"""The registries' ordinary clients, asked for packages by name and version, a few at a time.

Each client gives, for each name, the file that came or why none did. None of them runs code of a
package: pip takes pure wheels only, npm runs no scripts, apt does not unpack.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from training.archives import debian_checksums, debian_parts

#: Gives a file, or why there is none, for each (name, version).
Client = Callable[[Path, Sequence[tuple[str, str]]], Mapping[str, Path | str]]

_LIMIT = 600  # seconds
_PYTHON = "3.13"
_MAX_SOURCE = 120_000_000


def client(registry: str, work: Path) -> Client:
    """The client of a registry: pypi, npm, debian (sources) or deb (built packages).

    Raises:
        KeyError: there is no such registry.
    """
    if registry in {"deb", "debian"}:
        apt = Apt(work)
        return apt if registry == "debian" else apt.built
    return {"pypi": _pypi, "npm": _npm}[registry]


def files_of(file: Path) -> list[Path]:
    """A download's files: an archive alone, or a Debian source with its archives."""
    return [file, *debian_parts(file)] if file.suffix == ".dsc" else [file]


def _run(command: Sequence[str], folder: Path) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, "", "it took too long"
    return done.returncode, done.stdout, done.stderr


def _one_by_one(
    get: Client, folder: Path, wanted: Sequence[tuple[str, str]], why: str
) -> Mapping[str, Path | str]:
    """After a batch failed: each package alone, so that one takes none with it."""
    if len(wanted) == 1:
        return {wanted[0][0]: why}
    found: dict[str, Path | str] = {}
    for number, one in enumerate(wanted):
        own = folder / str(number)
        own.mkdir()
        found.update(get(own, [one]))
    return found


def _last_line(text: str) -> str:
    """The client's last word, without addresses."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"\w+://\S+", "...", lines[-1])[:200] if lines else "failed"


def _pypi(folder: Path, wanted: Sequence[tuple[str, str]]) -> Mapping[str, Path | str]:
    """Pure wheels; a package that has none is dropped and the others are asked for again."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary", ":all:", "--platform", "any", "--python-version", _PYTHON]
    command += ["--dest", str(folder)]
    rest = list(wanted)
    found: dict[str, Path | str] = {}
    while rest:
        code, _, errors = _run(
            [*command, *(f"{name}=={version}" for name, version in rest)], folder
        )
        if not code:
            break
        missing = re.search(r"No matching distribution found for ([\w.-]+)==", errors)
        dropped = [
            one for one in rest if missing and _wheel_name(one[0]) == _wheel_name(missing[1])
        ]
        if not dropped:
            return found | dict(_one_by_one(_pypi, folder, rest, _last_line(errors)))
        found[dropped[0][0]] = "no pure wheel"
        rest.remove(dropped[0])
    by_name = {_wheel_name(f.name.partition("-")[0]): f for f in sorted(folder.glob("*.whl"))}
    return found | {name: by_name[k] for name, _ in rest if (k := _wheel_name(name)) in by_name}


def _wheel_name(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _npm(folder: Path, wanted: Sequence[tuple[str, str]]) -> Mapping[str, Path | str]:
    command = ["npm", "pack", "--ignore-scripts", "--json", "--loglevel=error", "--logs-max=0"]
    command += [f"{name}@{version}" for name, version in wanted]
    code, output, errors = _run(command, folder)
    try:
        packed = json.loads(output)
    except ValueError:
        packed = None
    if code or packed is None:
        return _one_by_one(_npm, folder, wanted, _last_line(errors))
    rows = packed.values() if isinstance(packed, dict) else packed
    found = {row["name"]: folder / Path(row["filename"]).name for row in rows}
    return {name: file for name, file in found.items() if file.is_file()}


class Apt:
    """Debian's sources, by a private source list made of the system's own."""

    def __init__(self, work: Path, configuration: Path = Path("/etc/apt")) -> None:
        state = (work / "apt").resolve()
        (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (state / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        sources = state / "sources.sources"
        sources.write_text(source_list(configuration), encoding="utf-8")
        options = {
            "Dir::Etc::SourceList": sources,
            "Dir::Etc::SourceParts": "-",
            "Dir::State::Lists": state / "lists",
            "Dir::Cache": state / "cache",
            "Dir::Cache::pkgcache": "pkgcache.bin",  # images of containers often switch it off
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "APT::Sandbox::User": "root",
        }
        self._apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
        _run([*self._apt, "update"], state)

    def __call__(self, folder: Path, wanted: Sequence[tuple[str, str]]) -> Mapping[str, Path | str]:
        names = [f"{name}={version}" for name, version in wanted]
        source = [*self._apt, "source", "--only-source"]
        code, output, errors = _run([*source, "--print-uris", *names], folder)
        if code:
            return _one_by_one(self, folder, wanted, _last_line(errors))
        sizes: dict[str, int] = {}
        for file, size in re.findall(r"^'[^']*' (\S+) (\d+) ", output, re.MULTILINE):
            name = file.partition("_")[0]
            sizes[name] = sizes.get(name, 0) + int(size)
        small = [n for n in names if sizes.get(n.partition("=")[0], 0) <= _MAX_SOURCE]
        if small:  # of some the archives may be missing: what came is looked at below
            _run([*source, "--download-only", *small], folder)
        found: dict[str, Path | str] = {
            name: "too large" for name, _ in wanted if sizes.get(name, 0) > _MAX_SOURCE
        }
        served = (file for file in sorted(folder.glob("*.dsc")) if has_upstream(file))
        return found | {file.name.partition("_")[0]: file for file in served}

    def built(self, folder: Path, wanted: Sequence[tuple[str, str]]) -> Mapping[str, Path | str]:
        """Built packages, of those languages whose built packages are their source."""
        names = [f"{name}={version}" for name, version in wanted]
        code, _, errors = _run([*self._apt, "download", *names], folder)
        if code:
            return _one_by_one(self.built, folder, wanted, _last_line(errors))
        return {file.name.partition("_")[0]: file for file in sorted(folder.glob("*.deb"))}


def missing(file: Path) -> list[str]:
    """What a Debian source's ``.dsc`` names and is not there, or not as it says."""
    if file.suffix != ".dsc":
        return []
    return [
        name
        for name, digest in debian_checksums(file).items()
        if not name.endswith(".asc")
        and not (
            (part := file.parent / name).is_file()
            and hashlib.sha256(part.read_bytes()).hexdigest() == digest
        )
    ]


def has_upstream(dsc: Path) -> bool:
    """Whether all archives are there but maybe that of Debian's own files."""
    return bool(debian_parts(dsc)) and all(".debian.tar" in name for name in missing(dsc))


def source_list(configuration: Path) -> str:
    """The system's package sources with Debian's source packages added."""
    stanzas = []
    for file in sorted((configuration / "sources.list.d").glob("*.sources")):
        text = file.read_text(encoding="utf-8")
        kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        stanzas.append(re.sub(r"^Types:.*$", "Types: deb deb-src", kept, flags=re.MULTILINE))
    lines = [configuration / "sources.list", *(configuration / "sources.list.d").glob("*.list")]
    for file in sorted(f for f in lines if f.is_file()):
        for line in file.read_text(encoding="utf-8").splitlines():
            found = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)", line)
            if found:
                _, uri, suite, components = found.groups()
                stanzas.append(
                    f"Types: deb deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: {components}"
                )
    return "\n\n".join(stanzas) + "\n"

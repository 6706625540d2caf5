"""The VS Code extension in all its layers: types and style, units, the package, and a real VS Code.

One worker runs it all (conftest.py): the tests share what npm installed, and a window of VS Code
beside another one on a small machine would only wait for it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

FOLDER = Path(__file__).parent.parent / "vscode-extension"
SCENARIOS = sorted(file.name for file in (FOLDER / "test" / "e2e").glob("*.test.ts"))
MAX_BYTES = 500_000
MINUTE = 60

pytestmark = [
    pytest.mark.skipif(not FOLDER.exists(), reason="a source distribution has no extension"),
    pytest.mark.skipif(sys.platform != "linux", reason="VS Code's server is laid for Linux"),
]


def run(*command: str | Path, timeout: float = 5 * MINUTE) -> str:
    """What a program says in the extension's folder; it has to succeed."""
    program = Path(sys.executable).with_name("codesearch")
    with subprocess.Popen(
        command,
        cwd=FOLDER,
        env={**os.environ, "CODESEARCH_TEST_PROGRAM": str(program), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail(f"not done after {timeout:.0f} s: {process.communicate()[0]}")
    assert process.returncode == 0, said
    return said


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """What package-lock.json names, installed anew only if that is another one."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.fail(f"no {program} to build the extension with")
    wanted = (FOLDER / "package-lock.json").read_bytes()
    modules = FOLDER / "node_modules"
    with FileLock(FOLDER / ".npm-lock"):
        noted = modules / ".installed-from"
        if not noted.exists() or noted.read_bytes() != wanted:
            run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            noted.write_bytes(wanted)


@pytest.fixture(scope="module")
def package(installed: None) -> tuple[Path, str]:
    """The package, and what was said while it was made."""
    return FOLDER / "codesearch.vsix", run("npm", "run", "package")


@pytest.fixture(scope="module")
def host(installed: None) -> None:
    """VS Code's server, laid before the clock of a test runs."""
    run(FOLDER / "test" / "harness" / "set-up.sh")


def test_types_and_style(installed: None) -> None:
    run("npm", "run", "check")


def test_units(installed: None) -> None:
    run("npm", "test")


def test_the_package_is_small_and_holds_what_a_user_needs(package: tuple[Path, str]) -> None:
    file, said = package
    assert "warn" not in said.lower(), said
    assert file.stat().st_size < MAX_BYTES
    with zipfile.ZipFile(file) as archive:
        names = {name.removeprefix("extension/").lower() for name in archive.namelist()}
    assert {"package.json", "readme.md", "changelog.md", "license.txt"} <= names
    assert {"package.nls.de.json", "l10n/bundle.l10n.de.json", "dist/extension.js"} <= names
    needless = ("src/", "test/", "node_modules/", ".vscode-host/", "tsconfig", "package-lock")
    assert not [name for name in names if name.startswith(needless) or name.endswith(".map")]


def test_in_the_extension_host(host: None) -> None:
    run("npm", "run", "test:host")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda name: name.removesuffix(".test.ts"))
def test_from_end_to_end(scenario: str, host: None, package: tuple[Path, str]) -> None:
    run("npm", "run", "test:e2e", "--", scenario)


def test_there_are_scenarios() -> None:
    assert SCENARIOS

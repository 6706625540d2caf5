"""``duplicates.py repository``: what a look at a whole checkout costs and reports."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from duplicates_rivals import Clone, Cost, Failed, Rival, Told, timed

from codesearch import languages
from codesearch.chunking import chunk_or_windows
from codesearch.config import Settings
from codesearch.duplicates.functions import Function, is_long_enough, of_chunks
from codesearch.index import Index
from codesearch.model import DuplicateReport, DuplicateRequest, SourceFile

US = (sys.executable, "-m", "codesearch")
#: A language with a smaller share of the functions is no reason to start PMD once more.
_SHARE = 0.05


@contextmanager
def indexed(folder: Path) -> Iterator[tuple[Path, Index]]:
    """A fresh index of a checkout, and the temporary folder that it lies in."""
    with tempfile.TemporaryDirectory(prefix="codesearch-duplicates-") as name:
        home = Path(name)
        timed(
            [*US, "index", "-q"], folder, {"CODESEARCH_INDEX": str(home / "index")}, {0},
            home / "said",
        )  # fmt: skip
        yield home, Index.open(folder, Settings(index_home=home / "index"))


def report_of(index: Index, request: DuplicateRequest) -> DuplicateReport:
    return index.duplicates(request, lambda _: None, lambda _: None)[0]


def places(report: DuplicateReport) -> set[tuple[str, int]]:
    """Path and first line of each function of a finding, on either side.

    With every function asked about, that is each that has a match, though two meet only once.
    """
    sides = (p for d in report.findings for p in (d.place, *(c.place for c in d.copies)))
    return {(place.path, place.start_line) for place in sides}


def functions_of(folder: Path, paths: Iterable[str], fewest: int) -> list[Function]:
    """The functions of some files, of at least so many tokens."""
    found = []
    for path in sorted(paths):
        text = (folder / path).read_text("utf-8", "replace")
        language = languages.detect(path, text[: languages.HEAD])
        cut = of_chunks(chunk_or_windows(SourceFile(path, text, "", language)))
        found += [f for f in cut if is_long_enough(f, fewest)]
    return found


def touched(functions: Sequence[Function], tree: Path, clones: Iterable[Clone]) -> int:
    """Of how many functions a clone says something: it lies in one by half, or covers its half."""
    by_path: dict[Path, list[Function]] = {}
    for f in sorted(functions, key=lambda f: f.start_line):
        by_path.setdefault(tree / f.path, []).append(f)
    found = set[tuple[str, int]]()
    for clone in clones:
        for path, first, last in clone:
            here = by_path.get(path, [])
            for f in here[: bisect_right(here, last, key=lambda f: f.start_line)]:
                common = min(last, f.end_line) - max(first, f.start_line) + 1
                if 2 * common >= min(last - first + 1, f.end_line - f.start_line + 1):
                    found.add((f.path, f.start_line))
    return len(found)


def measure(folder: Path, runs: int, rivals: Sequence[Rival]) -> dict[str, Any]:
    """One checkout: prints a table, and gives the same as data."""
    with indexed(folder) as (home, index):
        report = report_of(index, DuplicateRequest("files"))
        whole = report_of(index, DuplicateRequest("all"))
        tree = home.resolve() / "tree"
        packages = {str(p / "__init__.py") for path in report.lines for p in Path(path).parents}
        for path in {*report.lines, *packages}:  # what has none, pylint does not enter
            if (folder / path).is_file():
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / path, tree / path)
        functions = functions_of(tree, report.lines, DuplicateRequest("all").min_tokens)
        counts = Counter(f.language for f in functions)
        wanted = [w for w, n in counts.most_common() if n >= _SHARE * len(functions)]

        def ours() -> Told:
            out = home / "report.json"
            command = [*US, "dupes", "--all", "--json", "-o", out]
            env = {"CODESEARCH_INDEX": str(home / "index")}
            cost = timed(command, folder, env, {0, 1}, home / "said")
            assert len(json.loads(out.read_text("utf-8"))["findings"]) == len(whole.findings)
            return Told(cost, [])

        looks: dict[str, Callable[[], Told]] = {"codesearch": ours}
        for rival in rivals:
            if any(rival.takes(language) for language in wanted):
                looks[rival.name] = lambda rival=rival: rival.look(tree, wanted)  # type: ignore[misc]
        told: dict[str, list[Told]] = {name: [] for name in looks}
        for _ in range(runs):
            for name, look in list(looks.items()):
                try:
                    told[name].append(look())
                except Failed as error:  # PMD, for one, in want of memory
                    if name == "codesearch":
                        raise
                    print(f"{folder.name}: {name} left out: {error}")
                    del looks[name], told[name]
    costs = {
        name: Cost(median(t.cost.wall for t in some), median(t.cost.cpu for t in some))
        for name, some in told.items()
    }
    rows: dict[str, dict[str, Any]] = {}
    for name, cost in costs.items():
        clones = told[name][-1].clones
        mine = name == "codesearch"
        number = len(places(report)) if mine else touched(functions, tree, clones)
        rows[name] = {
            "wall": cost.wall, "cpu": cost.cpu,
            "wall_ratio": cost.wall / costs["codesearch"].wall,
            "cpu_ratio": cost.cpu / costs["codesearch"].cpu,
            "findings": len(whole.findings) if mine else len(clones),
            "functions": number, "per_100": 100 * number / max(report.checked, 1),
            "costs": [t.cost for t in told[name]],
        }  # fmt: skip
    made = {
        "checkout": folder.name, "functions": report.checked, "parsed": len(functions),
        "files": len(report.lines), "languages": dict(counts), "runs": runs,
        "rules": dict(Counter(d.rule for d in report.findings)), "programs": rows,
    }  # fmt: skip
    table(made, wanted)
    return made


def table(made: dict[str, Any], wanted: Sequence[str]) -> None:
    print(
        f"{made['checkout']}: {made['functions']:,} eligible functions in {made['files']:,} files,"
        f" {', '.join(wanted)}; medians of {made['runs']}, in turn"
    )
    titles = ("wall s", "x ours", "CPU s", "x ours", "findings", "functions", "per 100")
    print(f"  {'':14}" + "".join(f"{t:>11}" for t in titles))
    for name, r in made["programs"].items():
        print(
            f"  {name:14}{r['wall']:11.2f}{r['wall_ratio']:11.2f}{r['cpu']:11.2f}"
            f"{r['cpu_ratio']:11.2f}{r['findings']:11,}{r['functions']:11,}{r['per_100']:11.1f}"
        )

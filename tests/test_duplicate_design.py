"""What two functions may have in common without being a finding: it has to be so, or is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from codesearch import fingerprint
from codesearch.chunking import chunk
from codesearch.duplicates.clock import Clock
from codesearch.duplicates.design import (
    Conventions,
    are_alternatives,
    is_by_design,
    share_a_piece,
)
from codesearch.duplicates.functions import Function, are_twins, eligible_path, of_chunks
from codesearch.duplicates.groups import best_matches
from codesearch.duplicates.likeness import are_tables, rule_of
from codesearch.duplicates.pairs import pairs_of
from codesearch.model import DuplicateRequest, SourceFile

SETTLE = """
def settle(orders, rate):
    total = 0
    for order in orders:
        if order.is_open():
            total += order.price(rate)
            order.close(total)
    if total > rate.limit:
        raise TooMuch(total, rate.limit)
    notify(rate.owner, total, len(orders))
    return total
"""
# One statement in the middle is another one, and so is the last but one.
EDITED = SETTLE.replace("total += order.price(rate)", "total = max(total, order.fee())").replace(
    "notify(rate.owner, total, len(orders))", "ledger.write(rate, total)"
)


def functions(text: str, path: str = "shop/a.py", language: str = "python") -> list[Function]:
    return of_chunks(chunk(SourceFile(path, text, "", language)))


def function(text: str, path: str = "shop/a.py", language: str = "python") -> Function:
    (found,) = functions(text, path, language)
    return found


def method(text: str, owner: str, path: str = "shop/a.py") -> Function:
    inner = text.strip().replace("\n", "\n    ")
    return function(f"class {owner}:\n    {inner}\n", path)


def found(some: Sequence[Function], asked: Sequence[int]) -> dict[int, int]:
    """What is named for each function that is asked about."""
    given = np.isin(np.arange(len(some)), asked)
    edges, _ = pairs_of(some, given, DuplicateRequest("staged", min_tokens=1), Clock(None))
    return {n: edge.other(n) for n, (edge, *_) in best_matches(edges, given.tolist())}


# -- only one of them is there -----------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("io/poll_windows.c", "io/poll_posix.c", "c"),
        ("io/win32/poll.c", "io/unix/poll.c", "c"),
        ("io/poll.c", "io/poll_windows.c", "c"),
        ("src/timer_mac.cc", "src/timer_win.cc", "cpp"),
        ("src/lock_linux.rs", "src/lock_freebsd.rs", "rust"),
        ("src/same.c", "src/same.c", "c"),
        ("labels/slices.go", "labels/strings.go", "go"),
    ],
)
def test_of_variants_for_platforms_a_program_has_one(one: str, other: str, language: str) -> None:
    base = replace(function(SETTLE), language=language)
    assert are_alternatives(replace(base, path=one), replace(base, path=other))


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("io/poll_first.c", "io/poll_second.c", "c"),
        ("labels/slices.go", "tags/slices.go", "go"),
        ("io/windows.py", "io/linux.py", "python"),  # both are there
        ("view/generic.c", "view.c", "c"),
        ("src/a.c", "src/b.c", "c"),
    ],
)
def test_of_other_files_a_program_has_both(one: str, other: str, language: str) -> None:
    base = replace(function(SETTLE), language=language)
    assert not are_alternatives(replace(base, path=one), replace(base, path=other))


def test_what_a_platform_has_under_another_name_is_another_function() -> None:
    base = replace(function(SETTLE, "a_linux.c"), language="c")
    assert not are_alternatives(base, replace(base, path="a_windows.c", symbol="other"))


def test_overloads_are_no_finding() -> None:
    text = "class A {\n" + "".join(
        f"  {kind} total({kind}[] values) {{\n    {kind} sum = 0;\n"
        f"    for ({kind} v : values) {{ sum += weigh(v); }}\n    log(sum);\n"
        "    return sum;\n  }\n"
        for kind in ("int", "long")
    )
    one, other = functions(text + "}\n", "A.java", "java")
    assert one.symbol == other.symbol
    assert found([one, other], [0, 1]) == {}


# -- somebody demands it -----------------------------------------------------------------


def test_what_every_file_has_is_a_convention() -> None:
    some = [method(SETTLE, "Command", f"{name}.py") for name in "abc"]
    edited = method(EDITED, "Command", "d.py")
    assert Conventions([*some, edited]).demand(edited, some[0])
    assert not Conventions([some[0], edited]).demand(edited, some[0])
    assert found([some[0], edited], [1]) == {1: 0}
    assert found([*some, edited], [3]) == {}
    assert found([*some, replace(some[0], path="d.py")], [3]) == {3: 0}


def test_a_helper_that_three_files_have_is_no_convention_yet() -> None:
    some = [function(SETTLE, f"{name}.py") for name in "abcd"]
    assert not Conventions(some[:3]).demand(some[0], some[1])
    assert not Conventions(some).demand(some[0], some[1])
    assert Conventions([*some, function(SETTLE, "e.py")]).demand(some[0], some[1])


def test_what_examples_repeat_is_meant_to_be_repeated() -> None:
    one, other = function(SETTLE), function(SETTLE, "examples/first/main.py")
    assert is_by_design(one, other, 1.0, "CS001")
    assert is_by_design(other, replace(other, path="examples/second/main.py"), 1.0, "CS001")
    assert not is_by_design(other, replace(other, symbol="again"), 1.0, "CS001")


@pytest.mark.parametrize(
    "path",
    ["benches/sync.rs", "kafka/jmh-benchmarks/A.java", "a/ListBenchmark.java", "a/sort.bench.ts"],
)
def test_benchmarks_are_compared_with_tests_only(path: str) -> None:
    assert not eligible_path(path, tests=False)
    assert eligible_path(path, tests=True)


@pytest.mark.parametrize("path", ["src/redis-benchmark.c", "bencher/run.py", "src/workbench.ts"])
def test_what_has_the_letters_of_a_benchmark_is_compared(path: str) -> None:
    assert eligible_path(path, tests=False)


# -- known variants ----------------------------------------------------------------------


def test_variants_in_one_file_are_a_finding_if_a_piece_could_be_shared() -> None:
    one = function(SETTLE)
    variant = replace(
        function(EDITED.replace("def settle", "def bill")), start_line=50, end_line=61
    )
    assert not share_a_piece(one, variant)
    assert found([one, variant], [1]) == {}
    assert found([one, replace(variant, path="shop/b.py")], [1]) == {1: 0}
    longer = SETTLE.replace("    return", "    audit(total, rate)\n    return")
    copied = replace(function(longer.replace("def settle", "def bill")), start_line=50, end_line=62)
    assert share_a_piece(one, copied)
    assert found([one, copied], [1]) == {1: 0}


def test_a_piece_is_shared_whatever_its_variables_are() -> None:
    renamed = SETTLE.replace("order", "each").replace("total", "sum_")
    assert share_a_piece(function(SETTLE), function(renamed))
    short = "def f(a, b):\n    check(a.first, b)\n    return a.second + combine(a, b)\n"
    assert not share_a_piece(function(short), function(short))


def test_a_method_that_only_forwards_is_repeated_by_its_kind() -> None:
    forward = (
        "def read(self, first, second, third, fourth, fifth, sixth, seventh, eighth):\n"
        "    return self.inner.read(first, second, third, fourth, fifth, sixth)\n"
    )
    one, other = method(forward, "A"), method(forward, "B", "shop/b.py")
    assert rule_of(one, other) == "CS001"
    assert is_by_design(one, other, 1.0, "CS001")
    one, other = method(SETTLE, "A"), method(SETTLE, "B", "shop/b.py")
    assert not is_by_design(one, other, 1.0, "CS001")


def test_constructors_are_one_method_of_two_types() -> None:
    lines = "\n".join(f"    this.f{n} = check(f{n}, {n});" for n in range(6))
    one, other = (
        function(f"class {name} {{\n  {name}(int f0, int f1) {{\n{lines}\n  }}\n}}\n",
                 f"{name}.java", "java")
        for name in ("First", "Second")
    )  # fmt: skip
    assert is_by_design(one, other, 0.9, "CS003")
    assert not is_by_design(one, other, 0.96, "CS003")
    assert not is_by_design(one, replace(other, symbol="Second.make"), 0.96, "CS003")


def test_a_worse_partner_is_not_named_beside_one_that_is_known() -> None:
    asked = method(SETTLE, "A")
    half = EDITED.replace("ledger.write(rate, total)", "notify(rate.owner, total, len(orders))")
    known = method(half, "B", "shop/b.py")
    worse = function(EDITED.replace("def settle", "def charge"), "shop/c.py")
    assert found([asked, worse], [0]) == {0: 1}
    assert found([asked, worse, known], [0]) == {}


def test_declarations_of_other_values_are_tables() -> None:
    def schema(*fields: str) -> Function:
        rows = "".join(f"    made.put('{name}', text('{name}!'))\n" for name in fields)
        return function(f"def schema():\n    made = Map()\n{rows}    return Schema(made)\n")

    one, other = schema("a", "b", "c", "d"), schema("e", "f", "g", "h")
    assert are_tables(one, other)
    assert is_by_design(one, replace(other, path="shop/b.py"), 1.0, "CS002")
    assert not are_tables(one, schema("a", "b", "c", "x"))
    decides = function(SETTLE.replace("limit", "limit + 7")), function(SETTLE.replace("0", "8"))
    assert not are_tables(*decides)


# -- which one is named ------------------------------------------------------------------


def test_of_equal_copies_the_nearest_is_named() -> None:
    other = SETTLE.replace("def settle", "def bill")
    asked = function(SETTLE, "shop/new/a.py")
    far, near = function(SETTLE, "x/a.py"), function(SETTLE, "shop/new/b.py")
    renamed = function(other, "shop/new/c.py")
    assert found([renamed, far, near, asked], [3]) == {3: 2}
    assert found([renamed, far, asked], [2]) == {2: 1}
    assert found([renamed, asked], [1]) == {1: 0}


def test_the_same_body_under_another_name_is_renamed() -> None:
    one, other = function(SETTLE), function(SETTLE.replace("def settle", "def bill"), "shop/b.py")
    assert rule_of(one, other) == "CS002"
    assert found([one, other], [1]) == {1: 0}


# -- the asynchronous form ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("export const load = async (path, mode) => {\n  a(path);\n  b(mode);\n  c(1);\n};\n",
         "javascript"),
        ("function load(path: string, mode: number): Promise<void> {\n  a(path);\n  b(mode);\n}\n",
         "typescript"),
        ("pub(crate) async fn load(path: u8, mode: u8) -> u8 {\n    a(path);\n    b(mode)\n}\n",
         "rust"),
        ("suspend fun load(path: String, mode: Int): Int {\n    a(path)\n    return b(mode)\n}\n",
         "kotlin"),
    ],
)  # fmt: skip
def test_a_function_is_asynchronous_by_its_words(text: str, language: str) -> None:
    other = function(text, "a", language)
    plain = replace(other, signature="load(path, mode)")
    assert are_twins(other, plain)


def test_a_parameter_makes_no_function_asynchronous() -> None:
    one = function(SETTLE)
    for parameter in ("use_async", "async_", "done: Promise"):
        other = replace(one, signature=f"def settle(orders, {parameter}, rate)", path="shop/b.py")
        assert not are_twins(one, other)


# -- where a function ends ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("rust", "mod inner {\n", "}\n"),
        ("cpp", "namespace a {\nnamespace b {\n", "}  // namespace b\n}\n"),
    ],
)
def test_a_function_ends_before_what_is_around_it(language: str, before: str, after: str) -> None:
    heads = {"rust": "fn {}(a: u32) -> u32 {{", "cpp": "unsigned {}(unsigned a) {{"}
    bodies = [
        f"{heads[language].format(name)}\n    check(a, 1);\n    return weigh(a, 2, 3);\n}}\n"
        for name in ("first", "last")
    ]
    some = functions(f"{before}{bodies[0]}\n{bodies[1]}{after}", "a", language)
    last = before.count("\n") + 4
    assert [f.end_line for f in some] == [last, last + 5]


def test_the_last_line_is_that_of_the_last_token() -> None:
    text = (
        "# Why.\n@cached\ndef f(a):\n    b = one(a, two(a), three(a))\n"
        "    return '''\nx\ny'''\n    # an end\n"
    )
    (found_,) = functions(text)
    assert fingerprint.last_line(found_.fingerprint) == 6
    assert (found_.start_line, found_.end_line) == (1, 7)

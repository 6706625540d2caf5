"""Patterns, and what a path says by convention.

That patterns mean what git means is tested, with git, in test_files_walk.py.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch.paths import (
    is_documentation,
    is_example,
    is_test,
    matches_glob,
    parse_pattern,
    posix,
    translate,
    under,
)


@pytest.mark.parametrize(
    ("given_path", "expected"),
    [("a//b/./c/", "a/b/c"), ("./a", "a"), (".", ""), ("", ""), ("../a", "../a"), ("/a/", "/a")],
)
def test_posix_drops_what_means_nothing(given_path: str, expected: str) -> None:
    assert posix(given_path) == expected


def test_under_takes_whole_parts() -> None:
    assert under("src/a.py", ["src"])
    assert under("src/a.py", ["src/a.py"])
    assert under("anything", [""])
    assert under("anything", ["."])
    assert not under("src2/a.py", ["src"])
    assert not under("a.py", [])


@pytest.mark.parametrize("line", ["", "# words", "   ", "/", "!", "!/"])
def test_lines_that_say_nothing(line: str) -> None:
    assert parse_pattern(line) is None


def test_a_line_is_taken_apart() -> None:
    pattern = parse_pattern("!/a/b/  ")
    assert pattern is not None
    assert (pattern.text, pattern.body) == ("!/a/b/", "a/b")
    assert pattern.negated
    assert pattern.folders_only
    assert pattern.anchored
    escaped = parse_pattern("\\!a\\ ")
    assert escaped is not None
    assert not escaped.negated
    assert escaped.body == "\\!a\\ "


@pytest.mark.parametrize("body", ["[a", "a\\", "[[:nothing:]]", "["])
def test_a_pattern_that_is_broken_matches_nothing(body: str) -> None:
    assert translate(body) is None


@given(st.text(alphabet="ab/*?[]!^-\\:.é", max_size=30), st.text(alphabet="ab/é", max_size=12))
def test_every_pattern_gives_a_valid_expression(body: str, path: str) -> None:
    expression = translate(body)
    if expression is not None:
        re.compile(expression, re.DOTALL).fullmatch(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 250),
        ("**/a/" * 40 + "b", "a/" * 400),
        ("**/*a*/" * 20 + "b", "aaa/" * 400),
        ("a/**/" * 40 + "**", "a/" * 300 + "b"),
    ],
)
def test_a_pattern_that_was_written_to_be_slow_is_not(pattern: str, path: str) -> None:
    start = time.perf_counter()
    matches_glob(path, [pattern])
    assert time.perf_counter() - start < 2  # seconds; by backtracking it would take years


@pytest.mark.parametrize(
    ("patterns", "inside", "outside"),
    [
        (["*.py"], ["a.py", "x/y/a.py"], ["a.pyi", "py"]),
        (["*.{ts,tsx}"], ["a.ts", "x/a.tsx"], ["a.js", "a.{ts,tsx}"]),
        (["{src,lib}/**/*.{c,h}"], ["src/a.c", "lib/x/y.h"], ["src/a.py", "x/src/a.c"]),
        (["/a.py"], ["a.py"], ["x/a.py"]),
        (["src/*.py"], ["src/a.py"], ["x/src/a.py", "src/x/a.py"]),
        (["**/x/*.py"], ["x/a.py", "a/b/x/a.py"], ["x/y/a.py"]),
        (["src"], ["src/a.py", "x/src/y/a.py", "src"], ["src2/a.py"]),
        (["src/"], ["src/a.py", "x/src/y/a.py"], ["src"]),
        (["!*.md"], ["a.py"], ["a.md", "x/b.md"]),
        (["!node_modules"], ["a.py"], ["node_modules/a.py", "x/node_modules/b/c.js"]),
        (["*.py", "!test_*"], ["a.py"], ["test_a.py", "a.md"]),
        (["!*.py", "keep.py"], ["keep.py", "x/keep.py"], ["a.py", "a.md"]),
        (["#a"], ["#a"], ["a"]),
        (["[!a]?.py"], ["bc.py"], ["ab.py", "b.py"]),
        (["\\{a,b\\}"], ["{a,b}"], ["a", "b"]),
        (["?.py"], ["é.py"], ["éé.py"]),
        ([], ["anything"], []),
    ],
)
def test_globs_of_the_command_line(
    patterns: list[str], inside: list[str], outside: list[str]
) -> None:
    assert [path for path in inside if not matches_glob(path, patterns)] == []
    assert [path for path in outside if matches_glob(path, patterns)] == []


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        "src/test/java/A.java",
        "a/__tests__/b.js",
        "spec/models/user.rb",
        "pkg/testdata/in.go",
        "fixtures/a.json",
        "my-tests/a.c",
        "tests_integration/a.py",
        "App.Tests/A.cs",
        "AppUITests/A.swift",
        "src/commonTest/kotlin/A.kt",
        "test_a.py",
        "a_test.go",
        "a.spec.ts",
        "a.test.tsx",
        "a-spec.js",
        "login.cy.ts",
        "a_spec.rb",
        "FooTest.java",
        "FooTests.cs",
        "FooSpec.scala",
        "FooTestCase.php",
        "conftest.py",
        "app/tests.py",
        "test.js",
        "run.bats",
        "t/basic.t",
        "test-a.R",
        "TEST_A.PY",
    ],
)
def test_tests_are_known_by_their_names(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "latest.py",
        "contest.go",
        "src/flask/testing.py",
        "numpy/testing/core.py",
        "attestation/verify.rs",
        "protest/a.py",
        "inspect.py",
        "specification.md",
        "specs.py",
        "TestClient.java",
        "testify.go",
        "Latest.java",
        "ABTest.java",
        "src/greatest/hits.py",
        "unittest.py",
        "a.testing.ts",
        "test-run.ts",
        "test_functions.bash",
        "README",
        "",
    ],
)
def test_words_that_only_contain_test_are_none(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "README", "README.md", "readme.txt", "x/CHANGELOG.rst", "LICENSE", "docs/conf.py",
        "doc/a.c", "site/documentation/a.js", "a/b.adoc", "guide.en.md",
    ],
)  # fmt: skip
def test_documentation(path: str) -> None:
    assert is_documentation(path)


@pytest.mark.parametrize(
    "path", ["requirements.txt", "CMakeLists.txt", "src/doc/tree.go", "history.py", "news.go", ""]
)
def test_code_is_no_documentation(path: str) -> None:
    assert not is_documentation(path)


def test_examples_lie_in_their_folders() -> None:
    assert is_example("examples/a.py")
    assert is_example("x/Demo/a.py")
    assert not is_example("example.py")
    assert not is_example("exampled/a.py")


@given(st.text())
def test_any_text_is_a_path_that_can_be_judged(path: str) -> None:
    assert {is_test(path), is_documentation(path), is_example(path)} <= {True, False}

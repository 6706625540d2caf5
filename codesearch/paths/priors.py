"""What kind of file a path is by convention: a test, documentation, an example.

Ranking uses the answers as priors, so they may err, but not for names that only contain the
letters of "test". Each answer is kept by folder and by name: asking again costs a lookup.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

# fmt: off
_TEST_FOLDERS = frozenset({
    "test", "tests", "spec", "specs", "__test__", "__tests__", "testdata", "testcases",
    "unittests", "testutil", "testutils", "fixtures", "__fixtures__", "__mocks__",
    "__snapshots__", "e2e", "cypress", "t",
})
_EXAMPLE_FOLDERS = frozenset({
    "example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials",
    "playground", "cookbook",
})
_PROSE_SUFFIXES = frozenset({
    "md", "mdx", "markdown", "rst", "adoc", "asciidoc", "org", "rdoc", "pod", "tex", "texi",
    "texinfo",
})
_PROSE_NAMES = frozenset({
    "readme", "changelog", "changes", "history", "news", "contributing", "license", "licence",
    "copying", "notice", "authors", "contributors", "code_of_conduct", "security", "upgrading",
    "install",
})
# fmt: on

_KEPT = 1 << 16


@cache
def _test_name() -> re.Pattern[str]:
    # "test" must be a word of its own, set off by a mark, or by a capital behind a small letter.
    # A module that helps others to test (testing.py, TestClient.java) is a product that people
    # look for, so a name that merely begins with the letters says nothing; and "test_" begins
    # the names of tests by the conventions of these languages only.
    return re.compile(
        r"""
          (?i: tests? | conftest ) (?: \.[^.]* )?
        | (?i: tests? [-_.] .* \. (?: py | rb | c | cc | cpp | cxx | mm? | r
            | jl | lua | zig | pl | php | ml ) )
        | (?i: .* [-_.] (?: tests? | specs? | e2e | cy ) ) (?: \.[^.]* )?
        | .* (?: [a-z0-9] | UI ) (?: Tests? | Specs? | TestCase ) (?: \.[^.]* )?
        | .* \. (?: bats | phpt | feature | t )
        """,
        re.VERBOSE | re.DOTALL,
    )


@cache
def _test_folder() -> re.Pattern[str]:
    return re.compile(
        r"(?i:tests?[-_.].*|.*[-_.]tests?)|.*(?:[a-z0-9]|UI)(?:Tests?|Specs?)",
        re.DOTALL,
    )


@lru_cache(maxsize=_KEPT)
def _in_tests(folder: str) -> bool:
    return any(
        part.lower() in _TEST_FOLDERS or _test_folder().fullmatch(part)
        for part in folder.split("/")
    )


@lru_cache(maxsize=_KEPT)
def _is_test_name(name: str) -> bool:
    return _test_name().fullmatch(name) is not None


def is_test(path: str) -> bool:
    """Whether a path is a test or serves one, by its folders or by its name."""
    folder, _, name = path.rpartition("/")
    return _in_tests(folder) or _is_test_name(name)


@lru_cache(maxsize=_KEPT)
def _in_examples(folder: str) -> bool:
    return not _EXAMPLE_FOLDERS.isdisjoint(folder.lower().split("/"))


def is_example(path: str) -> bool:
    """Whether a path lies in a folder of examples, demonstrations or tutorials."""
    return _in_examples(path.rpartition("/")[0])


@lru_cache(maxsize=_KEPT)
def _in_documentation(folder: str) -> bool:
    # Below the top, "doc" is as often a package that works with documents.
    parts = folder.lower().split("/")
    return parts[0] == "doc" or "docs" in parts or "documentation" in parts


def is_documentation(path: str) -> bool:
    """Whether a path is prose about the code, or lies among it."""
    folder, _, name = path.rpartition("/")
    if _in_documentation(folder):
        return True
    name = name.lower()
    stem, _, rest = name.partition(".")
    return name.rpartition(".")[2] in _PROSE_SUFFIXES or (
        stem in _PROSE_NAMES and rest in {"", "txt"}
    )

"""Links: which function of a package a test, an example, a changelog entry or a comment is about.

By calls and by names alone, and only where they leave no doubt; a question for the wrong function
is worse than none. Knows a package's functions as names; reads no archive.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from training import questions

#: A name that stands for more functions than this in a package says nothing.
MAX_SAME = 2
#: Questions that one function gets from one kind of source.
MOST = 3
_CALL = re.compile(r"\b([A-Za-z_]\w{2,}[!?]?)\s*(?:::<[^<>()]{0,60}>|<[\w, ]{1,60}>)?\(")
_FENCE = re.compile(r"^ *(`{3,}|~{3,})[^\n]*\n(.*?)^ *\1", re.MULTILINE | re.DOTALL)
_RST_BLOCK = re.compile(
    r"^([^\n]*::|\.\. code-block::[^\n]*)\n\s*\n((?:[ \t]+[^\n]*\n|\s*\n)+)", re.MULTILINE
)
_ENTRY = re.compile(
    r"^ {0,4}(?:[-*+]|\d+\.) +([^\n]{15,400})(?:\n(?= {2,}\w)([^\n]{1,200}))?", re.MULTILINE
)
_QUOTED = re.compile(r"`+(?:[\w.:#]*[.:#])?(\w+)(?:\([^`)]*\))?`+|\b(?:[\w.:#]*[.:#])?(\w+)\(\)")
_MAX_PROSE = 200_000
_NAME = re.compile(r"\b[A-Za-z_]\w{2,}[!?']?")
# Languages that call without parentheses: there every name may be a call.
_BARE = frozenset({"haskell", "ocaml", "ruby", "scala", "elixir", "perl", "bash", "powershell"})
_TITLE = re.compile(
    r"\b(?:[Rr]un|[Nn]ame|desc|description|title|scenario|it|specify|context|test|should)\b"
    r"[\s:=(,]{1,4}\"([^\"\n]{10,120})\""
)
_COMMON = frozenset(
    {"require", "import", "print", "println", "printf", "describe", "expect", "assert"}
)


@dataclass(slots=True)
class Functions:
    """The functions of a package by the last part of their names."""

    symbols: Sequence[str]
    by_name: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, symbols: Sequence[str]) -> Functions:
        by_name: dict[str, list[int]] = defaultdict(list)
        for index, symbol in enumerate(symbols):
            by_name[symbol.rpartition(".")[2]].append(index)
        return cls(symbols, dict(by_name))

    def called(self, code: str, language: str = "") -> list[str]:
        """The names in code that are called and are few functions of the package, in order."""
        names = (_NAME if language in _BARE else _CALL).findall(code)
        found = dict.fromkeys(name for name in names if name not in _COMMON)
        return [name for name in found if self.is_clear(name)]

    def is_clear(self, name: str) -> bool:
        return 0 < len(self.by_name.get(name, ())) <= MAX_SAME


@dataclass(slots=True)
class Test:
    """A function of a test: its symbol, its code, its path, its language."""

    symbol: str
    code: str
    path: str
    language: str


Found = Iterator[tuple[int, str]]  # a function's index and its question


def of_tests(functions: Functions, tests: Iterable[Test]) -> Found:
    """Names and titles of tests for the function that they test.

    It must be called in the test, and be the only one that is, or the only one whose name is in the
    test's name or path; helpers that many tests call do not count.
    """
    tests = list(tests)
    calls = [functions.called(test.code, test.language) for test in tests]
    usual = Counter(name for names in calls for name in names)
    often = max(5, len(tests) // 5)
    for test, names in zip(tests, calls, strict=True):
        said = set(questions.name_words(test.symbol))
        said.update(questions.name_words(test.path.rpartition("/")[2]))
        by_name = [n for n in names if set(questions.name_words(n)) <= said]
        rare = [n for n in names if usual[n] <= often] if test.language not in _BARE else []
        chosen = _longest(by_name) or (rare[0] if len(rare) == 1 else "")
        for index in functions.by_name.get(chosen, ())[:1]:
            for text in _claims(test):
                if not set(text.lower().split()) <= set(questions.name_words(chosen)):
                    yield index, text  # else it says no more than the name


def _claims(test: Test) -> Iterator[str]:
    """What a test's name says, and the titles of the cases in it."""
    text = questions.from_test(test.symbol)
    if text:
        yield text
    for title in _TITLE.findall(test.code):
        text = questions.cleaned(title.replace("_", " "))
        if questions.is_sentence(text):
            yield text


def _longest(names: Sequence[str]) -> str:
    """The name of most words, if there is only one such."""
    ranked = sorted(names, key=lambda n: -len(questions.name_words(n)))
    if len(ranked) > 1:
        first, second = (len(questions.name_words(n)) for n in ranked[:2])
        return ranked[0] if first > second else ""
    return ranked[0] if ranked else ""


def of_examples(functions: Functions, prose: str) -> Found:
    """The sentence directly before a code example that calls one clear function."""
    prose = prose[:_MAX_PROSE]
    blocks = [(m.start(), m[2]) for m in _FENCE.finditer(prose)]
    blocks += [(m.start(), m[2]) for m in _RST_BLOCK.finditer(prose)]
    for start, code in sorted(blocks):
        names = functions.called(code)
        if not 1 <= len(names) <= MAX_SAME:
            continue
        before = prose[max(0, start - 600) : start].rstrip()
        paragraph = before.rpartition("\n\n")[2]
        if paragraph.lstrip().startswith(("#", "|", "```", "<", "=")):
            continue
        text = questions.cleaned(paragraph.replace("\n", " ")).rstrip(": ")
        if questions.is_sentence(text):
            yield functions.by_name[names[0]][0], text


def of_changes(functions: Functions, prose: str) -> Found:
    """Entries of a changelog that name exactly one function."""
    for match in _ENTRY.finditer(prose[:_MAX_PROSE]):
        entry = f"{match[1]} {match[2] or ''}"
        found = {a or b for a, b in _QUOTED.findall(entry)}
        names = sorted(name for name in found if functions.is_clear(name))
        if len(names) != 1 or len(found) > MAX_SAME:
            continue
        text = re.sub(
            r"\s*\(?(?:\[?#\d+\]?|[0-9a-f]{7,40}|@[\w-]+|by \[?@[\w-]+\]?)[),.]*", " ", entry
        )
        text = questions.cleaned(text)
        if questions.is_sentence(text):
            yield functions.by_name[names[0]][0], text


def of_comments(functions: Functions, codes: Iterable[tuple[int, str]]) -> Found:
    """Comments directly above a call of one clear function, in any other function."""
    given: Counter[int] = Counter()
    for own, code in codes:
        for text, line in questions.commented(code):
            names = functions.called(line)
            if len(names) != 1:
                continue
            index = functions.by_name[names[0]][0]
            if index != own and given[index] < MOST:
                given[index] += 1
                yield index, text

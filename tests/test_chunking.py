"""Chunks: nothing of a file is lost, nothing makes it fail, and what belongs together stays so."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesearch import languages
from codesearch.chunking import base, bounded, chunk
from codesearch.chunking.comments import clean
from codesearch.errors import GrammarError
from codesearch.model import Chunk, SourceFile

WORD = re.compile(r"\w+")
#: Languages whose shapes differ most; the examples of grammars/ cover the others.
LANGUAGES = ("python", "javascript", "typescript", "go", "rust", "java", "c", "cpp")

TOKENS = st.sampled_from(
    [
        *"{ } ( ) [ ] < > ; , . : :: = => -> * & # @ ! | / ' \" ` \\ // /* */ /** -- ---".split(),
        *"def class func fn function const let var struct enum impl trait interface mod".split(),
        *"namespace template macro_rules! if else return static export default async".split(),
        *"#define #ifdef #endif @decorator #[derive] a b foo bar Foo MAX ä größe 漢字 1".split(),
        *["\n", "\n", "\n\n", "\t", " ", "    ", '"""', "'''", "\x0c", "\u2028", "\r"],
    ]
)
SOUP = st.lists(TOKENS, max_size=120).map(lambda tokens: " ".join(tokens).replace("\n ", "\n"))


def chunks(text: str, language: str) -> list[Chunk]:
    return chunk(SourceFile("a/file", text, "", language))


def check_whole(text: str, language: str) -> list[Chunk]:
    """Every word of every line is in a chunk that covers the line; returns the chunks."""
    found = chunks(text, language)
    lines = text.split("\n")
    covered: list[set[str]] = [set() for _ in lines]
    seen = [False] * len(lines)
    for c in found:
        assert c.path == "a/file"
        assert c.language == language
        assert 1 <= c.start_line <= c.end_line <= len(lines)
        assert c.text.strip() or c.doc
        assert "".join(c.pieces) == c.text
        assert all(c.pieces), "an empty piece"
        assert all(len(piece) <= base.PIECE + 1 for piece in c.pieces)
        assert "\n" not in c.signature
        words = {*WORD.findall(c.text), *WORD.findall(c.doc)}
        for number in range(c.start_line - 1, c.end_line):
            covered[number] |= words
            seen[number] = True
    string_prefixes = {"r", "b", "u", "f", "rb", "br", "R", "B", "U", "F", "L"}
    for number, line in enumerate(lines):
        if line.strip():
            assert seen[number], f"line {number + 1} is in no chunk: {line!r}"
        lost = set(WORD.findall(line)) - covered[number] - string_prefixes
        assert not lost, f"line {number + 1} lost {lost}"
    assert found == sorted(found, key=lambda c: (c.start_line, -c.end_line))
    return found


@pytest.mark.parametrize("language", [*LANGUAGES, "markdown", "restructuredtext", "text"])
@settings(max_examples=40, deadline=None)
@given(text=SOUP)
def test_nothing_of_a_file_is_lost(language: str, text: str) -> None:
    check_whole(text, language)


@settings(max_examples=100, deadline=None)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    language=st.sampled_from(languages.names()),
)
def test_any_text_in_any_language_is_chunked(text: str, language: str) -> None:
    check_whole(text, language)


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n", "\n" * 1000])
@pytest.mark.parametrize("language", ["python", "markdown", "restructuredtext", "text"])
def test_blank_file_has_no_chunks(language: str, text: str) -> None:
    assert chunks(text, language) == []


def test_lone_surrogates_are_no_obstacle() -> None:
    (found,) = chunks("def f(a):\n    return '\udcff'\n", "python")
    assert (found.symbol, found.text) == ("f", "def f(a):\n    return '?'")


def test_unknown_language_is_an_error() -> None:
    with pytest.raises(GrammarError):
        chunks("a", "klingon")


HOSTILE = {
    "open brackets": "(" * 100_000,
    "nested brackets": "[" * 100_000 + "]" * 100_000,
    "nested braces": "if (a) {\n" * 50_000,
    "tokens of an error": "-" * 100_000,
    "calls of calls": "a.b()." * 40_000,
    "open arrows": "x=>" * 20_000,
    "open strings": "\"'`" * 20_000,
    "one line": "foo bar " * 20_000,
    "one word": "x" * 1_000_000,
    "comments": "/** a */\n" * 20_000,
    "nested classes": "class A {" * 900,
    "null bytes": "\0" * 50_000,
}


@pytest.mark.parametrize("language", ["python", "javascript", "c"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_little_time(language: str, name: str) -> None:
    began = time.thread_time()
    check_whole(HOSTILE[name], language)
    assert time.thread_time() - began < 4 * bounded.BUDGET


def test_parse_that_takes_too_long_falls_back_to_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def f():\n    return 1\n" * 2_000
    assert chunks(text, "python")[0].symbol == "f"
    monkeypatch.setattr(bounded, "BUDGET", 0.0)
    monkeypatch.setattr(bounded, "_LOOK", 0.0)
    cut_short = check_whole(text, "python")
    assert {c.kind for c in cut_short} == {"text"}
    monkeypatch.undo()
    assert chunks("def g(): pass\n", "python")[0].symbol == "g", "the cancelled parse lives on"


def test_file_that_one_macro_spoils_keeps_its_functions() -> None:
    functions = "\n".join(f"int f{i}(int a) {{\n  return a + {i};\n}}\n" for i in range(60))
    spoiled = f'BEGIN_THINGS(int, "a", {{, (}}\n\n{functions}'
    symbols = [c.symbol for c in check_whole(spoiled, "c")]
    assert symbols.count("f59") == 1
    assert len([s for s in symbols if s.startswith("f")]) > 50


def test_long_function_answers_as_one_and_is_cut_between_lines() -> None:
    body = "".join(f"    value_{i} = compute(value_{i}, {i})\n" for i in range(150))
    (found,) = chunks(f"def long(a):\n{body}", "python")
    assert (found.start_line, found.end_line) == (1, 151)
    assert len(found.pieces) == 4
    assert all(piece.endswith(")\n") for piece in found.pieces[:-1])


def test_cuts_prefer_blank_lines_and_little_indentation() -> None:
    block = "    if a:\n" + "        b()\n" * 30 + "\n"
    text = "def f():\n" + block * 10
    (found,) = chunks(text, "python")
    assert len(found.pieces) > 1
    assert all(piece.startswith("    if a:") for piece in found.pieces[1:])


def test_header_of_a_long_class_is_cut_too() -> None:
    methods = "".join(f"    def method_number_{i}(self): ...\n" for i in range(100))
    header = chunks(f"class A:\n{methods}", "python")[0]
    assert (header.kind, header.symbol) == ("class", "A")
    assert len(header.pieces) > 1


def closure(inner: str, count: int, filler: int) -> str:
    functions = "".join(inner.format(i=i) for i in range(count))
    return f"function outer(a) {{\n{functions}  {'call(a); ' * filler}\n}}\n"


def test_small_or_plain_function_keeps_what_is_defined_in_it() -> None:
    inner = "  function inner{i}(b) {{ return b; }}\n"
    for text in (closure(inner, 5, 10), closure(inner, 2, 1_000)):
        (found,) = chunks(text, "javascript")
        assert found.symbol == "outer"
        assert "return b" in found.text


def test_big_function_with_many_inner_ones_is_taken_apart() -> None:
    found = chunks(closure("  function inner{i}(b) {{ return b; }}\n", 3, 500), "javascript")
    assert [c.symbol for c in found] == ["outer", *(f"outer.inner{i}" for i in range(3))]
    assert {c.kind for c in found} == {"function"}
    assert "function inner1(b)" in found[0].text
    assert "return b" not in found[0].text
    assert "call(a)" in found[0].text


def test_class_in_a_big_function_counts_by_its_methods() -> None:
    methods = "".join(f"        def m{i}(self):\n            return {i}\n" for i in range(4))
    filler = "    x = call(1)\n" * 300
    found = chunks(f"def outer():\n    class Inner:\n{methods}{filler}", "python")
    assert [c.symbol for c in found][:3] == ["outer", "outer.Inner", "outer.Inner.m0"]
    assert found[2].kind == "method"


def test_big_callback_lets_its_functions_out_and_a_small_one_does_not() -> None:
    small = "on('x', function () {\n  function inner() {}\n});\n"
    assert [c.kind for c in chunks(small, "javascript")] == ["module"]
    inner = "".join(f"  function inner{i}() {{ {'call(); ' * 200} }}\n" for i in range(3))
    big = chunks(f"on('x', () => {{\n{inner}}});\n", "javascript")
    assert [c.symbol for c in big if c.kind == "function"] == ["inner0", "inner1", "inner2"]


def test_doc_touches_its_function_and_stands_in_its_column() -> None:
    found = chunks(
        "# far away\n\n\n"
        "def f():\n"
        "    pass\n"
        "    # the end of f\n"
        "# doc of g\n"
        "# in two lines\n"
        "def g():\n"
        "    pass\n"
        "x = 1  # behind x\n"
        "def h(): pass\n",
        "python",
    )
    docs = {c.symbol: c.doc for c in found if c.symbol}
    assert docs == {"f": "", "g": "doc of g\nin two lines", "h": ""}
    f = next(c for c in found if c.symbol == "f")
    assert "the end of f" in f.text


def test_doc_block_may_be_followed_by_one_blank_line() -> None:
    for blank, doc in (("", "Adds."), ("\n", "Adds."), ("\n\n", "")):
        found = chunks(
            f"use(1);\nuse(2);\n\n/** Adds. */\n{blank}function f() {{}}\n", "javascript"
        )
        assert found[-1].doc == doc
    assert chunks("use(1);\n\n// Adds.\n\nfunction f() {}\n", "javascript")[-1].doc == ""


def test_text_leaves_out_the_doc_and_keeps_other_comments() -> None:
    (found,) = chunks(
        "# above\ndef f():\n    '''Doc.'''\n    # inside\n    return 1  # behind\n", "python"
    )
    assert found.doc == "above\n\nDoc."
    assert found.text == "def f():\n    # inside\n    return 1  # behind"


def test_docstring_that_shares_its_line_stays_in_the_text_too() -> None:
    (found,) = chunks("def f(): 'Doc.'\n", "python")
    assert (found.doc, found.text) == ("Doc.", "def f(): 'Doc.'")


def test_offsets_are_right_after_characters_of_several_bytes() -> None:
    text = "s = '漢字😀'  # ä\n\ndef größe(größte, x='ß'):\n    '''Länge.'''\n    return '😀'\n"
    found = chunks(text, "python")[-1]
    assert found.symbol == "größe"
    assert found.signature == "def größe(größte, x='ß')"
    assert found.parameters == ("größte", "x")
    assert found.text == "def größe(größte, x='ß'):\n    return '😀'"
    assert (found.start_line, found.end_line) == (3, 5)


def test_several_definitions_on_one_line_are_told_apart() -> None:
    found = chunks("function a() { one(); } function b() { two(); }\n", "javascript")
    assert [(c.symbol, "two" in c.text) for c in found] == [("a", False), ("b", True)]


def test_lines_between_functions_that_say_nothing_join_a_neighbour() -> None:
    found = chunks(
        "#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n", "c"
    )
    assert [(c.kind, c.start_line, c.end_line) for c in found] == [
        ("function", 1, 2),
        ("function", 3, 5),
    ]


def test_leftovers_are_pieces_of_at_most_sixty_lines() -> None:
    statements = "".join(f"call({i})\n" + "\n" * (i % 10 == 0) for i in range(200))
    found = check_whole(f"def f(): pass\n{statements}def g(): pass\n", "python")
    pieces = [c for c in found if c.kind == "module"]
    assert len(pieces) > 3
    assert all(c.end_line - c.start_line < base.LEFTOVER_LINES for c in pieces)
    assert all(c.text.startswith("call(") for c in pieces)


def test_plain_text_is_windows_of_lines_cut_at_blank_ones() -> None:
    paragraphs = "\n\n".join("\n".join(f"line {i}.{j}" for j in range(9)) for i in range(20))
    found = check_whole(paragraphs, "text")
    assert {c.kind for c in found} == {"text"}
    assert all(c.end_line - c.start_line < base.WINDOW_LINES for c in found)
    assert all(re.match(r"line \d+\.0", c.text) for c in found)


def test_long_section_is_answered_in_parts() -> None:
    text = "# Changes\n" + "".join(f"- change {i}\n\n" for i in range(100))
    found = check_whole(text, "markdown")
    assert len(found) > 2
    assert {c.symbol for c in found} == {"Changes"}


def test_symbols_of_deeply_nested_types_stay_short() -> None:
    depth = 200
    text = "".join(f"class A{i} {{\n" for i in range(depth)) + "}\n" * depth
    found = check_whole(text, "java")
    assert len(found) < 30
    assert max(len(c.symbol) for c in found) <= 200


@pytest.mark.parametrize(
    ("raw", "doc"),
    [
        ("/** Doc. */", "Doc."),
        ("/**\n   * Foo\n   *   * item\n   * @param x y\n   **/", "Foo\n  * item\n@param x y"),
        ("/*\n a\n b */", "a\nb"),
        ("/* a */\n/* b */", "a\nb"),
        ("/// a\n/// * b\n///\n/// c", "a\n* b\n\nc"),
        ("//! inner", "inner"),
        ("# a\n#  b\n# ------\n# c", "a\n b\nc"),
        ('"""Foo.\n\n    Bar\n      x\n    """', "Foo.\n\nBar\n  x"),
        ("r'''raw'''", "raw"),
        ("'one line'", "one line"),
        ('"""', ""),
        ("-- | Foo\n--   bar", "Foo\nbar"),
        ("{- | foo\n bar -}", "foo\nbar"),
        ("(* foo *)", "foo"),
        ("; lisp", "lisp"),
        ("% tex", "tex"),
        ("/*-----\n * API\n *-----*/", "API"),
        ("# *emph* text", "*emph* text"),
        ("", ""),
    ],
)
def test_comment_marks_are_removed(raw: str, doc: str) -> None:
    assert clean(raw) == doc


@pytest.mark.parametrize(
    "raw",
    [
        "/*" + "*" * 300_000,
        "/* a" + " " * 300_000 + "b",
        "/*" + "\n" * 300_000,
        "{-" + "-" * 300_000,
        "--[[" + "=" * 300_000,
        '"' * 300_000,
        "# " * 150_000,
        "*/ " * 100_000,
    ],
)
def test_cleaning_a_hostile_comment_takes_linear_time(raw: str) -> None:
    began = time.thread_time()
    clean(raw)
    assert time.thread_time() - began < 2


@given(st.lists(st.text("ab \t}", max_size=12), max_size=60), st.integers(1, 40))
def test_runs_of_lines_keep_to_their_limit(lines: list[str], limit: int) -> None:
    sizes = [len(line) + 1 for line in lines]
    starts = base.cut(lines, sizes, limit)
    edges = [0, *starts, len(lines)]
    assert edges == sorted(set(edges)) or not lines
    for a, b in zip(edges, edges[1:], strict=False):
        assert sum(sizes[a:b]) <= limit or b - a == 1

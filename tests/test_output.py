"""Answers as people see them: safe on any terminal, no wider than it, and readable."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name

from codesearch import languages, output
from codesearch.model import Chunk, Hit
from codesearch.output import Screen
from codesearch.snippet import Extent

CODE = '''\
# Reads it.
def load_config(path):
\t"""The settings in a file."""
\tif not path.exists():
\t\treturn Config(limit=10)
\treturn parse(path)'''

PLAIN = Screen()
COLOUR = Screen(80, colour=True)


def hit(
    path: str = "src/config.py",
    symbol: str = "Config.load_config",
    text: str = CODE,
    start: int = 98,
    language: str = "python",
) -> Hit:
    signature = "def load_config(path)"
    end = start + text.count("\n")
    chunk = Chunk(path, language, "function", symbol, signature, "", (), start, end, text)
    return Hit(chunk, 0.8312, {"vector": 0.71, "bm25": 12.345, "a definition": -1.2})


def block(shown: Hit, screen: Screen, *words: str, explain: bool = False) -> str:
    return output.block(shown, shown.chunk.path, words, Extent(), screen, explain=explain)


def bare(text: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_a_hit_is_a_header_and_aligned_lines_without_their_common_indent() -> None:
    text = "\n".join("    " + line for line in CODE.split("\n"))
    assert block(hit(text=text), Screen(80)) == (
        "src/config.py:98-103  function Config.load_config  0.83\n"
        " 98  # Reads it.\n"
        " 99  def load_config(path):\n"
        '100      """The settings in a file."""\n'
        "101      if not path.exists():\n"
        "102          return Config(limit=10)\n"
        "103      return parse(path)"
    )


def test_a_narrow_terminal_gets_two_lines_of_header_and_cut_lines() -> None:
    lines = block(hit(), Screen(30)).split("\n")
    assert lines[0] == "src/config.py:98-103"
    assert lines[1] == "  function \u2026.load_config  0.83"
    assert lines[4] == '100      """The settings in a\u2026'


def test_at_twenty_columns_the_name_outlives_its_kind() -> None:
    lines = block(hit(path="a/very/long/folder/config.py"), Screen(20)).split("\n")
    assert lines[:2] == ["\u2026er/config.py:98-103", "  \u2026load_config  0.83"]


def test_a_terminal_without_unicode_gets_dots() -> None:
    assert block(hit(), Screen(30, unicode=False)).isascii()


def test_explain_is_a_small_aligned_table() -> None:
    assert block(hit(), PLAIN, explain=True).split("\n")[1:4] == [
        "  vector         0.71",
        "  bm25          12.35",
        "  a definition  -1.20",
    ]


def test_further_functions_of_a_file_stand_under_it() -> None:
    both = replace(hit(), also=[hit(symbol="other", start=300)])
    assert block(both, Screen(80)).split("\n")[-1] == "  300-305  function other  0.83"


def test_a_gap_between_the_definition_and_the_window_is_shown() -> None:
    text = CODE + "\n" + "\n".join(f"\tstep({i})" for i in range(40)) + "\n\traise Needle"
    lines = block(hit(text=text), Screen(80), "needl").split("\n")
    assert lines[1:3] == [" 99  def load_config(path):", "  \u2026"]
    assert lines[-1] == "144      raise Needle"


def test_deep_lines_far_below_the_definition_keep_little_of_their_indentation() -> None:
    deep = " " * 40 + "raise Needle"
    text = CODE + "\n" + "\n".join(" " * 36 + f"step({i})" for i in range(40)) + f"\n{deep}"
    lines = block(hit(text=text), Screen(80), "needl").split("\n")
    assert lines[1] == " 99  def load_config(path):"
    assert lines[-2:] == ["143      step(39)", "144          raise Needle"]


def test_colours_change_nothing_but_colours() -> None:
    coloured = block(hit(), COLOUR, "path")
    assert "\x1b[35m" in coloured
    assert bare(coloured) == block(hit(), Screen(80), "path")


def test_the_words_of_the_question_stand_out() -> None:
    assert "\x1b[1mpath\x1b[0m.exists" in block(hit(), COLOUR, "path")


def test_a_string_that_began_above_the_shown_lines_is_still_a_string() -> None:
    text = 'x = """\n' + "\n".join(f"def word_{i}():" for i in range(40)) + '\n"""'
    shown = block(hit(text=text, symbol="x"), COLOUR, "39")
    assert "\x1b[32mdef \x1b[0m\x1b[32;1mword_39\x1b[0m\x1b[32m():\x1b[0m" in shown


@pytest.mark.parametrize("language", languages.names())
def test_every_language_has_colours(language: str) -> None:
    get_lexer_by_name(output.LEXERS.get(language, language))


def test_an_unknown_language_is_shown_without_colours() -> None:
    assert bare(block(hit(language="text"), COLOUR)) == block(hit(), Screen(80))
    assert bare(block(hit(language="no such"), COLOUR)) == block(hit(), Screen(80))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \u8a2d\u5b9a caf\u00e9", "plain \u8a2d\u5b9a caf\u00e9"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31mred\x07\x9b", r"\x1b[31mred\x07\x9b"),
        ("caf\udce9", r"caf\xe9"),
        ("\u202eexe.txt\u2066", r"\u202eexe.txt\u2066"),
        ("a\u2028b\x00", r"a\u2028b\x00"),
        ("\U0001f469\u200d\U0001f4bb \u0915\u094d\u200d\u0937", None),
    ],
)
def test_what_could_act_on_a_terminal_is_shown_as_an_escape(text: str, shown: str | None) -> None:
    assert output.visible(text) == (text if shown is None else shown)


def test_a_hostile_name_and_code_reach_no_terminal() -> None:
    evil = hit(path="a\x1b]0;x\x07\n.py", symbol="f\x1b[2J", text="\x1b[2Jx = 1\r# \u202e\x9b")
    for screen in (Screen(80), COLOUR):
        seen = bare(block(evil, screen))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", seen)
        assert r"a\x1b]0;x\x07\n.py:98-98" in seen
    assert "\n" not in output.plain(evil, evil.chunk.path, PLAIN)
    assert "\x1b" not in output.vimgrep(evil, evil.chunk.path)


def test_a_program_gets_the_exact_name_on_one_line() -> None:
    foreign = "caf\udce9\u202e.py"
    assert output.plain(hit(), foreign, PLAIN) == (
        f"{foreign}:98-103  function Config.load_config  0.83"
    )
    assert output.plain_name("a\nb") == r"a\nb"


def test_vimgrep_points_at_the_definition() -> None:
    assert output.vimgrep(hit(), "src/config.py") == "src/config.py:99:5:def load_config(path):"
    wide = hit(text="x = \u8a2d; load_config = 1", symbol="load_config", start=1)
    assert output.vimgrep(wide, "a").startswith("a:1:10:")


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("\u8a2d\u5b9a", 4), ("e\u0301", 1), ("\u0915\u094d", 1), ("\uff21", 2), ("", 0)],
)
def test_wide_and_combining_characters_are_measured(text: str, columns: int) -> None:
    assert output.width(text) == columns


any_text = st.text(alphabet=st.characters(exclude_categories=[]), max_size=80)


@settings(deadline=None)
@given(text=any_text, columns=st.integers(1, 40))
def test_clipped_text_fits_and_is_a_beginning_or_an_end(text: str, columns: int) -> None:
    safe = output.visible(text)
    clipped = output.clip(safe, columns)
    assert output.width(clipped) <= columns
    assert safe.startswith(clipped.removesuffix("\u2026"))
    clipped = output.clip_left(safe, columns)
    assert output.width(clipped) <= columns
    assert safe.endswith(clipped.removeprefix("\u2026"))


@settings(deadline=None)
@given(
    path=any_text.filter(bool),
    symbol=any_text,
    text=any_text,
    columns=st.integers(20, 100),
    colour=st.booleans(),
)
def test_no_line_is_wider_than_the_terminal(
    path: str, symbol: str, text: str, columns: int, colour: bool
) -> None:
    shown = replace(hit(path=path, symbol=symbol, text=text), also=[hit(symbol=symbol)])
    for line in bare(block(shown, Screen(columns, colour), "def", explain=True)).split("\n"):
        assert output.width(line) <= columns
        assert line == output.visible(line)


def test_tables_and_listings_are_aligned() -> None:
    rows = [("a", "\u8a2d\u5b9a", "x"), ("long", "y", "z" * 50)]
    assert output.table(rows, Screen(30)).split("\n") == [
        "a     \u8a2d\u5b9a  x",
        "long  y     " + "z" * 17 + "\u2026",
    ]
    listing = [("root", "/home/user/a-very-long-name/project"), ("age", "one two three four five")]
    assert output.listing(listing, Screen(20)).split("\n") == [
        "root  /home/user/a-very-long-name/project",  # to be copied: never cut
        "age   one two three",
        "      four five",
    ]


def test_numbers_are_for_people() -> None:
    assert [output.size(n) for n in (1, 999, 1000, 12_345_678, 5 * 10**12)] == [
        "1 byte",
        "999 bytes",
        "1.0 kB",
        "12.3 MB",
        "5000.0 GB",
    ]
    assert [output.duration(s) for s in (0.04, 9.96, 12.4, 200)] == [
        "0.04 s",
        "10.0 s",
        "12 s",
        "3 min 20 s",
    ]
    assert [output.age(s) for s in (-5, 59, 61, 7200, 90_000)] == [
        "just now",
        "just now",
        "1 minute ago",
        "2 hours ago",
        "1 day ago",
    ]
    assert output.counts({str(i): 1000 for i in range(10)}, 2) == "0 1,000, 1 1,000, 8 others"

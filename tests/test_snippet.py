"""Which lines of an answer are shown."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codesearch import terms
from codesearch.model import Chunk
from codesearch.snippet import WINDOW, Extent, cut, defined_at


def chunk(text: str, symbol: str = "", signature: str = "", start_line: int = 100) -> Chunk:
    end = start_line + text.count("\n")
    return Chunk("a.py", "python", "function", symbol, signature, "", (), start_line, end, text)


def words(question: str) -> list[str]:
    return terms.question_terms(question)


LONG = "\n".join(
    ["# Does it all.", "def work(queue):", *(f"    step({i})" for i in range(30))]
    + ["    if failed:", "        schedule_retry(job, delay)", "    return done"]
    + [f"    more({i})" for i in range(30)]
)


def test_a_short_answer_is_shown_whole() -> None:
    text = "\n".join(f"line {i}" for i in range(WINDOW + 2))
    assert cut(chunk(text), words("line 9"), Extent()).lines == tuple(text.split("\n"))


def test_of_a_long_one_the_lines_that_meet_the_question_are_shown_with_the_definition() -> None:
    shown = cut(
        chunk(LONG, "work", "def work(queue)"), words("how are retries scheduled"), Extent()
    )
    assert len(shown.lines) == WINDOW
    assert "        schedule_retry(job, delay)" in shown.lines[2:6]
    assert shown.lines[0] == LONG.split("\n")[shown.start_line - 100]
    assert shown.head == (101, "def work(queue):")


def test_many_words_on_one_line_beat_one_word_on_many() -> None:
    noise = "\n".join(["retry()"] * 20)
    text = f"{noise}\n\n\n\n\n\n\n\n\nretry(schedule, delay)\n\n\n\n\n\n\n\n\n"
    shown = cut(chunk(text), words("retry schedule delay"), Extent())
    assert "retry(schedule, delay)" in shown.lines


def test_where_nothing_is_met_the_beginning_is_shown() -> None:
    shown = cut(chunk(LONG), words("unrelated"), Extent())
    assert (shown.start_line, len(shown.lines), shown.head) == (100, WINDOW, None)


def test_context_is_counted_from_the_best_line() -> None:
    shown = cut(chunk(LONG), words("retries"), Extent(before=1, after=2))
    assert [line.strip() for line in shown.lines] == [
        "if failed:",
        "schedule_retry(job, delay)",
        "return done",
        "more(0)",
    ]
    assert cut(chunk(LONG), words("retries"), Extent(after=0)).start_line == 133


def test_full_shows_all() -> None:
    assert "\n".join(cut(chunk(LONG), [], Extent(full=True)).lines) == LONG


def test_the_definition_is_below_its_comments() -> None:
    made = chunk("# work is hard\n@decorated\ndef work(a):\n    pass", "A.work", "def work(a)")
    assert defined_at(made, made.text.split("\n")) == 2


@settings(deadline=None)
@given(
    text=st.text(alphabet="ab \n", max_size=300),
    question=st.text(alphabet="ab ", max_size=9),
    before=st.none() | st.integers(0, 30),
    after=st.none() | st.integers(0, 30),
    full=st.booleans(),
)
def test_a_snippet_is_always_consecutive_lines_of_the_answer(
    text: str, question: str, before: int | None, after: int | None, full: bool
) -> None:
    made = chunk(text)
    shown = cut(made, words(question), Extent(full, before, after))
    at = shown.start_line - made.start_line
    assert shown.lines
    assert text.split("\n")[at : at + len(shown.lines)] == list(shown.lines)

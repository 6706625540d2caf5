"""Questions: what becomes of docs, names of tests, messages of errors and comments."""

from __future__ import annotations

import time

import pytest

from training import questions


@pytest.mark.parametrize(
    ("doc", "symbol", "question"),
    [
        ("Open opens the named file.\n\nMore.", "os.Open", "opens the named file."),
        ("Gives a {@link Foo#x} of it.\n<p>More.\n@param a b", "x", "Gives a Foo#x of it."),
        ("<summary>\nGets the <see cref=\"T:A.B\"/> name.\n</summary>", "x", "Gets the A.B name."),
        ("Use the :class:`~a.Bar` with ``x``.\n\n:param x: y", "x", "Use the a.Bar with x."),
        ("Use :func:`this thing <a.b>` often.", "x", "Use this thing often."),
        ("Makes a [`Vec`] of [docs](https://a.b).", "x", "Makes a Vec of docs."),
        ("parse(text)\n\nReads the numbers of a text.", "parse", "Reads the numbers of a text."),
        ("@brief Reads all the input\n@param a b", "x", "Reads all the input"),
        ("[map f x] is the list of results", "List.map", "the list of results"),
        ("kfree() - release the memory\n@x: y", "kfree", "release the memory"),
        ("Short line of words\n-------------------\nx", "x", "Short line of words"),
        ("Text is in `quotes` and *stars* here", "x", "Text is in quotes and stars here"),
        ("Gibt die Liste der Dateien zur\u00fcck", "x", "Gibt die Liste der Dateien zur\u00fcck"),
        ("\u8fd4\u56de\u6587\u4ef6\u7684", "x", "\u8fd4\u56de\u6587\u4ef6\u7684"),
    ],
)  # fmt: skip
def test_a_doc_gives_its_first_paragraph_as_plain_words(
    doc: str, symbol: str, question: str
) -> None:
    assert questions.from_doc(doc, symbol) == question


@pytest.mark.parametrize(
    "doc",
    [
        "",
        "@param x the x",
        "Copyright 2020 Somebody. All rights reserved.",
        "TODO: make this faster some day",
        "eslint-disable-next-line no-console for now",
        "x = parse(text);",
        "const a = require('b');",
        "{@inheritDoc}",
        "-----------",
        "Constructor.",
        "MARK: - Functions of the grid",
        "@!attribute name of the thing",
        "(see Other#up and down)",
        "noinspection PhpUnused and more words",
    ],
)
def test_what_says_nothing_is_no_question(doc: str) -> None:
    assert questions.from_doc(doc, "name") == ""


def test_a_long_doc_is_cut_behind_a_sentence() -> None:
    text = "Reads, e.g. from a file, what is there. " + "Then it goes on with many words. " * 20
    found = questions.from_doc(text)
    assert found.startswith("Reads, e.g. from a file, what is there. Then")
    assert found.endswith("words.")
    assert len(found) <= questions.MAX_QUESTION
    assert len(questions.from_doc("word " * 500)) <= questions.MAX_QUESTION


@pytest.mark.parametrize(
    ("symbol", "question"),
    [
        ("TestCase.test_rejects_expired_token", "rejects expired token"),
        ("TestParse_rejectsEmptyInput", "parse rejects empty input"),
        ("Store > with %d > reads \"a\" from the cache", "reads a from the cache"),
        ("Store > it should close twice safely", "close twice safely"),
        ("parses lists > returns 1", "parses lists returns 1"),
        ("test_it", ""),
        ("testParse", ""),
    ],
)  # fmt: skip
def test_names_of_tests_are_read_as_words(symbol: str, question: str) -> None:
    assert questions.from_test(symbol) == question


def test_messages_of_raised_errors_are_questions_without_placeholders() -> None:
    code = """
    if n < 0:
        raise ValueError("the count %d must be positive" % n)
    return fmt.Errorf("could not open file %q: %w", name, err)
    throw new TypeError(`Missing ${name} in the settings`)
    log("this is only said in passing")
    """
    assert questions.errors(code, most=9) == [
        "the count must be positive",
        "could not open file",
        "Missing in the settings",
    ]
    assert len(questions.errors(code)) == 2


def test_comments_are_paired_with_the_line_below_them() -> None:
    code = """
    // Send the request to the
    // server that is nearest.
    client.send(request)
    # too short
    x()
    // return old.value(1);
    y()
    // Commented words stand above a blank line

    z()
    """
    assert questions.commented(code) == [
        ("Send the request to the server that is nearest.", "    client.send(request)")
    ]


@pytest.mark.parametrize("part", ["<summary>", "[", "{@a ", "`", "*a", ":a:`", "<a ", "Error"])
def test_hostile_texts_cost_no_time(part: str) -> None:
    text = part * (100_000 // len(part))
    started = time.process_time()
    questions.from_doc(text, "name")
    questions.errors(text)
    questions.commented(text)
    assert time.process_time() - started < 2

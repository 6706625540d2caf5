from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch import terms


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("getUserByID", ["get", "user", "by", "id", "getuserbyid"]),
        ("get_user_by_id", ["get", "user", "by", "id", "getuserbyid"]),
        ("HTTPServer2", ["http", "serv", "httpserver2"]),
        ("__init__", ["init"]),
        ("utf8", ["utf", "utf8"]),
        ("MAX_REDIRECTS", ["max", "redirect", "maxredirects"]),
        ("x", ["x"]),
        ("x_y", ["xy"]),
        ("getX", ["get", "getx"]),
        ("h2", ["h2"]),
        ("k8sClient", ["k8s", "client", "k8sclient"]),
        ("getV2Thing", ["get", "v2", "thing", "getv2thing"]),
        ("h2server", ["h2", "serv", "h2server"]),
        ("e2e_x7y3", ["e2e", "x7y3", "e2ex7y3"]),
        ("i18n", ["18", "i18n"]),
        ("_", []),
        ("404", ["404"]),
        ("größe", ["große"]),
        ("上限回数", ["上限", "限回", "回数"]),
        ("सीमा", ["सीमा"]),
        ("", []),
    ],
)
def test_an_identifier_gives_its_parts_and_the_whole(identifier: str, expected: list[str]) -> None:
    assert list(terms.expand(identifier)) == expected


@pytest.mark.parametrize(
    "family",
    [
        "cache caches cached caching",
        "validate validates validated validating validation validator",
        "redirect redirects redirected redirecting redirection",
        "configure configured configuring configuration",
        "retry retries retried retrying",
        "class classes",
        "running run runs",
        "call calls called calling",
        "parse parses parsed parsing parser parsers",
        "handle handles handled handling handler handlers",
        "connect connects connected connection connector",
        "close closes closed closing",
        "entry entries",
    ],
)
def test_words_that_belong_together_have_one_stem(family: str) -> None:
    assert len({terms.stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize("pair", ["status state", "string sting", "press process", "user use"])
def test_different_words_keep_different_stems(pair: str) -> None:
    left, right = map(terms.stem, pair.split())
    assert left != right


def test_a_question_loses_its_function_words_only() -> None:
    asked = terms.question_terms("where do we give up after too many redirects")
    assert "redirect" in asked
    assert not {"where", "wher", "do", "we", "mani"} & set(asked)


def test_a_question_of_stop_words_keeps_them() -> None:
    assert terms.question_terms("how to do it") == ["how", "to", "do", "it"]


def test_numbers_are_terms_only_while_they_mean_something() -> None:
    counted = terms.count("if status == 404: return 0xDEADBEEF01 + 123456789012")
    assert "404" in counted
    assert not any("dead" in term or "1234" in term for term in counted)


def test_foreign_function_words_go_only_from_foreign_questions() -> None:
    assert terms.question_terms("wo wird die Anzahl der Versuche begrenzt") == [
        "anzahl",
        "versuch",
        "begrenzt",
    ]
    assert terms.question_terms("die when the child exits")[0] == "die"
    assert "os" in terms.question_terms("os specific signals")


def test_question_and_code_meet_in_one_term() -> None:
    code = terms.count("def give_up(self): raise TooManyRedirects(self.maxRedirects)")
    assert code["redirect"] == 2
    assert {"toomanyredirects", "maxredirects"} <= code.keys()


@given(st.text(max_size=300))
def test_any_text_gives_clean_terms(text: str) -> None:
    for term, n in terms.count(text).items():
        assert n > 0
        assert 0 < len(term) <= 64
        assert term == term.strip()


@given(st.text(st.characters(categories=["Ll", "Lu", "Lo"]), min_size=2, max_size=20))
def test_a_word_in_a_question_meets_the_same_word_in_code(word: str) -> None:
    assert set(terms.question_terms(word)) <= set(terms.count(f"x = {word}()")) | {""}

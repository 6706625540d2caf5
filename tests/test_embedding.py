from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch import embedding
from codesearch.config import Settings
from codesearch.errors import ConfigError
from codesearch.model import Passage

REDIRECT = Passage(
    "requests/sessions.py",
    "Session.resolve_redirects",
    "Follow redirects until there are none left.",
    "if len(history) >= self.max_redirects: raise TooManyRedirects()",
)
CONFIG = Passage("app/config.py", "load_config", "", "return tomllib.loads(path.read_text())")


def test_a_question_is_nearer_to_the_code_that_it_is_about() -> None:
    model = embedding.load(Settings(backend="local"))
    redirect, config = model.embed_documents([REDIRECT, CONFIG])
    asked = model.embed_query("where do we give up after too many redirects")
    assert asked @ redirect > asked @ config + 0.1


def test_unrelated_pairs_lie_at_the_floor() -> None:
    model = embedding.load(Settings(backend="local"))
    config = model.embed_documents([CONFIG])[0]
    for text in ("paint a triangle on the canvas", "zq xv wk", "matrix eigenvalue decomposition"):
        assert model.embed_query(text) @ config <= model.floor


def test_a_misspelt_word_is_still_near() -> None:
    model = embedding.load(Settings(backend="local"))
    redirect, config = model.embed_documents([REDIRECT, CONFIG])
    asked = model.embed_query("redircts")
    assert asked @ redirect > asked @ config


@given(st.lists(st.text(max_size=60), max_size=5))
def test_rows_are_unit_vectors_in_order_whatever_the_text(texts: list[str]) -> None:
    model = embedding.load(Settings(backend="hashing"))
    given_ = [Passage("a.py", "f", "", t) for t in texts]
    rows = model.embed_documents(given_)
    assert rows.shape == (len(texts), model.dimension)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for passage, row in zip(given_, rows, strict=True):
        assert np.allclose(
            embedding.load(Settings(backend="hashing")).embed_documents([passage])[0],
            row,
            atol=1e-6,
        )


def test_an_empty_question_has_no_direction() -> None:
    assert not embedding.load(Settings(backend="local")).embed_query("").any()


def test_an_unknown_backend_is_named_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="'locl'") as caught:
        embedding.load(Settings(backend="locl"))
    assert "local" in caught.value.hint

"""Services that speak OpenAI's embeddings, by the real library; and models in a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cli_runner import SAMPLE, Ask, Home, repository
from fake_services import Fake, Server, vector

from codesearch import embedding
from codesearch.config import Settings
from codesearch.embedding.openai_compatible import OpenAIService
from codesearch.embedding.remote import RemoteEmbedder
from codesearch.errors import ConfigError, EmbedderError, Paused
from codesearch.model import Passage


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(Fake()) as server:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield server


def near(server: Server, folder: Path, **said: Any) -> RemoteEmbedder:
    endpoint = server.address + "/v1"
    chosen = Settings(backend="openai", endpoint=endpoint, **{"model": "nomic-embed-text", **said})
    loaded = embedding.load(chosen, embedding.Home(folder, "here"))
    assert isinstance(loaded, RemoteEmbedder)
    loaded.first_wait = 0.01
    return loaded


def passages(count: int) -> list[Passage]:
    return [Passage("a.py", f"f{i}", "", "x" * (i + 1)) for i in range(count)]


# -- services ------------------------------------------------------------------------------


def test_a_service_on_this_machine_is_asked_without_key_and_consent(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-meant-for-somebody-else")
    model = near(server, tmp_path)
    code = passages(230)
    rows = model.embed_documents(code)
    assert rows.shape == (230, 768)
    assert len(server.fake.texts) == 230
    assert "search_document: a.py f0\nx" in server.fake.texts
    model.embed_query("where")
    assert server.fake.texts[-1] == "search_query: where"
    assert "sk-meant" not in str(server.fake.headers)


@pytest.mark.parametrize("fault", ["drop", "cut", "garbage", "500", "408", "few", "nan", "empty"])
def test_a_passing_failure_is_repeated(server: Server, tmp_path: Path, fault: str) -> None:
    server.fake.faults.extend([fault, fault])
    model = near(server, tmp_path)
    code = passages(5)
    rows = model.embed_documents(code)
    for passage, row in zip(code, rows, strict=True):
        assert np.allclose(row, vector(model.wanted(passage).text, 768), atol=2e-3)
    assert len(server.fake.calls) == 3


def test_the_quota_of_the_minute_is_waited_for(server: Server, tmp_path: Path) -> None:
    server.fake.every = lambda _: "429" if len(server.fake.calls) < 2 else None
    model = near(server, tmp_path)
    model._pace.refuse = lambda *_: None  # type: ignore[method-assign]
    assert model.embed_documents(passages(3)).any()


@pytest.mark.parametrize(
    ("fault", "says"), [("403", "does not accept the key"), ("404", "knows no model")]
)
def test_a_lasting_failure_ends_it(server: Server, tmp_path: Path, fault: str, says: str) -> None:
    server.fake.every = lambda _: fault
    with pytest.raises(EmbedderError, match=says):
        near(server, tmp_path).embed_documents(passages(3))
    assert len(server.fake.calls) == 1


def test_a_bad_text_is_found(server: Server, tmp_path: Path) -> None:
    code = passages(20)
    code[7] = Passage("a.py", "bad", "", "UNFIT")
    rows = near(server, tmp_path).embed_documents(code)
    assert [i for i, row in enumerate(rows) if not row.any()] == [7]


def test_spent_credit_pauses(server: Server, tmp_path: Path) -> None:
    from openai import RateLimitError

    service = OpenAIService(Settings(backend="openai", endpoint=server.address + "/v1",
                                     model="bge-m3"))  # fmt: skip
    error = RateLimitError.__new__(RateLimitError)
    Exception.__init__(error, "You exceeded your current quota")
    error.code, error.status_code = "insufficient_quota", 429
    assert isinstance(service._meaning(error), Paused)


def test_a_service_elsewhere_needs_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    chosen = Settings(backend="openai")
    model = embedding.load(chosen, embedding.Home(tmp_path, "here"))
    assert isinstance(model, RemoteEmbedder)
    assert (model.id, model.dimension) == ("text-embedding-3-small/1@api.openai.com", 1536)
    with pytest.raises(Paused, match=r"sent to the service at api\.openai\.com"):
        model.embed_query("where")
    model.agree()
    with pytest.raises(EmbedderError, match="needs a key") as caught:
        model.embed_query("where")
    assert "OPENAI_API_KEY" in caught.value.hint


def test_voyage_is_told_what_a_text_is_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOYAGE_API_KEY", "pa-key")
    voyage = "https://api.voyageai.com/v1"
    service = OpenAIService(Settings(backend="openai", endpoint=voyage, model="voyage-code-3"))
    assert not service.is_near
    service.endpoint = server.address + "/v1"
    service.send(["text"], "question", 5.0)
    assert server.fake.bodies[0]["input_type"] == "query"
    assert "pa-key" in str(server.fake.headers[0])


def test_shorter_vectors_are_asked_for_where_the_service_can(server: Server) -> None:
    settings = Settings(backend="openai", endpoint=server.address + "/v1", dimension=512,
                        model="text-embedding-3-large")  # fmt: skip
    answer = OpenAIService(settings).send(["text"], "document", 5.0)
    assert len(answer.vectors[0]) == 512


def test_an_unknown_model_has_to_say_its_dimension(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="how many numbers") as caught:
        near(server, tmp_path, model="somebody/new")
    assert "CODESEARCH_DIMENSION" in caught.value.hint
    with pytest.raises(EmbedderError, match="vectors of 768 numbers, not 384"):
        near(server, tmp_path, model="somebody/new", dimension=384).embed_query("where")
    model = near(server, tmp_path, model="somebody/new", dimension=768)
    assert model.embed_documents(passages(2)).shape == (2, 768)
    with pytest.raises(ConfigError, match="cannot be cut"):
        near(server, tmp_path, model="bge-m3", dimension=384)


def test_a_proxy_sees_nothing_of_what_stays_on_this_machine(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(Fake()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.address)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert near(server, tmp_path).embed_documents(passages(2)).any()
        assert not proxy.fake.calls
        assert server.fake.calls


@pytest.mark.parametrize(
    ("endpoint", "is_near"),
    [
        ("http://localhost:11434/v1", True), ("http://127.0.0.2/v1", True),
        ("http://[::1]:8000/v1", True), ("http://10.0.0.5:8000/v1", False),
        ("http://localhost.example.com/v1", False), ("https://api.openai.com/v1", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_near(endpoint: str, is_near: bool) -> None:
    service = OpenAIService(Settings(backend="openai", endpoint=endpoint, model="bge-m3"))
    assert service.is_near is is_near


def test_the_program_searches_with_a_service_on_this_machine(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:  # fmt: skip
    top, home = repository(tmp_path / "repo", SAMPLE), Home(tmp_path / "home")
    said = {
        "CODESEARCH_BACKEND": "openai", "CODESEARCH_MODEL": "nomic-embed-text",
        "CODESEARCH_ENDPOINT": server.address + "/v1", "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    done = Ask(monkeypatch, capfdbinary)(home, "schedule a retry", cwd=top, **said)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].startswith("app/queue.py")
    asked = len(server.fake.calls)
    again = Ask(monkeypatch, capfdbinary)(home, "schedule a retry", cwd=top, **said)
    assert again.stdout == done.stdout
    assert len(server.fake.calls) == asked


# -- models in a folder ----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model2vec model of a few words."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = "[UNK] [PAD] retry schedule later job queue config load settings parse file".split()
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.random.default_rng(0).standard_normal((len(words), 32)).astype(np.float32)
    StaticModel(vectors=vectors, tokenizer=tokenizer).save_pretrained(str(tmp_path / "model"))
    return tmp_path / "model"


def test_a_model2vec_model_embeds_from_its_folder(folder: Path) -> None:
    settings = Settings(backend="model2vec", model=str(folder))
    model = embedding.load(settings)
    assert model.dimension == 32
    rows = model.embed_documents([Passage("a.py", "x", "", "retry job later"),
                                  Passage("b.py", "y", "", "parse config file")])  # fmt: skip
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    asked = model.embed_query("retry later")
    assert asked @ rows[0] > asked @ rows[1]
    assert model.embed_documents([]).shape == (0, 32)
    before = model.id
    (folder / "config.json").write_text('{"normalize": true, "changed": 1}')
    assert embedding.load(settings).id != before


def test_the_program_searches_with_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:  # fmt: skip
    top, home = repository(tmp_path / "repo", SAMPLE), Home(tmp_path / "home")
    done = Ask(monkeypatch, capfdbinary)(
        home, "schedule a retry", cwd=top,
        CODESEARCH_BACKEND="model2vec", CODESEARCH_MODEL=str(folder),
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith("app/queue.py")


@pytest.mark.parametrize("backend", ["model2vec", "sentence-transformers"])
@pytest.mark.parametrize("named", [None, "minishlab/potion-base-8M", "/nowhere/at/all"])
def test_a_name_is_not_looked_for_in_the_network(backend: str, named: str | None) -> None:
    with pytest.raises(ConfigError, match=backend) as caught:
        embedding.load(Settings(backend=backend, model=named))
    assert "CODESEARCH_MODEL" in caught.value.hint


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="cannot be loaded"):
        embedding.load(Settings(backend="model2vec", model=str(tmp_path)))


def test_sentence_transformers_are_loaded_from_the_disk_and_run_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library itself takes gigabytes: its side of the contract is stood in for."""
    told: dict[str, Any] = {}

    class SentenceTransformer:
        def __init__(self, name: str, **said: Any) -> None:
            told.update(said, name=name)

        def get_embedding_dimension(self) -> int:
            return 8

        def encode_document(self, texts: Sequence[str], **_: Any) -> np.ndarray:
            return np.array([vector(t, 8, unit=False) for t in texts])

        def encode_query(self, texts: Sequence[str], **_: Any) -> np.ndarray:
            return np.array([vector(t, 8, unit=False) for t in texts])

    library = ModuleType("sentence_transformers")
    library.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    beside = ModuleType("transformers.utils")
    beside.logging = SimpleNamespace(disable_progress_bar=lambda: None)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    monkeypatch.setitem(sys.modules, "transformers.utils", beside)
    (tmp_path / "modules.json").write_text("[]")
    model = embedding.load(Settings(backend="sentence-transformers", model=str(tmp_path)))
    assert told == {"name": str(tmp_path), "local_files_only": True, "trust_remote_code": False}
    rows = model.embed_documents([Passage("a.py", "x", "", "retry")])
    assert rows.shape == (1, 8)
    assert np.linalg.norm(model.embed_query("retry")) == pytest.approx(1, abs=1e-5)

"""What is sent to a service, at which pace, and what becomes of its answers: the real library of
Google, over a real socket, against a server that fails in every way that theirs can."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_services import Fake, Server, tokens, vector
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codesearch import embedding
from codesearch.config import Settings
from codesearch.embedding.remote import RemoteEmbedder, Survey
from codesearch.errors import ConfigError, ConsentNeeded, EmbedderError, Paused, StoreError
from codesearch.model import Passage
from codesearch.remote import Account, Busy, Pace, Price, Stopped, Vault, pace, price_of
from codesearch.remote.tokens import estimate, fitting

KEY = "AQ.key-that-nobody-may-see"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """A server that the library speaks to."""
    with Server(Fake()) as server:
        for name in ("GOOGLE_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.address)
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        # Turns the library's client into another one where nobody says which it is.
        monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
        yield server.fake


def gemini(folder: Path, place: str = "here", **said: object) -> RemoteEmbedder:
    chosen = Settings(backend="gemini", **said)  # type: ignore[arg-type]
    loaded = embedding.load(chosen, embedding.Home(folder, place))
    assert isinstance(loaded, RemoteEmbedder)
    loaded.agree()
    loaded.first_wait = 0.01
    return loaded


def passages(count: int, of: str = "") -> list[Passage]:
    return [
        Passage(f"src/file{i}.py", f"call_{_word(i)}", "", f"{of} return {_word(i)}")
        for i in range(count)
    ]


def _word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number)) + "q"


def is_right(model: RemoteEmbedder, given_: list[Passage], rows: np.ndarray) -> bool:
    """Whether every passage has the vector that the server gives for its text."""
    wanted = [vector(model.wanted(p).text, model.dimension) for p in given_]
    return bool(np.allclose(rows, np.array(wanted, np.float32), atol=2e-3))


# -- what is sent ------------------------------------------------------------------------


def test_every_text_is_a_content_of_its_own_with_its_title(fake: Fake, tmp_path: Path) -> None:
    model = gemini(tmp_path)
    code = passages(3)
    rows = model.embed_documents(code)
    assert rows.shape == (3, 768)
    assert is_right(model, code, rows)
    (body,) = fake.bodies
    sent = body["requests"]
    assert [len(r["content"]["parts"]) for r in sent] == [1, 1, 1]
    assert sent[0]["content"]["parts"][0]["text"] == (
        "title: src/file0.py - call_aq | text:  return aq"
    )
    assert {r["outputDimensionality"] for r in sent} == {768}
    assert all("taskType" not in r for r in sent)
    model.embed_query("where is it")
    text = fake.bodies[-1]["requests"][0]["content"]["parts"][0]["text"]
    assert text == "task: code retrieval | query: where is it"


def test_the_older_model_is_told_the_task_and_its_vectors_are_made_unit(
    fake: Fake, tmp_path: Path
) -> None:
    model = gemini(tmp_path, model="gemini-embedding-001")
    code = passages(2)
    rows = model.embed_documents(code)
    assert is_right(model, code, rows)
    assert {r["taskType"] for r in fake.bodies[0]["requests"]} == {"RETRIEVAL_DOCUMENT"}
    model.embed_query("where")
    assert fake.bodies[1]["requests"][0]["taskType"] == "CODE_RETRIEVAL_QUERY"
    assert model.id != gemini(tmp_path).id


@pytest.mark.parametrize("name", ["gemini-embedding-2", "gemini-embedding-001"])
def test_google_cloud_is_asked_in_its_own_way(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", os.environ["GOOGLE_GEMINI_BASE_URL"])
    model = gemini(tmp_path, vertex=True, model=name)
    assert not model.service.terms  # there is no free tier
    code = passages(3)
    model.begin(Account(model.price))
    assert is_right(model, code, model.embed_documents(code))
    assert model.finish().tokens == (fake.tokens if name.endswith("001") else pytest.approx(
        fake.tokens, rel=0.5
    ))  # fmt: skip
    assert all("/publishers/google/models/" in path for path, _ in fake.calls)
    # The older one takes a text a call there.
    assert len(fake.calls) == (3 if name.endswith("001") else 1)


def test_calls_hold_at_most_a_hundred_texts_and_four_mebibytes(fake: Fake, tmp_path: Path) -> None:
    model = gemini(tmp_path)
    code = passages(230, "漢" * 3_000)
    assert is_right(model, code, model.embed_documents(code))
    assert max(len(texts) for _, texts in fake.calls) <= 100
    assert sum(len(texts) for _, texts in fake.calls) == 230


@given(st.text(max_size=30_000), st.sampled_from([2_048, 8_192]))
@settings(max_examples=50, deadline=None)
def test_no_text_is_longer_than_the_model_takes(text: str, most: int) -> None:
    fits = fitting(text, most)
    assert text.startswith(fits)
    assert estimate(fits) <= most
    assert fits == text or estimate(fits) > most / 2


def test_lone_surrogates_are_sent_as_text(fake: Fake, tmp_path: Path) -> None:
    model = gemini(tmp_path)
    rows = model.embed_documents([Passage("a\udcff.py", "f", "", "x\ud800")])
    assert np.isfinite(rows).all()
    assert len(fake.texts) == 1


def test_what_looks_like_a_secret_is_not_sent(fake: Fake, tmp_path: Path) -> None:
    secrets = {
        "AKIAQ3EGRIVTWPXL4MZD": 'aws_id = "AKIAQ3EGRIVTWPXL4MZD"',
        "ghp_0abcDEFghiJKLmnoPQRstuVWXyz12345678A": (
            'gh = "ghp_0abcDEFghiJKLmnoPQRstuVWXyz12345678A"'
        ),
        "hunter2-correct": 'password = "hunter2-correct"',
        "s3cr3tPassw0rd": 'db = "postgres://admin:s3cr3tPassw0rd@db.internal:5432/x"',
        "MIIEowIBAAKCAQEAx0Qd6b9lKJ8mXyYv2zq": (
            "pem = '''-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx0Qd6b9lKJ8mXyYv2zq\n"
            "-----END RSA PRIVATE KEY-----'''"
        ),
        "AQ.Ab8RN6JcT2xZk31LmPq9": 'key = "AQ.Ab8RN6JcT2xZk31LmPq9zzYw7"',
    }
    model = gemini(tmp_path)
    model.begin(Account(Price()))
    code = [Passage("a.py", f"f{i}", "", text) for i, text in enumerate(secrets.values())]
    assert is_right(model, code, model.embed_documents(code))
    sent = "\n".join(fake.texts)
    for secret in secrets:
        assert secret not in sent
    assert sent.count("REDACTED") >= len(secrets)
    bill = model.finish()
    assert {w.symbol for w in bill.withheld} == {f"f{i}" for i in range(len(secrets))}
    model.embed_query('who uses "AKIAQ3EGRIVTWPXL4MZD"')
    assert "AKIAQ3EGRIVTWPXL4MZD" not in fake.texts[-1]


def test_ordinary_code_is_sent_as_it_is(fake: Fake, tmp_path: Path) -> None:
    code = (
        "def login(user, password, token=None):\n"
        "    if not check_password(password, user.password_hash):\n"
        "        raise PermissionDenied(f'{user} has 3 tries left')\n"
        "    return sessions[user.key] or self.secret_for(user, length=16)\n"
    )
    model = gemini(tmp_path)
    model.embed_documents([Passage("auth.py", "login", "", code)])
    assert fake.texts == [f"title: auth.py - login | text: {code}"]


# -- nothing is paid twice ---------------------------------------------------------------


def test_what_was_paid_for_is_not_asked_again(fake: Fake, tmp_path: Path) -> None:
    code = passages(150)
    first = gemini(tmp_path).embed_documents(code)
    gemini(tmp_path).embed_query("how does it work")
    asked = len(fake.calls)
    again = gemini(tmp_path, place="a clone elsewhere")
    assert np.array_equal(again.embed_documents(code[::-1])[::-1], first)
    assert again.knows("how  does it work\n")
    again.embed_query("how does it work")
    assert len(fake.calls) == asked


def test_one_text_of_many_functions_is_sent_once(fake: Fake, tmp_path: Path) -> None:
    same = Passage("a.py", "f", "", "return 1")
    rows = gemini(tmp_path).embed_documents([same] * 5)
    assert len(fake.texts) == 1
    assert (rows == rows[0]).all()


def test_a_longer_vector_is_cut_at_no_cost(fake: Fake, tmp_path: Path) -> None:
    code = passages(20)
    gemini(tmp_path, dimension=3072).embed_documents(code)
    asked = len(fake.calls)
    small = gemini(tmp_path, dimension=256)
    rows = small.embed_documents(code)
    assert is_right(small, code, rows)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=2e-3)
    assert len(fake.calls) == asked
    gemini(tmp_path / "other", dimension=256).embed_documents(code)
    assert len(fake.calls) > asked


def test_a_dimension_that_the_model_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="256 to 3072"):
        gemini(tmp_path, dimension=100)


def test_a_question_needs_no_network_when_it_was_asked_before(fake: Fake, tmp_path: Path) -> None:
    before = gemini(tmp_path).embed_query("where")
    offline = gemini(tmp_path, offline=True)
    assert np.array_equal(offline.embed_query("where"), before)
    with pytest.raises(EmbedderError, match="network is forbidden"):
        offline.embed_query("something new")
    assert len(fake.calls) == 1


# -- failures ----------------------------------------------------------------------------

PASSING = (
    "drop", "cut", "garbage", "html", "500", "503", "408", "429", "few", "many", "empty", "nan",
    "text", "slow",
)  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_failure_is_repeated(fake: Fake, tmp_path: Path, fault: str) -> None:
    fake.faults.extend([fault, fault])
    model = gemini(tmp_path)
    code = passages(12)
    assert is_right(model, code, model.embed_documents(code))
    assert len(fake.calls) == (1 if fault == "slow" else 3)


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("key", EmbedderError, "GEMINI_API_KEY"),
        ("403", EmbedderError, "GEMINI_API_KEY"),
        ("404", EmbedderError, "knows no model"),
        ("429 day", Paused, "quota of the day"),
        ("429 none", EmbedderError, "no quota for the model"),
        ("short", EmbedderError, "vectors of 767 numbers"),
    ],
)
def test_a_lasting_failure_ends_it_at_once(
    fake: Fake, tmp_path: Path, fault: str, error: type[Exception], says: str
) -> None:
    fake.every = lambda _: fault
    with pytest.raises(error, match=says) as caught:
        gemini(tmp_path).embed_documents(passages(3))
    assert len(fake.calls) == 1
    assert KEY not in str(caught.value) + getattr(caught.value, "hint", "")
    assert "http" not in str(type(caught.value.__cause__))  # no response travels with it
    if fault == "404":
        assert "gemini-embedding-2" in getattr(caught.value, "hint", "")


def test_a_service_that_never_answers_is_given_up(fake: Fake, tmp_path: Path) -> None:
    fake.every = lambda _: "503"
    with pytest.raises(EmbedderError, match="did not answer: 503"):
        gemini(tmp_path).embed_documents(passages(3))
    assert 2 <= len(fake.calls) <= 8


def test_a_single_bad_text_is_found_and_the_others_are_kept(fake: Fake, tmp_path: Path) -> None:
    code = passages(100)
    code[37] = Passage("src/bad.py", "broken", "", "UNFIT")
    model = gemini(tmp_path)
    model.begin(Account(Price()))
    rows = model.embed_documents(code)
    assert not rows[37].any()
    rest = [p for i, p in enumerate(code) if i != 37]
    assert is_right(model, rest, np.delete(rows, 37, axis=0))
    assert model.finish().refused == ("src/bad.py broken",)
    assert len(fake.calls) <= 16  # two for each halving of a hundred, and the first


def test_a_service_that_takes_nothing_is_not_asked_for_every_text(
    fake: Fake, tmp_path: Path
) -> None:
    fake.refused = ""  # is in any text
    with pytest.raises(EmbedderError, match="takes none of the texts"):
        gemini(tmp_path).embed_documents(passages(1_000))
    assert len(fake.calls) < 300
    # A single text may be a bad one, or the service be out of order: another text tells.
    with pytest.raises(EmbedderError, match="takes none of the texts"):
        gemini(tmp_path).embed_documents(passages(1))
    fake.refused = "UNFIT"
    assert not gemini(tmp_path).embed_documents(passages(1, "UNFIT")).any()


def test_what_came_before_a_lasting_failure_is_kept(fake: Fake, tmp_path: Path) -> None:
    code = passages(900)
    fake.a_day = 500
    with pytest.raises(Paused, match="quota of the day"):
        gemini(tmp_path).embed_documents(code)
    kept = fake.answered
    assert 400 <= kept <= 500
    fake.a_day = None
    model = gemini(tmp_path)
    assert is_right(model, code, model.embed_documents(code))
    assert fake.answered == 900


def test_the_quota_of_the_minute_is_learned(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_WINDOW", 0.5)
    fake.a_minute, fake.minute, fake.retry_delay = 60, 0.4, "0.4s"
    model = gemini(tmp_path)
    code = passages(300)
    assert is_right(model, code, model.embed_documents(code))
    assert fake.answered == 300
    # The first calls, of all threads at once, may be too much, and no later ones.
    assert sum(len(texts) for _, texts in fake.calls) - 300 <= 8 * 100
    assert max(len(texts) for _, texts in fake.calls[8:]) <= 60


def test_the_quota_of_tokens_is_learned(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_WINDOW", 0.5)
    fake.tokens_a_minute, fake.minute, fake.retry_delay = 600, 0.4, "0.4s"
    model = gemini(tmp_path)
    code = passages(120)
    assert is_right(model, code, model.embed_documents(code))


def test_nothing_is_sent_before_somebody_agreed(fake: Fake, tmp_path: Path) -> None:
    chosen = Settings(backend="gemini")
    model = embedding.load(chosen, embedding.Home(tmp_path, "here"))
    gemini(tmp_path, place="another repository")
    with pytest.raises(ConsentNeeded):
        model.embed_documents(passages(1))
    with pytest.raises(ConsentNeeded):
        model.embed_query("where")
    assert not fake.calls


def test_without_a_key_it_says_where_to_get_one(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    with pytest.raises(EmbedderError, match="needs a key") as caught:
        gemini(tmp_path).embed_query("where")
    assert "GEMINI_API_KEY" in caught.value.hint


def test_keys_are_taken_as_the_library_takes_them(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "AQ.other")
    with caplog.at_level(logging.DEBUG):
        gemini(tmp_path).embed_query("where")
    assert {k.lower(): v for k, v in fake.headers[0].items()}["x-goog-api-key"] == "AQ.other"
    assert "AQ." not in caplog.text


def test_limits_of_a_run_hold(fake: Fake, tmp_path: Path) -> None:
    code = passages(500)
    model = gemini(tmp_path)
    model.begin(Account(model.price, max_requests=200))
    with pytest.raises(Paused, match="limit of 200 functions"):
        model.embed_documents(code)
    assert len(fake.texts) <= 200
    bill = model.finish()
    assert bill.texts == fake.answered
    model.begin(Account(model.price, max_dollars=0.0001))
    with pytest.raises(Paused, match=r"limit of \$0.0001"):
        model.embed_documents(code)
    spent = model.finish()
    assert spent.dollars is not None
    assert spent.dollars <= 0.0001


def test_a_bill_says_what_the_service_counted(fake: Fake, tmp_path: Path) -> None:
    code = passages(300, "some words about retries and queues " * 10)
    model = gemini(tmp_path)
    survey = Survey(model)
    survey.add(code)
    survey.add(code[:50])
    before = survey.bill()
    assert before.texts == 300
    assert not fake.calls
    model.begin(Account(model.price))
    model.embed_documents(code)
    after = model.finish()
    assert after.tokens == fake.tokens == sum(map(tokens, fake.texts))
    assert after.dollars == pytest.approx(price_of(model.service.model).of(fake.tokens))
    # What was counted corrects the next estimate.
    other = Survey(gemini(tmp_path))
    other.add(passages(100, "other words about parsers and files " * 10))
    assert abs(other.bill().tokens / sum(
        tokens(gemini(tmp_path).wanted(p).text)
        for p in passages(100, "other words about parsers and files " * 10)
    ) - 1) < 0.1  # fmt: skip
    (spent,) = Vault(tmp_path / "paid.sqlite3").spent()
    assert (spent.texts, spent.tokens) == (300, fake.tokens)


def test_without_usage_the_bill_is_an_estimate(fake: Fake, tmp_path: Path) -> None:
    fake.says_usage = False
    model = gemini(tmp_path)
    model.begin(Account(model.price))
    model.embed_documents(passages(50, "words " * 30))
    assert abs(model.finish().tokens / fake.tokens - 1) < 0.4


# -- whatever happens, every vector is of its function -------------------------------------

FAULTS = (*PASSING, None, None, None)


@st.composite
def accidents(draw: st.DrawFn) -> tuple[list[str | None], set[int], int]:
    return (
        draw(st.lists(st.sampled_from(FAULTS), max_size=12)),
        draw(st.sets(st.integers(0, 39), max_size=3)),
        draw(st.integers(1, 40)),
    )


@given(accidents())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_vector_ever_comes_to_another_function(
    fake: Fake, tmp_path_factory: pytest.TempPathFactory,
    accident: tuple[list[str | None], set[int], int],
) -> None:  # fmt: skip
    faults, bad, count = accident
    quiet = {"429": "408", "slow": None}  # what only takes time
    fake.faults.clear()
    fake.faults.extend(quiet.get(f or "", f) or (lambda _: None) for f in faults)  # type: ignore[arg-type]
    model = gemini(tmp_path_factory.mktemp("paid"))
    object.__setattr__(model.service.limits, "texts", 7)
    model.first_wait = 0.001
    code = passages(count)
    for i in bad:
        if i < count:
            code[i] = Passage("bad.py", f"b{_word(i)}", "", "UNFIT")
    try:
        rows = model.embed_documents(code)
    except EmbedderError:
        fake.faults.clear()
        rows = model.embed_documents(code) if bad.isdisjoint(range(count)) else None
    if rows is None:
        return
    for passage, row in zip(code, rows, strict=True):
        if passage.path == "bad.py":
            assert not row.any()
        else:
            assert is_right(model, [passage], row[None])


# -- with and without aiohttp ----------------------------------------------------------------

_SCRIPT = """
import sys
from pathlib import Path
if sys.argv[2] == "without":
    sys.modules["aiohttp"] = None
sys.path.insert(0, sys.argv[3])
from test_remote import gemini, passages
model = gemini(Path(sys.argv[1]))
try:
    rows = model.embed_documents(passages(5))
    print(rows.shape)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("fault", ["drop", "503", "key", "garbage"])
def test_it_is_the_same_with_and_without_aiohttp(fake: Fake, tmp_path: Path, fault: str) -> None:
    said = []
    for how in ("with", "without"):
        fake.faults.append(fault)
        before = len(fake.calls)
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, str(tmp_path / how), how, str(Path(__file__).parent)],
            capture_output=True, text=True, check=True, timeout=60, env=dict(os.environ),
        )  # fmt: skip
        said.append((done.stdout, len(fake.calls) - before))
    assert said[0] == said[1]


# -- pace --------------------------------------------------------------------------------


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def takes(gate: Pace, texts: int, tokens_: float = 0.0) -> bool:
    """Whether a call may be made at once."""
    try:
        gate.take(texts, tokens_, lambda: False, gate._clock())
    except Busy:
        return False
    return True


def test_a_minute_holds_what_it_may() -> None:
    clock = Clock()
    gate = Pace(requests=100, tokens=1_000, clock=clock)
    assert takes(gate, 60, 100)
    assert not takes(gate, 60, 100)
    assert takes(gate, 40, 100)
    clock.now += 59
    assert not takes(gate, 1)
    clock.now += 1.1
    assert takes(gate, 100, 1_000)
    assert not takes(gate, 1, 1)


def test_a_refusal_closes_the_gate_for_all_and_teaches() -> None:
    clock = Clock()
    gate = Pace(clock=clock)
    assert all(takes(gate, 100) for _ in range(5))
    gate.refuse(Busy(after=15), 100, 0.0)
    assert not takes(gate, 1)
    clock.now += 15.1
    # 400 went before the one that was refused.
    assert gate.most()[0] == pytest.approx(360)
    gate.refuse(Busy(after=0, requests=150), 1, 0.0)
    assert gate.most()[0] == 150
    gate.refuse(Busy(after=0), 1, 0.0)
    assert gate.most()[0] == 150  # what was told is better than a guess


def test_what_was_guessed_recovers() -> None:
    clock = Clock()
    gate = Pace(clock=clock)
    assert takes(gate, 100)
    assert takes(gate, 100)
    gate.refuse(Busy(after=0), 100, 0.0)
    low = gate.most()[0]
    for _ in range(5):
        clock.now += 61
        assert takes(gate, 1)
    assert gate.most()[0] > low


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 20)), max_size=40))
def test_no_minute_ever_holds_more_than_the_limit(calls: list[tuple[int, float]]) -> None:
    clock = Clock()
    gate = Pace(requests=100, clock=clock)
    sent: list[tuple[float, int]] = []
    for texts, later in calls:
        clock.now += later
        if takes(gate, texts):
            sent.append((clock.now, texts))
    for end, _ in sent:
        assert sum(n for at, n in sent if end - 60 < at <= end) <= 100


def test_a_stopped_run_waits_no_longer() -> None:
    gate = Pace(requests=1)
    gate.take(1, 0, lambda: False, float("inf"))
    with pytest.raises(Stopped):
        gate.take(1, 0, lambda: True, float("inf"))


# -- prices, tokens, the vault -------------------------------------------------------------


def test_prices_are_of_a_day_and_of_the_table_alone() -> None:
    new = price_of("gemini-embedding-2")
    assert new.read.startswith("20")
    assert new.of(1_000_000) == 0.20
    assert new.of(1_000_000, batch=True) == 0.10
    assert price_of("somebody's").of(5) is None
    times = new.minutes(2_500, 500_000)
    assert times["paid"] == pytest.approx(2_500 / 3_000)
    assert times["free"] == 2 * 24 * 60  # a thousand a day


@pytest.mark.parametrize(
    ("text", "at_least", "at_most"), [("a" * 330, 90, 110), ("漢" * 150, 90, 110), ("", 0, 2)]
)
def test_tokens_are_estimated(text: str, at_least: float, at_most: float) -> None:
    assert at_least <= estimate(text) <= at_most


def test_a_vault_is_for_its_owner_and_shared_by_processes(tmp_path: Path) -> None:
    one, other = Vault(tmp_path / "v" / "paid.sqlite3"), Vault(tmp_path / "v" / "paid.sqlite3")
    assert other.find("m", 4, [b"k" * 16]) == {}
    assert not other.file.exists()
    row = np.array([1, 0, 0, 0], np.float16)
    assert one.keep("m", 4, {b"k" * 16: row}) == 1
    assert one.keep("m", 4, {b"k" * 16: -row}) == 0
    assert np.array_equal(other.find("m", 4, [b"k" * 16, b"x" * 16])[b"k" * 16], row)
    assert other.find("another", 4, [b"k" * 16]) == {}
    assert other.find("m", 8, [b"k" * 16]) == {}
    assert other.has("m", 2, [b"k" * 16]) == {b"k" * 16}
    if os.name == "posix":
        assert one.file.stat().st_mode & 0o077 == 0


def test_a_damaged_vault_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "paid.sqlite3"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match="damaged"):
        Vault(file).find("m", 4, [b"k"])
    assert Vault(file).find("m", 4, [b"k"]) == {}
    assert list(tmp_path.glob("paid.sqlite3.damaged-*"))


def test_what_can_be_read_of_a_damaged_vault_is_saved(tmp_path: Path) -> None:
    file = tmp_path / "paid.sqlite3"
    vault = Vault(file)
    rows = {i.to_bytes(16, "big"): np.full(512, i / 4_000, np.float16) for i in range(1, 2_000)}
    vault.keep("m", 512, rows)
    vault.close()
    data = bytearray(file.read_bytes())
    data[-400_000:-200_000] = os.urandom(200_000)
    file.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        Vault(file).find("m", 512, rows)
    saved = Vault(file).find("m", 512, rows)
    assert len(saved) > 100
    assert all(np.array_equal(saved[key], rows[key]) for key in saved)


def test_a_vault_that_another_process_moved_away_is_opened_anew(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "paid.sqlite3")
    vault.keep("m", 4, {b"a" * 16: np.ones(4, np.float16)})
    for file in list(tmp_path.glob("paid.sqlite3*")):
        file.rename(tmp_path / f"old-{file.name}")
    assert vault.keep("m", 4, {b"b" * 16: np.ones(4, np.float16)}) == 1
    assert Vault(tmp_path / "paid.sqlite3").has("m", 4, [b"a" * 16, b"b" * 16]) == {b"b" * 16}


def test_a_vault_can_be_emptied(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "paid.sqlite3")
    vault.keep("m", 4, {bytes([i]) * 16: np.ones(4, np.float16) for i in range(9)})
    vault.agree("s", "p")
    assert vault.clear(older_than=1) == 0
    assert vault.counts() == [("m", 4, 9)]
    assert vault.clear() == 9
    assert vault.counts() == []
    assert vault.agreed("s", "p")


def test_shuffled_calls_of_many_threads_lose_nothing(fake: Fake, tmp_path: Path) -> None:
    random.seed(4)
    fake.latency = 0.005
    fake.every = lambda _: random.choice(["503", "drop", None, None, None])  # noqa: S311
    model = gemini(tmp_path)
    object.__setattr__(model.service.limits, "texts", 9)
    code = passages(400)
    assert is_right(model, code, model.embed_documents(code))

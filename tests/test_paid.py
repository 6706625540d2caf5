"""The program with a paid backend: the price first, nothing twice, lost or unasked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runner import SAMPLE, Ask, Done, Home, repository, write
from fake_services import Fake, Server, tokens

from codesearch.remote import price_of


class Paid:
    """A user with a key, and the service that it is for."""

    def __init__(self, fake: Fake, address: str, home: Home, ask: Ask) -> None:
        self.fake = fake
        self.home = home
        self.variables = {
            "GEMINI_API_KEY": "AQ.a-key",
            "GOOGLE_GEMINI_BASE_URL": address,
            "CODESEARCH_BACKEND": "gemini",
            "NO_PROXY": "127.0.0.1",
        }
        self._ask = ask

    def __call__(self, *args: str, cwd: Path, **more: str) -> Done:
        """In this process."""
        return self._ask(self.home, *args, cwd=cwd, **{**self.variables, **more})

    def begin(self, *args: str, cwd: Path, **more: str) -> subprocess.Popen[str]:
        """As a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "codesearch", *args],
            cwd=cwd,
            env=self.home.environment(**{**self.variables, **more}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def vault(self) -> Path:
        (file,) = self.home.folder.rglob("paid.sqlite3")
        return file


@pytest.fixture
def paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Paid]:
    with Server(Fake()) as server:
        yield Paid(
            server.fake, server.address, Home(tmp_path / "home"), Ask(monkeypatch, capfdbinary)
        )


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", SAMPLE)


def many(folder: Path, count: int) -> Path:
    """A repository of so many functions, in files of forty."""
    files = {
        f"src/m{at}.py": "\n\n".join(
            f"def work_{i}(job):\n    '''Handle {_word(i)}.'''\n    return job.{_word(i)}()"
            for i in range(at, min(at + 40, count))
        )
        + "\n"
        for at in range(0, count, 40)
    }
    return repository(folder, files)


def left_running(
    paid: Paid, top: Path, monkeypatch: pytest.MonkeyPatch, **more: str
) -> dict[str, Any]:
    """A batch job that goes on after the command was interrupted; it ends at the next look."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    paid.fake.job_polls = 1_000
    with monkeypatch.context() as patch:
        patch.setattr("codesearch.ingest.batch._sleep", interrupt)
        assert paid("index", "--batch", "--yes", cwd=top, **more).returncode == 130
    (job,) = paid.fake.jobs.values()
    job["polls"] = paid.fake.job_polls = 0
    return job


def _word(number: int) -> str:
    return "".join(chr(ord("b") + int(digit)) for digit in str(number)) + "ax"


# -- the price first -------------------------------------------------------------------------


def test_a_dry_run_says_what_it_would_cost_and_sends_nothing(paid: Paid, top: Path) -> None:
    done = paid("index", "-n", cwd=top)
    assert done.returncode == 0
    assert "to be sent to Google's Gemini API: 9 functions" in done.stdout
    for part in ("tokens", "price", "$0.0", "paid tier", "free one", "may use and review"):
        assert part in done.stdout
    assert not paid.fake.calls
    bill = json.loads(paid("index", "-n", "--json", cwd=top).stdout)["bill"]
    assert bill["texts"] == 9
    assert 0 < bill["dollars"] < 0.01
    assert set(bill["minutes"]) == {"free", "paid"}


def test_nothing_is_sent_before_somebody_agreed(paid: Paid, top: Path) -> None:
    for args in (("index",), ("retry",), ("similar", "app/queue.py:4")):
        done = paid(*args, cwd=top)
        assert done.returncode == 2
        assert "nobody has agreed to send 9 functions" in done.stderr
        assert "index --yes" in done.stderr
    assert not paid.fake.calls


def test_it_is_agreed_once_for_a_repository(paid: Paid, top: Path, tmp_path: Path) -> None:
    assert paid("index", "--yes", cwd=top).returncode == 0
    sent = len(paid.fake.texts)
    write(top, {"app/new.py": "def fresh():\n    return 'anew'\n"})
    done = paid("fresh", cwd=top)
    assert done.returncode == 0
    assert "app/new.py" in done.stdout
    assert len(paid.fake.texts) == sent + 2  # the function and the question
    other = repository(tmp_path / "other", {"a.py": "def other():\n    return 7\n"})
    assert paid("index", cwd=other).returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals to be had in a test")
@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_asks(paid: Paid, top: Path, answer: str) -> None:
    import pty

    keys, screen = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "codesearch", "index"],
        cwd=top, env=paid.home.environment(**paid.variables),
        stdin=screen, stdout=screen, stderr=screen,
    )  # fmt: skip
    os.close(screen)
    shown = ""
    while "[y/N]" not in shown:
        shown += os.read(keys, 1000).decode()
    assert "9 functions" in shown
    assert "may use and review" in shown
    assert not paid.fake.calls
    os.write(keys, f"{answer}\n".encode())
    while True:
        try:
            part = os.read(keys, 1000)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part.decode()
    assert program.wait(60) == (0 if answer == "y" else 2)
    os.close(keys)
    assert bool(paid.fake.calls) == (answer == "y")


def test_a_receipt_says_what_the_service_counted(paid: Paid, top: Path) -> None:
    done = paid("index", "--yes", "--json", cwd=top)
    bill = json.loads(done.stdout)["bill"]
    assert bill["tokens"] == paid.fake.tokens == sum(map(tokens, paid.fake.texts))
    assert bill["dollars"] == pytest.approx(
        price_of("gemini-embedding-2").of(paid.fake.tokens), abs=1e-6
    )
    assert f"Sent 9 functions to Google's Gemini API: {paid.fake.tokens:,} tokens" in done.stderr
    shown = paid("cache", "show", cwd=top)
    assert "9 vectors of 768 dimensions" in shown.stdout
    assert f"{paid.fake.tokens:,} tokens" in shown.stdout


@pytest.mark.parametrize("flag", ["--max-cost=0.0000001", "--max-requests=3"])
def test_a_limit_holds_whatever_was_agreed(paid: Paid, top: Path, flag: str) -> None:
    done = paid("index", "--yes", flag, cwd=top)
    assert done.returncode == 2
    assert "more than the limit" in done.stderr
    assert not paid.fake.calls


def test_what_costs_more_than_a_little_is_asked_about_again(
    paid: Paid, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paid("index", "--yes", cwd=top).returncode == 0
    monkeypatch.setattr("codesearch.ingest.paid.UNASKED", 0.0)
    write(top, {"app/big.py": "def big():\n    return 'much'\n"})
    sent = len(paid.fake.texts)
    done = paid("index", cwd=top)
    assert done.returncode == 2
    assert "nobody has agreed to send 1 function (about" in done.stderr
    assert len(paid.fake.texts) == sent
    # A question is answered all the same, and says that something is missing.
    asked = paid("schedule a retry", cwd=top)
    assert asked.returncode == 0
    assert "answered without" in asked.stderr
    # A limit that the user set is an answer too.
    assert paid("index", "--max-cost=1", cwd=top).returncode == 0


# -- nothing twice -----------------------------------------------------------------------------


def test_a_second_index_sends_nothing(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    paid("schedule a retry", cwd=top)
    asked = len(paid.fake.calls)
    for args in (("index",), ("index", "--full"), ("schedule a retry",), ("index", "-n")):
        assert paid(*args, cwd=top).returncode == 0
    shutil.rmtree(next(paid.home.folder.rglob("lance")).parent)
    assert paid("index", cwd=top).returncode == 0
    assert len(paid.fake.calls) == asked


def test_branches_worktrees_and_clones_share_what_was_paid_for(
    paid: Paid, top: Path, tmp_path: Path
) -> None:
    def git(*args: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *args],
            cwd=top, check=True, capture_output=True,
        )  # fmt: skip

    git("add", ".")
    git("commit", "-qm", "one")
    paid("index", "--yes", cwd=top)
    git("checkout", "-qb", "side")
    write(top, {"app/side.py": "def side():\n    return 'way'\n"})
    git("add", ".")
    git("commit", "-qm", "two")
    paid("index", cwd=top)
    asked = len(paid.fake.calls)
    git("checkout", "-q", "-")
    assert paid("index", cwd=top).returncode == 0
    git("checkout", "-q", "side")
    assert paid("index", cwd=top).returncode == 0
    git("worktree", "add", "-q", str(tmp_path / "tree"), "side~1")
    assert paid("index", cwd=tmp_path / "tree").returncode == 0
    git("clone", "-q", ".", str(tmp_path / "clone"))
    assert paid("index", "--yes", cwd=tmp_path / "clone").returncode == 0
    # A function that only moved down its file is the same.
    write(top, {"app/side.py": "\n\n\ndef side():\n    return 'way'\n"})
    assert paid("index", cwd=top).returncode == 0
    assert len(paid.fake.calls) == asked


def test_an_index_is_made_shorter_at_no_cost(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    asked = len(paid.fake.calls)
    done = paid("index", cwd=top, CODESEARCH_DIMENSION="256")
    assert done.returncode == 0
    assert len(paid.fake.calls) == asked
    assert "256 dimensions" in paid("status", cwd=top, CODESEARCH_DIMENSION="256").stdout


def test_code_like_a_function_of_the_index_needs_no_call(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    asked = len(paid.fake.calls)
    done = paid("similar", "app/queue.py:4", cwd=top)
    assert done.returncode == 0
    assert len(paid.fake.calls) == asked


def test_a_team_pays_once(paid: Paid, top: Path, tmp_path: Path) -> None:
    paid("index", "--yes", cwd=top)
    file = tmp_path / "team.vectors"
    assert "Exported 9 vectors" in paid("cache", "export", str(file), cwd=top).stderr
    asked = len(paid.fake.calls)
    mate = Paid(paid.fake, paid.variables["GOOGLE_GEMINI_BASE_URL"], Home(tmp_path / "mate"),
                paid._ask)  # fmt: skip
    done = mate("cache", "import", str(file), cwd=top)
    assert "Imported 9 vectors of gemini-embedding-2/1, 9 of them new" in done.stderr
    assert mate("index", cwd=top).returncode == 0  # there is nothing to agree to
    assert len(paid.fake.calls) == asked
    assert mate("cache", "import", str(file), cwd=top).stderr.count("0 of them new")


def test_an_altered_file_of_vectors_is_refused(paid: Paid, top: Path, tmp_path: Path) -> None:
    paid("index", "--yes", cwd=top)
    file = tmp_path / "team.vectors"
    paid("cache", "export", str(file), cwd=top)
    good = file.read_bytes()
    paid("cache", "clear", "--yes", cwd=top)
    for bad in (
        good[:-1], good + b"x", good[:200] + b"\xff" + good[201:], b"", b"{}\n" + bytes(32),
        b'{"format": "codesearch.vectors/1", "model": 3, "dimension": -1, "count": 9}\n',
        b"[" * 5000,
        good.replace(b'"count": 9', b'"count": 8'),
    ):  # fmt: skip
        file.write_bytes(bad)
        done = paid("cache", "import", str(file), cwd=top)
        assert done.returncode == 2, bad[:80]
        assert "no vectors that can be used" in done.stderr
    assert paid("cache", "import", "nothing-there", cwd=top).returncode == 2
    assert "dimensions" not in paid("cache", "show", cwd=top).stdout
    file.write_bytes(good)
    other = paid("cache", "import", str(file), cwd=top, CODESEARCH_DIMENSION="1024")
    assert other.returncode == 2
    assert "with 1024 or more" in other.stderr


# -- nothing lost --------------------------------------------------------------------------------


def test_a_killed_run_loses_only_what_was_on_its_way(paid: Paid, tmp_path: Path) -> None:
    top = many(tmp_path / "big", 2_000)
    paid.fake.latency = 0.1
    program = paid.begin("index", "--yes", cwd=top)
    while paid.fake.answered < 700:
        assert program.poll() is None, program.communicate()
        time.sleep(0.01)
    program.kill()
    program.communicate()
    paid.fake.latency = 0.0
    assert paid("index", "--yes", cwd=top).returncode == 0
    # Eight calls of a hundred texts may have been on their way.
    assert len(paid.fake.texts) - len(set(paid.fake.texts)) <= 800
    assert set(paid("work_1999", "-l", cwd=top).stdout.split()) >= {"src/m1960.py"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
def test_after_ctrl_c_every_finished_call_is_kept(paid: Paid, tmp_path: Path) -> None:
    top = many(tmp_path / "big", 2_000)
    paid.fake.latency = 0.1
    program = paid.begin("index", "--yes", cwd=top)
    while paid.fake.answered < 500:
        assert program.poll() is None, program.communicate()
        time.sleep(0.01)
    program.send_signal(signal.SIGTERM)  # which is treated as Ctrl-C, and heard in any shell
    _, err = program.communicate(timeout=30)
    assert program.returncode == 130
    assert "what is done is kept" in err
    paid.fake.latency = 0.0
    paid("index", "--yes", cwd=top)
    assert len(paid.fake.texts) == len(set(paid.fake.texts))  # it waited for what was on its way


def test_a_spent_day_leaves_an_index_that_can_be_searched(paid: Paid, tmp_path: Path) -> None:
    top = many(tmp_path / "big", 1_200)
    write(top, {"zz/huge.py": "x = 1\n" * 250_000})  # ends the first batch of files
    paid.fake.a_day = 400
    done = paid("index", "--yes", cwd=top)
    assert done.returncode == 2
    assert "the quota of the day is spent" in done.stderr
    assert "midnight Pacific" in done.stderr
    kept = paid.fake.answered
    assert kept > 300
    paid.fake.a_day = None
    assert paid("index", cwd=top).returncode == 0
    assert paid.fake.answered <= 1_300
    assert len(set(paid.fake.texts)) == paid.fake.answered


def test_a_partial_index_answers_and_says_so(
    paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codesearch.ingest.pool._BATCH_FILES", 5)
    top = many(tmp_path / "big", 1_200)
    paid.fake.a_day = 600
    assert paid("index", "--yes", cwd=top).returncode == 2
    done = paid("handle work_3", "--mode", "lexical", cwd=top)
    assert done.returncode == 0
    assert "answered without" in done.stderr
    assert "quota of the day" in done.stderr


def test_a_text_that_the_service_does_not_take_is_named(paid: Paid, top: Path) -> None:
    write(top, {"app/odd.py": "def odd():\n    return 'UNFIT'\n"})
    done = paid("index", "--yes", "-v", cwd=top)
    assert done.returncode == 0
    assert "did not take 1 function" in done.stderr
    assert "not taken: app/odd.py odd" in done.stderr
    asked = len(paid.fake.calls)
    assert paid("index", cwd=top).returncode == 0
    assert len(paid.fake.calls) == asked  # nor is it sent again and again
    assert "app/odd.py" in paid("odd", cwd=top).stdout


# -- nothing unasked ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["backend", "model", "endpoint", "max-cost", "vertex"])
def test_a_repository_chooses_nothing_of_it(paid: Paid, top: Path, name: str) -> None:
    value = {"backend": '"gemini"', "max-cost": "5", "vertex": "true"}.get(name, '"http://x/y"')
    write(top, {"codesearch.toml": f"{name} = {value}\n"})
    done = paid("index", cwd=top, CODESEARCH_BACKEND="local")
    assert done.returncode == 2
    assert "a repository may not set" in done.stderr
    assert not paid.fake.calls


def test_files_of_secrets_are_not_sent_even_if_a_repository_wants_it(paid: Paid, top: Path) -> None:
    write(top, {
        ".codesearchignore": "!.env\n!credentials.json\n",
        ".env": "PLAIN=nobody sees this\n",
        "credentials.json": '{"plain": "nor that"}\n',
        "app/keys.py": "def connect():\n    return login('AKIAQ3EGRIVTWPXL4MZD')\n",
    })  # fmt: skip
    done = paid("index", "--yes", "-v", cwd=top)
    assert done.returncode == 0
    sent = "\n".join(paid.fake.texts)
    for hidden in ("nobody sees", "nor that", "AKIAQ3EGRIVTWPXL4MZD"):
        assert hidden not in sent
    assert "kept out of app/keys.py connect: AWS Access Key" in done.stderr


def test_offline_sends_nothing_and_answers_what_it_can(paid: Paid, top: Path) -> None:
    assert paid("index", "--offline", "--yes", cwd=top).returncode == 2
    assert not paid.fake.calls
    paid("index", "--yes", cwd=top)
    paid("schedule a retry", cwd=top)
    asked = len(paid.fake.calls)
    assert paid("schedule a retry", "--offline", cwd=top).returncode == 0
    assert paid("never asked", "--offline", "--mode", "lexical", cwd=top).returncode == 1
    new = paid("something else", "--offline", cwd=top)
    assert new.returncode == 2
    assert "network is forbidden" in new.stderr
    assert len(paid.fake.calls) == asked


def test_status_says_where_code_goes(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    done = paid("status", cwd=top)
    assert "gemini-embedding-2/1, 768 dimensions" in done.stdout
    assert "over the network" in done.stdout


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("key", "GEMINI_API_KEY"), ("404", "CODESEARCH_MODEL"), ("429 none", "billing"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(paid: Paid, top: Path, fault: str, says: str) -> None:
    paid.fake.every = lambda _: fault
    done = paid("index", "--yes", cwd=top)
    assert done.returncode == 2
    assert says in done.stderr
    assert "AQ.a-key" not in done.stderr
    assert "Traceback" not in done.stderr


# -- jobs --------------------------------------------------------------------------------------


def test_a_batch_job_costs_half_and_sends_no_calls(paid: Paid, top: Path) -> None:
    plan = json.loads(paid("index", "-n", "--batch", "--json", cwd=top).stdout)["bill"]
    full = json.loads(paid("index", "-n", "--json", cwd=top).stdout)["bill"]
    assert plan["dollars"] == pytest.approx(full["dollars"] / 2, abs=1e-6)
    done = paid("index", "--batch", "--yes", "--json", cwd=top)
    assert done.returncode == 0
    assert not paid.fake.calls
    bill = json.loads(done.stdout)["bill"]
    (job,) = paid.fake.jobs.values()
    assert bill["texts"] == len(job["texts"]) == 9
    assert bill["tokens"] == sum(map(tokens, job["texts"]))
    assert paid("schedule a retry", cwd=top).returncode == 0
    assert len(paid.fake.calls) == 1  # the question


def test_a_job_is_gone_on_with_and_never_paid_for_again(
    paid: Paid, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_running(paid, top, monkeypatch)
    assert len(paid.fake.jobs) == 1
    plain = paid("index", cwd=top)
    assert plain.returncode == 2
    assert "a batch job is at 9 functions" in plain.stderr
    assert "index --batch" in plain.stderr
    assert paid("index", "--batch", cwd=top).returncode == 0
    assert len(paid.fake.jobs) == 1
    assert not paid.fake.calls


def test_a_failed_job_is_forgotten_and_said(paid: Paid, top: Path) -> None:
    paid.fake.job_state = "BATCH_STATE_FAILED"
    done = paid("index", "--batch", "--yes", cwd=top)
    assert done.returncode == 2
    assert "failed" in done.stderr
    paid.fake.job_state = "BATCH_STATE_SUCCEEDED"
    assert paid("index", "--batch", cwd=top).returncode == 0


def test_what_a_job_could_not_do_is_sent_by_itself(paid: Paid, top: Path) -> None:
    write(top, {"app/odd.py": "def odd():\n    return 'UNFIT'\n"})
    done = paid("index", "--batch", "--yes", cwd=top)
    assert done.returncode == 0
    assert "did not take 1 function" in done.stderr
    assert [len(texts) for _, texts in paid.fake.calls] == [1, 1]  # the second: any other text


# -- answers in words ----------------------------------------------------------------------------


def test_an_answer_cites_what_was_sent(paid: Paid, top: Path) -> None:
    paid.fake.reply = (
        "It waits [app/queue.py:4-6], as nothing else does [app/none.py:3] [app/queue.py:900]."
    )
    plan = paid("ask", "how is a retry scheduled", "-n", cwd=top, CODESEARCH_BACKEND="local")
    assert "app/queue.py:4-6" in plan.stdout
    assert not paid.fake.bodies
    refused = paid("ask", "how is a retry scheduled", cwd=top, CODESEARCH_BACKEND="local")
    assert refused.returncode == 2
    assert not paid.fake.bodies
    done = paid("ask", "how is a retry scheduled", "--yes", cwd=top, CODESEARCH_BACKEND="local")
    assert done.returncode == 0
    assert paid.fake.reply in done.stdout
    lines = done.stdout.splitlines()
    assert "app/queue.py:4-6" in lines
    assert "app/none.py:3  (not among what was sent)" in lines
    assert "app/queue.py:900  (not among what was sent)" in lines
    assert "tokens; received" in done.stderr
    prompt = json.dumps(paid.fake.bodies[-1])
    assert "schedule_retry" in prompt
    # Agreed once, and as JSON.
    again = paid("ask", "how is a retry scheduled", "--json", cwd=top, CODESEARCH_BACKEND="local")
    found = json.loads(again.stdout)
    assert found["schema"] == "codesearch.ask/1"
    assert [c["right"] for c in found["citations"]] == [True, False, False]


def test_an_answer_acts_on_no_terminal(paid: Paid, top: Path) -> None:
    paid.fake.reply = "see\x1b[2J [app/queue.py:4]\u202e"
    done = paid("ask", "retry", "--yes", cwd=top, CODESEARCH_BACKEND="local")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\x1b[2J" in done.stdout


def test_an_answer_that_breaks_off_is_an_error(paid: Paid, top: Path) -> None:
    paid.fake.reply = "one two three four"
    paid.fake.faults.append("429 day")
    done = paid("ask", "retry", "--yes", cwd=top, CODESEARCH_BACKEND="local")
    assert done.returncode == 2
    assert "quota of the day" in done.stderr


def test_a_secret_is_not_sent_to_be_explained(paid: Paid, top: Path) -> None:
    write(top, {"app/keys.py": "def connect():\n    return login('AKIAQ3EGRIVTWPXL4MZD')\n"})
    paid("ask", "connect login", "--yes", cwd=top, CODESEARCH_BACKEND="local")
    assert "AKIAQ3EGRIVTWPXL4MZD" not in json.dumps(paid.fake.bodies)


# -- a process that stays ------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no server there")
def test_a_server_pays_for_nobody(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    paid("schedule a retry", cwd=top)
    watch = paid.begin("watch", "--json", cwd=top)
    try:
        assert watch.stdout is not None
        assert json.loads(watch.stdout.readline())["event"] == "ready"
        asked = len(paid.fake.calls)
        known = subprocess.run(
            [sys.executable, "-m", "codesearch", "schedule a retry"], cwd=top, check=True,
            env=paid.home.environment(**paid.variables), capture_output=True, text=True,
        )  # fmt: skip
        assert "app/queue.py" in known.stdout
        assert len(paid.fake.calls) == asked
        # A new question is sent by the one who asks, with his key.
        new = subprocess.run(
            [sys.executable, "-m", "codesearch", "never asked before"], cwd=top, check=False,
            env=paid.home.environment(**{**paid.variables, "GEMINI_API_KEY": "AQ.mine"}),
            capture_output=True, text=True,
        )  # fmt: skip
        assert new.returncode in {0, 1}, new.stderr
        sent = {k.lower(): v for k, v in paid.fake.headers[-1].items()}
        assert sent["x-goog-api-key"] == "AQ.mine"
        # What is saved is stored, and paid for once.
        write(top, {"app/late.py": "def late():\n    return 'comer'\n"})
        assert json.loads(watch.stdout.readline())["event"] == "updated"
        assert any("late" in text for text in paid.fake.texts)
    finally:
        watch.send_signal(signal.SIGTERM)
        watch.communicate(timeout=30)


# -- what a review found -------------------------------------------------------------------------


def test_a_job_whose_beginning_was_not_heard_of_is_found_again(
    paid: Paid, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the service took the job, before its name was known."""

    def lost(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("codesearch.remote.vault.Vault.begun", lost)
        assert paid("index", "--batch", "--yes", cwd=top).returncode == 130
    assert len(paid.fake.jobs) == 1
    assert paid("index", cwd=top).returncode == 2
    assert paid("index", "--batch", cwd=top).returncode == 0
    assert len(paid.fake.jobs) == 1
    assert not paid.fake.calls


def test_a_clone_fetches_the_job_of_another(
    paid: Paid, top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_running(paid, top, monkeypatch)
    clone = tmp_path / "clone"
    shutil.copytree(top, clone)
    shutil.rmtree(top)
    assert "9 functions of " in paid("cache", "show", cwd=clone).stdout
    assert paid("index", "--batch", "--yes", cwd=clone).returncode == 0
    assert len(paid.fake.jobs) == 1


def test_a_job_is_fetched_in_its_own_dimension(
    paid: Paid, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_running(paid, top, monkeypatch, CODESEARCH_DIMENSION="1536")
    assert paid("index", "--batch", "--yes", cwd=top).returncode == 0
    assert "9 vectors of 1536 dimensions" in paid("cache", "show", cwd=top).stdout
    assert paid("index", cwd=top, CODESEARCH_DIMENSION="1536").returncode == 0
    assert len(paid.fake.jobs) == 1
    assert not paid.fake.calls


@pytest.mark.parametrize("harm", ["gone", "no file", "bad lines"])
def test_no_job_is_a_dead_end(
    paid: Paid, top: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    job = left_running(paid, top, monkeypatch)
    if harm == "gone":
        paid.fake.jobs.clear()
    elif harm == "no file":
        del paid.fake.files[job["out"]]
    else:
        paid.fake.files[job["out"]] = (
            b'not json\n{"no": "key"}\n{"key": "zz", "response": {}}\n[]\n'
        )
    first = paid("index", "--batch", cwd=top)
    assert first.returncode == (0 if harm == "bad lines" else 2), first.stderr
    assert "Traceback" not in first.stderr
    assert "CODESEARCH_MODEL" not in first.stderr
    assert paid("index", "--yes", cwd=top).returncode == 0
    assert paid("schedule a retry", cwd=top).returncode == 0


def test_limits_hold_for_questions_too(paid: Paid, top: Path, tmp_path: Path) -> None:
    paid("index", "--yes", cwd=top)
    sent = len(paid.fake.texts)
    questions = tmp_path / "questions.txt"
    questions.write_text("one thing\nanother thing\na third thing\n")
    done = paid("search", "--queries-from", str(questions), "--jsonl", "--max-requests", "1",
                cwd=top)  # fmt: skip
    assert done.returncode == 2
    assert "limit of 1 functions" in done.stderr
    assert len(paid.fake.texts) == sent + 1


def test_no_limit_of_cost_is_promised_where_the_price_is_unknown(paid: Paid, top: Path) -> None:
    done = paid("index", "--yes", "--max-cost=1", cwd=top, CODESEARCH_MODEL="gemini-embedding-9")
    assert done.returncode == 2
    assert "price of gemini-embedding-9 is not known" in done.stderr
    assert not paid.fake.calls


def test_what_was_not_asked_about_adds_up_over_the_day(
    paid: Paid, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid("index", "--yes", cwd=top)
    monkeypatch.setattr("codesearch.ingest.paid.UNASKED", 0.00002)
    codes = []
    for i in range(12):
        write(top, {f"app/more{i}.py": f"def more_{_word(i)}():\n    return {i}\n"})
        codes.append(paid("index", cwd=top).returncode)
    assert codes[0] == 0
    assert codes[-1] == 2
    assert codes == sorted(codes)


def test_mending_pays_as_an_update_does(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    (lance,) = paid.home.folder.rglob("lance")
    shutil.rmtree(lance)
    paid("cache", "clear", "--yes", cwd=top)
    sent = len(paid.fake.texts)
    done = paid("doctor", "--fix", cwd=top, CODESEARCH_MAX_COST="0")
    assert done.returncode == 2
    assert "limit of $0.00 is" in done.stderr
    assert len(paid.fake.texts) == sent


def test_a_receipt_comes_also_where_a_run_stops(paid: Paid, tmp_path: Path) -> None:
    top = many(tmp_path / "big", 600)
    paid.fake.a_day = 300
    done = paid("index", "--yes", cwd=top)
    assert done.returncode == 2
    assert f"Sent {paid.fake.answered} functions" in done.stderr
    write(top, {"app/new.py": "def fresh():\n    return 'anew'\n"})
    paid.fake.a_day = None
    assert "Sent " in paid("fresh", cwd=top).stderr


def test_files_of_a_batch_that_are_paid_for_can_be_searched(paid: Paid, tmp_path: Path) -> None:
    top = many(tmp_path / "big", 1_200)
    paid.fake.a_day = 400
    assert paid("index", "--yes", cwd=top).returncode == 2
    paid.fake.a_day = 0
    found = paid("work job handle", "--mode", "lexical", "-l", "-k", "50", cwd=top)
    assert found.returncode == 0
    assert 1 <= len(found.stdout.split()) <= 10


def test_without_the_service_an_index_still_answers_by_words(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    write(top, {"app/new.py": "def fresh():\n    return 'anew'\n"})
    done = paid("schedule_retry", "--mode", "lexical", "--offline", cwd=top)
    assert done.returncode == 0
    assert "answered without 1 new or changed file (" in done.stderr
    paid.fake.every = lambda _: "403"
    assert paid("schedule_retry", "--mode", "lexical", cwd=top).returncode == 0


def test_ask_sends_nothing_unasked(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    write(top, {"app/new.py": "def fresh():\n    return 'anew'\n"})
    sent, bodies = len(paid.fake.texts), len(paid.fake.bodies)
    plan = paid("ask", "how is a retry scheduled", "-n", cwd=top)
    assert "app/queue.py" in plan.stdout
    off = paid("ask", "retry", "--yes", cwd=top, CODESEARCH_OFFLINE="1", CODESEARCH_BACKEND="local")
    assert off.returncode == 2
    assert (len(paid.fake.texts), len(paid.fake.bodies)) == (sent, bodies)
    paid("ask", "who uses AKIAQ3EGRIVTWPXL4MZD in a retry", "--yes", cwd=top,
         CODESEARCH_BACKEND="local")  # fmt: skip
    assert len(paid.fake.bodies) == bodies + 1
    assert "AKIAQ3EGRIVTWPXL4MZD" not in json.dumps(paid.fake.bodies[-1])


def test_an_answer_that_is_cut_is_an_error_and_lists_of_citations_are_read(
    paid: Paid, top: Path
) -> None:
    paid.fake.reply = "one two three four five [app/queue.py:4-6, app/none.py:3; app/queue.py:5]"
    done = paid("ask", "retry", "--yes", cwd=top, CODESEARCH_BACKEND="local")
    assert "app/none.py:3  (not among what was sent)" in done.stdout
    assert "app/queue.py:5" in done.stdout.splitlines()
    paid.fake.faults.append("drop")
    cut = paid("ask", "retry", cwd=top, CODESEARCH_BACKEND="local")
    assert cut.returncode == 2
    assert "broke off" in cut.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names that are text")
def test_a_repository_whose_path_is_no_text_is_paid_for_too(paid: Paid, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff"))
    top = repository(folder, SAMPLE)
    assert paid("index", "--yes", cwd=top).returncode == 0
    assert paid("index", cwd=top).returncode == 0


def test_nothing_is_exported_over_a_folder(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    for name in (".", "", "app"):
        done = paid("cache", "export", name, cwd=top)
        assert done.returncode == 2
        assert "cannot write" in done.stderr


def test_a_service_that_is_not_there_costs_nothing(paid: Paid, top: Path) -> None:
    gone = {"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9"}  # nobody listens at "discard"
    paid("index", "--yes", cwd=top)
    before = paid("cache", "show", cwd=top).stdout
    done = paid("something never asked", cwd=top, **gone)
    assert done.returncode == 2
    assert "did not answer" in done.stderr
    assert "ConnectError" in done.stderr
    assert "--mode lexical" in done.stderr
    assert paid("cache", "show", cwd=top).stdout == before


def test_a_key_is_missed_before_any_work(paid: Paid, top: Path) -> None:
    done = paid("index", "--yes", "-v", cwd=top, GEMINI_API_KEY="")
    assert done.returncode == 2
    assert "needs a key" in done.stderr
    assert len(done.stderr.splitlines()) == 4  # root, index, error, hint
    ask = paid("ask", "retry", cwd=top, GEMINI_API_KEY="", CODESEARCH_BACKEND="local")
    assert "needs a key" in ask.stderr


def test_another_backend_says_what_the_index_was(paid: Paid, top: Path) -> None:
    paid("index", "--yes", cwd=top)
    asked = len(paid.fake.calls)
    status = paid("status", "--backend", "local", cwd=top)
    assert "made with gemini-embedding-2/1, 768 dimensions" in status.stdout
    done = paid("retry", "--backend", "local", cwd=top)
    assert "another embedding model (gemini-embedding-2/1, 768 dimensions; now code" in done.stderr
    assert paid("index", cwd=top).returncode == 0
    assert len(paid.fake.calls) == asked


def test_ask_keeps_no_promise_that_it_cannot(paid: Paid, top: Path) -> None:
    done = paid("ask", "retry", "--yes", "--max-cost=1", cwd=top, CODESEARCH_BACKEND="local")
    assert done.returncode == 2
    assert "price of gemini-flash-latest is not known" in done.stderr
    assert not paid.fake.bodies


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals to be had in a test")
def test_progress_is_gone_before_anything_else_is_shown(paid: Paid, tmp_path: Path) -> None:
    import pty

    top = many(tmp_path / "big", 1_000)
    paid.fake.latency = 0.4
    keys, screen = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "codesearch", "index", "--yes"],
        cwd=top, env=paid.home.environment(**paid.variables, COLUMNS="100"),
        stdin=screen, stdout=screen, stderr=screen,
    )  # fmt: skip
    os.close(screen)
    shown = b""
    while True:
        try:
            part = os.read(keys, 4_096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(keys)
    assert program.wait(60) == 0
    assert b"Sending" in shown
    lines = []
    for line in shown.decode().split("\r\n"):
        last = line.split("\r")[-1]
        lines.append(last)
    assert any(line.startswith("Sent 1,000 functions") for line in lines)
    assert any(line.startswith("Indexed 25 files") for line in lines)
    assert not any("Sending" in line and "Sent" in line for line in lines)

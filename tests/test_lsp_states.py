"""What goes on with an index while an editor is open: what fails, is cancelled, and gets well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Home
from copies import PYTHON
from fake_services import Fake, Server
from lsp_client import Begin, Editor, Refused, named, until
from repositories import repository, write

FILES = {
    "app/retry.py": "def schedule_retry(job):\n    return job.delay * 2\n",
    "app/store.py": "def load_session(key):\n    return key\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A repository that takes seconds to be indexed."""
    body = "\n".join(f"def f{n}(a, b):\n    return a.method{n}(b) + {n}\n" for n in range(100))
    return repository(tmp_path / "large", {f"d{n % 20}/m{n}.py": body for n in range(600)})


# -- no code of a repository runs -----------------------------------------------------------


def test_modules_of_a_repository_are_not_imported(
    begin: Begin, repo: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    mark = tmp_path / "it-ran"
    code = f"open({str(mark)!r}, 'w').close()\n"
    names = ("multiprocessing/__init__", "sitecustomize", "codesearch/__init__", "numpy", "json")
    write(repo, {f"{name}.py": code for name in names})
    program = shutil.which("codesearch", path=str(Path(sys.executable).parent))
    assert program is not None
    with begin(cwd=repo) as e:
        e.begin(repo)
        assert e.search("load session")[0]["symbol"] == "load_session"
        e.save(repo / "app/store.py", "def other_session(key):\n    return key\n")
        assert e.search("other session")[0]["symbol"] == "other_session"
        subprocess.run([program, "schedule"], cwd=repo, env=environment, check=True)
        e.save(repo / "app/store.py", FILES["app/store.py"])
        until(lambda: e.ask("codesearch/status")["folders"][0]["status"]["state"] == "fresh")
    many = "\n".join(f"def f{n}(a):\n    return a.method{n}()\n" for n in range(5_000))
    write(repo, {f"many/m{n}.py": many for n in range(12)})
    subprocess.run([program, "index", "-q"], cwd=repo, env=environment, check=True)
    assert not mark.exists()


# -- what was asked for and did not come ----------------------------------------------------


def test_after_an_update_that_is_cancelled_the_index_is_as_before(e: Editor, large: Path) -> None:
    e.begin(large)
    e.state("ready")
    seen = len(e.received)
    asked = e.begin_to_ask("codesearch/index", {"full": True})
    e.state("indexing", since=seen)
    seen = len(e.received)
    e.tell("$/cancelRequest", {"id": asked})
    with pytest.raises(Refused):
        e.answer(asked)
    assert e.until(
        "codesearch/folderState", lambda p: p["state"] in {"ready", "missing"}, since=seen
    )


def test_a_first_index_that_is_cancelled_is_missing(e: Editor, large: Path) -> None:
    e.begin(large, options={"indexing": "onDemand"})
    e.state("missing")
    seen = len(e.received)
    asked = e.begin_to_ask("codesearch/index", {})
    e.state("indexing", since=seen)
    seen = len(e.received)
    e.tell("$/cancelRequest", {"id": asked})
    with pytest.raises(Refused):
        e.answer(asked)
    e.state("missing", since=seen)


def test_a_progress_bar_that_another_takes_the_place_of_is_ended(e: Editor, large: Path) -> None:
    e.begin(large)
    own = e.until("window/workDoneProgress/create")["token"]
    e.until("$/progress", lambda p: p["token"] == own)
    asked = e.begin_to_ask("codesearch/index", {"workDoneToken": "theirs"})
    e.until("$/progress", lambda p: p["token"] == own and p["value"]["kind"] == "end")
    e.answer(asked)
    e.until("$/progress", lambda p: p["token"] == "theirs" and p["value"]["kind"] == "end")  # noqa: S105


def test_what_failed_gets_well_again(e: Editor, repo: Path, home: Home) -> None:
    e.begin(repo)
    e.state("ready")
    ours = home.folder / ".config/codesearch/config.toml"
    ours.parent.mkdir(parents=True)
    ours.write_text("exclude = 7\n")
    seen = len(e.received)
    e.save(repo / "app/store.py", "def other_session(key):\n    return key\n")
    assert "'exclude' must be" in e.state("failed", since=seen)["message"]
    seen = len(e.received)
    ours.unlink()
    e.state("ready", since=seen)
    assert e.search("other session")[0]["symbol"] == "other_session"


def test_an_answer_does_not_wait_for_another_keeper(
    e: Editor, repo: Path, environment: dict[str, str], home: Home
) -> None:
    hold = (
        "import sys; from pathlib import Path; from codesearch import config, places\n"
        "from codesearch.index import Index\n"
        "with Index.open(Path('.'), config.Settings()).kept(): print('kept', flush=True); input()"
    )
    done = home.run("index", cwd=repo)
    assert done.returncode == 0, done.stderr
    with subprocess.Popen(
        [sys.executable, "-P", "-c", hold], cwd=repo, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == b"kept\n"
        e.begin(repo)
        e.state("ready")
        write(repo, {f"many/m{n}.py": f"def number_{n}():\n    return {n}\n" for n in range(90)})
        assert e.search("number_77")[0]["path"] == "many/m77.py"
        other.kill()


def test_a_folder_that_goes_is_told_of(e: Editor, repo: Path, tmp_path: Path) -> None:
    e.begin(repo)
    e.state("ready")
    seen = len(e.received)
    repo.rename(tmp_path / "elsewhere")
    assert "gone" in e.state("failed", since=seen)["message"]
    seen = len(e.received)
    (tmp_path / "elsewhere").rename(repo)
    e.state("ready", since=seen)


# -- settings -------------------------------------------------------------------------------


def test_settings_of_any_type_stop_nothing(e: Editor, repo: Path) -> None:
    strange: dict[str, Any] = {
        "duplicates": [], "severity": {}, "indexing": [1], "secondsToStore": {"a": 1},
    }  # fmt: skip
    e.begin(repo, options=strange)
    e.tell("workspace/didChangeConfiguration", {"settings": {"codesearch": strange}})
    e.tell("workspace/didChangeConfiguration", {"settings": None})
    assert e.search("load session")[0]["symbol"] == "load_session"


def test_a_repository_with_wrong_settings_can_be_written_in(e: Editor, repo: Path) -> None:
    write(repo, {"codesearch.toml": "exclude = 7\n"})
    e.begin(repo)
    e.state("failed")
    uri = e.open(repo / "app/store.py")
    e.type(uri, "def unsaved_here():\n    return 1\n")
    with pytest.raises(Refused, match="'exclude' must be"):
        e.search("unsaved_here")
    (repo / "codesearch.toml").unlink()
    e.state("ready")
    assert e.search("unsaved_here")[0]["uri"] == uri
    assert not [m for m in e.received if m["method"] == "window/showMessage"]


def test_what_somebody_cancelled_does_not_begin_with_the_next_setting(
    e: Editor, large: Path
) -> None:
    e.begin(large)
    token = e.until("window/workDoneProgress/create")["token"]
    e.until("$/progress", lambda p: p["token"] == token)
    e.tell("window/workDoneProgress/cancel", {"token": token})
    e.state("missing")
    e.tell("workspace/didChangeConfiguration", {"settings": {"codesearch": {"severity": "hint"}}})
    assert e.ask("codesearch/status")["folders"][0]["state"] == "missing"
    with pytest.raises(Refused, match="is not indexed"):
        e.search("method7")


def test_indexing_can_be_allowed_later(e: Editor, repo: Path) -> None:
    e.begin(repo, options={"indexing": "onDemand"})
    e.state("missing")
    settings = {"settings": {"codesearch": {"indexing": "automatic"}}}
    e.tell("workspace/didChangeConfiguration", settings)
    e.state("ready")


# -- several folders ------------------------------------------------------------------------


def test_a_folder_that_has_no_answer_hides_no_other(e: Editor, repo: Path, tmp_path: Path) -> None:
    other = repository(tmp_path / "other", {"codesearch.toml": 'backend = "gemini"\n'})
    e.begin(other, repo)
    found = e.ask("codesearch/search", {"query": "load session"})
    assert [a["results"][0]["symbol"] for a in found["answers"]] == ["load_session"]
    (failure,) = found["failures"]
    assert failure["folder"] == "other"
    assert "may not set 'backend'" in failure["message"]


def test_what_is_open_before_its_folder_is_searched_as_it_stands(
    e: Editor, repo: Path, tmp_path: Path
) -> None:
    other = repository(tmp_path / "other", FILES)
    e.begin(other)
    uri = e.open(repo / "app/store.py", "def unsaved_here():\n    return 1\n")
    e.tell(
        "workspace/didChangeWorkspaceFolders", {"event": {"added": [named(repo)], "removed": []}}
    )
    assert e.search("unsaved_here")[0]["uri"] == uri


# -- edits ----------------------------------------------------------------------------------


def test_lines_end_where_the_protocol_ends_them(e: Editor, repo: Path) -> None:
    text = "def alpha():\n    return 1\n\f\ndef beta():\n    return '\u2028\x85'\n\n"
    e.begin(repo)
    uri = e.open(repo / "app/fed.py", text)
    # Below the form feed, in the units of the protocol.
    at = {"line": 3, "character": 4}
    change = {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [
            {"range": {"start": at, "end": {"line": 3, "character": 8}}, "text": "gamma"},
            {"range": {"start": {"line": 6, "character": 0}, "end": {"line": 6, "character": 0}},
             "text": "def delta():\n    return 3\n"},
        ],
    }  # fmt: skip
    e.tell("textDocument/didChange", change)
    found = e.ask("codesearch/functions", {"textDocument": {"uri": uri}})["functions"]
    assert [f["name"] for f in found] == ["alpha", "gamma", "delta"]


# -- what is shown goes away ----------------------------------------------------------------


def test_findings_go_with_the_folder_and_with_the_index(
    e: Editor, repo: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(repo)
    write(repo, {"app/one.py": PYTHON, "app/two.py": PYTHON.replace("load_settings", "read")})
    e.begin(link)
    e.state("ready")
    uri = (link / "app/two.py").as_uri()
    e.open(link / "app/two.py")
    e.diagnostics(uri, bool)
    seen = len(e.received)
    e.ask("codesearch/clean", {})
    e.diagnostics(uri, lambda found: not found, since=seen)
    seen = len(e.received)
    e.ask("codesearch/index", {})
    e.diagnostics(uri, bool, since=seen)
    seen = len(e.received)
    e.tell(
        "workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [named(link)]}}
    )
    e.diagnostics(uri, lambda found: not found, since=seen)


def test_only_the_actions_that_are_wanted(e: Editor, repo: Path) -> None:
    write(repo, {"app/one.py": PYTHON, "app/two.py": PYTHON.replace("load_settings", "read")})
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/two.py")
    (found,) = e.diagnostics(uri, bool)
    asked: dict[str, Any] = {
        "textDocument": {"uri": uri}, "range": found["range"], "context": {"diagnostics": []},
    }  # fmt: skip
    assert len(e.ask("textDocument/codeAction", asked)) == 3
    for only, count in ((["quickfix"], 3), (["source.organizeImports"], 0), ([""], 3)):
        asked["context"]["only"] = only
        assert len(e.ask("textDocument/codeAction", asked)) == count, only


def test_nothing_is_looked_for_while_there_is_no_index(
    begin: Begin, repo: Path, tmp_path: Path
) -> None:
    real = shutil.which("git")
    log = tmp_path / "calls"
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin/git"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    with begin(PATH=f"{wrapper.parent}:{os.environ['PATH']}") as e:
        e.begin(repo, options={"indexing": "onDemand"})
        e.state("missing")
        e.open(repo / "app/store.py")
        until(lambda: log.exists() and "ls-files" in log.read_text())  # the look that came of it
        before = log.read_text()
        with pytest.raises(Refused):
            e.search("load session")
        e.ask("codesearch/index", {})
        assert log.read_text().count("diff-index") <= before.count("diff-index") + 1


# -- a service that costs --------------------------------------------------------------------


@pytest.fixture
def service() -> Iterator[tuple[Fake, dict[str, str]]]:
    fake = Fake()
    with Server(fake) as server:
        yield (
            fake,
            {
                "GEMINI_API_KEY": "AQ.a-key",
                "GOOGLE_GEMINI_BASE_URL": server.address,
                "CODESEARCH_BACKEND": "gemini",
                "NO_PROXY": "127.0.0.1",
            },
        )


def test_a_dialog_that_nobody_answers_can_be_cancelled(
    begin: Begin, repo: Path, service: tuple[Fake, dict[str, str]]
) -> None:
    fake, variables = service
    with begin(**variables) as e:
        e.unanswered.add("window/showMessageRequest")
        e.begin(repo)
        e.state("failed")
        asked = e.begin_to_ask("codesearch/index", {})
        e.until("window/showMessageRequest")
        e.tell("$/cancelRequest", {"id": asked})
        with pytest.raises(Refused):
            e.answer(asked)
        assert e.ask("codesearch/clean", {})["freed"] >= 0
    assert not fake.calls


def test_the_editors_key_is_not_for_terminals(
    begin: Begin,
    repo: Path,
    service: tuple[Fake, dict[str, str]],
    environment: dict[str, str],
) -> None:
    fake, variables = service
    with begin(**variables) as e:
        e.answers["window/showMessageRequest"] = lambda p: p["actions"][0]
        e.begin(repo)
        e.ask("codesearch/index", {})
        calls = len(fake.calls)
        without = {k: v for k, v in variables.items() if k != "GEMINI_API_KEY"}
        done = subprocess.run(
            [sys.executable, "-m", "codesearch", "a question that is new"],
            cwd=repo, env=environment | without, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "GEMINI_API_KEY" in done.stderr
        assert len(fake.calls) == calls
        e.search("a question that is new")
        assert len(fake.calls) == calls + 1

"""The language server as editors use it: the real program, real folders, real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Home
from lsp_client import Begin, Editor, Refused, named, until
from repositories import repository, write

FILES = {
    "app/retry.py": "def schedule_retry(job):\n    return job.delay * 2\n",
    "app/store.py": "def load_session(key):\n    return key\n",
    "lib/deep/parse.py": "def parse_header(line):\n    return line.split(':')\n",
    ".gitignore": "build/\n",
}
NEW = "def encode_morse(text):\n    return [MORSE[letter] for letter in text]\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", FILES)


def symbols(results: list[dict[str, object]]) -> list[object]:
    return [r["symbol"] for r in results]


# -- questions ----------------------------------------------------------------------------


def test_a_folder_is_indexed_and_a_question_waits_for_it(e: Editor, repo: Path) -> None:
    e.begin(repo)
    (first, *_) = e.search("how are retries scheduled")
    assert first["symbol"] == "schedule_retry"
    assert first["uri"] == (repo / "app/retry.py").as_uri()
    assert e.state("indexing")["uri"] == repo.as_uri()
    ready = e.state("ready")
    assert (ready["files"], ready["functions"], ready["remote"]) == (4, 4, False)


def test_the_answer_is_the_command_lines(e: Editor, repo: Path, home: Home) -> None:
    e.begin(repo)
    ours = e.ask("codesearch/search", {"query": "parse the header", "topK": 3})["answers"][0]
    e.end()
    done = home.run("search", "parse the header", "-k", "3", "--json", cwd=repo)
    theirs = json.loads(done.stdout)
    for result in ours["results"]:
        assert result.pop("uri") == (repo / result["path"]).as_uri()
    for answer in (ours, theirs):
        answer.pop("took_ms")
    assert ours == theirs


def test_filters_are_those_of_the_command_line(e: Editor, repo: Path) -> None:
    write(repo, {"app/guide.md": "# Retries\n\nHow a retry is scheduled.\n"})
    e.begin(repo)
    assert {r["language"] for r in e.search("retry", languages=["md"])} == {"markdown"}
    assert {r["path"] for r in e.search("line", globs=["lib/**"])} == {"lib/deep/parse.py"}
    assert {r["path"] for r in e.search("line", paths=["lib"])} == {"lib/deep/parse.py"}
    assert {r["kind"] for r in e.search("retry", kinds=["function"])} == {"function"}
    assert len(e.search("key line job", topK=1)) == 1


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "the query is empty"),
        ({"query": " \n"}, "the query is empty"),
        ({"query": 7}, "query must be a string"),
        ({"query": "x", "topK": 0}, "topK must be a number from 1 to 1,000"),
        ({"query": "x", "topK": True}, "topK must be a number"),
        ({"query": "x", "mode": "magic"}, "there is no 'magic'"),
        ({"query": "x", "languages": "py"}, "languages must be a list of strings"),
        ({"query": "x", "languages": ["klingon"]}, "there is no language 'klingon'"),
        ({"query": "x", "minScore": "high"}, "minScore must be a number"),
        ({"query": "x", "folder": "file:///nowhere"}, "no folder is open"),
    ],
)
def test_what_makes_no_sense_is_said(
    e: Editor, repo: Path, params: dict[str, object], says: str
) -> None:
    e.begin(repo)
    with pytest.raises(Refused, match=says) as refused:
        e.ask("codesearch/search", params)
    assert refused.value.code == -32803
    assert refused.value.data["reason"] == "config"


def test_symbols_of_the_workspace_are_answers_to_questions(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    first = e.ask("workspace/symbol", {"query": "where is a session loaded"})[0]
    assert first["name"] == "load_session"
    assert first["kind"] == 12
    assert first["location"]["uri"] == (repo / "app/store.py").as_uri()
    assert first["location"]["range"]["start"] == {"line": 0, "character": 0}
    assert e.ask("workspace/symbol", {"query": ""}) == []


def test_code_like_a_function_or_like_some_text(e: Editor, repo: Path) -> None:
    copy = FILES["app/retry.py"].replace("schedule_retry", "again")
    write(repo, {"app/again.py": "\n" + copy})
    e.begin(repo)
    at = {"textDocument": {"uri": (repo / "app/again.py").as_uri()}}
    where = at | {"position": {"line": 2, "character": 0}}
    found = e.ask("codesearch/similar", where)["answers"][0]
    assert found["query"] == "app/again.py:3"
    assert found["results"][0]["symbol"] == "schedule_retry"
    found = e.ask("codesearch/similar", {"code": FILES["app/store.py"]})["answers"][0]
    assert found["results"][0]["symbol"] == "load_session"
    with pytest.raises(Refused, match="lies in no indexed function"):
        e.ask("codesearch/similar", at | {"position": {"line": 99, "character": 0}})
    elsewhere = {"textDocument": {"uri": "file:///elsewhere.py"}}
    with pytest.raises(Refused, match="in no folder that is open"):
        e.ask("codesearch/similar", elsewhere | {"position": {"line": 0, "character": 0}})


def test_the_functions_of_a_file(e: Editor, repo: Path) -> None:
    e.begin(repo)
    file = repo / "app/store.py"
    uri = e.open(file, "\n\n" + file.read_text() + "\n\n" + NEW)
    found = e.ask("codesearch/functions", {"textDocument": {"uri": uri}})["functions"]
    assert [(f["name"], f["range"]["start"]["line"]) for f in found] == [
        ("load_session", 2), ("encode_morse", 6),
    ]  # fmt: skip
    assert {f["kind"] for f in found} == {"function"}


# -- what is not saved, and what is ---------------------------------------------------------


def test_what_is_not_saved_is_searched_as_it_stands(e: Editor, repo: Path, home: Home) -> None:
    e.begin(repo)
    file = repo / "app/store.py"
    uri = e.open(file)
    assert "encode_morse" not in symbols(e.search("encode morse"))
    e.type(uri, file.read_text() + "\n\n# a line\n" + NEW)
    found = e.search("encode morse")[0]
    assert (found["symbol"], found["start_line"]) == ("encode_morse", 5)
    assert "MORSE[letter]" in found["snippet"]
    # What was there moves with the text.
    e.type(uri, "\n\n\n" + file.read_text(), version=3)
    found = e.search("load session")[0]
    assert (found["symbol"], found["start_line"]) == ("load_session", 4)
    assert "encode_morse" not in symbols(e.search("encode morse"))
    # Nobody else sees it, and it goes with the document.
    assert "encode_morse" not in home.run("encode morse", cwd=repo).stdout
    e.shut(uri)
    assert e.search("load session")[0]["start_line"] == 1


def test_a_new_file_that_was_never_saved_is_searched(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/morse.py", NEW)
    assert e.search("encode morse")[0]["uri"] == uri
    # One that would not be indexed is not.
    (repo / "build").mkdir()
    e.open(repo / "build/other.py", "def decode_morse(text):\n    return text\n")
    assert "decode_morse" not in symbols(e.search("decode morse"))


def test_many_changes_that_are_not_saved(e: Editor, repo: Path) -> None:
    e.begin(repo)
    uris = [e.open(repo / name) for name in list(FILES)[:3]]
    for number, uri in enumerate(uris):
        e.type(uri, f"def unsaved_{number}():\n    return {number}\n")
    for number, uri in enumerate(uris):
        assert e.search(f"unsaved_{number}")[0]["uri"] == uri
    assert "load_session" not in symbols(e.search("load session"))


def test_what_is_saved_is_found_and_stored(e: Editor, repo: Path, home: Home) -> None:
    e.begin(repo)
    e.state("ready")
    seen = len(e.received)
    e.save(repo / "app/morse.py", NEW)
    assert e.search("encode morse")[0]["symbol"] == "encode_morse"
    assert e.state("ready", since=seen)["files"] == 5
    assert json.loads(home.run("status", "--json", cwd=repo).stdout)["state"] == "fresh"
    seen = len(e.received)
    (repo / "app/morse.py").rename(repo / "app/telegraph.py")
    assert e.search("encode morse")[0]["path"] == "app/telegraph.py"
    e.state("ready", since=seen)
    (repo / "app/telegraph.py").unlink()
    assert "encode_morse" not in symbols(e.search("encode morse"))


def test_more_changes_than_an_answer_may_read_are_stored_first(e: Editor, repo: Path) -> None:
    e.begin(repo, options={"secondsToStore": 600})
    e.state("ready")
    write(repo, {f"many/m{n}.py": f"def number_{n}():\n    return {n}\n" for n in range(200)})
    assert e.search("number_150")[0]["path"] == "many/m150.py"
    assert any(
        m["method"] == "codesearch/folderState" and m["params"]["state"] == "updating"
        for m in e.received
    )


def test_names_that_uris_and_texts_have_trouble_with(e: Editor, repo: Path) -> None:
    names = ["with space", "100%", "ümläut", "a#b?c", "日本", "<img src=x onerror=alert(1)>"]
    for number, name in enumerate(names):
        write(repo, {f"{name}.py": f"def peculiar_{number}():\n    return {number}\n"})
    raw = os.fsencode(repo) + b"/latin\xe9.py"
    Path(os.fsdecode(raw)).write_text("def peculiar_99():\n    return 99\n")
    e.begin(repo)
    for number, name in enumerate(names):
        found = e.search(f"peculiar_{number}")[0]
        assert (found["symbol"], found["uri"]) == (
            f"peculiar_{number}",
            (repo / f"{name}.py").as_uri(),
        )
        uri = e.open(repo / f"{name}.py", f"\n\ndef peculiar_{number}():\n    return 1\n")
        assert e.search(f"peculiar_{number}")[0]["start_line"] == 3, name
        e.shut(uri)
    assert e.search("peculiar_99")[0]["uri"].endswith("/latin%E9.py")


# -- folders ------------------------------------------------------------------------------


def test_two_folders_of_one_repository_share_its_index(e: Editor, repo: Path) -> None:
    e.begin(repo / "app", repo / "lib")
    answers = e.ask("codesearch/search", {"query": "line key job"})["answers"]
    assert len(answers) == 1
    paths = {r["path"].partition("/")[0] for r in answers[0]["results"]}
    assert paths == {"app", "lib"}, "what lies in neither is not asked about"
    only = e.search("line key job", folder=(repo / "lib").as_uri())
    assert {r["path"] for r in only} == {"lib/deep/parse.py"}


def test_folders_come_and_go(e: Editor, repo: Path, tmp_path: Path) -> None:
    other = repository(tmp_path / "other", {"x.py": NEW})
    e.begin(repo)
    assert "encode_morse" not in symbols(e.search("encode morse"))
    change = "workspace/didChangeWorkspaceFolders"
    e.tell(change, {"event": {"added": [named(other)], "removed": []}})
    assert "encode_morse" in symbols(e.search("encode morse"))
    assert len(e.ask("codesearch/status")["folders"]) == 2
    e.tell(change, {"event": {"added": [], "removed": [named(repo)]}})
    assert symbols(e.search("encode or schedule")) == ["encode_morse"]


def test_a_folder_behind_a_link_keeps_its_name(e: Editor, repo: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(repo)
    e.begin(link)
    assert e.search("load session")[0]["uri"] == (link / "app/store.py").as_uri()
    uri = e.open(link / "app/store.py", NEW)
    assert e.search("encode morse")[0]["uri"] == uri


def test_a_folder_that_cannot_be_searched_is_told_of(e: Editor, repo: Path, home: Home) -> None:
    home.folder.mkdir(exist_ok=True)
    e.begin(home.folder)
    state = e.state("failed")
    assert state["reason"] == "config"
    assert "holds more than a project" in state["message"]
    with pytest.raises(Refused, match="holds more than a project"):
        e.search("anything")
    assert e.ask("codesearch/status")["folders"][0]["status"] is None


def test_a_root_without_folders(e: Editor, repo: Path) -> None:
    e.begin(rootUri=repo.as_uri(), workspaceFolders=None)
    assert e.search("load session")[0]["symbol"] == "load_session"


# -- the index ----------------------------------------------------------------------------


def test_on_demand_nothing_is_indexed_before_it_is_asked_for(
    e: Editor, repo: Path, home: Home
) -> None:
    e.begin(repo, options={"indexing": "onDemand"})
    e.state("missing")
    with pytest.raises(Refused, match="is not indexed") as refused:
        e.search("load session")
    assert refused.value.data["reason"] == "missing"
    report = e.ask("codesearch/index", {"workDoneToken": "ours"})["reports"][0]
    assert report["schema"] == "codesearch.index/1"
    assert report["added"] == 4
    e.until("$/progress", lambda p: _is_of(p, "ours", "begin"))
    e.until("$/progress", lambda p: _is_of(p, "ours", "end"))
    assert e.search("load session")[0]["symbol"] == "load_session"


def _is_of(progress: dict[str, Any], token: str, kind: str) -> bool:
    return bool(progress["token"] == token and progress["value"]["kind"] == kind)


def test_a_clean_index_stays_away_until_it_is_asked_for(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    seen = len(e.received)
    assert e.ask("codesearch/clean", {})["freed"] > 10_000
    e.state("missing", since=seen)
    with pytest.raises(Refused, match="is not indexed"):
        e.search("load session")
    assert e.ask("codesearch/index", {"full": True})["reports"][0]["files"] == 4
    assert e.search("load session")[0]["symbol"] == "load_session"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A repository that takes seconds to be indexed."""
    body = "\n".join(f"def f{n}(a, b):\n    return a.method{n}(b) + {n}\n" for n in range(100))
    return repository(tmp_path / "large", {f"d{n % 20}/m{n}.py": body for n in range(600)})


def test_progress_is_shown_and_can_be_ended(e: Editor, large: Path) -> None:
    e.begin(large)
    token = e.until("window/workDoneProgress/create")["token"]
    first = e.until("$/progress", lambda p: p["token"] == token)["value"]
    assert first["title"] == "Indexing large"
    assert first["cancellable"]
    asked = e.begin_to_ask("codesearch/search", {"query": "method7"})
    e.tell("window/workDoneProgress/cancel", {"token": token})
    e.state("missing")
    with pytest.raises(Refused, match="is not indexed"):
        e.answer(asked)
    e.ask("codesearch/index", {})
    counted = e.until("codesearch/folderState", lambda p: p["done"] is not None)
    assert counted["total"] <= 600
    assert e.search("method7", topK=1)


def test_a_request_that_nobody_wants_any_more(e: Editor, large: Path) -> None:
    e.begin(large)
    asked = e.begin_to_ask("codesearch/search", {"query": "method7"})
    e.state("indexing")
    e.tell("$/cancelRequest", {"id": asked})
    with pytest.raises(Refused) as refused:
        e.answer(asked)
    assert refused.value.code == -32800
    indexing = e.begin_to_ask("codesearch/index", {})
    e.tell("$/cancelRequest", {"id": indexing})
    with pytest.raises(Refused) as refused:
        e.answer(indexing)
    assert refused.value.code == -32800


def test_the_stores_library_is_never_loaded_by_the_server(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    e.save(repo / "app/morse.py", NEW)
    e.search("encode morse")
    e.ask("codesearch/duplicates", {"scope": "all"})
    until(lambda: e.ask("codesearch/status")["folders"][0]["status"]["state"] == "fresh")
    if sys.platform == "linux":
        maps = Path(f"/proc/{e.process.pid}/maps").read_text()
        assert "numpy" in maps
        assert "lancedb" not in maps


def test_a_command_line_is_answered_by_the_server(
    e: Editor, repo: Path, environment: dict[str, str]
) -> None:
    e.begin(repo)
    e.state("ready")
    e.open(repo / "app/store.py", NEW)
    place = "from codesearch.server import place; print(place.near('.'))"
    near = subprocess.run(
        [sys.executable, "-c", place], cwd=repo, env=environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert near.stdout.strip().endswith(".sock")
    asked = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "codesearch", "load session"],
        cwd=repo, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "load_session" in asked.stdout, "what an editor has not saved is its own affair"
    assert "numpy" not in asked.stderr, "it was not answered by the server"


def test_beside_another_process_that_keeps_the_index(
    e: Editor, repo: Path, environment: dict[str, str]
) -> None:
    watch = subprocess.Popen(
        [sys.executable, "-m", "codesearch", "watch", "--json", "--debounce-ms", "50"],
        cwd=repo, env=environment, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert watch.stdout is not None
        assert b'"ready"' in watch.stdout.readline()
        e.begin(repo)
        e.state("ready")
        e.save(repo / "app/morse.py", NEW)
        assert e.search("encode morse")[0]["symbol"] == "encode_morse"
        uri = e.open(repo / "app/store.py", "def unsaved_here():\n    return 1\n")
        assert e.search("unsaved_here")[0]["uri"] == uri
    finally:
        watch.terminate()
        watch.communicate()
    e.save(repo / "app/more.py", NEW.replace("encode", "decode"))
    until(lambda: e.ask("codesearch/status")["folders"][0]["status"]["state"] == "fresh")


# -- trust, and the end ---------------------------------------------------------------------


def test_a_repository_cannot_choose_where_code_goes(e: Editor, repo: Path) -> None:
    write(repo, {"codesearch.toml": 'backend = "gemini"\n'})
    e.begin(repo)
    assert e.state("failed")["reason"] == "config"
    with pytest.raises(Refused, match="may not set 'backend'"):
        e.search("load session")
    # Once it is mended all is well.
    (repo / "codesearch.toml").unlink()
    until(lambda: _answers(e))


def _answers(e: Editor) -> bool:
    try:
        return bool(e.search("load session"))
    except Refused:
        return False


def test_it_ends_as_the_protocol_wants_it(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    assert e.end() == 0


def test_it_ends_with_its_processes_when_the_editor_is_gone(begin: Begin, repo: Path) -> None:
    with begin() as e:
        e.begin(repo)
        e.search("load session")
        e.save(repo / "app/morse.py", NEW)
        e.search("encode morse")
        children = _children(e.process.pid)
        assert children
        e.process.kill()
        until(lambda: not any(map(_runs, children)))


def _children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_nobody_starts_it_in_a_terminal(home: Home, repo: Path) -> None:
    import pty

    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "codesearch", "lsp"], cwd=repo, env=home.environment(),
        stdin=slave, capture_output=True, text=True, check=False,
    )  # fmt: skip
    os.close(master)
    os.close(slave)
    assert done.returncode == 2
    assert "started by editors" in done.stderr


@pytest.mark.parametrize(
    "method",
    [
        "codesearch/search",
        "codesearch/similar",
        "codesearch/index",
        "codesearch/clean",
        "codesearch/duplicates",
        "codesearch/functions",
    ],
)
def test_nonsense_is_refused_and_nothing_ends(e: Editor, repo: Path, method: str) -> None:
    e.begin(repo, options={"indexing": "onDemand", "severity": 7, "secondsToStore": "soon"})
    nonsense = [None, [], 7, "x", {"folder": 3}, {"textDocument": 3}, {"position": {"line": "x"}}]
    if method in {"codesearch/clean", "codesearch/index", "codesearch/duplicates"}:
        nonsense = [[], 7, "x", {"folder": 3}]  # they may be asked without any parameter
    for params in nonsense:
        with pytest.raises(Refused) as refused:
            e.ask(method, params)
        assert refused.value.code == -32803, params
    e.state("missing")
    assert e.ask("codesearch/status")["folders"][0]["state"] == "missing"


def test_what_is_no_message_ends_nothing(e: Editor, repo: Path) -> None:
    e.begin(repo)
    assert e.process.stdin is not None
    for body in (b"{", b"[]", b"7", b'{"jsonrpc":"2.0","id":1}', b'{"method":"x"}', b"\xff\xfe"):
        e.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    e.process.stdin.flush()
    assert e.search("load session")[0]["symbol"] == "load_session"

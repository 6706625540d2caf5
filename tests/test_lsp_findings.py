"""Duplicates in an editor: shown while one writes, accepted, and gone once they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from copies import JAVASCRIPT, OTHER, PYTHON
from fake_services import Fake, Server
from lsp_client import Begin, Editor, Refused
from repositories import git, repository, write

from codesearch.lsp.words import _SAID

COPY = PYTHON.replace("load_settings", "read_options")
EDITED = COPY.replace(
    "            values[",
    "            if key in seen:\n                seen.add(key)\n            values[",
)
assert EDITED != COPY

Diagnostics = list[dict[str, Any]]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", {"app/settings.py": PYTHON, "app/other.py": OTHER})


def commit(top: Path) -> None:
    git(top, "add", "-A")
    git(top, "commit", "-qm", "as it was")


def some(found: Diagnostics) -> bool:
    return bool(found)


def none(found: Diagnostics) -> bool:
    return not found


def test_a_copy_is_shown_while_it_is_written(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    file = repo / "app/other.py"
    uri = e.open(file)
    e.type(uri, OTHER + "\n\n" + COPY)
    (found,) = e.diagnostics(uri, some)
    assert (found["code"], found["source"], found["severity"]) == ("CS002", "codesearch", 3)
    assert found["message"] == (
        "'read_options' is the same but for names and values as 'load_settings'"
        " (app/settings.py:1-13)"
    )
    line = len((OTHER + "\n\n").split("\n")) - 1
    assert found["range"] == {
        "start": {"line": line, "character": 4}, "end": {"line": line, "character": 16},
    }  # fmt: skip
    (related,) = found["relatedInformation"]
    assert related["location"]["uri"] == (repo / "app/settings.py").as_uri()
    assert related["location"]["range"]["start"] == {"line": 0, "character": 4}
    assert found["data"]["place"]["uri"] == uri
    seen = len(e.received)
    e.type(uri, OTHER, version=3)
    e.diagnostics(uri, none, since=seen)


def test_a_changed_file_that_is_not_open_is_looked_at(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    write(repo, {"app/copied.py": EDITED})
    uri = (repo / "app/copied.py").as_uri()
    (found,) = e.diagnostics(uri, some)
    assert found["code"] == "CS003"
    assert re.search(r"'read_options' is \d\d % like 'load_settings'", found["message"])
    assert e.until("codesearch/duplicatesChanged") == {}
    (answer,) = e.ask("codesearch/duplicates", {"scope": "changed"})["answers"]
    assert answer["schema"] == "codesearch.duplicates/1"
    assert answer["mode"] == "uncommitted"
    assert [f["place"]["uri"] for f in answer["findings"]] == [uri]
    assert answer["findings"][0]["other"]["uri"] == (repo / "app/settings.py").as_uri()


def test_a_file_is_looked_at_as_it_stands_and_not_as_it_is_stored(e: Editor, repo: Path) -> None:
    write(repo, {"app/copied.py": COPY})
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/copied.py")
    e.type(uri, "\n\n\n" + COPY)
    (answer,) = e.ask("codesearch/duplicates", {"scope": "changed"})["answers"]
    assert [f["place"]["start_line"] for f in answer["findings"]] == [4]


def test_what_was_committed_is_asked_about_where_it_is_open(e: Editor, repo: Path) -> None:
    write(repo, {"app/copied.py": COPY})
    commit(repo)
    e.begin(repo)
    e.state("ready")
    assert e.ask("codesearch/duplicates", {"scope": "changed"})["answers"][0]["findings"] == []
    uri = e.open(repo / "app/copied.py")
    assert e.diagnostics(uri, some)[0]["code"] == "CS002"
    (answer,) = e.ask("codesearch/duplicates", {"scope": "files", "files": [uri]})["answers"]
    assert [f["place"]["symbol"] for f in answer["findings"]] == ["read_options"]
    (answer,) = e.ask("codesearch/duplicates", {"scope": "all"})["answers"]
    assert len(answer["findings"]) == 1
    seen = len(e.received)
    e.tell(
        "workspace/didChangeConfiguration", {"settings": {"codesearch": {"duplicates": "changed"}}}
    )
    e.diagnostics(uri, none, since=seen)


def test_severity_and_silence_are_settings(e: Editor, repo: Path) -> None:
    e.begin(repo, options={"severity": "warning"})
    e.state("ready")
    uri = e.open(repo / "app/other.py")
    e.type(uri, COPY)
    assert e.diagnostics(uri, some)[0]["severity"] == 2
    settings = {"settings": {"codesearch": {"duplicates": "off"}}}
    seen = len(e.received)
    e.tell("workspace/didChangeConfiguration", settings)
    e.diagnostics(uri, none, since=seen)


def actions(e: Editor, uri: str, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What can be done about a diagnostic, by what it is."""
    asked = {
        "textDocument": {"uri": uri},
        "range": found["range"],
        "context": {"diagnostics": [found]},
    }
    given = e.ask("textDocument/codeAction", asked)
    return {action["data"]["codesearch"]: action for action in given}


METHOD = "class A:\n    x = 1\n\n" + re.sub("(?m)^(?=.)", "    ", COPY)


@pytest.mark.parametrize(
    ("name", "original", "copy", "remark"),
    [
        ("copied.py", PYTHON, METHOD, "    # codesearch: ignore[CS002]"),
        (
            "copied.js",
            JAVASCRIPT,
            JAVASCRIPT.replace("readTable", "tableOf"),
            "// codesearch: ignore[CS002]",
        ),
    ],
)
def test_a_comment_suppresses_a_finding(
    e: Editor, repo: Path, name: str, original: str, copy: str, remark: str
) -> None:
    write(repo, {f"app/original{Path(name).suffix}": original, f"app/{name}": ""})
    (repo / "app/settings.py").unlink()
    commit(repo)
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app" / name)
    e.type(uri, copy)
    (found,) = e.diagnostics(uri, some)
    action = actions(e, uri, found)["suppress"]
    (edit,) = action["edit"]["changes"][uri]
    assert edit["newText"] == remark + "\n"
    assert edit["range"]["start"] == edit["range"]["end"] == {
        "line": found["range"]["start"]["line"], "character": 0,
    }  # fmt: skip
    lines = copy.split("\n")
    lines.insert(edit["range"]["start"]["line"], remark)
    seen = len(e.received)
    e.type(uri, "\n".join(lines), version=3)
    e.diagnostics(uri, none, since=seen)


def test_a_text_that_went_on_is_not_edited_by_its_old_lines(e: Editor, repo: Path) -> None:
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/other.py")
    e.type(uri, COPY)
    (found,) = e.diagnostics(uri, some)
    e.type(uri, "\n\n" + COPY, version=3)
    assert "suppress" not in actions(e, uri, found)


def test_the_original_is_opened(e: Editor, repo: Path) -> None:
    shown: list[dict[str, Any]] = []
    e.answers["window/showDocument"] = lambda p: shown.append(p) or {"success": True}  # type: ignore[func-returns-value]
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/other.py")
    e.type(uri, COPY)
    (found,) = e.diagnostics(uri, some)
    action = actions(e, uri, found)["open"]
    assert action["title"] == "Go to load_settings (app/settings.py:1)"
    command = action["command"]
    e.ask("workspace/executeCommand", {k: command[k] for k in ("command", "arguments")})
    assert [s["uri"] for s in shown] == [(repo / "app/settings.py").as_uri()]
    assert shown[0]["selection"]["start"] == {"line": 0, "character": 4}


def test_a_finding_is_accepted_in_the_baseline_and_no_other(e: Editor, repo: Path) -> None:
    write(repo, {"app/more.js": JAVASCRIPT})
    commit(repo)
    both = COPY + "\n\n" + EDITED.replace("read_options", "parse_options")
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/other.py")
    e.type(uri, both)
    first, second = e.diagnostics(uri, lambda found: len(found) == 2)
    command = actions(e, uri, first)["accept"]["command"]
    seen = len(e.received)
    e.ask("workspace/executeCommand", {k: command[k] for k in ("command", "arguments")})
    (left,) = e.diagnostics(uri, lambda found: len(found) == 1, since=seen)
    assert left["range"]["start"] == second["range"]["start"]
    assert json.loads((repo / ".codesearch-baseline.json").read_text())["pairs"][0]


def test_columns_are_those_of_the_editor(e: Editor, repo: Path) -> None:
    write(repo, {"app/table.js": JAVASCRIPT})
    commit(repo)
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/other.js", "")
    e.type(uri, "/* \U0001f600 */ " + JAVASCRIPT.replace("readTable", "tableOf"))
    (found,) = e.diagnostics(uri, some)
    # An emoji is two units of UTF-16.
    assert found["range"]["start"]["character"] == len("/* \U0001f600 */ function ") + 1


def test_where_there_is_no_git_open_files_are_looked_at(e: Editor, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    write(plain, {"a.py": PYTHON, "b.py": COPY})
    e.begin(plain)
    e.state("ready")
    assert e.ask("codesearch/duplicates", {"scope": "changed"})["answers"] == []
    uri = e.open(plain / "b.py")
    assert e.diagnostics(uri, some)[0]["code"] == "CS002"


def test_in_a_repository_without_a_commit_all_is_new(e: Editor, tmp_path: Path) -> None:
    top = repository(tmp_path / "new")
    write(top, {"a.py": PYTHON, "b.py": COPY})
    e.begin(top)
    e.state("ready")
    (answer,) = e.ask("codesearch/duplicates", {"scope": "changed"})["answers"]
    assert len(answer["findings"]) == 1


def test_hostile_names_stay_text(e: Editor, repo: Path) -> None:
    name = "<b onclick=x>[a](command:y)\u202e.py"
    write(repo, {f"app/{name}": PYTHON.replace("load_settings", "x")})
    (repo / "app/settings.py").unlink()
    commit(repo)
    e.begin(repo)
    e.state("ready")
    uri = e.open(repo / "app/other.py")
    e.type(uri, COPY)
    (found,) = e.diagnostics(uri, some)
    assert "\u202e" not in found["message"], "marks that reorder text are shown as escapes"
    assert found["relatedInformation"][0]["location"]["uri"] == (repo / "app" / name).as_uri()


# -- languages ----------------------------------------------------------------------------


def test_german_is_whole() -> None:
    fields = re.compile(r"\{(\w+)\}")
    english, german = _SAID["en"], _SAID["de"]
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert set(fields.findall(text)) == set(fields.findall(german[key])), key
    same = {key for key in english if english[key] == german[key]}
    assert not same


def test_an_editor_is_spoken_to_in_its_language(e: Editor, repo: Path) -> None:
    e.begin(repo, locale="de")
    e.state("ready")
    uri = e.open(repo / "app/other.py")
    e.type(uri, COPY)
    (found,) = e.diagnostics(uri, some)
    assert found["message"] == (
        "'read_options' ist bis auf Namen und Werte dasselbe wie 'load_settings'"
        " (app/settings.py:1-13)"
    )
    assert actions(e, uri, found)["open"]["title"].startswith("Gehe zu load_settings")
    (answer,) = e.ask("codesearch/duplicates", {"scope": "changed"})["answers"]
    assert answer["findings"][0]["message"] == found["data"]["message"] == found["message"]


# -- a backend that costs money -----------------------------------------------------------


@pytest.mark.parametrize("answer", ["Send", "Cancel", None])
def test_nothing_is_sent_before_a_person_agrees(
    begin: Begin, repo: Path, answer: str | None
) -> None:
    fake = Fake()
    offers: list[dict[str, Any]] = []

    def agree(params: dict[str, Any]) -> Any:
        offers.append(params)
        return next((a for a in params["actions"] if a["title"] == answer), None)

    with (
        Server(fake) as service,
        begin(
            GEMINI_API_KEY="AQ.a-key",
            GOOGLE_GEMINI_BASE_URL=service.address,
            CODESEARCH_BACKEND="gemini",
            no_proxy="127.0.0.1",
        ) as e,
    ):
        e.answers["window/showMessageRequest"] = agree
        e.begin(repo)
        assert e.state("failed")["reason"] == "consent", "nobody asks by itself"
        with pytest.raises(Refused, match="nobody has agreed"):
            e.search("load settings")
        assert not offers
        assert not fake.calls
        if answer != "Send":
            with pytest.raises(Refused, match="nobody has agreed"):
                e.ask("codesearch/index", {})
            assert not fake.calls
        else:
            e.ask("codesearch/index", {})
            assert fake.calls
            assert e.state("ready")["remote"]
            assert e.search("load settings")[0]["symbol"] == "load_settings"
        (offer,) = offers
        assert "2 functions of repo" in offer["message"]
        assert [a["title"] for a in offer["actions"]] == ["Send", "Cancel"]

"""The program as people and scripts run it: real processes, real repositories, a real index."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runner import SAMPLE, Ask, Done, Home, repository, write

from codesearch import store

POSIX = sys.platform != "win32"
LINE = re.compile(
    r"(?P<path>.+):(?P<start>\d+)-(?P<end>\d+)  (?P<kind>\w+)(?: (?P<symbol>\S+))?  -?\d+\.\d\d"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def repo(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An indexed repository; tests that change something make their own."""
    folder = repository(tmp_path_factory.mktemp("work") / "repo", SAMPLE)
    assert home.run("index", cwd=folder).returncode == 0
    return folder


@pytest.fixture
def own(tmp_path: Path) -> tuple[Home, Path]:
    return Home(tmp_path / "home"), repository(tmp_path / "repo", SAMPLE)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    return Ask(monkeypatch, capfdbinary)


def symbols(out: str) -> list[str]:
    found = [LINE.fullmatch(line) for line in out.splitlines()]
    assert all(found), out
    return [match["symbol"] or "" for match in found if match]


def answer(done: Done) -> dict[str, Any]:
    assert done.stderr == ""
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["schema"].startswith("codesearch.")
    return document


# -- questions ---------------------------------------------------------------------------


def test_a_question_builds_the_index_and_is_answered(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    done = ask(home, "how are retries scheduled", cwd=repo)
    assert (done.returncode, done.stderr) == (0, "")
    assert symbols(done.stdout)[0] == "schedule_retry"
    assert done.stdout.startswith("app/queue.py:4-6  function schedule_retry  ")


def test_what_was_edited_since_is_answered(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    ask(home, "index", cwd=repo)
    write(repo, {"app/queue.py": "def postpone_everything():\n    pass\n"})
    done = ask(home, "postpone everything", cwd=repo)
    assert symbols(done.stdout)[0] == "postpone_everything"
    assert "schedule_retry" not in ask(home, "schedule retry", "app", cwd=repo).stdout


def test_a_word_that_is_a_command_is_asked_with_search(ask: Ask, home: Home, repo: Path) -> None:
    assert ask(home, "status", cwd=repo).stdout.startswith("root")
    assert symbols(ask(home, "search", "config", cwd=repo).stdout)
    assert symbols(ask(home, "-k", "1", "--", "config", cwd=repo).stdout) == ["Config"]


def test_the_current_folder_is_the_scope_and_paths_are_shown_from_it(
    ask: Ask, home: Home, repo: Path
) -> None:
    here = ask(home, "schedule a failed job", cwd=repo / "tests")
    assert {line.partition(":")[0] for line in here.stdout.splitlines()} == {"test_queue.py"}
    above = ask(home, "schedule a failed job", "../app", cwd=repo / "tests")
    paths = {line.partition(":")[0] for line in above.stdout.splitlines()}
    assert paths <= {os.path.join("..", "app", n) for n in ("queue.py", "config.py")}  # noqa: PTH118
    assert paths
    one = ask(home, "schedule a failed job", "app/queue.py", cwd=repo)
    assert {line.partition(":")[0] for line in one.stdout.splitlines()} == {
        os.path.join("app", "queue.py")  # noqa: PTH118
    }
    whole = ask(home, "schedule a failed job", str(repo), cwd=repo.parent)
    assert whole.stdout.startswith(os.path.join("repo", "app", "queue.py"))  # noqa: PTH118


def test_two_repositories_at_once_are_an_error(
    ask: Ask, home: Home, repo: Path, tmp_path: Path
) -> None:
    other = repository(tmp_path / "other", {"a.py": "x = 1\n"})
    done = ask(home, "x", str(repo), str(other), cwd=tmp_path)
    assert done.returncode == 2
    assert f"is in another repository ({other})" in done.stderr


def test_folders_without_git_are_asked_about_together(ask: Ask, home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"a/one.py": "def one():\n    pass\n", "b/two.py": "def two():\n    pass\n"})
    done = ask(home, "two", "a", "b", "--json", cwd=tmp_path)
    assert answer(done)["root"] == os.path.realpath(tmp_path)
    apart = ask(home, "two", str(tmp_path / "a"), str(tmp_path / "b"), cwd=home.folder)
    assert apart.returncode == 2


def test_nothing_found_is_a_sentence_and_exit_1(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "schedule", "--symbol", "no_such_name", cwd=repo)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'nothing found for "schedule"; try without the filters\n'
    quiet = ask(home, "schedule", "--symbol", "no_such_name", "-q", cwd=repo)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (1, "", "")


def test_filters_narrow_the_answer(ask: Ask, home: Home, repo: Path) -> None:
    assert symbols(ask(home, "search", "config", "--kind", "class", cwd=repo).stdout) == ["Config"]
    assert "guide.md" in ask(home, "settings", "-t", "markdown", "-l", cwd=repo).stdout
    assert "guide.md" not in ask(home, "settings", "-T", "md", "-l", cwd=repo).stdout
    only = ask(home, "retry", "-g", "app/**", "-l", cwd=repo).stdout.splitlines()
    assert only
    assert all(name.startswith("app") for name in only)
    assert "tests" not in ask(home, "retry", "-g", "!tests/**", "-l", cwd=repo).stdout
    assert ask(home, "retry", "--tests", "only", "-l", cwd=repo).stdout.splitlines() == [
        os.path.join("tests", "test_queue.py")  # noqa: PTH118
    ]
    assert ask(home, "retry", "--min-score", "1e9", cwd=repo).returncode == 1
    assert len(symbols(ask(home, "job", "-k", "2", cwd=repo).stdout)) == 2


def test_without_refresh_the_index_must_be_there(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    done = ask(home, "retry", "--no-refresh", cwd=repo)
    assert done.returncode == 2
    assert "is not indexed" in done.stderr
    assert "hint: run `codesearch index`" in done.stderr
    ask(home, "index", cwd=repo)
    write(repo, {"app/new.py": "def newly_made():\n    pass\n"})
    stale = ask(home, "newly made", "--no-refresh", "--json", cwd=repo)
    assert "newly_made" not in stale.stdout


# -- formats -----------------------------------------------------------------------------


def test_json_follows_the_schema_with_paths_from_the_root(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "schedule a failed job", ".", "--json", cwd=repo / "app")
    document = answer(done)
    assert document["schema"] == "codesearch.search/1"
    assert document["root"] == os.path.realpath(repo)
    assert document["index"]["state"] == "fresh"
    assert document["index"]["backend"] == "local"
    first = document["results"][0]
    assert (first["rank"], first["path"], first["symbol"]) == (1, "app/queue.py", "schedule_retry")
    assert first["snippet"].startswith("def schedule_retry(job, delay):\n")
    assert first["parts"]
    golden = json.loads((Path(__file__).parent / "golden" / "search.json").read_text("utf-8"))
    assert document.keys() == golden.keys()
    assert first.keys() == golden["results"][0].keys()


def test_nothing_found_is_still_a_document(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "x", "--symbol", "no_such_name", "--json", "-q", cwd=repo)
    assert done.returncode == 1
    assert answer(done)["results"] == []


def test_jsonl_is_one_line(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "retry", "--jsonl", cwd=repo)
    assert done.stdout.count("\n") == 1
    assert answer(done)["results"]


def test_by_file_holds_one_object_a_file(ask: Ask, home: Home, repo: Path) -> None:
    document = answer(ask(home, "config load save", "--by-file", "--json", cwd=repo))
    paths = [result["path"] for result in document["results"]]
    assert len(paths) == len(set(paths))
    config = next(r for r in document["results"] if r["path"] == "app/config.py")
    assert {"Config.load", "Config.save"} <= {config["symbol"]} | {
        a["symbol"] for a in config["also"]
    }


def test_vimgrep_and_names(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "schedule a failed job", "app", "--format", "vimgrep", cwd=repo)
    name = os.path.join("app", "queue.py")  # noqa: PTH118
    assert done.stdout.startswith(f"{name}:4:5:def schedule_retry(job, delay):\n")
    names = ask(home, "schedule a failed job", "-l", cwd=repo).stdout.splitlines()
    assert names[0] == name
    assert len(names) == len(set(names))


def test_lines_asked_for_are_shown_in_a_pipe_too(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "schedule a failed job", "-k1", "--full", cwd=repo)
    assert done.stdout.splitlines()[1:] == [
        "4  def schedule_retry(job, delay):",
        '5      """Put a failed job back into the queue after a delay."""',
        "6      queue.put(job, after=delay * job.attempts)",
    ]
    done = ask(home, "schedule a failed job", "-k1", "-C0", cwd=repo)
    assert len(done.stdout.splitlines()) in {2, 4}  # the best line, and the definition above it
    assert "lexical" in ask(home, "failed job", "-k1", "--explain", cwd=repo).stdout


def test_colours_are_for_terminals_or_who_asks(ask: Ask, home: Home, repo: Path) -> None:
    args = ("failed job", "-k1", "--full")
    assert "\x1b" not in ask(home, *args, cwd=repo).stdout
    assert "\x1b[35m" in ask(home, *args, "--color", "always", cwd=repo).stdout
    assert "\x1b[35m" in ask(home, *args, cwd=repo, FORCE_COLOR="1").stdout
    assert "\x1b" not in ask(home, *args, cwd=repo, FORCE_COLOR="1", NO_COLOR="1").stdout
    assert "\x1b" not in ask(home, *args, "--color=never", cwd=repo, FORCE_COLOR="1").stdout


# -- many questions ----------------------------------------------------------------------


def test_a_file_of_questions_gives_one_answer_a_line(
    ask: Ask, home: Home, repo: Path, tmp_path: Path
) -> None:
    asked = tmp_path / "queries.txt"
    asked.write_bytes(b"\xef\xbb\xbffailed job\r\n\n  \nload config\n\x01\nno end of line \xff")
    done = ask(home, "search", "--queries-from", str(asked), "--jsonl", "-k1", cwd=repo)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(a["line"], a["query"]) for a in answers] == [
        (1, "failed job"),
        (4, "load config"),
        (6, "no end of line \ufffd"),
    ]
    assert [a["results"][0]["symbol"] for a in answers[:2]] == ["schedule_retry", "Config.load"]
    assert (done.returncode, done.stderr) == (0, "")


def test_an_answer_comes_before_the_next_question_is_asked(home: Home, repo: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "codesearch", "search", "--queries-from", "-", "--jsonl", "app"],
        cwd=repo,
        env=home.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for query in (b"failed job", b"load config"):
            process.stdin.write(query + b"\n")
            process.stdin.flush()
            found = json.loads(process.stdout.readline())
            assert found["query"] == query.decode()
            assert all(r["path"].startswith("app/") for r in found["results"])
        process.stdin.close()
        assert process.wait(60) == 0


def test_every_question_of_many_sees_the_files_as_they_are(
    ask: Ask, own: tuple[Home, Path], tmp_path: Path
) -> None:
    home, repo = own
    home.run("index", cwd=repo)
    (repo / "app" / "fresh.py").write_text("def polish_the_lens():\n    return 1\n")
    asked = tmp_path / "queries.txt"
    asked.write_text("polish the lens\npolish lens\n")
    done = ask(home, "search", "--queries-from", str(asked), "--jsonl", "-k1", cwd=repo)
    for line in done.stdout.splitlines():
        found = json.loads(line)
        assert found["results"][0]["symbol"] == "polish_the_lens"
        assert found["index"]["state"] == "fresh"
    assert len(done.stdout.splitlines()) == 2


# -- hostile and odd questions -----------------------------------------------------------


def test_a_very_long_question_is_cut_with_a_warning(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "failed job " * 10_000, "-k1", cwd=repo)
    assert symbols(done.stdout) == ["schedule_retry"]
    assert done.stderr.startswith("warning: the query has ")


def test_control_characters_in_a_question_are_blanks(ask: Ask, home: Home, repo: Path) -> None:
    document = answer(ask(home, "failed\x1b[31m\tjob\n", "-k1", "--json", cwd=repo))
    assert document["query"] == "failed [31m job"


@pytest.mark.skipif(not POSIX, reason="arguments are text there")
def test_a_question_that_is_no_unicode_is_answered(ask: Ask, home: Home, repo: Path) -> None:
    document = answer(ask(home, b"failed job caf\xe9", "-k1", "--json", cwd=repo))
    assert document["results"][0]["symbol"] == "schedule_retry"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_hostile_names_are_exact_for_programs_and_one_line(
    ask: Ask, own: tuple[Home, Path]
) -> None:
    home, repo = own
    foreign = os.fsencode(repo) + b"/caf\xe9.py"
    Path(os.fsdecode(foreign)).write_text("def espresso():\n    pass\n")
    (repo / "evil\n\x1b[31m.py").write_text("def espresso_too():\n    pass\n")
    lines = ask(home, "espresso", "-l", cwd=repo).stdout.splitlines()
    assert {"caf\udce9.py", r"evil\n\x1b[31m.py"} <= set(lines)
    document = answer(ask(home, "espresso", "--json", cwd=repo))
    paths = {result["path"]: result for result in document["results"]}
    assert "evil\n\x1b[31m.py" in paths
    assert "path_bytes" in paths["caf\ufffd.py"]
    files = ask(home, "files", cwd=repo)
    assert "caf\udce9.py" in files.stdout.splitlines()
    assert ask(home, "espresso", b"caf\xe9.py", cwd=repo).returncode == 0


# -- similar -----------------------------------------------------------------------------


def test_code_like_a_function_is_found_without_the_function(
    ask: Ask, home: Home, repo: Path
) -> None:
    done = ask(home, "similar", "queue.py:5", cwd=repo / "app")
    assert "schedule_retry" not in symbols(done.stdout)
    assert any(line.startswith("..") for line in done.stdout.splitlines())  # the whole repository
    document = answer(ask(home, "similar", "app/queue.py:4-6", "app", "--json", cwd=repo))
    assert document["query"] == "app/queue.py:4"
    assert all(r["path"].startswith("app/") for r in document["results"])


def test_code_from_standard_input_is_compared(ask: Ask, home: Home, repo: Path) -> None:
    code = "\ufeffdef schedule_retry(job, delay):\r\n    queue.put(job, after=delay)\r\n\xff"
    done = ask(home, "similar", "-", "-k1", cwd=repo, stdin=code.encode("latin-1", "replace"))
    assert symbols(done.stdout) == ["schedule_retry"]
    empty = ask(home, "similar", "-", cwd=repo, stdin=b" \n")
    assert empty.returncode == 2
    assert "no code on standard input" in empty.stderr


def test_a_line_beyond_the_file_is_an_error(ask: Ask, home: Home, repo: Path) -> None:
    done = ask(home, "similar", "app/queue.py:9999", cwd=repo)
    assert done.returncode == 2
    assert done.stderr.startswith("error: app/queue.py:9999")


# -- index, status, files, languages, clean ----------------------------------------------


def test_index_tells_what_it_did_and_a_dry_run_does_nothing(
    ask: Ask, own: tuple[Home, Path]
) -> None:
    home, repo = own
    plan = ask(home, "index", "-n", cwd=repo)
    assert re.match(r"5 files \(all new\); to embed: \d+ functions, about \d+ tokens", plan.stdout)
    assert ask(home, "status", "--check", "-q", cwd=repo).returncode == 1
    done = ask(home, "index", str(repo / "app"), cwd=home.folder)  # the whole repository's
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(
        r"^Indexed 5 files, \d+ functions in [\d.]+ s \(all new\)$", done.stderr, re.MULTILINE
    )
    again = answer(ask(home, "index", "--json", "-q", cwd=repo))
    assert (again["schema"], again["files"], again["added"]) == ("codesearch.index/1", 5, 0)


def test_status_knows_fresh_from_stale(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    before = answer(ask(home, "status", "--json", cwd=repo))
    assert (before["state"], before["files"]) == ("missing", 0)
    ask(home, "index", cwd=repo)
    fresh = ask(home, "status", "--check", cwd=repo)
    assert fresh.returncode == 0
    assert re.search(r"^state +fresh$", fresh.stdout, re.MULTILINE)
    assert re.search(r"^code goes +nowhere", fresh.stdout, re.MULTILINE)
    write(repo, {"app/new.py": "x = 1\n"})
    stale = ask(home, "status", "--check", cwd=repo)
    assert stale.returncode == 1
    assert re.search(r"^state +stale \(1 file changed since\)$", stale.stdout, re.MULTILINE)
    assert answer(ask(home, "status", "--json", cwd=repo))["pending_files"] == 1


def test_files_are_listed_and_explained(ask: Ask, home: Home, repo: Path) -> None:
    names = ask(home, "files", cwd=repo).stdout.splitlines()
    assert os.path.join("app", "queue.py") in names  # noqa: PTH118
    assert not any("build" in name for name in names)
    assert ask(home, "files", cwd=repo / "docs").stdout == "guide.md\n"
    assert ask(home, "files", "app", cwd=repo).stdout.count("\n") == 2
    document = answer(ask(home, "files", "--json", "docs", cwd=repo))
    assert [f["path"] for f in document["files"]] == ["docs/guide.md"]
    why = ask(home, "files", "--why", "made.py", cwd=repo / "build")
    assert why.returncode == 1
    assert why.stdout.startswith("made.py: not indexed: ")
    assert ".gitignore:1" in why.stdout
    document = answer(ask(home, "files", "--why", "app/queue.py", "--json", cwd=repo))
    assert (document["path"], document["included"]) == ("app/queue.py", True)


def test_files_of_what_is_not_indexed_say_so(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    done = ask(home, "files", cwd=repo)
    assert done.returncode == 2
    assert "is not indexed" in done.stderr


def test_languages_are_listed(ask: Ask, home: Home, repo: Path) -> None:
    assert re.search(r"^python +.*\.py\b", ask(home, "languages", cwd=repo).stdout, re.MULTILINE)
    document = answer(ask(home, "languages", "--json", cwd=repo))
    python = next(row for row in document["languages"] if row["name"] == "python")
    assert "py" in python["extensions"]


def test_clean_deletes_only_when_told_to(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    ask(home, "index", cwd=repo)
    refused = ask(home, "clean", cwd=repo)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert ask(home, "clean", "--orphans", "--yes", cwd=repo).stderr == "Freed 0 bytes\n"
    assert ask(home, "status", "--check", cwd=repo).returncode == 0
    done = ask(home, "clean", "--yes", cwd=repo)
    assert done.returncode == 0
    assert re.fullmatch(r"Freed [\d.]+ [kM]B\n", done.stderr)
    assert answer(ask(home, "status", "--json", cwd=repo))["state"] == "missing"


# -- configuration -----------------------------------------------------------------------


def test_the_index_lies_where_the_variable_says(
    ask: Ask, own: tuple[Home, Path], tmp_path: Path
) -> None:
    home, repo = own
    place = tmp_path / "elsewhere"
    ask(home, "index", cwd=repo, CODESEARCH_INDEX=str(place))
    assert any(place.iterdir())
    status = answer(ask(home, "status", "--json", cwd=repo, CODESEARCH_INDEX=str(place)))
    assert status["folder"].startswith(str(place))


def test_a_repository_that_asks_for_too_much_is_refused(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    write(repo, {"codesearch.toml": 'backend = "cloud"\n'})
    done = ask(home, "retry", cwd=repo)
    assert done.returncode == 2
    assert "a repository may not set 'backend'" in done.stderr
    assert "choose where code is sent" in done.stderr


def test_settings_of_the_repository_count(ask: Ask, own: tuple[Home, Path]) -> None:
    home, repo = own
    write(repo, {"pyproject.toml": '[tool.codesearch]\ntests = "exclude"\nexclude = ["docs/"]\n'})
    done = ask(home, "failed job settings", "-l", cwd=repo)
    assert "tests" not in done.stdout
    assert "docs" not in done.stdout
    assert "tests" in ask(home, "failed job", "-l", "--tests", "include", cwd=repo).stdout


# -- pipes, disks, interruptions, our own mistakes ---------------------------------------


def test_a_closed_pipe_is_success(home: Home, repo: Path) -> None:
    for args in (["failed job"], ["files"], ["--help"], ["x", "--json"]):
        read, written = os.pipe()
        os.close(read)
        done = subprocess.run(
            [sys.executable, "-m", "codesearch", *args],
            cwd=repo,
            env=home.environment(),
            stdout=written,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        os.close(written)
        assert (done.returncode, done.stderr) == (0, b""), args


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told(home: Home, repo: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "codesearch", "failed job"],
            cwd=repo,
            env=home.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: cannot write the answer: No space left")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    ("args", "full", "code"),
    [
        (["failed job", "-v"], "stderr", 0),
        (["zzzz"], "stderr", 1),
        (["--no-such-flag"], "stderr", 2),
        (["--help"], "stdout", 2),
        (["--version"], "stdout", 2),
    ],
)
def test_the_exit_code_holds_where_nothing_can_be_written(
    home: Home, repo: Path, args: list[str], full: str, code: int
) -> None:
    with Path("/dev/full").open("wb") as device:
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        done = subprocess.run(
            [sys.executable, "-m", "codesearch", *args],
            cwd=repo, env=home.environment(), check=False, **{**streams, full: device},
        )  # fmt: skip
    assert done.returncode == code
    if full == "stdout":
        assert done.stderr == b"error: cannot write: No space left on device\n"


@pytest.mark.skipif(not POSIX, reason="a shell of POSIX")
@pytest.mark.parametrize("command", ["similar -", "search --queries-from -"])
def test_a_closed_standard_input_is_told(home: Home, repo: Path, command: str) -> None:
    line = f'"{sys.executable}" -m codesearch {command} <&-'
    done = subprocess.run(
        ["sh", "-c", line], cwd=repo, env=home.environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, b"error: standard input is closed\n")


def test_a_shell_that_asks_wrongly_gets_no_completions(home: Home, repo: Path) -> None:
    done = home.run(cwd=repo, _CODESEARCH_COMPLETE="bash_complete")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.fixture
def broken_library(tmp_path: Path) -> str:
    """A PYTHONPATH whose pygments fails when it is imported."""
    (tmp_path / "library" / "pygments").mkdir(parents=True)
    (tmp_path / "library" / "pygments" / "__init__.py").write_text("raise RuntimeError('a\\nb')\n")
    return os.pathsep.join([str(tmp_path / "library"), *filter(None, [os.getenv("PYTHONPATH")])])


def test_the_unexpected_is_one_line_and_a_report(
    home: Home, repo: Path, broken_library: str
) -> None:
    done = home.run("failed job", "--full", "--color=always", cwd=repo, PYTHONPATH=broken_library)
    assert done.returncode == 2
    said = re.fullmatch(
        r"error: unexpected RuntimeError: a; a report that you can attach to an issue is in (.+)\n",
        done.stderr,
    )
    assert said
    report = Path(said[1]).read_text(encoding="utf-8")
    assert "codesearch 'failed job' '--full'" in report
    assert "Traceback" in report
    assert "- Python 3" in report
    assert "- numpy " in report


@pytest.mark.skipif(not POSIX, reason="the cache lies elsewhere there")
def test_a_report_that_cannot_be_filed_is_not_lost(
    home: Home, repo: Path, broken_library: str, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = home.run(
        "failed job", "--full", "--color=always",
        cwd=repo, PYTHONPATH=broken_library, HOME=str(blocked),
        XDG_CACHE_HOME=str(home.folder / ".cache"),
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "could not be written" in done.stderr


@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_an_interruption_keeps_what_is_done(own: tuple[Home, Path]) -> None:
    home, repo = own
    body = "\n".join(f"def f{i}(a):\n    return a + {i}\n" for i in range(300))
    write(repo, {f"big/m{i}.py": body.replace("f", f"g{i}_") for i in range(20)})
    with subprocess.Popen(
        [sys.executable, "-m", "codesearch", "index"],
        cwd=repo,
        env=home.environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in poll(60):
            if list(home.folder.rglob("*.lance")) or process.poll() is not None:
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.startswith("error: interrupted\nhint: what is done is kept")
    assert "Traceback" not in err
    assert home.run("index", cwd=repo).returncode == 0
    assert home.run("status", "--check", "-q", cwd=repo).returncode == 0


def test_who_waits_for_another_writer_says_so(own: tuple[Home, Path]) -> None:
    home, repo = own
    assert home.run("index", cwd=repo).returncode == 0
    folder = next(home.folder.rglob("*.tree.json")).parent
    with store.writer(folder):
        process = subprocess.Popen(
            [sys.executable, "-m", "codesearch", "index"],
            cwd=repo, env=home.environment(), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stderr is not None
        said = process.stderr.readline()
    assert re.fullmatch(
        rf"waiting for process {os.getpid()} \(.*\), which is writing the index\n", said
    )
    assert process.communicate(timeout=60)[1].startswith("Indexed ")


@pytest.fixture
def indexing(own: tuple[Home, Path]) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """An index being built by worker processes, which have just begun; and their numbers."""
    home, repo = own
    body = "\n".join(f"def f{i}(a):\n    return a + {i}\n" for i in range(1000))
    write(repo, {f"big/m{i}.py": body for i in range(100)})
    with subprocess.Popen(
        [sys.executable, "-m", "codesearch", "index"],
        cwd=repo,
        env=home.environment(CODESEARCH_JOBS="2"),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        workers: list[int] = []
        for _ in poll(60):
            if len(workers) == 2 or process.poll() is not None:
                break
            workers = spawned(process.pid)
        assert len(workers) == 2, "it ended before its workers began"
        yield process, workers


def spawned(pid: int) -> list[int]:
    """The worker processes of a process."""
    columns = ["ps", "-A", "-ww", "-o", "ppid=,pid=,args="]
    listed = subprocess.run(columns, capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [int(row[1]) for row in rows if row[0] == str(pid) and "spawn_main" in row[-1]]


@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_an_interruption_from_the_terminal_is_told_once(
    indexing: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, _ = indexing
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "error: interrupted\nhint: what is done is kept; run it again to go on\n"


@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_who_is_asked_to_end_ends_with_its_workers(
    indexing: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, _ = indexing
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "error: interrupted\nhint: what is done is kept; run it again to go on\n"


@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_what_a_killed_worker_held_is_done_by_another(
    indexing: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, workers = indexing
    os.kill(workers[0], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert re.search(r"^Indexed 10\d files", err, re.MULTILINE), err


@pytest.mark.skipif(not POSIX, reason="signals of POSIX")
def test_workers_end_when_their_parent_is_killed(
    indexing: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, _ = indexing
    process.kill()
    process.communicate(timeout=60)  # ends when nobody holds the other end of standard error


def poll(seconds: float) -> Iterator[None]:
    """Until a deadline, again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.01)
    raise TimeoutError


@pytest.mark.skipif(not POSIX, reason="a current folder cannot be removed there")
def test_a_folder_that_is_gone_is_told(home: Home, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && {sys.executable} -m codesearch status"
    done = subprocess.run(
        ["sh", "-c", script], env=home.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "the current folder does not exist any more" in done.stderr


def test_a_cold_question_imports_only_what_it_needs(home: Home, repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "codesearch", "failed job"],
        cwd=repo,
        env=home.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    loaded = {name.partition(".")[0] for name in names}
    assert "numpy" in loaded
    assert not loaded & {"lancedb", "pyarrow", "pygments", "tree_sitter", "asyncio", "filelock"}

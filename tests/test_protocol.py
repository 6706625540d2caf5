"""Wire JSON against golden files, so that other clients can be checked against the same.

``python tests/test_protocol.py`` writes the golden files anew; a change of them is reviewed.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesearch import protocol
from codesearch.model import (
    Chunk,
    FileRecord,
    Finding,
    Health,
    Hit,
    IndexState,
    Kind,
    SearchRequest,
    SearchResult,
    Skipped,
    SkipReason,
    Status,
    UpdateReport,
    Verdict,
)
from codesearch.snippet import Extent

GOLDEN = Path(__file__).parent / "golden"
ROOT = "/home/user/project"
FOREIGN = "src/caf\udce9.py"  # as os.fsdecode gives a name in Latin-1


def hit(path: str, symbol: str, start: int, text: str, kind: Kind = "method") -> Hit:
    signature = text.split("\n", 1)[0].strip().rstrip(":")
    end = start + text.count("\n")
    made = Chunk(path, "python", kind, symbol, signature, "", (), start, end, text)
    return Hit(made, 0.831234, {"vector": 0.71, "bm25": 12.34567, "definition": 1.2})


LOAD = hit("src/a.py", "Config.load", 10, "    def load(self, path):\n        return parse(path)")
SAVE = hit("src/a.py", "Config.save", 14, "    def save(self):\n        write(self)")
CAFE = hit(FOREIGN, "caf\u00e9", 1, "def caf\u00e9():\n    return '\x1b[31m\x9b'", "function")
CAFE = Hit(CAFE.chunk, 0.5, {}, fresh=False)


def answer(request: SearchRequest, *hits: Hit, **rest: Any) -> dict[str, Any]:
    result = SearchResult(hits, rest.pop("state", IndexState.FRESH), 0, 0.0142, **rest)
    return protocol.search(
        request, result, root=ROOT, model="hashing-1", backend="local", extent=Extent()
    )


def documents() -> dict[str, dict[str, Any]]:
    """One document of each kind, and of ``search`` each form."""
    return {
        "search": answer(
            SearchRequest("load the \u8a2d\u5b9a"), LOAD, CAFE, truncated=True, warnings=["slow"]
        ),
        "search-by-file": answer(
            SearchRequest("load the config", by_file=True, mode="lexical"),
            Hit(LOAD.chunk, LOAD.score, LOAD.parts, also=[SAVE]),
        ),
        "search-nothing": answer(SearchRequest("nothing"), state=IndexState.STALE),
        "index": protocol.update(
            UpdateReport(
                files=3,
                added=2,
                changed=1,
                removed=0,
                chunks=9,
                embedded=7,
                reused=2,
                skipped=[
                    Skipped("logo.png", SkipReason.BINARY),
                    Skipped(FOREIGN, SkipReason.EMPTY),
                ],
                seconds=0.12345,
                tokens=99,
                notes=["the index was damaged and has been rebuilt"],
            ),
            root=ROOT,
        ),
        "status": protocol.status(
            Status(
                root=ROOT,
                folder="/home/user/.cache/codesearch/project-1",
                state=IndexState.OTHER_MODEL,
                backend="local",
                model="hashing-1",
                dimension=256,
                remote=False,
                files=3,
                skipped=1,
                chunks=9,
                languages={"python": 2, "markdown": 1},
                kinds={"function": 5, "class": 4},
                bytes_on_disk=12345,
                created=1.5,
                updated=None,
                pending=2,
            )
        ),
        "files": protocol.files(
            [
                FileRecord("a.py", 120, 1, "d", "python", 4),
                FileRecord("logo.png", 9, 1, "d", "", 0, "binary", "null byte"),
            ],
            root=ROOT,
        ),
        "why": protocol.why(Verdict("build/x.py", False, "build/", ".gitignore:12"), root=ROOT),
        "doctor": protocol.doctor(
            Health(
                root=ROOT,
                folder="/home/user/.cache/codesearch/project-1",
                findings=[
                    Finding("fault", "5f0c-3.segment", "has a torn header", "makes it again"),
                ],
                bytes_on_disk=12345,
                bytes_live=10000,
                mended=[Finding("waste", "5f0c-2.segment", "is not used", "deletes it", 2345)],
                notes=["process 12 (codesearch index) is writing"],
            )
        ),
        "languages": protocol.languages(
            [{"name": "python", "aliases": ["py"], "extensions": ["py"], "files": []}]
        ),
    }


def written(document: dict[str, Any]) -> str:
    return protocol.encode(document, indent=True) + "\n"


@pytest.mark.parametrize("name", list(documents()))
def test_documents_are_as_the_golden_files_say(name: str) -> None:
    assert written(documents()[name]) == (GOLDEN / f"{name}.json").read_text(encoding="utf-8")


def test_there_is_no_golden_file_of_nothing() -> None:
    assert {f.stem for f in GOLDEN.glob("*.json")} == set(documents())


def test_a_name_that_is_no_text_is_valid_unicode_and_also_exact() -> None:
    second = json.loads(protocol.encode(documents()["search"]))["results"][1]
    assert second["path"] == "src/caf\ufffd.py"
    assert base64.b64decode(second["path_bytes"]) == b"src/caf\xe9.py"
    assert "path_bytes" not in documents()["search"]["results"][0]


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=50))
def test_any_string_becomes_one_line_of_utf8_that_cannot_act_on_a_terminal(text: str) -> None:
    line = protocol.encode({"text": text})
    line.encode("utf-8")
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", line)
    clean = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    assert json.loads(line)["text"] == clean


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, document in documents().items():
        (GOLDEN / f"{name}.json").write_text(written(document), encoding="utf-8", newline="\n")

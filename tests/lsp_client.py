"""An editor as the language server sees one: the real program at the other end of two pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

SECONDS = 60.0

Message = dict[str, Any]

#: What VS Code says of itself, as far as it matters.
CAPABILITIES: Message = {
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {"workspaceFolders": True, "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "textDocument": {"publishDiagnostics": {"relatedInformation": True, "dataSupport": True}},
}


class Refused(Exception):
    """The server's answer is an error."""

    def __init__(self, error: Message) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.data: Any = error.get("data")


class Editor:
    """Speaks with one server. What it receives is kept in order."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.received: list[Message] = []
        self.answers: dict[str, Callable[[Message], Any]] = {}  # to the server's requests
        self.unanswered: set[str] = set()  # methods whose requests are left open
        self._responses: dict[int, Message] = {}
        self._news = threading.Condition()
        self._sending = threading.Lock()
        self._number = 0
        self._is_over = False
        threading.Thread(target=self._read, daemon=True).start()

    # -- what the protocol has -------------------------------------------------------------

    def begin(self, *folders: Path, options: Message | None = None, **more: Any) -> Message:
        """Initializes the server; its capabilities."""
        params = {
            "processId": os.getpid(),
            "rootUri": None,
            "capabilities": CAPABILITIES,
            "workspaceFolders": [named(folder) for folder in folders],
            "initializationOptions": {"secondsToStore": 0.1, **(options or {})},
            **more,
        }
        found: Message = self.ask("initialize", params)
        self.tell("initialized", {})
        return found

    def tell(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any = None, seconds: float = SECONDS) -> Any:
        """The answer to a request. Raises Refused."""
        return self.answer(self.begin_to_ask(method, params), seconds)

    def begin_to_ask(self, method: str, params: Any = None) -> int:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method}
        self._send(message if params is None else {**message, "params": params})
        return self._number

    def answer(self, number: int, seconds: float = SECONDS) -> Any:
        """The answer to a request that was begun. Raises Refused."""
        with self._news:
            there = self._news.wait_for(
                lambda: number in self._responses or self._is_over, timeout=seconds
            )
            assert there, f"no answer after {seconds:g} s"
            assert number in self._responses, "the server ended"
            response = self._responses.pop(number)
        if "error" in response:
            raise Refused(response["error"])
        return response["result"]

    def end(self) -> int:
        """Ends the server as the protocol wants it; its exit code."""
        self.ask("shutdown")
        self.tell("exit", None)
        return self.process.wait(SECONDS)

    # -- what editors do -------------------------------------------------------------------

    def open(self, file: Path, text: str | None = None) -> str:
        """Opens a document; its URI."""
        shown = file.read_text("utf-8") if text is None else text
        document = {"uri": file.as_uri(), "languageId": "x", "version": 1, "text": shown}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return file.as_uri()

    def type(self, uri: str, text: str, version: int = 2) -> None:
        """Has a document be another text, which is not saved."""
        document = {"uri": uri, "version": version}
        change = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", change)

    def save(self, file: Path, text: str) -> None:
        file.write_text(text, "utf-8")
        self.tell("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})

    def shut(self, uri: str) -> None:
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})

    def search(self, query: str, **more: Any) -> list[Message]:
        """The results of all repositories, one after the other."""
        found = self.ask("codesearch/search", {"query": query, **more})
        return [result for answer in found["answers"] for result in answer["results"]]

    def until(
        self, method: str, wanted: Callable[[Any], bool] = lambda _: True, since: int = 0
    ) -> Any:
        """The parameters of the first message of a method that are wanted, come or to come."""

        def found() -> list[Any]:
            return [
                m["params"]
                for m in self.received[since:]
                if m.get("method") == method and wanted(m["params"])
            ]

        with self._news:
            self._news.wait_for(lambda: found() or self._is_over, timeout=SECONDS)
            assert found(), f"no {method} that is wanted: {self.received[since:]}"
            return found()[0]

    def state(self, name: str, since: int = 0) -> Message:
        """The first such state of a folder."""
        found: Message = self.until("codesearch/folderState", lambda p: p["state"] == name, since)
        return found

    def diagnostics(
        self, uri: str, wanted: Callable[[list[Message]], bool], since: int = 0
    ) -> list[Message]:
        """The diagnostics of a document, once they are as wanted."""
        found = self.until(
            "textDocument/publishDiagnostics",
            lambda p: p["uri"] == uri and wanted(p["diagnostics"]),
            since,
        )
        return list(found["diagnostics"])

    # -- the pipes -------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        data = json.dumps(message).encode()
        assert self.process.stdin is not None
        with self._sending:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
            self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            size = 0
            while line := stream.readline():
                if not line.strip():
                    break
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    size = int(value)
            if not line:
                break
            message = json.loads(stream.read(size))
            with self._news:
                if "method" in message:
                    self.received.append(message)
                else:
                    self._responses[message["id"]] = message
                self._news.notify_all()
            method = message.get("method", "")
            if method and "id" in message and method not in self.unanswered:
                reply = self.answers.get(method, lambda _: None)(message["params"])
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": reply})
        with self._news:
            self._is_over = True
            self._news.notify_all()


#: Begins a server, with some variables of its environment otherwise.
Begin = Callable[..., AbstractContextManager[Editor]]


def named(folder: Path) -> Message:
    """A folder of a window."""
    return {"uri": folder.as_uri(), "name": folder.name}


@contextmanager
def editor(environment: Mapping[str, str], cwd: Path) -> Iterator[Editor]:
    """A server that runs, ended by force if need be."""
    # Not "python -m", which would look for the program where it runs.
    process = subprocess.Popen(
        [Path(sys.executable).with_name("codesearch"), "lsp", "--stdio"],
        cwd=cwd, env=dict(environment),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    errors: list[bytes] = []
    assert process.stderr is not None
    reading = threading.Thread(target=lambda: errors.append(process.stderr.read()))  # type: ignore[union-attr]
    reading.start()
    try:
        yield Editor(process)
    finally:
        assert process.stdin is not None
        try:
            process.stdin.close()  # as when an editor ends without a word
            process.wait(SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
        process.wait()
        reading.join(SECONDS)
        for stream in (process.stdout, process.stderr):
            stream.close()  # type: ignore[union-attr]
        assert b"Traceback" not in b"".join(errors), b"".join(errors).decode()


def until(wanted: Callable[[], bool]) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + SECONDS
    while not wanted():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)

"""A server on loopback that speaks the shapes of Gemini's and OpenAI's embedding services.

Not their models: a text's vector is the sum of its words' hashed directions, so that related texts
are nearer. It counts what it is asked, has quotas, and fails in every way that tests ask for.
Run as a program it serves until it is ended: ``python tests/fake_services.py --latency 0.05``.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

_FULL = 3_072
Fault = str | Callable[[list[str]], str | None]


@lru_cache(maxsize=100_000)
def _direction(word: str) -> np.ndarray:
    seed = int.from_bytes(word.encode()[:8].ljust(8, b"\0"), "little") ^ len(word)
    return np.random.default_rng(seed).standard_normal(_FULL).astype(np.float32)


def vector(text: str, dimension: int, *, unit: bool = True) -> list[float]:
    """What the server answers for a text."""
    words = re.findall(r"[a-z]+|[^\x00-\x7f]", re.sub("([a-z])([A-Z])", r"\1 \2", text).lower())
    total = np.sum([_direction(w) for w in set(words)] or [_direction(text)], axis=0)
    cut = (total / np.linalg.norm(total))[:dimension]
    return [round(float(x), 6) for x in (cut / np.linalg.norm(cut) if unit else cut)]


@lru_cache
def _ready(number: int, dimension: int) -> str:
    return json.dumps({"values": vector(f"vector {number}", dimension)})


def tokens(text: str) -> int:
    """What the server counts: not what the client estimates."""
    return 1 + len(text.encode()) // 4


@dataclass
class Fake:
    """The state of one server; tests set and read it.

    ``faults`` are used up one a call, in order, by any of these names: ``drop`` (the connection),
    ``cut`` (half an answer), ``garbage`` (no JSON), ``html``, ``500``, ``503``, ``408``, ``429``
    (of the minute), ``429 bare`` (without details), ``429 day``, ``429 none`` (no quota at all),
    ``key``, ``403``, ``404``, ``few`` and ``many`` (vectors), ``short`` and ``empty`` (a vector),
    ``nan``, ``text`` (in a vector), ``slow``, ``hang``. A callable is given the texts.
    """

    latency: float = 0.0
    faults: deque[Fault] = field(default_factory=deque)
    every: Callable[[list[str]], str | None] | None = None  # a fault for any call
    refused: str = "UNFIT"  # a text that holds this is bad
    a_minute: int | None = None  # texts
    tokens_a_minute: int | None = None
    a_day: int | None = None
    minute: float = 60.0  # seconds
    retry_delay: str | None = "0.2s"
    says_usage: bool = True
    calls: list[tuple[str, list[str]]] = field(default_factory=list)  # path, texts
    answered: int = 0  # texts
    tokens: int = 0  # of those
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keep_bodies: bool = True
    is_cheap: bool = False  # answers without working: some vector for any text
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    job_state: str = "BATCH_STATE_SUCCEEDED"  # how a job ends
    job_polls: int = 0  # how often a job says that it is running
    reply: str = "It gives up there."
    hanging: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _window: deque[tuple[float, int, int]] = field(default_factory=deque)

    @property
    def texts(self) -> list[str]:
        """All texts that were sent to be embedded, in order."""
        return [text for _, texts in self.calls for text in texts]

    def quota(self, texts: list[str]) -> dict[str, Any] | None:
        """The 429 for a call that is too much, or None."""
        now, size = time.monotonic(), sum(map(tokens, texts))
        while self._window and self._window[0][0] <= now - self.minute:
            self._window.popleft()
        if self.a_day is not None and self.answered + len(texts) > self.a_day:
            return quota_error("EmbedContentRequestsPerDayPerProject-FreeTier", self.a_day, None)
        sent = sum(n for _, n, _ in self._window)
        if self.a_minute is not None and sent + len(texts) > self.a_minute:
            return quota_error(
                "EmbedContentRequestsPerMinutePerProject", self.a_minute, self.retry_delay
            )
        sent = sum(n for _, _, n in self._window)
        if self.tokens_a_minute is not None and sent + size > self.tokens_a_minute:
            return quota_error(
                "EmbedContentTokensPerMinutePerProject", self.tokens_a_minute, self.retry_delay
            )
        self._window.append((now, len(texts), size))
        return None


def quota_error(quota: str, value: int | None, delay: str | None) -> dict[str, Any]:
    violation: dict[str, Any] = {"quotaMetric": "embed_content", "quotaId": quota}
    if value is not None:
        violation["quotaValue"] = str(value)
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    ]
    if delay is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", details)


def error(code: int, status: str, message: str, details: Any = None) -> dict[str, Any]:
    body: dict[str, Any] = {"code": code, "message": message, "status": status}
    return {"error": body if details is None else {**body, "details": details}}


_ERRORS = {
    "500": error(500, "INTERNAL", "An internal error has occurred."),
    "503": error(503, "UNAVAILABLE", "The model is overloaded."),
    "408": error(408, "DEADLINE_EXCEEDED", "Deadline expired."),
    "403": error(403, "PERMISSION_DENIED", "Permission denied for AQ.secret-key"),
    "404": error(404, "NOT_FOUND", "models/x is not found for API version v1"),
    "429": quota_error("EmbedContentRequestsPerMinutePerProject", None, "0.02s"),
    "429 bare": error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted"),
    "429 day": quota_error("EmbedContentRequestsPerDayPerProject-FreeTier", 1000, "3600s"),
    "429 none": quota_error("EmbedContentRequestsPerMinutePerProject-FreeTier", 0, "20s"),
    "key": error(
        400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
        [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
    ),
}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: Fake

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        fake = self.fake
        path = self.path.partition("?")[0]
        found = re.fullmatch(r"/v1\w*/(batches/\w+)", path)
        if found and found[1] not in fake.jobs:
            self._json(404, _ERRORS["404"])
        elif found:
            job = fake.jobs[found[1]]
            if job["polls"] > 0:
                job["polls"] -= 1
                self._json(200, _job(found[1], job, "BATCH_STATE_RUNNING"))
            else:
                self._json(200, _job(found[1], job, job["state"]))
        elif re.fullmatch(r"/v1\w*/batches", path):
            jobs = [_job(name, job, job["state"]) for name, job in fake.jobs.items()]
            self._json(200, {"operations": jobs})
        elif (
            found := re.fullmatch(r"/(?:download/)?v1\w*/(files/[\w-]+):download", path)
        ) and found[1] in fake.files:
            self._raw(200, fake.files[found[1]], "application/octet-stream")
        else:
            self._json(404, _ERRORS["404"])

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(size)
        path = self.path.partition("?")[0]
        if path.startswith("/upload/"):
            self._upload(raw)
            return
        body = json.loads(raw) if raw else {}
        with self.fake.lock:
            self.fake.headers.append(dict(self.headers))
            if self.fake.keep_bodies:
                self.fake.bodies.append(body)
        if path.endswith(":batchEmbedContents"):
            self._gemini(path, body["requests"], size)
        elif path.endswith(":embedContent"):
            self._single(path, body)
        elif path.endswith(":asyncBatchEmbedContent"):
            self._begin_job(body)
        elif path.endswith(":streamGenerateContent"):
            self._generate(body)
        elif path.endswith("/embeddings"):
            self._openai(path, body)
        else:
            self._json(404, _ERRORS["404"])

    # -- embeddings --------------------------------------------------------------------

    def _gemini(self, path: str, requests: list[dict[str, Any]], size: int) -> None:
        texts = ["".join(p["text"] for p in r["content"]["parts"]) for r in requests]
        if len(texts) > 100 or size > 4 << 20:
            self._json(400, error(400, "INVALID_ARGUMENT", "at most 100 requests in one batch"))
            return
        fault = self._fault(path, texts)
        if fault is None:
            return
        new = "embedding-001" not in path
        if self.fake.is_cheap:
            rows_ = (_ready(hash(t) % 64, requests[0]["outputDimensionality"]) for t in texts)
            usage = f'"usageMetadata": {{"promptTokenCount": {sum(map(tokens, texts))}}}'
            raw = f'{{"embeddings": [{", ".join(rows_)}], {usage}}}'
            self._raw(200, raw.encode(), "application/json")
            return
        asked = [r.get("embedContentConfig", r) for r in requests]  # Google Cloud's form, or ours
        dimensions = [r.get("outputDimensionality", _FULL) for r in asked]
        rows = [
            vector(t, d, unit=new or d == _FULL) for t, d in zip(texts, dimensions, strict=True)
        ]
        answer: dict[str, Any] = {"embeddings": [{"values": row} for row in _bent(rows, fault)]}
        if self.fake.says_usage:
            answer["usageMetadata"] = {"promptTokenCount": sum(map(tokens, texts))}
        self._json(200, answer, fault)

    def _single(self, path: str, body: dict[str, Any]) -> None:
        """As Google Cloud has it: one text a call."""
        texts = ["".join(part["text"] for part in body["content"]["parts"])]
        fault = self._fault(path, texts)
        if fault is None:
            return
        dimension = body.get("embedContentConfig", body).get("outputDimensionality", _FULL)
        rows = _bent([vector(t, dimension, unit=dimension == _FULL) for t in texts], fault)
        usage = {"promptTokenCount": sum(map(tokens, texts))}
        self._json(200, {"embedding": {"values": rows[0]}, "usageMetadata": usage}, fault)

    def _openai(self, path: str, body: dict[str, Any]) -> None:
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        fault = self._fault(path, texts)
        if fault is None:
            return
        rows = _bent([vector(t, body.get("dimensions", 768)) for t in texts], fault)
        data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]
        if body.get("encoding_format") == "base64":
            for row in data:
                packed = np.array(row["embedding"], np.float32).tobytes()
                row["embedding"] = base64.b64encode(packed).decode()
        count = sum(map(tokens, texts))
        usage = {"prompt_tokens": count, "total_tokens": count}
        answer = {"object": "list", "model": body["model"], "data": data, "usage": usage}
        self._json(200, answer, fault)

    def _fault(self, path: str, texts: list[str]) -> str | None:
        """The fault for this call, "" for none; None: it was answered with an error."""
        fake = self.fake
        with fake.lock:
            fake.calls.append((path, texts))
            fault = fake.faults.popleft() if fake.faults else None
            if fault is None and fake.every is not None:
                fault = fake.every(texts)
            if callable(fault):
                fault = fault(texts)
            body = _ERRORS.get(fault or "")
            if body is None and fault is None:
                body = fake.quota(texts)
            if body is None and any(fake.refused in text for text in texts):
                body = error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
            if body is None and fault not in {"drop", "html"}:
                fake.answered += len(texts)
                fake.tokens += sum(map(tokens, texts))
        if fake.latency:
            time.sleep(fake.latency)
        if fault == "hang":
            fake.hanging.wait(60)
        if fault in {"drop", "hang"}:
            self.close_connection = True
            return None
        if fault == "html":
            self._raw(502, b"<html>Bad Gateway</html>", "text/html")
            return None
        if body is not None:
            self._json(body["error"]["code"], body)
            return None
        return fault or ""

    # -- jobs, files, words --------------------------------------------------------------

    def _begin_job(self, body: dict[str, Any]) -> None:
        fake = self.fake
        source = body["batch"]["inputConfig"]
        name = f"batches/job{len(fake.jobs)}"
        lines = [json.loads(line) for line in fake.files[source["file_name"]].splitlines()]
        texts = [line["request"]["content"]["parts"][0]["text"] for line in lines]
        out = []
        for line, text in zip(lines, texts, strict=True):
            if fake.refused in text:
                out.append({"key": line["key"], "error": {"code": 400, "message": "invalid"}})
                continue
            dimension = line["request"].get("outputDimensionality", _FULL)
            response = {
                "embedding": {"values": vector(text, dimension)},
                "tokenCount": tokens(text),
            }
            out.append({"key": line["key"], "response": response})
        out.reverse()  # the order is nobody's promise
        result = f"files/{name.replace('/', '-')}-out"
        fake.files[result] = "\n".join(map(json.dumps, out)).encode()
        state = fake.job_state
        fake.jobs[name] = {
            "polls": fake.job_polls, "state": state, "out": result, "texts": texts,
            "title": body["batch"]["displayName"],
        }  # fmt: skip
        self._json(200, _job(name, fake.jobs[name], "BATCH_STATE_PENDING"))

    def _upload(self, raw: bytes) -> None:
        fake = self.fake
        if self.headers.get("x-goog-upload-command") == "start":
            name = f"files/in{len(fake.files)}"
            fake.files[name] = b""
            url = f"http://{self.headers['host']}/upload/{name}"
            told = {"X-Goog-Upload-URL": url, "X-Goog-Upload-Status": "active"}
            self._raw(200, b"{}", "application/json", told)
            return
        name = self.path.partition("/upload/")[2]
        fake.files[name] += raw
        done = "finalize" in self.headers.get("x-goog-upload-command", "")
        file = {"file": {"name": name, "sizeBytes": str(len(fake.files[name])), "state": "ACTIVE"}}
        status = {"X-Goog-Upload-Status": "final" if done else "active"}
        self._raw(200, json.dumps(file).encode(), "application/json", status)

    def _generate(self, body: dict[str, Any]) -> None:
        fake = self.fake
        with fake.lock:
            fault = fake.faults.popleft() if fake.faults else None
        found = _ERRORS.get(fault) if isinstance(fault, str) else None
        if found is not None:
            self._json(found["error"]["code"], found)
            return
        prompt = json.dumps(body)
        words = re.findall(r"\S+\s*", fake.reply)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for i, word in enumerate(words):
            candidate: dict[str, Any] = {"content": {"parts": [{"text": word}], "role": "model"}}
            event: dict[str, Any] = {"candidates": [candidate]}
            if i == len(words) - 1:
                candidate["finishReason"] = "STOP"
                event["usageMetadata"] = {
                    "promptTokenCount": tokens(prompt), "candidatesTokenCount": len(words),
                    "totalTokenCount": tokens(prompt) + len(words),
                }  # fmt: skip
            self.wfile.write(f"data: {json.dumps(event)}\r\n\r\n".encode())
            self.wfile.flush()
            if fault == "drop" and i == len(words) // 2:
                break
        self.close_connection = True

    # -- answering ---------------------------------------------------------------------

    def _json(self, code: int, body: dict[str, Any], fault: str = "") -> None:
        raw = json.dumps(body).encode()
        if fault == "slow":
            time.sleep(0.3)
        if fault == "garbage":
            raw = b"\x00not json" + raw[20:]
        self._raw(code, raw, "application/json", cut=fault == "cut")

    def _raw(
        self, code: int, raw: bytes, kind: str, more: dict[str, str] | None = None,
        *, cut: bool = False,
    ) -> None:  # fmt: skip
        try:
            self.send_response(code)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(raw)))
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw[: len(raw) // 2] if cut else raw)
            if cut:
                self.close_connection = True
        except OSError:  # whoever asked is gone
            self.close_connection = True


def _bent(rows: list[list[float]], fault: str) -> list[Any]:
    bent: list[Any] = list(rows)
    if fault == "few":
        bent.pop()
    elif fault == "many":
        bent.append(bent[0])
    elif fault == "short":
        bent[-1] = bent[-1][:-1]
    elif fault == "empty":
        bent[-1] = []
    elif fault == "nan":
        bent[-1] = [float("nan"), *bent[-1][1:]]
    elif fault == "text":
        bent[-1] = ["x", *bent[-1][1:]]
    return bent


def _job(name: str, job: dict[str, Any], state: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "state": state, "displayName": job["title"]}
    body: dict[str, Any] = {"name": name, "metadata": metadata}
    if state == "BATCH_STATE_SUCCEEDED":
        metadata["output"] = {"responsesFile": job["out"]}
        body["done"] = True
        body["response"] = {"responsesFile": job["out"]}
    return body


class Server:
    """A fake on a port of its own, in threads; a context manager."""

    def __init__(self, fake: Fake, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"fake": fake})
        self.fake = fake
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.fake.hanging.set()
        self._http.shutdown()
        self._http.server_close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cheap", action="store_true", help="some vector for any text")
    given = parser.parse_args()
    fake = Fake(latency=given.latency, keep_bodies=False, is_cheap=given.cheap)
    with Server(fake, given.port) as server:
        print(server.address, flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()

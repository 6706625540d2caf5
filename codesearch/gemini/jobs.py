"""The asynchronous Batch API: texts handed over in a file, vectors fetched up to a day later.

Half the price, and no quota of the minute. A text's key travels with it in the file and comes back
with its vector, so the order of answers means nothing.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from codesearch.gemini.client import Connection
from codesearch.remote import NotFound

#: Texts of one job: its answers come in one piece of about 10 kB a text.
MOST = 10_000
_PAGE, _MOST_JOBS = 100, 2_000  # of the list of jobs
_TYPE = "application/jsonl"
_ENDED = {"FAILED", "CANCELLED", "EXPIRED"}

State = Literal["running", "done", "failed", "gone"]


class Result(NamedTuple):
    """What a job made of one text."""

    key: str
    vector: Sequence[float] | None  # None: the service did not take it
    tokens: int | None


class Jobs:
    """The jobs of one model."""

    def __init__(self, connection: Connection, model: str) -> None:
        self._connection = connection
        self._model = model

    def begin(
        self, title: str, texts: Sequence[tuple[str, str]], *, dimension: int, task: str | None
    ) -> str:
        """Hands over texts; the job's name.

        Args:
            title: by which ``named`` finds it, whatever becomes of the answer to this.
            texts: key and text.

        Raises:
            EmbedderError, Fleeting, Paused: it did not begin.
        """
        more: dict[str, Any] = {"outputDimensionality": dimension}
        if task is not None:
            more["taskType"] = task
        client, types = self._connection.client, self._connection.types
        with tempfile.TemporaryDirectory(prefix="codesearch-") as folder:
            file = Path(folder) / "texts.jsonl"
            with file.open("w", encoding="utf-8", errors="replace", newline="\n") as out:
                for key, text in texts:
                    request = {"content": {"parts": [{"text": text}]}, **more}
                    line = json.dumps({"key": key, "request": request}, ensure_ascii=False)
                    out.write(line + "\n")
            with self._connection.errors(self._model):
                sent = client.files.upload(
                    file=str(file), config=types.UploadFileConfig(mime_type=_TYPE)
                )
        with self._connection.errors(self._model), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library calls it experimental
            job = client.batches.create_embeddings(
                model=self._model,
                src=types.EmbeddingsBatchJobSource(file_name=sent.name),
                config=types.CreateEmbeddingsBatchJobConfig(display_name=title),
            )
        return str(job.name)

    def named(self, title: str) -> str | None:
        """The name of the job of a title, if it was begun."""
        types = self._connection.types
        with self._connection.errors(title):
            jobs = self._connection.client.batches.list(
                config=types.ListBatchJobsConfig(page_size=_PAGE)
            )
            for _, job in zip(range(_MOST_JOBS), jobs, strict=False):
                if job.display_name == title:
                    return str(job.name)
        return None

    def state(self, name: str) -> State:
        """How far a job is."""
        try:
            with self._connection.errors(name):
                job = self._connection.client.batches.get(name=name)
        except NotFound:
            return "gone"
        state = str(getattr(job.state, "value", job.state)).removeprefix("JOB_STATE_")
        if state in {"SUCCEEDED", "PARTIALLY_SUCCEEDED"}:
            return "done"
        return "failed" if state in _ENDED else "running"

    def results(self, name: str) -> Iterator[Result]:
        """What a finished job brought; lines that make no sense are passed over.

        Raises:
            NotFound: it is not kept any more.
            EmbedderError, Fleeting: it cannot be fetched now.
        """
        client = self._connection.client
        with self._connection.errors(name):
            job = client.batches.get(name=name)
            data = client.files.download(file=job.dest.file_name)
        for line in data.splitlines():
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                key = row["key"]
                answer = row.get("response") or {}
                values = (answer.get("embedding") or {}).get("values")
                count = answer.get("tokenCount")
            except (ValueError, LookupError, TypeError, AttributeError):
                continue
            yield Result(str(key), values, count)

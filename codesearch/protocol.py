"""Wire JSON: the one encoder for the command line and every other client.

Every document names its schema and version. Fields are added, never renamed; a client
ignores what it does not know. This room knows no terminal and no index, only values.

Text is always valid Unicode: file names need not be, so a name that is not UTF-8 is given
with U+FFFD in place of each foreign byte, and exactly, in base64, as ``path_bytes``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from codesearch import snippet, terms
from codesearch.model import (
    Bill,
    FileRecord,
    Finding,
    Health,
    Hit,
    SearchRequest,
    SearchResult,
    Skipped,
    Status,
    UpdateReport,
    Verdict,
    WatchEvent,
)

if TYPE_CHECKING:
    from codesearch.asking import Citation, Source

SEARCH = "codesearch.search/1"
INDEX = "codesearch.index/1"
STATUS = "codesearch.status/1"
FILES = "codesearch.files/1"
WHY = "codesearch.why/1"
LANGUAGES = "codesearch.languages/1"
WATCH = "codesearch.watch/1"
DOCTOR = "codesearch.doctor/1"
ASK = "codesearch.ask/1"
DUPLICATES = "codesearch.duplicates/1"  # made in report/wire.py

Document = dict[str, Any]

# Lone surrogates are no Unicode. The rest is valid JSON, but acts on a terminal that the
# document is shown on: C1 controls, line separators, and marks that reorder the text.
_UNSAFE = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def encode(document: Mapping[str, Any] | Sequence[Any], *, indent: bool = False) -> str:
    """A document as JSON text, without a final line end; one line unless indented."""
    text = json.dumps(
        document,
        ensure_ascii=False,
        allow_nan=False,
        indent=2 if indent else None,
        separators=None if indent else (",", ":"),
    )
    return _UNSAFE.sub(_safe, text)


def _safe(match: re.Match[str]) -> str:
    return "\ufffd" if match[0] >= "\ud800" else f"\\u{ord(match[0]):04x}"


def search(
    request: SearchRequest,
    result: SearchResult,
    *,
    root: str,
    model: str,
    backend: str,
    extent: snippet.Extent,
) -> Document:
    """The answer to a search or to ``similar``, whose query is then its target."""
    words = terms.question_terms(request.query)
    return {
        "schema": SEARCH,
        **named("root", root),
        "query": request.query,
        "mode": request.mode,
        "took_ms": round(result.seconds * 1000),
        "index": {
            "state": result.state.value,
            "pending_files": result.pending,
            "model": model,
            "backend": backend,
        },
        "results": [
            _hit(rank, hit, words, extent, grouped=request.by_file)
            for rank, hit in enumerate(result.hits, 1)
        ],
        "truncated": result.truncated,
        "warnings": list(result.warnings),
    }


def _hit(
    rank: int, hit: Hit, words: Sequence[str], extent: snippet.Extent, *, grouped: bool
) -> Document:
    chunk = hit.chunk
    shown = snippet.cut(chunk, words, extent)
    out = {
        "rank": rank,
        **named("path", chunk.path),
        "language": chunk.language,
        "kind": chunk.kind,
        "symbol": chunk.symbol,
        "signature": chunk.signature,
        "start_line": chunk.start_line,
        "end_line": chunk.end_line,
        "score": round(hit.score, 4),
        "fresh": hit.fresh,
        **({"relation": hit.relation} if hit.relation else {}),
        "snippet": "\n".join(shown.lines),
        "snippet_start_line": shown.start_line,
        "parts": {name: round(value, 4) for name, value in hit.parts.items()},
    }
    if grouped:
        out["also"] = [
            _hit(n, other, words, extent, grouped=False) for n, other in enumerate(hit.also, 1)
        ]
    return out


def update(report: UpdateReport, *, root: str) -> Document:
    """What ``codesearch index`` did or would do."""
    return {
        "schema": INDEX,
        **named("root", root),
        "dry_run": report.dry_run,
        "files": report.files,
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "chunks": report.chunks,
        "embedded": report.embedded,
        "reused": report.reused,
        "tokens": report.tokens,
        "seconds": round(report.seconds, 3),
        "skipped": [_skipped(s) for s in report.skipped],
        "notes": list(report.notes),
        **({} if report.bill is None else {"bill": bill(report.bill)}),
    }


def bill(bill: Bill) -> Document:
    """What a remote backend costs or has cost. ``dollars`` is null where the price is unknown."""
    return {
        "service": bill.service,
        "model": bill.model,
        "dimension": bill.dimension,
        "texts": bill.texts,
        "tokens": bill.tokens,
        "dollars": None if bill.dollars is None else round(bill.dollars, 6),
        "prices_of": bill.priced or None,
        "paid_before": bill.paid,
        "in_a_job": bill.promised,
        "minutes": {tier: round(minutes, 1) for tier, minutes in bill.minutes.items()},
        "refused": list(bill.refused),
        "withheld": [
            {**named("path", w.path), "symbol": w.symbol, "kind": w.kind} for w in bill.withheld
        ],
    }


def watch(event: WatchEvent, *, root: str) -> Document:
    """One event of ``codesearch watch``; a line each."""
    found: Document = {"schema": WATCH, "event": event.event, **named("root", root)}
    if event.report is not None:
        known = update(event.report, root=root)
        for name in ("schema", "dry_run", "tokens", "skipped"):
            del known[name]
        found |= known
    if event.event == "ready":
        found["polling"] = event.detail
    elif event.event == "waiting":
        found["writer"] = event.detail
    elif event.event == "failed":
        found |= {"message": event.detail, "hint": event.hint}
    return found


def _skipped(skipped: Skipped) -> Document:
    return {
        **named("path", skipped.path),
        "reason": skipped.reason.value,
        "detail": skipped.detail,
    }


def status(status: Status) -> Document:
    """What ``codesearch status`` knows. Times are Unix seconds or null."""
    return {
        "schema": STATUS,
        **named("root", status.root),
        **named("folder", status.folder),
        "state": status.state.value,
        "backend": status.backend,
        "model": status.model,
        "dimension": status.dimension,
        "remote": status.remote,
        "files": status.files,
        "skipped": status.skipped,
        "chunks": status.chunks,
        "languages": dict(status.languages),
        "kinds": dict(status.kinds),
        "bytes_on_disk": status.bytes_on_disk,
        "created": status.created,
        "updated": status.updated,
        "pending_files": status.pending,
        "made_with": status.made_with or None,
    }


def files(records: Iterable[FileRecord], *, root: str) -> Document:
    """The manifest. ``skipped`` is the reason, or null for a file that is indexed."""
    return {
        "schema": FILES,
        **named("root", root),
        "files": [
            {
                **named("path", record.path),
                "language": record.language,
                "size": record.size,
                "chunks": record.chunks,
                "skipped": record.skipped or None,
                "detail": record.detail,
            }
            for record in records
        ],
    }


def why(verdict: Verdict, *, root: str) -> Document:
    """Which rule includes or excludes a path."""
    return {
        "schema": WHY,
        **named("root", root),
        **named("path", verdict.path),
        "included": verdict.included,
        "rule": verdict.rule,
        "source": verdict.source,
    }


def languages(rows: Iterable[Mapping[str, Any]]) -> Document:
    """The languages whose structure is known."""
    return {"schema": LANGUAGES, "languages": [dict(row) for row in rows]}


def doctor(health: Health) -> Document:
    """What is wrong in an index folder. ``healthy``: without faults; waste costs only disk."""
    return {
        "schema": DOCTOR,
        **named("root", health.root),
        **named("folder", health.folder),
        "healthy": not health.is_faulty,
        "findings": [_finding(f) for f in health.findings],
        "mended": [_finding(f) for f in health.mended],
        "bytes_on_disk": health.bytes_on_disk,
        "bytes_live": health.bytes_live,
        "notes": list(health.notes),
    }


def answer(
    query: str, text: str, cited: Sequence[Citation], found: Sequence[Source],
    *, root: str, model: str, usage: tuple[int, int],
) -> Document:  # fmt: skip
    """An answer in words. A citation is ``right`` if such lines were among the sources."""

    def place(of: Citation | Source) -> Document:
        return {**named("path", of.path), "start_line": of.start_line, "end_line": of.end_line}

    return {
        "schema": ASK,
        **named("root", root),
        "query": query,
        "model": model,
        "answer": text,
        "citations": [{**place(c), "right": c.is_right} for c in cited],
        "sources": [{**place(s), "symbol": s.symbol} for s in found],
        "tokens": {"sent": usage[0], "received": usage[1]},
    }


def _finding(finding: Finding) -> Document:
    return {
        "severity": finding.severity,
        **named("where", finding.where),
        "what": finding.what,
        "cure": finding.cure,
        "bytes": finding.bytes,
    }


def named(field: str, name: str) -> Document:
    """A file's name as text and, where the name is not valid text, also as its exact bytes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return {field: name, f"{field}_bytes": _base64(name)}
    return {field: name}


def exact(name: str) -> bytes:
    """The bytes of a file's name, whether they are text or not."""
    try:
        return name.encode("utf-8", "surrogateescape")  # bytes, as POSIX has them
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")  # half a pair, as Windows allows it


def _base64(name: str) -> str:
    from base64 import b64encode

    return b64encode(exact(name)).decode("ascii")

"""Filters for templates: a value in, something printable out."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def escape_html(text: str) -> str:
    return "".join(ENTITIES.get(char, char) for char in text)


def slugify(text: object) -> str:
    """A title as a part of an address: plain letters and hyphens."""
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def truncate(text: object, length: str = "80") -> str:
    words = str(text)
    limit = int(length)
    if len(words) <= limit:
        return words
    cut = words.rfind(" ", 0, limit - 1)
    return words[: cut if cut > limit // 2 else limit - 1].rstrip(" ,.;:") + "\u2026"


def filesize(count: object) -> str:
    """Bytes as people read them: 1.5 KiB, 20 MiB."""
    size = float(str(count))
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def ago(moment: datetime, now: datetime | None = None) -> str:
    passed = (now or datetime.now(moment.tzinfo)) - moment
    steps = (
        (timedelta(days=1), "day"),
        (timedelta(hours=1), "hour"),
        (timedelta(minutes=1), "minute"),
    )
    for step, word in steps:
        count = int(passed / step)
        if count:
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"


def plural(count: object, forms: str) -> str:
    one, _, many = forms.partition(",")
    return one if int(str(count)) == 1 else many


def default(value: object, fallback: str = "-") -> object:
    return fallback if value in (None, "", []) else value


FILTERS = {
    "slug": slugify,
    "truncate": truncate,
    "filesize": filesize,
    "ago": ago,
    "plural": plural,
    "default": default,
}

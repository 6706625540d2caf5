"""Catalogues: the forms in which programs keep their messages in several languages.

Each reader takes a file's bytes and gives its messages by key. In gettext's forms the key is the
English message itself, elsewhere a name. The room knows no package and no language.
"""

from __future__ import annotations

import gettext
import io
import json
import re
import struct
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

Messages = dict[str, str]
Reader = Callable[[bytes], Messages]

_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w-]+)")
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def decode(data: bytes) -> str:
    """The text, in the encoding that it names near its beginning, else UTF-8, else Latin-1."""
    named = [name.decode("ascii") for name in _CHARSET.findall(data[:3000])]
    for encoding in [*named[:1], "utf-8-sig"]:
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("latin-1")


def unescape(text: str) -> str:
    """Backslash escapes as C, Java, JavaScript and gettext write them."""

    def replace(match: re.Match[str]) -> str:
        body = match.group(1)
        if len(body) > 1 and body[0] in "ux":
            return chr(min(int(body[1:].strip("{}"), 16), 0x10FFFF))
        return "" if body in {"\n", "\r\n"} else _LETTERS.get(body, body)

    text = _ESCAPE.sub(replace, text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_PO_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr)(?:\[(\d+)\])?\s+)?"(.*)"\s*$')


def po(data: bytes) -> Messages:
    """A gettext catalogue (.po), English to translation, without fuzzy and obsolete entries."""
    messages: Messages = {}
    entry: dict[str, str] = {}
    fuzzy, field = False, ""
    # The last, empty line closes the last entry.
    for line in [*decode(data).splitlines(), ""]:
        match = _PO_LINE.match(line)
        starts = match is None or match.group(1) in {"msgctxt", "msgid"}
        if starts and any(name.startswith("msgstr") for name in entry):
            if not fuzzy:
                _keep_entry(messages, entry)
            entry, fuzzy, field = {}, False, ""
        if line.startswith("#,"):
            fuzzy = fuzzy or "fuzzy" in line
        if match:
            if match.group(1):
                field = match.group(1) + (match.group(2) or "")
            if field:
                entry[field] = entry.get(field, "") + unescape(match.group(3))
    return messages


def _keep_entry(messages: Messages, entry: dict[str, str]) -> None:
    one, many = entry.get("msgid", ""), entry.get("msgid_plural", "")
    if one:
        messages[one] = entry.get("msgstr", "") or entry.get("msgstr0", "")
    if many:
        forms = sorted(name for name in entry if name.startswith("msgstr"))
        messages[many] = entry[forms[-1]]


def mo(data: bytes) -> Messages:
    """A compiled gettext catalogue (.mo)."""
    # The catalogue of the standard library's class has no public name for its whole.
    pairs: dict[Any, str] = vars(gettext.GNUTranslations(io.BytesIO(data)))["_catalog"]
    messages: Messages = {}
    for key, text in pairs.items():
        english = key if isinstance(key, str) else key[0]
        if english and not (isinstance(key, tuple) and key[1] == 0):
            messages[english.rpartition("\x04")[2]] = text
    return messages


def flat_json(data: bytes) -> Messages:
    """Strings of a JSON document by the path that leads to them."""
    messages: Messages = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, str):
            messages[path] = value
        elif isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{path}\0{key}" if path else str(key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk(inner, f"{path}\0{index}")

    walk(json.loads(decode(data)), "")
    return messages


_PROPERTY = re.compile(
    r"(?:[^\S\n]*[#!][^\n]*)|[^\S\n]*((?:\\.|[^\s=:\\])+)[^\S\n]*[=:]?[^\S\n]*([^\n]*)"
)


def properties(data: bytes) -> Messages:
    """Java resource bundles (.properties)."""
    text = re.sub(r"(?<!\\)((?:\\\\)*)\\\r?\n[^\S\n]*", r"\1", decode(data))
    return {
        unescape(match.group(1)): unescape(match.group(2))
        for match in _PROPERTY.finditer(text)
        if match.group(1)
    }


_STRING = r'"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"
_TOKEN = re.compile(rf"//[^\n]*|/\*.*?\*/|({_STRING})|([\w$]+)|([{{}}\[\]():,+=;])", re.DOTALL)


def javascript(data: bytes) -> Messages:
    """String literals in JavaScript's object and array literals, by the path of their keys.

    Also ``NAME["KEY"] = "text"``. Nothing is evaluated: ``"a" + "b"`` is joined, the rest is
    passed over.
    """
    messages: Messages = {}
    frames: list[str] = []  # the key or the number under which each open literal stands
    numbers: list[int] = []  # of an array's next item; -1 in an object
    key, previous, last, value = "", "", "", ""
    for match in _TOKEN.finditer(decode(data)):
        string, word, mark = match.groups()
        if string is not None:
            text = unescape(string[1:-1])
            if previous == "+" and value:
                messages[value] += text
            elif key or (numbers and numbers[-1] >= 0 and previous in {"[", ","}):
                value = "\0".join([*frames, key or str(numbers[-1])])
                messages[value] = text
                key = ""
            last = text
            previous = "string"
        elif word is not None:
            last, key, previous = word, "", "word"
        elif mark is not None:
            if (mark == ":" and previous in {"string", "word"}) or (
                mark == "=" and previous == "]"
            ):
                key = last
            elif mark in "{[":
                frames.append(key or (str(numbers[-1]) if numbers and numbers[-1] >= 0 else ""))
                numbers.append(0 if mark == "[" and previous != "word" else -1)
                key = ""
            elif mark in "}]" and frames:
                frames.pop()
                numbers.pop()
            elif mark == "," and numbers and numbers[-1] >= 0:
                numbers[-1] += 1
            if mark in ",;{}[]":
                value = ""
            if mark in ",;":
                key = ""
            previous = mark
    return messages


_BUNDLE = re.compile(r'\{\s*([\w.]+|"[\w.-]+")\s*,\s*((?:"(?:\\.|[^"\\\n])*"\s*\+?\s*)+)\}')
_PIECE = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def java_bundle(data: bytes) -> Messages:
    """Java list bundles: ``{KEY, "text" + "text"}``."""
    return {
        match.group(1): "".join(unescape(piece) for piece in _PIECE.findall(match.group(2)))
        for match in _BUNDLE.finditer(decode(data))
    }


def pak(data: bytes) -> Messages:
    """Strings by number from a data pack, version 5, as browsers ship their texts."""
    version, encoding, count, _ = struct.unpack_from("<IB3xHH", data)
    if version != 5 or encoding not in {1, 2}:
        raise ValueError("no data pack of strings")
    entries = [struct.unpack_from("<HI", data, 12 + 6 * index) for index in range(count + 1)]
    codec = "utf-8" if encoding == 1 else "utf-16-le"
    return {
        str(number): data[start:end].decode(codec, "replace")
        for (number, start), (_, end) in zip(entries, entries[1:], strict=False)
    }


class _Blocks(HTMLParser):
    """The blocks of text of a page, in sections that begin where something has a name."""

    TAGS = frozenset("p li dt dd h1 h2 h3 h4 td th".split())

    def __init__(self) -> None:
        super().__init__()
        self.sections: dict[str, list[tuple[str, str]]] = {"": []}
        self._blocks = self.sections[""]
        self._tag = ""
        self._text: list[str] = []
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = next((v for k, v in attrs if k in {"id", "name"} and v), None)
        if tag in self.TAGS:
            self.close_block()
            self._tag = tag
        if name and tag in {"a", "h2", "h3", "div"} and name not in self.sections:
            self.sections[name] = self._blocks = []
        self._skip += tag in {"pre", "script", "style"}

    def handle_endtag(self, tag: str) -> None:
        if tag == self._tag:
            self.close_block()
        self._skip -= tag in {"pre", "script", "style"}

    def handle_data(self, data: str) -> None:
        if self._tag and not self._skip:
            self._text.append(data)

    def close_block(self) -> None:
        text = " ".join("".join(self._text).split())
        if self._tag and text:
            self._blocks.append((self._tag, text))
        self._tag, self._text = "", []


def html(data: bytes) -> Messages:
    """Paragraphs, items and headings of a page.

    A key holds its section's name and the kinds of all blocks of the section, so that two pages
    share keys only where they are built alike.
    """
    page = _Blocks()
    page.feed(decode(data))
    page.close_block()
    messages: Messages = {}
    for name, blocks in page.sections.items():
        kinds = " ".join(kind for kind, _ in blocks)
        for index, (_, text) in enumerate(blocks):
            messages[f"{name}\0{kinds}\0{index}"] = text
    return messages

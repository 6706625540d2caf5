"""From the bytes of a file to its text, or to the reason why they are none."""

from __future__ import annotations

import codecs

from codesearch.model import SkipReason

_MARKS = (  # UTF-32's mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Controls that text files hold: tab, line ends, form feed, vertical tab, escape, end of file.
_CONTROLS = bytes(set(range(32)) - {8, 9, 10, 11, 12, 13, 26, 27}) + b"\x7f"
_HIGH = bytes(range(128, 256))
_MAX_HIGH_SHARE = 0.3
# Where Windows-1252 differs from Latin-1; five of these bytes mean nothing in it.
_WINDOWS_1252 = {
    byte: text for byte in range(128, 160) if (text := bytes([byte]).decode("cp1252", "ignore"))
}


def decode(data: bytes) -> str | SkipReason:
    """The text of a file's bytes, or BINARY or UNDECODABLE.

    By its byte order mark; UTF-16 without one if it is all plain text; UTF-8; and else
    Windows-1252, of which Latin-1 is a part, if the bytes look like a language written in it.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                return SkipReason.UNDECODABLE
            return SkipReason.BINARY if "\0" in text else text
    if b"\0" in data:
        return _unmarked_utf16(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data)


def _unmarked_utf16(data: bytes) -> str | SkipReason:
    """UTF-16 of ASCII characters only: every other byte is zero, and no control among the rest.

    Numbers of 16 bits that are all letters do not happen, so this takes no data for text.
    """
    for zeros, letters, encoding in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
        kept = data[letters::2]
        if (
            len(data) % 2 == 0
            and not data[zeros::2].strip(b"\0")
            and kept.isascii()
            and b"\0" not in kept
            and len(kept.translate(None, _CONTROLS)) == len(kept)
        ):
            return data.decode(encoding)
    return SkipReason.BINARY


def _legacy(data: bytes) -> str | SkipReason:
    if len(data.translate(None, _CONTROLS)) < len(data):
        return SkipReason.BINARY
    # Mostly valid UTF-8 is UTF-8 with damage; in a text of one byte a character, bytes that happen
    # to be valid are rare.
    text = data.decode("utf-8", "replace")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if foreign > 2 * text.count("\ufffd"):
        return text
    high = len(data) - len(data.translate(None, _HIGH))
    if high > _MAX_HIGH_SHARE * len(data):
        return SkipReason.UNDECODABLE
    return data.decode("latin-1").translate(_WINDOWS_1252)

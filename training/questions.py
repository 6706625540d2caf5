"""Questions from texts: what a doc, a test's name, an error or a comment says, as a plain sentence.

Markup goes, boilerplate gives nothing. Pure functions over strings; which function a text belongs
to is links.py's business.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_QUESTION = 320
MIN_WORDS = 3
# Of what is longer only the beginning is looked at.
_MAX_DOC = 6_000
_MAX_CODE = 20_000

_STOP_LINE = re.compile(
    r"""\s* (?:
        [@\\] (?! (?: brief|summary|description|desc|abstract|short|discussion|details|note) \b )
        !? \w+
      | : \w[\w\ ,*.]* : (?! ` )
      | (?: args? | arguments | parameters? | params? | returns? | return\ values? | raises | throws
          | yields | examples? | usage | notes? | see\ also | attributes | references | inputs?
          | outputs? | options | preconditions? | errors | panics | safety | since | todo | warning
        ) \s* :? \s* \Z
      | \#+\  | >>> | ``` | ~~~ | \.\.\  | --- | === | \$\  | call-seq
      | -\ (?: parameters? | returns? | throws ) \b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_LEAD = re.compile(
    r"\A\s*(?:[@\\](?:brief|summary|description|desc|abstract|short|discussion|details|note)\b[ :]*"
    r"|(?:summary|description|abstract)\s*:\s*)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(
    r"\s*<(?:p|br|ul|ol|pre|table|remarks|param|returns|h\d)\b[^>]*/?>\s*", re.IGNORECASE
)
_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\{@\w+\s+([^}|]*?)(?:\|[^}]*)?\}"), r"\1"),  # {@link X}
    (re.compile(r"\{[!:%]+\s*([^}]*)\}"), r"\1"),  # {!X}
    (
        re.compile(
            r"<(?:see|seealso|paramref|typeparamref)\s+(?:cref|name|langword)=\"(?:\w:)?([^\"]*)\"\s*/?>"
        ),
        r"\1",
    ),
    (re.compile(r"</?[A-Za-z][^<>]{0,200}>"), ""),
    # Roles of reStructuredText, with and without a title.
    (re.compile(r":(?:[\w+-]+:)?[\w+-]+:`~?\.?(?:([^`<]*?)\s*<[^`>]*>|([^`]*))`"), r"\1\2"),
    (re.compile(r"!?\[([^\]\[]+)\]\([^)\s]*\)"), r"\1"),  # [text](address)
    (re.compile(r"\[([^\]\[]+)\]\[[^\]]*\]"), r"\1"),
    (re.compile(r"[LCBIF]<+\s*([^<>]*?)\s*>+"), r"\1"),  # POD
    (re.compile(r"[@\\](?:p|c|a|e|ref|em|b|code|link|endlink|endcode)\s+"), ""),
    (re.compile(r"\[\[?`?([\w.:#()]+)`?\]\]?"), r"\1"),  # [`Type`], [[Type]]
    (re.compile(r"`+'?([^`']+)[`']+"), r"\1"),
    (re.compile(r"\*{1,2}(\S[^*]*?)\*{1,2}"), r"\1"),
    (re.compile(r"(?<!\w)[+@'\"](\w[\w.]*)[+@'\"](?!\w)"), r"\1"),
    (re.compile(r"&(?:lt|#60);"), "<"),
    (re.compile(r"&(?:gt|#62);"), ">"),
    (re.compile(r"&(?:amp|nbsp|#\d+|quot|apos);"), " "),
    (re.compile(r"(?:https?|ftp)://\S+"), ""),
)
# What a licence, a tool's switch or a placeholder says is no question.
_BOILERPLATE = re.compile(
    r"copyright|all rights reserved|licen[cs]ed? under|spdx-|permission is hereby|redistribut"
    r"|\b(?:todo|fixme|xxx|hack)\b|eslint|tslint|prettier-ignore|ts-ignore|ts-expect|istanbul"
    r"|c8 ignore|noinspection|nolint|pylint|noqa|type: ?ignore|rubocop|swiftlint|clang-format"
    r"|pragma|\$fl?ow|\A\(?see\b|\Amark\b|documented in|inherit-?doc|auto-?generated"
    r"|@generated|do not edit|not documented|no documentation"
    r"|undocumented|vim:|-\*-|internal use only|for internal use|lint:ignore|coverage:ignore"
    r"|sourcemap|webpackchunk",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE_END = re.compile(r"[;{}=]\s*\Z|\A\s*(?:[})\]]|</|#(?:if|endif|include|define)\b)")
_CODE = re.compile(
    r"\w\(.*\)\s*[;{]|\b(?:var|let|const|int|return|if|for|while|import|def|func)\b\s*[\w(]+\s*[=({:;]"
    r"|[\w\])]\s*(?:==|!=|\+=|:=|=>|->)\s*\w|^\s*\w[\w.\[\]]*\s*=\s*\S+"
)
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])(?:\s+(?=[^a-z\s])|(?<=[\u3002\uff01\uff1f]))")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|resp|approx|no)\.|\b[A-Z]\.)\Z", re.IGNORECASE
)
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_TEST_MARK = re.compile(
    r"\A(?:test|tests|it|should|spec|check|case|bench|benchmark)\b[\s:_]*", re.IGNORECASE
)
_PLACEHOLDER = re.compile(
    r"%[-+#0 ]*\d*(?:\.\d+)?l{0,2}[a-zA-Z@]|%\{\w+\}|\$\{[^}]*\}|#\{[^}]*\}|\{[^{}\s]{0,60}\}|\$\w+"
    r"|\\[nrt]|\\\([^)]*\)|\\"
)


def from_doc(doc: str, symbol: str = "") -> str:
    """The first paragraph of a doc as plain text, or an empty string if it says nothing.

    The function's own name at its beginning goes ("Open opens a file" is "opens a file").
    """
    doc = doc[:_MAX_DOC]
    summary = _SUMMARY.search(doc)
    text = summary[1] if summary else doc
    name = symbol.rpartition(".")[2].rpartition(" ")[2]
    for paragraph in _paragraphs(_LEAD.sub("", text)):
        found = cleaned(paragraph)
        bare = _without_name(found, name)
        if name and (not bare or _is_signature(found, name)):
            continue  # a signature above the words
        return bare if is_sentence(bare) else ""
    return ""


def _paragraphs(text: str) -> list[str]:
    """The first two paragraphs before any list of parameters."""
    found: list[str] = []
    lines: list[str] = []
    for line in [*_BREAK.sub("\n\n", text).split("\n"), ""]:
        stop = _STOP_LINE.match(line) is not None
        lead = _LEAD.match(line)
        if lines and (stop or lead or not line.strip()):
            found.append(" ".join(lines))
            lines = []
            if len(found) == 2:
                break
        if stop:
            break
        words = (_LEAD.sub("", line) if lead else line).strip()
        if words:
            lines.append(words)
    return found


# A function's name at the beginning of its doc: "Open opens ...", "[map f x] is ...", "f() - ...".
_NAMED = re.compile(
    r"(?:[\w.:#]*[.:#])?([\w!?=$]+)(?:\(\))?(?:\s*[-\u2013:]+\s*|\s+|\Z)(?:(?:is|are)\s+)?"
    r"|\[([\w!?=$]+)\b[^\]]*\]\s*(?:(?:is|are|=)\s+)?"
)
_SIGNATURE = re.compile(r"(?:[\w.:#]*[.:#])?([\w!?=$]+)\s*\([^)]*\)\W*\w*")


def _without_name(text: str, name: str) -> str:
    """Text without the function's name at its beginning."""
    head = _NAMED.match(text)
    if head and name and name in (head[1], head[2]):
        return text[head.end() :].strip()
    return text


def _is_signature(text: str, name: str) -> bool:
    signature = _SIGNATURE.fullmatch(text)
    return signature is not None and signature[1] == name


def cleaned(text: str) -> str:
    """A text's words without markup, on one line, cut behind a sentence where it is long."""
    for pattern, new in _MARKUP:
        text = pattern.sub(new, text)
    return shortened(" ".join(text.split()).strip(" -*:#|"))


def shortened(text: str) -> str:
    """As many whole sentences as are short enough; of a longer first one its beginning."""
    if len(text) <= MAX_QUESTION:
        return text
    end = 0
    for found in _SENTENCE.finditer(text):
        if found.start() > MAX_QUESTION:
            break
        if not _ABBREVIATION.search(text[: found.start()]):
            end = found.start()
    if end:
        return text[:end].strip()
    return text[:MAX_QUESTION].rpartition(" ")[0]


def is_sentence(text: str) -> bool:
    """Whether a text is words that say something, not code, a licence or a note to a tool."""
    if not text or _BOILERPLATE.search(text):
        return False
    letters = sum(map(str.isalpha, text))
    if letters < 0.6 * len(text) or _CODE_END.search(text) or _CODE.search(text):
        return False
    if not text.isascii() and sum(1 for c in text if ord(c) > 0x2E7F) >= 5:
        return True  # a script that is written without spaces
    return len(_WORD.findall(text)) >= MIN_WORDS


@lru_cache(maxsize=1 << 16)
def name_words(name: str) -> tuple[str, ...]:
    """The words of an identifier, in lower case."""
    return tuple(part.lower() for part in _PARTS.findall(name))


def from_test(symbol: str) -> str:
    """What a test's name or title claims, or an empty string.

    ``TestParse_rejectsEmpty`` is "parse rejects empty"; of titles the innermost counts if it says
    enough, else all of them.
    """
    parts = [part.strip() for part in symbol.split(" > ")]
    if len(parts) > 1 or " " in symbol:
        own = cleaned(_PLACEHOLDER.sub(" ", parts[-1]))
        own = re.sub(r"\A(?:it\s+)?(?:should\s+)?", "", own)
        if len(_WORD.findall(own)) < MIN_WORDS:
            own = " ".join([*map(cleaned, parts[-2:-1]), own])
        return own if is_sentence(own) else ""
    leaf = symbol.rpartition(".")[2]
    spread = " ".join(name_words(leaf))
    text = _TEST_MARK.sub("", spread)
    return text if len(_WORD.findall(text)) >= MIN_WORDS and is_sentence(text) else ""


_RAISES = re.compile(
    r"(?:\b(?:raise|throw|panic|die|croak|confess|abort|fail|failwith|invalid_arg|invalidArg|fatalError"
    r"|precondition|preconditionFailure|bail|ensure|expect|anyhow|errorf?|Errorf|errors\.New|assert\w*"
    r"|fatal|unreachable|todo|require|requireNonNull|check|checkArgument|perror|err|errx|warnx?"
    r"|raise_error|ArgumentError|NSError|NSAssert|REJECT|reject|Err|Left|Error|Exception)\b[!?]?"
    r"|\b\w+(?:Error|Exception|Failure))[^\n\"'`;]{0,90}(?:\n\s*)?[a-zA-Z@$]{0,2}"
    r"(\"(?:[^\"\\\n]|\\.){8,240}\"|'(?:[^'\\\n]|\\.){8,240}'|`(?:[^`\\\n]|\\.){8,240}`)"
)


def errors(code: str, most: int = 2) -> list[str]:
    """The messages of the errors that a function raises, without their placeholders."""
    found: list[str] = []
    for match in _RAISES.finditer(code[:_MAX_CODE]):
        text = _PLACEHOLDER.sub(" ", match[1][1:-1])
        text = " ".join(text.split()).strip(" .:,-\"'!()[]<>=")
        if text not in found and " " in text and is_sentence(text):
            found.append(text)
            if len(found) == most:
                break
    return found


_COMMENT = re.compile(r"[ \t]*(?://+(?!/)|#+(?=\s)|--+(?=\s)|;;+)[ \t]*(.*)")
_MAX_COMMENT_LINES = 4


def commented(code: str) -> list[tuple[str, str]]:
    """Comments inside a function, each with the line of code directly below it."""
    found = []
    run: list[str] = []
    for line in code[:_MAX_CODE].split("\n"):
        comment = _COMMENT.fullmatch(line)
        if comment:
            run.append(comment[1])
            continue
        if 0 < len(run) <= _MAX_COMMENT_LINES and line.strip():
            text = cleaned(" ".join(run))
            if len(_WORD.findall(text)) > MIN_WORDS and is_sentence(text):
                found.append((text, line))
        run = []
    return found

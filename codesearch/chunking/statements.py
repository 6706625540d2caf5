"""Statements that define something, found by regular expressions: for SQL and its dialects.

No parser knows them all, and one that does not loses its way in a body. All that is particular
to the language is in its grammar's ``[statements]``; what is no definition is left over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import cast

from codesearch import fingerprint
from codesearch.chunking import base
from codesearch.chunking.comments import clean
from codesearch.fingerprint import Role
from codesearch.languages.grammars import DEFINED, Grammar, Statements
from codesearch.model import Chunk, Kind, SourceFile

MAX_SIGNATURE = 300
#: Kinds that have a body of statements of their own.
_ROUTINES = frozenset({"function", "method", "macro", "module"})
TRIVIA_LINES = 6
_NOTHING = r"\W*"
_QUOTES = re.compile(r"[\"`\[\]\s]")


@dataclass(slots=True)
class _Definition:
    kind: str
    name: str
    start: int  # of the head
    named: int  # where the name ends
    end: int = 0
    blocks: int = 0  # that are open
    expects_block: bool = False
    had_block: bool = False
    docs: list[tuple[int, int]] = field(default_factory=list)
    above: int = 0  # the beginning of the first line, docs included


def chunk(grammar: Grammar, file: SourceFile) -> list[Chunk]:
    """The definitions of a file with their doc comments, and what is left over in pieces."""
    text = file.text
    definitions = list(_definitions(grammar.statements, text))
    _share_trivia(grammar, text, definitions)
    found: list[Chunk] = []
    position, row = 0, 1
    for definition in definitions:
        found += _left_over(file, position, definition.above, row)
        row += text.count("\n", position, definition.above)
        last = row + text.count("\n", definition.above, definition.end)
        found.append(_chunk(grammar, file, definition, row, last))
        position, row = definition.end, last
    return found + _left_over(file, position, len(text), row)


def _left_over(file: SourceFile, start: int, stop: int, row: int) -> list[Chunk]:
    return base.plain(file, "module", file.text[start:stop].split("\n"), row, base.LEFTOVER_LINES)


def _share_trivia(grammar: Grammar, text: str, definitions: list[_Definition]) -> None:
    """Gives what is nothing of its own to the definition that it touches, or to the next."""
    trivia = _compiled(f"{grammar.trivia or _NOTHING}|{_NOTHING}|{grammar.statements.comment}")
    for before, after in zip_longest(definitions, definitions[1:]):
        gap = text[before.end : after.above if after else len(text)]
        bare = gap.strip()
        lines = bare.split("\n")
        short = bare and len(lines) <= TRIVIA_LINES
        if not short or not all(trivia.fullmatch(line.strip()) for line in lines):
            continue
        top = gap[: gap.index(bare)]
        bottom = gap[len(top) + len(bare) :]
        if after is None or top.count("\n") < 2 <= bottom.count("\n"):
            before.end += len(top) + len(bare)
        else:
            after.above = text.rfind("\n", 0, before.end + len(top)) + 1


def _chunk(grammar: Grammar, file: SourceFile, found: _Definition, first: int, last: int) -> Chunk:
    text, rules = file.text, grammar.statements
    routine = found.kind in _ROUTINES
    rest = rules.body if routine else rules.content
    body = _compiled(rest).search(text, found.named, found.end) if rest else None
    head = text[found.named : body.start() if body else found.end]
    names = _compiled(rules.parameter).findall(_parameters(head)) if routine else []
    signature = " ".join((text[found.start : found.named] + head).split()).rstrip(" (;")
    if len(signature) > MAX_SIGNATURE:
        signature = signature[: MAX_SIGNATURE - 3].rstrip() + "..."
    line = text.rfind("\n", 0, found.start) + 1
    docs = text[found.docs[0][0] : found.docs[-1][1]] if found.docs else ""
    lead = text[found.above : found.docs[0][0] if found.docs else line]
    return base.chunk_of(
        file,
        cast("Kind", found.kind),
        (lead + text[line : found.end]).strip("\n").rstrip(),
        first,
        last,
        symbol=_QUOTES.sub("", found.name),
        signature=signature,
        doc=clean(docs),
        parameters=tuple(dict.fromkeys(names)),
        fingerprint=_fingerprint(grammar.statements, text, found, names) if routine else b"",
    )


def tokens_of(
    grammar: Grammar, file: SourceFile, wanted: Collection[tuple[int, str]]
) -> dict[tuple[int, str], list[tuple[int, int, str]]]:
    """The tokens of some functions; see ``chunking.tokens_of``."""
    text = file.text
    definitions = list(_definitions(grammar.statements, text))
    _share_trivia(grammar, text, definitions)
    found = {}
    for definition in definitions:
        key = text.count("\n", 0, definition.above) + 1, _QUOTES.sub("", definition.name)
        if key in wanted:
            found[key] = [
                (m.start() - definition.above, m.end() - definition.above, m[0])
                for m in _matches(grammar.statements, text, definition)
                if m.lastgroup != "comment"
            ]
    return found


def _fingerprint(
    rules: Statements, text: str, found: _Definition, parameters: Sequence[str]
) -> bytes:
    """What the function is compared by; empty for a tiny one."""
    own = {*parameters, found.name}
    tokens: list[tuple[str, Role]] = []
    remarks: list[str] = []
    for token in _matches(rules, text, found):
        what, word = token.lastgroup, token[0]
        if what == "comment":
            remarks.append(word)
        elif what == "literal":
            tokens.append((word, Role.LITERAL))
        elif what == "local" or word in own:
            tokens.append((word, Role.LOCAL))
        else:
            tokens.append((word.upper(), Role.NAME if what == "name" else Role.SYNTAX))
    if len(tokens) < fingerprint.FEWEST:
        return b""
    line = text.count("\n", found.above, found.start)
    column = found.start - (text.rfind("\n", 0, found.start) + 1)
    return fingerprint.of(tokens, remarks, body=len(tokens), line=line, column=column)


def _matches(rules: Statements, text: str, found: _Definition) -> Iterator[re.Match[str]]:
    """The tokens and the comments of a definition."""
    pattern = _compiled(f"(?P<comment>{rules.comment})|{rules.token}")
    return pattern.finditer(text, found.above, found.end)


def _parameters(head: str) -> str:
    """The list in parentheses, or all where there are none, without parentheses inside it."""
    if not head.lstrip().startswith("("):
        return head
    kept, depth = [], 0
    for character in head:
        depth -= character == ")"
        if character == ")" and not depth:
            break
        if depth < 2:
            kept.append(character)
        depth += character == "("
    return "".join(kept)


def _definitions(rules: Statements, text: str) -> Iterator[_Definition]:
    """In order, without overlaps, each to the end of its last line if nothing else is on it."""
    tokens = _tokens(rules)
    batched = any(token.lastgroup == "batch" for token in tokens.finditer(text))
    current: _Definition | None = None
    comments: list[tuple[int, int]] = []
    for token in tokens.finditer(text):
        what, start, end = token.lastgroup, token.start(), token.end()
        if what == "comment":
            if current is None:
                comments.append((start, end))
            continue
        if what == "skipped":
            continue
        routine = current is not None and current.kind in _ROUTINES
        if current is not None and (
            what == "batch"
            or (what == "stops" and not routine)
            or (what == "head" and not _is_inside(token, current, batched))
        ):
            # END // is one line with the function, GO is one of its own.
            shared = what == "batch" and text[text.rfind("\n", 0, start) + 1 : start].strip()
            yield _ended(rules, current, text, end if shared else start)
            current = None
        if what == "head" and current is None:
            current = _begun(token, text, comments)
        elif current is not None and routine and what == "opens":
            current.blocks += 1
            current.had_block = True
        elif current is not None and routine and what == "closes":
            current.blocks = max(0, current.blocks - 1)
        elif current is not None and routine and what == "declares":
            current.expects_block = True
        elif current is not None and what == "ends":
            waits = current.blocks or (current.expects_block and not current.had_block)
            if not (routine and (batched or waits)):
                yield _ended(rules, current, text, end)
                current = None
        if current is None:
            comments.clear()
    if current is not None:
        yield _ended(rules, current, text, len(text))


def _is_inside(head: re.Match[str], current: _Definition, batched: bool) -> bool:
    """Whether the beginning of a definition is a statement of the current function."""
    if current.kind not in _ROUTINES:
        return False
    done = current.had_block and _kind(head) in _ROUTINES
    return current.blocks > 0 or (batched and not done)


def _kind(head: re.Match[str]) -> str:
    groups = head.groupdict()
    return next(kind for kind in DEFINED if groups.get(kind) is not None)


def _begun(head: re.Match[str], text: str, comments: list[tuple[int, int]]) -> _Definition:
    kind = _kind(head)
    start = head.start() + len(head[0]) - len(head[0].lstrip())
    found = _Definition(kind, head["name"], start, head.end("name"))
    found.blocks = int(kind == "module")
    column = start - (text.rfind("\n", 0, start) + 1)
    above = start - column
    found.above = above
    for begin, end in reversed(comments):
        line = text.rfind("\n", 0, begin) + 1
        touches = text[end:above].count("\n") <= 1 and not text[end:above].strip()
        if not touches or begin - line != column or text[line:begin].strip():
            break
        found.docs.append((begin, end))
        found.above = above = line
    found.docs.reverse()
    return found


def _ended(rules: Statements, found: _Definition, text: str, end: int) -> _Definition:
    """To the end of the line if no more than a comment follows."""
    end = found.start + len(text[found.start : end].rstrip())
    rest = _compiled(rf"[ \t;]*(?:{rules.comment})?[ \t]*$").match(text, end)
    found.end = rest.end() if rest else end
    return found


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


@lru_cache(maxsize=4)
def _tokens(rules: Statements) -> re.Pattern[str]:
    """One pattern for all that matters; the name of the outermost group tells what it is."""
    names = ("comment", "skipped", "batch", "head", "stops", "declares", "opens", "closes", "ends")
    rows = ((name, getattr(rules, name)) for name in names)
    return _compiled("|".join(f"(?P<{name}>{rule})" for name, rule in rows if rule))

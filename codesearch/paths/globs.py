"""Patterns of ignore files and of ``-g``, as regular expressions.

The language is that of gitignore(5); where its manual is silent, what git does decides (the tests
ask it). The room knows lines and paths, neither files of patterns nor folders on a disk. Strings
are matched by character: who wants git's bytes gives it text in which each character is a byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file.

    ``body`` has its marks removed. An ``anchored`` pattern is matched against the whole path
    from the folder of its file on, any other against the last name only.
    """

    text: str
    body: str
    negated: bool
    folders_only: bool
    anchored: bool


def parse_pattern(line: str) -> Pattern | None:
    """Read one line, without its line end; None if it is a comment or says nothing."""
    if line.startswith("#"):
        return None
    text = _strip_end_spaces(line)
    negated = text.startswith("!")
    body = text[negated:]
    folders_only = body.endswith("/")
    if folders_only:
        body = body[:-1]
    anchored = "/" in body
    body = body.removeprefix("/")
    return Pattern(text, body, negated, folders_only, anchored) if body else None


def _strip_end_spaces(line: str) -> str:
    """Without the spaces at the end, but for one that a backslash keeps."""
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return line[: len(bare) + backslashes % 2]


# Up to the first character that git takes for special; then one step of a pattern, which fails
# at a set that is left open and at a backslash that ends the pattern. The members of a set are
# taken in git's order and never given back (possessive), as git never goes back in one.
_PLAIN = re.compile(r"[^*?\[\\]*")
_CHAR = r"(?:\\.|[^\]\\])"
_SET = rf"\[[!^]?(?:\](?:-{_CHAR})?+)?+(?:\[:[^\]]*:\]|{_CHAR}(?:-{_CHAR})?+)*+\]"
_STEP = re.compile(rf"(?P<stars>\*+)|(?P<set>{_SET})|\\(?P<escaped>.)|(?P<char>[^\\\[])", re.DOTALL)
_MEMBER = re.compile(r"\[:([^\]]*):\]|\\?(.)(?:-\\?(.))?", re.DOTALL)
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}

# What a pattern is made of; a _ONE matches exactly one character.
_ONE, _SLASH, _STAR, _FOLDERS, _REST = range(5)
_Tokens = list[tuple[int, str]]


def translate(body: str) -> str | None:
    """The regular expression, for ``fullmatch`` with DOTALL, of a pattern's body.

    None means that the pattern can match nothing, for example because a bracket is left open.

    No pattern is slow, however it was written: what stands between two stars is tried at its
    first place only (an atomic group), which is right since the second star takes up whatever
    a later place would have left; and the same between two ``**``.
    """
    tokens = _tokens(body)
    if tokens is None:
        return None
    starts = [at for at, (kind, _) in enumerate(tokens) if kind == _FOLDERS]
    out = _run(tokens[: starts[0]] if starts else tokens)
    for start, end in pairwise([*starts, len(tokens)]):
        folders = "(?:[^/]*/)*?" + _run(tokens[start + 1 : end])
        out += folders if end == len(tokens) else f"(?>{folders})"
    return out


def _run(tokens: _Tokens) -> str:
    """The expression of tokens of which none is _FOLDERS."""
    out: list[str] = []
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        at += 1
        if kind == _STAR:
            start = at
            while at < len(tokens) and tokens[at][0] == _ONE:
                at += 1
            fixed = "".join(text for _, text in tokens[start:at])
            more = at < len(tokens) and tokens[at][0] == _STAR
            out.append(f"(?>[^/]*?{fixed})" if more else f"[^/]*{fixed}")
        else:
            out.append(text)
    return "".join(out)


def _tokens(body: str) -> _Tokens | None:
    tokens: _Tokens = []
    plain = _PLAIN.match(body)
    # git compares a plain beginning by itself and matches the rest as a pattern of its own, so
    # stars right behind it stand at a beginning.
    openings = {0, plain.end() if plain else 0}
    at = 0
    while at < len(body):
        step = _STEP.match(body, at)
        if step is None:
            return None
        start, at = at, step.end()
        kind = step.lastgroup
        if kind == "stars":
            deep = at - start > 1 and (start in openings or body[start - 1] == "/")
            if deep and body.startswith("/", at):
                tokens.append((_FOLDERS, ""))
                at += 1
            elif deep and (at == len(body) or body.startswith("\\/", at)):
                tokens.append((_REST, ".*"))
            else:
                tokens.append((_STAR, ""))
        elif kind == "set":
            one = _set(step["set"])
            if one is None:
                return None
            tokens.append((_ONE, one))
        elif step["char"] == "?":
            tokens.append((_ONE, "[^/]"))
        else:
            char = step["char"] or step["escaped"]
            tokens.append((_SLASH if char == "/" else _ONE, re.escape(char)))
    return tokens


def _set(text: str) -> str | None:
    """A set with its brackets as a regular expression; None if it names an unknown class."""
    negated = text[1] in "!^"
    members: list[str] = []
    for name, low, high in _MEMBER.findall(text[1 + negated : -1]):
        if not low:
            if name not in _CLASSES:
                return None
            members.append(_CLASSES[name])
        elif low < high:
            members.append(f"{re.escape(low)}-{re.escape(high)}")
        else:  # no range, or one that runs backwards: git has taken its first character by then
            members.append(re.escape(low))
    if negated:
        return f"[^/{''.join(members)}]"
    return f"(?!/)[{''.join(members)}]"


def matches_glob(path: str, patterns: Sequence[str]) -> bool:
    """Whether ``path`` passes the patterns of ``-g``, as ripgrep reads them.

    Each is a gitignore pattern in which ``{a,b}`` means either; a leading ``!`` excludes; the last
    one that matches decides. A path that none matches passes if all patterns exclude. A pattern
    that names a folder speaks of all that is inside (where ripgrep wants ``folder/**``).
    """
    if not patterns:
        return True
    globs = _globs(tuple(patterns))
    for negated, regex in reversed(globs):
        if regex.fullmatch(path):
            return not negated
    return all(negated for negated, _ in globs)


@lru_cache(maxsize=64)
def _globs(patterns: tuple[str, ...]) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    globs = []
    for given in patterns:
        negated = given.startswith("!")
        either = []
        for text in _alternatives(given[negated:]):
            # A further "!" and a "#" mean themselves here.
            pattern = parse_pattern("\\" + text if text[:1] in {"!", "#"} else text)
            body = translate(pattern.body) if pattern else None
            if pattern and body is not None:
                before = "" if pattern.anchored else "(?:.*/)?"
                behind = "/.*" if pattern.folders_only else "(?:/.*)?"
                either.append(before + body + behind)
        globs.append((negated, re.compile("|".join(either) or "(?!)", re.DOTALL)))
    return tuple(globs)


_BRACES = re.compile(r"(?<!\\)\{([^{}]*)\}")


def _alternatives(glob: str) -> list[str]:
    """The globs that ``{a,b}`` stands for."""
    found = _BRACES.search(glob)
    if not found:
        return [glob]
    before, behind = glob[: found.start()], glob[found.end() :]
    return [
        whole for inner in found[1].split(",") for whole in _alternatives(before + inner + behind)
    ]

"""The format of a grammar: what is known of one language, read from its TOML file.

A new language is one new file in ``grammars/``; no Python. The file's first paragraph (up to the
first blank line) is its *head*, all that detection needs, so that a scan parses no queries:

``name``, ``aliases``
    The language's name in the index and in ``--lang``, and other spellings of it.
``extensions``, ``files``, ``shebangs``
    Endings without the dot (``"d.ts"`` is tried before ``"ts"``; as written, then in lower case),
    whole file names, interpreters without their version.
``contents``
    A table from an extension to a regular expression (multi-line mode): the extension is this
    language's only if the beginning of the file matches. Others may claim it without a condition.

What follows is read when a file of the language is met:

``parser``, ``entry``
    The Python package of the tree-sitter grammar and its function (default ``language``).
``sections``
    Instead of a parser: "markdown" or "restructuredtext", cut by headings.
``[statements]``
    Instead of a parser: regular expressions, see ``Statements``, that find what a file defines.
``extends``
    Another grammar's name, whose keys are taken where this file has none. ``definitions`` add up:
    this file's patterns come first and win.
``definitions``
    A tree-sitter query. Each pattern captures one ``@definition.KIND`` node, KIND being one of
    function, method, class, struct, trait, interface, enum, type, constant, macro, or

    * ``module``: a container with a header that is no type (an ``impl`` block, a Ruby module);
    * ``namespace``: gives its name to what it holds and is otherwise transparent: its own lines
      belong to the file's leftovers.

    ``@declaration.KIND`` is a definition that stays in what surrounds it unless it has a doc
    comment or is longer than five lines: a prototype, an abstract method, a small variable.
    If several patterns match one node the first decides, later ones of that kind add captures.
    A function becomes a method by itself inside a class, struct, trait, interface or enum. A
    function without a ``@name`` (a callback) is no chunk; it keeps what is defined in it.

    ``@name``
        The symbol's text, e.g. ``Foo::bar``; what a repetition captures is joined.
        ``#set! name "default"`` gives a fixed one,
        ``#set! scope "none"`` leaves out the names of what is around it.
    ``@title``
        A name in plain words (a test's title): joined with " > " in place of a dot.
    ``@scope``
        What goes before the name and is not around the node (the receiver's type of a Go method).
    ``@value``, or ``@parameters`` and ``@body``
        Where the fields ``parameters`` and ``body`` are not the node's own: the node that has
        them, or these nodes themselves. The signature is what stands before the body.
        Value and body may also follow the node, and a ``@head`` may precede it.
    ``@doc``
        A docstring inside the node. With ``@comment`` in the same pattern: its text.
    ``@comment``, ``@attribute``, ``@wrapper``
        More nodes like those of the keys below, where a kind alone does not tell.
    Captures that begin with ``_`` serve predicates; ``#not-any-of?`` is not to be trusted.
``parameters``, ``receivers``
    A query over one parameter list, patterns begin at its node, ``@parameter`` is a name; and
    the names that are no argument of a call: ``self``, ``cls``.
``comments``, ``attributes``
    Node kinds. Directly above a definition, both belong to it; comments are its doc.
    Attributes (annotations, decorators) are left out of signatures.
``wrappers``
    Kinds that wrap a definition and end with it: ``export``, ``template``.
``separators``, ``omitted``
    What stands between the parts of a name besides a dot, and parts that mean nothing.
``trailing``
    A regular expression of comments that document what they stand behind, or directly below
    with a blank line after them.
``trivia``
    A regular expression of lines, found between definitions, that carry nothing of their own
    (``#endif``, ``else:``): they stay with the neighbouring chunk.
``masked``
    A regular expression of what the parser does not see, e.g. macros before a function: the
    match, or its groups. A group ``name`` is a name to the parser, a group ``call`` is ``()``,
    any other named group is its own name (``(?P<enum>...)``).
``merge``
    true: neighbouring functions of one name are one chunk (clauses, overloads, signatures),
    but one below a ``@comment`` or an ``@attribute`` of a pattern begins anew.
``[duplicates]``
    Node kinds that comparing functions abstracts from or leaves out.
``[[example]]``
    ``source`` and the ``[[example.chunk]]`` that it must give: any of kind, symbol, signature,
    doc, parameters, lines, text. Not read at run time.

A parser is imported when its language is met. What is made of all this is the business of
chunking.
"""

from __future__ import annotations

import functools
import importlib
import re
import tomllib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesearch.errors import GrammarError, did_you_mean

if TYPE_CHECKING:
    import tree_sitter

CAPTURES = frozenset(
    "name title scope head value parameters body doc comment attribute wrapper".split()
)
DEFINED = frozenset(
    "function method class struct trait interface enum type constant macro module namespace".split()
)

_EXAMPLES = re.compile(r"^\[\[example\]\]", re.MULTILINE)
_HEAD_KEYS = ("aliases", "extensions", "files", "shebangs", "contents")


@dataclass(frozen=True)
class Duplicates:
    """Node kinds of a language for comparing functions by their tokens.

    ``blocks`` are those that end by layout alone, without a token of their own. ``remark`` is how
    a comment on a line of its own is written: ``{}`` stands for its text.
    """

    identifiers: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    remark: str = "// {}"


@dataclass(frozen=True)
class Statements:
    """Statements by regular expressions, in multi-line mode; each is looked for outside others.

    ``comment``, ``skipped``
        Comments; strings and other text that is not looked into.
    ``head``
        The beginning of a definition, with a group ``name`` and one named like its kind.
    ``body``, ``content``, ``parameter``
        Where the signature of a function ends, and of anything else; a parameter, whose name is
        the group, in a signature.
    ``ends``, ``stops``
        What ends a definition; a statement that begins where the end of one is missing.
    ``opens``, ``closes``, ``declares``
        Blocks in a function, whose ends do not end it; and what comes before a first block.
        A module is a block itself.
    ``token``
        What a function consists of beside comments, for comparing it: groups ``literal``, ``local``
        (a name that only a function can give) and ``name``; anything else is syntax.
    ``batch``
        Lines between which all is one: in a file that has some a function ends at no other end.
    """

    comment: str = ""
    skipped: str = ""
    head: str = ""
    body: str = ""
    content: str = ""
    parameter: str = ""
    ends: str = ""
    stops: str = ""
    opens: str = ""
    closes: str = ""
    declares: str = ""
    token: str = ""
    batch: str = ""


@dataclass(frozen=True)
class Grammar:
    """One language; the fields are the keys that the module's docstring describes."""

    name: str
    aliases: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    contents: Mapping[str, str] = field(default_factory=dict)
    parser: str = ""
    entry: str = "language"
    sections: str = ""
    extends: str = ""
    definitions: str = ""
    parameters: str = ""
    receivers: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    separators: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()
    trailing: str = ""
    trivia: str = ""
    masked: str = ""
    merge: bool = False
    duplicates: Duplicates = Duplicates()
    statements: Statements = Statements()

    @functools.cached_property
    def language(self) -> tree_sitter.Language:
        """The parser's tables.

        Raises:
            GrammarError: the package is not installed, or too old or new for tree_sitter.
        """
        from tree_sitter import Language

        wheel = self.parser.replace("_", "-")
        try:
            entry = getattr(importlib.import_module(self.parser), self.entry)
            with warnings.catch_warnings():  # wheels of old give an address, not a capsule
                warnings.simplefilter("ignore", DeprecationWarning)
                return Language(entry())
        except (ImportError, AttributeError, ValueError) as error:
            raise GrammarError(
                f"the parser of {self.name} cannot be loaded: {error}",
                f"install it with: pip install --upgrade {wheel}",
            ) from error

    @functools.cached_property
    def query(self) -> tree_sitter.Query:
        """``definitions`` with the kinds of comments, attributes and wrappers, compiled.

        Raises:
            GrammarError: the query does not fit the parser, or has an unknown capture.
        """
        lists = {
            "comment": self.comments,
            "attribute": self.attributes,
            "wrapper": self.wrappers,
        }
        kinds = "".join(
            f"[{' '.join(f'({kind})' for kind in names)}] @{capture}\n"
            for capture, names in lists.items()
            if names
        )
        query = self._compile("definitions", f"{self.definitions}\n{kinds}")
        for index in range(query.capture_count):
            capture = query.capture_name(index)
            prefix, _, kind = capture.partition(".")
            known = prefix in {"definition", "declaration"} and kind in DEFINED
            if not (known or capture in CAPTURES or capture.startswith("_")):
                raise GrammarError(f"grammars/{self.name}.toml: unknown capture @{capture}")
        return query

    @functools.cached_property
    def parameter_query(self) -> tree_sitter.Query | None:
        """``parameters``, compiled; None where the language has none."""
        return self._compile("parameters", self.parameters) if self.parameters else None

    @functools.cached_property
    def compared(self) -> tuple[frozenset[int], frozenset[int], frozenset[int], frozenset[int]]:
        """``duplicates`` as the parser's numbers: identifiers, literals, what is passed over, and
        blocks without a token at their end."""
        kinds, language = self.duplicates, self.language

        def numbers(names: Iterable[str]) -> frozenset[int]:
            # A word such as "number" can be a literal's kind and a keyword as well.
            named = ((name, language.id_for_node_kind(name, True)) for name in names)
            found = (number or language.id_for_node_kind(name, False) for name, number in named)
            return frozenset(number for number in found if number)

        passed = (*kinds.comments, *self.comments, *self.attributes)
        blocks = numbers(kinds.blocks)
        return numbers(kinds.identifiers), numbers(kinds.literals), numbers(passed), blocks

    def _compile(self, key: str, source: str) -> tree_sitter.Query:
        from tree_sitter import Query, QueryError

        try:
            return Query(self.language, source)
        except QueryError as error:
            raise GrammarError(
                f"grammars/{self.name}.toml: {key}: {error}",
                f"the query may not fit the installed version of {self.parser}",
            ) from error


def folder() -> Path:
    """Where the grammars are: in the package (a wheel) or beside it (a checkout)."""
    package = Path(__file__).parent.parent
    inside = package / "grammars"
    return inside if inside.is_dir() else package.parent / "grammars"


@functools.cache
def sources() -> dict[str, str]:
    """Every grammar's text without its examples, by name."""
    found = {}
    for file in sorted(folder().glob("*.toml")):
        text = file.read_text(encoding="utf-8")
        examples = _EXAMPLES.search(text)
        found[file.stem] = text[: examples.start()] if examples else text
    if not found:
        raise GrammarError(f"no grammars in {folder()}", "reinstall codesearch")
    return found


@functools.cache
def load(name: str) -> Grammar:
    """The grammar in ``<name>.toml``.

    Raises:
        GrammarError: the file is wrong.
    """
    return _build(name, _table_of(name))


def _table_of(name: str) -> dict[str, Any]:
    """A grammar's keys with those of what it extends."""
    own = parse(name, sources()[name])
    base_name = own.get("extends")
    if not base_name:
        return own
    if base_name not in sources() or base_name == name:
        raise GrammarError(f"grammars/{name}.toml: extends: there is no grammar {base_name!r}")
    base = _table_of(base_name)
    merged = {key: value for key, value in base.items() if key not in _HEAD_KEYS} | own
    merged["definitions"] = f"{own.get('definitions', '')}\n{base.get('definitions', '')}"
    merged["duplicates"] = base.get("duplicates", {}) | own.get("duplicates", {})
    return merged


def parse(name: str, source: str) -> dict[str, Any]:
    """TOML, or a part of it.

    Raises:
        GrammarError: it is no TOML.
    """
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise GrammarError(f"grammars/{name}.toml is no TOML: {error}") from error


def _build(name: str, table: Mapping[str, Any]) -> Grammar:
    _check_keys(name, table, (f.name for f in fields(Grammar)))
    values = {key: _frozen(value) for key, value in table.items()}
    for key, of in (("duplicates", Duplicates), ("statements", Statements)):
        inner = table.get(key, {})
        _check_keys(name, inner, (f.name for f in fields(of)))
        values[key] = of(**{key: _frozen(value) for key, value in inner.items()})
    grammar = Grammar(**values)
    if grammar.name != name:
        raise GrammarError(f"grammars/{name}.toml: name is {grammar.name!r}")
    if sum(map(bool, (grammar.parser, grammar.sections, grammar.statements.head))) != 1:
        raise GrammarError(f"grammars/{name}.toml needs one of parser, sections and statements")
    return grammar


def _check_keys(name: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    known = list(known)
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise GrammarError(f"grammars/{name}.toml: unknown key {key!r}", hint)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

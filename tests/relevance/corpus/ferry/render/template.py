"""A small template language: {{ value | filter }}, {% if %}, {% for %}, {% include %}."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ferry.render.filters import FILTERS, escape_html

TOKEN = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
MAX_INCLUDE_DEPTH = 20


class TemplateError(Exception):
    def __init__(self, message: str, name: str, line: int) -> None:
        super().__init__(f"{name}:{line}: {message}")
        self.line = line


@dataclass
class Token:
    kind: str
    text: str
    line: int


@dataclass
class Node:
    kind: str
    argument: str
    line: int
    children: list[Node]
    otherwise: list[Node]


def tokenize(source: str) -> Iterator[Token]:
    """Cut a template into text, output, tag and comment tokens with their lines."""
    line = 1
    for piece in TOKEN.split(source):
        if piece.startswith("{{"):
            yield Token("output", piece[2:-2].strip(), line)
        elif piece.startswith("{%"):
            yield Token("tag", piece[2:-2].strip(), line)
        elif not piece.startswith("{#") and piece:
            yield Token("text", piece, line)
        line += piece.count("\n")


class Parser:
    def __init__(self, source: str, name: str) -> None:
        self._tokens = list(tokenize(source))
        self._at = 0
        self._name = name

    def parse(self) -> list[Node]:
        nodes, _ = self._block(set(), opened_at=1)
        return nodes

    def _block(self, ends: set[str], opened_at: int) -> tuple[list[Node], str]:
        nodes: list[Node] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.kind != "tag":
                nodes.append(Node(token.kind, token.text, token.line, [], []))
                continue
            word, _, rest = token.text.partition(" ")
            if word in ends:
                return nodes, word
            nodes.append(self._tag(word, rest.strip(), token.line))
        if ends:
            missing = sorted(ends)[-1]
            raise TemplateError(f"{missing} is missing for this block", self._name, opened_at)
        return nodes, ""

    def _tag(self, word: str, rest: str, line: int) -> Node:
        if word == "include":
            return Node("include", rest.strip("\"'"), line, [], [])
        if word == "if":
            children, end = self._block({"else", "endif"}, line)
            otherwise = self._block({"endif"}, line)[0] if end == "else" else []
            return Node("if", rest, line, children, otherwise)
        if word == "for":
            children, end = self._block({"empty", "endfor"}, line)
            otherwise = self._block({"endfor"}, line)[0] if end == "empty" else []
            return Node("for", rest, line, children, otherwise)
        raise TemplateError(f"unknown tag {word!r}", self._name, line)


class Environment:
    """Finds, parses and renders templates below one folder."""

    def __init__(self, folder: Path, *, autoescape: bool = True) -> None:
        self.folder = folder
        self.autoescape = autoescape
        self.filters: dict[str, Callable[..., object]] = dict(FILTERS)
        self._cache: dict[str, tuple[int, list[Node]]] = {}

    def load(self, name: str) -> list[Node]:
        """The parsed template, from memory unless its file was written since.

        Raises:
            TemplateError: the name leads out of the folder, or there is no such file.
        """
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise TemplateError("template lies outside of the template folder", name, 0)
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            raise TemplateError("no such template", name, 0) from None
        kept = self._cache.get(name)
        if kept and kept[0] == stamp:
            return kept[1]
        nodes = Parser(path.read_text(encoding="utf-8"), name).parse()
        self._cache[name] = (stamp, nodes)
        return nodes

    def render(self, name: str, context: Mapping[str, object], depth: int = 0) -> str:
        if depth > MAX_INCLUDE_DEPTH:
            raise TemplateError("templates include each other without end", name, 0)
        out: list[str] = []
        self._render(self.load(name), dict(context), out, name, depth)
        return "".join(out)

    def _render(
        self, nodes: list[Node], scope: dict[str, object], out: list[str], name: str, depth: int
    ) -> None:
        for node in nodes:
            if node.kind == "text":
                out.append(node.argument)
            elif node.kind == "output":
                out.append(self._output(node, scope, name))
            elif node.kind == "include":
                out.append(self.render(node.argument, scope, depth + 1))
            elif node.kind == "if":
                chosen = node.children if lookup(node.argument, scope) else node.otherwise
                self._render(chosen, scope, out, name, depth)
            else:
                self._loop(node, scope, out, name, depth)

    def _loop(
        self, node: Node, scope: dict[str, object], out: list[str], name: str, depth: int
    ) -> None:
        variable, word, source = node.argument.partition(" in ")
        if not word:
            raise TemplateError("for needs 'name in list'", name, node.line)
        items = list(lookup(source, scope) or ())
        if not items:
            self._render(node.otherwise, scope, out, name, depth)
        for index, item in enumerate(items):
            inner = {**scope, variable.strip(): item, "loop": {"index": index + 1, "first": index == 0}}
            self._render(node.children, inner, out, name, depth)

    def _output(self, node: Node, scope: dict[str, object], name: str) -> str:
        expression, *calls = (part.strip() for part in node.argument.split("|"))
        value = lookup(expression, scope)
        raw = False
        for call in calls:
            word, _, argument = call.partition(":")
            if word == "raw":
                raw = True
                continue
            if word not in self.filters:
                raise TemplateError(f"no filter is called {word!r}", name, node.line)
            value = self.filters[word](value, *([argument.strip()] if argument else []))
        text = "" if value is None else str(value)
        return escape_html(text) if self.autoescape and not raw else text


def lookup(path: str, scope: Mapping[str, object]) -> object:
    """Follow ``a.b.0.c`` through mappings, lists and attributes; what is absent is None."""
    value: object = scope
    for step in path.strip().split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, (list, tuple)) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        elif step.startswith("_"):
            return None
        else:
            value = getattr(value, step, None)
    return value

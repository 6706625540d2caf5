"""Duplicates as editors show them: diagnostics, and what can be done about one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types

from codesearch import languages
from codesearch.lsp.documents import UriOf, with_uris
from codesearch.lsp.words import Words
from codesearch.model import BASELINE, Duplicate, Place
from codesearch.report import wire
from codesearch.report.words import defined_at

SOURCE = "codesearch"
OPEN, ACCEPT = "codesearch.openOriginal", "codesearch.acceptDuplicate"

#: Units of the client's encoding that a text takes.
Units = Callable[[str], int]

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}
SEVERITIES = tuple(_SEVERITIES)
_RELATED = 5


def diagnostic(
    finding: Duplicate, severity: str, words: Words, uri_of: UriOf, units: Units
) -> types.Diagnostic:
    """A finding at the name of its function."""
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(uri_of(copy.place.path), name_range(copy.place, units)),
            words.say("copy" if number else "nearest"),
        )
        for number, copy in enumerate(finding.copies[:_RELATED])
    ]
    message = words.finding(finding)
    return types.Diagnostic(
        range=name_range(finding.place, units),
        message=message,
        severity=_SEVERITIES[severity],
        code=finding.rule,
        source=SOURCE,
        related_information=related,
        data=with_uris({**wire.duplicate(finding), "message": message}, uri_of),
    )


def name_range(place: Place, units: Units) -> types.Range:
    """Where a function's name stands; its first line, where that is not found."""
    line = defined_at(place)
    lines = place.text.split("\n")
    at = line - place.start_line
    text = lines[at] if 0 <= at < len(lines) else ""
    first = min(place.column - 1, len(text))
    name = place.symbol.rpartition(".")[2]
    found = text.find(name, first) if name else -1
    start, end = (first, len(text)) if found < 0 else (found, found + len(name))
    return types.Range(
        types.Position(line - 1, units(text[:start])), types.Position(line - 1, units(text[:end]))
    )


@dataclass(frozen=True)
class Abilities:
    """What a client can do."""

    shows_documents: bool = False  # that a server names
    takes_versions: bool = False  # of documents that are edited


def actions(
    finding: Duplicate,
    shown: types.Diagnostic,
    document: types.OptionalVersionedTextDocumentIdentifier,
    words: Words,
    abilities: Abilities,
    *,
    is_current: bool,
) -> list[types.CodeAction]:
    """What can be done about a finding in a document.

    ``is_current``: whether the document is still as it was when this was found.
    """
    best = finding.best.place
    other = best.symbol.rpartition(".")[2] or Path(best.path).name

    def action(which: str, title: str, **what: Any) -> types.CodeAction:
        return types.CodeAction(
            title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[shown],
            data={"codesearch": which},
            **what,
        )

    def command(which: str, title: str, name: str, place: types.Location) -> types.CodeAction:
        return action(which, title, command=types.Command(title, command=name, arguments=[place]))

    goto = words.say("open", name=f"{other} ({best.path}:{defined_at(best)})")
    nearest = (shown.related_information or [])[: int(abilities.shows_documents)]
    found = [command("open", goto, OPEN, related.location) for related in nearest]
    if is_current:
        suppress = words.say("suppress", rule=finding.rule)
        found.append(action("suppress", suppress, edit=_suppressed(finding, document, abilities)))
    accept = words.say("accept", file=BASELINE)
    found.append(command("accept", accept, ACCEPT, types.Location(document.uri, shown.range)))
    return found


def _suppressed(
    finding: Duplicate,
    document: types.OptionalVersionedTextDocumentIdentifier,
    abilities: Abilities,
) -> types.WorkspaceEdit:
    """A comment above the definition."""
    place = finding.place
    line = defined_at(place)
    text = place.text.split("\n")[line - place.start_line]
    indent = text[: len(text) - len(text.lstrip())]
    remark = languages.grammar(place.language).duplicates.remark
    said = remark.format(f"codesearch: ignore[{finding.rule}]")
    start = types.Position(line - 1, 0)
    edit = types.TextEdit(types.Range(start, start), f"{indent}{said}\n")
    if not abilities.takes_versions:
        return types.WorkspaceEdit(changes={document.uri: [edit]})
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, [edit])])

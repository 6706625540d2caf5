"""What the server does on each message of the protocol; ``ours`` has those of our own."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codesearch.errors import ConfigError
from codesearch.lsp import findings, ours, symbols
from codesearch.lsp.failures import failure
from codesearch.lsp.server import Serve, Server
from codesearch.model import BASELINE, Hit

_SYMBOLS = 50  # answers to a question in an editor's own list
_QUICK_FIX = types.CodeActionKind.QuickFix.value


def run(serve: Serve) -> None:
    """Speaks with the client over standard input and output until it ends.

    Args:
        serve: see ``Serve``.
    """
    # Nothing else may write where the client reads, no library and no process that we begin.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # whoever asked is told
    server = Server(serve)
    _lifecycle(server)
    _documents(server)
    _questions(server)
    _findings(server)
    ours.register(server)
    try:
        server.start_io(sys.stdin.buffer, channel)
    finally:
        server.close()


# -- begin and end ------------------------------------------------------------------------


def _lifecycle(server: Server) -> None:
    @server.feature(types.INITIALIZE)
    async def initialize(params: types.InitializeParams) -> None:
        server.begin(params)

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        for folder in list(server.workspace.folders.values()):
            server.add(folder)
        root = server.workspace.root_uri
        if not server.workspace.folders and root:
            path = Path(server.workspace.root_path or "")
            server.add(types.WorkspaceFolder(root, path.name))

    @server.feature(types.EXIT)
    async def leave(*_: None) -> None:
        server.close()
        # Standard input may stay open: nobody waits for the thread that reads it.
        os._exit(0 if server.protocol._shutdown else 1)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            server.remove(folder.uri)
        for folder in params.event.added:
            server.add(folder)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configuration(params: types.DidChangeConfigurationParams) -> None:
        said = params.settings
        ours = said.get("codesearch") if isinstance(said, Mapping) else None
        if isinstance(ours, Mapping):
            server.configure(ours)


# -- documents ----------------------------------------------------------------------------


def _documents(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.hold(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.hold(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.hold(uri)
        _hear(server, [uri])

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.let_go(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def watched(params: types.DidChangeWatchedFilesParams) -> None:
        _hear(server, [change.uri for change in params.changes])


def _hear(server: Server, changed: list[str]) -> None:
    """Looks for what changed in the repositories of some files."""
    for repository in {held[0] for uri in changed if (held := server.workspace_of.of(uri))}:
        repository.keeper.hear()
        server.looks[repository].soon()


# -- questions and findings ---------------------------------------------------------------


def _questions(server: Server) -> None:
    @server.feature(types.WORKSPACE_SYMBOL)
    async def symbol(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        if not params.query.strip():
            return []
        found: list[tuple[Hit, str]] = []
        for repository in server.workspace_of:
            make = partial(repository.search, params.query, {"topK": _SYMBOLS})
            try:
                _, result = await server.ask(repository, repository.questions, make)
            except JsonRpcException:
                continue  # an editor's list of symbols is no place for what is wrong with a folder
            found += ((hit, repository.uri_of(hit.chunk.path)) for hit in result.hits)
        found.sort(key=lambda pair: -pair[0].score)
        return [symbols.symbol(*pair) for pair in found[:_SYMBOLS]]


def _findings(server: Server) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions([types.CodeActionKind.QuickFix]),
    )
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        held = server.workspace_of.of(uri)
        wanted = params.context.only or [types.CodeActionKind.QuickFix]
        if held is None or not any(_includes(kind) for kind in wanted):
            return []
        document = server.document(uri)
        version = None if document is None else document.version
        versioned = types.OptionalVersionedTextDocumentIdentifier(uri, version)
        return [
            action
            for shown in server.looks[held[0]].at(held[1], params.range)
            for action in findings.actions(
                shown.finding,
                shown.diagnostic,
                versioned,
                server.words,
                server.abilities,
                is_current=shown.version == version,
            )
        ]

    @server.command(findings.OPEN)
    async def show(place: types.Location) -> None:
        await server.window_show_document_async(
            types.ShowDocumentParams(uri=place.uri, take_focus=True, selection=place.range)
        )

    @server.command(findings.ACCEPT)
    async def accept(place: types.Location) -> None:
        try:
            repository, path = server.workspace_of.held(place.uri)
        except ConfigError as error:
            raise failure(error) from error
        make = partial(repository.accept, path, place.range.start.line + 1)
        count = await server.ask(repository, repository.looks, make)
        if repository in server.looks:
            server.looks[repository].soon()
        said = server.words.say("accepted", count=count, file=BASELINE)
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, said))


def _includes(kind: str) -> bool:
    """Whether a kind of code actions that a client wants has ours."""
    return kind in {"", _QUICK_FIX} or _QUICK_FIX.startswith(f"{kind}.")

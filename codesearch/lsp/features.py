"""What the server does on each message of the protocol, and of ours (``codesearch/...``)."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codesearch import languages, protocol
from codesearch.errors import CodesearchError, ConfigError
from codesearch.lsp import findings, requests, symbols
from codesearch.lsp.documents import with_uris
from codesearch.lsp.failures import failure
from codesearch.lsp.job import Cancelled
from codesearch.lsp.keeper import State
from codesearch.lsp.repository import Repository
from codesearch.lsp.server import Serve, Server, folder_state
from codesearch.model import BASELINE, CONTAINER_KINDS, DuplicateReport, Hit
from codesearch.report import wire

Params = Mapping[str, Any]

_SYMBOLS = 50  # answers to a question in an editor's own list
_FUNCTIONS = {"function", "method"}


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
    _register(server)
    try:
        server.start_io(sys.stdin.buffer, channel)
    finally:
        server.close()


Handler = Callable[[Params], Coroutine[Any, Any, Params]]


def _ours(server: Server, method: str) -> Callable[[Handler], Handler]:
    """Registers a request of our own; what is wrong with it is told to whoever asked."""

    def register(handler: Handler) -> Handler:
        async def checked(params: Params | None) -> Params:
            try:
                if params is not None and not isinstance(params, Mapping):
                    raise ConfigError("the parameters must be an object")
                return await handler(params or {})
            except CodesearchError as error:
                raise failure(error) from error

        server.feature(method)(checked)
        return handler

    return register


def _register(server: Server) -> None:
    _lifecycle(server)
    _documents(server)
    _questions(server)
    _index(server)
    _duplicates(server)


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


# -- questions ----------------------------------------------------------------------------


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

    @_ours(server, "codesearch/search")
    async def search(params: Params) -> Params:
        query = requests.question(params)
        asked = server.workspace_of.asked(requests.text(params, "folder"))
        return {"answers": [await _searched(server, each, query, params) for each in asked]}

    @_ours(server, "codesearch/similar")
    async def similar(params: Params) -> Params:
        code = requests.text(params, "code")
        if code.strip():
            asked = server.workspace_of.asked(requests.text(params, "folder"))
            return {"answers": [await _similar(server, r, code, params) for r in asked]}
        uri, line = requests.place(params)
        repository, path = _held(server, uri)
        return {"answers": [await _similar(server, repository, (path, line), params)]}

    @_ours(server, "codesearch/functions")
    async def functions(params: Params) -> Params:
        repository, path = _held(server, requests.document(params))
        make = partial(repository.functions, path)
        found = await server.ask(repository, repository.questions, make)
        return {
            "functions": [
                {
                    "symbol": chunk.symbol,
                    "name": symbols.name_of(chunk),
                    "kind": chunk.kind,
                    "range": symbols.lines(chunk),
                }
                for chunk in found
                if chunk.kind in _FUNCTIONS or chunk.kind in CONTAINER_KINDS
            ]
        }

    @_ours(server, "codesearch/languages")
    async def known(_: Params) -> Params:
        return protocol.languages({"name": name} for name in languages.names())


async def _searched(server: Server, repository: Repository, query: str, params: Params) -> Params:
    def make() -> protocol.Document:
        return repository.answer(*repository.search(query, params))

    return await server.ask(repository, repository.questions, make)


async def _similar(
    server: Server, repository: Repository, target: str | tuple[str, int], params: Params
) -> Params:
    def make() -> protocol.Document:
        return repository.answer(*repository.similar(target, params))

    return await server.ask(repository, repository.questions, make)


def _held(server: Server, uri: str) -> tuple[Repository, str]:
    """The repository of a document, and its path there.

    Raises:
        ConfigError: it lies in no folder that is open.
    """
    held = server.workspace_of.of(uri)
    if held is None:
        raise ConfigError("this file lies in no folder that is open", "open its folder")
    return held


# -- the index ----------------------------------------------------------------------------


def _index(server: Server) -> None:
    @_ours(server, "codesearch/status")
    async def status(_: Params) -> Params:
        found = []
        for folder, error in server.workspace_of.refused.values():
            state = State("failed", error=error)
            found.append({**folder_state(folder, "", state), "status": None})
        for repository in server.workspace_of:
            loop = asyncio.get_running_loop()
            try:
                said = await loop.run_in_executor(server.jobs, repository.status)
            except CodesearchError:
                said = None
            state, root = repository.keeper.state, str(repository.root.path)
            found += (
                {**folder_state(folder, root, state), "status": said}
                for folder in repository.folders
            )
        return {"folders": found}

    @_ours(server, "codesearch/index")
    async def index(params: Params) -> Params:
        asked = server.workspace_of.asked(requests.text(params, "folder"))
        token = params.get("workDoneToken")
        reports = []
        for repository in asked:
            if isinstance(token, str | int):
                server.begin_progress(repository, token)
            reports.append(await _updated(server, repository, full=params.get("full") is True))
        return {"reports": reports}

    @_ours(server, "codesearch/clean")
    async def clean(params: Params) -> Params:
        asked = server.workspace_of.asked(requests.text(params, "folder"))
        loop = asyncio.get_running_loop()
        freed = [await loop.run_in_executor(server.jobs, each.clean) for each in asked]
        return {"freed": sum(freed)}


async def _updated(server: Server, repository: Repository, *, full: bool) -> Params:
    make = partial(
        repository.keeper.update,
        full=full,
        on_progress=lambda _: None,
        approve=partial(server.consent, repository),
    )
    try:
        report = await asyncio.get_running_loop().run_in_executor(server.jobs, make)
    except asyncio.CancelledError:
        repository.keeper.cancel()
        raise
    except Cancelled:
        raise JsonRpcException("cancelled", types.LSPErrorCodes.RequestCancelled.value) from None
    return protocol.update(report, root=str(repository.root.path))


# -- duplicates ---------------------------------------------------------------------------


def _duplicates(server: Server) -> None:
    @_ours(server, "codesearch/duplicates")
    async def duplicates(params: Params) -> Params:
        scope = requests.scope(params)
        asked = server.workspace_of.asked(requests.text(params, "folder"))
        files = [_held(server, uri) for uri in requests.uris(params, "files")]
        answers = []
        for repository in asked:
            paths = [path for each, path in files if each is repository]
            if (scope == "files" and not paths) or (
                scope == "changed" and not repository.root.is_git
            ):
                continue
            make = partial(repository.duplicates, scope, paths)
            report = await server.ask(repository, repository.looks, make)
            answers.append(_document(server, repository, report))
        return {"answers": answers}

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions([types.CodeActionKind.QuickFix]),
    )
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        held = server.workspace_of.of(uri)
        if held is None:
            return []
        document = server.document(uri)
        version = None if document is None else document.version
        return [
            action
            for shown in server.looks[held[0]].at(held[1], params.range)
            for action in findings.actions(
                shown.finding,
                shown.diagnostic,
                uri,
                server.words,
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
            repository, path = _held(server, place.uri)
        except ConfigError as error:
            raise failure(error) from error
        make = partial(repository.accept, path, place.range.start.line + 1)
        count = await server.ask(repository, repository.looks, make)
        server.looks[repository].soon()
        said = server.words.say("accepted", count=count, file=BASELINE)
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, said))


def _document(server: Server, repository: Repository, report: DuplicateReport) -> Params:
    root = str(repository.root.path)
    found = wire.duplicates(report, root=root, made=datetime.now(UTC))
    for told, finding in zip(found["findings"], report.findings, strict=True):
        told["message"] = server.words.finding(finding)
    return with_uris(found, repository.uri_of)

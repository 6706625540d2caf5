"""Requests of our own (``codesearch/...``): objects in, objects out, in the command line's JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codesearch import languages, protocol
from codesearch.errors import CodesearchError, ConfigError
from codesearch.lsp import requests, symbols
from codesearch.lsp.documents import with_uris
from codesearch.lsp.failures import failure
from codesearch.lsp.job import Cancelled
from codesearch.lsp.keeper import State
from codesearch.lsp.repository import Repository
from codesearch.lsp.server import Server
from codesearch.lsp.states import folder_state
from codesearch.model import CONTAINER_KINDS, DuplicateReport
from codesearch.report import wire

Params = Mapping[str, Any]
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


def register(server: Server) -> None:
    """Has a server answer all of them."""
    _questions(server)
    _index(server)
    _duplicates(server)


_FUNCTIONS = {"function", "method"}


def _questions(server: Server) -> None:
    @_ours(server, "codesearch/search")
    async def search(params: Params) -> Params:
        query = requests.question(params)
        asked = server.workspace_of.asked(requests.text(params, "folder"))
        return await _each(asked, lambda r: _searched(server, r, query, params))

    @_ours(server, "codesearch/similar")
    async def similar(params: Params) -> Params:
        code = requests.text(params, "code")
        if code.strip():
            asked = server.workspace_of.asked(requests.text(params, "folder"))
            return await _each(asked, lambda r: _similar(server, r, code, params))
        uri, line = requests.place(params)
        repository, path = server.workspace_of.held(uri)
        return {"answers": [await _similar(server, repository, (path, line), params)]}

    @_ours(server, "codesearch/functions")
    async def functions(params: Params) -> Params:
        repository, path = server.workspace_of.held(requests.document(params))
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


async def _each(
    asked: Sequence[Repository], ask: Callable[[Repository], Coroutine[Any, Any, Params | None]]
) -> Params:
    """The answers of several repositories, all asked at a time, and which have none, and why.

    Raises:
        JsonRpcException: none has one.
    """
    found = await asyncio.gather(*map(ask, asked), return_exceptions=True)
    failed = [
        (repository, error)
        for repository, error in zip(asked, found, strict=True)
        if isinstance(error, BaseException)
    ]
    if len(failed) == len(asked):
        raise failed[0][1]
    failures = []
    for repository, error in failed:
        if not isinstance(error, JsonRpcException):
            raise error
        failures.append({"folder": repository.root.path.name, "message": error.message})
    answers = [a for a in found if a is not None and not isinstance(a, BaseException)]
    return {"answers": answers, "failures": failures}


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
        if isinstance(token, str | int):
            server.begin_progress(asked[0], token)
        full = params.get("full") is True
        return {"reports": [await _updated(server, each, full=full) for each in asked]}

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
        files = [server.workspace_of.held(uri) for uri in requests.uris(params, "files")]

        async def look(repository: Repository) -> Params | None:
            paths = [path for each, path in files if each is repository]
            if (scope == "files" and not paths) or (
                scope == "changed" and not repository.root.is_git
            ):
                return None
            make = partial(repository.duplicates, scope, paths)
            report = await server.ask(repository, repository.looks, make)
            return _document(server, repository, report)

        return await _each(asked, look)


def _document(server: Server, repository: Repository, report: DuplicateReport) -> Params:
    root = str(repository.root.path)
    found = wire.duplicates(report, root=root, made=datetime.now(UTC))
    for told, finding in zip(found["findings"], report.findings, strict=True):
        told["message"] = server.words.finding(finding)
    return with_uris(found, repository.uri_of)

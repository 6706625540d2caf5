"""The language server: who asks what, and who answers."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from lsprotocol import converters, types
from pygls.lsp.server import LanguageServer
from pygls.protocol.json_rpc import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
)
from pygls.workspace import TextDocument

from codesearch import __version__, ingest, places
from codesearch.errors import CodesearchError, ConfigError, Elsewhere, IndexMissing
from codesearch.lsp import looks
from codesearch.lsp.failures import failure
from codesearch.lsp.findings import SEVERITIES, Abilities
from codesearch.lsp.keeper import State
from codesearch.lsp.progress import Shown
from codesearch.lsp.repository import Folder, Repository
from codesearch.lsp.states import folder_state
from codesearch.lsp.texts import Texts
from codesearch.lsp.words import Words
from codesearch.lsp.workspace import Workspace
from codesearch.model import Bill

T = TypeVar("T")

#: Answers command lines in a work tree until it is closed.
Serve = Callable[[places.Root, ingest.Standby], AbstractContextManager[object]]

# An answer that waits for an update asks again after so many seconds, whatever it has heard.
_ASK_AGAIN = 2.0
_SECONDS_TO_STORE = 5.0


@dataclass
class _Followed:
    """What goes on with one repository's index."""

    progress: Shown
    state: State | None = None  # of which the client was told
    waiting: list[asyncio.Future[None]] = field(default_factory=list)  # for an update


class Server(LanguageServer):
    """Answers an editor about all of its folders.

    Args:
        serve: see ``Serve``.
    """

    def __init__(self, serve: Serve) -> None:
        super().__init__("codesearch", __version__, converter_factory=_converter, max_workers=4)
        self._serve = serve
        self.workspace_of = Workspace(self._make)
        self.words = Words()
        self.options = looks.Options()
        self.looks: dict[Repository, looks.Looks] = {}
        self._followed: dict[Repository, _Followed] = {}
        self._is_automatic = True
        self._seconds = _SECONDS_TO_STORE
        self.jobs = ThreadPoolExecutor(4, "jobs")
        self._loop: asyncio.AbstractEventLoop  # since the client has begun
        self._is_watching_files = False

    # -- what the client wants ---------------------------------------------------------------

    def begin(self, params: types.InitializeParams) -> None:
        """Takes what holds for the whole session."""
        self._loop = asyncio.get_running_loop()
        self.protocol._workspace = Texts(
            params.root_uri,
            types.TextDocumentSyncKind.Incremental,
            params.workspace_folders or [],
            self.workspace.position_encoding,
        )
        self.words = Words(params.locale or "")
        options = params.initialization_options
        self.configure(options if isinstance(options, Mapping) else {})

    def configure(self, options: Mapping[str, Any]) -> None:
        """Takes the client's settings; what makes no sense is left as it was."""
        shown, severity = options.get("duplicates"), options.get("severity")
        self.options = looks.Options(
            shown if shown in looks.CHOICES else self.options.duplicates,
            severity if severity in SEVERITIES else self.options.severity,
        )
        was_automatic = self._is_automatic
        if "indexing" in options:
            self._is_automatic = options["indexing"] != "onDemand"
        seconds = options.get("secondsToStore")
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            self._seconds = min(max(float(seconds), 0.05), 600.0)
        for repository, each in self.looks.items():
            if self._is_automatic and not was_automatic:
                repository.keeper.want()
            each.options = self.options
            each.soon()

    # -- folders and repositories --------------------------------------------------------------

    def add(self, folder: types.WorkspaceFolder) -> None:
        """Opens a folder."""
        repository = self.workspace_of.add(folder.uri, folder.name)
        if repository is None:
            if folder.uri in self.workspace_of.refused:
                refused, error = self.workspace_of.refused[folder.uri]
                self._notify_state(refused, "", State("failed", error=error))
            return
        repository.keeper.start()
        self._tell_client(repository, repository.keeper.state)
        self._hold_all()

    def remove(self, uri: str) -> None:
        """Closes a folder."""
        repository = self.workspace_of.remove(uri)
        if repository is not None:
            self.looks.pop(repository).close()
            del self._followed[repository]
            self.jobs.submit(repository.close)
        self._hold_all()

    def close(self) -> None:
        """Ends everything."""
        for repository in self.workspace_of:
            repository.close()

    def _make(self, root: places.Root) -> Repository:
        repository = Repository(
            root,
            serve=self._serve,
            tell=self._heard,
            polls=partial(self._in_loop, self._watch_files),
            debounce=self._seconds,
            # A home folder that is a repository holds more than anybody has opened.
            is_automatic=self._is_automatic and root.path != Path.home(),
        )
        window = self.client_capabilities.window
        progress = Shown(
            self.work_done_progress,
            self.words.say("indexing", name=root.path.name),
            self.words,
            can_be_made=bool(window and window.work_done_progress),
            cancel=repository.keeper.cancel,
        )
        self._followed[repository] = _Followed(progress)
        found = looks.Looks(
            repository,
            partial(self.documents, repository),
            self._publish,
            partial(self.protocol.notify, "codesearch/duplicatesChanged", {}),
        )
        found.options, found.words = self.options, self.words
        found.units = self.workspace.position_codec.client_num_units
        self.looks[repository] = found
        return repository

    def documents(self, repository: Repository) -> list[looks.Document]:
        """The open documents that lie in a repository."""
        found = []
        for document in self.workspace.text_documents.values():
            held = self.workspace_of.of(document.uri)
            if held is not None and held[0] is repository:
                found.append(looks.Document(document.uri, held[1], document.version))
        return found

    @property
    def abilities(self) -> Abilities:
        """What the client can do."""
        window, workspace = self.client_capabilities.window, self.client_capabilities.workspace
        shows = window.show_document if window else None
        edits = workspace.workspace_edit if workspace else None
        return Abilities(
            shows_documents=bool(shows and shows.support),
            takes_versions=bool(edits and edits.document_changes),
        )

    def document(self, uri: str) -> TextDocument | None:
        """An open document."""
        name = unquote(uri)  # under which it is kept there
        found: TextDocument | None = self.workspace.text_documents.get(name)
        return found

    def _publish(self, uri: str, shown: list[types.Diagnostic], version: int | None) -> None:
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=shown, version=version)
        )

    def _watch_files(self) -> None:
        """Asks the client to tell of changed files, since the system does not."""
        files = self.client_capabilities.workspace
        watched = files.did_change_watched_files if files else None
        if self._is_watching_files or not (watched and watched.dynamic_registration):
            return
        self._is_watching_files = True
        every = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration("watched", method, every)
        self.client_register_capability(types.RegistrationParams([registration]))

    # -- documents -----------------------------------------------------------------------------

    def _hold_all(self) -> None:
        """Takes all open documents again: a folder that comes or goes may be in another one."""
        for repository in self.workspace_of:
            repository.unsaved.clear()
        for document in self.workspace.text_documents.values():
            self.hold(document.uri)

    def hold(self, uri: str) -> None:
        """Takes an open document as it stands, if it is not as it is saved."""
        held = self.workspace_of.of(uri)
        document = self.document(uri)
        if held is None or document is None:
            return
        repository, path = held
        if len(document.source) > repository.most_bytes:
            repository.unsaved.pop(path, None)  # nothing so large is indexed
            return
        data = document.source.encode("utf-8", "surrogatepass")
        saved = None
        with suppress(OSError, ValueError):
            saved = (repository.root.path / path).read_bytes()
        if data == saved:
            repository.unsaved.pop(path, None)
        else:
            repository.unsaved[path] = data
        self.looks[repository].soon()

    def let_go(self, uri: str) -> None:
        """Forgets a document that was closed."""
        held = self.workspace_of.of(uri)
        if held is not None:
            held[0].unsaved.pop(held[1], None)
            self.looks[held[0]].soon()

    # -- answers ---------------------------------------------------------------------------------

    async def ask(
        self, repository: Repository, pool: ThreadPoolExecutor, make: Callable[[], T]
    ) -> T:
        """What a repository answers, once its index is up to date.

        Raises:
            JsonRpcException: what went wrong.
        """
        while True:
            if repository not in self._followed:
                raise failure(ConfigError("this folder was closed"))
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, make)
            except Elsewhere:
                await self._updated(repository)
            except CodesearchError as error:
                raise failure(error) from error
            except Exception:
                traceback.print_exc()  # an editor keeps what is said on standard error
                raise

    async def _updated(self, repository: Repository) -> None:
        """Waits until an index may be up to date."""
        if repository.keeper.state.state == "missing":
            raise failure(IndexMissing(f"{repository.root.path} is not indexed", "index it first"))
        waiting = asyncio.get_running_loop().create_future()
        followed = self._followed.get(repository)
        if followed is None:
            return  # its folder was closed
        followed.waiting.append(waiting)
        repository.keeper.hurry()
        try:
            await asyncio.wait_for(waiting, _ASK_AGAIN)
        except TimeoutError:
            pass
        except CodesearchError as error:
            raise failure(error) from error
        finally:
            followed.waiting.remove(waiting)

    def consent(self, repository: Repository, bill: Bill) -> Future[bool]:
        """Asks a person, from another thread, whether a price is agreed to."""
        return asyncio.run_coroutine_threadsafe(self._consent(repository, bill), self._loop)

    async def _consent(self, repository: Repository, bill: Bill) -> bool:
        from codesearch.remote.prices import shown

        price = self.words.say("unknown price")
        if bill.dollars is not None:
            price = self.words.say("about", price=shown(bill.dollars))
        said = self.words.say(
            "consent",
            count=bill.texts,
            name=repository.root.path.name,
            service=bill.service,
            model=bill.model,
            price=price,
        )
        send, cancel = (types.MessageActionItem(self.words.say(w)) for w in ("send", "cancel"))
        chosen = await self.window_show_message_request_async(
            types.ShowMessageRequestParams(
                type=types.MessageType.Warning,
                message=f"{said} {bill.terms}".rstrip(),
                actions=[send, cancel],
            )
        )
        return chosen is not None and chosen.title == send.title

    def begin_progress(self, repository: Repository, token: types.ProgressToken) -> None:
        """Shows the update that begins with a progress bar of the client's."""
        if repository in self._followed:
            self._followed[repository].progress.begin(token)

    # -- states ------------------------------------------------------------------------------------

    def _in_loop(self, call: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(call)

    def _heard(self, repository: Repository, state: State) -> None:
        self._in_loop(partial(self._follow, repository, state))

    def _follow(self, repository: Repository, state: State) -> None:
        followed = self._followed.get(repository)
        if followed is None or followed.state == state:
            return
        followed.state = state
        followed.progress.show(state)
        self._tell_client(repository, state)
        if state.state in {"ready", "missing", "failed"}:
            for waiting in followed.waiting:
                if waiting.done():
                    continue
                if state.error is not None:
                    waiting.set_exception(state.error)
                else:
                    waiting.set_result(None)
        if state.state == "missing":
            self.looks[repository].clear()
        if state.state == "ready":
            self.jobs.submit(self._warm, repository)
            self.looks[repository].soon()

    @staticmethod
    def _warm(repository: Repository) -> None:
        with suppress(CodesearchError, OSError, ValueError, IndexError):
            repository.warm()

    def _tell_client(self, repository: Repository, state: State) -> None:
        for folder in repository.folders:
            self._notify_state(folder, str(repository.root.path), state)

    def _notify_state(self, folder: Folder, root: str, state: State) -> None:
        self.protocol.notify("codesearch/folderState", folder_state(folder, root, state))


def _converter() -> Any:
    """How messages are read: the parameters of our own requests stay dictionaries."""
    converter = converters.get_converter()
    for of in (JsonRPCRequestMessage, JsonRPCResponseMessage, JsonRPCNotification):
        converter.register_structure_hook(of, _plain)
    return converter


def _plain(found: Mapping[str, Any], of: Any) -> Any:
    """A message whose members are left as they came; parameters may be missing."""
    return of(**{field.name: found.get(field.name) for field in of.__attrs_attrs__})

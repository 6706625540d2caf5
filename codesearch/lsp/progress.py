"""How far the building of an index is, as editors show it, with a button that ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.progress import Progress as Tokens

from codesearch.lsp.keeper import State
from codesearch.lsp.words import Words
from codesearch.model import Progress

_PATIENCE = 0.5  # seconds for which nothing is shown


class Shown:
    """The progress of one repository's index.

    Args:
        tokens: the client's progress bars.
        title: of this one.
        words: the user's language.
        can_be_made: whether the client lets us begin one.
        cancel: ends the update.
    """

    def __init__(
        self,
        tokens: Tokens,
        title: str,
        words: Words,
        *,
        can_be_made: bool,
        cancel: Callable[[], None],
    ) -> None:
        self._tokens = tokens
        self._title = title
        self._words = words
        self._can_be_made = can_be_made
        self._cancel = cancel
        self._token: types.ProgressToken | None = None
        self._since = 0.0
        self._begun: asyncio.Task[None] | None = None

    def show(self, state: State) -> None:
        """Follows the state of an index; in the thread of the event loop."""
        if state.state != "indexing":
            self._end()
            return
        if not self._since:
            self._since = time.monotonic()
        if self._token is None:
            late = time.monotonic() - self._since > _PATIENCE
            if late and self._can_be_made and self._begun is None:
                self._begun = asyncio.get_running_loop().create_task(self._make())
        elif state.progress is not None:
            message, share = _told(state.progress, self._words)
            self._tokens.report(
                self._token,
                types.WorkDoneProgressReport(cancellable=True, message=message, percentage=share),
            )

    def begin(self, token: types.ProgressToken) -> None:
        """Shows it with a progress bar of the client's own."""
        self._end()
        self._since = time.monotonic()
        self._token = token
        self._tokens.begin(
            token, types.WorkDoneProgressBegin(self._title, cancellable=True, percentage=0)
        )
        self._tokens.tokens[token].add_done_callback(self._cancelled)

    async def _make(self) -> None:
        token = str(uuid4())
        try:
            await self._tokens.create_async(token)
        except JsonRpcException:
            self._can_be_made = False
            return
        if self._since and self._token is None:  # it may be done by now
            self.begin(token)

    def _cancelled(self, future: object) -> None:
        if getattr(future, "cancelled", lambda: False)() and self._token is not None:
            self._cancel()

    def _end(self) -> None:
        self._since, self._begun = 0.0, None
        if self._token is not None:
            token, self._token = self._token, None
            self._tokens.end(token, types.WorkDoneProgressEnd())
            self._tokens.tokens.pop(token, None)


def _told(progress: Progress, words: Words) -> tuple[str | None, int | None]:
    """The message and the percentage of a step."""
    if progress.stage in {"index", "price", "send"} and progress.total:
        which = "functions" if progress.stage == "send" else "files"
        share = min(100 * progress.done // progress.total, 100)
        return words.say(which, done=progress.done, total=progress.total), share
    if progress.stage == "finish":
        return words.say("finishing"), 100
    return None, None

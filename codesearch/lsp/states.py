"""What clients are told of a folder."""

from __future__ import annotations

from typing import Any

from codesearch.lsp.failures import failure
from codesearch.lsp.keeper import State
from codesearch.lsp.repository import Folder


def folder_state(folder: Folder, root: str, state: State) -> dict[str, Any]:
    """What clients are told of a folder."""
    progress = state.progress
    counts = progress is not None and progress.total is not None
    told = failure(state.error) if state.error is not None else None
    return {
        "uri": folder.uri,
        "name": folder.name,
        "root": root,
        "state": state.state,
        "done": progress.done if progress and counts else None,
        "total": progress.total if progress and counts else None,
        "files": state.files,
        "functions": state.functions,
        "remote": state.is_remote,
        "message": told.message if told else "",
        "hint": told.data["hint"] if told and told.data else "",
        "reason": told.data["reason"] if told and told.data else "",
    }

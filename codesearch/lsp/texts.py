"""Open documents whose lines are those that the protocol means."""

from __future__ import annotations

import io
from collections.abc import Sequence

from pygls.workspace import TextDocument, Workspace


class Text(TextDocument):
    """A document; a line ends at ``\\n``, ``\\r\\n`` or ``\\r`` (LSP 3.17, "Text Documents").

    pygls also breaks lines at form feeds and the like, and then takes edits for other lines than
    the editor means.
    """

    @property
    def lines(self) -> Sequence[str]:
        return list(io.StringIO(self.source, newline=""))


class Texts(Workspace):
    """The documents of an editor."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        return Text(
            doc_uri, source, version, language_id, sync_kind=self._sync_kind,
            position_codec=self.position_codec,
        )  # fmt: skip

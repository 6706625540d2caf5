"""Answers in words from Gemini's text models, as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from codesearch.gemini.client import Connection
from codesearch.remote import Fleeting

_SECONDS = 120.0


class Usage(NamedTuple):
    """What an answer took, in tokens; 0 where the service does not say."""

    sent: int
    received: int


class Words:
    """One answer; iterate over it for its parts, then ask for ``usage``."""

    def __init__(self, connection: Connection, model: str, instruction: str, prompt: str) -> None:
        self._connection = connection
        self._model = model
        self._instruction = instruction
        self._prompt = prompt
        self.usage = Usage(0, 0)

    def __iter__(self) -> Iterator[str]:
        """The parts.

        Raises:
            EmbedderError, Busy, Fleeting, Unfit, Paused: it did not answer, or broke off.
        """
        client, types = self._connection.client, self._connection.types
        options = types.GenerateContentConfig(
            system_instruction=self._instruction,
            temperature=0.2,
            http_options=types.HttpOptions(timeout=round(1000 * _SECONDS)),
        )
        reason = ""
        with self._connection.errors(self._model):
            for part in client.models.generate_content_stream(
                model=self._model, contents=self._prompt, config=options
            ):
                used = part.usage_metadata
                if used is not None:
                    self.usage = Usage(
                        used.prompt_token_count or 0, used.candidates_token_count or 0
                    )
                for candidate in part.candidates or ():
                    reason = str(getattr(candidate.finish_reason, "value", None) or reason)
                if part.text:
                    yield part.text
            if reason != "STOP":
                why = f"it ended with {reason}" if reason else "the connection was cut"
                raise Fleeting(why)

"""A question to a text model, with what was agreed to and what it took."""

from __future__ import annotations

from collections.abc import Iterator

from codesearch.errors import EmbedderError
from codesearch.gemini.client import Connection
from codesearch.gemini.words import Usage, Words
from codesearch.remote import Busy, Fleeting, Unfit, Vault
from codesearch.remote.tokens import estimate


class Asked:
    """Iterate over it for the parts of the answer; nothing is sent before.

    Args:
        vault: remembers who agreed, and what was spent.
        place: whose code is sent.
    """

    def __init__(
        self, vault: Vault, place: str, model: str, instruction: str, prompt: str, *, vertex: bool
    ) -> None:
        connection = self._connection = Connection(vertex=vertex)
        self.service = connection.name
        self.tokens = round(estimate(instruction) + estimate(prompt))
        self._vault = vault
        self._place = place
        self._model = model
        self._words = Words(connection, model, instruction, prompt)

    @property
    def _kind(self) -> str:
        return f"{self.service}: answers in words"  # vectors are another thing to agree to

    @property
    def is_agreed(self) -> bool:
        return self._vault.agreed(self._kind, self._place)

    def check(self) -> None:
        """Raises EmbedderError if there is no key."""
        self._connection.check()

    def agree(self) -> None:
        self._vault.agree(self._kind, self._place)

    @property
    def usage(self) -> Usage:
        return self._words.usage

    def __iter__(self) -> Iterator[str]:
        """The parts.

        Raises:
            EmbedderError, Paused: it did not answer, or broke off.
        """
        came = 0
        try:
            for part in self._words:
                came += len(part)
                yield part
        except Busy as busy:
            wait = f" in {busy.after:.0f} s" if busy.after else ""
            raise EmbedderError(
                f"{self.service} has no quota left for this minute", f"try again{wait}"
            ) from None
        except (Fleeting, Unfit) as error:
            what = "broke off" if came else "did not answer"
            raise EmbedderError(f"{self.service} {what}: {error}", "ask again") from None
        finally:
            sent, received = self.usage
            if came:
                self._vault.note(self._model, 1, (sent or self.tokens) + received, None)

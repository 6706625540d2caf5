"""Any service that speaks OpenAI's embeddings: Ollama, vLLM, LM Studio, OpenAI, Voyage.

``endpoint`` is its address, by default OpenAI's; ``model`` names the model. A service on this
machine needs no consent, since nothing leaves it.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from codesearch import config
from codesearch.config import Settings
from codesearch.embedding.base import Embedder, Home
from codesearch.embedding.remote import RemoteEmbedder
from codesearch.errors import ConfigError, EmbedderError, Paused
from codesearch.gemini.client import NEVER_SENT
from codesearch.model import Passage
from codesearch.remote import Answer, Busy, Fleeting, Role, Unfit
from codesearch.remote.base import Limits

_OPENAI = "https://api.openai.com/v1"
_DEFAULT = "text-embedding-3-small"
_NO_KEY = "none"  # the library wants one, services on this machine do not


@dataclass(frozen=True, slots=True)
class _Model:
    """What is known of a model, by its authors' cards."""

    dimension: int
    tokens: int = 8_191  # of one text
    document: str = ""  # what stands before a text
    question: str = ""
    shortens: bool = False  # whether the service gives shorter vectors when asked
    cuts: bool = False  # whether the beginning of a vector is a vector too, by its training


_QWEN = _Model(
    1_024,
    cuts=True,
    question="Instruct: Given a question about code, find the code that answers it\nQuery: ",
)
_KNOWN = {
    "text-embedding-3-small": _Model(1_536, shortens=True, cuts=True),
    "text-embedding-3-large": _Model(3_072, shortens=True, cuts=True),
    "voyage-code-3": _Model(1_024, 16_000, cuts=True),
    "nomic-embed-text": _Model(768, 2_048, "search_document: ", "search_query: ", cuts=True),
    "mxbai-embed-large": _Model(
        1_024, 512, cuts=True, question="Represent this sentence for searching relevant passages: "
    ),
    "bge-m3": _Model(1_024, 8_192),
    "embeddinggemma": _Model(768, 2_048, "title: none | text: ", "task: code retrieval | query: "),
    "qwen3-embedding:0.6b": _QWEN,
}
_CAUTIOUS = 2_048  # tokens of one text for a model that nobody told us about


class OpenAIService:
    """See ``remote.Service``."""

    terms = ""

    def __init__(self, settings: Settings) -> None:
        self.model = settings.model or _DEFAULT
        self.endpoint = settings.endpoint or config.variable("OPENAI_BASE_URL").strip() or _OPENAI
        known = _KNOWN.get(self.model.removesuffix(":latest"))
        if known is None and settings.dimension is None:
            raise ConfigError(
                f"how many numbers a vector of {self.model} has is not known",
                "its card says it: set CODESEARCH_DIMENSION to it",
            )
        self._known = known or _Model(settings.dimension or 0, _CAUTIOUS)
        self.dimension = settings.dimension or self._known.dimension
        self.limits = Limits(texts=100, bytes=4 << 20, tokens=self._known.tokens)
        try:
            where = urlsplit(self.endpoint)
            self._host = where.hostname or ""
        except ValueError:
            raise ConfigError(f"{self.endpoint} is no address of a service") from None
        self.cuts = self._known.cuts
        if self.dimension != self._known.dimension and not self.cuts:
            raise ConfigError(
                f"vectors of {self.model} cannot be cut: they have {self._known.dimension} numbers",
                "leave CODESEARCH_DIMENSION unset",
            )
        # Servers name models as they like: vectors of two must not mix.
        self.template = f"1@{where.netloc}"

    @property
    def name(self) -> str:
        return f"the service at {self._host}"

    @property
    def is_near(self) -> bool:
        if self._host == "localhost":
            return True
        try:
            return ip_address(self._host).is_loopback
        except ValueError:
            return False

    def document(self, passage: Passage) -> str:
        head = " ".join(filter(None, (passage.path, passage.symbol)))
        parts = filter(None, (head, passage.doc, passage.code))
        return self._known.document + "\n".join(parts)

    def question(self, text: str) -> str:
        return self._known.question + text

    def send(self, texts: Sequence[str], role: Role, timeout: float) -> Answer:
        more: dict[str, Any] = {}
        if self._known.shortens:
            more["dimensions"] = self.dimension
        if self._is_voyage:
            more["extra_body"] = {"input_type": "query" if role == "question" else "document"}
        sendable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        client = self._client
        try:
            answer = client.embeddings.create(
                model=self.model, input=sendable, encoding_format="float", timeout=timeout, **more
            )
            rows = sorted(answer.data, key=lambda row: row.index)
            if [row.index for row in rows] != list(range(len(rows))):
                raise Fleeting("vectors came back without their places")
            usage = getattr(answer, "usage", None)
            return Answer([row.embedding for row in rows], getattr(usage, "total_tokens", None))
        except (EmbedderError, Fleeting):
            raise
        except Exception as error:
            raise self._meaning(error) from None

    @property
    def _is_voyage(self) -> bool:
        return self._host.endswith("voyageai.com")

    @property
    def _key_from(self) -> str:
        return "VOYAGE_API_KEY" if self._is_voyage else "OPENAI_API_KEY"

    def check(self) -> None:
        if not self.is_near and not config.variable(self._key_from).strip():
            raise EmbedderError(f"{self.name} needs a key", f"set {self._key_from} to it")

    @cached_property
    def _client(self) -> Any:
        self.check()
        key = config.variable(self._key_from).strip()
        try:
            from openai import DefaultHttpxClient, OpenAI
        except ImportError as error:
            raise EmbedderError(
                "the library openai is not installed", "pip install openai tenacity detect-secrets"
            ) from error
        # A key meant for others does not go to whatever listens on this machine.
        if not self.is_near:
            return OpenAI(api_key=key, base_url=self.endpoint, max_retries=0)
        # Nor does what is sent there go anywhere else, by a proxy or a redirection.
        straight = DefaultHttpxClient(trust_env=False, follow_redirects=False)
        weakref.finalize(self, straight.close)
        return OpenAI(api_key=_NO_KEY, base_url=self.endpoint, max_retries=0, http_client=straight)

    def _meaning(self, error: Exception) -> Exception:
        """What the library raised, in the project's words."""
        code = getattr(error, "status_code", None)
        said = f"{type(error).__name__}: {self._clean(str(error))}".rstrip(": ")
        if not isinstance(code, int):
            known = type(error).__module__.startswith(("openai", "httpx", "httpcore"))
            if known or isinstance(error, OSError | ValueError | LookupError | TypeError
                                   | AttributeError):  # fmt: skip
                cause = type(error.__cause__).__name__  # the library's own says less
                never = {type(error).__name__, cause} & NEVER_SENT and cause != "ReadTimeout"
                return Fleeting(said, billed=not never)
            return EmbedderError(f"{self.name} failed: {said}")
        if code == 429:
            if getattr(error, "code", None) == "insufficient_quota":
                return Paused(
                    f"{self.name}: the quota is spent",
                    "what is done is kept; add credit and run it again",
                )
            headers = getattr(getattr(error, "response", None), "headers", None) or {}
            try:
                after: float | None = float(headers.get("retry-after", ""))
            except ValueError:
                after = None
            return Busy(after, what="tokens" if "token" in said.lower() else "requests")
        if code in {408, 409, 425} or code >= 500:
            return Fleeting(said)
        if code in {401, 403}:
            return EmbedderError(
                f"{self.name} does not accept the key in {self._key_from}", "is it still valid?"
            )
        if code == 404:
            return EmbedderError(
                f"{self.name} knows no model {self.model!r} there: {said}",
                "is CODESEARCH_ENDPOINT right (it mostly ends in /v1), and CODESEARCH_MODEL?",
            )
        if code in {400, 413, 422}:
            return Unfit(said)
        return EmbedderError(f"{self.name} refused: {code} {said}")

    def _clean(self, text: str) -> str:
        key = config.variable(self._key_from).strip()
        return " ".join((text.replace(key, "***") if key else text).split())[:300]


def load(settings: Settings, home: Home) -> Embedder:
    return RemoteEmbedder(OpenAIService(settings), settings, home)

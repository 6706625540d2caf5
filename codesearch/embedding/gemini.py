"""Google's Gemini embedding models: state of the art on code, over a hundred languages.

``gemini-embedding-2`` takes what a text is for from words before it; ``gemini-embedding-001`` takes
it as a parameter, and is of another space. Both give vectors that may be cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codesearch.config import Settings
from codesearch.embedding.base import Embedder, Home
from codesearch.embedding.remote import RemoteEmbedder
from codesearch.errors import ConfigError
from codesearch.gemini import Connection
from codesearch.gemini.jobs import MOST, Jobs, Result, State
from codesearch.model import Passage
from codesearch.remote import Answer, Role
from codesearch.remote.base import Limits

DEFAULT = "gemini-embedding-2"
_OLD = "gemini-embedding-001"
#: Tokens of one text. The service cuts or refuses what is longer.
_TOKENS = {DEFAULT: 8_192, _OLD: 2_048}
_DIMENSION = 768  # 0.2 points of MTEB below 3,072, at a quarter of the size
_LOWEST, _HIGHEST = 256, 3_072
_TASKS = {"document": "RETRIEVAL_DOCUMENT", "question": "CODE_RETRIEVAL_QUERY"}
_TERMS = (
    "With a key of the free tier Google may use and review what is sent;"
    " with billing enabled it does not (https://ai.google.dev/gemini-api/terms)."
)


class GeminiService:
    """See ``remote.Service``."""

    template = "1"
    is_near = False
    cuts = True

    def __init__(self, model: str, dimension: int, *, vertex: bool) -> None:
        self.model = model
        self.dimension = dimension
        self._connection = Connection(vertex=vertex)
        self._by_prefix = model != _OLD
        # On Google Cloud the older model takes one text a call.
        at_once = 1 if vertex and model == _OLD else 100
        self.limits = Limits(texts=at_once, bytes=4 << 20, tokens=_TOKENS.get(model, 2_048))

    @property
    def name(self) -> str:
        return self._connection.name

    @property
    def terms(self) -> str:
        return "" if self._connection.vertex else _TERMS

    def document(self, passage: Passage) -> str:
        title = " - ".join(filter(None, (passage.path, passage.symbol)))
        text = "\n".join(filter(None, (passage.doc, passage.code)))
        if self._by_prefix:
            return f"title: {title or 'none'} | text: {text}"
        return f"{title}\n{text}"

    def question(self, text: str) -> str:
        return f"task: code retrieval | query: {text}" if self._by_prefix else text

    def check(self) -> None:
        self._connection.check()

    # -- jobs --------------------------------------------------------------------------

    texts_a_job = MOST

    @property
    def has_jobs(self) -> bool:
        return not self._connection.vertex

    @property
    def _jobs(self) -> Jobs:
        return Jobs(self._connection, self.model)

    def begin_job(self, title: str, texts: Sequence[tuple[str, str]]) -> str:
        """See ``gemini.jobs``."""
        task = None if self._by_prefix else _TASKS["document"]
        return self._jobs.begin(title, texts, dimension=self.dimension, task=task)

    def job_named(self, title: str) -> str | None:
        return self._jobs.named(title)

    def job_state(self, name: str) -> State:
        return self._jobs.state(name)

    def job_results(self, name: str) -> Iterator[Result]:
        return self._jobs.results(name)

    # -- calls -------------------------------------------------------------------------

    def send(self, texts: Sequence[str], role: Role, timeout: float) -> Answer:
        connection = self._connection
        client, types = connection.client, connection.types
        options = types.EmbedContentConfig(
            output_dimensionality=self.dimension,
            task_type=None if self._by_prefix else _TASKS[role],
            http_options=types.HttpOptions(timeout=round(1000 * timeout)),
        )
        # A content each: of plain strings the newer model makes one vector, without a word.
        contents = [types.Content(parts=[types.Part(text=_sendable(text))]) for text in texts]
        with connection.errors(self.model):
            answer = client.models.embed_content(
                model=self.model, contents=contents, config=options
            )
            vectors = [embedding.values or [] for embedding in answer.embeddings or []]
            return Answer(vectors, _tokens(answer))


def _sendable(text: str) -> str:
    """JSON is Unicode, which lone surrogates (bytes of a name that is no text) are not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _tokens(answer: object) -> int | None:
    usage = getattr(answer, "usage_metadata", None)
    for name in ("prompt_token_count", "total_token_count"):
        count = getattr(usage, name, None)
        if count:
            return int(count)
    embeddings = getattr(answer, "embeddings", None) or []
    counts = [getattr(getattr(e, "statistics", None), "token_count", None) for e in embeddings]
    known = [float(count) for count in counts if count]
    return round(sum(known)) if known and len(known) == len(counts) else None


def load(settings: Settings, home: Home) -> Embedder:
    model = settings.model or DEFAULT
    dimension = settings.dimension or _DIMENSION
    if not _LOWEST <= dimension <= _HIGHEST:
        raise ConfigError(
            f"dimension must be from {_LOWEST} to {_HIGHEST} for {model}, not {dimension}"
        )
    return RemoteEmbedder(GeminiService(model, dimension, vertex=settings.vertex), settings, home)

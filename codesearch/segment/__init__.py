"""The read image of an index: what a query needs, memory-mapped, derived from the store.

Opening a LanceDB table costs about a second of imports, a question may cost a few hundredths; so
queries read this image instead, and the store stays the one durable truth. The image knows
nothing of ranking: it holds counts and vectors, not scores.
"""

from codesearch.segment.base import (
    DOCUMENTATION,
    EXAMPLE,
    FIELDS,
    TEST,
    Segment,
    Strings,
    distinct,
    name_hash,
    ranges,
)
from codesearch.segment.build import KINDS, join, of_chunks, with_vectors
from codesearch.segment.file import Damaged, load, save
from codesearch.segment.image import Image, Stored

__all__ = [
    "DOCUMENTATION",
    "EXAMPLE",
    "FIELDS",
    "KINDS",
    "TEST",
    "Damaged",
    "Image",
    "Segment",
    "Stored",
    "Strings",
    "distinct",
    "join",
    "load",
    "name_hash",
    "of_chunks",
    "ranges",
    "save",
    "with_vectors",
]

"""From files on disk to rows in the store and a new segment: plan, prepare, commit, join.

Nothing here knows the terminal or a question.
"""

from codesearch.ingest.base import Plan, Prepared, embed, passages, plan, prepare
from codesearch.ingest.update import WHAT, Site, preview, update

__all__ = [
    "WHAT",
    "Plan",
    "Prepared",
    "Site",
    "embed",
    "passages",
    "plan",
    "prepare",
    "preview",
    "update",
]

"""From files on disk to rows in the store and a new segment: plan, prepare, commit, join.

Nothing here knows the terminal or a question.
"""

from codesearch.ingest.commit import Approve, Receipt
from codesearch.ingest.health import examine, mend
from codesearch.ingest.pool import Standby, end_with_parent, prepare_all, processes
from codesearch.ingest.prepare import (
    Plan,
    Prepared,
    Site,
    Unsaved,
    count_pending,
    embed,
    finished,
    identify,
    kept_by,
    passages,
    plan,
)
from codesearch.ingest.status import status
from codesearch.ingest.update import MADE_WITH, preview, update

__all__ = [
    "MADE_WITH",
    "Approve",
    "Plan",
    "Prepared",
    "Receipt",
    "Site",
    "Standby",
    "Unsaved",
    "count_pending",
    "embed",
    "end_with_parent",
    "examine",
    "finished",
    "identify",
    "kept_by",
    "mend",
    "passages",
    "plan",
    "prepare_all",
    "preview",
    "processes",
    "status",
    "update",
]

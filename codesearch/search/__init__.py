"""One question over an index: evidence from the arrays, scores from ``rank``, hits.

This room opens no table, scans no folder and prints nothing; it reads a file only to show
a hit's lines.
"""

from codesearch.search.answer import Sources, outline, run, shown
from codesearch.search.evidence import Question, likeness, question
from codesearch.search.view import Layer, View

__all__ = [
    "Layer",
    "Question",
    "Sources",
    "View",
    "likeness",
    "outline",
    "question",
    "run",
    "shown",
]

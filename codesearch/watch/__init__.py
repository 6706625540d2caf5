"""Keeping an index up to date while files change: events are hints, a look at the disk decides.

``events`` listens to the system, ``loop`` looks and updates, ``current`` is the index. Nothing here
reads a file or knows what an index holds.
"""

from codesearch.watch.current import Current
from codesearch.watch.loop import Watcher

__all__ = ["Current", "Watcher"]

"""Functions that are there more than once: candidates, likeness, rules, what is no finding.

Works on fingerprints alone; a file is only read to show what was found. This room runs no git,
embeds nothing and prints nothing.
"""

from codesearch.duplicates.find import Found, begin, find
from codesearch.duplicates.gather import Material, known
from codesearch.duplicates.relate import related

__all__ = ["Found", "Material", "begin", "find", "known", "related"]

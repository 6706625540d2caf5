"""Short functions that are alike and mean something else: ``min`` and ``max``.

No measure of likeness tells them from copies: one operator of forty tokens is different. What
tells is how they differ. Who copies a function into another place keeps its name, or gives it
other variables, or changes whole statements. Who writes the counterpart of a function gives it
another name, keeps the variables, and changes a word here and there.
"""

from __future__ import annotations

from difflib import SequenceMatcher

import numpy as np

from codesearch import fingerprint
from codesearch.duplicates.functions import Function

#: Of longer functions the rest is worth sharing, whatever the difference means.
_SHORT = 100
#: Tokens of a word here and there.
_WORD = 4
#: Of the names that the functions give, so many are the same.
_KEPT = 0.8


def are_siblings(a: Function, b: Function) -> bool:
    """Whether two short functions that are alike probably do different things on purpose."""
    one, other = a.fingerprint, b.fingerprint
    n, m = a.tokens, b.tokens
    if a.name == b.name or min(n, m) >= _SHORT or max(n, m) > 2 * _SHORT:
        return False
    codes = fingerprint.codes(one), fingerprint.codes(other)
    words = fingerprint.words(one)[:n], fingerprint.words(other)[:m]
    steps = SequenceMatcher(None, codes[0].tolist(), codes[1].tolist(), autojunk=False)
    kept = given = values = 0
    differs = False
    for tag, i, i_end, j, j_end in steps.get_opcodes():
        if tag != "equal":
            if max(i_end - i, j_end - j) > _WORD:
                return False
            differs = True
            continue
        same = words[0][i:i_end] == words[1][j:j_end]
        local = fingerprint.is_local(codes[0][i:i_end])
        given += int(local.sum())
        kept += int((same & local).sum())
        values += int(np.count_nonzero(~same & ~local))
    return (differs or values > 0) and kept >= _KEPT * given

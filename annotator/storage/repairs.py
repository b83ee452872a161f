"""What each tool took on each instance that was adjusted or drawn, out of the history.

Tests: tests/storage/test_answers.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from annotator.core.answers import TOOLS, Integers, Repairs
from annotator.storage.decision_history import History


def repairs_of(ids: Integers, drawn: NDArray[np.bool_], history: History) -> Repairs:
    """ids: of instances, each once; drawn: which of them were drawn.

    A gesture's time is shared among all that it is about.
    """
    if not len(ids) or not len(history.decisions):
        return Repairs.none()
    order = np.argsort(ids)
    place = np.searchsorted(history.ids, history.decided_by)
    share = history.looked[place] / np.bincount(place, minlength=len(history.gestures))[place]
    index = np.minimum(np.searchsorted(ids[order], history.instances), len(ids) - 1)
    tools = history.tools[place]
    mine = (ids[order][index] == history.instances) & (tools >= 0) & (share > 0)
    which, group = np.unique(index[mine] * len(TOOLS) + tools[mine], return_inverse=True)
    weights = (share * history.seconds[place], share, share * history.clicks[place])
    sums = [np.bincount(group, weights=one[mine], minlength=len(which)).astype(np.float64) for one in weights]
    return Repairs(drawn[order][which // len(TOOLS)], which % len(TOOLS), *sums)

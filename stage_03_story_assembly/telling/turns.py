"""Trading days counted from one epoch, so that neighbouring sessions differ by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from foundation.market import sessions as exchange_sessions

EPOCH = date(2000, 1, 3)


def turns(days: Sequence[date]) -> np.ndarray:
    """Return the number of exchange sessions between the epoch and each day, int (T,).

    The count of a day does not depend on which other days are asked for. A day on which the
    exchange does not trade counts as the session before it.
    """
    if not days:
        return np.zeros(0, dtype=int)
    known = np.array(exchange_sessions(min(EPOCH, days[0]), max(EPOCH, days[-1])), dtype="M8[D]")
    where = np.searchsorted(known, np.array(days, dtype="M8[D]"), side="right")
    found: np.ndarray = where - np.searchsorted(known, np.datetime64(EPOCH), side="right")
    return found

"""How far a stock moves when it reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date

import numpy as np

from foundation.contracts import MarketEvent
from foundation.market import closes, sessions_until


def reported_on(
    events: Iterable[MarketEvent], sessions: tuple[date, ...], symbols: tuple[str, ...]
) -> np.ndarray:
    """Return the sessions by whose close new earnings were known, bool array (T, N).

    A report before the open or within a session moves that session's price, one after the close
    the next session's. Announcements of a coming report carry no figure and do not count.
    """
    marked = np.zeros((len(sessions), len(symbols)), dtype=bool)
    at = {symbol: n for n, symbol in enumerate(symbols)}
    told = [e for e in events if e.kind == "earnings" and e.actual is not None and e.symbol in at]
    if not told:
        return marked
    moments = closes(sessions_until(sessions[0], 2)[0], sessions[-1])
    known = np.array([e.known_at.astimezone(UTC).replace(tzinfo=None) for e in told], "M8[ns]")
    # The first moment is the close before the window.
    t = np.searchsorted(moments, known, side="left") - 1
    inside = (t >= 0) & (t < len(sessions))
    marked[t[inside], np.array([at[e.symbol] for e in told])[inside]] = True
    return marked


def earnings_sensitivity(
    log_returns: np.ndarray, reported: np.ndarray, reports: int, least: int
) -> np.ndarray:
    """Return the mean absolute log return on the sessions of the last reports, shape (T, N).

    Parameters
    ----------
    log_returns : float64 array, shape (T, N)
        Of each session; NaN where absent. Reports on such sessions are left out.
    reported : bool array, shape (T, N)
        See ``reported_on``.
    reports, least : int
        Reports looked back on, at most and at least.

    Returns
    -------
    float64 array, shape (T, N)
        0.05 is five per cent; the present session's report counts. NaN with fewer reports.
    """
    out = np.full(log_returns.shape, np.nan)
    counts = reported & np.isfinite(log_returns)
    for n in np.flatnonzero(counts.any(axis=0)):
        at = np.flatnonzero(counts[:, n])
        sums = np.append(0.0, np.cumsum(np.abs(log_returns[at, n])))
        seen = np.searchsorted(at, np.arange(len(out)), side="right")
        used = np.minimum(seen, reports)
        enough = used >= least
        out[enough, n] = (sums[seen] - sums[seen - used])[enough] / used[enough]
    return out

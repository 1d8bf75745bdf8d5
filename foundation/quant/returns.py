"""Returns by session, in arrays (T, N), with absent sessions left visible."""

from __future__ import annotations

import numpy as np


def log_returns(closes: np.ndarray) -> np.ndarray:
    """Return log returns against the last known close, shape (T, N).

    NaN on a symbol's first session and where its close is absent; the session after a gap
    carries the return over the gap, so that returns add up to the price path.
    """
    closes = np.asarray(closes, dtype=float)
    usable = closes > 0
    rows = np.arange(len(closes))[:, None]
    place = np.maximum.accumulate(np.where(usable, rows, -1), axis=0)
    before = np.vstack([np.full((1, closes.shape[1]), -1), place[:-1]])
    previous = np.take_along_axis(closes, np.maximum(before, 0), axis=0)
    valid = usable & (before >= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(valid, np.log(closes / previous), np.nan)


def forward_log_returns(closes: np.ndarray, horizon: int) -> np.ndarray:
    """Return ``ln(close[t + horizon] / close[t])`` at row ``t``, shape (T, N).

    This looks ahead: it is a label, never a feature. NaN in the last ``horizon`` rows and where
    either close is absent.
    """
    closes = np.asarray(closes, dtype=float)
    forward = np.full(closes.shape, np.nan)
    if len(closes) > horizon:
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(closes > 0, np.log(closes), np.nan)
        forward[:-horizon] = logs[horizon:] - logs[:-horizon]
    return forward

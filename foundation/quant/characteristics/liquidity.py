"""How easily a stock trades, against the others."""

from __future__ import annotations

import numpy as np

from foundation.timeseries.rolling import rolling_sum

BUCKETS: tuple[str, ...] = ("low", "middle", "high")


def liquidity_bucket(dollar_volume: np.ndarray, peers: np.ndarray, window: int) -> np.ndarray:
    """Return the third of mean dollar volume that each symbol is in, shape (T, N).

    Parameters
    ----------
    dollar_volume : float64 array, shape (T, N)
        Close times shares; NaN where absent.
    peers : bool array, shape (N,)
        Who is ranked: equities among equities.
    window : int
        Sessions of the mean. At least half of them must be reported; before the first full
        window the mean is of those there are.

    Returns
    -------
    float64 array, shape (T, N)
        0 low, 1 middle, 2 high (``BUCKETS``); equal volumes share a bucket. NaN for those not
        ranked or without enough sessions.
    """
    present = np.isfinite(dollar_volume) & peers
    lead = np.zeros((window - 1, dollar_volume.shape[1]))
    total = rolling_sum(np.vstack([lead, np.where(present, dollar_volume, 0.0)]), window)
    count = rolling_sum(np.vstack([lead, present.astype(float)]), window)
    total, count = total[window - 1 :], count[window - 1 :]
    enough = count >= window / 2
    mean = np.where(enough, total / np.where(enough, count, 1.0), np.nan)
    ordered = np.sort(mean, axis=1)  # NaN last
    ranked = enough.sum(axis=1, keepdims=True)
    out = np.full(mean.shape, np.nan)
    for t in np.flatnonzero(ranked[:, 0]):
        number, row = int(ranked[t, 0]), ordered[t, : ranked[t, 0]]
        below = np.searchsorted(row, mean[t], side="left")
        up_to = np.searchsorted(row, mean[t], side="right")
        # Twice the mean rank of equals, as a whole number: thirds are exact.
        twice = below + 1 + up_to
        third = -(-3 * twice // (2 * number)) - 1
        out[t] = np.where(enough[t], third, np.nan)
    return out

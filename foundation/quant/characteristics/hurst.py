"""The Hurst exponent: how the spread of price moves grows with the time they are given."""

from __future__ import annotations

import numpy as np

from foundation.timeseries.rolling import rolling_sum


def hurst_exponent(
    close: np.ndarray, window: int, lags: tuple[int, ...], coverage: float
) -> np.ndarray:
    """Return the Hurst exponent of every symbol at every session, shape (T, N).

    Of a process whose moves over ``q`` sessions spread as ``q ** H`` (fractional Brownian motion:
    Mandelbrot & Van Ness, 1968, SIAM Review 10). ``H`` is half the least-squares slope of the log
    variance of q-session log returns on ``log q``. Variances are those of overlapping moves about
    the window's mean move, unbiased for a random walk (Lo & MacKinlay, 1988, Review of Financial
    Studies 1, eq. 12), so drift is not taken for memory.

    Parameters
    ----------
    close : float64 array, shape (T, N)
        Prices above zero; NaN where absent.
    window : int
        Sessions of one-session moves looked back on.
    lags : tuple of int
        ``q``, ascending.
    coverage : float
        Share of the window's moves that must be there at every lag.

    Returns
    -------
    float64 array, shape (T, N)
        About 0.5 for a random walk, below where moves are given back, above where they go on. Of
        252 sessions the standard error is about 0.07 at 0.5. Long memory is understated: its own
        mean is taken for drift. NaN without coverage, or where the price stood still.
    """
    logs = np.log(close)
    moves = np.full(close.shape, np.nan)
    moves[1:] = logs[1:] - logs[:-1]
    mean = _sum_of_present(moves, window)
    drift = _ratio(mean[0], mean[1], coverage * window)
    weights = np.log(np.array(lags, dtype=float))
    weights = (weights - weights.mean()) / ((weights - weights.mean()) ** 2).sum()
    slope = np.zeros(close.shape)
    for lag, weight in zip(lags, weights, strict=True):
        change = np.full(close.shape, np.nan)
        change[lag:] = logs[lag:] - logs[:-lag]
        # Moves that began before the window are left out.
        places = window - lag + 1
        total, count = _sum_of_present(change, places)
        squares, _ = _sum_of_present(change**2, places)
        around = squares - 2 * lag * drift * total + count * (lag * drift) ** 2
        variance = _ratio(
            around, count * (1 - lag / window), coverage * places * (1 - lag / window)
        )
        still = ~(variance > 1e-18)
        slope += weight * np.log(np.where(still, np.nan, variance))
    return slope / 2


def _sum_of_present(values: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    present = np.isfinite(values)
    return (
        rolling_sum(np.where(present, values, 0.0), window),
        rolling_sum(present.astype(float), window),
    )


def _ratio(top: np.ndarray, bottom: np.ndarray, least: float) -> np.ndarray:
    """Return ``top / bottom``; NaN where the bottom is below ``least``."""
    with np.errstate(invalid="ignore"):
        enough = bottom >= least - 1e-9
    return np.where(enough, top / np.where(enough, bottom, 1.0), np.nan)

"""Past-only GARCH(1,1) volatility for a whole market.

Each symbol's parameters are fitted at a few refit points, on the returns known there: all fits of
all symbols in one program (``garch_fit``). Between refits the variance recursion runs over all
symbols at once:

    h[t+1] = omega + alpha * (r[t] - mu)^2 + beta * h[t]

and the variance of the return over the next ``k`` sessions is the sum of ``h[t+1]`` and its
expected successors ``omega + (alpha + beta) * h``. Bollerslev (1986), "Generalized
autoregressive conditional heteroskedasticity", J. Econometrics 31; normal likelihood as
quasi-likelihood, Bollerslev & Wooldridge (1992), Econometric Reviews 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.quant.garch_fit import fit_garch
from foundation.quant.settings import GarchSettings

PERCENT = 100.0
"""Returns are fitted in percent, where variances are numbers of order one."""

FITS_AT_ONCE = 512
"""So that the recursions of a batch stay within the cache."""


@dataclass(frozen=True)
class GarchPath:
    """Volatility forecasts of a market, and how its fits went.

    Attributes
    ----------
    volatility : float64 array, shape (T, N)
        Standard deviation of the log return over the next ``horizon`` sessions, as known at
        the close of the row's session. NaN before a symbol's first accepted fit, and where the
        symbol's close is absent.
    fits, refused : int
        Fits tried, and those refused: returns without variation. After a
        refused fit the symbol keeps its last accepted parameters; before any it stays NaN.
    last_fit_row : int
        Last row that an accepted fit had seen; -1 where none was accepted.
    """

    volatility: np.ndarray
    fits: int
    refused: int
    last_fit_row: int


def garch_volatility(returns: np.ndarray, settings: GarchSettings) -> GarchPath:
    """Return past-only volatility forecasts for every session and symbol.

    Parameters
    ----------
    returns : float64 array, shape (T, N)
        Log returns (0.01 = 1%); NaN where absent. A session without a return leaves the
        symbol's variance as it was.
    settings : GarchSettings
    """
    scaled = PERCENT * np.asarray(returns, dtype=float)
    places = _refits(scaled, settings)
    starts = np.full((*scaled.shape, 6), np.nan)
    fitted = np.zeros(len(places), dtype=bool)
    for at in range(0, len(places), FITS_AT_ONCE):
        some = places[at : at + FITS_AT_ONCE]
        found = _fit([scaled[window, symbol] for window, symbol in some], settings)
        for i, (window, symbol) in enumerate(some):
            fitted[at + i] = accepted = bool(np.isfinite(found[i]).all())
            if accepted:
                starts[window[-1], symbol] = found[i]
    rows = [int(window[-1]) for (window, _), good in zip(places, fitted, strict=True) if good]
    last_fit_row = max(rows, default=-1)
    fits, refused = len(places), int((~fitted).sum())
    variance = filtered_variance(scaled, starts)
    parameters = _carried_forward(starts)
    total = aggregated_variance(
        variance,
        parameters[..., 1],
        parameters[..., 2] + parameters[..., 4] / 2 + parameters[..., 3],
        settings.horizon,
    )
    volatility = np.where(np.isnan(returns), np.nan, np.sqrt(total) / PERCENT)
    return GarchPath(volatility, fits, refused, last_fit_row)


def ewma_volatility(returns: np.ndarray, horizon: int, decay: float = 0.94) -> np.ndarray:
    """Return exponentially weighted volatility over the next ``horizon`` sessions, (T, N).

    ``h[t+1] = decay * h[t] + (1 - decay) * r[t]^2`` with zero mean return, times the horizon
    (RiskMetrics Technical Document 1996, section 5.2; 0.94 is its value for daily returns). It
    begins at the mean square of a symbol's first 20 returns and is NaN up to them, and where the
    row's own return is absent.
    """
    begin = 20
    variance = np.full(returns.shape, np.nan)
    present = ~np.isnan(returns)
    seen = np.cumsum(present, axis=0)
    squares = np.where(present, returns, 0.0) ** 2
    sums = np.cumsum(squares, axis=0)
    current = np.full(returns.shape[1], np.nan)
    for t in range(len(returns)):
        moved = np.where(present[t], decay * current + (1 - decay) * squares[t], current)
        current = np.where(present[t] & (seen[t] == begin), sums[t] / begin, moved)
        variance[t] = current
    return np.where(present, np.sqrt(horizon * variance), np.nan)


def filtered_variance(returns: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Run the variance recursion over all symbols at once.

    Parameters
    ----------
    returns : float64 array, shape (T, N)
        NaN leaves the variance as it was.
    starts : float64 array, shape (T, N, 6)
        ``mu, omega, alpha, beta, gamma`` that hold from this row on and the variance forecast for
        the next session; NaN where nothing new starts. ``gamma`` adds to ``alpha`` after a fall.

    Returns
    -------
    float64 array, shape (T, N)
        Variance of the next session's return, given the returns up to the row; NaN before the
        first start.
    """
    variance = np.full(returns.shape, np.nan)
    current = np.full(returns.shape[1], np.nan)
    mu, omega, alpha, beta, gamma = np.full((5, returns.shape[1]), np.nan)
    begins = ~np.isnan(starts[..., 5])
    absent = np.isnan(returns)
    for t in range(len(returns)):
        shock = returns[t] - mu
        moved = omega + (alpha + gamma * (shock < 0)) * shock**2 + beta * current
        current = np.where(absent[t], current, moved)
        if begins[t].any():
            here, new = begins[t], starts[t].T
            mu, omega, alpha, beta, gamma, current = (
                np.where(here, fresh, old)
                for fresh, old in zip(new, (mu, omega, alpha, beta, gamma, current), strict=True)
            )
        variance[t] = current
    return variance


def aggregated_variance(
    next_variance: np.ndarray, omega: np.ndarray, persistence: np.ndarray, horizon: int
) -> np.ndarray:
    """Return the variance of the sum of the next ``horizon`` returns, in the units squared.

    ``sum_{k=1..K} E[h_{t+k}]`` with ``E[h_{t+k+1}] = omega + persistence * E[h_{t+k}]`` and
    ``persistence = alpha + beta``; this form also holds at ``persistence = 1``.
    """
    step = next_variance
    total = next_variance.copy()
    for _ in range(horizon - 1):
        step = omega + persistence * step
        total = total + step
    return total


def _refits(returns: np.ndarray, settings: GarchSettings) -> list[tuple[np.ndarray, int]]:
    """Return every fit to be made: the rows that it looks back on, and the symbol."""
    places = []
    for symbol in range(returns.shape[1]):
        known = np.flatnonzero(~np.isnan(returns[:, symbol]))
        for stop in range(settings.minimum_observations, len(known) + 1, settings.refit_every):
            places.append((known[max(0, stop - settings.fit_window) : stop], symbol))
    return places


def _fit(windows: list[np.ndarray], settings: GarchSettings) -> np.ndarray:
    """Return mu, omega, alpha, beta, gamma and the next variance of each window, (n, 6).

    NaN where nothing varies. The mean is the sample mean, taken out first: one parameter less in
    a flat likelihood.
    """
    shocks = np.full((max(map(len, windows)), len(windows)), np.nan)
    means = np.array([window.mean() for window in windows])
    for n, window in enumerate(windows):
        shocks[len(shocks) - len(window) :, n] = window - means[n]
    fit = fit_garch(shocks, leverage=settings.leverage)
    return np.stack([means, fit.omega, fit.alpha, fit.beta, fit.gamma, fit.next_variance], axis=1)


def _carried_forward(starts: np.ndarray) -> np.ndarray:
    """Return at each row the parameters that hold there, shape (T, N, 5)."""
    rows = np.arange(len(starts))[:, None]
    place = np.maximum.accumulate(np.where(np.isnan(starts[..., 5]), -1, rows), axis=0)
    carried = np.take_along_axis(starts, np.maximum(place, 0)[..., None], axis=0)
    return np.where((place >= 0)[..., None], carried, np.nan)

"""Autoregressions of daily returns for a whole market, on past data only.

    r[t] = mu + sum_k phi[k] (r[t-k] - mu) + e[t]

Yule-Walker equations of all symbols and all orders in one Levinson-Durbin recursion, the order of
each symbol by Akaike's criterion (Brockwell & Davis 1991, Time Series: Theory and Methods, sections
8.1, 8.2 and 9.2). The forecast is of the sum of the coming returns, with the variance of that sum.
ARIMA(p, 0, q) by maximum likelihood (``statsmodels``) is what it is held against in
``benchmarks/market_model.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.quant.settings import ArSettings


@dataclass(frozen=True)
class ArFit:
    """Autoregressions, one per series; NaN where nothing varies.

    Attributes
    ----------
    mean, variance : float arrays (N,)
        Of the returns; of the innovations.
    coefficients : float array (P, N)
        ``phi`` of lag 1 to P; zero beyond a series' own order.
    order : int array (N,)
    """

    mean: np.ndarray
    variance: np.ndarray
    coefficients: np.ndarray
    order: np.ndarray


@dataclass(frozen=True)
class ArPath:
    """Forecasts of the sum of the next ``horizon`` returns, (T, N); NaN before the first fit.

    Attributes
    ----------
    expected, volatility : float64 arrays (T, N)
        Mean and standard deviation, in the units of the returns.
    """

    expected: np.ndarray
    volatility: np.ndarray


def fit_ar(returns: np.ndarray, orders: int) -> ArFit:
    """Fit every column by itself, all columns and orders in one recursion.

    Parameters
    ----------
    returns : float array, shape (T, N)
        NaN where absent: a pair with an absent return adds nothing to an autocovariance.
    orders : int
        The highest order tried.
    """
    present = np.isfinite(returns)
    count = present.sum(axis=0)
    mean = np.where(present, returns, 0.0).sum(axis=0) / np.maximum(count, 1)
    x = np.where(present, returns - mean, 0.0)
    size = np.maximum(count, 1)
    lagged = [x, *(x[:-k] for k in range(1, orders + 1))]
    covariance = np.stack([(x[k:] * lagged[k]).sum(axis=0) / size for k in range(orders + 1)])
    usable = (count > orders + 1) & (covariance[0] > 1e-18)
    safe = np.where(usable, covariance, np.eye(orders + 1)[0][:, None])

    phi = np.zeros((orders, len(count)))
    best, order, error = phi.copy(), np.zeros(len(count), dtype=int), safe[0].copy()
    variance = error.copy()
    criterion = size * np.log(error)
    for p in range(1, orders + 1):
        known = phi[: p - 1]
        reflection = (safe[p] - (known * safe[p - 1 : 0 : -1]).sum(axis=0)) / error
        phi[: p - 1] = known - reflection * known[::-1]
        phi[p - 1] = reflection
        error = error * (1 - reflection**2)
        found = size * np.log(error) + 2 * p
        better = found < criterion
        criterion = np.where(better, found, criterion)
        order = np.where(better, p, order)
        best, variance = np.where(better, phi, best), np.where(better, error, variance)
    hidden = np.where(usable, 0.0, np.nan)
    return ArFit(mean + hidden, variance + hidden, best + hidden, np.where(usable, order, 0))


def sum_ahead(fit: ArFit, past: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the sum of the next ``horizon`` returns.

    Parameters
    ----------
    past : float array, shape (..., P, N)
        The last returns, newest first; NaN counts as the mean.

    Returns
    -------
    mean : float array, shape (..., N)
    variance : float array, shape (N,)
        ``variance * sum_j (psi_0 + ... + psi_j)^2`` over the horizon, with psi the weights of
        past innovations.
    """
    state = np.nan_to_num(past - fit.mean)
    total = np.zeros(state.shape[:-2] + state.shape[-1:])
    for _ in range(horizon):
        ahead = (fit.coefficients * state).sum(axis=-2)
        state = np.concatenate([ahead[..., None, :], state[..., :-1, :]], axis=-2)
        total = total + ahead
    orders = len(fit.coefficients)
    psi = [np.ones_like(fit.mean)]
    for _ in range(horizon - 1):
        recent = np.stack(psi[::-1][:orders])
        psi.append((fit.coefficients[: len(recent)] * recent).sum(axis=0))
    reach = np.cumsum(np.stack(psi), axis=0)
    return horizon * fit.mean + total, fit.variance * (reach**2).sum(axis=0)


def ar_forecasts(returns: np.ndarray, settings: ArSettings) -> ArPath:
    """Return past-only forecasts of every session and symbol.

    Parameters
    ----------
    returns : float64 array, shape (T, N)
        Log returns; NaN where absent, and there no forecast is made.
    """
    sessions, symbols = returns.shape
    expected, volatility = np.full((2, sessions, symbols), np.nan)
    padded = np.concatenate([np.full((settings.orders, symbols), np.nan), returns])
    recent = np.lib.stride_tricks.sliding_window_view(padded, settings.orders, axis=0)[1:]
    newest_first = recent[..., ::-1].swapaxes(1, 2)
    for row in range(settings.minimum_observations - 1, sessions, settings.refit_every):
        window = returns[max(0, row + 1 - settings.fit_window) : row + 1]
        fit = fit_ar(window, settings.orders)
        enough = np.isfinite(window).sum(axis=0) >= settings.minimum_observations
        until = slice(row, row + settings.refit_every)
        mean, variance = sum_ahead(fit, newest_first[until], settings.horizon)
        said = np.isfinite(returns[until]) & enough
        expected[until] = np.where(said, mean, np.nan)
        volatility[until] = np.where(said, np.sqrt(variance), np.nan)
    return ArPath(expected, volatility)

"""Past-only GARCH(1,1) volatility for a whole market.

``arch`` fits each symbol's parameters at a few refit points, on the returns known there. Between
refits the variance recursion runs over all symbols at once:

    h[t+1] = omega + alpha * (r[t] - mu)^2 + beta * h[t]

and the variance of the return over the next ``k`` sessions is the sum of ``h[t+1]`` and its
expected successors ``omega + (alpha + beta) * h``. Bollerslev (1986), "Generalized
autoregressive conditional heteroskedasticity", J. Econometrics 31; normal likelihood as
quasi-likelihood, Bollerslev & Wooldridge (1992), Econometric Reviews 11.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from importlib import import_module

import numpy as np

from foundation.quant.settings import GarchSettings

PERCENT = 100.0
"""Returns are fitted in percent: the optimiser of ``arch`` is tuned to that scale."""


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
        Fits tried, and those refused: not converged, or returns without variation. After a
        refused fit the symbol keeps its last accepted parameters; before any it stays NaN.
    last_fit_row : int
        Last row that an accepted fit had seen; -1 where none was accepted.
    """

    volatility: np.ndarray
    fits: int
    refused: int
    last_fit_row: int


@dataclass(frozen=True)
class _Parameters:
    """GARCH(1,1) parameters in percent units, and the variance forecast at the end of the fit."""

    mu: float
    omega: float
    alpha: float
    beta: float
    next_variance: float


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
    sessions, symbols = scaled.shape
    starts = np.full((sessions, symbols, 5), np.nan)
    fits = refused = 0
    last_fit_row = -1
    with _one_thread():
        for symbol in range(symbols):
            known = np.flatnonzero(~np.isnan(scaled[:, symbol]))
            for stop in range(settings.minimum_observations, len(known) + 1, settings.refit_every):
                window = known[max(0, stop - settings.fit_window) : stop]
                fitted = _fit(scaled[window, symbol])
                fits += 1
                if fitted is None:
                    refused += 1
                    continue
                row = int(window[-1])
                last_fit_row = max(last_fit_row, row)
                starts[row, symbol] = astuple(fitted)
    variance = filtered_variance(scaled, starts)
    parameters = _carried_forward(starts)
    total = aggregated_variance(
        variance, parameters[..., 1], parameters[..., 2] + parameters[..., 3], settings.horizon
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
    starts : float64 array, shape (T, N, 5)
        ``mu, omega, alpha, beta`` that hold from this row on and the variance forecast for the
        next session; NaN where nothing new starts.

    Returns
    -------
    float64 array, shape (T, N)
        Variance of the next session's return, given the returns up to the row; NaN before the
        first start.
    """
    variance = np.full(returns.shape, np.nan)
    current = np.full(returns.shape[1], np.nan)
    mu, omega, alpha, beta = np.full((4, returns.shape[1]), np.nan)
    begins = ~np.isnan(starts[..., 4])
    absent = np.isnan(returns)
    for t in range(len(returns)):
        moved = omega + alpha * (returns[t] - mu) ** 2 + beta * current
        current = np.where(absent[t], current, moved)
        if begins[t].any():
            here, new = begins[t], starts[t].T
            mu, omega, alpha, beta, current = (
                np.where(here, fresh, old)
                for fresh, old in zip(new, (mu, omega, alpha, beta, current), strict=True)
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


def _fit(returns: np.ndarray) -> _Parameters | None:
    """Fit by ``arch``; None where the optimiser did not converge or nothing varies.

    The mean is the sample mean, taken out first: one parameter less in a flat likelihood.
    """
    if not np.ptp(returns) > 0:
        return None
    from arch import arch_model

    mu = float(returns.mean())
    shocks = returns - mu
    model = arch_model(shocks, mean="Zero", vol="GARCH", p=1, q=1, dist="normal", rescale=False)
    result = model.fit(disp="off", show_warning=False, cov_type="classic")
    omega, alpha, beta = (float(x) for x in result.params)
    if result.convergence_flag != 0 or not np.isfinite(result.loglikelihood):
        return None
    last = result.conditional_volatility[-1] ** 2
    return _Parameters(mu, omega, alpha, beta, float(omega + alpha * shocks[-1] ** 2 + beta * last))


def _one_thread() -> AbstractContextManager[object]:
    """Hold linear algebra to one thread: its last bits depend on how many there are.

    A flat likelihood turns last bits into other parameters, and the same input would give other
    bytes on a machine with other cores or another ``OMP_NUM_THREADS``. Only libraries that are
    loaded already can be held, so ``arch`` and its linear algebra come first.
    """
    from threadpoolctl import threadpool_limits

    for name in ("arch", "scipy.linalg", "scipy.optimize"):
        import_module(name)
    return threadpool_limits(1, user_api="blas")


def _carried_forward(starts: np.ndarray) -> np.ndarray:
    """Return at each row the parameters that hold there, shape (T, N, 5)."""
    rows = np.arange(len(starts))[:, None]
    place = np.maximum.accumulate(np.where(np.isnan(starts[..., 4]), -1, rows), axis=0)
    carried = np.take_along_axis(starts, np.maximum(place, 0)[..., None], axis=0)
    return np.where((place >= 0)[..., None], carried, np.nan)

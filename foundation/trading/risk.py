"""What can be lost: volatility, drawdown, value at risk and expected shortfall.

Returns are simple returns per session (0.01 = 1%), losses are reported as positive numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from foundation.kernel import OperatorError

TRADING_DAYS = 252
"""Sessions in a year, by convention, for annualising."""


@dataclass(frozen=True)
class TailRisk:
    """One-session losses in the tail, as positive fractions of capital.

    Attributes
    ----------
    level : float
        Confidence level, e.g. 0.95.
    value_at_risk : float
        The loss that is exceeded with probability ``1 - level``. Negative where even that
        quantile is a gain.
    expected_shortfall : float
        The mean loss in the worst ``1 - level`` of cases; never below ``value_at_risk``.
    """

    level: float
    value_at_risk: float
    expected_shortfall: float


def volatility(weights: np.ndarray, covariance: np.ndarray) -> float:
    """Return the annualised standard deviation of a mix: ``sqrt(252 * w' S w)``.

    Parameters
    ----------
    weights : array, shape (N,)
        Fractions of capital; what is missing to one is cash and carries no risk.
    covariance : array, shape (N, N)
        Covariance of one-session returns.
    """
    return math.sqrt(TRADING_DAYS * max(0.0, float(weights @ covariance @ weights)))


def drawdown(returns: np.ndarray) -> np.ndarray:
    """Return how far wealth stands below its highest point so far, at each session.

    ``W_t = prod(1 + r)``, ``D_t = 1 - W_t / max(1, W_1 .. W_t)``: in [0, 1] for returns above
    -100%. The starting capital counts as a high, so a first loss is a drawdown.

    Parameters
    ----------
    returns : array, shape (T,)
        Simple returns per session, without NaN.
    """
    _refuse_gaps(returns)
    wealth = np.cumprod(1.0 + returns)
    return 1.0 - wealth / np.maximum(np.maximum.accumulate(wealth), 1.0)


def historical_tail_risk(returns: np.ndarray, level: float = 0.95) -> TailRisk:
    """Return value at risk and expected shortfall of the sample, without a distribution.

    With the losses sorted descending and ``k = T * (1 - level)``, expected shortfall is the
    mean of the ``k`` largest (the last one by its fraction), value at risk the loss at which
    that tail begins, i.e. the ``ceil(k)``-th largest.

    Parameters
    ----------
    returns : array, shape (T,)
        Simple returns per session, without NaN; ``T * (1 - level) >= 1``.
    level : float
        Confidence level in (0, 1).

    References
    ----------
    C. Acerbi and D. Tasche, "On the coherence of expected shortfall", Journal of Banking &
    Finance 26 (2002), definition 2.6 and proposition 4.1.
    """
    _check_level(level)
    _refuse_gaps(returns)
    tail = round(returns.size * (1.0 - level), 9)
    if tail < 1:
        raise OperatorError(
            "Too few returns for this tail: it would hold less than one session",
            value=f"{returns.size} returns at level {level}",
            remedy=f"give at least {math.ceil(round(1 / (1 - level), 9))} returns",
        )
    losses = np.sort(-returns)[::-1]
    begins = math.ceil(tail)
    shares = np.ones(begins)
    shares[-1] -= begins - tail
    return TailRisk(level, float(losses[begins - 1]), float(shares @ losses[:begins] / tail))


def normal_tail_risk(mean: float, deviation: float, level: float = 0.95) -> TailRisk:
    """Return value at risk and expected shortfall of a normal distribution of returns.

    ``VaR = z * s - m`` and ``ES = s * phi(z) / (1 - level) - m`` with ``z`` the standard normal
    quantile of ``level``. Real tails are fatter: read it beside the historical figure.

    Parameters
    ----------
    mean, deviation : float
        Mean and standard deviation of one-session returns; ``deviation >= 0``.

    References
    ----------
    A. J. McNeil, R. Frey and P. Embrechts, "Quantitative Risk Management" (2005), examples
    2.14 and 2.18.
    """
    _check_level(level)
    if not (math.isfinite(mean) and 0 <= deviation < math.inf):
        raise OperatorError(
            "A normal distribution needs a finite mean and a standard deviation of at least zero",
            value=(mean, deviation),
            remedy="check the returns it was estimated from",
        )
    z = NormalDist().inv_cdf(level)
    return TailRisk(
        level, z * deviation - mean, deviation * NormalDist().pdf(z) / (1.0 - level) - mean
    )


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise OperatorError(
            "A confidence level must lie between 0 and 1", value=level, remedy="use e.g. 0.95"
        )


def _refuse_gaps(returns: np.ndarray) -> None:
    if returns.ndim != 1 or returns.size == 0 or not np.isfinite(returns).all():
        raise OperatorError(
            "Risk is measured on a gapless series of returns",
            value=f"shape {returns.shape}, {int((~np.isfinite(returns)).sum())} gaps",
            remedy="drop the sessions or instruments with gaps first",
        )

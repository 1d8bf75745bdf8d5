"""How much to stake, given what one believes."""

from __future__ import annotations

import math

from foundation.kernel import OperatorError


def kelly_stake(
    expected_return: float, variance: float, *, fraction: float = 0.5, cap: float = 1.0
) -> float:
    """Return the share of capital to stake by the fractional Kelly rule.

    ``stake = min(cap, fraction * expected_return / variance)``, and 0 where the expected
    return is not positive: the rule never goes short and never borrows beyond ``cap``.

    Parameters
    ----------
    expected_return : float
        Expected excess return over the horizon, arithmetic (0.01 = 1%).
    variance : float
        Variance of the return over the same horizon. Positive.
    fraction : float
        Share of the full Kelly stake, in (0, 1]. One half keeps three quarters of the growth
        at half the volatility; practice lies between one quarter and one half, because the
        expected return is itself an estimate.
    cap : float
        Largest stake, a fraction of capital.

    Raises
    ------
    OperatorError
        If the variance is not positive, a number is not finite, or fraction or cap lie outside
        their range.

    References
    ----------
    J. L. Kelly, "A New Interpretation of Information Rate", Bell System Technical Journal 35
    (1956); E. O. Thorp, "The Kelly Criterion in Blackjack, Sports Betting, and the Stock
    Market" (2006), section 7 (continuous approximation); L. C. MacLean, E. O. Thorp and W. T.
    Ziemba, "Good and bad properties of the Kelly criterion" (2010), for fractions.
    """
    if not (math.isfinite(variance) and variance > 0):
        raise OperatorError(
            "The Kelly rule needs a positive variance",
            value=variance,
            remedy="leave out instruments whose price has not moved",
        )
    if not math.isfinite(expected_return):
        raise OperatorError(
            "The Kelly rule needs a finite expected return",
            value=expected_return,
            remedy="leave out instruments without a view",
        )
    if not 0 < fraction <= 1:
        raise OperatorError(
            "The Kelly fraction must lie in (0, 1]", value=fraction, remedy="use e.g. 0.5"
        )
    if not 0 <= cap < math.inf:
        raise OperatorError(
            "The cap on a stake must be a share of capital", value=cap, remedy="use e.g. 1.0"
        )
    return min(cap, max(0.0, fraction * expected_return / variance))

"""What weights earn, after the cost of getting to them."""

from __future__ import annotations

import numpy as np

from foundation.kernel import OperatorError


def profit_and_loss(
    weights: np.ndarray, returns: np.ndarray, cost_basis_points: float = 0.0
) -> np.ndarray:
    """Return the portfolio's return per session, net of trading costs.

    At the open of session ``t`` the portfolio is brought to ``weights[t]``, then earns
    ``g_t = sum_i w_ti r_ti``. Trading costs ``c * sum_i |w_ti - d_ti|`` of capital, where
    ``d_ti = w_(t-1)i (1 + r_(t-1)i) / (1 + g_(t-1))`` is the weight that yesterday's position
    has drifted to, and ``d_0 = 0``: the first session pays for entering from cash. Cash earns
    nothing. Net: ``g_t - cost_t``. Fees are counted as paid from a separate pocket: that they
    shrink the capital which the next weights are shares of (a product of two basis points) is
    left out.

    Parameters
    ----------
    weights : array, shape (T, N)
        Fractions of capital held during each session, decided before it. NaN is refused.
    returns : array, shape (T, N)
        Simple returns of each session. NaN is refused where the weight is not zero.
    cost_basis_points : float
        Commission plus slippage, one way, in hundredths of a percent of the traded value;
        5 is typical for liquid large caps.

    Returns
    -------
    array, shape (T,)
    """
    if weights.shape != returns.shape or weights.ndim != 2:
        raise OperatorError(
            "Weights and returns must cover the same sessions and instruments",
            value=f"weights {weights.shape}, returns {returns.shape}",
            remedy="cut both to the same (T, N)",
        )
    if not cost_basis_points >= 0:
        raise OperatorError(
            "A trading cost cannot be negative", value=cost_basis_points, remedy="use e.g. 5"
        )
    if not np.isfinite(weights).all() or not np.isfinite(returns[weights != 0]).all():
        raise OperatorError(
            "Every held position needs a weight and a return on every session",
            value=f"{int((~np.isfinite(weights)).sum())} weights and "
            f"{int((~np.isfinite(returns) & (weights != 0)).sum())} returns are missing",
            remedy="set the weight to zero on sessions where the instrument did not trade",
        )
    earned = np.where(weights != 0, weights * returns, 0.0)
    gross = earned.sum(axis=1)
    drifted = np.zeros_like(weights)
    drifted[1:] = (weights[:-1] + earned[:-1]) / (1.0 + gross[:-1, None])
    return gross - cost_basis_points * 1e-4 * np.abs(weights - drifted).sum(axis=1)

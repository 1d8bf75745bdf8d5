"""Weights that sum to one, by skfolio. Imported only when a portfolio is built (1 s).

Estimates are handed in, so that weights, stake and risk limits all rest on one covariance.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from skfolio.exceptions import SkfolioError
from skfolio.measures import RiskMeasure
from skfolio.moments import LedoitWolf
from skfolio.optimization import HierarchicalRiskParity, MeanRisk, ObjectiveFunction
from skfolio.prior import BasePrior, ReturnDistribution

from foundation.kernel import ModelError


class OptimisationFailedError(ModelError):
    """The optimiser found no weights: infeasible, singular, or the solver gave up."""


class GivenMoments(BasePrior):
    """A prior that repeats the expected returns and the covariance it was given.

    Parameters
    ----------
    mu : array, shape (N,)
        Expected return per session.
    covariance : array, shape (N, N)
        Covariance of returns per session.
    """

    def __init__(self, mu: np.ndarray, covariance: np.ndarray) -> None:
        self.mu = mu
        self.covariance = covariance

    def fit(self, X: np.ndarray, y: object = None, **params: object) -> Self:
        """Take the returns (sessions x instruments) along with the given moments."""
        self.return_distribution_ = ReturnDistribution(
            mu=self.mu, covariance=self.covariance, returns=X
        )
        return self


def shrunk_covariance(returns: np.ndarray) -> np.ndarray:
    """Return the covariance per session, shrunk towards a multiple of the identity.

    Parameters
    ----------
    returns : array, shape (T, N)
        Simple returns, without NaN.

    References
    ----------
    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance
    matrices", Journal of Multivariate Analysis 88 (2004).
    """
    return LedoitWolf().fit(returns).covariance_


def mean_risk_weights(
    returns: np.ndarray,
    views: np.ndarray,
    covariance: np.ndarray,
    *,
    max_weight: float,
    groups: list[str | None],
    max_group_weight: float,
) -> np.ndarray:
    """Return the weights with the highest ratio of viewed return to volatility.

    ``max_w  mu'w / sqrt(w'Sw)`` with ``sum w = 1``, ``0 <= w <= max_weight`` and each named
    group's sum at most ``max_group_weight``. With views in proportion to volatility (equal
    convictions) this is the most diversified portfolio of Choueifaty and Coignard, "Toward
    maximum diversification", Journal of Portfolio Management 35 (2008).

    Raises
    ------
    OptimisationFailedError
        If the solver finds no such weights.
    """
    names = sorted({g for g in groups if g is not None})
    inside = np.array([[g == name for g in groups] for name in names], dtype=float)
    model = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_RATIO,
        risk_measure=RiskMeasure.STANDARD_DEVIATION,
        prior_estimator=GivenMoments(views, covariance),
        max_weights=max_weight,
        left_inequality=inside if names else None,
        right_inequality=np.full(len(names), max_group_weight) if names else None,
    )
    return _solve(model, returns)


def risk_parity_weights(
    returns: np.ndarray, views: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """Return hierarchical risk parity weights: capital split by variance down a correlation tree.

    References
    ----------
    M. Lopez de Prado, "Building diversified portfolios that outperform out of sample", Journal
    of Portfolio Management 42 (2016).
    """
    return _solve(HierarchicalRiskParity(prior_estimator=GivenMoments(views, covariance)), returns)


def _solve(model: MeanRisk | HierarchicalRiskParity, returns: np.ndarray) -> np.ndarray:
    try:
        weights = model.fit(returns).weights_
    except (SkfolioError, ArithmeticError, np.linalg.LinAlgError) as error:
        raise OptimisationFailedError(
            "The optimiser must find weights for the candidates",
            value=str(error).splitlines()[0] if str(error) else type(error).__name__,
            remedy="choose another portfolio method in the settings",
        ) from error
    if not np.isfinite(weights).all():
        raise OptimisationFailedError(
            "The optimiser must return finite weights",
            value=weights.tolist(),
            remedy="choose another portfolio method in the settings",
        )
    return np.clip(weights, 0.0, None)

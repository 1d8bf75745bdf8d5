"""How much of what: proportions by an optimiser, stake by Kelly, and limits over both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.trading import (
    TRADING_DAYS,
    Limits,
    check_limits,
    fill_under_limits,
    investable,
    kelly_stake,
    volatility,
)
from stage_10_integration.candidates import Candidates
from stage_10_integration.settings import PortfolioSettings

BASIS_POINT = 1e-4


@dataclass(frozen=True)
class Allocation:
    """Weights of the candidates, and how they came about.

    Attributes
    ----------
    weights : array, shape (N,)
        Fractions of capital, whole basis points, every limit held.
    covariance : array, shape (N, N)
        Of returns per session, shrunk.
    method : str
        The method that was used, which is the alternative where the first one failed.
    notes : tuple of str
    """

    weights: np.ndarray
    covariance: np.ndarray
    method: str
    notes: tuple[str, ...]


def allocate(candidates: Candidates, settings: PortfolioSettings) -> Allocation:
    """Return weights for at least one candidate."""
    covariance, views = estimate(candidates)
    proportions, method, notes = choose_proportions(candidates, covariance, views, settings)
    weights, more = stake(proportions, covariance, views, candidates.sectors, settings)
    return Allocation(weights, covariance, method, (*notes, *more))


def estimate(candidates: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance (N, N) and the viewed return (N,) per session.

    Conviction is a yearly information ratio: expected return over volatility, both a year's.
    """
    from stage_10_integration.optimisation import shrunk_covariance

    covariance = shrunk_covariance(candidates.returns)
    conviction = np.array([s.conviction for s in candidates.signals])
    sigma = np.sqrt(np.diag(covariance))
    return covariance, conviction * sigma / np.sqrt(TRADING_DAYS)


def choose_proportions(
    candidates: Candidates,
    covariance: np.ndarray,
    views: np.ndarray,
    settings: PortfolioSettings,
) -> tuple[np.ndarray, str, tuple[str, ...]]:
    """Return weights that use all the capital the limits allow, the method's name, and notes."""
    from stage_10_integration.optimisation import (
        OptimisationFailedError,
        mean_risk_weights,
        risk_parity_weights,
    )

    limits, sectors = settings.limits, list(candidates.sectors)
    budget = investable(sectors, limits)
    conviction = np.array([s.conviction for s in candidates.signals])
    try:
        if settings.method == "mean-risk":
            unit = mean_risk_weights(
                candidates.returns, views, covariance,
                max_weight=limits.max_weight / budget,
                groups=sectors,
                max_group_weight=limits.max_group_weight / budget,
            )  # fmt: skip
            return budget * unit, "mean-risk", ()
        if settings.method == "hierarchical risk parity":
            wanted = risk_parity_weights(candidates.returns, views, covariance) * conviction
            return (
                fill_under_limits(wanted, sectors, limits),
                "hierarchical risk parity, tilted by conviction",
                (),
            )
    except OptimisationFailedError as error:
        if settings.alternative == "cash":
            why = f"{settings.method.capitalize()} found no weights, so all stays in cash. {error}"
            return np.zeros_like(views), f"cash only ({settings.method} failed)", (why,)
        why = (
            f"{settings.method.capitalize()} found no weights; the settings name inverse "
            f"volatility as the alternative. {error}"
        )
        failed = f"inverse volatility, tilted by conviction ({settings.method} failed)"
        return _inverse_volatility(conviction, covariance, sectors, limits), failed, (why,)
    weights = _inverse_volatility(conviction, covariance, sectors, limits)
    return weights, "inverse volatility, tilted by conviction", ()


def _inverse_volatility(
    conviction: np.ndarray, covariance: np.ndarray, sectors: list[str | None], limits: Limits
) -> np.ndarray:
    return fill_under_limits(conviction / np.sqrt(np.diag(covariance)), sectors, limits)


def stake(
    proportions: np.ndarray,
    covariance: np.ndarray,
    views: np.ndarray,
    sectors: tuple[str | None, ...],
    settings: PortfolioSettings,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the proportions scaled to their fractional-Kelly stake and under every limit."""
    total = float(proportions.sum())
    if total <= 0:
        return np.zeros_like(proportions), ()
    mix = proportions / total
    variance = float(mix @ covariance @ mix)
    kelly = kelly_stake(
        float(mix @ views), variance, fraction=settings.kelly_fraction, cap=settings.limits.budget
    )
    weights = mix * min(total, kelly)
    notes = []
    allowed = settings.limits.max_volatility
    if volatility(weights, covariance) > allowed:
        weights = weights * (allowed / volatility(weights, covariance))
        notes.append(
            f"The volatility limit of {allowed:.0%} a year binds: all positions were cut together."
        )
    elif kelly < total:
        notes.append(
            f"The stake is what {_kelly_name(settings.kelly_fraction)} allows at these "
            f"convictions: {kelly:.0%} of capital, if the odds they rest on are right."
        )
    else:
        notes.append(
            f"Limits on single positions, sectors and cash allow {total:.0%} of capital in these "
            "candidates; all of it is used."
        )
    weights = _in_basis_points(weights, settings.smallest_position)
    weights = _under_limits(weights, sectors, covariance, settings.limits)
    if not weights.any():
        notes.append(
            f"Every position would be smaller than {settings.smallest_position:.1%} of capital, "
            "which is not worth its trouble."
        )
    return weights, tuple(notes)


def _kelly_name(fraction: float) -> str:
    names = {0.25: "a quarter of the Kelly stake", 0.5: "half the Kelly stake", 1.0: "Kelly's rule"}
    return names.get(fraction, f"{fraction:.2f} of the Kelly stake")


def _in_basis_points(weights: np.ndarray, smallest: float) -> np.ndarray:
    """Round down to whole basis points (a solver's last digits forgiven); drop the smallest."""
    rounded = np.floor(weights / BASIS_POINT + 1e-2) * BASIS_POINT
    return np.where(rounded >= smallest, rounded, 0.0)


def _under_limits(
    weights: np.ndarray,
    sectors: tuple[str | None, ...],
    covariance: np.ndarray,
    limits: Limits,
) -> np.ndarray:
    """Lower all weights together until every limit holds.

    Rounding, or dropping a small position that hedged the others, can leave a limit broken by a
    hair. Each round takes at least a basis point from every position, so it ends.
    """
    while True:
        checks = check_limits(weights, sectors, volatility(weights, covariance), limits)
        if all(c.held for c in checks):
            return weights
        ratio = min((c.limit / c.used for c in checks if c.used > c.limit > 0), default=1.0)
        lowered = np.floor(weights * ratio / BASIS_POINT - 0.5) * BASIS_POINT
        weights = np.clip(lowered, 0.0, None)

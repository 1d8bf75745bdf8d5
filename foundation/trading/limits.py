"""Limits on a long-only portfolio: what they allow, whether they hold, and how to fill them.

Every limit is an upper bound on something that shrinks when all weights shrink together (the
cash limit is one on gross exposure), so scaling a plan down never breaks a limit that held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import Field

from foundation.contracts import LimitCheck
from foundation.kernel import OperatorError, Part

TOLERANCE = 1e-12
"""Rounding of sums in double precision; a limit is held if it is met up to this much."""


class Limits(Part):
    """Limits as fractions of capital; volatility is annualised.

    ``max_group_weight`` bounds the sum of weights of each named group (sector); instruments
    without a group are bounded one by one only.
    """

    max_weight: float = Field(gt=0, le=1)
    max_group_weight: float = Field(gt=0, le=1)
    max_gross: float = Field(gt=0, le=1)
    min_cash: float = Field(ge=0, lt=1)
    max_volatility: float = Field(gt=0)

    @property
    def budget(self) -> float:
        """The largest sum of weights that gross and cash limits allow."""
        return min(self.max_gross, 1.0 - self.min_cash)


def check_limits(
    weights: np.ndarray,
    groups: Sequence[str | None],
    expected_volatility: float,
    limits: Limits,
) -> tuple[LimitCheck, ...]:
    """Hold weights against every limit.

    Parameters
    ----------
    weights : array, shape (N,)
        Fractions of capital; the rest is cash.
    groups : N names or None
        Group of each instrument.
    expected_volatility : float
        Annualised, of the whole portfolio, cash included.

    Returns
    -------
    tuple of LimitCheck
        ``used`` is what the weights take of each limit. The group check speaks of the heaviest
        group.
    """
    sums = group_sums(weights, groups)
    heaviest = max(sums, key=lambda g: (sums[g], g)) if sums else None
    gross = float(np.abs(weights).sum())
    cash = 1.0 - float(weights.sum())
    lowest = float(weights.min(initial=0.0))

    def at_most(name: str, limit: float, used: float) -> LimitCheck:
        return LimitCheck(name=name, limit=limit, used=used, held=used <= limit + TOLERANCE)

    def at_least(name: str, limit: float, used: float) -> LimitCheck:
        return LimitCheck(name=name, limit=limit, used=used, held=used >= limit - TOLERANCE)

    return (
        at_most("largest position", limits.max_weight, float(weights.max(initial=0.0))),
        at_most(
            f"largest sector ({heaviest})" if heaviest else "largest sector",
            limits.max_group_weight,
            sums[heaviest] if heaviest else 0.0,
        ),
        at_most("gross exposure", limits.max_gross, gross),
        at_least("cash, at least", limits.min_cash, cash),
        at_least("no short position: smallest weight", 0.0, lowest),
        at_most("expected volatility a year", limits.max_volatility, expected_volatility),
    )


def group_sums(weights: np.ndarray, groups: Sequence[str | None]) -> dict[str, float]:
    """Return the total weight of each named group that holds anything."""
    sums: dict[str, float] = {}
    for weight, group in zip(weights, groups, strict=True):
        if group is not None and weight != 0:
            sums[group] = sums.get(group, 0.0) + float(weight)
    return sums


def investable(groups: Sequence[str | None], limits: Limits) -> float:
    """Return the largest sum of weights that these instruments can carry under the limits.

    ``min(budget, sum over groups of min(max_group_weight, members * max_weight))``, an
    instrument without a group being a group of its own that only ``max_weight`` bounds.
    """
    named = [g for g in groups if g is not None]
    alone = (len(groups) - len(named)) * limits.max_weight
    grouped = sum(
        min(limits.max_group_weight, named.count(g) * limits.max_weight) for g in set(named)
    )
    return min(limits.budget, alone + grouped)


def fill_under_limits(
    wanted: np.ndarray, groups: Sequence[str | None], limits: Limits
) -> np.ndarray:
    """Return weights in proportion to ``wanted`` that fill the investable budget under limits.

    Weights are ``min(cap, s * wanted)`` for the common scale ``s`` at which the budget is
    spent; members of a group that would overrun its limit share it by the same rule. Raising
    ``s`` never lowers a weight, so bisection finds it. Where ``wanted`` is zero, so is the
    weight, and then the budget may not be reachable; the caller keeps the rest as cash.

    Parameters
    ----------
    wanted : array, shape (N,)
        Proportions, at least zero.
    """
    if (wanted < 0).any() or not np.isfinite(wanted).all():
        raise OperatorError(
            "Wanted proportions must be finite and at least zero",
            value=wanted.tolist(),
            remedy="leave out what should not be held",
        )
    chosen = wanted > 0
    if not chosen.any():
        return np.zeros_like(wanted)
    reachable = investable([g for g, c in zip(groups, chosen, strict=True) if c], limits)
    code = {g: k for k, g in enumerate(dict.fromkeys(groups))}
    members = np.array([code[g] for g in groups])
    bound = np.array([np.inf if g is None else limits.max_group_weight for g in code])

    def share(scale: float) -> np.ndarray:
        weights = np.minimum(limits.max_weight, scale * wanted)
        for group in np.flatnonzero(np.bincount(members, weights, len(code)) > bound):
            inside = members == group
            weights[inside] = _cut_to(weights[inside], wanted[inside], bound[group])
        return weights

    return _bisect(share, reachable, limits.max_weight / float(wanted[chosen].min()))


def _cut_to(weights: np.ndarray, wanted: np.ndarray, total: float) -> np.ndarray:
    """Lower the weights of one group, by a smaller common scale, until they sum to ``total``."""
    positive = wanted > 0
    highest = float((weights[positive] / wanted[positive]).max())
    return _bisect(lambda scale: np.minimum(weights, scale * wanted), total, highest)


def _bisect(share: Callable[[float], np.ndarray], total: float, highest: float) -> np.ndarray:
    """Return ``share(scale)`` for the largest scale up to ``highest`` whose sum is <= total."""
    if float(share(highest).sum()) <= total:
        return share(highest)
    low, high = 0.0, highest
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if float(share(middle).sum()) <= total else (low, middle)
    return share(low)

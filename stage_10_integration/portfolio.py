"""From signals to weights: what to hold, how much to stake, and how much to leave in cash.

1. Candidates are bullish instruments that can be bought and have enough history.
2. A view: the expected return per session is ``conviction * sigma / sqrt(252)``
   (conviction is a yearly information ratio, which is expected return over volatility:
   Grinold & Kahn, "Active Portfolio Management", 2000, chapter 5).
3. Proportions: the mix with the highest ratio of view to volatility, or risk parity.
4. Stake: half the Kelly stake of that mix as a whole. Weak convictions and mixes that move as
   one get little capital; the rest is cash.
5. Limits cut the stake further; weights are whole basis points, rounded down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from foundation.contracts import MarketWindow, PortfolioPlan, Position, SignalSet
from foundation.kernel import ModelError, UpstreamDataError
from foundation.runtime.stage import Stage
from foundation.trading import (
    TRADING_DAYS,
    check_limits,
    drawdown,
    historical_tail_risk,
    normal_tail_risk,
    profit_and_loss,
    volatility,
)
from stage_10_integration.allocation import Allocation, allocate
from stage_10_integration.candidates import Candidates, choose_candidates
from stage_10_integration.settings import PortfolioSettings


@dataclass(frozen=True)
class PortfolioInput:
    """What the portfolio is built from."""

    signals: SignalSet
    market: MarketWindow


class PortfolioStage(Stage[PortfolioInput, PortfolioPlan]):
    """Signals and past returns to long-only weights under limits."""

    name = "10_portfolio"

    def __init__(self, settings: PortfolioSettings) -> None:
        self.settings = settings

    def run(self, given: PortfolioInput) -> PortfolioPlan:
        _check_borders(given)
        candidates = choose_candidates(given.signals, given.market, self.settings)
        if candidates.signals:
            allocation = allocate(candidates, self.settings)
        else:
            why = "Nothing may be held today, so all capital stays in cash."
            allocation = Allocation(np.zeros(0), np.zeros((0, 0)), "cash only", (why,))
        return self._plan(given, candidates, allocation)

    def _plan(
        self, given: PortfolioInput, candidates: Candidates, allocation: Allocation
    ) -> PortfolioPlan:
        weights, limits = allocation.weights, self.settings.limits
        expected = volatility(weights, allocation.covariance)
        checks = check_limits(weights, candidates.sectors, expected, limits)
        if not all(c.held for c in checks):
            raise ModelError(
                "Every limit of a portfolio must hold",
                value=[c.name for c in checks if not c.held],
                remedy="report this with the run's artefacts; no plan was made",
            )
        order = sorted(np.flatnonzero(weights).tolist(), key=lambda i: -weights[i])
        return PortfolioPlan(
            as_of=given.signals.as_of,
            produced_at=given.signals.produced_at,
            session=given.signals.session,
            target_session=given.signals.target_session,
            method=allocation.method,
            positions=tuple(
                Position(
                    symbol=candidates.signals[i].symbol,
                    weight=float(weights[i]),
                    reason=_reason(i, candidates, allocation, limits.max_weight),
                )
                for i in order
            ),
            cash=round(1.0 - math.fsum(weights), 12),
            expected_volatility=expected,
            limits=checks,
            notes=(
                *candidates.notes,
                *allocation.notes,
                *_risk_notes(candidates.returns, weights, self.settings),
            ),
        )


def _check_borders(given: PortfolioInput) -> None:
    if given.signals.session != given.market.session:
        raise UpstreamDataError(
            "Signals and market must speak of the same session",
            value=f"signals of {given.signals.session}, market of {given.market.session}",
            remedy="build both from one run",
        )


_VERDICTS = {
    "agree": "story and quantitative model agree",
    "differ": "story and quantitative model differ in degree",
    "contradict": "the quantitative model points the other way",
    "story only": "the story stands alone, without a quantitative view",
}


def _reason(i: int, candidates: Candidates, allocation: Allocation, max_weight: float) -> str:
    """Say why a position is held, how it moves, and what bounds it."""
    signal, weights = candidates.signals[i], allocation.weights
    covariance = allocation.covariance
    sigma = math.sqrt(TRADING_DAYS * covariance[i, i])
    parts = [
        f"Bullish with a conviction of {signal.conviction:.2f}: "
        f"{_VERDICTS[signal.reconciliation.verdict]}",
        f"its volatility is {sigma:.0%} a year",
    ]
    others = np.where(np.arange(len(weights)) == i, 0.0, weights)
    spread = float(others @ covariance @ others)
    if spread > 0:
        correlation = float(covariance[i] @ others) / math.sqrt(covariance[i, i] * spread)
        parts.append(
            f"it moves {_moves_with(correlation)} the rest of the plan "
            f"(correlation {correlation:.2f})"
        )
    if weights[i] >= max_weight - 1e-9:
        parts.append(f"held at the limit of {max_weight:.0%} for one position")
    return "; ".join(parts) + "."


def _moves_with(correlation: float) -> str:
    if correlation >= 0.7:
        return "closely with"
    if correlation >= 0.4:
        return "partly with"
    return "largely apart from" if correlation >= -0.2 else "against"


def _risk_notes(
    returns: np.ndarray, weights: np.ndarray, settings: PortfolioSettings
) -> tuple[str, ...]:
    """Say what these weights would have gone through over the sessions that they rest on."""
    if not weights.any():
        return ()
    held = np.broadcast_to(weights, returns.shape)
    net = profit_and_loss(held, returns, settings.cost_basis_points)
    seen = historical_tail_risk(net, settings.tail_level)
    normal = normal_tail_risk(float(net.mean()), float(net.std(ddof=1)), settings.tail_level)
    days = round(1 / (1 - settings.tail_level))
    return (
        f"Held at these weights over the past {len(net)} sessions, the plan would have lost "
        f"{seen.value_at_risk:.1%} of capital or more on one day in {days}, and "
        f"{seen.expected_shortfall:.1%} on average on such days (a normal curve would say "
        f"{normal.value_at_risk:.1%} and {normal.expected_shortfall:.1%}); its deepest fall from "
        f"a high would have been {drawdown(net).max():.1%}. That measures risk; it is no record, "
        "since the picks were made today.",
    )

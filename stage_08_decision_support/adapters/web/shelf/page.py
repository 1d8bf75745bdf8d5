"""The pages "Trained models" and of one stock's twin: what the templates are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from foundation.contracts import ShelfReport, ShelvedTwin, Standing, TwinState
from stage_08_decision_support.adapters.web.quantitative.models_page import (
    FEWEST,
    VARIABLES_SHOWN,
    drawn,
    half_width,
    reliability,
)
from stage_08_decision_support.adapters.web.quantitative.regimes import REGIME_NAMES, most_likely
from stage_08_decision_support.adapters.web.quantitative.twin_panel import (
    LIQUIDITY,
    interval_in_words,
)
from stage_08_decision_support.adapters.web.quantitative.weighing import attention, weight_groups
from stage_08_decision_support.adapters.web.shelf.drawing import (
    Mark,
    Ribbon,
    career,
    fans,
    learning,
    ribbon,
)
from stage_08_decision_support.phrasing import change, number, percent


class ShelfSource(Protocol):
    """Supplies what is told of the models on the shelf; the wiring implements it."""

    def report(self) -> ShelfReport:
        """Return what the last training left to tell, with the twins as they stand now.

        Raises
        ------
        FinancialStoryError
            If nothing was trained yet, or what was kept is damaged.
        """
        ...


class NotOnShelf(Exception):
    """A stock was asked for that has no twin on the shelf."""

    def __init__(self, symbol: str, shelf: ShelfReport) -> None:
        super().__init__(symbol)
        self.symbol = symbol
        self.known = tuple(twin.symbol for twin in shelf.twins)


@dataclass(frozen=True)
class ShelfRow:
    """One line of the table of twins; ``state`` is None where the last training left it out."""

    twin: ShelvedTwin
    state: TwinState | None
    regime: str | None
    standing: Standing
    career: tuple[Mark, ...]


UNJUDGED = Standing(name="twins", gain=None, low=None, high=None, sessions=0)


def shelf_context(shelf: ShelfReport) -> dict[str, Any]:
    """Return everything that the page shows."""
    report = shelf.report
    rows = _rows(shelf)
    return {
        "shelf": shelf,
        "report": report,
        "rows": rows,
        "answering": sum(row.twin.in_use is not None for row in rows),
        "learning": learning(shelf.epochs),
        "groups": weight_groups(report),
        "attention": attention(report),
        "most_variables": VARIABLES_SHOWN,
        "reliability": reliability(report),
        "fewest": FEWEST,
        "ribbon": _ribbon_of_all(shelf),
        "drawn": drawn,
        "reach": half_width([row.standing for row in rows]),
        "interval_in_words": interval_in_words,
    }


def shelved_twin_context(shelf: ShelfReport, symbol: str) -> dict[str, Any]:
    """Return everything that a stock's page shows; ``NotOnShelf`` where it has no twin."""
    by_spelling = {twin.symbol.lower(): twin for twin in shelf.twins}
    if symbol.lower() not in by_spelling:
        raise NotOnShelf(symbol, shelf)
    twin = by_spelling[symbol.lower()]
    report = shelf.report
    state = report.twin(twin.symbol)
    known = twin.symbol in report.observed.symbols
    groups = weight_groups(report, twin.symbol) if known else ()
    standings = [made.standing for made in twin.appointments]
    reach = half_width(standings)
    return {
        "shelf": shelf,
        "report": report,
        "twin": twin,
        "state": state,
        "fans": None if state is None else fans(
            [("shared heads", state.shared), ("twin", state.twin)]
        ),
        "ribbon": _ribbon(shelf, twin.symbol),
        "weights": groups[0] if groups else None,
        "attention": attention(report, twin.symbol) if known else (),
        "reliability": reliability(report),
        "character": character_in_words(twin),
        "career": career(twin.appointments, reach),
        "drawn": drawn,
        "reach": reach,
        "interval_in_words": interval_in_words,
    }  # fmt: skip


def character_in_words(twin: ShelvedTwin) -> tuple[tuple[str, str], ...]:
    """Return what kind of stock it was when its twin was trained, as (label, value)."""
    known = twin.character
    thirds = dict(zip(("low", "middle", "high"), LIQUIDITY, strict=True))
    return (
        ("Sector", (known.sector or number(None)).capitalize()),
        ("Beta", number(known.beta)),
        ("Hurst exponent", number(known.hurst)),
        ("Move on a report", percent(known.earnings_sensitivity, 1)),
        ("Sentiment beta", change(known.sentiment_beta, 1)),
        ("Dollar volume", thirds.get(known.liquidity or "", number(None))),
    )


def _rows(shelf: ShelfReport) -> tuple[ShelfRow, ...]:
    """Return the twins: those in use first, then by gain; those not judged yet last."""
    standings = {
        twin.symbol: twin.appointments[-1].standing if twin.appointments else UNJUDGED
        for twin in shelf.twins
    }
    reach = half_width([made.standing for twin in shelf.twins for made in twin.appointments])
    rows = [
        ShelfRow(
            twin=twin,
            state=shelf.report.twin(twin.symbol),
            regime=_regime(shelf, twin.symbol),
            standing=standings[twin.symbol],
            career=career(twin.appointments, reach),
        )
        for twin in shelf.twins
    ]

    def place(row: ShelfRow) -> tuple[bool, bool, float, str]:
        gain = row.standing.gain
        return row.twin.in_use is None, gain is None, -(gain or 0.0), row.twin.symbol

    return tuple(sorted(rows, key=place))


def _regime(shelf: ShelfReport, symbol: str) -> str | None:
    told = shelf.report.regimes
    if told is None or symbol not in told.symbols:
        return None
    return most_likely(told.values[-1, told.index_of("symbols", symbol)])


def _ribbon(shelf: ShelfReport, symbol: str) -> Ribbon | None:
    told = shelf.report.regimes
    if told is None or symbol not in told.symbols:
        return None
    shares = told.values[:, told.index_of("symbols", symbol)]
    return ribbon(told.sessions, shares, REGIME_NAMES)


def _ribbon_of_all(shelf: ShelfReport) -> Ribbon | None:
    """Return the mean over the stocks whose twins were asked on each session."""
    told = shelf.report.regimes
    if told is None:
        return None
    known = np.isfinite(told.values).all(axis=2, keepdims=True)
    count = known.sum(axis=1)
    total = np.where(known, told.values, 0.0).sum(axis=1)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return ribbon(told.sessions, mean, REGIME_NAMES)

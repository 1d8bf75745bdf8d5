"""Typed answers of the API on twins and regimes."""

from __future__ import annotations

from datetime import date

import numpy as np

from foundation.contracts import FoundationReport, Ruling, Standing, TwinState
from foundation.kernel import Part
from stage_08_decision_support.adapters.web.quantitative.regimes import (
    REGIME_NAMES,
    YEAR,
    as_told,
    by_twin,
    most_likely,
)
from stage_08_decision_support.adapters.web.runs import RunView

TRAIN = (
    "run with a market model and twins in settings.foundation (the demo profile has both) "
    "and a history longer than foundation.first_refit"
)


class NotInRun(Exception):
    """Something was asked for that the run on show does not hold."""

    def __init__(self, rule: str, value: str, remedy: str) -> None:
        super().__init__(rule)
        self.rule, self.value, self.remedy = rule, value, remedy


class RegimeShares(Part):
    """Probabilities of the four regimes; they sum to one."""

    trending: float
    mean_reverting: float
    choppy: float
    volatile: float


class TwinSummary(Part):
    """One line of the list of twins."""

    symbol: str
    answers: bool
    standing: Standing
    alpha: float | None
    regime: str | None


class TwinListAnswer(Part):
    """All twins of the run: who answers, and how each stood against the shared heads."""

    session: date
    market_model: str
    trained_until: date
    rulings: tuple[Ruling, ...]
    twins: tuple[TwinSummary, ...]


class TwinAnswer(Part):
    """One twin.

    Attributes
    ----------
    characteristics : dict of float
        As in ``StockCharacteristics``; None where not known.
    weights : dict of float
        Weight of each observed variable; empty where no forecast is made.
    """

    session: date
    market_model: str
    state: TwinState
    regime: RegimeShares | None
    characteristics: dict[str, float | None]
    weights: dict[str, float]


class RegimeDay(Part):
    """Regimes of one past session."""

    session: date
    told: RegimeShares | None
    by_twin: RegimeShares | None


class RegimeAnswer(Part):
    """An instrument's regime at the as-of session, and over the year before.

    ``regime`` is the likeliest of ``told``, which stories and signals read; ``by_twin`` is the
    opinion of the twin's detector, None where there is none.
    """

    symbol: str
    session: date
    regime: str | None
    told: RegimeShares | None
    by_twin: RegimeShares | None
    history: tuple[RegimeDay, ...]


def twin_list(view: RunView) -> TwinListAnswer:
    """Return all twins; ``NotInRun`` where the run has none."""
    report = _with_twins(view)
    return TwinListAnswer(
        session=view.brief.session,
        market_model=report.market_model,
        trained_until=report.trained_until,
        rulings=report.rulings,
        twins=tuple(
            TwinSummary(
                symbol=state.symbol,
                answers=state.answers,
                standing=state.standing,
                alpha=state.alpha,
                regime=_detected(view, state.symbol),
            )
            for state in report.twins
        ),
    )


def twin_answer(view: RunView, symbol: str) -> TwinAnswer:
    """Return one twin; ``NotInRun`` where the run has no twins, or none of the symbol."""
    report = _with_twins(view)
    state = report.twin(symbol)
    assert view.quant is not None
    if state is None:
        raise NotInRun(
            "The instrument has a twin", symbol, "see /models/twins for those that have one"
        )
    told = by_twin(view.quant, symbol)
    weights = report.observed.values[0, report.observed.index_of("symbols", symbol)]
    known = view.characteristics.values
    row = known.values[-1, known.index_of("symbols", symbol)]
    return TwinAnswer(
        session=view.brief.session,
        market_model=report.market_model,
        state=state,
        regime=None if told is None else _shares(told[-1]),
        characteristics={
            name: float(value) if np.isfinite(value) else None
            for name, value in zip(known.fields, row, strict=True)
        },
        weights={
            name: float(weight)
            for name, weight in zip(report.observed.fields, weights, strict=True)
            if np.isfinite(weight)
        },
    )


def regime_answer(view: RunView, symbol: str) -> RegimeAnswer:
    """Return an instrument's regimes; ``NotInRun`` where the run has no quantitative context."""
    if view.quant is None or symbol not in view.quant.values.symbols:
        raise NotInRun(
            "The run has a quantitative context of the instrument",
            symbol,
            "run the pipeline again with the instrument among market.symbols",
        )
    told = as_told(view.quant, symbol)
    twin = by_twin(view.quant, symbol)
    sessions = view.quant.values.sessions[-YEAR:]
    return RegimeAnswer(
        symbol=symbol,
        session=sessions[-1],
        regime=most_likely(told[-1]),
        told=_shares(told[-1]),
        by_twin=None if twin is None else _shares(twin[-1]),
        history=tuple(
            RegimeDay(
                session=day,
                told=_shares(told[t]),
                by_twin=None if twin is None else _shares(twin[t]),
            )
            for t, day in enumerate(sessions)
        ),
    )


def _with_twins(view: RunView) -> FoundationReport:
    report = None if view.quant is None else view.quant.report
    if report is None or not report.twins:
        raise NotInRun("The run on show has twins", view.run.run_id, TRAIN)
    return report


def _detected(view: RunView, symbol: str) -> str | None:
    assert view.quant is not None
    told = by_twin(view.quant, symbol)
    return None if told is None else most_likely(told[-1])


def _shares(row: np.ndarray) -> RegimeShares | None:
    if np.isnan(row).any():
        return None
    names = (name.replace("-", "_") for name in REGIME_NAMES)
    return RegimeShares(**dict(zip(names, row.tolist(), strict=True)))

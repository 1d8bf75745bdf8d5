"""A twin's panel on the instrument page: who answers, what either says, what the stock is like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import FoundationReport, Ruling, Standing, StockCharacteristics, TwinState
from stage_08_decision_support.adapters.web.price_chart import Figure
from stage_08_decision_support.adapters.web.quantitative.regimes import (
    REGIME_NAMES,
    as_told,
    by_twin,
)
from stage_08_decision_support.adapters.web.quantitative.twin_chart import twin_figure
from stage_08_decision_support.adapters.web.quantitative.weighing import (
    Attended,
    WeightGroup,
    attention,
    weight_groups,
)
from stage_08_decision_support.adapters.web.runs import RunView
from stage_08_decision_support.phrasing import change, number, percent, signed

MATTERS = {
    "quantiles": "Expected return and its range",
    "hit": "Target before stop",
    "volatility": "Volatility",
}
LIQUIDITY = ("low third", "middle third", "high third")


@dataclass(frozen=True)
class TwinPanel:
    """What the panel shows.

    Attributes
    ----------
    regimes : tuple of (name, as told, by the twin)
        Probabilities at the as-of session; None where not known.
    characteristics : tuple of (label, value)
    """

    figure: Figure
    state: TwinState | None
    verdict: str
    rulings: tuple[Ruling, ...]
    regimes: tuple[tuple[str, float | None, float | None], ...]
    characteristics: tuple[tuple[str, str], ...]
    weights: WeightGroup | None
    attention: tuple[Attended, ...]


def twin_panel(view: RunView, symbol: str) -> TwinPanel | None:
    """Return the panel; None where the run has no quantitative context of the symbol."""
    quant = view.quant
    if quant is None or symbol not in quant.values.symbols:
        return None
    report = quant.report
    state = None if report is None else report.twin(symbol)
    groups = () if report is None else weight_groups(report, symbol)
    detected = by_twin(quant, symbol)
    told = as_told(quant, symbol)[-1]
    twin = np.full(len(REGIME_NAMES), np.nan) if detected is None else detected[-1]
    return TwinPanel(
        figure=twin_figure(view, symbol, state),
        state=state,
        verdict=NO_MODEL if report is None else " ".join((verdict(state), published(report))),
        rulings=() if report is None else report.rulings,
        regimes=tuple(
            (name, _known(told[k]), _known(twin[k])) for k, name in enumerate(REGIME_NAMES)
        ),
        characteristics=characteristics_in_words(view.characteristics, symbol),
        weights=groups[0] if groups else None,
        attention=() if report is None else attention(report, symbol),
    )


NO_MODEL = (
    "There is no market model in this run, and so no twin: LightGBM and GARCH answer. Settings "
    "name none, or the history is too short to train one."
)


def verdict(state: TwinState | None) -> str:
    """Return in a sentence whether the twin answers, and why."""
    if state is None:
        return "There are no twins in this run: the shared heads speak for the market model."
    if state.twin is None:
        return "Too little is known of this instrument yet: neither twin nor shared heads speak."
    if state.answers:
        return f"The twin speaks for the market model here, for it did better: {gained(state)}."
    if state.standing.low is None:
        return (
            "The shared heads speak for the market model here: too few of the twin's forecasts "
            f"have a known outcome yet ({state.standing.sessions})."
        )
    if state.standing.high is not None and state.standing.high < 0:
        why = f"the twin did worse: {gained(state)}"
    else:
        why = f"the twin's gain over them is not clear: {gained(state)}"
    return f"The shared heads speak for the market model here; {why}."


def published(report: FoundationReport) -> str:
    """Return in a sentence whose range is published; empty where nobody was asked for it."""
    ruling = next((r for r in report.rulings if r.matter == "quantiles"), None)
    if ruling is None:
        return ""
    return f"The range that is published is made of {shares_in_words(ruling)}."


def shares_in_words(ruling: Ruling) -> str:
    """Return who carries how much weight, heaviest first; what rounds to nothing is left out."""
    told = [f"{v.name} ({percent(v.weight)})" for v in ruling.voices if v.weight >= 0.005]
    return ", ".join(told)


def gained(state: TwinState) -> str:
    """Return a twin's gain over the shared heads with its interval."""
    standing = state.standing
    return f"{signed(standing.gain, 4)} in loss ({interval_in_words(standing)})"


def interval_in_words(standing: Standing) -> str:
    """Return the interval and on how much it rests."""
    if standing.low is None:
        return f"no interval yet, {standing.sessions} sessions"
    low, high = signed(standing.low, 4), signed(standing.high, 4)
    return f"95% interval {low} to {high}, {standing.sessions} sessions"


def characteristics_in_words(
    made: StockCharacteristics, symbol: str
) -> tuple[tuple[str, str], ...]:
    """Return what kind of stock it is, as (label, value); what is not known is a dash."""
    if symbol not in made.values.symbols:
        return ()
    row = made.values.values[-1, made.values.index_of("symbols", symbol)]
    last = dict(zip(made.values.fields, row.tolist(), strict=True))
    bucket = last["liquidity_bucket"]
    return (
        ("Beta", number(last["beta"])),
        ("Hurst exponent", number(last["hurst_exponent"])),
        ("Move on a report", percent(last["earnings_sensitivity"], 1)),
        ("Sentiment beta", change(last["sentiment_beta"], 1)),
        ("Dollar volume", LIQUIDITY[int(bucket)] if bucket == bucket else number(None)),
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None

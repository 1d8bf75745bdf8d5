"""The JSON answers of the API: contracts where there is one, plain records where there is not."""

from __future__ import annotations

from typing import Any

from stage_08_decision_support.adapters.web.pages import (
    distributions,
    quant_facts,
    recent_stories,
)
from stage_08_decision_support.adapters.web.price_chart import SESSIONS_SHOWN, fan_quantiles
from stage_08_decision_support.adapters.web.ribbon import ribbon_rows
from stage_08_decision_support.adapters.web.runs import RunView


def instruments(view: RunView) -> list[dict[str, Any]]:
    """Return one record per instrument: what it is, and its signal in short."""
    known = {i.symbol: i for i in view.market.instruments}
    return [
        {
            "symbol": page.signal.symbol,
            "name": page.story.name,
            "kind": known[page.signal.symbol].kind,
            "close_only": known[page.signal.symbol].close_only,
            "direction": page.signal.direction,
            "conviction": page.signal.conviction,
            "odds_of_a_rise": page.signal.reconciliation.rise,
            "past_frequency_of_a_rise": page.signal.reconciliation.past,
            "confidence": page.signal.confidence,
            "verdict": page.signal.reconciliation.verdict,
            "levels": page.signal.levels.model_dump(mode="json"),
        }
        for page in view.brief.instruments
    ]


def instrument(view: RunView, symbol: str) -> dict[str, Any]:
    """Return everything known about one instrument, arrays cut to the sessions shown."""
    page = next(p for p in view.brief.instruments if p.signal.symbol == symbol)
    fan = fan_quantiles(view, symbol)
    sessions = view.fuzzy.memberships.last(SESSIONS_SHOWN).sessions
    return {
        "session": view.brief.session.isoformat(),
        "target_session": view.brief.target_session.isoformat(),
        "instrument": view.market.instrument(symbol).model_dump(mode="json"),
        "page": page.model_dump(mode="json"),
        "distributions": {
            d.series: {s.outcome: s.probability for s in d.shares} or None
            for d in distributions(view, symbol)
        },
        "quantiles_5d_log_return": None
        if fan is None
        else dict(zip(("q10", "q50", "q90"), fan, strict=True)),
        "quantitative_context": dict(quant_facts(view, symbol)),
        "ribbon": {
            "sessions": [day.isoformat() for day in sessions],
            "degrees": {
                row.series: [[None if v != v else float(v) for v in day] for day in row.degrees]
                for row in ribbon_rows(view.fuzzy, symbol, SESSIONS_SHOWN)
            },
        },
        "stories": [
            {"session": s.session.isoformat(), "text": s.reading}
            for s in recent_stories(view, symbol)
        ],
    }

"""Headline and executive summary: what a trader reads if nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from foundation.contracts import (
    MARKET,
    Alert,
    MarketIntelligence,
    PortfolioPlan,
    Signal,
    SignalSet,
    TradeSetup,
)
from stage_08_decision_support.phrasing import (
    count,
    listed,
    long_date,
    percent,
    sentence,
    small,
)
from stage_08_decision_support.settings import DecisionSupportSettings


def strongest(signals: SignalSet) -> list[Signal]:
    """Return the directional signals, highest conviction first (ties in universe order)."""
    directional = [s for s in signals.signals if s.direction != "neutral"]
    return sorted(directional, key=lambda s: -s.conviction)


def headline(signals: SignalSet, setups: Sequence[TradeSetup]) -> str:
    """Return one line: which way the signals lean, and how many can be acted on."""
    day = long_date(signals.target_session).rsplit(" ", 1)[0]
    total = len(signals.signals)
    up = sum(s.direction == "bullish" for s in signals.signals)
    down = sum(s.direction == "bearish" for s in signals.signals)
    if up == down == 0:
        lean = f"No instrument leans either way into {day}"
    elif up > down:
        lean = f"{up} of {total} {_leans(up)} bullish into {day}, {small(down)} bearish"
    elif down > up:
        lean = f"{down} of {total} {_leans(down)} bearish into {day}, {small(up)} bullish"
    else:
        lean = f"Evenly split into {day}: {up} bullish and {down} bearish of {total}"
    acted = f"{count(len(setups), 'setup')} clear{'s' if len(setups) == 1 else ''} the bar"
    return f"{lean}; {acted}"


def _leans(number: int) -> str:
    return "leans" if number == 1 else "lean"


def _signals_sentence(signals: SignalSet, settings: DecisionSupportSettings) -> str:
    ranked = strongest(signals)
    total = len(signals.signals)
    if not ranked:
        return f"All {total} signals are neutral: no direction is worth a call at today's odds."
    named = [
        f"{s.symbol} ({s.direction}, {s.conviction:.2f})"
        for s in ranked[: settings.named_in_summary]
    ]
    verdicts = [s.reconciliation.verdict for s in ranked]
    agree, against = verdicts.count("agree"), verdicts.count("contradict")
    if len(ranked) == 1:
        how = {"agree": "agree on it", "contradict": "contradict each other on it"}
        stand = how.get(verdicts[0], "differ on it in degree")
        return (
            f"Of {count(total, 'signal')} only {named[0]} points one way or the other; story and "
            f"quantitative model {stand}."
        )
    return (
        f"Conviction is highest in {listed(named)}. Of {count(total, 'signal')}, "
        f"{small(len(ranked))} point one way or the other: story and quantitative model agree on "
        f"{small(agree)} of them and contradict each other on {small(against)}."
    )


def _portfolio_sentence(plan: PortfolioPlan) -> str:
    held = sorted((p for p in plan.positions if p.weight > 0), key=lambda p: -p.weight)
    if not held:
        return "The portfolio plan stays in cash."
    text = (
        f"The plan puts {percent(1 - plan.cash)} to work in {count(len(held), 'position')}, led by "
        f"{held[0].symbol} at {percent(held[0].weight, 1)}, and keeps {percent(plan.cash)} in cash"
    )
    broken = [check.name for check in plan.limits if not check.held]
    return sentence(f"{text}; it breaks {listed(broken)}" if broken else text)


def _watch_sentence(alerts: Sequence[Alert], settings: DecisionSupportSettings) -> str:
    told = []
    for kind, phrase in (
        ("level break", "closed beyond a 20-session level"),
        ("story change", "tell another story than the session before"),
    ):
        named = (a.symbol for a in alerts if a.kind == kind)
        symbols = ["the whole market" if s == MARKET else s for s in dict.fromkeys(named)]
        if len(symbols) == 1:
            phrase = phrase.replace("tell ", "tells ")
        if symbols:
            told.append(f"{listed(symbols, settings.named_in_summary)} {phrase}")
    return sentence("; ".join(told)) if told else ""


def executive_summary(
    signals: SignalSet,
    intelligence: MarketIntelligence,
    record: str,
    plan: PortfolioPlan,
    alerts: Sequence[Alert],
    settings: DecisionSupportSettings,
) -> tuple[str, ...]:
    """Return three to five sentences: market, signals, track record, portfolio, what to watch."""
    told = (
        sentence(intelligence.headline),
        _signals_sentence(signals, settings),
        _watch_sentence(alerts, settings),
        sentence(record),
        _portfolio_sentence(plan),
    )
    return tuple(text for text in told if text)

"""Alerts: what changed since yesterday that a trader would want to be told at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from foundation.contracts import (
    MARKET,
    STATES,
    Alert,
    MarketWindow,
    QualityFinding,
    SignalSet,
    Story,
    StoryBook,
)
from stage_08_decision_support.phrasing import count, price, short_date
from stage_08_decision_support.settings import DecisionSupportSettings

LONGEST_VALUE = 200
"""Characters of a received value that an alert shows; the findings have it whole."""
ORDER: tuple[str, ...] = ("level break", "risk", "conviction", "story change", "data quality")


def level_breaks(market: MarketWindow) -> Iterator[Alert]:
    """Yield closes beyond the 20-session extremes as they stood one session earlier.

    Yesterday's ``support_20`` and ``resistance_20`` are used, so that today's own range can
    never hide a break. NaN on either side gives no alert.
    """
    if len(market.bars.sessions) < 2:
        return
    closes = market.bars.field("close")[-1]
    support = market.features.field("support_20")[-2]
    resistance = market.features.field("resistance_20")[-2]
    for n, symbol in enumerate(market.bars.symbols):
        close, low, high = float(closes[n]), float(support[n]), float(resistance[n])
        if close < low:
            side, level = "below its 20-session support at", low
        elif close > high:
            side, level = "above its 20-session resistance at", high
        else:
            continue
        yield Alert(
            kind="level break",
            symbol=symbol,
            text=f"{symbol} closed at {price(close)}, {side} {price(level)}.",
            raised_at=market.as_of,
        )


def _words(story: Story, kind: str) -> dict[str, str]:
    return {
        c.statement.subject: c.statement.value for c in story.claims if c.statement.kind == kind
    }


def story_changes(
    market: MarketWindow, stories: StoryBook, settings: DecisionSupportSettings
) -> Iterator[Alert]:
    """Yield changes of regime and of state words between the last two stories of a symbol.

    What changed in every instrument's story is the market's and told once.
    """
    by_symbol: dict[str, list[Story]] = {}
    for story in stories.recent:
        by_symbol.setdefault(story.symbol, []).append(story)
    found: dict[str, tuple[str, list[str]]] = {}
    for symbol, told in by_symbol.items():
        told.sort(key=lambda s: s.session)
        if len(told) < 2 or told[-1].session != stories.session:
            continue
        since = f"since {short_date(told[-2].session)}"
        found[symbol] = since, list(_changes(told[-2], told[-1], settings))
    everywhere: list[tuple[str, str]] = []
    if len(found) > 1:
        tellings = Counter((since, change) for since, made in found.values() for change in made)
        everywhere = [said for said, times in tellings.items() if times == len(found)]
    changed = [(MARKET, "The whole market", since, [change]) for since, change in everywhere]
    for symbol, (since, made) in found.items():
        own = [change for change in made if (since, change) not in everywhere]
        changed.append((symbol, symbol, since, own))
    for symbol, name, since, made in changed:
        if made:
            yield Alert(
                kind="story change",
                symbol=symbol,
                text=f"{name}: {since}, {'; '.join(made)}.",
                raised_at=market.as_of,
            )


def _changes(before: Story, now: Story, settings: DecisionSupportSettings) -> Iterator[str]:
    earlier = _words(before, "regime")
    for subject, new in _words(now, "regime").items():
        if (old := earlier.get(subject, new)) != new:
            yield f"the regime turned from {old} to {new}"
    earlier = _words(before, "state")
    for subject, new in _words(now, "state").items():
        old = earlier.get(subject, new)
        if old not in STATES or new not in STATES:
            continue
        if abs(STATES.index(new) - STATES.index(old)) >= settings.story_change_steps:
            yield f"{subject} went from {old} to {new}"


def data_quality(market: MarketWindow, settings: DecisionSupportSettings) -> Iterator[Alert]:
    """Yield one alert per symbol and broken rule among recent warnings and errors.

    A finding that counts no rows is about a source as a whole: it is told with its value.
    """
    since = market.bars.sessions[-settings.alert_quality_sessions :][:1]
    rows: Counter[tuple[str, str, str]] = Counter()
    for finding in market.findings:
        recent = finding.session is None or not since or finding.session >= since[0]
        if finding.severity == "info" or not recent:
            continue
        if finding.rows == 0 and finding.value:
            yield Alert(
                kind="data quality",
                symbol=finding.symbol,
                text=f"{_about(finding.symbol)}: the rule “{finding.rule.rstrip('.')}” does not "
                f"hold ({_shown(finding)}).",
                raised_at=market.as_of,
            )
        else:
            rows[finding.symbol, finding.rule, finding.action] += finding.rows
    for (symbol, rule, action), amount in rows.items():
        broken = f"{count(amount, 'row')} {action} for breaking the rule"
        yield Alert(
            kind="data quality",
            symbol=symbol,
            text=f"{_about(symbol)}: {broken} “{rule.rstrip('.')}”.",
            raised_at=market.as_of,
        )


def _shown(finding: QualityFinding) -> str:
    """Return what was received, of which field, in a line."""
    value = " ".join(finding.value.split()).rstrip(".")
    short = value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE].rstrip()} …"
    return f"{finding.field}: {short}" if finding.field else short


def _about(symbol: str) -> str:
    return "Market-wide data" if symbol == MARKET else symbol


def from_signals(
    market: MarketWindow, signals: SignalSet, settings: DecisionSupportSettings
) -> Iterator[Alert]:
    """Yield severe risks and high convictions."""
    for signal in signals.signals:
        for risk in signal.risks:
            if risk.severity >= settings.alert_severity:
                yield Alert(
                    kind="risk",
                    symbol=signal.symbol,
                    text=f"{signal.symbol}: {risk.text.rstrip('.')}.",
                    raised_at=market.as_of,
                )
        if signal.direction != "neutral" and signal.conviction >= settings.alert_conviction:
            yield Alert(
                kind="conviction",
                symbol=signal.symbol,
                text=f"{signal.symbol}: {signal.direction} with conviction "
                f"{signal.conviction:.2f}.",
                raised_at=market.as_of,
            )


def all_alerts(
    market: MarketWindow,
    stories: StoryBook,
    signals: SignalSet,
    settings: DecisionSupportSettings,
) -> tuple[Alert, ...]:
    """Return every alert, the kinds in order of urgency and symbols in the universe's order."""
    position = {symbol: n for n, symbol in enumerate(market.bars.symbols)}
    found = [
        *level_breaks(market),
        *from_signals(market, signals, settings),
        *story_changes(market, stories, settings),
        *data_quality(market, settings),
    ]
    found.sort(key=lambda a: (ORDER.index(a.kind), position.get(a.symbol, math.inf)))
    return tuple(found)

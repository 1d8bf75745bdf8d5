"""A story book that belongs to a market window and its fuzzy window.

The sentences are plain and the same for every symbol; the prose of the product lives in
``foundation.language``. Every claim rests on real cells of the windows it was made from.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from foundation.contracts import (
    SERIES,
    STATES,
    TAPE,
    Claim,
    FuzzyWindow,
    MarketWindow,
    Movement,
    QuantContext,
    Section,
    Sentence,
    SourceRow,
    Story,
    StoryBook,
    StorySection,
    statement,
)
from foundation.testing.samples.fuzzy import fuzzy_window
from foundation.testing.samples.market import market_window
from foundation.testing.samples.quant import quant_context
from foundation.timeseries import Panel

_MOVES = {
    Movement.DROPS_SHARPLY: "dropped sharply",
    Movement.DROPS: "dropped",
    Movement.STEADY: "held steady",
    Movement.RISES: "rose",
    Movement.RISES_SHARPLY: "rose sharply",
}


def story_book(
    market: MarketWindow | None = None,
    fuzzy: FuzzyWindow | None = None,
    quant: QuantContext | None = None,
    *,
    recent: int = 6,
) -> StoryBook:
    """Return learning texts for every session and full stories of the last ``recent`` ones."""
    market = market or market_window()
    fuzzy = fuzzy or fuzzy_window(market)
    quant = quant or quant_context(market)
    sessions, symbols = market.bars.sessions, market.bars.symbols
    told = np.isfinite(fuzzy.memberships.field("price")[..., 0])
    stories = {(t, n): _story(market, fuzzy, quant, t, n) for t, n in np.argwhere(told).tolist()}
    texts = tuple(
        tuple(stories[t, n].learning if told[t, n] else "" for n in range(len(symbols)))
        for t in range(len(sessions))
    )
    return StoryBook(
        as_of=market.as_of,
        produced_at=market.produced_at,
        session=market.session,
        target_session=market.target_session,
        sessions=sessions,
        symbols=symbols,
        texts=texts,
        observed=observed_outcomes(fuzzy),
        recent=tuple(s for (t, _), s in stories.items() if t >= len(sessions) - recent),
    )


def observed_outcomes(fuzzy: FuzzyWindow) -> Panel:
    """Return outcome codes 0..4 per tape series: movement for price, likeliest state otherwise."""
    fields = {}
    for name in TAPE:
        degrees = fuzzy.memberships.field(name)
        absent = np.isnan(degrees).any(axis=-1)
        codes = np.where(absent, np.nan, np.nan_to_num(degrees).argmax(axis=-1))
        fields[name] = fuzzy.movements.field(name)[..., 0] + 2 if name == "price" else codes
    return Panel.from_fields(fuzzy.memberships.sessions, fuzzy.memberships.symbols, fields)


def _story(market: MarketWindow, fuzzy: FuzzyWindow, quant: QuantContext, t: int, n: int) -> Story:
    instrument = market.instruments[n]
    day = market.bars.sessions[t]
    by_section: dict[Section, list[Sentence]] = {section: [] for section in Section}
    for name, series in SERIES.items():
        by_section[series.section].append(_spoken(market, fuzzy, name, t, n))
    by_section[Section.EVENTS].append(_event(fuzzy, day, t))
    by_section[Section.LOOK_AHEAD].append(_levels(market, instrument.name, t, n))
    by_section[Section.QUANTITATIVE].append(_regime(quant, instrument.symbol, day, t, n))
    return Story(
        symbol=instrument.symbol,
        name=instrument.name,
        session=day,
        sections=tuple(
            StorySection(name=section, sentences=tuple(spoken))
            for section, spoken in by_section.items()
        ),
    )


def _spoken(market: MarketWindow, fuzzy: FuzzyWindow, name: str, t: int, n: int) -> Sentence:
    degrees = fuzzy.memberships.field(name)[t, n]
    move = fuzzy.movements.field(name)[t, n, 0]
    symbol, day = market.bars.symbols[n], market.bars.sessions[t]
    if np.isnan(degrees).any() or np.isnan(move):
        text = f"{name.capitalize()} is not reported."
        absent = Claim(statement=statement("absence", name, "not reported"), degree=1.0, sources=())
        return Sentence(learning=text, reading=text, claims=(absent,))
    series = SERIES[name]
    panel: Panel = getattr(market, series.panel)
    column = 0 if series.panel == "market" else n
    value = float(panel.field(series.field)[t, column])
    cell = SourceRow(
        panel=series.panel,
        field=series.field,
        symbol=panel.symbols[column],
        session=day,
        value=value,
    )
    best = int(degrees.argmax())
    degree = SourceRow(
        panel="memberships", field=name, symbol=symbol, session=day, value=float(degrees[best])
    )
    code = Movement(int(move))
    strength = float(fuzzy.strengths.field(name)[t, n, 0])
    text = f"{name.capitalize()} is {STATES[best]} and {_MOVES[code]} today."
    return Sentence(
        learning=text,
        reading=f"{name.capitalize()} of {cell.symbol} stood at {value:,.4g} on {day}: "
        f"{STATES[best]}; it {_MOVES[code]}.",
        claims=(
            Claim(
                statement=statement("state", name, STATES[best], "mostly"),
                degree=float(degrees[best]),
                sources=(cell, degree),
            ),
            Claim(
                statement=statement("movement", name, str(int(code))),
                degree=strength,
                sources=(cell,),
            ),
        ),
    )


def _event(fuzzy: FuzzyWindow, day: date, t: int) -> Sentence:
    until = float(fuzzy.events.field("core CPI|sessions until")[t, 0])
    if np.isnan(until):
        text = "No release is known."
        return Sentence(learning=text, reading=text, claims=())
    timing = "within a week" if until <= 5 else "later"
    row = SourceRow(
        panel="events", field="core CPI|sessions until", symbol="MARKET", session=day, value=until
    )
    claim = Claim(statement=statement("event", "core CPI", timing), degree=1.0, sources=(row,))
    return Sentence(
        learning=f"The next price report comes {timing}.",
        reading=f"The next core CPI report is due in {until:.0f} sessions.",
        claims=(claim,),
    )


def _levels(market: MarketWindow, name: str, t: int, n: int) -> Sentence:
    close = float(market.bars.field("close")[t, n])
    support = float(market.features.field("support_20")[t, n])
    scale = float(market.features.field("volatility_scale_20")[t, n])
    distance = (close - support) / scale
    value = "close by" if distance < 1 else "some way off"
    rows = tuple(
        SourceRow(
            panel=panel,
            field=field,
            symbol=market.bars.symbols[n],
            session=market.bars.sessions[t],
            value=cell,
        )
        for panel, field, cell in (("bars", "close", close), ("features", "support_20", support))
    )
    claim = Claim(statement=statement("level", "support", value), degree=1.0, sources=rows)
    return Sentence(
        learning=f"Support is {value}.",
        reading=f"Support for {name} lies at {support:,.2f}, {distance:.1f} daily ranges below.",
        claims=(claim,),
    )


def _regime(quant: QuantContext, symbol: str, day: date, t: int, n: int) -> Sentence:
    probability = float(quant.values.field("p_trending")[t, n])
    text = "The model leans to a trending market."
    row = SourceRow(
        panel="quant", field="p_trending", symbol=symbol, session=day, value=probability
    )
    claim = Claim(
        statement=statement("regime", "regime", "trending", "leaning high"),
        degree=probability,
        sources=(row,),
    )
    return Sentence(learning=text, reading=f"{text[:-1]} ({probability:.0%}).", claims=(claim,))

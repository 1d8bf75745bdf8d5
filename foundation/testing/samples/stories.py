"""A story book that belongs to a market window and its fuzzy window.

Every sentence is one clause of ``foundation.language`` (always the first phrasing), so the
reader understands all of it. Every claim rests on real cells of the windows it was made from.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import (
    REGIMES,
    SERIES,
    STATES,
    TAPE,
    Claim,
    FuzzyWindow,
    MarketWindow,
    QuantContext,
    Section,
    Sentence,
    SourceRow,
    Story,
    StoryBook,
    StorySection,
    statement,
)
from foundation.language import phrasings
from foundation.language.grammar import MOVEMENT_SERIES
from foundation.testing.samples.fuzzy import fuzzy_window
from foundation.testing.samples.market import market_window
from foundation.testing.samples.quant import quant_context
from foundation.timeseries import Panel


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
    by_section: dict[Section, list[Sentence]] = {section: [] for section in Section}
    for name, series in SERIES.items():
        by_section[series.section] += _spoken(market, fuzzy, name, t, n)
    by_section[Section.EVENTS] += _event(fuzzy, t)
    by_section[Section.LOOK_AHEAD] += _support(market, t, n)
    by_section[Section.QUANTITATIVE] += _regime(quant, t, n)
    return Story(
        symbol=instrument.symbol,
        name=instrument.name,
        session=market.bars.sessions[t],
        sections=tuple(
            StorySection(name=section, sentences=tuple(spoken))
            for section, spoken in by_section.items()
        ),
    )


def sentence(*claims: Claim, name: str = "", figure: str = "") -> Sentence:
    """Return one sentence that says the claims one after another."""
    clauses = "; ".join(phrasings(claim.statement)[0] for claim in claims)
    reading = clauses.replace("the price", name or "the price")
    return Sentence(
        learning=f"{clauses[0].upper()}{clauses[1:]}.",
        reading=f"{reading[0].upper()}{reading[1:]}{f' ({figure})' if figure else ''}.",
        claims=claims,
    )


def _cell(panel_name: str, panel: Panel, field: str, t: int, n: int) -> SourceRow:
    column = 0 if len(panel.symbols) == 1 else n
    return SourceRow(
        panel=panel_name,
        field=field,
        symbol=panel.symbols[column],
        session=panel.sessions[t],
        value=float(panel.field(field)[t, column]),
    )


def _spoken(market: MarketWindow, fuzzy: FuzzyWindow, name: str, t: int, n: int) -> list[Sentence]:
    degrees = fuzzy.memberships.field(name)[t, n]
    if np.isnan(degrees).any():
        absent = Claim(statement=statement("absence", name, "absent"), degree=1.0, sources=())
        return [sentence(absent)] if name == "volume" else []
    series = SERIES[name]
    cell = _cell(series.panel, getattr(market, series.panel), series.field, t, n)
    best = int(degrees.argmax())
    claims = [
        Claim(
            statement=statement("state", name, STATES[best], _hedge(degrees, best)),
            degree=float(degrees[best]),
            sources=(cell,),
        )
    ]
    move = fuzzy.movements.field(name)[t, n, 0]
    if name in MOVEMENT_SERIES and np.isfinite(move):
        claims.append(
            Claim(
                statement=statement("movement", name, f"{int(move):+d}"),
                degree=float(fuzzy.strengths.field(name)[t, n, 0]),
                sources=(cell,),
            )
        )
    return [sentence(*claims, name=market.instruments[n].name, figure=f"{cell.value:,.4g}")]


def _hedge(degrees: np.ndarray, best: int) -> str:
    if degrees[best] >= 0.85:
        return "clear"
    second = int(np.argsort(degrees)[-2])
    side = "higher" if second > best else "lower"
    return f"leaning {side}" if degrees[best] >= 0.65 else f"between {side}"


def _event(fuzzy: FuzzyWindow, t: int) -> list[Sentence]:
    row = _cell("events", fuzzy.events, "core inflation|weekdays until", t, 0)
    if np.isnan(row.value):
        said = statement("absence", "events", "absent")
        return [sentence(Claim(statement=said, degree=1.0, sources=()))]
    ahead = "tomorrow" if row.value <= 1 else "days ahead" if row.value <= 5 else "weeks ahead"
    said = statement("event", "core inflation", f"until: {ahead}")
    return [sentence(Claim(statement=said, degree=1.0, sources=(row,)))]


def _support(market: MarketWindow, t: int, n: int) -> list[Sentence]:
    rows = (
        _cell("bars", market.bars, "close", t, n),
        _cell("features", market.features, "support_20", t, n),
    )
    scale = float(market.features.field("volatility_scale_20")[t, n])
    distance = (rows[0].value - rows[1].value) / scale
    limits = (0.25, 1.0, 3.0)
    band = ("at", "near", "within reach", "far")[int(np.searchsorted(limits, distance))]
    claim = Claim(statement=statement("level", "support", band), degree=1.0, sources=rows)
    return [sentence(claim, figure=f"{rows[1].value:,.2f}")]


def _regime(quant: QuantContext, t: int, n: int) -> list[Sentence]:
    rows = [_cell("quant", quant.values, f"p_{r.replace('-', '_')}", t, n) for r in REGIMES]
    best = max(range(len(rows)), key=lambda k: rows[k].value)
    row = rows[best]
    hedge = "clear" if row.value >= 0.6 else "probable"
    claim = Claim(
        statement=statement("regime", "market", REGIMES[best], hedge),
        degree=row.value,
        sources=(row,),
    )
    return [sentence(claim, figure=f"{row.value:.0%}")]

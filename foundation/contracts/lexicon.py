"""The vocabulary that every stage shares: states, movements, series, sections, statements.

This is data, not prose: stage 02 computes these things, stage 03 puts them into words,
stage 05 learns to continue them, and the reader in ``foundation.language`` turns words
back into them. Phrases live in ``foundation.language``.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Literal

from foundation.kernel.model import Part

STATES: tuple[str, ...] = ("very low", "low", "medium", "high", "very high")
"""The five fuzzy states, lowest first. A state's code is its position, 0 to 4."""


class Movement(IntEnum):
    """The five movements of a segment, in the source design's codes."""

    DROPS_SHARPLY = -2
    DROPS = -1
    STEADY = 0
    RISES = 1
    RISES_SHARPLY = 2


class Horizon(StrEnum):
    """What stretch of time a story is about."""

    DAILY = "daily"
    INTRADAY = "intraday"
    WEEKLY = "weekly"
    EVENT = "event"


class Section(StrEnum):
    """The six sections of a story and its quantitative context, in reading order."""

    DIRECTION = "direction"
    PARTICIPATION = "participation"
    TECHNICAL = "technical environment"
    EVENTS = "events"
    RISK = "risk"
    LOOK_AHEAD = "look-ahead"
    QUANTITATIVE = "quantitative context"


class Series(Part):
    """One continuous series that stories speak about.

    Attributes
    ----------
    name : str
        The key used in panels, claims and forecasts.
    panel : "bars", "features" or "market"
        Which panel of the market window carries it; "market" series have one value a session.
    field : str
        Its field there.
    section : Section
        Where stories speak of it.
    scale : "price" or "own"
        What its movements are measured in: "price" by ATR(20) (or its close-only equivalent),
        "own" by twice the 20-session mean absolute change of the series itself.
    logarithmic : bool
        Whether memberships are taken on the logarithm (volume, whose spread grows with level).
    """

    name: str
    panel: Literal["bars", "features", "market"]
    field: str
    section: Section
    scale: Literal["price", "own"] = "own"
    logarithmic: bool = False


SERIES: dict[str, Series] = {
    s.name: s
    for s in (
        Series(name="price", panel="bars", field="close", section=Section.DIRECTION, scale="price"),
        Series(name="trend", panel="features", field="sma_50_gap", section=Section.DIRECTION),
        Series(
            name="volume",
            panel="bars",
            field="volume",
            section=Section.PARTICIPATION,
            logarithmic=True,
        ),
        Series(name="breadth", panel="market", field="breadth", section=Section.PARTICIPATION),
        Series(name="momentum", panel="features", field="rsi_14", section=Section.TECHNICAL),
        Series(name="trend strength", panel="features", field="adx_14", section=Section.TECHNICAL),
        Series(
            name="band width", panel="features", field="bollinger_width", section=Section.TECHNICAL
        ),
        Series(
            name="volatility",
            panel="features",
            field="realised_volatility_20",
            section=Section.RISK,
        ),
        Series(name="market volatility", panel="market", field="vix", section=Section.RISK),
        Series(name="credit spread", panel="market", field="credit_spread", section=Section.RISK),
        Series(name="oil", panel="market", field="wti", section=Section.RISK),
    )
}
"""Every series that stories speak about, by name."""

TAPE: tuple[str, ...] = (
    "price",
    "trend",
    "momentum",
    "volatility",
    "volume",
    "market volatility",
)
"""The series whose tomorrow is forecast and scored, in order.

``price`` is scored by its five session movements, the others by their five states; either
way the outcome's code is 0 to 4, lowest first.
"""

PRICE_OUTCOMES: tuple[str, ...] = (
    "drops sharply",
    "drops",
    "holds steady",
    "rises",
    "rises sharply",
)


def tape_outcomes(series: str) -> tuple[str, ...]:
    """Return the five outcomes of a tape series, lowest first."""
    return PRICE_OUTCOMES if series == "price" else STATES


REGIMES: tuple[str, ...] = ("trending", "mean-reverting", "choppy", "volatile")
"""The four market regimes of the twins."""


class Statement(Part):
    """What a clause says, as data: the unit that survives the round trip through text.

    Attributes
    ----------
    kind : str
        ``state`` (series is high), ``movement`` (series rose today), ``path`` (rose, paused,
        then surged), ``pattern``, ``event``, ``level`` (support close by), ``regime``,
        ``range``, ``odds``, ``tilt``, ``absence`` (not reported), ``tension`` (two facts that
        pull apart), ``record`` (the largest rise in a year), ``streak`` (the third gain in a
        row), ``relative`` (ahead of the market), ``members`` (of a sector), ``options`` (what
        they tell). Of weeks: ``span`` (the move of a stretch), ``course`` (how it came about),
        ``shift`` (from one state to another), ``contradiction`` (a tension of the week). Of
        events: ``occasion`` (gap, extreme move), ``eve`` (a state going in), ``response`` (beside
        earlier ones). Of a session that still lasts: ``span``, ``place`` (in the range), ``pace``
        (of trade), ``break`` (of a level), ``check`` (against the morning's story).
    subject : str
        The series, pattern, event or side spoken about.
    value : str
        State, movement code, path such as ``-2,0,+2``, timing or band.
    hedge : str
        How firmly it holds, as spoken: ``firmly``, ``mostly``, ``leaning low``,
        ``leaning high``, ``between`` ... or empty.
    """

    kind: Literal[
        "state",
        "movement",
        "path",
        "pattern",
        "event",
        "level",
        "regime",
        "range",
        "odds",
        "tilt",
        "absence",
        "tension",
        "record",
        "streak",
        "relative",
        "members",
        "options",
        "span",
        "course",
        "shift",
        "contradiction",
        "occasion",
        "eve",
        "response",
        "place",
        "pace",
        "break",
        "check",
    ]
    subject: str
    value: str
    hedge: str = ""


@lru_cache(maxsize=65_536)
def statement(kind: str, subject: str, value: str, hedge: str = "") -> Statement:
    """Return the (shared) statement: there are few distinct ones and very many uses."""
    return Statement(kind=kind, subject=subject, value=value, hedge=hedge)

"""One column per kind of thing a story may say, over all sessions and symbols at once.

A column holds, for every session and symbol, the number of the statement to make (or -1 for
silence) and its degree. Deciding what to say is array work; only the words are put together
story by story.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from foundation.contracts import (
    MARKET,
    QUANT_FIELDS,
    REGIMES,
    SERIES,
    STATES,
    FuzzyWindow,
    MarketWindow,
    Movement,
    QuantContext,
    Section,
    Statement,
    statement,
)
from foundation.language.grammar import PATTERN_HEDGES, path_value
from foundation.language.scales import HEDGES
from foundation.quant.regimes import told_regimes
from stage_03_story_assembly.settings import StoryAssemblySettings

SILENT = -1
Cell = tuple[str, str]
"""A data cell's address apart from symbol and session: (panel, field)."""


@dataclass(frozen=True)
class Column:
    """What one kind of clause says everywhere.

    Attributes
    ----------
    name : str
        Names the column for figures: a series, or a kind such as ``"path"``.
    section : Section
    options : tuple of Statement
        The statements it can make.
    codes : int array (T, N)
        Position in ``options``, or ``SILENT``.
    degrees : float array (T, N)
    cells : tuple of Cell
        Where its evidence stands.
    lag : int
        How many sessions back those cells stand.
    since : int array (T,), optional
        Of what compares two sessions: the earlier one, whose cells it rests on as well; -1 where
        there is none.
    """

    name: str
    section: Section
    options: tuple[Statement, ...]
    codes: np.ndarray
    degrees: np.ndarray
    cells: tuple[Cell, ...] = field(default=())
    lag: int = 0
    since: np.ndarray | None = None

    def only(self, where: np.ndarray) -> Column:
        """Return the column, silent elsewhere."""
        return replace(self, codes=np.where(where, self.codes, SILENT))


def state_column(
    fuzzy: FuzzyWindow,
    series: str,
    settings: StoryAssemblySettings,
    speak: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Column:
    """Say which state a series is in, hedged as its degrees demand.

    ``speak`` takes the state codes and says where the series is worth a clause; by default it
    is everywhere.
    """
    info = SERIES[series]
    return _hedged(
        series,
        info.section,
        fuzzy.memberships.field(series),
        ((info.panel, info.field),),
        settings,
        speak,
    )


def appetite_column(
    fuzzy: FuzzyWindow,
    settings: StoryAssemblySettings,
    speak: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Column:
    """Say how keen the market is on risk: five states, 25 points apart, on the rules' answer."""
    points = fuzzy.inference.field("risk appetite")
    degrees = np.maximum(1.0 - np.abs(points[..., None] / 25.0 - np.arange(len(STATES))), 0.0)
    inputs = (SERIES[name] for name in ("market volatility", "credit spread", "breadth"))
    return _hedged(
        "risk appetite",
        Section.RISK,
        degrees,
        tuple((info.panel, info.field) for info in inputs),
        settings,
        speak,
    )


def _hedged(
    subject: str,
    section: Section,
    degrees: np.ndarray,
    cells: tuple[Cell, ...],
    settings: StoryAssemblySettings,
    speak: Callable[[np.ndarray], np.ndarray] | None,
) -> Column:
    absent = np.isnan(degrees[..., 0])
    first = np.where(absent, 0, np.nan_to_num(degrees).argmax(axis=-1))
    top = np.take_along_axis(degrees, first[..., None], axis=-1)[..., 0]
    lower = np.take_along_axis(degrees, np.maximum(first - 1, 0)[..., None], axis=-1)[..., 0]
    above = np.where(first + 1 < len(STATES), first + 1, 0)
    upper = np.take_along_axis(degrees, above[..., None], axis=-1)[..., 0]
    # Triangles share a value between two states; bells leave something to both neighbours.
    leans_down = (first > 0) & ((lower > upper) | (first + 1 == len(STATES)))
    shade = np.where(
        top >= settings.clear_degree, 0, np.where(top >= settings.leaning_degree, 1, 3)
    )
    hedge = np.where(shade == 0, 0, shade + np.where(leans_down, 0, 1))
    silent = absent if speak is None else absent | ~speak(first)
    return Column(
        name=subject,
        section=section,
        options=tuple(statement("state", subject, s, h) for s, h in product(STATES, HEDGES)),
        codes=np.where(silent, SILENT, first * len(HEDGES) + hedge),
        degrees=np.nan_to_num(top),
        cells=cells,
    )


def movement_column(
    fuzzy: FuzzyWindow, series: str, speak: Callable[[np.ndarray], np.ndarray] | None = None
) -> Column:
    """Say how a series moved in the session."""
    moves = fuzzy.movements.field(series)[..., 0]
    absent = np.isnan(moves)
    moves = np.nan_to_num(moves).astype(int)
    silent = absent if speak is None else absent | ~speak(moves)
    info = SERIES[series]
    return Column(
        name=f"{series} movement",
        section=info.section,
        options=tuple(statement("movement", series, f"{m:+d}") for m in Movement),
        codes=np.where(silent, SILENT, moves + 2),
        degrees=np.nan_to_num(fuzzy.strengths.field(series)[..., 0]),
        cells=((info.panel, info.field),),
    )


def path_column(fuzzy: FuzzyWindow) -> Column:
    """Say how the price travelled over its three overlapping segments."""
    moves = fuzzy.movements.field("price")[..., 1:]
    absent = np.isnan(moves).any(axis=-1)
    steps = np.nan_to_num(moves).astype(int) + 2
    return Column(
        name="path",
        section=Section.DIRECTION,
        options=tuple(
            statement("path", "price", path_value(p)) for p in product(Movement, repeat=3)
        ),
        codes=np.where(absent, SILENT, steps @ np.array([25, 5, 1])),
        degrees=np.nan_to_num(fuzzy.strengths.field("price")[..., 1:].min(axis=-1)),
        cells=(("bars", "close"),),
    )


def pattern_column(fuzzy: FuzzyWindow, settings: StoryAssemblySettings) -> Column:
    """Name the best-matching pattern, if one matches well enough."""
    strengths = np.nan_to_num(fuzzy.patterns.values)
    best = strengths.argmax(axis=-1)
    strength = strengths.max(axis=-1)
    bands = (settings.pattern_partial, settings.pattern_clear, settings.pattern_textbook)
    band = np.searchsorted(np.array(bands), strength, side="right") - 1
    names = fuzzy.patterns.fields
    return Column(
        name="pattern",
        section=Section.TECHNICAL,
        options=tuple(
            statement("pattern", name, "seen", hedge)
            for name, hedge in product(names, PATTERN_HEDGES)
        ),
        codes=np.where(band < 0, SILENT, best * len(PATTERN_HEDGES) + np.maximum(band, 0)),
        degrees=strength,
        cells=(("bars", "close"),),
    )


def absence_column(subject: str, section: Section, where: np.ndarray) -> Column:
    """Say that something is not reported, where it is not."""
    return Column(
        name=f"no {subject}",
        section=section,
        options=(statement("absence", subject, "absent"),),
        codes=np.where(where, 0, SILENT),
        degrees=np.ones(where.shape),
    )


def level_columns(market: MarketWindow, settings: StoryAssemblySettings) -> list[Column]:
    """Say how far support and resistance are, in volatility scales."""
    close = market.bars.field("close")
    scale = market.features.field("volatility_scale_20")
    borders = np.array([settings.level_at, settings.level_near, settings.level_reach])
    columns = []
    for side, sign in (("support", 1.0), ("resistance", -1.0)):
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = sign * (close - market.features.field(f"{side}_20")) / scale
        columns.append(
            Column(
                name=side,
                section=Section.LOOK_AHEAD,
                options=tuple(
                    statement("level", side, band) for band in ("at", "near", "within reach", "far")
                ),
                codes=np.where(
                    np.isnan(distance),
                    SILENT,
                    np.searchsorted(borders, np.nan_to_num(distance), side="left"),
                ),
                degrees=np.ones(close.shape),
                cells=(("features", f"{side}_20"), ("bars", "close")),
            )
        )
    return columns


_HEDGES = ("clear", "probable", "passing")
"""Of a regime: likely enough to be told plainly; the likeliest; told until another is sure enough,
though by now another is likelier."""


def chance_of(regimes: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return the probability of the regimes that are told, (T, N); 0 where none is."""
    found = np.take_along_axis(regimes, np.maximum(told, 0)[..., None], axis=-1)
    return np.nan_to_num(found[..., 0])


def quant_columns(quant: QuantContext, settings: StoryAssemblySettings) -> list[Column]:
    """Say the regime, the expected range, its tilt and the odds; or that the model is silent."""
    values = {name: quant.values.field(name) for name in QUANT_FIELDS}
    regimes = np.stack([values[f] for f in QUANT_FIELDS[:4]], axis=-1)
    unknown = np.isnan(regimes).any(axis=-1)
    told = told_regimes(regimes, settings.regime_false_change)
    chance = chance_of(regimes, told)
    hedge = np.select(
        [chance < np.nan_to_num(regimes.max(axis=-1)), chance < settings.regime_clear], [2, 1], 0
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        tilt = values["expected_return_5d"] / values["volatility_5d"]
    hit = values["hit_probability"]
    width = values["q90"] - values["q10"]
    t = settings.tilt_threshold
    silent = unknown & np.isnan(width) & np.isnan(hit)
    return [
        Column(
            name="regime",
            section=Section.QUANTITATIVE,
            options=tuple(
                statement("regime", "market", r, h) for r, h in product(REGIMES, _HEDGES)
            ),
            codes=np.where(unknown, SILENT, told * len(_HEDGES) + hedge),
            degrees=chance,
            cells=tuple(("quant", f) for f in QUANT_FIELDS[:4]),
        ),
        _graded(
            "range",
            past_rank(width, settings.range_window),
            (1 / 3, 2 / 3),
            ("narrow", "normal", "wide"),
            ("q10", "q90"),
        ),
        _graded("tilt", tilt, (-t, t), ("down", "flat", "up"), ("expected_return_5d",)),
        _graded(
            "odds",
            hit,
            (settings.odds_unlikely, settings.odds_likely),
            ("unlikely", "possible", "likely"),
            ("hit_probability",),
        ),
        absence_column("quantitative context", Section.QUANTITATIVE, silent),
    ]


def _graded(
    kind: str,
    values: np.ndarray,
    borders: tuple[float, float],
    words: tuple[str, ...],
    cells: tuple[str, ...],
) -> Column:
    return Column(
        name=kind,
        section=Section.QUANTITATIVE,
        options=tuple(statement(kind, "week", word) for word in words),
        codes=np.where(
            np.isnan(values), SILENT, np.searchsorted(np.array(borders), np.nan_to_num(values))
        ),
        degrees=np.ones(values.shape),
        cells=tuple(("quant", f) for f in cells),
    )


def past_rank(values: np.ndarray, window: int) -> np.ndarray:
    """Return the share of the ``window`` values before each one that lie below it, (T, N).

    NaN where the value is absent or fewer than a quarter of the window is present. Shorter
    beginnings of a history use what there is.
    """
    rank = np.full(values.shape, np.nan)
    padded = np.concatenate([np.full((window, values.shape[1]), np.nan), values])
    past = np.lib.stride_tricks.sliding_window_view(padded[:-1], window, axis=0)
    count = (~np.isnan(past)).sum(axis=-1)
    below = (past < values[..., None]).sum(axis=-1)
    enough = (count >= window // 4) & ~np.isnan(values)
    rank[enough] = below[enough] / count[enough]
    return rank


def market_cell(panel: str) -> bool:
    """Say whether a panel's cells stand under the market-wide symbol."""
    return panel in ("market", "events")


def cell_symbol(panel: str, symbol: str) -> str:
    """Return the symbol under which a panel keeps a symbol's cell."""
    return MARKET if market_cell(panel) else symbol

"""What a day's story says: the columns of all six sections and the context."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foundation.contracts import FuzzyWindow, MarketWindow, QuantContext, Section
from stage_03_story_assembly.coherence import tension_columns
from stage_03_story_assembly.content import columns as c
from stage_03_story_assembly.content.columns import Column
from stage_03_story_assembly.content.company import (
    member_column,
    option_columns,
    relative_columns,
)
from stage_03_story_assembly.content.events import event_columns
from stage_03_story_assembly.content.plan import StoryPlan
from stage_03_story_assembly.content.records import record_columns
from stage_03_story_assembly.settings import StoryAssemblySettings

Rule = Callable[[np.ndarray], np.ndarray]
"""Says from state or movement codes where a series is worth a clause."""


def plan(
    market: MarketWindow, fuzzy: FuzzyWindow, quant: QuantContext, settings: StoryAssemblySettings
) -> StoryPlan:
    """Choose what every story says.

    What every reader looks for is always said (the day's move and path, trend, volume, momentum,
    volatility, levels); the rest only where it is out of the ordinary. What the source does not
    report is said to be absent.
    """
    shape = (len(market.bars.sessions), len(market.bars.symbols))
    tensions = tension_columns(fuzzy)

    def state(series: str, speak: Rule | None = None) -> Column:
        return c.state_column(fuzzy, series, settings, speak)

    def extreme(codes: np.ndarray) -> np.ndarray:
        return np.abs(codes - 2) == 2

    def unusual(codes: np.ndarray) -> np.ndarray:
        return np.abs(codes - 2) >= 1

    def sharp(moves: np.ndarray) -> np.ndarray:
        return np.abs(moves) == 2

    def absent(series: str) -> np.ndarray:
        return np.isnan(fuzzy.memberships.field(series)[..., 0])

    ordered = [
        c.movement_column(fuzzy, "price"),
        *record_columns(market, fuzzy),
        *relative_columns(market, settings),
        c.path_column(fuzzy),
        state("trend"),
        tensions["direction"],
        state("price", extreme),
        state("volume"),
        c.absence_column("volume", Section.PARTICIPATION, absent("volume")),
        c.movement_column(fuzzy, "volume", sharp),
        member_column(market, settings),
        state("breadth", extreme),
        tensions["participation"],
        state("momentum"),
        c.movement_column(fuzzy, "momentum", sharp),
        state("trend strength", extreme),
        state("band width", extreme),
        tensions["momentum"],
        c.pattern_column(fuzzy, settings),
        *event_columns(fuzzy, shape, settings),
        state("volatility"),
        tensions["risk"],
        state("market volatility"),
        c.absence_column("market volatility", Section.RISK, absent("market volatility")),
        c.movement_column(fuzzy, "market volatility", sharp),
        c.appetite_column(fuzzy, settings, unusual),
        state("credit spread", extreme),
        state("oil", extreme),
        *c.level_columns(market, settings),
        *c.quant_columns(quant, settings),
        *option_columns(market, settings),
    ]
    return StoryPlan(tuple(ordered), needed=("price movement", "path", "trend"))

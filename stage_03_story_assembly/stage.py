"""Stage 03: graded states become stories in which every clause rests on claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foundation.contracts import (
    TAPE,
    FuzzyWindow,
    Horizon,
    MarketWindow,
    QuantContext,
    StoryBook,
)
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.runtime import Stage
from foundation.timeseries import Panel
from stage_03_story_assembly.content import daily, occasions, weekly
from stage_03_story_assembly.content.plan import StoryPlan
from stage_03_story_assembly.settings import StoryAssemblySettings
from stage_03_story_assembly.telling.evidence import Evidence
from stage_03_story_assembly.telling.figures import Figures
from stage_03_story_assembly.telling.teller import Teller
from stage_03_story_assembly.telling.uncollected import uncollected


@dataclass(frozen=True)
class AssemblyInput:
    """What stage 03 is given: the data, its fuzzy states, and the quantitative opinion."""

    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext


PLANS: dict[Horizon, Callable[..., StoryPlan]] = {
    Horizon.DAILY: daily.plan,
    Horizon.WEEKLY: weekly.plan,
    Horizon.EVENT: occasions.plan,
}
"""What stories of each horizon say. Updates during a session have a stage of their own."""


class StoryAssemblyStage(Stage[AssemblyInput, StoryBook]):
    """Tell a story for every symbol and each of the last sessions.

    Parameters
    ----------
    settings : StoryAssemblySettings
    horizon : Horizon
        Of the day (default), of the weeks that ended, or of the events that happened. Where no
        week ended and nothing happened there is no story.
    """

    name = "03_story_assembly"

    def __init__(self, settings: StoryAssemblySettings, horizon: Horizon = Horizon.DAILY) -> None:
        if horizon not in PLANS:
            raise OperatorError(
                "Stories at a session's close are daily, weekly or of events",
                value=horizon,
                remedy="updates during a session are told by IntradayUpdateStage",
            )
        self.settings, self.horizon = settings, horizon

    def run(self, given: AssemblyInput) -> StoryBook:
        """Return the story book.

        Raises
        ------
        UpstreamDataError
            If the three inputs do not cover the same sessions and symbols.
        """
        market, fuzzy, quant = given.market, given.fuzzy, given.quant
        for name, panel in (("fuzzy states", fuzzy.memberships), ("quant context", quant.values)):
            if (panel.sessions, panel.symbols) != (market.bars.sessions, market.bars.symbols):
                raise UpstreamDataError(
                    f"The {name} must cover the sessions and symbols of the market window",
                    value=repr(panel),
                    remedy="build all three from the same market window",
                )
        teller = Teller(
            PLANS[self.horizon](market, fuzzy, quant, self.settings),
            Figures(market, fuzzy, quant, self.settings),
            Evidence(market, fuzzy, quant),
            market.instruments,
        )
        count = len(market.bars.sessions)
        told = range(max(0, count - self.settings.story_sessions), count)
        full = range(max(0, count - self.settings.full_sessions), count)
        everyone = range(len(market.bars.symbols))
        learnt = self._learnt(quant)
        with uncollected():
            return StoryBook(
                as_of=market.as_of,
                produced_at=market.produced_at,
                session=market.session,
                target_session=market.target_session,
                horizon=self.horizon,
                sessions=tuple(market.bars.sessions[t] for t in told),
                symbols=market.bars.symbols,
                texts=tuple(
                    tuple(teller.learning(t, n) if learnt[t, n] else "" for n in everyone)
                    for t in told
                ),
                observed=observed(fuzzy).last(len(told)),
                recent=tuple(
                    teller.story(t, n) for t in full for n in everyone if teller.plan.tellable[t, n]
                ),
            )

    def _learnt(self, quant: QuantContext) -> np.ndarray:
        """Say which sessions get a learning text, bool (T, N): by what each itself was told."""
        range_, odds = quant.values.field("q90"), quant.values.field("hit_probability")
        if self.settings.learn_from == "every session":
            return np.ones(range_.shape, dtype=bool)
        return np.isfinite(range_) & np.isfinite(odds)


def observed(fuzzy: FuzzyWindow) -> Panel:
    """Return the observed outcome codes 0..4 of every tape series; NaN where it is absent."""
    fields = {}
    for series in TAPE:
        if series == "price":
            fields[series] = fuzzy.movements.field(series)[..., 0] + 2.0
        else:
            degrees = fuzzy.memberships.field(series)
            absent = np.isnan(degrees[..., 0])
            fields[series] = np.where(absent, np.nan, np.nan_to_num(degrees).argmax(axis=-1))
    return Panel.from_fields(fuzzy.memberships.sessions, fuzzy.memberships.symbols, fields)

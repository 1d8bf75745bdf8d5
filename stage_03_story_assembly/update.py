"""Stage 03 before the close: how the session so far bears on the story of the morning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import (
    TAPE,
    FuzzyWindow,
    Horizon,
    MarketWindow,
    QuantContext,
    SessionSoFar,
    SourceRow,
    Story,
    StoryBook,
)
from foundation.kernel import UpstreamDataError
from foundation.runtime import Stage
from foundation.timeseries import Panel
from stage_03_story_assembly.content import so_far as content
from stage_03_story_assembly.content.columns import Column
from stage_03_story_assembly.settings import StoryAssemblySettings
from stage_03_story_assembly.telling.evidence import Evidence
from stage_03_story_assembly.telling.figures import Figures, signed
from stage_03_story_assembly.telling.teller import Teller


@dataclass(frozen=True)
class UpdateInput:
    """What an update is given: all as of the session before, and the session so far.

    ``morning`` is the book of daily stories told at the close of the session before: what a
    reader had before him this morning.
    """

    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext
    morning: StoryBook
    so_far: SessionSoFar


class IntradayUpdateStage(Stage[UpdateInput, StoryBook]):
    """Tell, for every symbol with a running bar, what has changed since the morning."""

    name = "03_intraday_update"

    def __init__(self, settings: StoryAssemblySettings) -> None:
        self.settings = settings

    def run(self, given: UpdateInput) -> StoryBook:
        """Return a book of one session, the one that lasts.

        Raises
        ------
        UpstreamDataError
            If the session so far does not follow the others' session, or has other symbols.
        """
        market, so_far = given.market, given.so_far
        _check(given)
        teller = update_teller(
            market, given.fuzzy, given.quant, given.morning.today(), so_far, self.settings
        )
        everyone = range(len(market.bars.symbols))
        shape = (1, len(market.bars.symbols))
        nothing = {series: np.full(shape, np.nan) for series in TAPE}
        return StoryBook(
            as_of=so_far.as_of,
            produced_at=so_far.produced_at,
            session=so_far.session,
            target_session=so_far.session,
            horizon=Horizon.INTRADAY,
            sessions=(so_far.session,),
            symbols=market.bars.symbols,
            texts=(tuple(teller.learning(0, n) for n in everyone),),
            observed=Panel.from_fields((so_far.session,), market.bars.symbols, nothing),
            recent=tuple(teller.story(0, n) for n in everyone if teller.plan.tellable[0, n]),
        )


def update_teller(
    market: MarketWindow,
    fuzzy: FuzzyWindow,
    quant: QuantContext,
    morning: dict[str, Story],
    so_far: SessionSoFar,
    settings: StoryAssemblySettings,
) -> Teller:
    """Return who tells the updates of one session, from what stood at the close before it.

    Parameters
    ----------
    morning : dict of str to Story
        The stories of the session before, by symbol.
    """
    plan = content.plan(market, fuzzy, quant, morning, so_far, settings)
    figures = _Figures(market, fuzzy, quant, so_far, settings)
    cells = _Cells(market, fuzzy, quant, so_far)
    return Teller(plan, figures, cells, market.instruments, so_far.as_of)


def _check(given: UpdateInput) -> None:
    sessions = {
        "market": given.market.session,
        "fuzzy states": given.fuzzy.session,
        "quant context": given.quant.values.sessions[-1],
        "morning's stories": given.morning.session,
    }
    if len(set(sessions.values())) != 1 or given.market.target_session != given.so_far.session:
        raise UpstreamDataError(
            "An update stands on the session right before the one that lasts",
            value={**{k: str(v) for k, v in sessions.items()}, "so far": str(given.so_far.session)},
            remedy="build everything as of the close before the session",
        )
    if given.so_far.values.symbols != given.market.bars.symbols:
        raise UpstreamDataError(
            "The session so far must have the symbols of the market window, in order",
            value=given.so_far.values.symbols,
            remedy="make it for the symbols of the window",
        )


class _Cells:
    """Cells of the running bar, and for everything else those of the session before."""

    def __init__(
        self, market: MarketWindow, fuzzy: FuzzyWindow, quant: QuantContext, so_far: SessionSoFar
    ) -> None:
        self.sessions: tuple[date, ...] = (so_far.session,)
        self.symbols = market.bars.symbols
        self._so_far = so_far.values
        self._before = Evidence(market, fuzzy, quant)

    def rows(self, column: Column, t: int, n: int) -> tuple[SourceRow, ...]:
        """Return the cells of a claim."""
        last = len(self._before.sessions) - 1
        found = []
        for panel, field in column.cells:
            if panel == content.SO_FAR:
                row: SourceRow | None = SourceRow(
                    panel=panel,
                    field=field,
                    symbol=self.symbols[n],
                    session=self.sessions[t],
                    value=float(self._so_far.field(field)[t, n]),
                )
            else:
                row = self._before.cell((panel, field), last, n)
            if row is not None:
                found.append(row)
        return tuple(found)


class _Figures:
    """Numbers of the running bar, and for everything else those of the session before."""

    def __init__(
        self,
        market: MarketWindow,
        fuzzy: FuzzyWindow,
        quant: QuantContext,
        so_far: SessionSoFar,
        settings: StoryAssemblySettings,
    ) -> None:
        self._so_far = so_far.values
        self._levels = content.running_levels(market, so_far)
        self._before = Figures(market, fuzzy, quant, settings)
        self._last = len(market.bars.sessions) - 1

    def of(self, column: str, t: int, n: int) -> str:
        """Return what stands in parentheses behind a clause."""

        def now(field: str) -> float:
            return float(self._so_far.field(field)[t, n])

        if column == "gap":
            return f"{signed(now('open') / now('previous close') - 1, '.1%')} at {now('open'):,.2f}"
        if column == "open":
            return f"{signed(now('last') / now('open') - 1, '.1%')} to {now('last'):,.2f}"
        if column == "place":
            return f"{now('low'):,.2f} to {now('high'):,.2f}"
        if column == "pace":
            return f"{now('volume') / now('usual volume'):.1f} times the usual"
        if column.endswith(" break"):
            return f"{float(self._levels[column.removesuffix(' break')][t, n]):,.2f}"
        return self._before.of(column, self._last, n)

"""Stage 03 on past sessions: what an update at one time of day would have said of each of them.

A model learns from these what a session sounds like while it lasts. Every update rests on what
stood at the close before its session, and on the session so far.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from foundation.contracts import (
    TAPE,
    FuzzyWindow,
    Horizon,
    MarketWindow,
    QuantContext,
    SessionSoFar,
    Story,
    StoryBook,
)
from foundation.kernel import UpstreamDataError
from foundation.runtime import Stage
from foundation.timeseries import Panel
from stage_03_story_assembly.content import daily
from stage_03_story_assembly.settings import StoryAssemblySettings
from stage_03_story_assembly.telling.evidence import Evidence
from stage_03_story_assembly.telling.figures import Figures
from stage_03_story_assembly.telling.teller import Teller
from stage_03_story_assembly.telling.uncollected import uncollected
from stage_03_story_assembly.update import update_teller


@dataclass(frozen=True)
class PastUpdatesInput:
    """What past updates are told from.

    ``stories`` is the book of daily stories whose sessions and symbols the updates stand on;
    ``so_far`` the running bars of those of its sessions that have any, in any order.
    """

    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext
    stories: StoryBook
    so_far: Iterable[SessionSoFar]


class PastUpdatesStage(Stage[PastUpdatesInput, StoryBook]):
    """Tell the update of every session and symbol with a running bar; texts alone."""

    name = "03_past_updates"

    def __init__(self, settings: StoryAssemblySettings) -> None:
        self.settings = settings

    def run(self, given: PastUpdatesInput) -> StoryBook:
        """Return a book of the horizon ``intraday`` on the axes of the daily book.

        Raises
        ------
        UpstreamDataError
            If a session so far has other symbols, or is none of the book's.
        """
        book, market = given.stories, given.market
        places = {session: t for t, session in enumerate(market.bars.sessions)}
        rows = {session: t for t, session in enumerate(book.sessions)}
        texts = [("",) * len(book.symbols) for _ in book.sessions]
        days = self._daily(given)
        with uncollected():
            for so_far in given.so_far:
                if so_far.session not in rows or so_far.values.symbols != book.symbols:
                    raise UpstreamDataError(
                        "Updates stand on sessions and symbols of the daily stories",
                        value=f"{so_far.session}, {len(so_far.values.symbols)} symbols",
                        remedy="make the sessions so far for those of the daily book",
                    )
                t = places[so_far.session]
                if t:
                    texts[rows[so_far.session]] = self._told(given, days, so_far, t)
        nothing = np.full((len(book.sessions), len(book.symbols)), np.nan)
        return StoryBook(
            as_of=book.as_of,
            produced_at=book.produced_at,
            session=book.session,
            target_session=book.target_session,
            horizon=Horizon.INTRADAY,
            sessions=book.sessions,
            symbols=book.symbols,
            texts=tuple(texts),
            observed=Panel.from_fields(book.sessions, book.symbols, dict.fromkeys(TAPE, nothing)),
            recent=(),
        )

    def _daily(self, given: PastUpdatesInput) -> Teller:
        """Return who tells the daily stories, each of what was known at its own close."""
        known = given.market, given.fuzzy, given.quant
        return Teller(
            daily.plan(*known, self.settings),
            Figures(*known, self.settings),
            Evidence(*known),
            given.market.instruments,
        )

    def _told(
        self, given: PastUpdatesInput, days: Teller, so_far: SessionSoFar, t: int
    ) -> tuple[str, ...]:
        """Return the updates of the session at position ``t``; of it they alone are known."""
        symbols = given.stories.symbols
        morning: dict[str, Story] = {
            symbol: days.story(t - 1, n)
            for n, symbol in enumerate(symbols)
            if days.plan.tellable[t - 1, n]
        }
        market, fuzzy, quant = self._at_the_close(given, t - 1)
        teller = update_teller(market, fuzzy, quant, morning, so_far, self.settings)
        return tuple(teller.learning(0, n) for n in range(len(symbols)))

    def _at_the_close(
        self, given: PastUpdatesInput, t: int
    ) -> tuple[MarketWindow, FuzzyWindow, QuantContext]:
        """Return what updates rest on, as it stood after the close of the session at ``t``."""
        market, fuzzy, quant = given.market, given.fuzzy, given.quant
        session = market.bars.sessions[t]
        # The range is ranked among the past of one window; nothing else looks back.
        look_back = self.settings.range_window + 1

        def cut(panel: Panel) -> Panel:
            return panel.until(session).last(look_back)

        return (
            market.model_copy(
                update={
                    "bars": cut(market.bars),
                    "features": cut(market.features),
                    "session": session,
                    "target_session": market.bars.sessions[t + 1],
                }
            ),
            fuzzy.model_copy(
                update={
                    "events": cut(fuzzy.events),
                    "symbol_events": cut(fuzzy.symbol_events),
                    "session": session,
                }
            ),
            quant.model_copy(update={"values": cut(quant.values)}),
        )

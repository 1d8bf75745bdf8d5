"""Windows to tell stories of: the sample market with what a test changes in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache

import numpy as np

from foundation.contracts import (
    FuzzyWindow,
    Horizon,
    Instrument,
    MarketWindow,
    QuantContext,
    Story,
    StoryBook,
)
from foundation.language import read
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage

SETTINGS = StoryAssemblySettings(story_sessions=120, full_sessions=60)


@cache
def sample(sessions: int = 300, seed: int = 7) -> AssemblyInput:
    """Return the sample market through stage 02, with the sample quantitative context."""
    return assemble(samples.market_window(sessions, seed))


def assemble(market: MarketWindow) -> AssemblyInput:
    """Return what stage 03 is given of a market window."""
    fuzzy: FuzzyWindow = FuzzificationStage(FuzzificationSettings()).run(market)
    quant: QuantContext = samples.quant_context(market)
    return AssemblyInput(market, fuzzy, quant)


def book(given: AssemblyInput, horizon: Horizon) -> StoryBook:
    """Return the book of a horizon."""
    return StoryAssemblyStage(SETTINGS, horizon).run(given)


def with_bars(market: MarketWindow, change: Callable[[np.ndarray], None]) -> MarketWindow:
    """Return the window with its bars (T, N, 5) changed in place by a function."""
    values = market.bars.values.copy()
    change(values)
    return market.model_copy(update={"bars": market.bars.model_copy(update={"values": values})})


def with_instruments(market: MarketWindow, *instruments: Instrument) -> MarketWindow:
    """Return the window with its first instruments replaced."""
    kept = market.instruments[len(instruments) :]
    return market.model_copy(update={"instruments": (*instruments, *kept)})


def cut(given: AssemblyInput, session: date) -> AssemblyInput:
    """Return everything as it stood after the close of a session."""

    def shorter(part: MarketWindow | FuzzyWindow | QuantContext) -> dict[str, object]:
        return {
            name: value.until(session)
            for name in type(part).model_fields
            if isinstance(value := getattr(part, name), Panel) and value.sessions
        }

    now = {"session": session}
    return AssemblyInput(
        given.market.model_copy(update=shorter(given.market) | now),
        given.fuzzy.model_copy(update=shorter(given.fuzzy) | now),
        given.quant.model_copy(update=shorter(given.quant)),
    )


def reads_back(story: Story) -> None:
    """Fail unless both renderings say exactly the claims of the story, in order."""
    said = tuple(claim.statement for claim in story.claims)
    for text in (story.learning, story.reading):
        reading = read(text, name=story.name)
        assert reading.ungrounded == (), text
        assert reading.statements == said, text

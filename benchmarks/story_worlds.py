"""The real markets that ``story_language.py`` measures on, with everything stories rest on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

from foundation.contracts import FuzzyWindow, Horizon, MarketWindow, Statement
from foundation.quant import QuantForecaster, QuantSettings
from stage_01_data_engine import (
    BundledSource,
    DataEngineSettings,
    DataEngineStage,
    FolderSource,
    MarketRequest,
)
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import StoryAssemblySettings
from stage_03_story_assembly.stage import PLANS
from stage_03_story_assembly.telling.evidence import Evidence
from stage_03_story_assembly.telling.figures import Figures
from stage_03_story_assembly.telling.teller import Teller

SHARED = Path(os.environ.get("STORY_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
MEMBERS = "ohlcv_sp500_2013_2018"
AS_OF = date(2018, 2, 7)


def say(text: str = "") -> None:
    """Print one line of the report."""
    print(text, flush=True)


def note(text: str) -> None:
    """Say on stderr how far the run is."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def timed(work: Callable[[], object], times: int = 3) -> float:
    """Return the median seconds of a few runs."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken))


class World:
    """A market window, its graded states, and the tellers of its stories.

    Daily stories are planned once; those of other horizons when they are asked for, so that a
    wide market is not planned three times in memory.
    """

    def __init__(self, name: str, window: MarketWindow) -> None:
        self.name, self.window = name, window
        self.fuzzy: FuzzyWindow = FuzzificationStage(FuzzificationSettings()).run(window)
        self.quant = QuantForecaster(QuantSettings()).context(window)
        self.teller = self.telling(Horizon.DAILY)

    def telling(self, horizon: Horizon) -> Teller:
        """Return a teller of the stories of one horizon."""
        settings = StoryAssemblySettings()
        given = self.window, self.fuzzy, self.quant
        return Teller(
            PLANS[horizon](*given, settings),
            Figures(*given, settings),
            Evidence(*given),
            self.window.instruments,
        )

    def claims(self, t: int, n: int) -> list[Statement]:
        """Return what a day's story says of a symbol, in the plan's order."""
        return said(self.teller, t, n)


def places(teller: Teller) -> np.ndarray:
    """Return (session, symbol) positions of all stories, shape (K, 2)."""
    return np.argwhere(teller.plan.tellable)


def said(teller: Teller, t: int, n: int) -> list[Statement]:
    """Return what the data says of a symbol and session, in the plan's order."""
    numbers = teller.plan.codes[t, n].tolist()
    columns = teller.plan.columns
    return [c.options[k] for c, k in zip(columns, numbers, strict=True) if k >= 0]


def members(count: int, sessions: int = 1259) -> World:
    """Return the S&P 500's members of 2018 over 2013-2018 (survivors; no market-wide series)."""
    settings = DataEngineSettings()
    source = FolderSource(SHARED / MEMBERS, settings)
    request = MarketRequest(as_of=AS_OF, symbols=None, history_sessions=sessions)
    window = DataEngineStage(settings).run(source.load(request))
    if count < len(window.bars.symbols):
        kept = window.bars.symbols[:count]
        window = window.model_copy(
            update={
                "instruments": window.instruments[:count],
                "bars": window.bars.select(symbols=kept),
                "features": window.features.select(symbols=kept),
            }
        )
    return World(MEMBERS, window)


def bundled(sessions: int = 2_000) -> World:
    """Return the bundled set: indices, stocks, factor ETFs, VIX, oil, spreads, releases."""
    settings = DataEngineSettings()
    request = MarketRequest(as_of=date(2018, 12, 28), symbols=None, history_sessions=sessions)
    return World("bundled", DataEngineStage(settings).run(BundledSource().load(request)))


def spread(teller: Teller, count: int) -> Iterator[tuple[int, int]]:
    """Yield (session, symbol) of up to ``count`` stories, spread evenly over all there are."""
    told = places(teller)
    for t, n in told[np.linspace(0, len(told) - 1, min(count, len(told))).astype(int)]:
        yield int(t), int(n)

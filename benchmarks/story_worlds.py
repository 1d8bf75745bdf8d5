"""The real markets that ``story_language.py`` measures on, with everything stories rest on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class World:
    """A market window, its graded states, and the tellers of its stories by horizon."""

    name: str
    window: MarketWindow
    fuzzy: FuzzyWindow
    tellers: dict[Horizon, Teller]

    @classmethod
    def of(cls, name: str, window: MarketWindow) -> World:
        """Grade a window and plan its stories."""
        fuzzy = FuzzificationStage(FuzzificationSettings()).run(window)
        quant = QuantForecaster(QuantSettings()).context(window)
        settings = StoryAssemblySettings()
        figures = Figures(window, fuzzy, quant, settings)
        evidence = Evidence(window, fuzzy, quant)
        tellers = {
            horizon: Teller(
                plan(window, fuzzy, quant, settings), figures, evidence, window.instruments
            )
            for horizon, plan in PLANS.items()
        }
        return cls(name, window, fuzzy, tellers)

    @property
    def teller(self) -> Teller:
        """The teller of daily stories."""
        return self.tellers[Horizon.DAILY]

    def places(self, horizon: Horizon = Horizon.DAILY) -> np.ndarray:
        """Return (session, symbol) positions of all stories, shape (K, 2)."""
        return np.argwhere(self.tellers[horizon].plan.tellable)

    def claims(self, t: int, n: int, horizon: Horizon = Horizon.DAILY) -> list[Statement]:
        """Return what the data says of a symbol and session, in the plan's order."""
        plan = self.tellers[horizon].plan
        numbers = plan.codes[t, n].tolist()
        return [c.options[k] for c, k in zip(plan.columns, numbers, strict=True) if k >= 0]


def members(count: int) -> World:
    """Return the S&P 500's members of 2018 over 2013-2018 (survivors; no market-wide series)."""
    settings = DataEngineSettings()
    source = FolderSource(SHARED / MEMBERS, settings)
    request = MarketRequest(as_of=AS_OF, symbols=None, history_sessions=1259)
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
    return World.of(MEMBERS, window)


def bundled(sessions: int = 2_000) -> World:
    """Return the bundled set: indices, stocks, factor ETFs, VIX, oil, spreads, releases."""
    settings = DataEngineSettings()
    request = MarketRequest(as_of=date(2018, 12, 28), symbols=None, history_sessions=sessions)
    return World.of("bundled", DataEngineStage(settings).run(BundledSource().load(request)))


def spread(places: np.ndarray, count: int) -> Iterator[tuple[int, int]]:
    """Yield ``count`` places spread evenly over all of them."""
    for t, n in places[np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)]:
        yield int(t), int(n)

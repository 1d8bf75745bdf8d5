"""A market to forecast, its labels, and the folder that keeps what was computed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from config.recipes.market_model import market_model_cpu
from foundation.contracts import MarketWindow
from foundation.market_model import Labels, MarketModelRecipe, ModelData, labels, model_data
from foundation.quant.returns import log_returns
from foundation.quant.settings import GarchSettings
from foundation.quant.volatility import garch_volatility
from stage_01_data_engine import DataEngineSettings, DataEngineStage, FolderSource, MarketRequest

if TYPE_CHECKING:
    pass


HORIZON = 5
FIRST_REFIT, REFIT_EVERY, HELD_BACK = 250, 252, 63
TWINS_EVERY, TRIAL, LEAST = 21, 252, 63
SETS = {"2013-2018": "ohlcv_sp500_2013_2018", "2018-2023": "ohlcv_sp500_2018_2023"}
SEEDS = (20181228, 1, 2)


@dataclass(frozen=True)
class Forecast:
    """What a model says, (T, N); NaN where it says nothing. Log returns, odds and volatilities.

    ``score`` orders the stocks of a session; ``quantiles`` has shape (T, N, 3).
    """

    quantiles: np.ndarray
    hit: np.ndarray
    volatility: np.ndarray
    score: np.ndarray


@dataclass(frozen=True)
class Case:
    """A market, its labels and where its work is kept.

    ``recipe`` is the market model's; the others of its family are made from it.
    """

    name: str
    window: MarketWindow
    recipe: MarketModelRecipe
    work: Path
    seeds: tuple[int, ...] = SEEDS[:1]

    @cached_property
    def returns(self) -> np.ndarray:
        return log_returns(self.window.bars.field("close"))

    @cached_property
    def scale(self) -> np.ndarray:
        return garch_volatility(self.returns, GarchSettings()).volatility

    @cached_property
    def data(self) -> ModelData:
        return model_data(self.window, self.scale, self.recipe)

    @cached_property
    def labels(self) -> Labels:
        return labels(self.window, self.scale, self.recipe)

    @cached_property
    def refit_rows(self) -> tuple[int, ...]:
        known = int(np.flatnonzero(np.isfinite(self.scale).any(axis=1))[0])
        # A refit that answers for less than a quarter of a year would be scored on nothing.
        return tuple(range(known + FIRST_REFIT, len(self.scale) - HELD_BACK, REFIT_EVERY))

    @property
    def absent(self) -> np.ndarray:
        return np.full(self.scale.shape, np.nan)

    def kept(self, name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Return arrays of the work folder, made now if they are not there."""
        path = self.work / self.name / f"{name}.npz"
        if not path.exists():
            begun = time.perf_counter()
            arrays = make()
            seconds = time.perf_counter() - begun
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.npz")
            np.savez_compressed(part, seconds=np.array(seconds), **arrays)
            part.replace(path)
            print(f"{self.name}: {name} in {seconds:.0f} s", file=sys.stderr, flush=True)
        with np.load(path) as found:
            return dict(found)


def real_case(
    name: str, shared: Path, work: Path, every: int, seeds: tuple[int, ...], recipe_threads: int
) -> Case:
    """Return every n-th stock of a set of real bars, with the VIX and sectors beside them.

    Stocks are those with a bar on the first and the last session, so survivors; sectors are those
    of the first yearly list that names a stock.
    """
    folder = work / f"{name} every {every}"
    if not (folder / "instruments.csv").exists():
        folder.mkdir(parents=True, exist_ok=True)
        bars = pd.read_parquet(shared / SETS[name] / "bars.parquet")
        days = bars.groupby("ticker")["date"].agg(["min", "max"])
        whole = (days["min"] == bars["date"].min()) & (days["max"] == bars["date"].max())
        chosen = sorted(days.index[whole])[::every]
        bars[bars["ticker"].isin(chosen)].to_parquet(folder / "bars.parquet")
        vix = pd.read_csv(shared / "index_vix" / "vix_daily.csv.gz")
        vix[["date", "close"]].to_csv(folder / "VIX.csv", index=False)
        lists = pd.read_csv(
            shared / "constituents" / "sp500_constituents_yearly_snapshots.csv.gz",
            keep_default_na=False,
        )
        known = lists.drop_duplicates("symbol").set_index("symbol")["sector"]
        sectors = pd.DataFrame({"symbol": chosen, "sector": known.reindex(chosen).fillna("")})
        sectors.to_csv(folder / "instruments.csv", index=False)
    last: date = pd.read_parquet(folder / "bars.parquet", columns=["date"])["date"].max().date()
    settings = DataEngineSettings()
    request = MarketRequest(last, None, settings.history_sessions)
    window = DataEngineStage(settings).run(FolderSource(folder, settings).load(request))
    recipe = market_model_cpu().model_copy(update={"threads": recipe_threads})
    return Case(f"{name} every {every}", window, recipe, work, seeds)

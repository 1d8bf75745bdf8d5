"""Nothing that is said about a day depends on a later one, and a leak is found where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import FuzzyWindow, MarketWindow, QuantContext, StoryBook
from foundation.kernel import Contract
from foundation.runtime import Plan
from foundation.testing.simulated_market import simulated_market
from foundation.timeseries import Panel
from stage_01_data_engine import (
    BundledSource,
    DataEngineSettings,
    FolderSource,
    MarketRequest,
    RawMarket,
)
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.sources import SourceReading, open_source
from stage_10_integration.verification import SOURCE, Verdict, verify_no_lookahead
from tests.laws.small_house import modelled_house, small_house, toy_house

Spoil = Callable[[Contract], Contract]


def spoiled(step: str, spoil: Spoil) -> Callable[[Plan], Plan]:
    """Return a hook that lets one step's output pass through ``spoil``."""

    def rewire(plan: Plan) -> Plan:
        def make(given: Mapping[str, Any]) -> Contract:
            return spoil(plan.step(step).make(given))

        return Plan([replace(s, make=make) if s.name == step else s for s in plan])

    return rewire


def found(verdict: Verdict) -> tuple[str | None, str]:
    broken = verdict.first_broken
    assert broken is not None, "the leak went unnoticed"
    return broken.step, broken.where or ""


def test_real_data_to_token_windows_is_blind_to_the_future() -> None:
    verdict = verify_no_lookahead(small_house())
    assert verdict.held, verdict.first_broken
    assert len(verdict.comparisons) == 4
    assert verdict.comparisons[1].steps[-1] == wiring.TOKENS
    assert verdict.comparisons[3].steps == (
        wiring.DATA, wiring.FUZZY, wiring.QUANT, wiring.CHARACTERISTICS, wiring.STORIES,
        wiring.WEEKLY, wiring.OCCASIONS, wiring.TOKENS,
    )  # fmt: skip


def test_market_model_twins_and_their_report_are_blind_to_the_future() -> None:
    seen: list[QuantContext] = []

    def note(made: Contract) -> Contract:
        assert isinstance(made, QuantContext)
        seen.append(made)
        return made

    verdict = verify_no_lookahead(
        modelled_house(), until=wiring.QUANT, rewire=spoiled(wiring.QUANT, note)
    )
    assert verdict.held, verdict.first_broken
    assert all(wiring.QUANT in comparison.steps for comparison in verdict.comparisons[1:])
    for made in seen:
        assert made.report is not None
        assert len(made.report.calibration) == 3
        assert made.report.regimes is not None
        assert np.isfinite(made.report.regimes.values[-1]).all()


def test_the_whole_house_to_signals_is_blind_to_the_future() -> None:
    """Model and signals included: three trainings of the toy model, on rewritten futures."""
    verdict = verify_no_lookahead(toy_house(), until=wiring.SIGNALS)
    assert verdict.held, verdict.first_broken
    assert verdict.comparisons[1].steps[-1] == wiring.SIGNALS
    assert wiring.TRAINING in verdict.comparisons[1].steps


def smoothed(panel: Panel, ahead: int) -> Panel:
    """Return each cell's mean with the ``ahead`` sessions after it."""
    out = panel.values.copy()
    stop = len(out) - ahead
    out[:stop] = np.mean([panel.values[k : k + stop] for k in range(ahead + 1)], axis=0)
    return panel.model_copy(update={"values": out})


def test_a_mean_that_looks_one_session_ahead_is_caught_in_stage_02() -> None:
    def leak(made: Contract) -> Contract:
        assert isinstance(made, FuzzyWindow)
        return made.model_copy(update={"memberships": smoothed(made.memberships, 1)})

    verdict = verify_no_lookahead(
        small_house(), until=wiring.FUZZY, rewire=spoiled(wiring.FUZZY, leak)
    )
    step, where = found(verdict)
    assert step == wiring.FUZZY
    assert where.startswith("memberships[2018-11-28")


def test_scaling_by_the_whole_sample_is_caught_in_stage_01() -> None:
    def leak(made: Contract) -> Contract:
        assert isinstance(made, MarketWindow)
        scaled = made.features.values / np.nanmax(np.abs(made.features.values), axis=0)
        return made.model_copy(
            update={"features": made.features.model_copy(update={"values": scaled})}
        )

    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="All-NaN"):
        verdict = verify_no_lookahead(
            small_house(), until=wiring.DATA, rewire=spoiled(wiring.DATA, leak)
        )
    step, where = found(verdict)
    assert step == wiring.DATA
    assert where.startswith("features[")


def test_a_story_written_with_the_answer_known_is_caught_in_stage_03() -> None:
    def leak(made: Contract) -> Contract:
        assert isinstance(made, StoryBook)
        told = [*made.texts]
        for t in range(len(told) - 1):
            price = made.observed.field("price")[t + 1]
            told[t] = tuple(
                f"{text} Tomorrow brings {code}." for text, code in zip(told[t], price, strict=True)
            )
        return made.model_copy(update={"texts": tuple(told)})

    verdict = verify_no_lookahead(
        small_house(), until=wiring.STORIES, rewire=spoiled(wiring.STORIES, leak)
    )
    step, where = found(verdict)
    assert step == wiring.STORIES
    assert "2018-11-28" in where


class UncutSource(BundledSource):
    """Asked for a day, it delivers what was known ten days after it."""

    def load(self, request: MarketRequest) -> RawMarket:
        later = MarketRequest(
            as_of=min(request.as_of + timedelta(days=12), date(2018, 12, 28)),
            symbols=request.symbols,
            history_sessions=request.history_sessions + 8,
        )
        return replace(super().load(later), request=request)


def test_a_source_that_does_not_cut_is_caught_before_anything_runs() -> None:
    def opened(settings: HouseSettings) -> SourceReading:
        request = open_source(settings).load().request
        return SourceReading(UncutSource(), request)

    verdict = verify_no_lookahead(small_house(), until=wiring.DATA, opened=opened)
    step, where = found(verdict)
    assert step == SOURCE
    assert where.startswith("bars: ")


def test_a_step_that_rests_on_more_than_its_input_is_caught() -> None:
    drawn = np.random.default_rng(0)

    def leak(made: Contract) -> Contract:
        assert isinstance(made, MarketWindow)
        values = made.features.values.copy()
        values[-1, 0, 0] += drawn.random()
        return made.model_copy(
            update={"features": made.features.model_copy(update={"values": values})}
        )

    verdict = verify_no_lookahead(
        small_house(), until=wiring.DATA, rewire=spoiled(wiring.DATA, leak)
    )
    step, where = found(verdict)
    assert step == wiring.DATA
    assert where.startswith("features[2018-11-28, SPX")


def test_files_rewritten_after_the_day_change_nothing(tmp_path: Path) -> None:
    """The same on disk: a folder whose later rows are changed, and one where they are missing."""
    market = simulated_market(symbols=2, sessions=160)
    day = market.sessions[139]
    request = MarketRequest(as_of=day, symbols=None, history_sessions=140)
    loaded = []
    for name in ("whole", "changed", "deleted"):
        folder = tmp_path / name
        folder.mkdir()
        for symbol in market.symbols:
            frame = market.frame(symbol)
            later = frame.index > pd.Timestamp(day)
            if name == "changed":
                frame.loc[later] = frame.loc[later] * 1.5
            frame = frame[~later] if name == "deleted" else frame
            frame.reset_index().rename(columns={"session": "date"}).to_csv(
                folder / f"{symbol}.csv", index=False
            )
        loaded.append(FolderSource(folder, DataEngineSettings()).load(request))
    whole, changed, deleted = loaded
    for other in (changed, deleted):
        pd.testing.assert_frame_equal(other.bars, whole.bars)
        assert other.source.fingerprint == whole.source.fingerprint
        assert other.findings == whole.findings

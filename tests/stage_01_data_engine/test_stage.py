"""What every market window holds, whatever the source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from foundation.contracts import BAR_FIELDS, SERIES, Instrument, MarketWindow, content_hash
from foundation.market import close_of, next_session, sessions_until
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.features import FEATURE_FIELDS
from tests.stage_01_data_engine.market_files import AS_OF, lines, load, walk, window, write
from tests.stage_01_data_engine.test_quality import raw


@pytest.fixture
def made(tmp_path: Path) -> MarketWindow:
    write(tmp_path, "AAA.csv", lines(walk(0, 60)))
    write(tmp_path, "BBB.csv", lines(walk(1, 30)[["date", "close"]]))
    return window(tmp_path)


def test_every_series_that_stories_speak_of_has_its_field(made: MarketWindow) -> None:
    for series in SERIES.values():
        assert getattr(made, series.panel).has(series.field), series.name
    assert made.features.fields == FEATURE_FIELDS
    assert made.bars.fields == BAR_FIELDS
    assert made.market.fields == ("vix", "wti", "credit_spread", "core_cpi_yoy", "breadth")
    assert made.market.symbols == ("MARKET",)


def test_panels_share_sessions_and_end_with_the_as_of_session(made: MarketWindow) -> None:
    assert made.bars.sessions == made.features.sessions == made.market.sessions
    assert made.bars.sessions == sessions_until(AS_OF, 60)
    assert made.session == AS_OF
    assert made.target_session == next_session(AS_OF)
    assert made.as_of == close_of(AS_OF)


def test_a_shorter_history_begins_where_the_first_bar_is(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", lines(walk(0, 25)))
    assert window(tmp_path, history=500).bars.sessions == sessions_until(AS_OF, 25)


def test_the_window_survives_json(made: MarketWindow) -> None:
    again = MarketWindow.model_validate_json(made.model_dump_json())
    assert again == made
    assert content_hash(again) == content_hash(made)


def test_a_source_of_ones_own_ends_in_raw_market() -> None:
    """Bars beyond the as-of date and values not yet known never reach the stage."""
    bars = raw(walk(0, 60))
    early = sessions_until(AS_OF, 10)[0]
    known = close_of(AS_OF)
    observed = observation_frame(
        [("vix", close_of(early), close_of(early), 20.0, "x:1"), ("vix", known, known, 30.0, "x:2")]
    )
    instrument = Instrument(symbol="AAA", name="Aaa", kind="equity", fields=BAR_FIELDS)
    request = MarketRequest(early, None, 30)
    given = raw_market(
        request, name="own", bars=bars, observations=observed, events=(), instruments=(instrument,)
    )
    assert given.bars["session"].max().date() == early
    assert given.observations["value"].tolist() == [20.0]
    made = DataEngineStage(DataEngineSettings()).run(given)
    assert made.market.field("vix")[-1, 0] == 20
    without = raw_market(
        request,
        name="own",
        bars=bars[bars["session"].dt.date <= early],
        observations=observed[:1],
        events=(),
        instruments=(instrument,),
    )
    assert without.source == given.source


def test_the_stage_leaves_what_it_is_given_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", lines(walk(0, 60).assign(volume=0)))
    given = load(tmp_path)
    before = given.bars.copy()
    stage = DataEngineStage(DataEngineSettings())
    first, second = stage.run(given), stage.run(given)
    assert given.bars.equals(before)
    assert content_hash(first) == content_hash(second)
    assert np.isnan(first.bars.field("volume")).all()


def test_impossible_settings_are_refused() -> None:
    for bad in ({"history_sessions": 0}, {"range_tolerance": -1}, {"surprise": 1}):
        with pytest.raises(ValidationError):
            DataEngineSettings.model_validate(bad)


def test_importing_the_stage_costs_no_heavy_library() -> None:
    heavy = {"pandas", "talib", "pyarrow", "arch", "skfolio", "exchange_calendars", "torch"}
    code = f"import sys, stage_01_data_engine; print({heavy!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_bundled_data_are_read_without_importing_their_packages() -> None:
    code = (
        "import sys; from datetime import date; from stage_01_data_engine import *;"
        "BundledSource().load(MarketRequest(date(2018, 12, 28), None, 30));"
        "print({'arch', 'skfolio', 'sklearn', 'statsmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

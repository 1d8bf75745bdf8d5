"""Series beside bars: which a window has, when they count, and what is made of them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS, ContinuousSeries, Instrument, MarketWindow
from foundation.kernel import OperatorError
from foundation.market import close_of, sessions_until
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    JoinedSource,
    MarketRequest,
    RawMarket,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.features import FEATURE_FIELDS
from stage_01_data_engine.raw import OBSERVATION_COLUMNS
from stage_01_data_engine.series import CORE_SERIES
from tests.stage_01_data_engine.market_files import AS_OF, lines, walk, window, write
from tests.stage_01_data_engine.test_quality import raw

DAYS = sessions_until(AS_OF, 60)
INTEREST = ContinuousSeries(
    name="short_interest", unit="shares", panel="features", stale_after_sessions=3
)
MOOD = ContinuousSeries(name="mood", unit="points", panel="market", stale_after_sessions=1)


def observed(*rows: tuple[str, str, date, float]) -> pd.DataFrame:
    """(series, symbol, known at the close of, value) as observations."""
    frame = observation_frame(
        [(name, close_of(day), close_of(day), value, "x") for name, _, day, value in rows]
    )
    return frame.assign(symbol=[symbol for _, symbol, _, _ in rows])


def given(
    observations: pd.DataFrame, *own: ContinuousSeries, as_of: date = AS_OF, bars: bool = True
) -> RawMarket:
    names = ("AAA", "BBB") if bars else ()
    frames = [raw(walk(n, 60), symbol=name) for n, name in enumerate(names)]
    return raw_market(
        MarketRequest(as_of, None, 60),
        name="own",
        bars=pd.concat(frames, ignore_index=True) if bars else raw(walk(0, 60)).iloc[:0],
        observations=observations,
        events=(),
        instruments=tuple(
            Instrument(symbol=s, name=s, kind="equity", fields=BAR_FIELDS) for s in names
        ),
        series=own,
    )


def made(
    observations: pd.DataFrame, *own: ContinuousSeries, settings: DataEngineSettings | None = None
) -> MarketWindow:
    return DataEngineStage(settings or DataEngineSettings()).run(given(observations, *own))


def test_known_series_are_there_when_a_source_has_them() -> None:
    rows = [(name, "MARKET", DAYS[-1], 4.0) for name in ("treasury_10y", "vvix", "trin")]
    window_ = made(observed(*rows))
    assert window_.market.fields == (*CORE_SERIES, "vvix", "treasury_10y", "trin", "breadth")
    assert {s.name for s in window_.series} == {*CORE_SERIES, "vvix", "treasury_10y", "trin"}
    assert window_.market.field("trin")[-1, 0] == 4.0
    assert not any(f.field == "trin" for f in made(observed()).findings)


def test_the_slope_of_the_yield_curve_is_there_when_both_ends_are() -> None:
    rows = [("treasury_10y", "MARKET", DAYS[-2], 4.0), ("treasury_3m", "MARKET", DAYS[-1], 4.5)]
    slope = made(observed(*rows)).market.field("yield_slope_10y_3m")[:, 0]
    np.testing.assert_allclose(slope[-2:], [np.nan, -0.5])


def test_a_series_of_ones_own_lands_where_it_is_declared() -> None:
    window_ = made(
        observed(
            ("short_interest", "BBB", DAYS[-6], 1e6),
            ("short_interest", "BBB", DAYS[-2], 2e6),
            ("short_interest", "ZZZ", DAYS[-2], 9e6),
            ("mood", "MARKET", DAYS[-3], 7.0),
        ),
        INTEREST,
        MOOD,
    )
    assert window_.features.fields == (*FEATURE_FIELDS, "short_interest")
    mine = window_.features.field("short_interest")
    assert np.isnan(mine[:, 0]).all()
    # Three sessions after the one it became known on it is stale: the fourth has none.
    np.testing.assert_array_equal(mine[-7:, 1], [np.nan, 1e6, 1e6, 1e6, 1e6, 2e6, 2e6])
    mood = window_.market.field("mood")[:, 0]
    np.testing.assert_array_equal(mood[-4:], [np.nan, 7.0, 7.0, np.nan])
    assert {INTEREST, MOOD} <= set(window_.series)


def test_features_before_it_are_the_same_with_a_series_of_ones_own() -> None:
    plain = made(observed())
    more = made(observed(("short_interest", "AAA", DAYS[-2], 1.0)), INTEREST)
    assert more.features.select(fields=FEATURE_FIELDS) == plain.features


def test_settings_say_when_a_series_is_stale() -> None:
    rows = observed(("mood", "MARKET", DAYS[-3], 7.0))
    patient = DataEngineSettings(stale_after_sessions={"mood": 9})
    window_ = made(rows, MOOD, settings=patient)
    assert window_.market.field("mood")[-1, 0] == 7.0
    assert next(s for s in window_.series if s.name == "mood").stale_after_sessions == 9


@pytest.mark.parametrize(
    ("rows", "own", "rule"),
    [
        ([("mood", "MARKET", DAYS[-1], 1.0)], [], "known or declared"),
        ([], [MOOD, MOOD], "declared once"),
        ([], [MOOD.model_copy(update={"name": "vix"})], "name of its own"),
        ([], [MOOD.model_copy(update={"name": "a mood"})], "letters"),
        ([], [MOOD.model_copy(update={"name": "breadth"})], "no feature has"),
        ([], [INTEREST.model_copy(update={"name": "rsi_14"})], "no feature has"),
    ],
)
def test_a_name_that_cannot_stand_is_refused(rows: list, own: list, rule: str) -> None:
    with pytest.raises(OperatorError, match=rule):
        made(observed(*rows), *own)


def test_what_is_not_known_by_the_close_leaves_no_trace() -> None:
    early, late = ("mood", "MARKET", DAYS[-9], 1.0), ("mood", "MARKET", DAYS[-2], 2.0)
    as_of = DAYS[-3]
    one = given(observed(early), MOOD, as_of=as_of)
    other = given(observed(early, late), MOOD, as_of=as_of)
    assert one.source.fingerprint == other.source.fingerprint
    assert list(one.observations) == list(OBSERVATION_COLUMNS)


def test_joined_sources_bring_their_series_together() -> None:
    class Held:
        def __init__(self, raw_: RawMarket) -> None:
            self.name, self.raw = "held", raw_

        def load(self, request: MarketRequest) -> RawMarket:
            return self.raw

    bars = given(observed(("vix", "MARKET", DAYS[-1], 20.0)))
    more = given(observed(("mood", "MARKET", DAYS[-1], 1.0)), MOOD, bars=False)
    both = JoinedSource(Held(bars), Held(more)).load(MarketRequest(AS_OF, None, 60))
    assert set(both.observations["series"]) == {"vix", "mood"}
    assert MOOD in both.series


def test_real_treasury_yields_tell_of_the_flat_curve_of_2018(
    tmp_path: Path, shared_data: Path
) -> None:
    """The Treasury's own figures for 2018-12-27: ten years 2.77, two years 2.56."""
    fred = pd.read_parquet(shared_data / "macro_fred" / "fred_long.parquet")
    wide = fred.pivot(index="date", columns="series", values="value")
    wide = wide.loc["2018-06-01":"2018-12-31", ["DGS10", "T10Y2Y"]].dropna()
    known = [f"{day.date() + timedelta(days=1)}T06:00:00-05:00" for day in wide.index]
    for name, values in (
        ("treasury_10y", wide["DGS10"]), ("treasury_2y", wide["DGS10"] - wide["T10Y2Y"]),
    ):  # fmt: skip
        rows = pd.DataFrame({"date": wide.index.strftime("%Y-%m-%d"), "value": values})
        write(tmp_path, f"{name}.csv", lines(rows.assign(known_at=known)))
    write(tmp_path, "AAA.csv", lines(walk(0, 60)))
    told = window(tmp_path)
    at = told.market.sessions.index(date(2018, 12, 28))
    assert told.market.field("treasury_10y")[at, 0] == 2.77
    assert told.market.field("yield_slope_10y_2y")[at, 0] == pytest.approx(0.21)
    feature = told.features.field("yield_slope_10y_2y")[at, 0]
    assert feature == pytest.approx(0.21)

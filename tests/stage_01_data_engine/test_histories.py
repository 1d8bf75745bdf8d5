"""What bars say about one another, on hand-made histories and on real ones with known history."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS, Instrument
from foundation.market import sessions
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.quality import Gated, gate

DAYS = sessions(date(2010, 1, 4), date(2012, 12, 31))


def bars(
    seed: int = 0, symbol: str = "AAA", count: int = 120, daily: float = 0.012
) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    close = 80 * np.exp(np.cumsum(draw.normal(0, daily, count)))
    opened = np.concatenate([[80], close[:-1]]) * np.exp(draw.normal(0, daily / 3, count))
    spread = np.exp(np.abs(draw.normal(0, daily / 2, (2, count))))
    return pd.DataFrame(
        {
            "symbol": symbol,
            "session": pd.to_datetime(list(DAYS[:count])),
            "open": opened,
            "high": np.maximum(opened, close) * spread[0],
            "low": np.minimum(opened, close) / spread[1],
            "close": close,
            "volume": np.round(1e6 * np.exp(draw.normal(0, 0.2, count))),
        }
    )


PRICES = ["open", "high", "low", "close"]


def judged(*frames: pd.DataFrame, fields: tuple[str, ...] = BAR_FIELDS) -> Gated:
    frame = pd.concat(frames, ignore_index=True)
    frame["location"] = [f"x:{n}" for n in range(len(frame))]
    names = sorted(set(frame["symbol"]))
    last = frame["session"].max().date()
    return gate(
        frame,
        tuple(Instrument(symbol=s, name=s, kind="equity", fields=fields) for s in names),
        tuple(day for day in DAYS if day <= last) if last in DAYS else sessions(DAYS[0], last),
        DataEngineSettings(),
    )


def found(gated: Gated, rule: str) -> list[tuple[str, date]]:
    rows = gated.verdicts[gated.verdicts["rule"] == rule]
    return list(zip(rows["symbol"], rows["session"].dt.date, strict=True))


def test_a_quiet_walk_breaks_no_rule() -> None:
    for seed in range(5):
        assert judged(bars(seed)).verdicts.empty


@pytest.mark.parametrize(
    ("ratio", "said"), [(2, "2:1"), (1.5, "3:2"), (4 / 3, "4:3"), (7, "7:1"), (0.1, "1:10")]
)
def test_a_history_before_a_split_is_named_with_its_ratio(ratio: float, said: str) -> None:
    frame = bars()
    frame.loc[:69, PRICES] *= ratio
    frame.loc[:69, "volume"] /= ratio
    made = judged(frame)
    assert found(made, "split-suspected") == [("AAA", DAYS[70])]
    assert found(made, "jump") == [], "one cause, one finding"
    finding = next(f for f in made.findings if f.session == DAYS[70])
    assert finding.value.endswith(f"like {said}")
    assert made.quarantined == 0


def test_a_crash_of_a_third_on_tenfold_turnover_is_no_split() -> None:
    frame = bars()
    frame.loc[70:, PRICES] /= 1.5
    frame.loc[70, "volume"] *= 15
    made = judged(frame)
    assert found(made, "split-suspected") == []
    assert found(made, "jump") == [("AAA", DAYS[70])]


def test_a_gap_that_is_ordinary_for_the_time_is_no_split() -> None:
    frame = bars(daily=0.07)
    frame.loc[:69, PRICES] *= 4 / 3
    assert found(judged(frame), "split-suspected") == []


def test_a_market_that_opens_a_fifth_lower_has_split_nothing() -> None:
    frames = [bars(n, f"S{n:02d}") for n in range(12)]
    for frame in frames:
        frame.loc[70:, PRICES] /= 1.25
    assert found(judged(*frames), "split-suspected") == []
    assert found(judged(frames[0]), "split-suspected") == [("S00", DAYS[70])]


def test_a_split_without_reported_volume_is_told_by_its_ratio() -> None:
    frame = bars().assign(volume=np.nan, open=np.nan, high=np.nan, low=np.nan)
    frame.loc[:69, "close"] *= 2
    exact = frame.loc[70, "close"] / (frame.loc[69, "close"] / 2)
    frame.loc[70:, "close"] /= exact
    assert found(judged(frame, fields=("close",)), "split-suspected") == [("AAA", DAYS[70])]


def test_a_misprint_is_told_from_a_reversal_by_the_next_open() -> None:
    misprint = bars()
    misprint.loc[70, PRICES] *= 1.4
    assert found(judged(misprint), "bad-print") == [("AAA", DAYS[70])]
    assert found(judged(misprint), "jump") == [], "neither the step out nor the step back"
    reversal = misprint.copy()
    reversal.loc[71, ["open", "high"]] = reversal.loc[70, "close"]
    assert found(judged(reversal), "bad-print") == []


def test_a_standstill_is_longer_than_the_symbols_own_habit() -> None:
    frame = bars()
    frame.loc[50:53, PRICES] = frame.loc[49, PRICES].to_numpy(dtype=float)
    assert found(judged(frame), "stale-run") == [("AAA", DAYS[n]) for n in range(50, 54)]
    thin = bars(1)
    for n in range(10, 110, 3):
        thin.loc[n : n + 1, PRICES] = thin.loc[n, "close"]
    assert found(judged(thin), "stale-run") == [], "a thin stock pauses every other day"


def test_a_symbol_that_returns_with_another_size_counts_as_reused() -> None:
    """The price happens to be the same; a hundredth of the money is turned over."""
    frame = bars(count=200)
    frame.loc[:79, "volume"] *= 100
    assert found(judged(frame.drop(range(80, 120))), "reused-symbol") == [("AAA", DAYS[120])]


def test_a_symbol_that_returns_at_another_level_counts_as_reused() -> None:
    frame = bars(count=200)
    frame.loc[:79, PRICES] *= 10
    made = judged(frame.drop(range(80, 120)))
    assert found(made, "reused-symbol") == [("AAA", DAYS[120])]
    same_level = judged(bars(count=200).drop(range(80, 120)))
    assert found(same_level, "reused-symbol") == []
    assert found(same_level, "long-gap") == [("AAA", DAYS[120])]


def test_two_symbols_with_one_series_are_both_named_and_one_coincidence_is_not() -> None:
    one, other = bars(0, "AAA"), bars(1, "BBB")
    other.loc[60, PRICES] = one.loc[60, PRICES].to_numpy(dtype=float)
    assert found(judged(one, other), "shared-series") == []
    other.loc[40:99, PRICES] = one.loc[40:99, PRICES].to_numpy(dtype=float)
    made = judged(one, other)
    assert len(found(made, "shared-series")) == 120
    finding = next(f for f in made.findings if "share one" in f.rule)
    assert finding.value == "AAA and BBB agree in all prices on 60 sessions"
    assert found(made, "split-suspected") == [], "the seams are no corporate actions"


def test_a_bar_of_a_later_session_is_set_aside_on_the_earlier_one() -> None:
    frame = bars()
    frame.loc[30, list(BAR_FIELDS)] = frame.loc[90, list(BAR_FIELDS)].to_numpy(dtype=float)
    made = judged(frame)
    assert found(made, "transplanted-bar") == [("AAA", DAYS[30])]
    assert any(f"the bar of {DAYS[90]}" in f.value for f in made.findings)
    assert DAYS[30] not in set(made.bars["session"].dt.date)
    assert made.tally.quarantined == made.quarantined == 1
    before = judged(frame[:60])
    assert found(before, "transplanted-bar") == [], "as of an earlier day the copy is not known"


def test_a_bar_of_an_earlier_session_is_set_aside_on_the_later_one() -> None:
    frame = bars()
    frame.loc[90, list(BAR_FIELDS)] = frame.loc[30, list(BAR_FIELDS)].to_numpy(dtype=float)
    assert found(judged(frame), "transplanted-bar") == [("AAA", DAYS[90])]


def test_tomorrows_bars_standing_on_today_are_told_from_bars_carried_forward() -> None:
    """Both look alike pair by pair; where the prices fit shows which session was overwritten."""
    for later, source in ((50, 49), (49, 50)):
        frames = [bars(n, f"S{n:02d}") for n in range(20)]
        for frame in frames:
            frame.loc[later, list(BAR_FIELDS)] = frame.loc[source, list(BAR_FIELDS)].to_numpy(
                dtype=float
            )
        made = judged(*frames)
        everyone = [f"S{n:02d}" for n in range(20)]
        if source > later:
            assert found(made, "transplanted-bar") == [(s, DAYS[49]) for s in everyone]
            assert found(made, "filled-session") == []
        else:
            assert found(made, "transplanted-bar") == []
            assert found(made, "filled-session") == [(s, DAYS[50]) for s in everyone]


def test_equal_prices_with_another_volume_are_chance_unless_two_sessions_are_mixed_up() -> None:
    alone = bars()
    alone.loc[30, PRICES] = alone.loc[31, PRICES].to_numpy(dtype=float)
    assert found(judged(alone), "transplanted-bar") == []
    frames = [bars(n, f"S{n:02d}") for n in range(4)]
    for n, frame in enumerate(frames):
        frame.loc[30, list(BAR_FIELDS)] = frame.loc[60, list(BAR_FIELDS)].to_numpy(dtype=float)
        frame.loc[30, "volume"] *= 1.0 if n < 3 else 1.01
    aside = found(judged(*frames), "transplanted-bar")
    assert aside == [(f"S{n:02d}", DAYS[30]) for n in range(4)]


def test_a_session_filled_for_many_symbols_is_told_from_one_repeated_bar() -> None:
    frames = [bars(n, f"S{n:02d}") for n in range(20)]
    frames[0].loc[20, list(BAR_FIELDS)] = frames[0].loc[19, list(BAR_FIELDS)].to_numpy(dtype=float)
    for frame in frames[:6]:
        frame.loc[50, list(BAR_FIELDS)] = frame.loc[49, list(BAR_FIELDS)].to_numpy(dtype=float)
    made = judged(*frames)
    assert found(made, "copied-bar") == [("S00", DAYS[20])]
    assert found(made, "filled-session") == [(f"S{n:02d}", DAYS[50]) for n in range(6)]


# --- real histories -----------------------------------------------------------------------------


def real(path: Path, symbols: tuple[str, ...]) -> Gated:
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    frame = pd.read_parquet(path).rename(columns={"ticker": "symbol", "date": "session"})
    frame = frame[frame["symbol"].isin(symbols)].reset_index(drop=True)
    frame = frame.assign(location=[f"r:{n}" for n in range(len(frame))])
    first, last = frame["session"].min().date(), frame["session"].max().date()
    return gate(
        frame.astype(dict.fromkeys(BAR_FIELDS, float)),
        tuple(Instrument(symbol=s, name=s, kind="equity", fields=BAR_FIELDS) for s in symbols),
        sessions(first, last),
        DataEngineSettings(),
    )


def test_the_splits_of_apple_and_the_reuse_of_fb_are_found_in_raw_bars(shared_data: Path) -> None:
    made = real(shared_data / "lean_us_daily_raw" / "bars_raw.parquet", ("AAPL", "FB", "BNO"))
    splits = {f.session: f.value.split("like ")[1] for f in made.findings if "one basis" in f.rule}
    assert splits == {
        date(2000, 6, 21): "2:1",
        date(2005, 2, 28): "2:1",
        date(2014, 6, 9): "7:1",
        date(2020, 8, 31): "4:1",
        date(2013, 8, 29): "2:1",
    }
    assert set(found(made, "reused-symbol")) == {
        ("FB", date(2012, 5, 18)), ("BNO", date(2010, 6, 2)),
    }  # fmt: skip


def test_bars_of_december_stand_in_september_2017(shared_data: Path) -> None:
    """The set carries bars of a later day on an earlier one: Conoco's of 2017-12-19."""
    made = real(shared_data / "ohlcv_sp500_2013_2018" / "bars.parquet", ("COP", "MSFT", "A"))
    assert ("COP", date(2017, 9, 14)) in found(made, "transplanted-bar")
    assert ("COP", date(2017, 12, 19)) not in found(made, "transplanted-bar")
    kept = made.bars.loc[made.bars["symbol"] == "COP", "session"].dt.date
    assert date(2017, 9, 14) not in set(kept)


def test_the_vix_on_exchange_holidays_is_set_aside(shared_data: Path) -> None:
    path = shared_data / "index_vix" / "vix_daily.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    frame = pd.read_csv(path, parse_dates=["date"]).rename(columns={"date": "session"})
    frame = frame.assign(
        symbol="VIX", volume=np.nan, location=[f"v:{n}" for n in range(len(frame))]
    )
    made = gate(
        frame,
        (Instrument(symbol="VIX", name="VIX", kind="index", fields=BAR_FIELDS[:4]),),
        sessions(date(1990, 1, 2), date(2023, 6, 30)),
        DataEngineSettings(),
    )
    off = found(made, "off-session")
    assert len(off) == 10
    assert ("VIX", date(2004, 6, 11)) in off
    assert len(found(made, "outside-range")) == 47

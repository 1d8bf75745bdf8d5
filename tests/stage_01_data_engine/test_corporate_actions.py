"""Adjustment by hand-computed factors, with the actions known by a day and no others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation.kernel import UpstreamDataError
from foundation.market import sessions
from stage_01_data_engine.corporate_actions import (
    ACTION_COLUMNS,
    LAST_DAY,
    PRICES,
    CashDividend,
    SplitOn,
    action_table,
    adjust,
    adjustment_factors,
    as_traded,
)
from stage_01_data_engine.factor_files import actions_of_factor_file
from stage_01_data_engine.reconciliation import CLASSES, reconcile

DAYS = sessions(date(2020, 1, 2), date(2020, 1, 10))


def bars(closes: list[float], symbol: str = "AAA") -> pd.DataFrame:
    days = pd.to_datetime(list(DAYS[: len(closes)]))
    frame = pd.DataFrame({"symbol": symbol, "session": days, "close": closes})
    return frame.assign(open=frame.close, high=frame.close, low=frame.close, volume=1000.0)


def actions(*rows: tuple[str, date, str, float, date]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(ACTION_COLUMNS))
    for column in ("ex_date", "known_on"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def test_a_split_divides_earlier_prices_and_multiplies_earlier_volume() -> None:
    made = adjust(
        bars([100, 102, 25.5, 26]), actions(("AAA", DAYS[2], "split", 4, DAYS[0])), DAYS[3]
    ).bars
    assert made["close"].tolist() == [25, 25.5, 25.5, 26]
    assert made["volume"].tolist() == [4000, 4000, 1000, 1000]


def test_a_dividend_scales_earlier_prices_by_what_is_left_of_the_last_close() -> None:
    made = adjust(
        bars([50, 50, 49]), actions(("AAA", DAYS[2], "dividend", 1, DAYS[0])), DAYS[2]
    ).bars
    assert made["close"].tolist() == pytest.approx([49, 49, 49])
    assert made["volume"].tolist() == [1000, 1000, 1000], "dividends leave shares alone"


def test_a_dividend_on_the_day_of_a_split_is_cash_per_new_share() -> None:
    both = actions(("AAA", DAYS[1], "split", 2, DAYS[0]), ("AAA", DAYS[1], "dividend", 1, DAYS[0]))
    # 100 before is 50 after the split; a dollar of that is paid out: 49.
    assert adjust(bars([100, 49]), both, DAYS[1]).bars["close"].tolist() == pytest.approx([49, 49])


def test_what_is_not_known_or_not_effective_by_the_as_of_day_does_not_count() -> None:
    late = actions(("AAA", DAYS[1], "split", 2, DAYS[3]), ("AAA", DAYS[4], "dividend", 1, DAYS[0]))
    frame = bars([10, 5, 5, 5, 4])
    assert adjust(frame, late, DAYS[2]).bars["close"].tolist() == [10, 5, 5]
    assert adjust(frame, late, DAYS[3]).bars["close"].tolist() == [5, 5, 5, 5]
    assert adjust(frame, late, DAYS[4]).bars["close"].tolist() == pytest.approx([4, 4, 4, 4, 4])


def test_actions_of_other_symbols_and_splits_alone() -> None:
    frame = bars([10, 5, 5])
    foreign = actions(("BBB", DAYS[1], "split", 2, DAYS[0]))
    assert (adjustment_factors(frame, foreign, DAYS[2]).table["price"] == 1).all()
    paid = actions(("AAA", DAYS[1], "dividend", 1, DAYS[0]))
    assert (adjustment_factors(frame, paid, DAYS[2], dividends=False).table["price"] == 1).all()


@pytest.mark.parametrize("value", [0.0, -2.0, np.nan])
def test_an_impossible_split_is_refused_by_name(value: float) -> None:
    with pytest.raises(UpstreamDataError, match="AAA 2020-01-03"):
        adjust(bars([10, 5]), actions(("AAA", DAYS[1], "split", value, DAYS[0])), DAYS[1])


@pytest.mark.parametrize("value", [10.0, 12.0, -1.0])
def test_an_impossible_dividend_adjusts_nothing_and_is_told(value: float) -> None:
    frame = bars([10, 5])
    made = adjust(frame, actions(("AAA", DAYS[1], "dividend", value, DAYS[0])), DAYS[1])
    assert made.bars["close"].tolist() == [10, 5]
    [found] = made.findings
    assert (found.symbol, found.severity, found.action) == ("AAA", "warning", "kept")
    assert found.value == f"{value:g} on 2020-01-03"


def test_rows_that_repeat_or_say_nonsense_are_adjusted_like_all_others() -> None:
    """What a source hands over may break any rule of the gate; nothing may raise before it."""
    frame = pd.concat([bars([np.inf, 0.0, 5.0, 5.0]), bars([8.0, 8.0])], ignore_index=True)
    both = action_table([SplitOn("AAA", DAYS[2], 1, 2)], [CashDividend("AAA", DAYS[3], 0.5)])
    made = adjust(frame, both, DAYS[3]).bars
    assert made["close"].tolist() == pytest.approx([np.inf, 0.0, 4.5, 5.0, 3.6, 3.6])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0.1, 20)), max_size=4), st.integers(0, 5))
def test_returns_within_a_basis_do_not_change_and_the_future_changes_nothing(
    splits: list[tuple[int, float]], upto: int
) -> None:
    frame = bars([10.0, 11.0, 12.0, 13.0, 14.0, 15.0])
    known = actions(*(("AAA", DAYS[n], "split", ratio, DAYS[n]) for n, ratio in splits))
    made = adjust(frame, known, DAYS[upto]).bars
    past = known[known["ex_date"] <= pd.Timestamp(DAYS[upto])]
    pd.testing.assert_frame_equal(made, adjust(frame[: upto + 1], past, DAYS[upto]).bars)
    factor = (made["close"] / frame["close"][: upto + 1]).to_numpy()
    assert factor[-1] == 1, "the as-of bar is on its own basis"
    assert np.allclose(made["close"] * made["volume"], frame["close"][: upto + 1] * 1000.0)


DIVIDEND = st.tuples(st.integers(1, 5), st.floats(0.01, 0.9))


@settings(max_examples=40)
@example(splits=[(1, 7.0), (1, 7.0), (1, 7.0)], paid=[(1, 0.5)], hole=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from([0.5, 2.0, 7.0])), max_size=3),
    st.lists(DIVIDEND, max_size=3),
    st.sampled_from([None, 1, 3]),
)
def test_every_bar_is_worth_what_its_holder_has_left_of_it(
    splits: list[tuple[int, float]], paid: list[tuple[int, float]], hole: int | None
) -> None:
    """Bar by bar and action by action: one share of that day, carried forward to the last."""
    frame = bars([100.0, 101.0, 102.0, 103.0, 104.0, 105.0])
    if hole is not None:
        frame.loc[hole, PRICES] = np.nan
    split_on = [SplitOn("AAA", DAYS[n], 1.0, ratio) for n, ratio in splits]
    cash = [CashDividend("AAA", DAYS[n], amount) for n, amount in paid]
    price, volume = frame["close"].tolist(), frame["volume"].tolist()
    for day, _ in enumerate(price):
        for split in split_on:
            if DAYS[day] < split.day:
                price[day] *= split.before / split.after
                volume[day] *= split.after / split.before
        for dividend in cash:
            if DAYS[day] < dividend.ex_date:
                since = max(n for n in range(6) if DAYS[n] < dividend.ex_date and n != hole)
                close = frame["close"][since]
                for split in split_on:
                    if DAYS[since] < split.day <= dividend.ex_date:
                        close *= split.before / split.after
                # A dividend that is not below the price before it is reported and adjusts nothing.
                if dividend.amount < close:
                    price[day] *= 1 - dividend.amount / close
    made = adjust(frame, action_table(split_on, cash), DAYS[5]).bars
    np.testing.assert_allclose(made["close"], price, rtol=1e-9)
    np.testing.assert_allclose(made["volume"], volume, rtol=1e-9)


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from([0.5, 2.0, 3.0, 7.0])), max_size=4))
def test_bars_that_were_adjusted_are_taken_back_to_what_was_traded(
    splits: list[tuple[int, float]],
) -> None:
    frame = bars([100.0, 101.0, 102.0, 103.0, 104.0, 105.0])
    found = [SplitOn("AAA", DAYS[n], 1.0, ratio) for n, ratio in splits]
    restored = as_traded(adjust(frame, action_table(found), LAST_DAY).bars, found)
    np.testing.assert_allclose(restored[PRICES], frame[PRICES], rtol=1e-12)
    assert restored["volume"].tolist() == frame["volume"].tolist()


def test_total_return_is_what_a_holder_who_reinvests_earns() -> None:
    frame = bars([100.0, 104.0, 99.0, 97.0, 101.0, 95.0])
    paid = [CashDividend("AAA", DAYS[2], 1.5), CashDividend("AAA", DAYS[4], 2.5)]
    adjusted = adjust(frame, action_table([], paid), DAYS[5]).bars
    # Reinvested at the close before the ex-date less the dividend: CRSP's convention.
    shares = 104 / (104 - 1.5) * 97 / (97 - 2.5)
    earned = adjusted["close"].iloc[-1] / adjusted["close"].iloc[0]
    assert earned == pytest.approx(shares * 95.0 / 100.0)


def test_the_last_reported_close_counts_where_the_one_before_the_ex_date_is_absent() -> None:
    frame = bars([50.0, 50.0, 49.0])
    frame.loc[1, PRICES] = np.nan
    made = adjust(frame, actions(("AAA", DAYS[2], "dividend", 1, DAYS[0])), DAYS[2]).bars
    assert made["close"].tolist() == pytest.approx([49, np.nan, 49], nan_ok=True)


def _lean(shared: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = shared / "lean_us_daily_raw"
    if not folder.is_dir():
        pytest.skip("no lean_us_daily_raw in the shared data")
    raw = pd.read_parquet(folder / "bars_raw.parquet").rename(
        columns={"ticker": "symbol", "date": "session"}
    )
    factors = pd.read_csv(folder / "factor_files.csv.gz").rename(columns={"ticker": "symbol"})
    factors["date"] = pd.to_datetime(factors["date"].astype(str))
    days = sessions(date(1998, 1, 1), date(2021, 12, 31))
    return raw[raw["symbol"].isin(["AAPL", "SPY"])], actions_of_factor_file(
        factors[factors["symbol"].isin(["AAPL", "SPY"])], days
    )


def test_apple_as_of_2018_knows_one_of_its_two_late_splits(shared_data: Path) -> None:
    raw, known = _lean(shared_data)
    apple = raw[raw["symbol"] == "AAPL"]
    then = adjust(apple, known, date(2018, 2, 7), dividends=False).bars
    close = then.set_index("session")["close"]
    assert close[pd.Timestamp(2014, 6, 6)] == pytest.approx(645.57 / 7, rel=1e-5)
    now = adjust(apple, known, date(2021, 1, 4), dividends=False).bars
    later = now.set_index("session")["close"]
    assert later[pd.Timestamp(2014, 6, 6)] == pytest.approx(645.57 / 28, rel=1e-5)


def test_dividends_read_from_factor_files_are_those_apple_paid(shared_data: Path) -> None:
    _, known = _lean(shared_data)
    paid = known[(known["symbol"] == "AAPL") & (known["kind"] == "dividend")]
    by_day = paid.set_index("ex_date")["value"]
    assert by_day[pd.Timestamp(2014, 5, 8)] == pytest.approx(3.29, abs=0.002)
    assert by_day[pd.Timestamp(2018, 5, 11)] == pytest.approx(0.73, abs=0.001)


def test_apple_in_two_sources_differs_by_its_split_and_on_one_transplanted_day(
    shared_data: Path,
) -> None:
    raw, known = _lean(shared_data)
    path = shared_data / "ohlcv_sp500_2013_2018" / "bars.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    other = pd.read_parquet(path, filters=[("ticker", "==", "AAPL")]).rename(
        columns={"ticker": "symbol", "date": "session"}
    )
    mine = raw[(raw["symbol"] == "AAPL") & (raw["session"] >= "2013-02-08")]
    found = reconcile(mine, other, known, date(2018, 2, 7))
    assert sum(found.counts.values()) == len(found.table) == 1_259
    assert found.bases["AAPL"] == ("splits", 1.0)
    assert [f.session for f in found.findings] == [date(2017, 8, 1)]
    before = found.table[found.table["session"] < "2014-06-09"]
    assert set(before["verdict"]) <= {"adjusted", "other print"}


# --- reconciliation on made-up sides --------------------------------------------------------------

LONG = sessions(date(2019, 1, 2), date(2019, 6, 28))


def side(seed: int = 0, count: int = 100) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(draw.normal(0, 0.01, count))), 2)
    days = pd.to_datetime(list(LONG[:count]))
    return pd.DataFrame({"symbol": "AAA", "session": days, "close": close})


def test_every_bar_of_either_side_ends_in_one_class() -> None:
    left, right = side(), side()
    right.loc[3, "close"] += 0.004
    right.loc[5, "close"] *= 1.002
    right.loc[7, "close"] *= 1.03
    right = right.drop(9)
    left = left.drop(11)
    found = reconcile(left, right, actions(), LONG[-1])
    assert found.counts == {
        "agree": 95, "rounding": 1, "adjusted": 0, "other print": 1, "differs": 1,
        "only left": 1, "only right": 1,
    }  # fmt: skip
    assert list(found.counts) == list(CLASSES)
    assert [f.session for f in found.findings] == [LONG[7]]


def test_an_unlisted_action_is_flagged_and_a_listed_one_explains() -> None:
    left = side()
    right = left.assign(close=np.where(np.arange(100) < 40, left["close"] / 3, left["close"]))
    silent = reconcile(left, right, actions(), LONG[-1])
    assert silent.counts["differs"] == 40
    told = reconcile(left, right, actions(("AAA", LONG[40], "split", 3, LONG[30])), LONG[-1])
    assert (told.counts["differs"], told.counts["adjusted"]) == (0, 40)


def test_a_side_that_adjusts_as_of_a_later_day_differs_by_one_constant() -> None:
    left = side()
    paid = actions(("AAA", LONG[50], "dividend", 0.5, LONG[40]))
    full = adjustment_factors(left, paid, LONG[-1]).table["price"]
    right = left.assign(close=left["close"] * full * 0.97)
    found = reconcile(left, right, paid, LONG[-1])
    basis, constant = found.bases["AAA"]
    assert (basis, found.counts["adjusted"]) == ("dividends", 100)
    assert constant == pytest.approx(0.97, rel=1e-6)

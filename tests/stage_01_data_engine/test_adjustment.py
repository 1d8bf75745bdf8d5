"""Backward adjustment, against bars multiplied one by one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from stage_01_data_engine.adjustment import (
    CashDividend,
    SplitOn,
    dividend_adjusted,
    split_adjusted,
)

FIRST = date(2018, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(12)]


def bars() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    rows = [(s, day, *draw.uniform(50, 150, 4), draw.uniform(1, 9)) for s in "XY" for day in DAYS]
    frame = pd.DataFrame(
        rows, columns=["symbol", "session", "open", "high", "low", "close", "volume"]
    )
    frame["session"] = pd.to_datetime(frame["session"])
    return frame.assign(location="a:1").sample(frac=1, random_state=1).reset_index(drop=True)


splits = st.lists(
    st.builds(
        SplitOn,
        st.sampled_from("XYZ"),
        st.sampled_from(DAYS),
        st.integers(1, 3).map(float),
        st.integers(1, 7).map(float),
    ),
    max_size=5,
)


@given(splits)
def test_splits_multiply_every_earlier_bar_and_no_other(found: list[SplitOn]) -> None:
    given_bars = bars()
    expected = given_bars.copy()
    for split in found:
        for at, row in given_bars.iterrows():
            if row["symbol"] == split.symbol and row["session"].date() < split.day:
                for price in ("open", "high", "low", "close"):
                    expected.loc[at, price] *= split.before / split.after
                expected.loc[at, "volume"] *= split.after / split.before
    pd.testing.assert_frame_equal(split_adjusted(given_bars, found), expected, rtol=1e-12)
    pd.testing.assert_frame_equal(given_bars, bars())


@given(splits)
def test_a_split_keeps_the_value_traded(found: list[SplitOn]) -> None:
    before, after = bars(), split_adjusted(bars(), found)
    np.testing.assert_allclose(after["close"] * after["volume"], before["close"] * before["volume"])


def test_a_dividend_on_the_day_of_a_split_is_in_new_shares() -> None:
    """100 before; 2 for 1 and 1 dollar on one day: 50 in new shares, of which 1 is 2 percent."""
    frame = pd.DataFrame(
        {
            "symbol": "X",
            "session": pd.to_datetime(["2018-01-01", "2018-01-02"]),
            **{price: [100.0, 49.0] for price in ("open", "high", "low", "close")},
            "volume": [1.0, 2.0],
            "location": ["a:1", "a:2"],
        }
    )
    split, paid = SplitOn("X", DAYS[1], 1, 2), CashDividend("X", DAYS[1], 1.0)
    adjusted = dividend_adjusted(split_adjusted(frame, [split]), [paid], [split])
    np.testing.assert_allclose(adjusted["close"], [49.0, 49.0])


def test_total_return_is_what_a_holder_who_reinvests_earns() -> None:
    frame = bars()
    frame = frame[frame["symbol"] == "X"].sort_values("session").reset_index(drop=True)
    paid = [CashDividend("X", DAYS[4], 1.5), CashDividend("X", DAYS[9], 2.5)]
    adjusted = dividend_adjusted(frame, paid, [])
    shares = 1.0
    for dividend in paid:
        # Reinvested at the close before the ex-date less the dividend: CRSP's convention.
        before = frame["close"][DAYS.index(dividend.ex_date) - 1]
        shares *= 1 / (1 - dividend.amount / before)
    earned = shares * frame["close"].iloc[-1] / frame["close"].iloc[0]
    np.testing.assert_allclose(adjusted["close"].iloc[-1] / adjusted["close"].iloc[0], earned)

"""The gate by itself: conservation on arbitrary rows, and the rules that only report."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import BAR_FIELDS, Instrument
from foundation.market import sessions_until
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.quality import Gated, gate
from stage_01_data_engine.rules import BAR_RULES
from tests.stage_01_data_engine.market_files import AS_OF, only, walk

DAYS = sessions_until(AS_OF, 12)
SYMBOLS = ("AAA", "BBB")
INSTRUMENTS = tuple(Instrument(symbol=s, name=s, kind="equity", fields=BAR_FIELDS) for s in SYMBOLS)


def judged(frame: pd.DataFrame, days: tuple[date, ...] = DAYS, **limits: object) -> Gated:
    settings = DataEngineSettings.model_validate(limits)
    present = tuple(i for i in INSTRUMENTS if i.symbol in set(frame["symbol"]))
    return gate(frame, present, days, settings)


def raw(frame: pd.DataFrame, symbol: str = "AAA") -> pd.DataFrame:
    return frame.assign(
        symbol=symbol,
        session=pd.to_datetime(frame["date"]),
        location=[f"{symbol}.csv:{n}" for n in range(2, len(frame) + 2)],
    ).astype({"volume": float})


PRICE = st.sampled_from([np.nan, np.inf, -1.0, 0.0, 9.0, 10.0, 11.0])
ROW = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(SYMBOLS),
        "session": st.sampled_from([*DAYS, *(d + timedelta(days=2) for d in DAYS[:-2])]),
        **dict.fromkeys(BAR_FIELDS, PRICE),
    }
)


@settings(max_examples=200)
@given(st.lists(ROW, min_size=1, max_size=40), st.sampled_from([1, 3, 25]))
def test_every_row_is_kept_once_or_quarantined_once(
    rows: list[dict[str, object]], listed: int
) -> None:
    frame = pd.DataFrame(rows).assign(location=[f"x.csv:{n}" for n in range(2, len(rows) + 2)])
    frame["session"] = pd.to_datetime(frame["session"])
    made = judged(frame, listed_rows=listed)
    assert len(made.bars) + made.quarantined == len(frame)
    reported = sum(f.rows for f in made.findings if f.action == "quarantined")
    assert reported == made.quarantined
    assert all(f.remedy and f.value is not None for f in made.findings)
    assert made.tally.received == len(frame)
    aside = made.verdicts[made.verdicts["action"] == "quarantined"]
    assert aside["row"].is_unique, "a row is set aside by one rule"
    assert set(frame["location"].iloc[aside["row"]]) == set(frame["location"]) - set(
        made.bars["location"]
    )
    assert (made.verdicts["location"] == frame["location"].iloc[made.verdicts["row"]].values).all()
    kept = made.bars
    # What the rules promise, checked row by row on what was kept.
    assert kept["location"].is_unique
    assert set(kept["location"]) <= set(frame["location"])
    assert not kept.duplicated(["symbol", "session"]).any()
    for row in kept.itertuples():
        assert row.session.date() in DAYS
        prices = [p for p in (row.open, row.high, row.low, row.close) if not np.isnan(p)]
        assert np.isfinite(row.close)
        assert all(0 < p < np.inf for p in prices)
        assert np.isnan(row.low) or row.low == min(prices)
        assert np.isnan(row.high) or row.high == max(prices)
        assert np.isnan(row.volume) or row.volume >= 0
    names = [i.symbol for i in made.instruments]
    assert kept["symbol"].drop_duplicates().tolist() == names
    for name in names:
        own = kept[kept["symbol"] == name]["session"]
        assert own.is_monotonic_increasing
        assert own.iloc[-1].date() == AS_OF


def test_every_rule_has_a_name_a_reason_and_a_remedy_of_its_own() -> None:
    assert len({rule.name for rule in BAR_RULES}) == len(BAR_RULES)
    assert len({rule.text for rule in BAR_RULES}) == len(BAR_RULES)
    assert all(rule.name and rule.why and rule.remedy for rule in BAR_RULES)


def test_rounding_noise_is_no_broken_range() -> None:
    frame = raw(walk(count=12))
    frame.loc[3, "high"] = frame.loc[3, ["open", "close"]].max() * (1 - 1e-8)
    assert judged(frame).quarantined == 0
    assert judged(frame, range_tolerance=0).quarantined == 1


def test_a_zero_volume_beside_a_moving_price_is_taken_as_not_reported() -> None:
    frame = raw(walk(count=12))
    frame.loc[3, "volume"] = 0.0
    frame.loc[7, ["open", "high", "low", "close"]] = 50.0
    frame.loc[7, "volume"] = 0.0
    made = judged(frame)
    repaired = only(made.findings, "price moved had shares traded")
    assert (repaired.action, repaired.location) == ("repaired", "AAA.csv:5")
    assert only(made.findings, "Shares were traded").location == "AAA.csv:9"
    assert np.isnan(made.bars["volume"][3])
    assert made.bars["volume"][7] == 0
    assert frame.loc[3, "volume"] == 0, "the source's rows stay as they were"


def test_a_price_that_jumps_is_reported_and_kept() -> None:
    frame = raw(walk(count=12))
    frame.loc[6:, ["open", "high", "low", "close"]] *= 0.55  # no ratio that companies declare
    frame.loc[6, "volume"] *= 10
    made = judged(frame)
    finding = only(made.findings, "return is ordinary")
    assert (finding.session, finding.action) == (DAYS[6], "kept")
    assert made.quarantined == 0
    assert not any("ordinary" in f.rule for f in judged(frame, jump_limit=0.8).findings)


def test_the_first_bar_of_one_symbol_is_no_jump_from_the_last_of_another() -> None:
    cheap, dear = walk(count=12), walk(1, 12)
    dear[["open", "high", "low", "close"]] *= 100
    made = judged(pd.concat([raw(cheap), raw(dear, "BBB")], ignore_index=True))
    assert made.findings == ()


def test_a_bar_repeated_on_the_next_session_is_reported_and_kept() -> None:
    frame = raw(walk(count=12))
    frame.loc[5, list(BAR_FIELDS)] = frame.loc[4, list(BAR_FIELDS)]
    made = judged(frame)
    finding = only(made.findings, "no copy of the bar before it")
    assert (finding.session, finding.action, finding.severity) == (DAYS[5], "kept", "info")
    assert made.quarantined == 0


def test_missing_sessions_are_counted_from_the_first_bar_on() -> None:
    frame = raw(walk(count=12)).drop([0, 1, 4, 7]).reset_index(drop=True)
    assert only(judged(frame).findings, "every session since").value == "2 of 10 sessions missing"


def test_bars_that_begin_late_or_lack_a_field_are_kept() -> None:
    frame = raw(walk(count=12)).iloc[5:].reset_index(drop=True)
    frame.loc[2, "open"] = np.nan
    made = judged(frame)
    assert only(made.findings, "every field its source has").session == DAYS[7]
    assert len(made.bars) == 7


def test_rows_of_a_kind_are_grouped_by_session_where_that_is_shorter() -> None:
    day = DAYS[4] + timedelta(days=(5 - DAYS[4].weekday()) % 7)
    assert day.weekday() == 5
    good = [raw(walk(seed, 12), symbol) for seed, symbol in enumerate(SYMBOLS)]
    bad = [frame[3:4].assign(session=pd.Timestamp(day)) for frame in good]
    rows = pd.concat(good + bad, ignore_index=True)
    finding = only(judged(rows, listed_rows=1).findings, "session of the exchange")
    assert (finding.rows, finding.session, finding.symbol) == (2, day, "MARKET")
    assert finding.value.startswith("2 symbols, 1 sessions")

"""The gate for events: planted defects are named row for row, real sets by facts known of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from foundation.contracts import MarketEvent
from foundation.testing import event_defects as planted
from foundation.testing.record_defects import SpoiltRecords
from stage_01_data_engine.event_rules import (
    gate_events,
    judge_actions,
    judge_earnings,
    judge_membership,
    judge_snapshots,
    judge_texts,
)
from stage_01_data_engine.verdicts import Judged

KNOWN = {f"S{n:03d}" for n in range(100)}


def texts(table: pd.DataFrame) -> Judged:
    end = datetime(2017, 1, 1, tzinfo=UTC)
    return judge_texts(table, collected=end, location="t", universe=KNOWN)


def earnings(table: pd.DataFrame) -> Judged:
    return judge_earnings(table, collected=date(2015, 12, 31), location="e", universe=KNOWN)


def actions(table: pd.DataFrame) -> Judged:
    return judge_actions(table, location="a", universe=KNOWN)


def memberships(table: pd.DataFrame) -> Judged:
    return judge_membership(table, collected=date(2020, 12, 31), location="m")


CASES: list[tuple[Callable[..., SpoiltRecords], Callable[[pd.DataFrame], Judged]]] = [
    (planted.texts_with_defects, texts),
    (planted.earnings_with_defects, earnings),
    (planted.actions_with_defects, actions),
    (planted.memberships_with_defects, memberships),
]


@pytest.mark.parametrize(("make", "judge"), CASES)
def test_planted_defects_are_found_where_they_stand_and_nothing_else(
    make: Callable[..., SpoiltRecords], judge: Callable[[pd.DataFrame], Judged]
) -> None:
    made = make(11)
    judged = judge(made.table)
    for kind, truth in made.truth.items():
        rows = judged.verdicts.loc[judged.verdicts["rule"] == kind.replace(" ", "-"), "row"]
        assert set(rows) == truth, kind
    assert len(judged.verdicts) == sum(len(truth) for truth in made.truth.values())
    assert judged.tally.received == len(made.table)
    aside = judged.verdicts[judged.verdicts["action"] == "quarantined"]
    assert aside["row"].is_unique
    assert len(judged.kept) + len(aside) == len(made.table)


def test_an_empty_table_breaks_no_rule() -> None:
    for make, judge in CASES:
        assert judge(make(1).table.iloc[:0]).verdicts.empty


def test_a_story_of_two_symbols_is_no_repetition_and_one_told_the_next_day_neither() -> None:
    stamp = pd.to_datetime(["2016-03-01 10:00", "2016-03-01 10:00", "2016-03-02 10:00"], utc=True)
    table = pd.DataFrame({"symbol": ["S001", "S002", "S001"], "stamp": stamp, "text": "Merger"})
    assert texts(table).verdicts.empty


def test_zero_revenue_comes_back_as_not_reported() -> None:
    table = pd.DataFrame(
        {"symbol": "S001", "date": ["2015-02-01"], "eps": [1.0], "eps_estimate": [1.1],
         "revenue": [0.0]}
    )  # fmt: skip
    judged = earnings(table)
    assert judged.kept["revenue"].isna().all()
    assert judged.tally.repaired == 1


def test_two_dividends_of_different_size_on_a_day_are_two_dividends() -> None:
    table = pd.DataFrame(
        {"symbol": "S001", "ex_date": "2015-03-04", "kind": "dividend", "value": [0.2, 2.0]}
    )
    assert actions(table).verdicts.empty


def test_a_symbol_that_comes_back_after_it_left_does_not_overlap() -> None:
    table = pd.DataFrame(
        {"symbol": ["A", "A"], "start": ["2000-01-03", "2010-01-04"], "end": ["2005-01-03", None]}
    )
    assert memberships(table).verdicts.empty


def test_lists_of_one_commit_for_two_years_are_found(shared_data: Path) -> None:
    """Provenance: 2018-12 and 2019-12 are the same commit."""
    path = shared_data / "constituents" / "sp500_constituents_yearly_snapshots.csv.gz"
    if not path.is_file():
        pytest.skip("no constituents in the shared data")
    judged = judge_snapshots(pd.read_csv(path, keep_default_na=False), location="c")
    assert set(judged.verdicts["rule"]) == {"list-not-refreshed"}
    assert set(judged.verdicts["session"].dt.date) == {date(2019, 12, 31)}


def test_retweets_of_the_shared_tweets_are_counted_as_provenance_does(shared_data: Path) -> None:
    """Provenance: 9,442 equal texts of a ticker on one day, by the set's own date."""
    path = shared_data / "news_stocknet_tweets" / "tweets_2014_2015h1.parquet"
    if not path.is_file():
        pytest.skip("no tweets in the shared data")
    table = pd.read_parquet(path).rename(columns={"ticker": "symbol", "created_at": "stamp"})
    by_date = table.assign(stamp=table["date"])
    judged = judge_texts(by_date, collected=datetime(2015, 7, 1, tzinfo=UTC), location="t")
    again = int((judged.verdicts["rule"] == "repeated-text").sum())
    assert 9_442 <= again <= 9_500, "case and blanks apart, a few more are equal"


AS_OF = datetime(2016, 6, 1, 20, tzinfo=UTC)


def event(kind: str, name: str, day: int, **more: object) -> MarketEvent:
    moment = datetime(2016, 5, day, 14, tzinfo=UTC)
    told = {"symbol": "S001", "event_time": moment, "known_at": moment, **more}
    return MarketEvent.model_validate({"kind": kind, "name": name, **told})


def test_events_of_a_window_are_judged_by_kind_and_add_up() -> None:
    eps = {"unit": "US dollars a share", "actual": 1.0}
    paid = {"unit": "US dollars a share", "actual": 0.2}
    hour = {"event_time": datetime(2016, 5, 5, 15, tzinfo=UTC)}
    events = [
        event("news", "news", 3, text="Merger"),
        event("news", "news", 3, text=" merger "),
        event("news", "news", 4, text=" "),
        event("news", "news", 5, text="Told an hour before", **hour),
        event("earnings", "earnings per share", 6, **eps),
        event("earnings", "earnings per share", 6, **{**eps, "actual": 1.5}),
        event("earnings", "earnings due", 28),
        event("corporate action", "cash dividend", 9, **paid),
        event("corporate action", "cash dividend", 9, **paid),
        event("corporate action", "stock split", 10, unit="shares for one", actual=0.0),
        event("halt", "halt", 11),
    ]
    made = gate_events(events, AS_OF)
    assert [events.index(e) for e in made.events] == [0, 6, 7, 10]
    assert made.counts.model_dump() == {"received": 11, "kept": 4, "quarantined": 7}
    assert sorted(r.rule for r in made.listing.rows) == [
        "conflicting-earnings", "conflicting-earnings", "empty-text", "impossible-action",
        "known-before-event", "repeated-action", "repeated-text",
    ]  # fmt: skip
    assert sum(f.rows for f in made.findings) == 7


def test_events_without_a_flaw_pass_in_their_order() -> None:
    events = [event("news", "news", n, text=f"story {n}") for n in (9, 3, 5)]
    made = gate_events(events, AS_OF)
    assert made.events == tuple(events)
    assert made.findings == ()
    assert gate_events([], AS_OF).counts.received == 0

"""What every engine of the bitemporal store does, numbered."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from foundation.kernel import OperatorError, WorldError
from foundation.storage.bitemporal import BitemporalStore, ConflictingRows

MONDAY = date(2018, 1, 8)


def evening(day: int) -> datetime:
    """Return 21:00 UTC on the n-th day after Monday."""
    return datetime(2018, 1, 8, 21, tzinfo=UTC) + timedelta(days=day)


def row(entity: str, day: int, close: float, *, known: int | None = None, **more: object) -> dict:
    return {
        "entity": entity,
        "event_time": pd.Timestamp(MONDAY) + pd.Timedelta(days=day),
        "known_at": evening(day if known is None else known),
        "close": close,
        "location": f"{entity}.csv:{day}",
    } | more


def rows(*given: dict) -> pd.DataFrame:
    return pd.DataFrame(list(given))


def closes(frame: pd.DataFrame) -> dict[tuple[str, int], float]:
    day = (frame["event_time"] - pd.Timestamp(MONDAY)).dt.days
    return dict(zip(zip(frame["entity"], day, strict=True), frame["close"], strict=True))


TWO = (row("A", 0, 10.0), row("B", 0, 20.0))


def test_1_what_is_appended_is_read_back_in_order_and_to_the_last_bit(
    store: BitemporalStore,
) -> None:
    third = 1 / 3
    done = store.append("bars", "main", rows(row("B", 1, np.nan), row("A", 1, third), *TWO))
    assert (done.version, done.added, done.given) == (0, 4, 4)
    frame = store.read("bars", "main")
    assert frame["entity"].tolist() == ["A", "B", "A", "B"]
    assert frame["close"].tolist()[:3] == [10.0, 20.0, third]
    assert np.isnan(frame["close"].iloc[3])
    assert frame["location"].iloc[2] == "A.csv:1"
    assert frame["known_at"].iloc[2] == pd.Timestamp("2018-01-09 21:00")


def test_2_next_sessions_and_new_entities_are_appended_as_new_versions(
    store: BitemporalStore,
) -> None:
    store.append("bars", "main", rows(*TWO))
    done = store.append("bars", "main", rows(row("C", 1, 30.0), row("A", 1, 11.0)))
    assert (done.version, done.added, done.corrected) == (1, 2, 0)
    assert closes(store.read("bars", "main")) == {
        ("A", 0): 10.0, ("B", 0): 20.0, ("A", 1): 11.0, ("C", 1): 30.0
    }  # fmt: skip
    assert store.entities("bars", "main") == ("A", "B", "C")


def test_3_a_repeat_says_nothing_new_and_makes_no_version(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO))
    same = store.append("bars", "main", rows(*TWO))
    assert (same.version, same.repeated, same.added) == (0, 2, 0)
    seen_later = store.append("bars", "main", rows(row("A", 0, 10.0, known=5)))
    assert (seen_later.repeated, seen_later.corrected) == (1, 0)
    assert len(store.versions("bars", "main")) == 1


def test_4_rows_that_clash_are_named_and_nothing_is_written(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO))
    with pytest.raises(ConflictingRows, match=r"B 2018-01-08.*close 20, .*and close 21") as told:
        store.append("bars", "main", rows(row("B", 0, 21.0), row("A", 1, 11.0)))
    assert "bars/main" in str(told.value)
    with pytest.raises(ConflictingRows, match="A 2018-01-10"):
        store.append("bars", "main", rows(row("A", 2, 1.0), row("A", 2, 2.0)))
    assert closes(store.read("bars", "main")) == {("A", 0): 10.0, ("B", 0): 20.0}


def test_5_a_correction_counts_from_the_moment_it_was_known(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO, row("A", 1, 11.0)))
    before = store.read("bars", "main", known_at=evening(2))
    done = store.append("bars", "main", rows(row("A", 0, 9.5, known=3)))
    assert (done.added, done.corrected, done.repeated) == (0, 1, 0)
    pd.testing.assert_frame_equal(store.read("bars", "main", known_at=evening(2)), before)
    assert closes(store.read("bars", "main", known_at=evening(3)))["A", 0] == 9.5
    assert closes(store.read("bars", "main"))["A", 0] == 9.5
    states = store.read("bars", "main", entities=("A",), states="all")
    assert states["close"].tolist() == [10.0, 9.5, 11.0]
    assert not states["withdrawn"].any()


def test_6_nothing_is_read_before_it_was_known(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO, row("A", 1, 11.0)))
    early = store.read("bars", "main", known_at=evening(1) - timedelta(microseconds=1))
    assert set(closes(early)) == {("A", 0), ("B", 0)}
    assert store.read("bars", "main", known_at=evening(0) - timedelta(days=1)).empty


def test_7_what_is_known_does_not_hang_on_the_order_of_appends(store: BitemporalStore) -> None:
    states = [row("A", 0, 10.0), row("A", 0, 9.0, known=2), row("A", 0, 8.0, known=4), TWO[1]]
    store.append("bars", "forward", rows(*states))
    for state in reversed(states):
        store.append("bars", "backward", rows(state))
    for day in range(5):
        one, other = (
            store.read("bars", table, known_at=evening(day)) for table in ("forward", "backward")
        )
        pd.testing.assert_frame_equal(one, other)


def test_8_a_withdrawn_row_is_gone_from_then_on_and_may_come_back(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO))
    gone = rows(row("A", 0, 1.0, known=2, withdrawn=True))
    assert store.append("bars", "main", gone).withdrawn == 1
    assert set(closes(store.read("bars", "main", known_at=evening(1)))) == {("A", 0), ("B", 0)}
    assert set(closes(store.read("bars", "main"))) == {("B", 0)}
    assert store.append("bars", "main", gone).repeated == 1
    back = store.append("bars", "main", rows(row("A", 0, 10.0, known=4)))
    assert back.corrected == 1
    assert closes(store.read("bars", "main"))["A", 0] == 10.0
    assert store.append("bars", "main", rows(row("Z", 0, 1.0, withdrawn=True))).repeated == 1


def test_9_an_older_version_reads_as_it_stood(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO))
    store.append("bars", "main", rows(row("A", 0, 9.5, known=3)))
    assert closes(store.read("bars", "main", version=0))["A", 0] == 10.0
    assert [v.number for v in store.versions("bars", "main")] == [0, 1]
    with pytest.raises(OperatorError, match="as of 7"):
        store.read("bars", "main", version=7)


def test_10_a_snapshot_keeps_every_library_under_its_name(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO))
    store.append("features", "main", rows(row("A", 0, 0.5)))
    store.snapshot("first")
    store.append("bars", "main", rows(row("A", 1, 11.0)))
    store.append("features", "main", rows(row("A", 1, 0.6)))
    assert store.snapshots() == ("first",)
    assert len(store.read("bars", "main", snapshot="first")) == 2
    assert len(store.read("features", "main", snapshot="first")) == 1
    with pytest.raises(OperatorError, match="used once"):
        store.snapshot("first")
    with pytest.raises(OperatorError, match="has the snapshot"):
        store.read("bars", "main", snapshot="second")
    store.drop_snapshot("first")
    assert store.snapshots() == ()


def test_11_pruning_keeps_the_last_version_snapshots_and_what_was_known_when(
    store: BitemporalStore,
) -> None:
    store.append("bars", "main", rows(*TWO))
    store.snapshot("first")
    for day in (1, 2, 3):
        store.append("bars", "main", rows(row("A", day, 11.0), row("B", 0, 20.0 + day, known=day)))
    assert store.prune() == 2
    left = store.versions("bars", "main")
    assert [v.snapshots for v in left] == [("first",), ()]
    assert len(store.read("bars", "main", snapshot="first")) == 2
    assert closes(store.read("bars", "main", known_at=evening(1)))["B", 0] == 21.0
    store.append("bars", "main", rows(row("A", 4, 12.0)))
    assert len(store.read("bars", "main")) == 6


def test_12_a_read_may_ask_for_some_entities_and_some_days(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO, row("A", 1, 11.0), row("A", 2, 12.0)))
    some = store.read(
        "bars", "main", since=MONDAY + timedelta(days=1), until=MONDAY + timedelta(days=1)
    )
    assert closes(some) == {("A", 1): 11.0}
    assert set(closes(store.read("bars", "main", entities=("B", "none")))) == {("B", 0)}


def test_13_a_panel_is_the_rows_by_session_and_symbol(store: BitemporalStore) -> None:
    given = rows(*TWO, row("A", 2, 12.0), row("A", 2, 13.0)).assign(copy=[0, 0, 0, 1])
    store.append("bars", "main", given.drop(columns="location"))
    panel = store.panel("bars", "main", entities=("B", "A"))
    assert panel.sessions == (MONDAY, MONDAY + timedelta(days=2))
    assert panel.fields == ("close",)
    np.testing.assert_array_equal(panel.values[..., 0], [[20.0, 10.0], [np.nan, 12.0]])


def test_14_other_columns_or_missing_times_are_refused(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO))
    with pytest.raises(OperatorError, match="have its columns"):
        store.append("bars", "main", rows(*TWO).rename(columns={"close": "shut"}))
    with pytest.raises(OperatorError, match="both their times"):
        store.append("bars", "main", rows(row("A", 1, 1.0)).assign(known_at=pd.NaT).astype(
            {"known_at": "datetime64[ns]"}))  # fmt: skip
    with pytest.raises(OperatorError, match="has the table"):
        store.read("bars", "nowhere")


def test_15_a_tolerance_lets_rounding_pass_and_nothing_more(store: BitemporalStore) -> None:
    store.append("features", "main", rows(*TWO))
    same = rows(row("A", 0, 10.0 * (1 + 1e-9)), row("B", 0, np.nan, known=3))
    done = store.append("features", "main", same, tolerance=1e-7)
    assert (done.repeated, done.corrected) == (1, 1)


def test_16_columns_beside_the_values_are_kept_and_not_compared(store: BitemporalStore) -> None:
    store.append("bars", "main", rows(*TWO))
    moved = rows(*TWO).assign(location="elsewhere")
    assert store.append("bars", "main", moved, beside=("location",)).repeated == 2
    assert store.read("bars", "main")["location"].tolist() == ["A.csv:0", "B.csv:0"]


def test_a_place_that_cannot_be_opened_is_the_worlds_fault_and_shows_no_key() -> None:
    with pytest.raises(WorldError, match="must open") as told:
        BitemporalStore("nonsense://host?secret=abc").tables("bars")
    assert "abc" not in str(told.value)

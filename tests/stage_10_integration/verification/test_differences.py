"""Where contracts part is told to the cell; what of them is past is exactly what was known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import MarketWindow
from foundation.market import close_of
from foundation.testing.samples import market_window, sample_run
from foundation.testing.strategies import instances, panels
from foundation.timeseries import Panel
from stage_10_integration.verification.differences import (
    as_known_by,
    first_common_difference,
    first_difference,
)

RUN = sample_run(160)


def with_cell(panel: Panel, at: tuple[int, ...], value: float) -> Panel:
    values = panel.values.copy()
    values[at] = value
    return panel.model_copy(update={"values": values})


def test_the_first_changed_cell_is_named_by_its_labels() -> None:
    market = RUN.market
    bars = with_cell(with_cell(market.bars, (9, 1, 3), 1.5), (7, 2, 3), 2.5)
    day, close = market.bars.sessions[7], market.bars.values[7, 2, 3]
    told = first_difference(market, market.model_copy(update={"bars": bars}))
    assert told == f"bars[{day}, AAPL, close]: {close} became 2.5"


def test_a_layer_is_named_too() -> None:
    made = RUN.fuzzy.memberships
    day = made.sessions[100]
    told = first_difference(made, with_cell(made, (100, 0, 0, 4), 9.0), "memberships")
    assert str(told).startswith(f"memberships[{day}, SPX, price, very high]: ")


def test_a_cell_that_lost_its_value_is_a_difference() -> None:
    made = RUN.fuzzy.memberships
    told = first_difference(made, with_cell(made, (100, 0, 0, 4), np.nan), "memberships")
    assert str(told).endswith("became nan")


def test_a_changed_token_is_named() -> None:
    train = RUN.tokens.split("train")
    ids = train.ids.copy()
    ids[3, 5] += 1
    told = first_difference(train, train.model_copy(update={"ids": ids}))
    assert told == f"ids[3, 5]: {train.ids[3, 5]} became {ids[3, 5]}"


def test_a_missing_entry_is_nothing() -> None:
    assert first_difference((1, 2), (1, 2, 3), "x") == "x[2]: nothing became 3"
    assert first_difference({"a": 1}, {}, "x") == "x.a: 1 became nothing"


@pytest.mark.parametrize("made", RUN.contracts(), ids=lambda c: type(c).__name__)
def test_a_contract_does_not_differ_from_its_copy(made: MarketWindow) -> None:
    assert first_difference(made, type(made).model_validate_json(made.model_dump_json())) is None


@given(panels(), panels())
def test_panels_differ_exactly_when_they_are_unequal(one: Panel, other: Panel) -> None:
    assert (first_difference(one, other) is None) == (one == other)


@settings(max_examples=25)
@given(instances(MarketWindow), st.data())
def test_what_is_known_by_a_day_holds_nothing_later(
    made: MarketWindow, data: st.DataObject
) -> None:
    day = data.draw(st.sampled_from(market_window(120).bars.sessions))
    known = as_known_by(made, day)
    assert all(s <= day for name in ("bars", "features") for s in known[name].sessions)
    assert all(e.known_at <= close_of(day) for e in known["events"])


def test_every_panel_of_fuzzy_states_is_held_to_what_was_known() -> None:
    fuzzy = RUN.fuzzy
    day = fuzzy.positions.sessions[-10]
    for name in type(fuzzy).model_fields:
        panel = getattr(fuzzy, name)
        if not isinstance(panel, Panel) or not panel.fields:
            continue
        cell = (len(panel.sessions) - 20, *(0 for _ in panel.values.shape[1:]))
        changed = fuzzy.model_copy(update={name: with_cell(panel, cell, 123.0)})
        assert first_difference(as_known_by(fuzzy, day), as_known_by(changed, day)), name
        later = (len(panel.sessions) - 1, *cell[1:])
        same = fuzzy.model_copy(update={name: with_cell(panel, later, 123.0)})
        assert first_difference(as_known_by(fuzzy, day), as_known_by(same, day)) is None, name


def test_a_twins_past_regimes_are_held_to_what_was_said_then() -> None:
    quant = RUN.quant
    report = quant.report
    assert report is not None
    told = report.regimes
    assert told is not None
    day = told.sessions[-10]

    def rewritten(row: int) -> dict[str, object]:
        regimes = with_cell(told, (row, 0, 0), 0.5)
        other = report.model_copy(update={"regimes": regimes})
        return as_known_by(quant.model_copy(update={"report": other}), day)

    known = as_known_by(quant, day)
    found = first_common_difference(known, rewritten(-10))
    assert str(found).startswith(f"twins' regimes on {day}[0, 0]")
    assert first_common_difference(known, rewritten(-9)) is None
    # A later report begins later: what both tell of is compared.
    later = report.model_copy(update={"regimes": told.last(20)})
    cut = as_known_by(quant.model_copy(update={"report": later}), day)
    assert first_common_difference(known, cut) is None


def test_only_cells_of_the_past_make_a_difference_to_the_past() -> None:
    long = market_window(160)
    day = long.bars.sessions[120]
    cut = long.model_copy(
        update={
            "bars": long.bars.until(day),
            "features": long.features.until(day),
            "market": long.market.until(day),
        }
    )
    assert first_common_difference(as_known_by(cut, day), as_known_by(long, day)) is None
    spoiled = with_cell(long.bars, (120, 0, 3), 1.0)
    later = with_cell(long.bars, (121, 0, 3), 1.0)
    changed = as_known_by(long.model_copy(update={"bars": spoiled}), day)
    assert first_common_difference(as_known_by(cut, day), changed)
    unseen = as_known_by(long.model_copy(update={"bars": later}), day)
    assert first_common_difference(as_known_by(cut, day), unseen) is None


def test_stories_and_windows_are_cut_by_their_session() -> None:
    sessions = RUN.stories.sessions
    day = sessions[-3]
    told = as_known_by(RUN.stories, day)
    assert f"text of SPX on {day}" in told
    assert f"text of SPX on {sessions[-2]}" not in told
    windows = as_known_by(RUN.tokens, day)
    assert windows
    assert all(str(sessions[-1]) not in name for name in windows)


def test_windows_of_one_story_read_alike_whichever_split_they_are_in() -> None:
    train = RUN.tokens.split("train")
    as_history = train.model_copy(
        update={
            "split": "history",
            "loss_mask": np.zeros_like(train.loss_mask),
            "ids": np.where(train.story_index == 6, 0, train.ids).astype("int32"),
            "story_index": np.where(train.story_index == 6, -1, train.story_index).astype("int32"),
        }
    )
    one = RUN.tokens.model_copy(update={"splits": (train,)})
    other = RUN.tokens.model_copy(update={"splits": (as_history,)})
    then, now = (as_known_by(batch, RUN.stories.session) for batch in (one, other))
    assert then.keys() & now.keys()
    assert first_common_difference(then, now) is None

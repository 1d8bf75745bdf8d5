from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from foundation.kernel import OperatorError
from foundation.timeseries import Panel

START = date(2018, 1, 2)


def days(count: int) -> tuple[date, ...]:
    return tuple(START + timedelta(days=i) for i in range(count))


def panel(values: np.ndarray, layers: tuple[str, ...] = ()) -> Panel:
    sessions, symbols, fields = values.shape[:3]
    return Panel(
        sessions=days(sessions),
        symbols=tuple(f"S{i}" for i in range(symbols)),
        fields=tuple(f"f{i}" for i in range(fields)),
        layers=layers,
        values=values,
    )


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    layered = draw(st.booleans())
    shape = draw(st.tuples(*[st.integers(0, 4)] * 3))
    values = draw(arrays(np.float64, (*shape, 2) if layered else shape, elements=st.floats()))
    return panel(values, ("low", "high") if layered else ())


@settings(max_examples=60, deadline=None)
@given(panels())
def test_a_panel_survives_json_to_the_last_bit(original: Panel) -> None:
    restored = Panel.model_validate_json(original.model_dump_json())
    assert restored == original
    assert restored.content_hash() == original.content_hash()
    assert np.array_equal(np.isnan(restored.values), np.isnan(original.values))


class Shelf:
    """A store that keeps panels by content hash."""

    def __init__(self) -> None:
        self.kept: dict[str, Panel] = {}

    def put_panel(self, one: Panel) -> str:
        self.kept[one.content_hash()] = one
        return one.content_hash()

    def get_panel(self, key: str) -> Panel:
        return self.kept[key]


def test_with_a_store_only_a_reference_is_written_and_read_back() -> None:
    shelf, one = Shelf(), panel(np.arange(6.0).reshape(3, 2, 1))
    text = one.model_dump_json(context={"panels": shelf})
    assert text == f'{{"$panel":"{one.content_hash()}"}}'
    assert Panel.model_validate_json(text, context={"panels": shelf}) == one
    with pytest.raises(ValidationError, match="needs its store"):
        Panel.model_validate_json(text)


def test_until_keeps_nothing_later_whether_or_not_the_date_is_a_session() -> None:
    one = panel(np.arange(4.0).reshape(4, 1, 1))
    assert one.until(days(4)[1]).values.ravel().tolist() == [0, 1]
    assert one.until(START - timedelta(days=1)).values.size == 0
    assert one.until(days(4)[-1] + timedelta(days=9)) == one


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (6, 2, 2), elements=st.floats(-9, 9)), st.integers(0, 5), st.data())
def test_what_was_until_a_session_is_blind_to_later_values(
    values: np.ndarray, cut: int, data: st.DataObject
) -> None:
    changed = values.copy()
    changed[cut + 1 :] = data.draw(st.floats(-9, 9))
    session = days(6)[cut]
    assert panel(values).until(session).content_hash() == (
        panel(changed).until(session).content_hash()
    )


def test_last_gives_what_there_is_and_select_follows_the_order_asked_for() -> None:
    one = panel(np.arange(12.0).reshape(3, 2, 2))
    assert one.last(2).sessions == days(3)[1:]
    assert one.last(99) == one
    assert one.last(0).sessions == ()
    swapped = one.select(symbols=["S1", "S0"], fields=["f1"])
    assert swapped.values[0].tolist() == [[3.0], [1.0]]
    assert one.field("f0")[2].tolist() == [8.0, 10.0]


def test_an_unknown_label_is_an_error_that_names_the_choices() -> None:
    with pytest.raises(OperatorError, match=r"'closse'.*f0"):
        panel(np.zeros((1, 1, 1))).field("closse")


@pytest.mark.parametrize(
    "change",
    [
        {"sessions": (START, START)},
        {"sessions": days(2)[::-1]},
        {"symbols": ("A", "A")},
        {"fields": ("f", "g", "h")},
        {"values": np.zeros((2, 2))},
        {"surprise": 1},
    ],
)
def test_labels_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    good = {
        "sessions": days(2),
        "symbols": ("A", "B"),
        "fields": ("f",),
        "values": np.zeros((2, 2, 1)),
    }
    Panel.model_validate(good)
    with pytest.raises(ValidationError):
        Panel.model_validate(good | change)


def test_every_nan_and_both_zeros_hash_alike_and_one_ulp_does_not() -> None:
    other_nan = np.frombuffer(np.uint64(0xFFF8000000000001).tobytes(), dtype=np.float64)[0]
    a = panel(np.array([np.nan, 0.0]).reshape(2, 1, 1))
    b = panel(np.array([other_nan, -0.0]).reshape(2, 1, 1))
    c = panel(np.array([np.nan, np.nextafter(0, 1)]).reshape(2, 1, 1))
    assert a == b
    assert a.content_hash() == b.content_hash()
    assert a.content_hash() != c.content_hash()


def test_labels_count_in_the_hash() -> None:
    values = np.zeros((1, 1, 1))
    a = Panel(sessions=days(1), symbols=("A",), fields=("f",), values=values)
    b = Panel(sessions=days(1), symbols=("f",), fields=("A",), values=values)
    assert a.content_hash() != b.content_hash()


def test_values_and_views_are_read_only() -> None:
    one = panel(np.zeros((2, 1, 1)))
    for view in (one.values, one.field("f0")):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1.0


def test_from_fields_stacks_and_to_frame_labels_every_column() -> None:
    one = Panel.from_fields(
        days(2), ("A", "B"), {"x": np.array([[1, 2], [3, 4]]), "y": np.array([[5.0], [6.0]])}
    )
    frame = one.to_frame()
    assert frame.columns.tolist() == ["x|A", "y|A", "x|B", "y|B"]
    assert frame.loc["2018-01-03"].tolist() == [3, 6, 4, 6]
    assert Panel.from_fields(days(2), ("A",), {}).values.shape == (2, 1, 0)

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pydantic import BaseModel, ConfigDict, ValidationError

from foundation.timeseries import ArraySpec, Float64Array, Int32Array


class Holder(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    values: Float64Array


class Codes(BaseModel):
    values: Int32Array


class Matrix(BaseModel):
    values: Annotated[np.ndarray, ArraySpec("float64", ndim=2)]


@given(arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats()))
def test_an_array_survives_json_to_the_last_bit(values: np.ndarray) -> None:
    restored = Holder.model_validate_json(Holder(values=values).model_dump_json()).values
    assert restored.shape == values.shape
    assert restored.tobytes() == values.tobytes()


def test_an_integer_array_keeps_its_type() -> None:
    restored = Codes.model_validate_json(
        Codes(values=np.array([[1, -2]], dtype=np.int32)).model_dump_json()
    ).values
    assert restored.dtype == np.int32
    assert restored.tolist() == [[1, -2]]


def test_a_cast_that_could_lose_digits_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected an array of int32, received float64"):
        Codes(values=np.array([1.5]))
    assert Holder(values=np.array([1, 2], dtype=np.int32)).values.dtype == np.float64


def test_the_number_of_axes_is_checked() -> None:
    with pytest.raises(ValidationError, match="expected 2 axes"):
        Matrix(values=np.zeros(3))


def test_the_field_is_read_only_without_freezing_the_callers_array() -> None:
    mine = np.zeros(2)
    held = Holder(values=mine).values
    assert not held.flags.writeable
    assert mine.flags.writeable


class Shelf:
    def __init__(self) -> None:
        self.kept: list[np.ndarray] = []

    def put_array(self, values: np.ndarray) -> str:
        self.kept.append(values)
        return str(len(self.kept) - 1)

    def get_array(self, key: str) -> np.ndarray:
        return self.kept[int(key)]


def test_with_a_store_only_a_reference_is_written() -> None:
    shelf = Shelf()
    text = Holder(values=np.arange(3.0)).model_dump_json(context={"arrays": shelf})
    assert text == '{"values":{"$array":"0"}}'
    restored = Holder.model_validate_json(text, context={"arrays": shelf})
    assert restored.values.tolist() == [0, 1, 2]
    with pytest.raises(ValidationError, match="needs its store"):
        Holder.model_validate_json(text)


@pytest.mark.parametrize("bad", ["text", {"dtype": "float64"}, 3])
def test_what_is_no_array_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError, match="expected an array"):
        Holder.model_validate({"values": bad})

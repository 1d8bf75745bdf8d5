"""An epoch reads every symbol on every session once, in an order that the seed decides."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.market_model.training.passes import Pass, passes_of
from tests.foundation.market_model.markets import SMALL


def read(passes: list[Pass], symbols: int) -> Counter[tuple[int, int]]:
    """Return how often each (session, symbol) stands in the passes."""
    return Counter(
        pair
        for begin, end, some in passes
        for pair in product(range(begin, end), range(symbols) if some is None else some.tolist())
    )


@given(
    first=st.integers(0, 40),
    length=st.integers(1, 120),
    block=st.integers(1, 50),
    symbols=st.integers(1, 12),
    per_step=st.none() | st.integers(1, 15),
    epoch=st.integers(0, 30),
    seed=st.integers(0, 2**32),
)
def test_every_symbol_is_read_on_every_session_exactly_once(
    first: int, length: int, block: int, symbols: int, per_step: int | None, epoch: int, seed: int
) -> None:
    recipe = SMALL.model_copy(update={"block": block, "symbols_per_step": per_step, "seed": seed})
    rows = range(first, first + length)
    passes = passes_of(epoch, rows, symbols, recipe)
    assert read(passes, symbols) == Counter(product(rows, range(symbols)))
    assert all(end - begin <= block for begin, end, _ in passes)
    if per_step is not None:
        assert all(some is None or len(some) <= per_step for _, _, some in passes)


@pytest.mark.parametrize("field", ["epoch", "seed"])
def test_blocks_begin_elsewhere_in_another_epoch_or_with_another_seed(field: str) -> None:
    def begins(value: int) -> set[int]:
        recipe = SMALL.model_copy(update={"seed": value if field == "seed" else 0})
        passes = passes_of(value if field == "epoch" else 0, range(0, 160), 10, recipe)
        return {begin for begin, _, _ in passes}

    assert len({frozenset(begins(value)) for value in range(8)}) > 4
    assert begins(3) == begins(3)

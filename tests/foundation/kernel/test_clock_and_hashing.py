"""Time stands still in New York; hashes count borders; seeds depend on all their parts."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.kernel import (
    NEW_YORK,
    FixedClock,
    OperatorError,
    SystemClock,
    hash_bytes,
    hash_text,
    seed_from,
    short,
)


def test_a_fixed_clock_shows_new_york_time_and_never_moves() -> None:
    clock = FixedClock(datetime(2018, 12, 28, 21, 0, tzinfo=UTC))
    assert clock.now() == clock.now()
    assert clock.now().isoformat() == "2018-12-28T16:00:00-05:00"


def test_a_fixed_clock_needs_a_zone() -> None:
    with pytest.raises(OperatorError, match="aware"):
        FixedClock(datetime(2018, 12, 28))


def test_the_system_clock_is_in_new_york() -> None:
    assert SystemClock().now().tzinfo is NEW_YORK


def test_one_moment_in_two_zones_is_one_moment() -> None:
    tokyo = datetime(2018, 12, 29, 6, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert FixedClock(tokyo).now() - datetime(2018, 12, 28, 16, tzinfo=NEW_YORK) == timedelta(0)


def test_chunk_borders_count() -> None:
    assert hash_bytes(b"ab", b"c") != hash_bytes(b"a", b"bc") != hash_bytes(b"abc")
    assert hash_bytes() != hash_bytes(b"")


def test_the_hash_is_sha256_over_sizes_and_chunks() -> None:
    expected = hashlib.sha256(b"\x02" + 7 * b"\0" + b"ab").hexdigest()
    assert hash_bytes(b"ab") == hash_text("ab") == expected
    assert short(expected) == expected[:12]


def test_a_memoryview_of_any_type_hashes_like_its_bytes() -> None:
    values = np.arange(6, dtype="float64")
    assert hash_bytes(memoryview(values)) == hash_bytes(values.tobytes())


@given(st.lists(st.integers() | st.text(), min_size=1, max_size=4))
def test_seeds_are_64_bit_and_repeatable(parts: list[object]) -> None:
    assert seed_from(*parts) == seed_from(*parts)
    assert 0 <= seed_from(*parts) < 2**64


def test_seeds_depend_on_every_part_and_its_place() -> None:
    seeds = {seed_from("a", "b"), seed_from("b", "a"), seed_from("ab"), seed_from("a", "b", "")}
    assert len(seeds) == 4

"""Planted defects stand where they are said to stand, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS
from foundation.kernel import OperatorError
from foundation.market import is_session
from foundation.testing.defects import BAR_DEFECTS, Planted, plant
from foundation.testing.simulated_market import simulated_market


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return simulated_market("martingale", symbols=60, sessions=500, seed=9).bar_rows()


@pytest.fixture(scope="module")
def planted(clean: pd.DataFrame) -> Planted:
    return plant(clean, each=8, seed=4)


def keyed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(day=frame["session"].dt.date).set_index(["symbol", "day"])


def test_every_kind_is_planted_as_often_as_asked(planted: Planted) -> None:
    assert set(planted.truth) == set(BAR_DEFECTS)
    single = set(BAR_DEFECTS) - {"stale run", "shared series"}
    assert {kind: len(planted.truth[kind]) for kind in single} == dict.fromkeys(single, 8)


def test_kinds_without_reach_change_nothing_but_their_own_bars(clean: pd.DataFrame) -> None:
    local = tuple(k for k in BAR_DEFECTS if k not in ("split", "reused symbol", "shared series"))
    made = plant(clean, kinds=local, each=5, seed=1)
    spoilt = keyed(made.bars)
    touched = set().union(*made.truth.values())
    before = keyed(clean)[list(BAR_FIELDS)]
    left = spoilt[~spoilt.index.isin(touched)][list(BAR_FIELDS)]
    assert len(left) == len(before) - len({key for key in touched if is_session(key[1])})
    np.testing.assert_array_equal(left.to_numpy(), before.loc[left.index].to_numpy())


def test_the_same_seed_plants_the_same_and_another_another(clean: pd.DataFrame) -> None:
    one, same, other = (plant(clean, each=2, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one.bars, same.bars)
    assert one.truth == same.truth
    assert one.truth["split"] != other.truth["split"]


def test_planted_bars_of_a_closed_exchange_stand_on_closed_days(planted: Planted) -> None:
    for kind in ("phantom session", "off session"):
        assert all(not is_session(day) for _, day in planted.truth[kind])


def test_too_many_defects_or_an_unknown_kind_are_refused(clean: pd.DataFrame) -> None:
    with pytest.raises(OperatorError, match="room"):
        plant(clean, kinds=("split",), each=10_000)
    with pytest.raises(OperatorError, match="whole symbols"):
        plant(clean, kinds=("shared series",), each=31)
    with pytest.raises(OperatorError, match="known kind"):
        plant(clean, kinds=("gremlin",))

"""The stage: complete, absent where the data is absent, and blind to the future."""

import numpy as np
import pytest

from foundation.contracts import HORIZONS, SERIES, STATES, content_hash
from foundation.kernel import UpstreamDataError
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage

STAGE = FuzzificationStage(FuzzificationSettings())


def test_every_series_is_graded_for_every_symbol() -> None:
    window = samples.market_window()
    fuzzy = STAGE.run(window)
    assert fuzzy.memberships.fields == tuple(SERIES)
    assert fuzzy.memberships.layers == STATES
    assert fuzzy.movements.layers == HORIZONS
    known = fuzzy.memberships.field("price")[-1]
    np.testing.assert_allclose(known.sum(axis=-1), 1.0)


def test_close_only_instruments_have_no_volume_state_but_all_others() -> None:
    window = samples.market_window()
    fuzzy = STAGE.run(window)
    n = next(k for k, i in enumerate(window.instruments) if i.close_only)
    assert np.isnan(fuzzy.memberships.field("volume")[:, n]).all()
    assert np.isnan(fuzzy.movements.field("volume")[:, n]).all()
    assert not np.isnan(fuzzy.memberships.field("price")[-1, n]).any()


def test_two_runs_give_the_same_bytes() -> None:
    window = samples.market_window()
    assert content_hash(STAGE.run(window)) == content_hash(STAGE.run(window))


def test_a_rewritten_future_changes_nothing_before_it() -> None:
    window = samples.market_window()
    cut = 200
    bars = window.bars.values.copy()
    bars[cut:] *= 1.7
    features = window.features.values.copy()
    features[cut:] = -features[cut:]
    changed = window.model_copy(
        update={
            "bars": Panel(**{**dict(window.bars), "values": bars}),
            "features": Panel(**{**dict(window.features), "values": features}),
        }
    )
    before, after = STAGE.run(window), STAGE.run(changed)
    for name in ("memberships", "movements", "strengths", "patterns", "inference", "events"):
        np.testing.assert_array_equal(
            getattr(before, name).values[:cut], getattr(after, name).values[:cut]
        )
    assert not np.array_equal(
        before.memberships.values[cut:], after.memberships.values[cut:], equal_nan=True
    )


def test_an_empty_window_is_refused_with_a_remedy() -> None:
    window = samples.market_window()
    empty = window.model_copy(update={"bars": window.bars.last(0)})
    with pytest.raises(UpstreamDataError, match="findings of stage 01"):
        STAGE.run(empty)

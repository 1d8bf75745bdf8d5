"""What a market model weighed: shares, of the past only, and the planted input first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from foundation.market_model import ModelData
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.explanation import (
    STATICS,
    SessionExplanation,
    ahead_names,
    explain_session,
)
from foundation.market_model.training.start import train
from tests.foundation.market_model.markets import SMALL, market

ROW = 229


@pytest.fixture(scope="module")
def trained() -> tuple[TrainedModel, ModelData]:
    data, labels = market(1.5)
    rows = {"training": range(0, 160), "validation": range(165, 200)}
    return train(data, labels, recipe=SMALL, **rows), data


@pytest.fixture(scope="module")
def why(trained: tuple[TrainedModel, ModelData]) -> SessionExplanation:
    return explain_session(*trained, ROW)


def test_the_input_that_moves_returns_weighs_most(why: SessionExplanation) -> None:
    assert int(why.observed.mean(axis=0).argmax()) == 0


def test_weights_are_shares_under_their_names(
    trained: tuple[TrainedModel, ModelData], why: SessionExplanation
) -> None:
    symbols = len(trained[1].symbols)
    assert why.observed.shape == (symbols, len(trained[1].observed_names))
    assert why.ahead.shape == (symbols, len(ahead_names()))
    assert why.statics.shape == (symbols, len(STATICS))
    assert why.attention.shape == (symbols, SMALL.context)
    for shares in (why.observed, why.ahead, why.statics, why.attention):
        assert (shares > 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


def test_a_session_near_the_beginning_attends_to_as_many_as_there_are(
    trained: tuple[TrainedModel, ModelData],
) -> None:
    early = explain_session(*trained, 4)
    assert early.attention.shape[1] == 5
    np.testing.assert_allclose(early.attention.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("deleted", [False, True])
def test_what_comes_after_the_session_changes_no_bit(
    trained: tuple[TrainedModel, ModelData], why: SessionExplanation, deleted: bool
) -> None:
    model, data = trained
    by_session = (
        "observed", "known", "liquidity", "market_regime", "returns", "scale",
    )  # fmt: skip

    def other(values: np.ndarray) -> np.ndarray:
        if deleted:
            return values[: ROW + 1]
        changed = values.copy()
        changed[ROW + 1 :] = changed[ROW : ROW + 1] * 3 // 2
        return changed

    rewritten = replace(
        data,
        sessions=data.sessions[: ROW + 1] if deleted else data.sessions,
        **{name: other(getattr(data, name)) for name in by_session},
        known_codes=data.known_codes[: ROW + 1] if deleted else data.known_codes,
    )
    again = explain_session(model, rewritten, ROW)
    for name, values in vars(why).items():
        np.testing.assert_array_equal(getattr(again, name), values, err_msg=name)


def test_a_symbol_without_a_volatility_scale_is_not_explained(
    trained: tuple[TrainedModel, ModelData], why: SessionExplanation
) -> None:
    model, data = trained
    scale = data.scale.copy()
    scale[ROW, 3] = np.nan
    silent = explain_session(model, replace(data, scale=scale), ROW)
    for name, values in vars(silent).items():
        assert np.isnan(values[3]).all(), name
        np.testing.assert_array_equal(np.delete(values, 3, 0), np.delete(getattr(why, name), 3, 0))

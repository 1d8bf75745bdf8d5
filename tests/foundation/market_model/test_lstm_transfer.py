"""Parent and children: each stock's own is found, and nothing later is felt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from foundation.kernel import OperatorError
from foundation.market_model import Labels, ModelData
from foundation.market_model.lstm.children import batched_ridge
from foundation.market_model.lstm.parent import SERIES, TransferRecipe
from foundation.market_model.lstm.transfer import (
    family_answers,
    fit_family,
    transfer_inputs,
    transfer_walk_forward,
)
from foundation.testing.samples import market_window
from tests.foundation.market_model.markets import market

RECIPE = TransferRecipe(
    hidden=8, layers=2, context=10, block=16, epochs=4, held_back=20, ridges=(1.0, 100.0)
)


def planted(effect: float, sessions: int = 320) -> tuple[np.ndarray, ModelData, Labels]:
    """Return stocks whose next return follows today's RSI, each other one the other way."""
    draw = np.random.default_rng(2)
    series = draw.normal(size=(sessions, 6, len(SERIES)))
    # A slow RSI where it says something: a stock of which nothing can be foretold has no memory.
    for t in range(1, sessions) if effect else ():
        series[t, :, 5] = 0.9 * series[t - 1, :, 5] + 0.44 * series[t, :, 5]
    sign = np.where(np.arange(6) % 2, -1.0, 1.0)
    series[1:, :, 0] += effect * sign * series[:-1, :, 5]
    data, labels = market(0.0, sessions_=sessions, symbols=6)
    outcome = np.full((sessions, 6), np.nan)
    ahead = np.lib.stride_tricks.sliding_window_view(series[1:, :, 0], 5, axis=0).sum(axis=-1)
    outcome[: len(ahead)] = ahead / data.scale[: len(ahead)]
    return series, data, replace(labels, returns=outcome)


def test_children_find_what_the_market_as_a_whole_does_not_have() -> None:
    series, data, labels = planted(1.0)
    recipe = RECIPE.model_copy(update={"hidden": 32, "layers": 1})
    said = transfer_walk_forward(
        series, data, labels, recipe, refit_rows=[240], entry="close"
    ).returns[240:315]
    truth = labels.returns[240:315]
    found = [np.corrcoef(said[:, n], truth[:, n])[0, 1] for n in range(6)]
    # The RSI itself, each stock's sign known, comes to 0.65 to 0.83.
    assert min(found) > 0.3
    assert np.mean(found) > 0.45


def test_a_stocks_layer_is_scikit_learns_ridge() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(80, 3, 4)), draw.normal(size=(80, 3, 2))
    y[5, 1, 0] = np.nan
    found = batched_ridge(x, y, 7.0)
    for n in range(3):
        known = np.isfinite(y[:, n]).all(axis=1)
        theirs = Ridge(alpha=7.0).fit(x[known, n], y[known, n])
        np.testing.assert_allclose(found[n, :-1], theirs.coef_.T, atol=1e-8)
        np.testing.assert_allclose(found[n, -1], theirs.intercept_, atol=1e-8)


@pytest.mark.parametrize("deleted", [False, True])
def test_nothing_later_is_felt_to_the_last_bit(deleted: bool) -> None:
    series, data, labels = planted(1.0, 280)
    rows = [150, 200]
    made = transfer_walk_forward(series, data, labels, RECIPE, refit_rows=rows, entry="next open")
    day = 222
    if deleted:
        cut = slice(0, day + 1)
        late = Labels(*(getattr(labels, f).copy()[cut] for f in ("returns", "hit", "volatility")))
        late.returns[day + 1 - 5 :] = np.nan
        shorter = replace(data, sessions=data.sessions[cut], scale=data.scale[cut])
        other = transfer_walk_forward(
            series[cut], shorter, late, RECIPE, refit_rows=rows, entry="next open"
        )
    else:
        series[day + 1 :] *= -4
        labels.returns[day + 1 - 5 :] *= -4
        other = transfer_walk_forward(
            series, data, labels, RECIPE, refit_rows=rows, entry="next open"
        )
        assert not np.array_equal(made.returns[day + 1 :], other.returns[day + 1 :])
    np.testing.assert_array_equal(made.returns[: day + 1], other.returns[: day + 1])
    np.testing.assert_array_equal(made.quantiles[: day + 1], other.quantiles[: day + 1])


def test_quantiles_hold_on_the_past_they_were_taken_from() -> None:
    series, data, labels = planted(0.0)
    family = fit_family(series, data, labels, stop=300, recipe=RECIPE, entry="close")
    said = family_answers(family, series, data, range(300), "close")
    truth = labels.returns[:300]
    below = [(truth < said.quantiles[..., i]).mean() for i in range(3)]
    np.testing.assert_allclose(below, [0.1, 0.5, 0.9], atol=0.005)
    assert np.isnan(said.hit).all()


def test_where_nothing_is_a_childs_own_the_strongest_penalty_is_taken() -> None:
    series, data, labels = planted(0.0)
    assert fit_family(series, data, labels, stop=300, recipe=RECIPE, entry="close").ridge == 100.0


def test_inputs_are_told_in_logs_over_the_close_before() -> None:
    window = market_window(60)
    found = transfer_inputs(window)[40, 0]
    bar = {f: window.bars.field(f)[40, 0] for f in ("open", "high", "low", "close")}
    before = window.bars.field("close")[39, 0]
    by_hand = [np.log(bar[f] / before) for f in ("close", "open", "high", "low")]
    np.testing.assert_allclose(found[:4], by_hand, rtol=1e-10)
    volume = window.bars.field("volume")[:, 0]
    np.testing.assert_allclose(found[4], np.log(volume[40] / volume[21:41].mean()), rtol=1e-10)


def test_too_short_a_past_is_refused() -> None:
    series, data, labels = planted(0.0, 60)
    with pytest.raises(OperatorError, match="sessions to learn from"):
        fit_family(series, data, labels, stop=30, recipe=RECIPE, entry="close")

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foundation.kernel import OperatorError
from foundation.trading import profit_and_loss


def test_costs_of_a_hand_computed_day_pair():
    weights = np.array([[0.5, 0.0], [0.5, 0.3]])
    returns = np.array([[0.10, 0.0], [0.0, 0.02]])
    # Entering trades 0.5. Then 0.55 / 1.05 has drifted; back to 0.5 and 0.3 bought.
    traded = abs(0.5 - 0.55 / 1.05) + 0.3
    np.testing.assert_allclose(
        profit_and_loss(weights, returns, 10), [0.05 - 0.0005, 0.006 - 0.001 * traded]
    )


@given(
    arrays(float, (8, 3), elements=st.floats(0, 0.33)),
    arrays(float, (8, 3), elements=st.floats(-0.2, 0.2)),
    st.floats(0, 50),
)
def test_agrees_with_an_account_of_cash_and_positions(weights, returns, cost):
    """An account in money: trade at the open, earn, and compare wealth ratios."""
    held, net = np.zeros(3), []
    wealth = 1.0
    for wanted, moved in zip(weights, returns, strict=True):
        target = wanted * wealth
        fee = cost * 1e-4 * np.abs(target - held).sum()
        gain = float(target @ moved)
        net.append((gain - fee) / wealth)
        held = target * (1 + moved)
        wealth += gain  # fees are paid out of a separate pocket, as the formula states them
    np.testing.assert_allclose(profit_and_loss(weights, returns, cost), net, atol=1e-12)


def test_holding_without_rebalancing_costs_nothing_after_entry():
    returns = np.array([[0.1], [0.05], [-0.02]])
    np.testing.assert_allclose(
        profit_and_loss(np.ones((3, 1)), returns, 20), returns[:, 0] - [0.002, 0, 0]
    )


def test_an_absent_return_is_fine_where_nothing_is_held_and_refused_where_something_is():
    returns = np.array([[np.nan, 0.01], [0.02, 0.01]])
    free = np.array([[0.0, 1.0], [0.5, 0.5]])
    assert np.isfinite(profit_and_loss(free, returns, 5)).all()
    with pytest.raises(OperatorError, match="1 returns are missing"):
        profit_and_loss(np.full((2, 2), 0.5), returns, 5)


def test_mismatched_shapes_and_negative_costs_are_refused():
    with pytest.raises(OperatorError, match="same sessions"):
        profit_and_loss(np.ones((2, 1)), np.ones((3, 1)))
    with pytest.raises(OperatorError, match="negative"):
        profit_and_loss(np.ones((2, 1)), np.ones((2, 1)), -1)

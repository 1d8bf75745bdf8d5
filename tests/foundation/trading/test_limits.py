import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from foundation.kernel import OperatorError
from foundation.trading import Limits, check_limits, fill_under_limits, investable

LIMITS = Limits(
    max_weight=0.15, max_group_weight=0.35, max_gross=1.0, min_cash=0.05, max_volatility=0.15
)
GROUPS = st.lists(st.sampled_from(["Energy", "Health", "Technology", None]), min_size=1, max_size=9)
ANY_LIMITS = st.builds(
    Limits,
    max_weight=st.floats(0.05, 1),
    max_group_weight=st.floats(0.05, 1),
    max_gross=st.floats(0.1, 1),
    min_cash=st.floats(0, 0.5),
    max_volatility=st.just(0.2),
)


def by_name(checks):
    return {c.name: c for c in checks}


def test_each_limit_reports_what_is_used_of_it():
    weights = np.array([0.15, 0.10, 0.12, 0.05])
    checks = by_name(check_limits(weights, ["Energy", "Energy", "Health", None], 0.11, LIMITS))
    assert checks["largest position"].used == 0.15
    assert checks["largest sector (Energy)"].used == pytest.approx(0.25)
    assert checks["gross exposure"].used == pytest.approx(0.42)
    assert checks["cash, at least"].used == pytest.approx(0.58)
    assert all(c.held for c in checks.values())


@pytest.mark.parametrize(
    ("weights", "groups", "vol", "broken"),
    [
        ([0.16], [None], 0.1, "largest position"),
        ([0.12, 0.12, 0.12], ["Energy"] * 3, 0.1, "largest sector (Energy)"),
        ([0.15] * 7, [None] * 7, 0.1, "gross exposure"),
        ([0.15] * 6 + [0.06], [None] * 7, 0.1, "cash, at least"),
        ([0.10, -0.01], [None] * 2, 0.1, "no short position: smallest weight"),
        ([0.10], [None], 0.151, "expected volatility a year"),
    ],
)
def test_a_broken_limit_is_named(weights, groups, vol, broken):
    checks = by_name(check_limits(np.array(weights), groups, vol, LIMITS))
    assert not checks[broken].held


def test_an_empty_portfolio_holds_every_limit():
    assert all(c.held for c in check_limits(np.zeros(0), [], 0.0, LIMITS))


@given(GROUPS, ANY_LIMITS)
def test_investable_is_the_optimum_of_the_linear_programme(groups, limits):
    rows = [np.ones(len(groups))]
    bounds = [min(limits.max_gross, 1 - limits.min_cash)]
    for name in {g for g in groups if g}:
        rows.append(np.array([float(g == name) for g in groups]))
        bounds.append(limits.max_group_weight)
    best = linprog(
        -np.ones(len(groups)), A_ub=np.array(rows), b_ub=bounds, bounds=(0, limits.max_weight)
    )
    assert investable(groups, limits) == pytest.approx(-best.fun, abs=1e-7)


@given(
    GROUPS.flatmap(
        lambda g: st.tuples(
            st.just(g), st.lists(st.floats(0.01, 10), min_size=len(g), max_size=len(g))
        )
    ),
    ANY_LIMITS,
)
def test_filling_spends_the_budget_holds_limits_and_keeps_the_order_of_wishes(case, limits):
    groups, wanted = case[0], np.array(case[1])
    weights = fill_under_limits(wanted, groups, limits)
    assert weights.sum() == pytest.approx(investable(groups, limits), abs=1e-9)
    assert all(c.held for c in check_limits(weights, groups, 0.0, limits))
    for i, a in enumerate(wanted):
        for j, b in enumerate(wanted):
            if groups[i] == groups[j] and a > b:
                assert weights[i] >= weights[j] - 1e-12


def test_filling_without_binding_limits_keeps_proportions():
    weights = fill_under_limits(
        np.array([1.0, 2.0, 3.0]),
        [None] * 3,
        Limits(
            max_weight=0.9, max_group_weight=1.0, max_gross=0.6, min_cash=0.0, max_volatility=1.0
        ),
    )
    np.testing.assert_allclose(weights, [0.1, 0.2, 0.3], atol=1e-12)


def test_what_is_not_wanted_is_not_held():
    weights = fill_under_limits(np.array([0.0, 1.0]), [None, None], LIMITS)
    np.testing.assert_allclose(weights, [0.0, 0.15], atol=1e-12)
    assert not fill_under_limits(np.zeros(2), [None, None], LIMITS).any()
    with pytest.raises(OperatorError, match="at least zero"):
        fill_under_limits(np.array([-1.0]), [None], LIMITS)

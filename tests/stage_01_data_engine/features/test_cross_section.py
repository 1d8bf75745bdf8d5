"""Peers, the market and macro conditions against pandas and hand-worked cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import Instrument
from stage_01_data_engine.features import cross_section, macro
from stage_01_data_engine.features.cross_section import Universe


def instrument(symbol: str, kind: str = "equity", sector: str | None = None) -> Instrument:
    return Instrument.model_validate(
        {"symbol": symbol, "name": symbol, "kind": kind, "fields": ("close",), "sector": sector}
    )


MIXED = (
    *(instrument(f"E{i}", sector="Energy") for i in range(4)),
    *(instrument(f"F{i}", sector="Finance") for i in range(3)),
    instrument("LONE", sector="Utilities"),
    instrument("NONE"),
    instrument("SPX", "index"),
    *(instrument(f"T{i}", "etf") for i in range(3)),
)
UNIVERSE = Universe.of(MIXED, ("SPX", "SPY"))


def returns(seed: int, sessions: int = 300) -> np.ndarray:
    draw = np.random.default_rng(seed)
    values = draw.normal(0, 0.02, (sessions, len(MIXED))) + draw.normal(0, 0.01, (sessions, 1))
    values[draw.random(values.shape) < 0.05] = np.nan
    return values


def test_ranks_agree_with_pandas_within_each_kind() -> None:
    values = np.round(returns(1), 2)  # rounded, so that there are ties
    found = cross_section.ranks({"r": values}, UNIVERSE, 3)["r"]
    kinds = [i.kind for i in MIXED]
    for kind in set(kinds):
        at = [n for n, k in enumerate(kinds) if k == kind]
        frame = pd.DataFrame(values[:, at])
        expected = (frame.rank(axis=1) - 1).div(frame.notna().sum(axis=1) - 1, axis=0)
        expected[frame.notna().sum(axis=1) < 3] = np.nan
        np.testing.assert_allclose(found[:, at], expected, atol=1e-12)


def test_ranks_by_hand() -> None:
    universe = Universe.of([instrument(c) for c in "ABCDE"], ())
    values = np.array([[3.0, 1.0, 2.0, 2.0, np.nan], [1.0, 2.0, np.nan, np.nan, np.nan]])
    found = cross_section.ranks({"r": values}, universe, 3)["r"]
    np.testing.assert_array_equal(found[0], [1.0, 0.0, 0.5, 0.5, np.nan])
    assert np.isnan(found[1]).all(), "two are not enough to be ranked among"


def test_sectors_agree_with_loops() -> None:
    values = returns(2, 40)
    found = cross_section.sectors(values, UNIVERSE, 3)
    for t in range(40):
        for n, one in enumerate(MIXED):
            peers = [
                m for m, other in enumerate(MIXED)
                if other.sector == one.sector and other.kind == one.kind
                and other.sector is not None and np.isfinite(values[t, m])
            ]  # fmt: skip
            kin = [
                values[t, m] for m, other in enumerate(MIXED)
                if other.kind == one.kind and np.isfinite(values[t, m])
            ]  # fmt: skip
            gap = rank = strength = np.nan
            if len(peers) >= 3:
                strength = np.mean(values[t, peers]) - np.mean(kin)
            if len(peers) >= 3 and n in peers:
                gap = values[t, n] - np.mean([values[t, m] for m in peers if m != n])
                rank = sum(values[t, m] < values[t, n] for m in peers) / (len(peers) - 1)
            got = [
                found[k][t, n] for k in ("sector_gap_20", "sector_rank_20", "sector_strength_20")
            ]
            np.testing.assert_allclose(got, [gap, rank, strength], atol=1e-12)


def test_moving_with_the_market_agrees_with_pandas() -> None:
    values = returns(3)
    found = cross_section.against_market(values, UNIVERSE)
    spx = pd.Series(values[:, 9])
    for n in (0, 5, 12):
        own = pd.Series(values[:, n]).where(spx.notna())
        index = spx.where(own.notna())
        correlation = own.rolling(60, min_periods=48).corr(index)
        beta = (
            own.rolling(252, min_periods=202).cov(index) / index.rolling(252, min_periods=202).var()
        )
        left = own.rolling(60, min_periods=48).var() * (1 - correlation**2)
        count = own.rolling(60).count()
        residual = np.sqrt(252 * left * (count - 1) / (count - 2))
        strength = (own - index).rolling(60, min_periods=48).sum()
        for name, expected in (
            ("market_correlation_60", correlation),
            ("market_beta_252", beta),
            ("residual_volatility_60", residual),
            ("relative_strength_60", strength),
        ):
            window = 252 if name == "market_beta_252" else 60
            expected[: window - 1] = np.nan
            np.testing.assert_allclose(found[name][:, n], expected, atol=1e-10, err_msg=name)


def test_a_levered_copy_of_the_market_by_hand() -> None:
    market = np.random.default_rng(4).normal(0, 0.01, 260)
    values = np.stack([market, 2 * market + 0.001], axis=1)
    universe = Universe.of([instrument("SPX", "index"), instrument("A")], ("SPX",))
    found = {k: v[-1, 1] for k, v in cross_section.against_market(values, universe).items()}
    assert found["market_beta_252"] == pytest.approx(2)
    assert found["market_correlation_60"] == pytest.approx(1)
    assert found["residual_volatility_60"] == pytest.approx(0, abs=1e-6)
    assert found["relative_strength_60"] == pytest.approx(market[-60:].sum() + 0.06)


def test_without_a_benchmark_the_mean_of_the_instruments_stands_for_the_market() -> None:
    universe = Universe.of([instrument(c) for c in "AB"], ("SPX",))
    values = np.array([[0.01, 0.03], [np.nan, 0.02], [np.nan, np.nan]])
    np.testing.assert_allclose(cross_section.market_return(values, universe), [0.02, 0.02, np.nan])


def test_macro_conditions_agree_with_pandas() -> None:
    draw = np.random.default_rng(5)
    vix = np.exp(draw.normal(3, 0.2, 400))
    vix[100] = np.nan
    oil = 60 * np.exp(draw.normal(0, 0.02, 400).cumsum())
    oil[350] = -36.98
    spread = draw.normal(1, 0.1, 400)
    ten, two = draw.normal(0, 0.05, (2, 400)).cumsum(axis=1) + 3
    two[40] = np.nan
    dollar = 100 * np.exp(draw.normal(0, 0.004, 400).cumsum())
    series = {
        "vix": vix, "wti": oil, "credit_spread": spread,
        "treasury_10y": ten, "treasury_2y": two, "dollar_index": dollar,
    }  # fmt: skip
    found = macro.conditions(series)
    rank = pd.Series(vix).rolling(252).apply(lambda w: (w <= w[-1]).mean(), raw=True)
    positive = pd.Series(oil).where(lambda s: s > 0)
    expected = {
        "vix_percentile_252": rank,
        "vix_change_5": np.log(pd.Series(vix)).diff(5),
        "wti_return_20": np.log(positive).diff(20),
        "credit_spread_change_20": pd.Series(spread).diff(20),
        "treasury_10y_change_20": pd.Series(ten).diff(20),
        "yield_slope_10y_2y": pd.Series(ten - two),
        "yield_slope_change_20": pd.Series(ten - two).diff(20),
        "dollar_return_20": np.log(pd.Series(dollar)).diff(20),
    }
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name][:, 0], values, atol=1e-12, err_msg=name)


def test_sensitivities_are_the_slopes_planted() -> None:
    draw = np.random.default_rng(6)
    vix = 20 * np.exp(draw.normal(0, 0.05, 200).cumsum())
    ten = 3 + draw.normal(0, 0.05, 200).cumsum()
    dollar = 100 * np.exp(draw.normal(0, 0.004, 200).cumsum())
    nothing = np.full(200, np.nan)
    series = {"vix": vix, "wti": nothing, "treasury_10y": ten, "dollar_index": dollar}
    changes = {
        "vix_beta_60": np.diff(np.log(vix), prepend=np.nan),
        "treasury_10y_beta_60": np.diff(ten, prepend=np.nan),
        "dollar_beta_60": np.diff(np.log(dollar), prepend=np.nan),
    }
    for name, move in changes.items():
        values = np.stack([-0.2 * move, 0.1 * move + 0.001], axis=1)
        found = macro.sensitivities(values, series)
        np.testing.assert_allclose(found[name][-1], [-0.2, 0.1])
        assert np.isnan(found[name][:48]).all()
        assert np.isnan(found["wti_beta_60"]).all()


def test_the_yield_curve_has_the_slopes_whose_ends_are_known() -> None:
    ten, two, short = np.array([[4.0, 4.1], [4.5, np.nan], [5.0, 3.0]])
    assert macro.slopes({"treasury_10y": ten}) == {}
    found = macro.slopes({"treasury_10y": ten, "treasury_2y": two, "treasury_3m": short})
    np.testing.assert_allclose(found["yield_slope_10y_2y"], [-0.5, np.nan])
    np.testing.assert_allclose(found["yield_slope_10y_3m"], [-1.0, 1.1])

"""The forty features against loops, hand-worked cases and real chains."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from foundation.kernel import OperatorError
from foundation.quant.options import (
    CBOE_SPX,
    LEAN,
    OPTION_FIELDS,
    OptionChain,
    OptionSettings,
    gamma_zone,
    greeks,
    judge,
    max_pain,
    option_features,
    option_panel,
    sentiment_extreme,
    surface,
    volatility_regime,
)
from tests.foundation.quant.options.chains import made_up, real

SETTINGS = OptionSettings(least_history=3)
AT = {name: i for i, name in enumerate(OPTION_FIELDS)}


def named(values: np.ndarray) -> dict[str, float]:
    return dict(zip(OPTION_FIELDS, values.tolist(), strict=True))


def test_there_are_forty_and_a_rich_chain_has_all_that_need_no_past() -> None:
    assert len(set(OPTION_FIELDS)) == 40
    found = named(option_features(made_up(), SETTINGS, realised_volatility=0.15))
    absent = {name for name, value in found.items() if math.isnan(value)}
    assert absent - {"gamma_flip_gap"} == {
        "volume_ratio_20", "open_interest_change", "pcr_volume_z", "pcr_volume_percentile",
        "volatility_rank", "volatility_percentile", "volatility_change", "positioning_score",
    }  # fmt: skip


def test_activity_agrees_with_a_table() -> None:
    chain = made_up()
    unusual = chain.volume.copy()
    unusual[[3, 60]] = 20_000
    chain = replace(chain, volume=unusual)
    t = pd.DataFrame(
        {
            k: getattr(chain, k)
            for k in ("volume", "open_interest", "strike", "price", "call", "years")
        }
    )
    calls, puts, near = t[t.call], t[~t.call], t[t.years <= 30 / 365]
    odd = t[(t.volume >= 100) & (t.volume >= 2 * t.open_interest)]
    shares = t.groupby("strike").open_interest.sum() / t.open_interest.sum()
    expected = {
        "option_volume": t.volume.sum(),
        "open_interest": t.open_interest.sum(),
        "volume_oi_ratio": t.volume.sum() / t.open_interest.sum(),
        "unusual_volume_share": odd.volume.sum() / t.volume.sum(),
        "near_volume_share": near.volume.sum() / t.volume.sum(),
        "strike_concentration": (shares**2).sum(),
        "pcr_volume": puts.volume.sum() / calls.volume.sum(),
        "pcr_open_interest": puts.open_interest.sum() / calls.open_interest.sum(),
        "pcr_dollar": (puts.volume * puts.price).sum() / (calls.volume * calls.price).sum(),
        "pcr_near_volume": near[~near.call].volume.sum() / near[near.call].volume.sum(),
    }
    found = named(option_features(chain, SETTINGS))
    for name, value in expected.items():
        assert found[name] == pytest.approx(value), name


def test_volatilities_follow_from_the_smile() -> None:
    chain = made_up()
    made = surface(chain)
    found = named(option_features(chain, SETTINGS, realised_volatility=0.15))
    month, quarter = made.atm(30), made.atm(90)
    assert found["atm_volatility_30"] == month
    assert found["volatility_premium"] == pytest.approx(month - 0.15)
    assert found["term_slope_30_90"] == pytest.approx(quarter - month)
    between = (quarter**2 * 90 - month**2 * 30) / 60
    assert found["forward_volatility_30_90"] == pytest.approx(math.sqrt(between))
    put, call = made.of_delta(-0.25, 30), made.of_delta(0.25, 30)
    assert found["skew_25_delta_30"] == pytest.approx(put - call)
    assert found["skew_25_delta_30"] > 0, "the smile was made with a skew"
    assert found["butterfly_25_delta_30"] == pytest.approx((put + call) / 2 - month)
    # 0.15 x 0.105 + 0.3 x 0.105^2 by the smile's own formula, read between strikes.
    away = -math.log(0.9)
    assert found["put_skew_10_30"] == pytest.approx(0.15 * away + 0.3 * away**2, abs=5e-4)
    front = made.expiries[0]
    assert found["front_ratio"] == pytest.approx(front.atm / month)
    straddle = 4 * (0.5 * math.erfc(-front.atm * math.sqrt(front.years) / 2 / math.sqrt(2)) - 0.5)
    assert found["implied_move"] == pytest.approx(straddle, rel=1e-3)


def test_exposures_and_positioning_agree_with_sums() -> None:
    chain = made_up()
    made = surface(chain)
    of = greeks(
        chain.spot, made.forward, chain.strike, chain.years, chain.rate, made.volatility, chain.call
    )
    held = chain.open_interest
    found = named(option_features(chain, SETTINGS))
    assert found["delta_balance"] == pytest.approx(
        (of.delta * held).sum() / (abs(of.delta) * held).sum()
    )
    assert found["vega_exposure"] == pytest.approx((of.vega * held).sum() * 100 * 0.01 / 1e6)
    assert found["theta_exposure"] == pytest.approx((of.theta * held).sum() * 100 / 365 / 1e6)
    signed = np.where(chain.call, 1, -1) * of.vanna * held
    assert found["vanna_exposure"] == pytest.approx(signed.sum() * 100 * 100 * 0.01 / 1e6)
    near = [e for e in made.expiries if e.years <= 30 / 365]
    main = max(near, key=lambda e: held[e.rows].sum())
    pain = max_pain(chain.strike[main.rows], chain.call[main.rows], held[main.rows])
    assert found["max_pain_gap"] == pytest.approx(pain / 100 - 1)
    z = math.log(pain / 100) / (main.atm * math.sqrt(main.years))
    pull = held[main.rows].sum() / held.sum() * math.exp(-z * z / 2)
    assert found["pin_pressure"] == pytest.approx(pull)


def test_against_the_past_by_hand() -> None:
    past = np.full((4, 40), np.nan)
    past[:, AT["atm_volatility_30"]] = [0.10, 0.30, 0.20, 0.15]
    past[:, AT["pcr_volume"]] = [0.8, 1.0, 1.2, 1.0]
    past[:, AT["open_interest"]] = [1.0, 2.0, 3.0, np.nan]
    chain = made_up()
    now = named(option_features(chain, SETTINGS, past=past))
    level, ratio = now["atm_volatility_30"], now["pcr_volume"]
    assert 0.20 < level < 0.30
    assert now["volatility_rank"] == pytest.approx((level - 0.1) / 0.2)
    assert now["volatility_percentile"] == 0.75
    assert now["volatility_change"] == pytest.approx(level - 0.15)
    spread = math.sqrt((0.04 + 0 + 0.04 + 0) / 3)
    assert now["pcr_volume_z"] == pytest.approx((ratio - 1.0) / spread)
    assert now["pcr_volume_percentile"] == (sum(r <= ratio for r in (0.8, 1, 1.2, 1)) + 1) / 5
    assert now["open_interest_change"] == pytest.approx(math.log(chain.open_interest.sum() / 3))
    assert math.isnan(now["volume_ratio_20"]), "twenty chains are needed"
    strict = named(option_features(chain, OptionSettings(least_history=5), past=past))
    assert math.isnan(strict["volatility_rank"])
    assert math.isnan(strict["pcr_volume_z"])


def test_the_positioning_score_is_the_mean_of_three_z_scores() -> None:
    draw = np.random.default_rng(0)
    past = np.full((30, 40), np.nan)
    parts = {"gamma_balance": 1, "pcr_volume": -1, "skew_25_delta_30": -1}
    for name, centre in zip(parts, (0.1, 1.0, 0.08), strict=True):
        past[:, AT[name]] = centre + 0.05 * draw.normal(size=30)
    past[:, AT["option_volume"]] = 50.0
    now = named(option_features(made_up(), SETTINGS, past=past))
    z = [
        sign * np.clip((now[n] - past[:, AT[n]].mean()) / past[:, AT[n]].std(ddof=1), -3, 3)
        for n, sign in parts.items()
    ]
    assert now["positioning_score"] == pytest.approx(np.mean(z) / 3)
    assert now["volume_ratio_20"] == pytest.approx(now["option_volume"] / 50)


def days(count: int) -> list[OptionChain]:
    return [
        replace(
            made_up((7 + n, 28 + n, 119 + n), seed=n), moment=made_up().moment + timedelta(days=n)
        )
        for n in range(count)
    ]


def test_a_later_chain_changes_no_earlier_feature() -> None:
    chains = days(6)
    whole = option_panel(chains, SETTINGS)
    part = option_panel(chains[:4], SETTINGS)
    assert whole.values[:4].tobytes() == part.values.tobytes()
    doubled = replace(chains[5], volume=chains[5].volume * 2)
    again = option_panel([*chains[:5], doubled], SETTINGS)
    assert whole.values[:5].tobytes() == again.values[:5].tobytes()
    assert whole.values[5].tobytes() != again.values[5].tobytes()


def test_a_split_changes_no_feature_that_is_free_of_units() -> None:
    """The same chains with four new shares for one old from the third day on."""
    chains = days(5)
    split = [
        c
        if n < 2
        else replace(
            c, spot=c.spot / 4, strike=c.strike / 4, price=c.price / 4,
            volume=c.volume * 4, open_interest=c.open_interest * 4,
        )
        for n, c in enumerate(chains)
    ]  # fmt: skip
    plain = option_panel(chains, SETTINGS)
    told = option_panel(split, SETTINGS, splits={chains[2].session: 4.0})
    counted = {"option_volume", "open_interest", "unusual_volume_share"}
    for i, name in enumerate(OPTION_FIELDS):
        if name not in counted:
            np.testing.assert_allclose(
                told.values[..., i], plain.values[..., i], rtol=1e-6, err_msg=name
            )
    silent = option_panel(split, SETTINGS)
    assert silent.field("open_interest_change")[2, 0] > 1, "untold, the split looks like a rush"


def test_chains_out_of_order_or_of_two_underlyings_are_refused() -> None:
    first, second = days(2)
    with pytest.raises(OperatorError, match="in order of time"):
        option_panel([second, first], SETTINGS)
    with pytest.raises(OperatorError, match="one underlying"):
        option_panel([first, replace(second, underlying="ABC")], SETTINGS)


def test_an_empty_chain_has_no_feature() -> None:
    empty = made_up().only(np.zeros(0, dtype=int))
    assert np.isnan(option_features(empty, SETTINGS)).all()


def test_words_for_features() -> None:
    nothing = float("nan")
    assert sentiment_extreme({"pcr_volume_percentile": 0.97}) == "extreme fear"
    assert sentiment_extreme({"pcr_volume_percentile": 0.03}) == "extreme greed"
    assert sentiment_extreme({"pcr_volume_percentile": 0.5}) == "ordinary"
    assert sentiment_extreme({"pcr_volume_percentile": nothing}) == "unknown"
    assert gamma_zone({"gamma_exposure": 5.0, "gamma_flip_gap": -0.05}) == "long gamma"
    assert gamma_zone({"gamma_exposure": -5.0, "gamma_flip_gap": nothing}) == "short gamma"
    assert gamma_zone({"gamma_exposure": -5.0, "gamma_flip_gap": 0.004}) == "near the flip"
    assert gamma_zone({"gamma_exposure": nothing, "gamma_flip_gap": nothing}) == "unknown"
    levels = (0.1, 0.5, 0.9, 0.99, nothing)
    said = [volatility_regime({"volatility_percentile": p}) for p in levels]
    assert said == ["low", "normal", "high", "extreme", "unknown"]


def test_spx_before_and_after_a_fall_in_2019() -> None:
    """From 26 April to 7 May the index fell 2.3%, and with it went the calm."""
    table = real("options_spx_2019")
    chains = []
    for day in ("20190426", "20190507"):
        rows = table[table.file_date == day]
        raw = CBOE_SPX.chain(rows, spot=rows.underlying_last.iloc[0], rate=0.0235)
        chains.append(judge(raw, SETTINGS).chain)
    calm, fallen = (named(v) for v in option_panel(chains, SETTINGS).values[:, 0])
    assert calm["atm_volatility_30"] == pytest.approx(0.097, abs=0.01)
    assert fallen["atm_volatility_30"] == pytest.approx(0.18, abs=0.02)
    assert calm["term_slope_30_90"] > 0 > fallen["term_slope_30_90"]
    assert calm["gamma_exposure"] > 0 > fallen["gamma_exposure"]
    assert calm["gamma_flip_gap"] < 0 < fallen["gamma_flip_gap"]
    assert min(calm["skew_25_delta_30"], fallen["skew_25_delta_30"]) > 0.02
    assert min(calm["pcr_volume"], fallen["pcr_volume"]) > 1, "an index is hedged with puts"


def test_apple_across_its_split_of_seven_for_one() -> None:
    table = real("options_lean_aapl_2014")
    closes = {"2014-06-04": 644.82, "2014-06-05": 647.35, "2014-06-09": 93.70, "2014-06-10": 94.25}
    chains = [
        judge(LEAN.chain(table[table.quote_date == d], spot=c, rate=0.001), SETTINGS).chain
        for d, c in closes.items()
    ]
    made = option_panel(chains, SETTINGS, splits={date(2014, 6, 9): 7.0})
    change = made.field("open_interest_change")[1:, 0]
    assert np.abs(change).max() < 0.15
    assert made.field("atm_volatility_30")[:, 0] == pytest.approx(0.21, abs=0.02)
    assert np.ptp(made.field("strike_concentration")[:, 0]) < 0.002
    exposure = made.field("gamma_exposure")[:, 0]
    assert exposure.max() / exposure.min() < 1.6, "dollars do not know the split"

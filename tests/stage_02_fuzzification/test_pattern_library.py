"""The library: as plain loops tell it, where it was planted, blind to the future."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import grade, statement
from foundation.language import phrasings
from foundation.language.phrases import PATTERN_STRENGTH
from foundation.language.phrases import PATTERNS as WORDED
from foundation.testing import planted_patterns as plants
from stage_02_fuzzification.calibration import position
from stage_02_fuzzification.movement import by_horizon, code
from stage_02_fuzzification.patterns import FEATURES, PATTERNS, SEQUENCES, recognise
from stage_02_fuzzification.patterns.turns import find_turns
from tests.stage_02_fuzzification import plain_patterns as plain

Bars = dict[str, np.ndarray]


def mean_of(values: np.ndarray, window: int) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    for t in range(window - 1, len(values)):
        out[t] = values[t - window + 1 : t + 1].mean(axis=0)
    return out


def extreme(values: np.ndarray, window: int, how: object) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    for t in range(window - 1, len(values)):
        out[t] = how(values[t - window + 1 : t + 1], axis=0)  # type: ignore[operator]
    return out


def given_of(bars: Bars) -> dict:
    """What stage 01 and the movements would give, by plain windows over whole columns."""
    close = bars["close"]
    top = np.where(np.isnan(bars["high"]), close, bars["high"])
    bottom = np.where(np.isnan(bars["low"]), close, bars["low"])
    before = np.vstack([close[:1] * np.nan, close[:-1]])
    scale = mean_of(np.maximum(top, before) - np.minimum(bottom, before), 20)
    short, spread = mean_of(close, 20), extreme(close, 20, np.std)
    features = {
        "volatility_scale_20": scale,
        "support_20": extreme(bottom, 20, np.min),
        "resistance_20": extreme(top, 20, np.max),
        "high_252_gap": close / extreme(top, 252, np.max) - 1,
        "low_252_gap": close / extreme(bottom, 252, np.min) - 1,
        "sma_20_gap": close / short - 1,
        "sma_50_gap": close / mean_of(close, 50) - 1,
        "sma_200_gap": close / mean_of(close, 200) - 1,
        "sma_50_200_gap": mean_of(close, 50) / mean_of(close, 200) - 1,
        "bollinger_b": (close - short + 2 * spread) / (4 * spread),
    }
    assert set(features) == set(FEATURES)
    week = code(close, scale, 5, steady_multiple=0.5, sharp_multiple=2.0)
    steps = np.moveaxis(by_horizon(week, week, 3)[..., 1:], -1, 0)
    return {
        "codes": tuple(steps),
        "bars": bars,
        "features": features,
        "width_low": grade(position(4 * spread / short, 60, 0.8, 1.0))[..., 0],
    }


def bars_of(made: plants.PlantedBars) -> Bars:
    return {f: getattr(made, f).copy() for f in ("open", "high", "low", "close")}


@pytest.fixture(scope="module")
def walk() -> Bars:
    return bars_of(plants.martingale(12, np.random.default_rng(11)))


@pytest.fixture(scope="module")
def told(walk: Bars) -> dict[str, np.ndarray]:
    return recognise(**given_of(walk))


def test_the_library_has_words_for_every_pattern_it_knows_and_knows_all_it_has_words_for() -> None:
    assert len(PATTERNS) >= 30
    assert set(PATTERNS) == set(WORDED)
    for name in PATTERNS:
        for hedge in PATTERN_STRENGTH:
            assert phrasings(statement("pattern", name, "seen", hedge))


def test_strengths_are_degrees(told: dict[str, np.ndarray]) -> None:
    assert tuple(told) == PATTERNS
    for name, degrees in told.items():
        seen = degrees[~np.isnan(degrees)]
        assert seen.size, name
        assert ((seen >= 0) & (seen <= 1)).all(), name


@pytest.mark.parametrize("size", [2.0, 3.0])
def test_turns_are_those_of_a_plain_walk(walk: Bars, size: float) -> None:
    scale = given_of(walk)["features"]["volatility_scale_20"]
    turns = find_turns(walk["close"], scale, (size,))[0]
    for n in range(walk["close"].shape[1]):
        known = plain.turning_points(walk["close"][:, n].tolist(), scale[:, n].tolist(), size)
        for t in range(len(known)):
            newest = known[t][::-1][:6]
            assert turns.bar[: len(newest), t, n].tolist() == [i for i, _ in newest]
            assert turns.price[: len(newest), t, n].tolist() == [p for _, p in newest]
            assert (turns.bar[len(newest) :, t, n] == -1).all()


SHAPES = {
    "double top": plain.double_top,
    "head and shoulders": plain.head_and_shoulders,
    "rising channel": plain.rising_channel,
}
WINDOWED = {
    "bull flag": plain.bull_flag,
    "rounding bottom": plain.saucer,
    "buying exhaustion": plain.run_up,
}


def planted_and_random(name: str) -> Bars:
    rng = np.random.default_rng(sum(map(ord, name)))
    both = [plants.planted(name, 6, 0.7, rng), plants.martingale(10, rng)]
    return {f: np.hstack([getattr(b, f) for b in both]) for f in ("open", "high", "low", "close")}


@pytest.mark.parametrize("name", [*SHAPES, *WINDOWED])
def test_shapes_are_those_of_plain_loops(name: str) -> None:
    bars = planted_and_random(name)
    given_ = given_of(bars)
    found = recognise(**given_)[name]
    scale = given_["features"]["volatility_scale_20"]
    matched = 0
    for n in range(found.shape[1]):
        line, unit = bars["close"][:, n].tolist(), scale[:, n].tolist()
        if name in SHAPES:
            expected = np.maximum(*(SHAPES[name](line, unit, s) for s in (2.0, 3.0)))
        else:
            expected = np.array(WINDOWED[name](line, unit))
        known = ~np.isnan(found[:, n])
        assert known[-1]
        np.testing.assert_allclose(found[known, n], expected[known], atol=1e-9)
        matched += int((expected[known] > 0.1).sum())
    assert matched > 20, "the comparison saw next to no pattern"


@pytest.mark.parametrize(("name", "window"), [("quarterly breakout", 60), ("yearly breakout", 252)])
def test_breakouts_are_those_of_a_plain_loop(walk: Bars, name: str, window: int) -> None:
    given_ = given_of(walk)
    found = recognise(**given_)[name]
    for n in range(found.shape[1]):
        columns = (walk["high"], walk["close"], given_["features"]["volatility_scale_20"])
        expected = plain.breakout(*(c[:, n].tolist() for c in columns), window)
        np.testing.assert_allclose(found[:, n], expected, atol=1e-12)


def test_the_mirror_image_has_the_mirrored_pattern(walk: Bars) -> None:
    level = 400.0  # prices are mirrored by negation, far above zero
    upside_down = {
        "open": level - walk["open"],
        "high": level - walk["low"],
        "low": level - walk["high"],
        "close": level - walk["close"],
    }
    one, other = recognise(**given_of(walk)), recognise(**given_of(upside_down))
    for bearish, bullish in plants.MIRRORS.items():
        if bearish in ("death cross", "yearly low", "downside release"):
            continue  # defined on ratios, which mirror in logs only
        np.testing.assert_allclose(one[bearish], other[bullish], atol=1e-6, err_msg=bearish)


SHORT_LIVED = {*plants.BAR_PLANTS, *SEQUENCES}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_planted_pattern_matches_better_than_chance(name: str, told: dict) -> None:
    """Half of the planted charts are told of, and seven in ten match better than a martingale."""
    rng = np.random.default_rng(sum(map(ord, name)) + 1)
    made = (
        plants.planted_sequence(SEQUENCES[name], 12, 0.25, rng)
        if name in SEQUENCES
        else plants.planted(name, 12, 0.5, rng)
    )
    short = name in SHORT_LIVED or plants.MIRRORS.get(name) in SHORT_LIVED
    near = slice(plants.LAST - 1, plants.LAST + 2) if short else slice(plants.LAST - 10, None)
    here = np.nan_to_num(recognise(**given_of(bars_of(made)))[name][near]).max(axis=0)
    nowhere = np.nan_to_num(told[name][near]).max(axis=0)
    assert np.median(here) >= 0.4
    assert (here[:, None] > nowhere).mean() + 0.5 * (here[:, None] == nowhere).mean() > 0.7


@settings(max_examples=6)
@given(st.integers(130, 310), st.integers(0, 10**6))
def test_a_rewritten_future_changes_nothing_before_it(cut: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bars = bars_of(plants.martingale(4, rng))
    factor = rng.uniform(0.5, 2.0, (len(bars["close"]) - cut, 4))
    changed = {f: np.vstack([v[:cut], v[cut:] * factor]) for f, v in bars.items()}
    shorter = {f: v[:cut] for f, v in bars.items()}
    whole, other, cut_off = (recognise(**given_of(b)) for b in (bars, changed, shorter))
    for name in PATTERNS:
        np.testing.assert_array_equal(whole[name][:cut], other[name][:cut], err_msg=name)
        np.testing.assert_array_equal(whole[name][:cut], cut_off[name], err_msg=name)


def test_a_longer_history_changes_nothing_once_its_turns_are_forgotten(walk: Bars) -> None:
    given_ = given_of(walk)
    whole = recognise(**given_)
    drop = 40
    later = {
        "codes": tuple(c[drop:] for c in given_["codes"]),
        "bars": {f: v[drop:] for f, v in walk.items()},
        "features": {f: v[drop:] for f, v in given_["features"].items()},
        "width_low": given_["width_low"][drop:],
    }
    short = recognise(**later)
    start = 200
    for name in PATTERNS:
        if "yearly" in name or "reclaimed" in name or "lost" in name:
            continue
        np.testing.assert_array_equal(short[name][start:], whole[name][start + drop :], name)


def test_closes_alone_have_shapes_but_no_gaps_or_bars(walk: Bars) -> None:
    alone = {f: walk[f] if f == "close" else np.full(walk[f].shape, np.nan) for f in walk}
    found = recognise(**given_of(alone))
    for name in ("gap up", "inside bar", "narrow range", "hammer", "bullish outside bar"):
        assert np.isnan(found[name]).all()
    for name in ("double top", "bull flag", "quarterly breakout", "rectangle"):
        assert not np.isnan(found[name][-1]).any()


def test_a_session_without_a_bar_is_skipped_and_blinds_nothing(walk: Bars) -> None:
    given_ = given_of(walk)
    whole = recognise(**given_)

    def with_hole(values: np.ndarray, at: int) -> np.ndarray:
        hole = np.full((1, values.shape[1]), np.nan)
        return np.vstack([values[:at], hole, values[at:]])

    at = 250
    holed = recognise(
        codes=tuple(with_hole(c, at) for c in given_["codes"]),
        bars={f: with_hole(v, at) for f, v in walk.items()},
        features={f: with_hole(v, at) for f, v in given_["features"].items()},
        width_low=with_hole(given_["width_low"], at),
    )
    for name in ("double top", "rising channel", "bull flag", "quarterly breakout", "inside bar"):
        assert np.isnan(holed[name][at]).all()
        np.testing.assert_array_equal(np.delete(holed[name], at, axis=0), whole[name])


def test_too_short_a_history_is_told_from_no_pattern(told: dict[str, np.ndarray]) -> None:
    assert np.isnan(told["double top"][:100]).all()
    assert not np.isnan(told["double top"][140:]).any()
    assert np.isnan(told["yearly breakout"][:252]).all()


def test_a_price_that_stands_still_has_no_shapes_and_divides_by_nothing() -> None:
    still = np.full((300, 2), 50.0)
    still[290:, 1] = 51.0
    found = recognise(
        codes=(np.zeros(still.shape),) * 3,
        bars=dict.fromkeys(("open", "high", "low", "close"), still),
        features={
            **{name: np.full(still.shape, np.nan) for name in FEATURES},
            "volatility_scale_20": np.zeros(still.shape),
            "support_20": still,
            "resistance_20": np.full(still.shape, 50.0),
            "high_252_gap": np.zeros(still.shape),
            "low_252_gap": np.zeros(still.shape),
        },
        width_low=np.zeros(still.shape),
    )
    assert np.isnan(found["double top"]).all()
    assert np.isnan(found["breakout"][280, 0])
    assert found["breakout"][290, 1] == 1.0

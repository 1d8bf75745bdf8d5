"""The scores against numbers worked out by hand, and what must never lower them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foundation.contracts import QUANT_FIELDS, TAPE, QuantContext, statement
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_07_signal_extraction.scores import quant_scores, story_parts, text_score, usual_next
from stage_07_signal_extraction.settings import SignalSettings

S = SignalSettings()
EVEN = np.full((1, len(TAPE), 5), 0.2)
STILL = np.full((30, 1, len(TAPE)), 2.0)


def story_score(price: np.ndarray) -> float:
    distributions = EVEN.copy()
    distributions[0, TAPE.index("price")] = price
    return float(story_parts(distributions, STILL, [()], S).pooled(S)[0])


def test_an_even_distribution_after_a_still_past_says_nothing() -> None:
    assert story_score(np.full(5, 0.2)) == pytest.approx(0.0)


def test_the_price_part_is_tanh_of_the_expected_movement() -> None:
    distributions = EVEN.copy()
    distributions[0, 0] = (0.0, 0.1, 0.4, 0.3, 0.2)
    parts = story_parts(distributions, STILL, [()], S)
    # Expected code 2.6, that is 0.3 of the way to the top.
    assert parts.price[0] == pytest.approx(math.tanh(0.3 / S.price_scale))


def test_a_market_that_always_drifts_up_gives_no_direction_to_a_forecast_of_just_that() -> None:
    # A rise was followed by two rises in three sessions; the model expects just that.
    observed = STILL.copy()
    observed[:, 0, 0] = np.tile([3.0, 3.0, 3.0, 1.0], 8)[:30]
    usual = usual_next(observed)[0, 0]
    high = (usual - 1) / 2
    distributions = EVEN.copy()
    distributions[0, 0] = (0, 1 - high, 0, high, 0)
    assert usual > 2
    assert story_parts(distributions, observed, [()], S).price[0] == pytest.approx(0)
    bolder = distributions.copy()
    bolder[0, 0] = (0, 0, 0, 1, 0)
    assert story_parts(bolder, observed, [()], S).price[0] > 0


def test_absent_parts_share_their_weight_among_the_rest() -> None:
    distributions = EVEN.copy()
    distributions[0, 0] = (0, 0, 0, 0, 1)
    distributions[0, 1:] = np.nan
    parts = story_parts(distributions, np.full_like(STILL, np.nan), [()], S)
    assert np.isnan(parts.trend[0])
    assert np.isnan(parts.text[0])
    assert parts.pooled(S)[0] == pytest.approx(math.tanh(1 / S.price_scale))


def test_a_trend_at_its_top_is_compared_with_what_usually_follows() -> None:
    # The trend was at 4 and followed by 3.5 on average; the model expects just that.
    observed = STILL.copy()
    observed[:, 0, TAPE.index("trend")] = np.tile([4.0, 4.0, 3.0], 10)
    observed[-1, 0, TAPE.index("trend")] = 4.0
    distributions = EVEN.copy()
    distributions[0, TAPE.index("trend")] = (0, 0, 0, 0.5, 0.5)
    # Followers of 4 within the 30 sessions: nine times (4, 3), then 4, then the last 4.
    usual = usual_next(observed)[0, TAPE.index("trend")]
    assert usual == pytest.approx((11 * 4 + 9 * 3) / 20)
    part = story_parts(distributions, observed, [()], S).trend[0]
    assert part == pytest.approx(math.tanh((3.5 - usual) / S.shift_scale))


def test_what_the_past_never_showed_is_expected_to_stay() -> None:
    observed = np.full((3, 1, 1), 1.0)
    observed[-1] = 4.0
    assert usual_next(observed)[0, 0] == 4.0


@given(
    hnp.arrays(np.float64, 5, elements=st.floats(0.01, 1)),
    st.integers(0, 3),
    st.floats(0, 1),
)
def test_moving_chance_from_a_lower_to_a_higher_outcome_never_lowers_the_score(
    weights: np.ndarray, lower: int, share: float
) -> None:
    before = weights / weights.sum()
    for higher in range(lower + 1, 5):
        after = before.copy()
        after[lower] -= share * before[lower]
        after[higher] += share * before[lower]
        assert story_score(after) >= story_score(before) - 1e-12


@given(hnp.arrays(np.float64, 5, elements=st.floats(0.01, 1)))
def test_the_price_part_is_mirrored_when_the_distribution_is(weights: np.ndarray) -> None:
    p = weights / weights.sum()
    assert story_score(p) == pytest.approx(-story_score(p[::-1]), abs=1e-12)
    assert -1 <= story_score(p) <= 1


def test_the_tone_of_the_text_leaves_out_the_quantitative_model() -> None:
    rise = statement("movement", "price", "+2")
    tilt = statement("tilt", "week", "down")
    assert text_score((rise, tilt)) == text_score((rise,)) == 1.0


def test_a_text_without_tone_has_no_score() -> None:
    assert math.isnan(text_score(()))
    assert math.isnan(text_score((statement("level", "support", "at"),)))


def quant(drift: float, volatility: float, odds: list[float], before: float = 0.0) -> QuantContext:
    """Return a context whose last expected return is ``drift``, and ``before`` on earlier rows."""
    days = samples.trading_days(len(odds))
    fields = {name: np.full((len(odds), 1), 0.25) for name in QUANT_FIELDS}
    fields["expected_return_5d"] = np.array([[before]] * (len(odds) - 1) + [[drift]])
    fields["volatility_5d"] = np.full((len(odds), 1), volatility)
    fields["hit_probability"] = np.array(odds)[:, None]
    return QuantContext(
        as_of=samples.AS_OF,
        produced_at=samples.AS_OF,
        values=Panel.from_fields(days, ["AAA"], fields),
        models=(),
    )


def test_the_quantitative_score_mixes_drift_and_odds() -> None:
    found = quant_scores(quant(0.01, 0.04, [0.3, 0.5, 0.5]), ("AAA",), S)[0]
    drift = math.tanh(0.01 / 0.04 / S.drift_scale)
    odds = math.tanh((0.5 - 0.4) / S.hit_scale)
    assert found == pytest.approx(0.7 * drift + 0.3 * odds)


def test_odds_without_a_past_are_left_out() -> None:
    found = quant_scores(quant(0.01, 0.04, [np.nan, np.nan, 0.5]), ("AAA",), S)[0]
    assert found == pytest.approx(math.tanh(0.01 / 0.04 / S.drift_scale))


def test_a_drift_that_was_always_forecast_is_no_direction() -> None:
    found = quant_scores(quant(0.01, 0.04, [0.4, 0.4, 0.4], before=0.01), ("AAA",), S)[0]
    assert found == pytest.approx(0)
    more = quant_scores(quant(0.02, 0.04, [0.4, 0.4, 0.4], before=0.01), ("AAA",), S)[0]
    assert more == pytest.approx(0.7 * math.tanh((0.5 - 0.25) / S.drift_scale))


def test_a_first_forecast_has_nothing_to_stand_beside() -> None:
    assert np.isnan(quant_scores(quant(0.01, 0.04, [0.4]), ("AAA",), S)[0])


@pytest.mark.parametrize(("drift", "volatility"), [(np.nan, 0.04), (0.01, np.nan), (0.01, 0.0)])
def test_a_silent_model_has_no_score(drift: float, volatility: float) -> None:
    assert np.isnan(quant_scores(quant(drift, volatility, [0.4, 0.4]), ("AAA",), S)[0])


@settings(max_examples=50)
@given(st.floats(-1, 1), st.floats(1e-4, 1), st.lists(st.floats(0, 1), min_size=2, max_size=5))
def test_the_quantitative_score_stays_in_range(
    drift: float, volatility: float, odds: list[float]
) -> None:
    assert -1 <= quant_scores(quant(drift, volatility, odds), ("AAA",), S)[0] <= 1

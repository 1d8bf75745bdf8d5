"""What is said of a past session is what was said on that session."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from stage_07_signal_extraction.calls import horizon_volatility, information_ratios, stakes
from stage_07_signal_extraction.history import History, history_of
from stage_07_signal_extraction.odds import RiseOdds, rise_odds
from tests.stage_07_signal_extraction.material import given, with_foresight


@pytest.fixture(scope="module")
def past() -> History:
    inputs = with_foresight(given())
    return history_of(
        inputs.market,
        inputs.stories,
        inputs.validated,
        inputs.quant,
        inputs.market.bars.symbols,
    )


def told(past: History) -> tuple[RiseOdds, np.ndarray]:
    odds = rise_odds(past)
    stake = stakes(odds.moved, horizon_volatility(past.close, past.volatility))
    return odds, information_ratios(odds.published, odds.opinions["past"], stake, 5e-4)


def cut(past: History, stop: int) -> History:
    return History(**{f.name: getattr(past, f.name)[:stop] for f in fields(past)})


@pytest.mark.parametrize("back", [1, 5, 6, 40])
def test_odds_and_calls_of_a_session_are_those_made_on_it(past: History, back: int) -> None:
    stop = len(past.sessions) - back
    (now, calls), (then, made) = told(past), told(cut(past, stop))
    np.testing.assert_array_equal(now.published[:stop], then.published)
    np.testing.assert_array_equal(now.weights[:stop], then.weights)
    np.testing.assert_array_equal(calls[:stop], made)
    for name, said in then.opinions.items():
        np.testing.assert_array_equal(now.opinions[name][:stop], said)


def test_a_rewritten_future_changes_no_odds_of_the_past_and_some_of_its_own(past: History) -> None:
    stop = len(past.sessions) - 30
    close = past.close.copy()
    close[stop:] = close[stop:][::-1] * 1.3
    (now, calls), (other, made) = told(past), told(replace(past, close=close))
    np.testing.assert_array_equal(now.published[:stop], other.published[:stop])
    np.testing.assert_array_equal(calls[:stop], made[:stop])
    assert (now.published[stop:] != other.published[stop:]).any()

"""Returns keep gaps visible and labels look ahead exactly as far as they say."""

import numpy as np
import pytest

from foundation.quant.returns import forward_log_returns, log_returns

NAN = float("nan")


def test_the_return_after_a_gap_spans_the_gap():
    closes = np.array([[100.0], [NAN], [121.0], [110.0]])
    assert log_returns(closes) == pytest.approx(
        np.array([[NAN], [NAN], [np.log(1.21)], [np.log(110 / 121)]]), nan_ok=True
    )


def test_returns_add_up_to_the_price_path():
    closes = np.exp(np.random.default_rng(0).normal(size=(50, 3)).cumsum(axis=0))
    closes[[7, 20, 21], 1] = NAN
    assert np.nansum(log_returns(closes), axis=0) == pytest.approx(np.log(closes[-1] / closes[0]))


def test_forward_returns_span_the_horizon_and_end_before_the_data_does():
    closes = np.arange(1.0, 8.0)[:, None]
    forward = forward_log_returns(closes, 5)
    assert forward[:2, 0] == pytest.approx([np.log(6 / 1), np.log(7 / 2)])
    assert np.isnan(forward[2:]).all()
    assert np.isnan(forward_log_returns(closes[:5], 5)).all()

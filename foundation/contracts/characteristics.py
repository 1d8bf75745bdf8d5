"""quant -> market model, people: what kind of stock each one is, as known at every close."""

from __future__ import annotations

from foundation.kernel.model import Contract
from foundation.timeseries import Panel

CHARACTERISTICS: tuple[str, ...] = (
    "beta",
    "hurst_exponent",
    "earnings_sensitivity",
    "sentiment_beta",
    "liquidity_bucket",
)


class StockCharacteristics(Contract):
    """Slow properties of every instrument, session by session, past only.

    Attributes
    ----------
    values : Panel (T, N, 5), fields ``CHARACTERISTICS``
        ``beta``: slope of log returns on the market's over a year. ``hurst_exponent``: how the
        spread of moves grows with time over a year; below 0.5 they are given back, above 0.5
        they go on. ``earnings_sensitivity``: mean absolute log return on the sessions of the last
        reports (0.05 is five per cent). ``sentiment_beta``: log return beyond the market's, per
        unit of the session's news sentiment, over a year. ``liquidity_bucket``: 0 low, 1 middle,
        2 high third of mean dollar volume among equities. NaN where there is too little to go by.
    """

    values: Panel

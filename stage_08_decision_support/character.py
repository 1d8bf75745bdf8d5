"""What kind of stock it is, in one sentence, from its slow characteristics."""

from __future__ import annotations

import math

from foundation.contracts import StockCharacteristics
from stage_08_decision_support import phrasing as say

GIVEN_BACK, GOES_ON = 0.43, 0.57
"""Hurst exponents beyond which moves are said to be given back or to go on: one standard error of
the estimate from a year of a random walk (0.07) on either side of 0.5."""
TRADED = ("little", "about as much as the middle third of its peers", "more than most")


def character(made: StockCharacteristics, symbol: str) -> str:
    """Return the sentence; empty where nothing is known of the symbol."""
    n = made.values.symbols.index(symbol)
    last = dict(zip(made.values.fields, made.values.values[-1, n].tolist(), strict=True))
    told = [text for name, text in _told(last).items() if not math.isnan(last[name])]
    return say.sentence(say.listed(told)) if told else ""


def _told(last: dict[str, float]) -> dict[str, str]:
    hurst, bucket = last["hurst_exponent"], last["liquidity_bucket"]
    lasting = (
        "tends to give its moves back"
        if hurst < GIVEN_BACK
        else "tends to go on the way it went"
        if hurst > GOES_ON
        else "goes on or turns back no more than chance has it"
    )
    beta = say.number(last["beta"], 1)
    as_far = "about as far as the market" if beta == "1.0" else f"{beta} times as far as the market"
    return {
        "beta": f"moves {as_far}",
        "hurst_exponent": f"{lasting} (Hurst exponent {say.number(hurst)})",
        "earnings_sensitivity": f"moved {say.percent(last['earnings_sensitivity'], 1)} on an "
        "average earnings report",
        "sentiment_beta": f"gained {say.change(last['sentiment_beta'], 1)} against the others for "
        "wholly favourable news",
        "liquidity_bucket": "" if math.isnan(bucket) else f"trades {TRADED[int(bucket)]}",
    }

"""The library: every pattern by name, computed for all symbols and sessions in one pass.

Where two patterns match equally well, the story tells the one that comes first here: what took
months to form before what took days, rare before common.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stage_02_fuzzification.patterns import averages, breakouts, consolidations, flags
from stage_02_fuzzification.patterns import bars as candles
from stage_02_fuzzification.patterns import reversals as r
from stage_02_fuzzification.patterns.chart import Chart, Packing
from stage_02_fuzzification.patterns.conditions import conditions
from stage_02_fuzzification.patterns.exhaustion import buying_exhaustion
from stage_02_fuzzification.patterns.sequences import SEQUENCES, sequences

Recogniser = Callable[[Chart], np.ndarray]

REVERSALS: tuple[tuple[str, str, Recogniser], ...] = (
    ("head and shoulders", "inverse head and shoulders", r.head_and_shoulders),
    ("triple top", "triple bottom", r.triple_top),
    ("double top", "double bottom", r.double_top),
    ("rounding bottom", "rounding top", r.rounding_bottom),
    ("bullish island", "bearish island", candles.bullish_island),
)
SETUPS: tuple[tuple[str, str, Recogniser], ...] = (
    ("bull flag", "bear flag", flags.bull_flag),
    ("bull pennant", "bear pennant", flags.bull_pennant),
    ("yearly breakout", "yearly breakdown", breakouts.yearly_breakout),
    ("long-term average reclaimed", "long-term average lost", averages.long_average_reclaimed),
    ("bull trap", "bear trap", breakouts.bull_trap),
    ("upside release", "downside release", averages.squeeze_release),
    ("quarterly breakout", "quarterly breakdown", breakouts.quarterly_breakout),
    ("bounce off the average", "rejection at the average", averages.average_bounce),
    ("bullish average cross", "bearish average cross", averages.average_cross),
    ("buying exhaustion", "selling exhaustion", buying_exhaustion),
)
SHORT: tuple[tuple[str, str, Recogniser], ...] = (
    ("gap up", "gap down", candles.gap_up),
    ("hammer", "shooting star", candles.hammer),
    ("bullish outside bar", "bearish outside bar", candles.bullish_outside_bar),
)
"""Pairs: the first as defined, the second on the chart turned upside down."""

LINED: tuple[tuple[str, str | None, Callable[..., np.ndarray]], ...] = (
    ("rising channel", "falling channel", consolidations.rising_channel),
    ("rising wedge", "falling wedge", consolidations.rising_wedge),
    ("ascending triangle", "descending triangle", consolidations.ascending_triangle),
    ("symmetrical triangle", None, consolidations.symmetrical_triangle),
    ("rectangle", None, consolidations.rectangle),
    ("broadening formation", None, consolidations.broadening_formation),
)
ALONE: tuple[tuple[str, Recogniser], ...] = (
    ("inside bar", candles.inside_bar),
    ("narrow range", candles.narrow_range),
)
CONDITIONS: tuple[str, ...] = (
    "golden cross",
    "death cross",
    "yearly high",
    "yearly low",
    "breakout",
    "breakdown",
    "squeeze",
)


def recognise(
    *,
    codes: tuple[np.ndarray, np.ndarray, np.ndarray],
    bars: dict[str, np.ndarray],
    features: dict[str, np.ndarray],
    width_low: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return the match strength of every pattern, (T, N) each, in order of telling.

    Parameters
    ----------
    codes : three arrays (T, N)
        Movement codes of the price over the early, middle and late segment.
    bars : dict of array (T, N)
        ``open``, ``high``, ``low``, ``close``; NaN where the source reports none.
    features : dict of array (T, N)
        The features of ``FEATURES``, as stage 01 defines them.
    width_low : array (T, N)
        Degree to which the Bollinger width is very low.

    Notes
    -----
    Strengths lie in [0, 1]. NaN means that it cannot be told: no bar on that session, too short
    a history, or no range reported where the pattern needs one. Windows count a symbol's own
    bars: sessions on which it did not trade are skipped. Nothing later than a session is used.
    """
    chart = _chart(bars, features, width_low)
    packing = Packing.of(chart.close)
    packed = packing.pack(chart)
    found = {name: packing.unpack(degree) for name, degree in _charted(packed).items()}
    found |= sequences(*codes)
    found |= conditions(
        close=bars["close"],
        scale=features["volatility_scale_20"],
        support=features["support_20"],
        resistance=features["resistance_20"],
        high_gap=features["high_252_gap"],
        low_gap=features["low_252_gap"],
        cross=features["sma_50_200_gap"],
        width_low=width_low,
    )
    return {name: found[name] for name in PATTERNS}


FEATURES: tuple[str, ...] = (
    "volatility_scale_20",
    "support_20",
    "resistance_20",
    "high_252_gap",
    "low_252_gap",
    "sma_20_gap",
    "sma_50_gap",
    "sma_200_gap",
    "sma_50_200_gap",
    "bollinger_b",
)
"""What the library needs of stage 01."""


def _chart(
    bars: dict[str, np.ndarray], features: dict[str, np.ndarray], width_low: np.ndarray
) -> Chart:
    close = bars["close"]
    ranged = ~(np.isnan(bars["open"]) | np.isnan(bars["high"]) | np.isnan(bars["low"]))
    return Chart(
        open=bars["open"],
        high=np.where(ranged, bars["high"], close),
        low=np.where(ranged, bars["low"], close),
        close=close,
        scale=np.where(
            features["volatility_scale_20"] > 0, features["volatility_scale_20"], np.nan
        ),
        ranged=ranged,
        short=close / (1.0 + features["sma_20_gap"]),
        medium=close / (1.0 + features["sma_50_gap"]),
        long=close / (1.0 + features["sma_200_gap"]),
        band=features["bollinger_b"],
        tight=width_low,
    )


def _charted(chart: Chart) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name, mirror, recogniser in (*REVERSALS, *SETUPS, *SHORT):
        found[name], found[mirror] = recogniser(chart), recogniser(chart.mirrored)
    drawn = consolidations.lines(chart)
    upside_down = tuple(one.mirrored for one in drawn)
    for name, twin, lined in LINED:
        found[name] = lined(chart, drawn)
        if twin:
            found[twin] = lined(chart, upside_down)
    for name, recogniser in ALONE:
        found[name] = recogniser(chart)
    return found


def _in_order() -> tuple[str, ...]:
    def pairs(table: tuple) -> list[str]:
        return [name for row in table for name in row[:2] if name]

    return (
        *pairs(REVERSALS),
        *pairs(SETUPS),
        *CONDITIONS[:2],
        *pairs(LINED),
        *CONDITIONS[2:],
        *SEQUENCES,
        *pairs(SHORT),
        *(name for name, _ in ALONE),
    )


PATTERNS: tuple[str, ...] = _in_order()
"""Every name, in order of telling."""

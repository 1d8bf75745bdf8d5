"""The features by name: their order in panels, their group and how far back they look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["technical", "volume", "price action", "cross-section", "pattern", "macro"]


@dataclass(frozen=True)
class Feature:
    """One feature.

    Attributes
    ----------
    name : str
        Its field in ``MarketWindow.features``; the number in it is its window in bars.
    group : str
        One of the six groups.
    smoothed : bool
        Whether it is a recursion (Wilder's, an EMA) that never quite forgets; the others
        depend on the bars of their window alone.
    """

    name: str
    group: Group
    smoothed: bool = False


def _group(group: Group, plain: str, smoothed: str = "") -> tuple[Feature, ...]:
    return tuple(Feature(name, group) for name in plain.split()) + tuple(
        Feature(name, group, smoothed=True) for name in smoothed.split()
    )


_GROUPED: tuple[Feature, ...] = (
    *_group(
        "technical",
        "sma_20_gap sma_50_gap sma_200_gap sma_50_200_gap bollinger_b bollinger_width "
        "stochastic_k cci_20 mfi_14 williams_r_14 roc_10 realised_volatility_20 "
        "linear_slope_20 linear_fit_20 efficiency_ratio_20 aroon_oscillator_25 stochastic_d "
        "ultimate_oscillator_28 realised_volatility_60 downside_volatility_20 "
        "volatility_ratio_20_60 volatility_percentile_252 return_skewness_60 "
        "parkinson_volatility_20 garman_klass_volatility_20 choppiness_14",
        "rsi_14 macd_histogram atr_20 volatility_scale_20 adx_14 ema_12_gap ema_26_gap macd_line "
        "macd_signal trix_15 plus_di_14 minus_di_14 stochastic_rsi_14 atr_14_ratio",
    ),
    *_group(
        "volume",
        "volume_ratio_20 volume_z_20 volume_trend_5_20 vwap_20_gap obv_ratio_20 "
        "chaikin_money_flow_20 dollar_volume_20 amihud_20 volume_return_correlation_20",
        "obv_ema_gap_20",
    ),
    *_group(
        "price action",
        "log_return_1 log_return_5 log_return_20 high_252_gap low_252_gap support_20 "
        "resistance_20 gap_open log_return_60 momentum_252_21 intraday_return close_location "
        "body_share upper_shadow_share lower_shadow_share range_ratio_14 streak_10 "
        "bars_since_high_252 fibonacci_position_60 fibonacci_gap_60 pivot_gap "
        "swing_high_gap_120 swing_low_gap_120",
    ),
    *_group(
        "cross-section",
        "return_5_rank return_20_rank momentum_rank volatility_rank volume_rank sector_rank_20 "
        "sector_gap_20 sector_strength_20 market_correlation_60 market_beta_252 "
        "residual_volatility_60 relative_strength_60",
    ),
    *_group(
        "pattern",
        "breakout_20 breakout_252 squeeze_20 candle_pattern chart_pattern chart_pattern_confidence",
    ),
    *_group(
        "macro",
        "vix_percentile_252 vix_change_5 wti_return_20 credit_spread_change_20 vix_beta_60 "
        "wti_beta_60 treasury_10y_change_20 yield_slope_10y_2y yield_slope_change_20 "
        "dollar_return_20 treasury_10y_beta_60 dollar_beta_60",
    ),
)

STORY_FIELDS: tuple[str, ...] = (
    "log_return_1",
    "log_return_5",
    "log_return_20",
    "sma_20_gap",
    "sma_50_gap",
    "sma_200_gap",
    "sma_50_200_gap",
    "rsi_14",
    "macd_histogram",
    "bollinger_b",
    "bollinger_width",
    "atr_20",
    "volatility_scale_20",
    "stochastic_k",
    "adx_14",
    "cci_20",
    "mfi_14",
    "williams_r_14",
    "roc_10",
    "realised_volatility_20",
    "volume_ratio_20",
    "high_252_gap",
    "low_252_gap",
    "support_20",
    "resistance_20",
    "gap_open",
)
"""The features that stories, levels and the quantitative context are made of; they come first."""

FEATURES: tuple[Feature, ...] = (
    *sorted(
        (f for f in _GROUPED if f.name in STORY_FIELDS), key=lambda f: STORY_FIELDS.index(f.name)
    ),
    *(f for f in _GROUPED if f.name not in STORY_FIELDS),
)
"""Every feature, in the order of the panel."""

FEATURE_FIELDS: tuple[str, ...] = tuple(f.name for f in FEATURES)
"""Their names. Formulas, units and NaN rules: the docstrings of the modules beside this one."""

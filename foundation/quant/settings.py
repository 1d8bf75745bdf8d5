"""Settings of the quantitative context. Defaults live here and nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from foundation.kernel import Part


class GarchSettings(Part):
    """GARCH(1,1) by quasi-maximum likelihood.

    Attributes
    ----------
    horizon : int
        Sessions ahead that the variance is summed over.
    refit_every : int
        Observations of a symbol between two fits of its parameters (252: yearly).
    fit_window, minimum_observations : int
        Returns that a fit looks back on, at most and at least.
    leverage : bool
        Let falls raise the variance more than rises (GJR).
    """

    horizon: int = Field(default=5, ge=1)
    refit_every: int = Field(default=252, ge=1)
    fit_window: int = Field(default=1000, ge=100)
    minimum_observations: int = Field(default=250, ge=100)
    leverage: bool = False


class OwnWindowSettings(Part):
    """The rule that describes a stock's own past window.

    Attributes
    ----------
    trend_window, reversal_window, stress_window : int
        Sessions of the drift statistic, of the variance ratio, and of the past against which
        present volatility is ranked.
    reversal_lag : int
        Sessions ``q`` of the variance ratio.
    volatility_window : int
        Sessions of present volatility.
    choppy_score : float
        Standardised score that "nothing stands out" has; the others must exceed it.
    sharpness : float
        Inverse temperature of the softmax; larger is closer to naming one regime only.
    """

    trend_window: int = Field(default=60, ge=10)
    reversal_window: int = Field(default=120, ge=20)
    reversal_lag: int = Field(default=5, ge=2)
    volatility_window: int = Field(default=20, ge=5)
    stress_window: int = Field(default=252, ge=60)
    choppy_score: float = 0.5
    sharpness: float = Field(default=2.0, gt=0)


class MarketRegimeSettings(Part):
    """One hidden regime of the market, by a Markov-switching autoregression of all stocks.

    Attributes
    ----------
    minimum_sessions, refit_every : int
        Sessions that a fit needs at least, and between two fits (252: yearly). Before the first
        no regime is named.
    least_states, most_states : int
        Regimes that are told apart at least and at most; how many are is chosen at each fit.
        One: there is nothing to tell apart, and none is named.
    volatile_ratio : float
        A regime is altogether volatile from this multiple of the usual spread of returns on.
    least_memory : float
        A regime trends or reverts from this slope of a return on the one before on: 0.1 foretells
        1% of a return's variance.
    scale_half_life : int
        Sessions over which a stock's relative size of moves is half forgotten.
    share_window : int
        Sessions compared with one another to say how many deviations are independent.
    starts, later_starts, seed : int
        Starting points of the first fit's climb and of later ones', which also start from the fit
        before, and what they are drawn with.
    stretch : int
        Sessions of the stretches that starting points sort.
    steps : int
        Steps of a climb at most.
    tolerance : float
        Gain of log likelihood below which a climb has arrived.
    """

    minimum_sessions: int = Field(default=250, ge=60)
    refit_every: int = Field(default=252, ge=1)
    least_states: int = Field(default=1, ge=1)
    most_states: int = Field(default=4, ge=1, le=8)
    volatile_ratio: float = Field(default=1.5, gt=1)
    least_memory: float = Field(default=0.1, gt=0, lt=1)
    scale_half_life: int = Field(default=21, ge=1)
    share_window: int = Field(default=504, ge=2)
    starts: int = Field(default=4, ge=1)
    later_starts: int = Field(default=2, ge=1)
    seed: int = 20181228
    stretch: int = Field(default=21, ge=2)
    steps: int = Field(default=100, ge=1)
    tolerance: float = Field(default=0.05, gt=0)

    @model_validator(mode="after")
    def _some_number_of_states(self) -> MarketRegimeSettings:
        if self.least_states > self.most_states:
            raise ValueError(
                f"least_states ({self.least_states}) must not exceed most_states "
                f"({self.most_states})"
            )
        return self


class RegimeSettings(Part):
    """Who names regimes, and how.

    Attributes
    ----------
    named_by : "market" or "own window"
        One hidden regime of the market, the same for all its stocks; or the rule, which
        describes each stock's own past window.
    market : MarketRegimeSettings
    own_window : OwnWindowSettings
    """

    named_by: Literal["market", "own window"] = "market"
    market: MarketRegimeSettings = MarketRegimeSettings()
    own_window: OwnWindowSettings = OwnWindowSettings()


class QuantileSettings(Part):
    """LightGBM quantiles of the five-session return and the odds of target before stop.

    The size of the trees and the window were compared on sessions of 1995 to 2008 only, so that
    the years the demo shows stay out of sample. All sixteen variants lay within 0.7% of the
    same pinball loss.

    Attributes
    ----------
    horizon : int
        Sessions ahead of label and forecast.
    entry : "close" or "next open"
        From where the forecast return runs, and target and stop are measured.
    refit_every, fit_window, minimum_sessions : int
        Sessions between refits, that a refit looks back on, and that it needs at least.
    features, market_series : tuple of str
        What the trees see of a window's features and market-wide series: a window that lacks one
        is refused. Named one by one, so that a feature added to windows changes no forecast.
    price_unit_features : tuple of str
        Feature fields in price units. They are divided by the close: their bare level would
        only name the symbol and the year. Names that are not among ``features`` are no error.
    market_window : int
        Past sessions against which market-wide series are standardised.
    round_choices : tuple of int
        Boosting rounds to choose from; 0 is the unconditional past.
    held_back : float
        Last share of the known past on which the rounds are chosen.
    leaves, learning_rate, minimum_leaf, feature_fraction
        Leaves per tree, shrinkage, rows per leaf, share of columns drawn per tree.
    threads, seed : int
        Fixed, so that the same rows give the same trees.
    """

    horizon: int = Field(default=5, ge=1)
    entry: Literal["close", "next open"] = "close"
    refit_every: int = Field(default=252, ge=1)
    fit_window: int = Field(default=2000, ge=100)
    minimum_sessions: int = Field(default=250, ge=60)
    features: tuple[str, ...] = (
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
    market_series: tuple[str, ...] = ("vix", "wti", "credit_spread", "core_cpi_yoy", "breadth")
    price_unit_features: tuple[str, ...] = (
        "atr_20",
        "volatility_scale_20",
        "support_20",
        "resistance_20",
    )
    market_window: int = Field(default=252, ge=20)
    round_choices: tuple[int, ...] = (0, 10, 20, 40)
    held_back: float = Field(default=0.3, gt=0, lt=1)
    leaves: int = Field(default=15, ge=2)
    learning_rate: float = Field(default=0.03, gt=0)
    minimum_leaf: int = Field(default=500, ge=1)
    feature_fraction: float = Field(default=0.7, gt=0, le=1)
    threads: int = Field(default=1, ge=1)
    seed: int = 20181228

    @property
    def rounds(self) -> int:
        """The most rounds that may be chosen."""
        return max(self.round_choices)


class RankerSettings(Part):
    """LightGBM lambdarank over the stocks of a session.

    Attributes
    ----------
    horizon, refit_every, fit_window, minimum_sessions : int
        As of the quantiles.
    every : int
        Of the past's sessions, each how many-th is learnt from: neighbours share most of their
        outcome, and a fifth of them costs a fifth of the time.
    least_stocks : int
        Stocks that a session must have to be ranked.
    truncation : int
        Places of a ranking that its loss looks at.
    features, price_unit_features, round_choices, held_back, leaves, learning_rate, minimum_leaf,
    feature_fraction, threads, seed
        As of the quantiles.
    """

    horizon: int = Field(default=5, ge=1)
    refit_every: int = Field(default=252, ge=1)
    fit_window: int = Field(default=750, ge=100)
    minimum_sessions: int = Field(default=250, ge=60)
    every: int = Field(default=5, ge=1)
    least_stocks: int = Field(default=10, ge=2)
    truncation: int = Field(default=100, ge=1)
    features: tuple[str, ...] = (
        "log_return_1",
        "log_return_5",
        "log_return_20",
        "sma_20_gap",
        "sma_50_gap",
        "sma_200_gap",
        "rsi_14",
        "macd_histogram",
        "bollinger_b",
        "bollinger_width",
        "atr_20",
        "adx_14",
        "mfi_14",
        "realised_volatility_20",
        "volume_ratio_20",
        "high_252_gap",
        "low_252_gap",
        "gap_open",
    )
    price_unit_features: tuple[str, ...] = ("macd_histogram", "atr_20")
    round_choices: tuple[int, ...] = (0, 20, 50, 100)
    held_back: float = Field(default=0.25, gt=0, lt=1)
    leaves: int = Field(default=15, ge=2)
    learning_rate: float = Field(default=0.05, gt=0)
    minimum_leaf: int = Field(default=200, ge=1)
    feature_fraction: float = Field(default=0.7, gt=0, le=1)
    threads: int = Field(default=1, ge=1)
    seed: int = 20181228

    @property
    def rounds(self) -> int:
        """The most rounds that may be chosen."""
        return max(self.round_choices)


class RecalibrationSettings(Part):
    """Correction of odds and intervals by how earlier forecasts turned out.

    Attributes
    ----------
    window, least : int
        Sessions of past forecasts that a correction is learnt from, at most and at least.
    every : int
        Sessions for which it holds.
    """

    window: int = Field(default=252, ge=20)
    least: int = Field(default=63, ge=5)
    every: int = Field(default=21, ge=1)


class ArSettings(Part):
    """Autoregression of daily returns by Yule and Walker, its order by Akaike's criterion.

    Attributes
    ----------
    horizon : int
        Sessions ahead that returns are summed over.
    orders : int
        The highest order tried; order 0 is the mean alone.
    refit_every, fit_window, minimum_observations : int
        Sessions between two fits, and that one looks back on, at most and at least.
    """

    horizon: int = Field(default=5, ge=1)
    orders: int = Field(default=5, ge=1)
    refit_every: int = Field(default=21, ge=1)
    fit_window: int = Field(default=1000, ge=50)
    minimum_observations: int = Field(default=250, ge=50)


class QuantSettings(Part):
    """Settings of the whole quantitative context."""

    garch: GarchSettings = GarchSettings()
    regimes: RegimeSettings = RegimeSettings()
    quantiles: QuantileSettings = QuantileSettings()

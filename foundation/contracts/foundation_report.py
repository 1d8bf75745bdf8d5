"""quant -> 08, people: what stands behind the quantitative opinion of the as-of session."""

from __future__ import annotations

from datetime import date
from typing import Literal

from foundation.kernel.model import Part
from foundation.timeseries import Panel

REGIME_FIELDS: tuple[str, ...] = ("p_trending", "p_mean_reverting", "p_choppy", "p_volatile")

Matter = Literal["quantiles", "hit", "volatility"]


class Standing(Part):
    """How an opinion's past forecasts stood against those of another that is named beside it.

    ``gain`` is the mean of (loss of the other - loss of the opinion): positive where the opinion
    was better. ``low`` and ``high`` bound its 95% interval by a circular block bootstrap over
    sessions; None where too few outcomes are known to conclude anything.
    """

    name: str
    gain: float | None
    low: float | None
    high: float | None
    sessions: int


class Tenure(Part):
    """Which opinion weighed most from a session on."""

    since: date
    name: str


class Voice(Part):
    """How much of what is published an opinion is; the weights of a matter sum to one."""

    name: str
    weight: float


class Ruling(Part):
    """Which opinions make up some fields now, by what weights, and how each one stood.

    Attributes
    ----------
    decided : date
        Session at whose close the weights were learnt.
    voices : tuple of Voice
        Heaviest first.
    tenures : tuple of Tenure
        Oldest first; the last is who weighs most now.
    standings : tuple of Standing
        Each opinion's past forecasts against what was published, in the order of ``voices``.
        Losses are pinball loss in units of the volatility scale (``quantiles``), Brier score
        (``hit``) and QLIKE (``volatility``).
    """

    matter: Matter
    fields: tuple[str, ...]
    decided: date
    voices: tuple[Voice, ...]
    tenures: tuple[Tenure, ...]
    standings: tuple[Standing, ...]

    @property
    def leader(self) -> str:
        """Who weighs most now."""
        return self.voices[0].name


class HorizonForecast(Part):
    """One opinion on the five sessions ahead: log returns, and the chance of target before stop."""

    expected_return_5d: float
    q10: float
    q50: float
    q90: float
    hit_probability: float


class TwinState(Part):
    """One stock's twin at the as-of session.

    Attributes
    ----------
    answers : bool
        Whether it has earned its place; the shared heads answer for the stock where not.
    standing : Standing
        Its past forecasts against the shared heads': pinball loss plus Brier score.
    shared, twin : HorizonForecast, optional
        What either says, whoever answers; None where no volatility scale is known.
    alpha : float, optional
        Expected log return of the twin less the shared heads'; None unless the twin answers.
    """

    symbol: str
    answers: bool
    standing: Standing
    shared: HorizonForecast | None
    twin: HorizonForecast | None
    alpha: float | None


class ReliabilityPoint(Part):
    """Mean forecast probability of a bin beside how often it happened."""

    forecast: float
    observed: float
    count: int


class PastCalibration(Part):
    """How past forecasts held, over all stocks and sessions whose outcome is known.

    Attributes
    ----------
    name : str
    first, last : date
        Sessions forecast from. All models of a report are judged by the same rows.
    forecasts : int
        Pairs of stock and session.
    hit : tuple of ReliabilityPoint
        Chance of target before stop, in tenths; empty where no hit is known.
    hit_error : float, optional
        Expected calibration error over those bins.
    below_q10, below_q50, below_q90 : float
        Share of outcomes at or below each quantile; 0.1, 0.5, 0.9 where it holds what it says.
    covered, covered_low, covered_high : float
        Share of outcomes from q10 to q90 (0.8 where it holds) and its 95% interval by a circular
        block bootstrap over sessions.
    """

    name: str
    first: date
    last: date
    forecasts: int
    hit: tuple[ReliabilityPoint, ...]
    hit_error: float | None
    below_q10: float
    below_q50: float
    below_q90: float
    covered: float
    covered_low: float
    covered_high: float


class FoundationReport(Part):
    """Why the quantitative foundation says what it says, as of the last session.

    Attributes
    ----------
    market_model : str
        Recipe and hash of the market model that answers at the as-of session.
    trained_until : date
        Last session that it learnt from.
    observed, ahead, statics : Panel (1, N, variables)
        Weights of variable selection at the as-of session: of what was observed, of what is known
        of the sessions ahead, of what the instrument is. Each sums to one over its fields; NaN
        where no forecast is made.
    attention : Panel (K, N, 1), field "attention"
        The heads' mean attention on the last sessions, as-of session included; sums to one over
        sessions. NaN where no forecast is made.
    rulings : tuple of Ruling
        Who makes up what, by which weights.
    twins : tuple of TwinState
        One per symbol; empty where there are no twins.
    regimes : Panel (K, N, 4), fields ``REGIME_FIELDS``, optional
        Regime probabilities by the twins' detectors, over at most the last 252 sessions, each by
        the weights that were current then. None where there are no twins.
    calibration : tuple of PastCalibration
        Shared heads, twins, and what was published, on the same rows. Empty where no outcome is
        known yet.
    """

    market_model: str
    trained_until: date
    observed: Panel
    ahead: Panel
    statics: Panel
    attention: Panel
    rulings: tuple[Ruling, ...]
    twins: tuple[TwinState, ...]
    regimes: Panel | None
    calibration: tuple[PastCalibration, ...]

    def twin(self, symbol: str) -> TwinState | None:
        """Return a stock's twin; None where it has none."""
        return next((state for state in self.twins if state.symbol == symbol), None)

"""How bullish story and quantitative model are, for all symbols at once.

Scores lie in [-1, 1], from bearish to bullish. They are conventions that put different
opinions on one scale, not expected returns. Zero is the usual: what has followed in the past, or
has been forecast before. Markets drift upwards, and an opinion that says of every stock on every
day no more than that has no direction (as alphas are taken beside a consensus: Grinold & Kahn,
"Active Portfolio Management", 2000, chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import TAPE, QuantContext, Statement
from foundation.language import tone
from stage_07_signal_extraction.settings import SignalSettings

_QUANTITATIVE = ("regime", "range", "odds", "tilt")
_CODES = np.arange(5)


@dataclass(frozen=True)
class StoryParts:
    """The parts of the story score, each of shape (N,) in [-1, 1]; NaN where absent."""

    price: np.ndarray
    trend: np.ndarray
    momentum: np.ndarray
    text: np.ndarray

    def pooled(self, settings: SignalSettings) -> np.ndarray:
        """Return the weighted mean of the parts that are there, shape (N,)."""
        parts = np.stack([self.price, self.trend, self.momentum, self.text])
        weights = np.array(
            [
                settings.price_weight,
                settings.trend_weight,
                settings.momentum_weight,
                settings.text_weight,
            ]
        )
        used = np.where(np.isnan(parts), 0.0, weights[:, None])
        return (used * np.nan_to_num(parts)).sum(axis=0) / used.sum(axis=0)


def story_parts(
    distributions: np.ndarray,
    observed: np.ndarray,
    said: list[tuple[Statement, ...]],
    settings: SignalSettings,
) -> StoryParts:
    """Return the parts of the story score.

    Parameters
    ----------
    distributions : array, shape (N, S, 5)
        The model's probabilities for the target session, series in the order of ``TAPE``.
    observed : array, shape (T, N, S)
        Observed codes up to and including the as-of session.
    said : N tuples of Statement
        What the chosen continuations say.

    Notes
    -----
    ``price``, ``trend`` and ``momentum`` are tanh of how far the expected state lies above the
    one that has usually followed today's (past mean over all symbols): half of it over
    ``price_scale``, the whole over ``shift_scale``. A trend at its top can only fall, and that
    alone is no reason to be bearish; prices rise more often than they fall, and that alone is none
    to be bullish. Where today's price outcome is absent, the middle one counts as usual. ``text``
    is the mean tone
    of what the continuation says, without what it repeats of the quantitative model.
    """
    expected = distributions @ _CODES
    usual = usual_next(observed)
    shift = np.tanh((expected - usual) / settings.shift_scale)
    place = TAPE.index("price")
    beside = np.where(np.isnan(usual[:, place]), 2.0, usual[:, place])
    price = np.tanh((expected[:, place] - beside) / 2 / settings.price_scale)
    return StoryParts(
        price=price,
        trend=shift[:, TAPE.index("trend")],
        momentum=shift[:, TAPE.index("momentum")],
        text=np.array([text_score(statements) for statements in said], dtype=float),
    )


def usual_next(observed: np.ndarray) -> np.ndarray:
    """Return the mean code that followed today's code in the past, shape (N, S).

    Means are over all symbols and past sessions; today's own code where it was never followed
    by anything; NaN where today's code is absent.
    """
    today, following = observed[:-1], observed[1:]
    last = observed[-1]
    usual = last.copy()
    for code in _CODES:
        seen = (today == code) & ~np.isnan(following)
        counts = seen.sum(axis=(0, 1))
        sums = np.where(seen, following, 0.0).sum(axis=(0, 1))
        means = np.divide(sums, counts, out=np.full(len(counts), float(code)), where=counts > 0)
        usual = np.where(last == code, means, usual)
    return usual


def text_score(said: tuple[Statement, ...]) -> float:
    """Return the mean tone of the statements in [-1, 1]; NaN where nothing has a tone."""
    tones = [tone(s) for s in said if s.kind not in (*_QUANTITATIVE, "absence", "event", "level")]
    return float(np.mean(tones)) if tones else float("nan")


def quant_scores(
    quant: QuantContext, symbols: tuple[str, ...], settings: SignalSettings
) -> np.ndarray:
    """Return the quantitative score at the last session, shape (N,); NaN where it is silent.

    ``(1 - w) tanh((d - d_past) / drift_scale) + w tanh((h - h_past) / hit_scale)`` with d the
    expected five-session return in units of its volatility, h the hit probability, ``d_past`` and
    ``h_past`` the means of the symbol's earlier ones (what counts as even depends on the market's
    drift, and on where target and stop stand) and w ``hit_weight``. Without h, or a past of it, w
    is 0; without d, or a past of it, the model is silent.
    """
    panel = quant.values.select(symbols=symbols)
    expected, volatility = panel.field("expected_return_5d"), panel.field("volatility_5d")
    usable = np.isfinite(expected) & np.isfinite(volatility) & (volatility > 0)
    drift = np.divide(expected, volatility, out=np.full(expected.shape, np.nan), where=usable)
    moved = np.tanh(_beside_the_past(drift) / settings.drift_scale)
    lean = np.tanh(_beside_the_past(panel.field("hit_probability")) / settings.hit_scale)
    weight = np.where(np.isnan(lean), 0.0, settings.hit_weight)
    return (1 - weight) * moved + weight * np.nan_to_num(lean)


def _beside_the_past(values: np.ndarray) -> np.ndarray:
    """Return the last row of (T, N) less the mean of the rows before it; NaN without either."""
    known = np.isfinite(values[:-1])
    total = np.where(known, values[:-1], 0.0).sum(axis=0)
    count = known.sum(axis=0)
    usual = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return values[-1] - usual

"""Scores of the system against the references, with intervals over sessions."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from foundation.contracts import TAPE, CalibrationBin, DirectionalRecord, SkillScore
from foundation.contracts.feedback import Baseline
from foundation.quant.evaluation import (
    MeanInterval,
    circular_block_bootstrap,
    expected_calibration_error,
    log_score,
    ranked_probability_score,
    reliability_bins,
    smallest_detectable_effect,
)
from stage_09_feedback.matching import CATEGORIES, MatchedForecasts
from stage_09_feedback.settings import FeedbackSettings

POOLED = "all"
"""Name under which all series together are reported."""

Metric = Literal["log score", "ranked probability score"]
METRICS: tuple[Metric, ...] = ("log score", "ranked probability score")
BASELINES: tuple[Baseline, ...] = get_args(Baseline)
STEADY = 2


def skill_scores(matched: MatchedForecasts, settings: FeedbackSettings) -> tuple[SkillScore, ...]:
    """Return every series and the pool, by metric and baseline; absent series have no score.

    A difference is baseline minus system, averaged over pairs. Its interval resamples whole
    sessions in blocks, because what moves on one day moves together.
    """
    counts = _with_pool((~np.isnan(matched.observed)).sum(axis=1).astype(float))
    made = []
    for metric in METRICS:
        system = _losses(matched.system, matched.observed, metric, settings)
        for baseline in BASELINES:
            reference = _losses(matched.references[baseline], matched.observed, metric, settings)
            totals = _with_pool(np.nansum(reference - system, axis=1))
            intervals = bootstrap(totals, counts, settings)
            for place, series in enumerate((*TAPE, POOLED)):
                pairs = int(counts[:, place].sum())
                if pairs:
                    chosen = slice(None) if series == POOLED else place
                    made.append(
                        _skill(
                            series, metric, baseline, pairs, intervals[place],
                            float(np.nanmean(system[..., chosen])),
                            float(np.nanmean(reference[..., chosen])),
                        )
                    )  # fmt: skip
    order = {series: place for place, series in enumerate((POOLED, *TAPE))}
    return tuple(sorted(made, key=lambda s: order[s.series]))


def bootstrap(
    totals: np.ndarray, counts: np.ndarray, settings: FeedbackSettings
) -> list[MeanInterval]:
    """Return 95% block-bootstrap intervals, one per column of (K, C) session sums."""
    return circular_block_bootstrap(
        totals,
        counts,
        block=min(settings.block, len(totals)),
        samples=settings.bootstrap_samples,
        seed=settings.seed,
    )


def calibration(
    matched: MatchedForecasts, settings: FeedbackSettings
) -> tuple[tuple[CalibrationBin, ...], dict[str, float]]:
    """Return reliability bins and expected calibration error per series and pooled.

    Each of the five outcomes of a pair is one forecast of an event that happened or not: "of
    all outcomes that were given about 30%, how many came true?"
    """
    happened = (matched.observed[..., None] == np.arange(CATEGORIES)).astype(float)
    happened[np.isnan(matched.observed)] = np.nan
    table, errors = [], {}
    for place, series in enumerate((*TAPE, POOLED)):
        chosen = slice(None) if series == POOLED else place
        forecast, outcome = matched.system[:, :, chosen], happened[:, :, chosen]
        filled = reliability_bins(forecast, outcome, bins=settings.bins)
        if not filled:
            continue
        errors[series] = expected_calibration_error(forecast, outcome, bins=settings.bins)
        table += [
            CalibrationBin(series=series, forecast=b.forecast, observed=b.observed, count=b.count)
            for b in filled
        ]
    return tuple(table), errors


def directional_hits(said: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return 1 where the sign of the expected price move was right, 0 where wrong, (K, N).

    Parameters
    ----------
    said : float64 array, shape (K, N, S, 5)
    observed : float64 array, shape (K, N, S)

    Notes
    -----
    The expected move is the mean of the movement codes -2..2 under the price distribution. NaN
    where there is nothing to judge: no pair, no sign in the forecast, or a session that held
    steady and so had no sign itself.
    """
    place = TAPE.index("price")
    expected = said[:, :, place] @ (np.arange(CATEGORIES) - float(STEADY))
    expected = np.where(np.abs(expected) > 1e-12, expected, 0.0)
    realised = observed[:, :, place] - STEADY
    judged = ~np.isnan(realised) & (realised != 0) & ~np.isnan(expected) & (expected != 0)
    return np.where(judged, np.sign(expected) == np.sign(realised), np.nan)


def direction_record(hits: np.ndarray, settings: FeedbackSettings) -> DirectionalRecord:
    """Return the hit rate of (K, N) directional hits with its interval over sessions."""
    judged = ~np.isnan(hits)
    calls = int(judged.sum())
    if not calls:
        return DirectionalRecord(forecasts=0, hit_rate=None, low=None, high=None)
    (interval,) = bootstrap(
        np.nansum(hits, axis=1)[:, None], judged.sum(axis=1)[:, None].astype(float), settings
    )
    return DirectionalRecord(
        forecasts=calls, hit_rate=interval.mean, low=interval.low, high=interval.high
    )


def impossible_outcomes(matched: MatchedForecasts, settings: FeedbackSettings) -> int:
    """Count pairs whose observed outcome was given less than the probability floor."""
    hot = matched.observed[..., None] == np.arange(CATEGORIES)
    return int((hot & (matched.system < settings.probability_floor)).sum())


def _losses(
    distributions: np.ndarray, observed: np.ndarray, metric: Metric, settings: FeedbackSettings
) -> np.ndarray:
    if metric == "log score":
        return log_score(distributions, observed, floor=settings.probability_floor)
    return ranked_probability_score(distributions, observed)


def _with_pool(by_series: np.ndarray) -> np.ndarray:
    """Append the sum over series as a last column."""
    return np.concatenate([by_series, by_series.sum(axis=1, keepdims=True)], axis=1)


def _skill(
    series: str,
    metric: Metric,
    baseline_name: Baseline,
    pairs: int,
    interval: MeanInterval,
    system: float,
    baseline: float,
) -> SkillScore:
    return SkillScore(
        series=series,
        metric=metric,
        system=system,
        baseline_name=baseline_name,
        baseline=baseline,
        difference=interval.mean,
        low=interval.low,
        high=interval.high,
        detectable=smallest_detectable_effect(interval.standard_error),
        forecasts=pairs,
    )

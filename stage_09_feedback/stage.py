"""Stage 09: the system's own past forecasts, matched with what happened and scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import (
    OPINIONS,
    TAPE,
    DirectionalRecord,
    MarketWindow,
    Outcome,
    PerformanceReport,
    StoryBook,
    StoryForecast,
)
from foundation.runtime.stage import Stage
from stage_09_feedback.matching import MatchedForecasts, match
from stage_09_feedback.scoring import (
    calibration,
    direction_record,
    directional_hits,
    impossible_outcomes,
    skill_scores,
)
from stage_09_feedback.settings import FeedbackSettings
from stage_09_feedback.summary import summary, too_short
from stage_09_feedback.triggers import retraining_requests


@dataclass(frozen=True)
class FeedbackInput:
    """Forecasts, the stories that followed them, and the market both were made from."""

    forecast: StoryForecast
    stories: StoryBook
    market: MarketWindow


class FeedbackStage(Stage[FeedbackInput, PerformanceReport]):
    """How good were we, against climatology and persistence, and what must be retrained?"""

    name = "09_feedback"

    def __init__(self, settings: FeedbackSettings) -> None:
        self._settings = settings

    def run(self, given: FeedbackInput) -> PerformanceReport:
        """Return the scored record; without scores where too few sessions could be matched."""
        matched = match(given.forecast, given.stories, given.market)
        biased = given.market.source.survivor_biased
        scored = (
            self._scored(matched, biased)
            if self._enough(matched)
            else self._unscored(matched, biased)
        )
        return PerformanceReport(
            as_of=given.forecast.as_of,
            produced_at=given.forecast.produced_at,
            session=given.forecast.session,
            scored_from=matched.targets[0] if matched.targets else None,
            scored_to=matched.targets[-1] if matched.targets else None,
            sessions_scored=len(matched.targets),
            outcomes=recent_outcomes(matched, self._settings.shown_sessions),
            weights=latest_weights(given.forecast),
            survivor_biased=biased,
            **scored,
        )

    def _enough(self, matched: MatchedForecasts) -> bool:
        return len(matched.targets) >= self._settings.minimum_sessions

    def _scored(self, matched: MatchedForecasts, biased: bool) -> dict[str, object]:
        settings = self._settings
        scores = skill_scores(matched, settings)
        bins, errors = calibration(matched, settings)
        hits = directional_hits(matched.system, matched.observed)
        direction = direction_record(hits, settings)
        impossible = impossible_outcomes(matched, settings)
        return {
            "scores": scores,
            "calibration": bins,
            "expected_calibration_error": errors,
            "direction": direction,
            "retraining": retraining_requests(matched, settings),
            "summary": summary(matched, scores, direction, hits, impossible, biased, settings),
        }

    def _unscored(self, matched: MatchedForecasts, biased: bool) -> dict[str, object]:
        return {
            "scores": (),
            "calibration": (),
            "expected_calibration_error": {},
            "direction": DirectionalRecord(forecasts=0, hit_rate=None, low=None, high=None),
            "retraining": (),
            "summary": too_short(matched, biased, self._settings),
        }


def latest_weights(forecast: StoryForecast) -> dict[str, dict[str, float]]:
    """Return the weight of every opinion on tomorrow, by series that some instrument reports."""
    told = ~np.isnan(forecast.distributions.values[-1]).any(axis=-1)
    weights = forecast.weights.values[-1, 0]
    return {
        series: dict(zip(OPINIONS, weights[s].tolist(), strict=True))
        for s, series in enumerate(TAPE)
        if told[:, s].any()
    }


def recent_outcomes(matched: MatchedForecasts, sessions: int) -> tuple[Outcome, ...]:
    """Return the pairs of the last ``sessions`` targets, oldest first, for display."""
    first = max(0, len(matched.targets) - sessions)
    return tuple(
        Outcome(
            symbol=matched.symbols[n],
            session=matched.origins[k],
            target_session=matched.targets[k],
            series=TAPE[s],
            probabilities=tuple(matched.system[k, n, s].tolist()),
            observed=int(matched.observed[k, n, s]),
        )
        for k, n, s in np.argwhere(~np.isnan(matched.observed)).tolist()
        if k >= first
    )

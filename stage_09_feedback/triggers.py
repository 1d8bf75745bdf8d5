"""When the record says that a model should be retrained.

Two triggers of the source design are measured here: direction accuracy below a floor for days
on end, and confidence that does not match accuracy. Story quality and a new regime need records
over several runs and are not judged from one.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import RetrainingRequest
from foundation.quant.evaluation import confidence_gap
from stage_09_feedback.matching import MatchedForecasts
from stage_09_feedback.scoring import directional_hits
from stage_09_feedback.settings import FeedbackSettings


def retraining_requests(
    matched: MatchedForecasts, settings: FeedbackSettings
) -> tuple[RetrainingRequest, ...]:
    """Return the requests that the record justifies, none where it is too short to say.

    Judged is the story model alone: a model that fails is outweighed in what is published, and
    must be trained again all the same.
    """
    requests = []
    alone = matched.references["story model"]
    hits = directional_hits(alone, matched.observed)
    accuracy = recent_accuracy(hits, settings.accuracy_sessions)
    if len(accuracy) == settings.accuracy_sessions and (accuracy < settings.accuracy_floor).all():
        requests.append(
            RetrainingRequest(
                model="story model",
                trigger=f"direction accuracy below {settings.accuracy_floor:.0%} on each of the "
                f"last {settings.accuracy_sessions} sessions with calls (measured: the best of "
                "them). Few daily direction records stay above this floor: a reminder, not proof "
                "of decay",
                measured=float(accuracy.max()),
                threshold=settings.accuracy_floor,
            )
        )
    gap = confidence_gap(alone, matched.observed)
    if abs(gap) > settings.confidence_gap:
        side = "more" if gap > 0 else "less"
        requests.append(
            RetrainingRequest(
                model="story model",
                trigger=f"the model is {side} confident than it is accurate by over "
                f"{settings.confidence_gap:.2f} (mean highest probability less accuracy, all "
                "series)",
                measured=gap,
                threshold=settings.confidence_gap,
            )
        )
    return tuple(requests)


def recent_accuracy(hits: np.ndarray, sessions: int) -> np.ndarray:
    """Return the hit rate of each of the last ``sessions`` sessions that had calls."""
    judged = ~np.isnan(hits)
    called = judged.any(axis=1)
    rates = np.nansum(hits[called], axis=1) / judged[called].sum(axis=1)
    return rates[-sessions:]

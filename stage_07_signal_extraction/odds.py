"""The odds of a rise that are published: the opinions, weighed by what each has lost so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foundation.quant.aggregation import aggregate
from foundation.quant.evaluation import brier_slope
from stage_07_signal_extraction.history import History
from stage_07_signal_extraction.opinions import (
    HORIZON,
    OPINIONS,
    model_odds,
    moves,
    past_frequency,
    rises,
    story_odds,
)


@dataclass(frozen=True)
class RiseOdds:
    """How likely each close is to lie higher ``HORIZON`` sessions on, row by row.

    Attributes
    ----------
    moved, rose : float arrays (T, N)
        What happened: log return over the horizon, and 1 or 0. NaN where not known.
    opinions : mapping of name to float array (T, N)
        ``past``, ``story`` and ``model``; NaN is silence, the past never is silent.
    published : float array (T, N)
        Their mean by the weights of the row: a number between the least and the greatest.
    weights : float array (T, 3)
        In the order of ``OPINIONS``; learnt from outcomes known at the row.
    """

    moved: np.ndarray
    rose: np.ndarray
    opinions: Mapping[str, np.ndarray]
    published: np.ndarray
    weights: np.ndarray


def rise_odds(history: History) -> RiseOdds:
    """Return what each opinion says on every row, and what is published of them."""
    moved = moves(history.close)
    rose = rises(moved)
    said = {
        "past": past_frequency(rose),
        "story": story_odds(history.price, history.outcomes, rose),
        "model": model_odds(*np.moveaxis(history.quantiles, -1, 0)),
    }
    return weigh(said, moved)


def weigh(opinions: Mapping[str, np.ndarray], moved: np.ndarray) -> RiseOdds:
    """Return opinions (T, N) as one, by weights learnt online from their Brier scores.

    All three begin with the same weight and nothing is set by hand
    (``foundation.quant.aggregation``, decision 0010): the mean Brier score of what is published
    comes to exceed that of the best opinion, the past frequency among them, by no more than the
    price of learning which one it is.

    Whoever is silent is taken to expect what is usual, so that an opinion which has just begun to
    speak has neither gained nor lost beside the past frequency until then.
    """
    rose = rises(moved)
    usual = opinions["past"]
    made = aggregate(
        {name: np.where(np.isnan(opinions[name]), usual, opinions[name]) for name in OPINIONS},
        lambda published, row: brier_slope(published, rose[row]),
        dict.fromkeys(OPINIONS, 1.0),
        horizon=HORIZON,
    )
    return RiseOdds(moved, rose, opinions, made.values, made.weights)

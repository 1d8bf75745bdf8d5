"""Worlds in which the true odds of a rise are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stage_07_signal_extraction.opinions import HORIZON, past_frequency, rises

SYMBOLS = 20


@dataclass(frozen=True)
class World:
    """Outcomes drawn with ``truth`` as their odds; weeks are drawn whole, one symbol by itself.

    Attributes
    ----------
    truth, moved : float arrays (T, N)
        Odds of a rise, and the log return over the horizon: 3% up or down.
    """

    truth: np.ndarray
    moved: np.ndarray

    def opinions(self, story: np.ndarray, model: np.ndarray) -> dict[str, np.ndarray]:
        return {"past": past_frequency(rises(self.moved)), "story": story, "model": model}


def planted(sessions: int, spread: float, seed: int, base: float = 0.55) -> World:
    """Odds that are ``spread`` above or below ``base``, week by week and symbol by symbol."""
    rng = np.random.default_rng(seed)
    side = rng.choice([-1.0, 1.0], (sessions, SYMBOLS))
    truth = base + spread * side
    moved = np.where(rng.random(truth.shape) < truth, 0.03, -0.03)
    moved[-HORIZON:] = np.nan
    return World(truth, moved)

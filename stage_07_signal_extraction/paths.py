"""Conditional scenarios for the target session, with the model's own probabilities."""

from __future__ import annotations

import numpy as np

from foundation.contracts import PRICE_OUTCOMES, Scenario
from foundation.contracts.signal import Direction
from stage_07_signal_extraction.levels import Ground, place_levels
from stage_07_signal_extraction.settings import SignalSettings


def split_paths(
    price: np.ndarray, direction: Direction, ground: Ground, settings: SignalSettings
) -> tuple[Scenario, ...]:
    """Return base, two alternatives and the risk; their probabilities sum to one.

    The risk is the sharp move against the signal (a sharp drop when it is neutral). The other
    four outcomes form three paths, up, sideways and down; the likeliest is the base (ties go to
    the signal's own direction, then to sideways).

    Parameters
    ----------
    price : array, shape (5,)
        Probabilities of the price outcomes, lowest first.
    """
    p = price / price.sum()
    adverse = 4 if direction == "bearish" else 0
    paths: list[tuple[Direction, tuple[int, ...]]] = [
        ("bearish", (0, 1)),
        ("neutral", (2,)),
        ("bullish", (3, 4)),
    ]
    calm = [(way, tuple(k for k in codes if k != adverse)) for way, codes in paths]
    ranked = sorted(
        calm,
        key=lambda path: (-p[list(path[1])].sum(), path[0] != direction, path[0] != "neutral"),
    )
    against: Direction = "bullish" if adverse == 4 else "bearish"
    named = [
        *zip(("base", "alternative 1", "alternative 2"), ranked, strict=True),
        ("risk", (against, (adverse,))),
    ]
    return tuple(_scenario(name, way, codes, p, ground, settings) for name, (way, codes) in named)


def _scenario(
    name: str,
    way: Direction,
    codes: tuple[int, ...],
    p: np.ndarray,
    ground: Ground,
    settings: SignalSettings,
) -> Scenario:
    chance = float(min(1.0, p[list(codes)].sum()))
    outcome = " or ".join(PRICE_OUTCOMES[k] for k in codes)
    levels = place_levels(ground, way, settings)
    return Scenario(
        name=name,
        probability=chance,
        direction=way,
        text=f"The price {outcome} on the next session: {chance:.0%} by the story model.",
        target=levels.target,
        stop=levels.stop,
    )

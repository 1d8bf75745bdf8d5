"""What the states of a fitted model are called, by rule, from its parameters alone.

In this order:

- volatile: the spread of returns is at least ``volatile_ratio`` times the long-run spread (root of
  the variances' mean, weighted by how long the chain dwells in each state);
- trending: the memory is at least ``least_memory`` and two standard errors above nought;
- mean-reverting: the same below nought;
- choppy: every other state.

Several states may share a name: their probabilities add up. A name that no state earns has
probability nought. Where all states earn the same name, there is nothing to tell apart and no
regime is named at all.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import REGIMES
from foundation.quant.regimes.chain import stationary
from foundation.quant.regimes.fitting import Fit
from foundation.quant.settings import MarketRegimeSettings

STANDARD_ERRORS = 2.0


def state_names(fit: Fit, settings: MarketRegimeSettings) -> tuple[str, ...]:
    """Return the name of each state."""
    dwell = stationary(fit.parameters.moves)[0]
    usual = np.sqrt(dwell @ fit.spread**2)
    volatile = fit.spread >= settings.volatile_ratio * usual
    memory = fit.parameters.memory[0]
    clear = np.abs(memory) >= np.maximum(settings.least_memory, STANDARD_ERRORS * fit.memory_error)
    return tuple(
        "volatile"
        if volatile[s]
        else "choppy"
        if not clear[s]
        else "trending"
        if memory[s] > 0
        else "mean-reverting"
        for s in range(fit.states)
    )


def by_name(chance: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Return probabilities of the four regimes, (T, 4), from those of states, (T, K).

    NaN where all states have one name.
    """
    belongs = np.array([[name == regime for regime in REGIMES] for name in names], dtype=float)
    if len(set(names)) < 2:
        return np.full((len(chance), len(REGIMES)), np.nan)
    return chance @ belongs

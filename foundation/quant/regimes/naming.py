"""What the states of a fitted model are called, by rule, from its parameters alone.

Each state has a degree of each name; its degrees sum to one.

- How *volatile*: nought where its spread of returns is the usual one or less, one from
  ``volatile_ratio`` times the usual on, even steps between. Usual is the geometric mean over
  states, by how long the chain dwells in each (not the root mean square: a crash once seen would
  make every later storm look usual). Graded, so that a state near a border is not renamed
  altogether by the next fit.
- Memory is clear at ``least_memory`` and two standard errors, either way. A state of clear memory
  is *trending* (above nought) or *mean-reverting* (below); only the state with the largest spread
  is volatile first, and has its memory's name for the rest.
- *Choppy* is what remains of the others.

Several states may share a name: their probabilities add up. A name that no state earns has
probability nought. Where one state is all that the past supports, there is nothing to tell apart
and no regime is named at all.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import REGIMES
from foundation.quant.regimes.chain import stationary
from foundation.quant.regimes.fitting import Fit
from foundation.quant.settings import MarketRegimeSettings

STANDARD_ERRORS = 2.0


def degrees_of_names(fit: Fit, settings: MarketRegimeSettings) -> np.ndarray:
    """Return how much each state is each of ``REGIMES``, shape (K, 4); rows sum to one."""
    dwell = stationary(fit.parameters.moves)[0]
    usual = np.exp(dwell @ np.log(fit.spread))
    volatile = np.clip((fit.spread / usual - 1) / (settings.volatile_ratio - 1), 0.0, 1.0)
    memory = fit.parameters.memory[0]
    least = np.maximum(settings.least_memory, STANDARD_ERRORS * fit.memory_error)
    clear = np.abs(memory) >= least
    volatile[clear & (fit.spread < fit.spread.max())] = 0.0
    rest = np.select([clear & (memory > 0), clear], ["trending", "mean-reverting"], "choppy")
    degrees = (1 - volatile)[:, None] * (rest[:, None] == np.array(REGIMES))
    degrees[:, REGIMES.index("volatile")] += volatile
    return degrees

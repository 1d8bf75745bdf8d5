"""Which twins have earned their place: paired, out of sample, with an interval.

A twin answers for its stock only where its losses on sessions that it had not seen in training lie
below the shared heads' by more than chance would. Until then the shared heads answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.kernel import OperatorError
from foundation.quant.evaluation.bootstrap import block_length, circular_block_bootstrap

SAMPLES = 1000


@dataclass(frozen=True)
class Comparison:
    """What a twin gained over the shared heads on sessions that neither had learnt from.

    Attributes
    ----------
    gain : float
        Mean of (shared loss - twin loss); positive where the twin is better.
    low, high : float
        95% interval by a circular block bootstrap over sessions.
    sessions : int
        How many sessions were compared.
    """

    gain: float
    low: float
    high: float
    sessions: int

    @property
    def promotes(self) -> bool:
        """Whether the twin may answer: its whole interval lies above zero."""
        return self.low > 0


def compare(shared: np.ndarray, twins: np.ndarray, *, least: int, seed: int) -> list[Comparison]:
    """Return one comparison per twin.

    Parameters
    ----------
    shared, twins : float arrays, shape (T, N)
        Losses of the same sessions and stocks, out of sample; NaN where not known.
    least : int
        Sessions below which nothing is concluded: the interval is then all of the line.
    seed : int

    Raises
    ------
    OperatorError
        If the two do not cover the same sessions and stocks.
    """
    if shared.shape != twins.shape:
        raise OperatorError(
            "Twins are compared with the shared heads on the same sessions and stocks",
            value=f"{shared.shape} and {twins.shape}",
            remedy="score both from the same answers",
        )
    gains = shared - twins
    counts = np.isfinite(gains)
    enough = counts.sum(axis=0) >= least
    out = []
    for n, fit in enumerate(enough):
        known = gains[counts[:, n], n]
        if not fit:
            mean = float(known.mean()) if known.size else float("nan")
            out.append(Comparison(mean, -np.inf, np.inf, len(known)))
            continue
        # A forecast reaches several sessions ahead: neighbours share outcomes, blocks keep them.
        interval = circular_block_bootstrap(
            known[:, None],
            np.ones((len(known), 1)),
            block=block_length(len(known)),
            samples=SAMPLES,
            seed=seed,
        )[0]
        out.append(Comparison(interval.mean, interval.low, interval.high, len(known)))
    return out

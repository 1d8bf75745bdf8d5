"""Intervals for a mean over sessions that depend on their neighbours.

References: Politis & Romano (1992), "A circular block-resampling procedure for stationary
data", in LePage & Billard (eds), Exploring the Limits of Bootstrap; Kuensch (1989), Ann.
Statist. 17, for the growth of the block length with the cube root of the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from foundation.kernel import OperatorError


@dataclass(frozen=True)
class MeanInterval:
    """A mean, its bootstrap standard error and its percentile interval."""

    mean: float
    low: float
    high: float
    standard_error: float


def block_length(sessions: int) -> int:
    """Return ``ceil(n ** (1/3))``, the usual order of a block's length."""
    length = 1
    while length**3 < sessions:
        length += 1
    return length


def circular_block_bootstrap(
    totals: np.ndarray,
    counts: np.ndarray,
    *,
    block: int,
    samples: int,
    seed: int,
    level: float = 0.95,
) -> list[MeanInterval]:
    """Return bootstrap intervals of ``sum(totals) / sum(counts)``, one per column.

    Whole sessions are drawn, in blocks of neighbours, so that what moves together on a day
    (all instruments) and over days stays together. The last block is cut so that every sample
    has as many sessions as the data.

    Parameters
    ----------
    totals, counts : float arrays, shape (T, C)
        Sum of the quantity over a session, and how many values went into it. All columns are
        resampled with the same draws.
    block : int
        Sessions per block, 1 to T; T >= 1.
    samples, seed : int
        Number of bootstrap samples and seed of their generator (no global state is used).
    level : float
        Coverage of the percentile interval.

    Notes
    -----
    Block sums come from one circular cumulative sum, so the cost is
    ``samples * ceil(T / block) * C`` and does not grow with the block.
    """
    totals, counts = np.asarray(totals, dtype=float), np.asarray(counts, dtype=float)
    sessions = len(totals)
    if totals.ndim != 2 or totals.shape != counts.shape or sessions < 1:
        raise OperatorError(
            "Totals and counts must have one shape (T, C) with T >= 1",
            value=(totals.shape, counts.shape),
            remedy="sum the scores of each session first",
        )
    if not 1 <= block <= sessions:
        raise OperatorError(
            f"A block must hold between 1 and {sessions} sessions",
            value=block,
            remedy="use block_length(sessions)",
        )
    blocks = -(-sessions // block)
    generator = np.random.default_rng(seed)
    starts = generator.integers(0, sessions, size=(samples, blocks))
    lengths = np.full(blocks, block)
    lengths[-1] = sessions - block * (blocks - 1)

    def resampled(values: np.ndarray) -> np.ndarray:
        ring = np.concatenate([np.zeros((1, values.shape[1])), np.concatenate([values] * 2)])
        sums = np.cumsum(ring, axis=0)
        return (sums[starts + lengths] - sums[starts]).sum(axis=1)

    drawn = resampled(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(drawn > 0, resampled(totals) / drawn, np.nan)
        centre = totals.sum(axis=0) / counts.sum(axis=0)
    tail = (1 - level) / 2
    intervals = []
    for column in range(totals.shape[1]):
        values = means[~np.isnan(means[:, column]), column]
        if not values.size:
            intervals.append(MeanInterval(*[float("nan")] * 4))
            continue
        low, high = np.quantile(values, [tail, 1 - tail])
        intervals.append(
            MeanInterval(float(centre[column]), float(low), float(high), float(values.std()))
        )
    return intervals


def smallest_detectable_effect(
    standard_error: float, *, power: float = 0.8, significance: float = 0.05
) -> float:
    """Return the smallest true effect that a two-sided test finds with the given power.

    ``(z_{1 - significance/2} + z_{power}) * standard_error``: 2.80 standard errors by default
    (Cohen 1988, ch. 2, in its normal form).
    """
    normal = NormalDist()
    return (normal.inv_cdf(1 - significance / 2) + normal.inv_cdf(power)) * standard_error

"""Splits in time that let nothing of the test leak into the training.

Reference: Lopez de Prado (2018), Advances in Financial Machine Learning, ch. 7 (purging and
embargo), here in its walk-forward form: training rows always come first.
"""

from __future__ import annotations

from dataclasses import dataclass

from foundation.kernel import OperatorError


@dataclass(frozen=True)
class TimeSplit:
    """Row ranges of one fold; every training row comes before every test row."""

    train: range
    test: range


def purged_split(
    n: int, horizon: int, context: int, embargo: int, *, test_size: int, folds: int = 1
) -> tuple[TimeSplit, ...]:
    """Return walk-forward folds over ``n`` rows, oldest test first.

    A row ``s`` is made from rows ``s - context .. s`` and labelled by row ``s + horizon``. The
    tests are the last ``folds * test_size`` rows in consecutive blocks. The training rows of a
    fold end so early that their labels lie before the first row that any test row is made from:
    ``train = [0, first_test - context - horizon - embargo)``.

    Parameters
    ----------
    n : int
        Number of rows.
    horizon, context, embargo : int
        Rows a label looks ahead, rows a sample looks back, and extra rows left out between.
    test_size, folds : int
        Rows per test block and number of blocks.

    Raises
    ------
    OperatorError
        If a number is negative or a fold would have no training row.
    """
    if min(horizon, context, embargo) < 0 or test_size < 1 or folds < 1:
        raise OperatorError(
            "Horizon, context and embargo must not be negative; test size and folds start at 1",
            value=(horizon, context, embargo, test_size, folds),
            remedy="e.g. purged_split(1000, 5, 60, 0, test_size=100, folds=3)",
        )
    first = n - folds * test_size
    purge = context + horizon + embargo
    if first - purge < 1:
        raise OperatorError(
            f"The first fold needs a training row before row {first} less a purge of {purge}",
            value=n,
            remedy="use more rows, fewer or smaller folds, or a shorter context",
        )
    starts = range(first, n, test_size)
    return tuple(
        TimeSplit(range(start - purge), range(start, start + test_size)) for start in starts
    )

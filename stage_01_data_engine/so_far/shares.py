"""Intraday bars across splits: how many of today's shares one share of an earlier day is.

A file holds bars as traded, or adjusted for splits, and does not say which. A split that is known
shows it: between the last price before and the first after there is a step of its ratio, or none.
A step that looks like a split of which nothing is known settles nothing: what lies before it is
not compared with what lies after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import MarketEvent
from stage_01_data_engine.histories.splits import NEAR, SPLIT_RATIOS

SUSPECT = np.log(2.0)
"""Log step overnight from which one near a declared ratio is held for a split of which nothing is
known. Smaller ones are as often news."""


@dataclass(frozen=True)
class ShareBasis:
    """What one share of a session is on another.

    Attributes
    ----------
    since_first : float64 array (T, N)
        Shares of this session that one of the first session has become, as the file's bars have
        it: splits it is adjusted for already are not in it.
    stretch : int array (T, N)
        Counts the steps that settle nothing. Sessions of different stretches are not comparable.
    """

    since_first: np.ndarray
    stretch: np.ndarray

    def shares(self, earlier: slice, later: int) -> np.ndarray:
        """Return shares of the ``later`` session for one of each earlier; NaN: unknown."""
        number = self.since_first[later] / self.since_first[earlier]
        return np.where(self.stretch[later] == self.stretch[earlier], number, np.nan)


def share_basis(
    opened: np.ndarray,
    close: np.ndarray,
    symbols: Sequence[str],
    days: Sequence[date],
    moments: np.ndarray,
    events: Sequence[MarketEvent],
) -> ShareBasis:
    """Hold the steps between sessions against the splits that are known.

    Parameters
    ----------
    opened, close : float64 arrays (T, N)
        Of each session, NaN where unknown. A session is told by its own opening and what lies
        before it.
    moments : M8[ns] array (T,), UTC
        Splits count that were known then.
    """
    ratio = _ratios(symbols, days, moments, events)
    before = np.vstack([np.full((1, close.shape[1]), np.nan), close[:-1]])
    with np.errstate(invalid="ignore"):
        step = np.log(opened) - np.log(before)
        declared = ratio != 1
        as_traded = np.abs(step + np.log(ratio)) < np.abs(step)
    suspect = ~declared & _like_a_split(step)
    unsettled = suspect | (declared & np.isnan(step))
    return ShareBasis(
        since_first=np.where(declared & as_traded, ratio, 1.0).cumprod(axis=0),
        stretch=unsettled.cumsum(axis=0),
    )


def _like_a_split(step: np.ndarray) -> np.ndarray:
    """Say which log steps are large and lie near a ratio that companies declare."""
    size = np.abs(step)
    found = size >= SUSPECT - NEAR[0]
    logs = np.log(SPLIT_RATIOS)
    away = np.abs(size[found][:, None] - logs)
    nearest = logs[away.argmin(axis=-1)]
    found[found] = away.min(axis=-1) <= np.fmax(NEAR[0], NEAR[1] * nearest)
    return found


def _ratios(
    symbols: Sequence[str], days: Sequence[date], moments: np.ndarray, events: Sequence[MarketEvent]
) -> np.ndarray:
    """Return new shares for one old that take effect on each session, (T, N); 1 without a split."""
    ratios = np.ones((len(days), len(symbols)))
    rows, columns = ({x: k for k, x in enumerate(axis)} for axis in (days, symbols))
    for event in events:
        if event.name != "stock split" or event.actual is None or event.actual <= 0:
            continue
        t, n = rows.get(event.event_time.date()), columns.get(event.symbol)
        known = np.datetime64(int(event.known_at.timestamp()), "s")
        if t is not None and n is not None and known <= moments[t]:
            ratios[t, n] *= event.actual
    return ratios

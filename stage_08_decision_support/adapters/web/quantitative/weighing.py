"""What the market model weighs, as bars: variables and past sessions, in the mean or for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import FoundationReport
from foundation.timeseries import Panel


@dataclass(frozen=True)
class Weight:
    """A variable's weight: the mean over instruments, from the 10th to the 90th percentile.

    ``own`` is one instrument's; None where none is asked for.
    """

    name: str
    mean: float
    low: float
    high: float
    own: float | None = None

    @property
    def drawn(self) -> float:
        """What the bar shows: one's own weight where one is asked for."""
        return self.mean if self.own is None else self.own


@dataclass(frozen=True)
class WeightGroup:
    """Variables that share one softmax: their weights sum to one."""

    title: str
    weights: tuple[Weight, ...]

    @property
    def most(self) -> float:
        """The largest number that is drawn."""
        return max(max(w.high, w.mean, w.drawn) for w in self.weights)


@dataclass(frozen=True)
class Attended:
    """A session's share of attention, ``back`` sessions before the last."""

    session: date
    back: int
    mean: float
    low: float
    high: float
    own: float | None = None

    @property
    def drawn(self) -> float:
        """What the bar shows: one's own share where one is asked for."""
        return self.mean if self.own is None else self.own


TITLES = {
    "observed": "What was observed",
    "ahead": "What is known of the sessions ahead",
    "statics": "What the instrument is",
}


def weight_groups(report: FoundationReport, symbol: str | None = None) -> tuple[WeightGroup, ...]:
    """Return the variables of each group, the heaviest first (one's own, where one is asked for).

    Empty where no instrument has a forecast, or the one asked for has none.
    """
    groups = []
    for name, title in TITLES.items():
        weights = _weights(getattr(report, name), symbol)
        if not weights:
            return ()
        groups.append(WeightGroup(title, weights))
    return tuple(groups)


def _weights(panel: Panel, symbol: str | None) -> tuple[Weight, ...]:
    known = panel.values[0][np.isfinite(panel.values[0]).all(axis=1)]
    own = None if symbol is None else panel.values[0, panel.index_of("symbols", symbol)]
    if not len(known) or (own is not None and np.isnan(own).any()):
        return ()
    low, high = np.quantile(known, (0.1, 0.9), axis=0)
    made = [
        Weight(
            name.replace("_", " "),
            float(known[:, k].mean()),
            float(low[k]),
            float(high[k]),
            None if own is None else float(own[k]),
        )
        for k, name in enumerate(panel.fields)
    ]
    return tuple(sorted(made, key=lambda w: -w.drawn))


def attention(report: FoundationReport, symbol: str | None = None) -> tuple[Attended, ...]:
    """Return the attention on each session, oldest first; empty where nothing was forecast."""
    shares = report.attention.field("attention")
    known = shares[:, np.isfinite(shares).all(axis=0)]
    own = None if symbol is None else shares[:, report.attention.index_of("symbols", symbol)]
    if not known.shape[1] or (own is not None and np.isnan(own).any()):
        return ()
    low, high = np.quantile(known, (0.1, 0.9), axis=1)
    last = len(shares) - 1
    return tuple(
        Attended(
            day,
            last - t,
            float(known[t].mean()),
            float(low[t]),
            float(high[t]),
            None if own is None else float(own[t]),
        )
        for t, day in enumerate(report.attention.sessions)
    )

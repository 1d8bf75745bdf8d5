"""The daily increment: features of new sessions alone, to be appended to those already kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from foundation.contracts import Instrument
from foundation.kernel import OperatorError
from foundation.timeseries import Panel
from stage_01_data_engine.features.catalogue import FEATURE_FIELDS
from stage_01_data_engine.features.compute import feature_values
from stage_01_data_engine.settings import DataEngineSettings


def features_since(
    since: date,
    bars: Panel,
    market: Panel,
    instruments: Sequence[Instrument],
    settings: DataEngineSettings,
) -> Panel:
    """Return the features of the sessions after ``since``, without computing those before it.

    Equal to the last rows of the full computation over the same bars: to rounding (1e-9 relative)
    for windows, to 1e-8 for recursions such as Wilder's, whose beginning ``warm_up_bars`` bars
    ago still weighs (19/20)^480 = 2e-11 in the slowest of them.

    Parameters
    ----------
    since : date
        Last session whose features are kept already.
    bars, market : Panel
        The window up to the new sessions; it should reach back ``warm_up_bars`` bars (or to the
        instrument's first bar) for the equality to hold.

    Raises
    ------
    OperatorError
        If there is no session after ``since``, or the panels do not share sessions.
    """
    if bars.sessions != market.sessions:
        raise OperatorError(
            "Bars and market series share sessions",
            value=[len(bars.sessions), len(market.sessions)],
            remedy="take both from one window",
        )
    first = int(
        np.searchsorted(np.array(bars.sessions, "M8[D]"), np.datetime64(since), side="right")
    )
    if first == len(bars.sessions):
        raise OperatorError(
            "The window holds a session after the last one that is kept",
            value=since.isoformat(),
            remedy="append the new session's bars first",
        )
    series = {name: market.field(name)[:, 0] for name in market.fields}
    return Panel(
        sessions=bars.sessions[first:],
        symbols=bars.symbols,
        fields=FEATURE_FIELDS,
        values=feature_values(bars.values, instruments, series, settings, first=first),
    )

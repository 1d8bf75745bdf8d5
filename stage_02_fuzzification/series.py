"""The continuous series of a market window, and where each lies among its own past states."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from foundation.contracts import SERIES, MarketWindow, Series
from foundation.timeseries import Panel
from stage_02_fuzzification import calibration
from stage_02_fuzzification.settings import FuzzificationSettings

SYMBOLS_AT_ONCE = 32
"""Symbols whose fields are copied and placed in one go: some 30 MB at 100 fields and 5 years."""


def positions(given: Mapping[str, Panel], settings: FuzzificationSettings) -> Panel:
    """Return the positions of everything that panels hold on the scale of states, (T, N, F).

    Parameters
    ----------
    given : dict of name to Panel
        Panels of the same sessions and symbols by their names in the market window; positions
        stand under ``name|field``.
    settings : FuzzificationSettings
        Fields named ``discrete`` there are left out.
    """
    kept = {
        name: [f for f in panel.fields if f"{name}|{f}" not in settings.discrete]
        for name, panel in given.items()
    }
    fields = tuple(f"{name}|{field}" for name in given for field in kept[name])
    first = next(iter(given.values()))
    values = np.empty((len(first.sessions), len(first.symbols), len(fields)))
    start = 0
    for name, panel in given.items():
        stop = start + len(kept[name])
        _place(values[:, :, start:stop], name, panel, kept[name], settings)
        start = stop
    return Panel(sessions=first.sessions, symbols=first.symbols, fields=fields, values=values)


def _place(
    out: np.ndarray, name: str, panel: Panel, fields: list[str], settings: FuzzificationSettings
) -> None:
    taken_in_logs = {address(s) for s in SERIES.values() if s.logarithmic}
    taken_in_logs.update(settings.logarithmic)
    logs = [k for k, field in enumerate(fields) if f"{name}|{field}" in taken_in_logs]
    columns = [panel.fields.index(field) for field in fields]
    for start in range(0, len(panel.symbols), SYMBOLS_AT_ONCE):
        some = slice(start, start + SYMBOLS_AT_ONCE)
        block = panel.values[:, some][:, :, columns]
        block[:, :, logs] = logarithm(block[:, :, logs])
        out[:, some] = calibration.position(
            block, settings.window, settings.minimum_valid, settings.sigma
        )


def told_values(window: MarketWindow) -> np.ndarray:
    """Return the values of the series that stories speak of, shape (T, N, S).

    Absent series are NaN, market-wide ones repeated, logarithmic ones in logs.
    """
    shape = (len(window.bars.sessions), len(window.bars.symbols))
    values = np.full((*shape, len(SERIES)), np.nan)
    for s, series in enumerate(SERIES.values()):
        panel: Panel = getattr(window, series.panel)
        if panel.has(series.field):
            found = panel.field(series.field)
            values[..., s] = logarithm(found) if series.logarithmic else found
    return values


def told_positions(everything: dict[str, Panel], shape: tuple[int, int]) -> np.ndarray:
    """Return the positions of the series that stories speak of, shape (T, N, S).

    Parameters
    ----------
    everything : dict of panel name to its positions
    shape : (T, N)
    """
    placed = np.full((*shape, len(SERIES)), np.nan)
    for s, series in enumerate(SERIES.values()):
        panel, field = everything[series.panel], address(series)
        if panel.has(field):
            placed[..., s] = panel.field(field)
    return placed


def address(series: Series) -> str:
    """Return the name under which a series' positions stand."""
    return f"{series.panel}|{series.field}"


def logarithm(values: np.ndarray) -> np.ndarray:
    """Return natural logarithms; what is not positive (no trade at all) has none and is NaN."""
    positive = values > 0
    return np.where(positive, np.log(np.where(positive, values, 1.0)), np.nan)

"""The continuous series of a market window, and where each lies among its own past states."""

from __future__ import annotations

import numpy as np

from foundation.contracts import SERIES, MarketWindow, Series
from foundation.timeseries import Panel
from stage_02_fuzzification import calibration
from stage_02_fuzzification.settings import FuzzificationSettings

SYMBOLS_AT_ONCE = 32
"""Symbols whose fields are copied and placed in one go: some 30 MB at 100 fields and 5 years."""


def positions(window: MarketWindow, settings: FuzzificationSettings) -> Panel:
    """Return the positions of everything an instrument has: its bars and its features."""
    placed = [place(name, getattr(window, name), settings) for name in ("bars", "features")]
    return Panel(
        sessions=window.bars.sessions,
        symbols=window.bars.symbols,
        fields=tuple(name for panel in placed for name in panel.fields),
        values=np.concatenate([panel.values for panel in placed], axis=2),
    )


def place(name: str, panel: Panel, settings: FuzzificationSettings) -> Panel:
    """Return a panel's positions on the scale of states, shape (T, N, F).

    Parameters
    ----------
    name : str
        The panel's name in the market window; positions stand under ``name|field``.
    panel : Panel (T, N, F)
    settings : FuzzificationSettings
        Fields named ``discrete`` there are left out.
    """
    named = {f"{name}|{field}": k for k, field in enumerate(panel.fields)}
    kept = {field: k for field, k in named.items() if field not in settings.discrete}
    taken_in_logs = {f"{s.panel}|{s.field}" for s in SERIES.values() if s.logarithmic}
    taken_in_logs.update(settings.logarithmic)
    logs = [n for n, field in enumerate(kept) if field in taken_in_logs]
    columns = list(kept.values())
    values = np.empty((len(panel.sessions), len(panel.symbols), len(kept)))
    for first in range(0, len(panel.symbols), SYMBOLS_AT_ONCE):
        some = slice(first, first + SYMBOLS_AT_ONCE)
        block = panel.values[:, some][:, :, columns]
        block[:, :, logs] = logarithm(block[:, :, logs])
        values[:, some] = calibration.position(
            block, settings.window, settings.minimum_valid, settings.sigma
        )
    return Panel(sessions=panel.sessions, symbols=panel.symbols, fields=tuple(kept), values=values)


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

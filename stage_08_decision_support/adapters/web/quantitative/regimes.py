"""Regimes of one instrument: as stories tell them, and by its twin's detector."""

from __future__ import annotations

import numpy as np

from foundation.contracts import REGIME_FIELDS, QuantContext
from foundation.timeseries import Panel

REGIME_NAMES: tuple[str, ...] = tuple(
    field.removeprefix("p_").replace("_", "-") for field in REGIME_FIELDS
)
YEAR = 252


def as_told(quant: QuantContext, symbol: str) -> np.ndarray:
    """Return the context's probabilities over the last year, (T, 4); NaN where none is named."""
    return _of(quant.values, symbol)


def by_twin(quant: QuantContext, symbol: str) -> np.ndarray | None:
    """Return the detector's over the same sessions; None where there is no twin.

    NaN before the report begins, and where the twin was not asked.
    """
    told = None if quant.report is None else quant.report.regimes
    if told is None or symbol not in told.symbols:
        return None
    sessions = quant.values.sessions[-YEAR:]
    out = np.full((len(sessions), len(REGIME_FIELDS)), np.nan)
    known = _of(told, symbol)[-len(sessions) :]
    out[len(sessions) - len(known) :] = known
    return out if np.isfinite(out).any() else None


def most_likely(probabilities: np.ndarray) -> str | None:
    """Return the name of the likeliest of four regimes; None where they are not known."""
    if np.isnan(probabilities).any():
        return None
    return REGIME_NAMES[int(probabilities.argmax())]


def _of(panel: Panel, symbol: str) -> np.ndarray:
    n = panel.index_of("symbols", symbol)
    return np.stack([panel.field(name)[-YEAR:, n] for name in REGIME_FIELDS], axis=-1)

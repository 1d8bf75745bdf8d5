"""Forecasts corrected by how earlier ones turned out: odds by isotonic regression, intervals by
conformal offsets. Past outcomes only.

At a few rows a correction is learnt from earlier forecasts whose outcome was known there, and holds
until the next such row. Zadrozny & Elkan (2002, KDD) for isotonic calibration of odds; Romano,
Patterson & Candes (2019, NeurIPS 32) for conformal quantile regression, here with one offset per
side (their section 3), so that each quantile keeps its own level. Pooled over symbols: one year of
one stock says too little.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from foundation.contracts import MarketWindow, ModelVersion, QuantContext
from foundation.kernel import OperatorError
from foundation.quant.labels import entry_prices, returns_from_entry, target_before_stop
from foundation.quant.settings import RecalibrationSettings
from foundation.timeseries import Panel

LEVELS: tuple[float, float] = (0.1, 0.9)
"""Levels of the outer quantiles; between them lie 80%."""


def recalibrated(
    context: QuantContext,
    window: MarketWindow,
    scale: np.ndarray,
    *,
    horizon: int,
    settings: RecalibrationSettings,
) -> QuantContext:
    """Return the context with corrected ``hit_probability``, ``q10`` and ``q90``.

    Parameters
    ----------
    scale : float array, shape (T, N)
        Past-only volatility from which target and stop of the hit were measured; offsets are
        learnt in its units.
    """
    opens, highs, lows, closes = (window.bars.field(f) for f in ("open", "high", "low", "close"))
    entry = closes if context.entry == "close" else entry_prices(opens, closes)
    outcome = returns_from_entry(entry, closes, horizon)
    hit = target_before_stop(highs, lows, closes, scale, horizon, entry)
    values = context.values
    quantiles = np.stack([values.field(f"q{q}") for q in (10, 50, 90)], axis=-1)
    fields = {name: values.field(name) for name in values.fields}
    fields["hit_probability"] = isotonic_odds(
        fields["hit_probability"], hit, horizon=horizon, settings=settings
    )
    corrected = conformal_quantiles(quantiles, outcome, scale, horizon=horizon, settings=settings)
    fields |= {f"q{q}": corrected[..., i] for i, q in enumerate((10, 50, 90))}
    rows = list(refit_rows(quantiles[..., 0], horizon, settings))
    return context.model_copy(
        update={
            "values": Panel.from_fields(values.sessions, values.symbols, fields),
            "models": (
                *context.models,
                ModelVersion(
                    name="recalibration by past outcomes",
                    version=f"1; isotonic odds, conformal q10 and q90; {len(rows)} times",
                    fields=("hit_probability", "q10", "q90"),
                    trained_until=values.sessions[rows[-1] - horizon] if rows else None,
                ),
            ),
        }
    )


def isotonic_odds(
    probability: np.ndarray,
    happened: np.ndarray,
    *,
    horizon: int,
    settings: RecalibrationSettings,
) -> np.ndarray:
    """Return odds mapped by the non-decreasing function that fitted the past best, (T, N).

    Parameters
    ----------
    probability, happened : float arrays, shape (T, N)
        Forecasts as they were made, and 1 or 0; NaN where not known. What happened after row
        ``s`` is known at row ``s + horizon``.

    Notes
    -----
    Least squares under monotony (scipy's pool-adjacent-violators), linear between the forecasts
    seen, constant beyond them. Until ``settings.least`` sessions are known the odds stay as they
    are; NaN stays NaN.
    """
    _alike(probability, happened)
    out = np.array(probability, dtype=float)
    for rows, past in _stretches(probability, horizon, settings):
        known = np.isfinite(probability[past]) & np.isfinite(happened[past])
        if known.any():
            seen, fitted = monotone(probability[past][known], happened[past][known])
            out[rows] = np.interp(out[rows], seen, fitted)
    return np.where(np.isnan(probability), np.nan, out)


def monotone(forecast: np.ndarray, happened: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct forecasts, ascending, and their isotonic fit; both of one shape."""
    from scipy.optimize import isotonic_regression

    seen, place, counts = np.unique(forecast, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=happened) / counts
    return seen, isotonic_regression(means, weights=counts).x


def conformal_quantiles(
    quantiles: np.ndarray,
    outcome: np.ndarray,
    scale: np.ndarray,
    *,
    horizon: int,
    settings: RecalibrationSettings,
) -> np.ndarray:
    """Return q10, q50 and q90 with the outer two moved to where they would have held, (T, N, 3).

    Parameters
    ----------
    quantiles : float array, shape (T, N, 3)
    outcome : float array, shape (T, N)
        In the units of the quantiles.
    scale : float array, shape (T, N)
        Unit in which one offset is the same for all symbols.

    Notes
    -----
    The offset of q90 is the ``ceil(0.9 (n + 1))``-th smallest of the past ``(outcome - q90) /
    scale``, that of q10 likewise below. The median stays, and bounds both: they never cross.
    """
    _alike(outcome, scale)
    out = np.array(quantiles, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = (quantiles[..., 0] - outcome) / scale
        above = (outcome - quantiles[..., 2]) / scale
    for rows, past in _stretches(quantiles[..., 0], horizon, settings):
        low, high = offset(below[past], 1 - LEVELS[0]), offset(above[past], LEVELS[1])
        out[rows, :, 0] -= low * scale[rows]
        out[rows, :, 2] += high * scale[rows]
    out[..., 0] = np.minimum(out[..., 0], out[..., 1])
    out[..., 2] = np.maximum(out[..., 2], out[..., 1])
    return out


def offset(excess: np.ndarray, level: float) -> float:
    """Return the ``ceil(level (n + 1))``-th smallest of the known values; 0 where too few are."""
    known = excess[np.isfinite(excess)]
    place = int(np.ceil(level * (len(known) + 1))) - 1
    if place >= len(known):
        return 0.0
    return float(np.partition(known, place)[place])


def refit_rows(forecast: np.ndarray, horizon: int, settings: RecalibrationSettings) -> range:
    """Return the rows at which corrections are learnt: none before enough outcomes are known."""
    given = np.isfinite(forecast).any(axis=1)
    if not given.any():
        return range(0)
    return range(int(given.argmax()) + settings.least + horizon - 1, len(given), settings.every)


def _stretches(
    forecast: np.ndarray, horizon: int, settings: RecalibrationSettings
) -> Iterator[tuple[slice, slice]]:
    """Yield the rows that a correction holds for, and the rows that it is learnt from."""
    rows = refit_rows(forecast, horizon, settings)
    for row in rows:
        known = row + 1 - horizon
        yield (
            slice(row, min(row + settings.every, len(forecast))),
            slice(max(0, known - settings.window), known),
        )


def _alike(a: np.ndarray, b: np.ndarray) -> None:
    if a.shape != b.shape:
        raise OperatorError(
            "Forecasts and outcomes cover the same sessions and symbols",
            value=f"{a.shape} and {b.shape}",
            remedy="take both from the same window",
        )

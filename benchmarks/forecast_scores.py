"""Scores of forecasts on the same pairs, with intervals of their differences.

Imported by ``market_model.py``.
"""

from __future__ import annotations

import numpy as np
from market_case import HORIZON, Case, Forecast
from market_forecasts import MEAN, WEIGHED, WINNER

from foundation.quant.evaluation import (
    brier_score,
    circular_block_bootstrap,
    crps_from_quantiles,
    expected_calibration_error,
    interval_coverage,
    qlike,
)
from foundation.quant.quantiles import LEVELS
from foundation.quant.ranker import newey_west_t, rank_correlation
from foundation.quant.recalibration import conformal_quantiles, isotonic_odds
from foundation.quant.settings import RecalibrationSettings

BLOCK, SAMPLES, LAGS, LEAST_STOCKS = 20, 2000, 10, 10
RECALIBRATION = RecalibrationSettings()


def common(case: Case, found: dict[str, np.ndarray]) -> np.ndarray:
    """Return the pairs on which every model says something and the outcome is known."""
    known = np.isfinite(case.labels.returns)
    known[: case.refit_rows[0] + RECALIBRATION.least + HORIZON] = False
    for values in found.values():
        finite = np.isfinite(values)
        known &= finite.all(axis=-1) if finite.ndim == 3 else finite
    return known


def difference(loss: np.ndarray, reference: np.ndarray, known: np.ndarray, times: float) -> str:
    """Return the mean difference and its 95% interval, times a factor."""
    gap = np.where(known, loss - reference, 0.0).sum(axis=1)[:, None]
    rows = known.any(axis=1)
    interval = circular_block_bootstrap(
        gap[rows], known.sum(axis=1)[rows][:, None], block=BLOCK, samples=SAMPLES, seed=0
    )[0]
    mark = " *" if interval.low > 0 or interval.high < 0 else ""
    mean, low, high = (times * x for x in (interval.mean, interval.low, interval.high))
    return f"{mean:+.2f} ({low:+.2f} to {high:+.2f}){mark}"


def against_the_best(losses: dict[str, np.ndarray], known: np.ndarray) -> list[str]:
    """Return a line on what the foundation publishes beside the best single model and others."""
    if WEIGHED not in losses:
        return []
    single = {n: v[known].mean() for n, v in losses.items() if n not in (WEIGHED, MEAN, WINNER)}
    best = min(single, key=lambda name: single[name])
    told = [
        f"{name} {difference(losses[WEIGHED], losses[name], known, 100)}"
        for name in (best, MEAN, WINNER)
        if name in losses
    ]
    return [
        "\nWhat the foundation publishes less the best of the single models in hindsight, and less "
        f"what simpler ways would publish: {'; '.join(told)}."
    ]


def quantile_table(case: Case, said: dict[str, Forecast], reference: str) -> list[str]:
    """Return rows of CRPS and coverage, before and after conformal offsets."""
    quantiles = {n: f.quantiles for n, f in said.items() if np.isfinite(f.quantiles).any()}
    known = common(case, quantiles)
    outcome = case.labels.returns
    losses, after, rows = {}, {}, []
    for name, q in quantiles.items():
        standard = q / case.scale[..., None]
        moved = conformal_quantiles(
            standard, outcome, np.ones_like(outcome), horizon=HORIZON, settings=RECALIBRATION
        )
        losses[name] = crps_from_quantiles(standard, outcome, LEVELS)
        after[name] = (crps_from_quantiles(moved, outcome, LEVELS), standard, moved)
    for name, loss in losses.items():
        later, raw, moved = after[name]
        rows.append(
            f"| {name} | {100 * loss[known].mean():.2f} | "
            f"{difference(loss, losses[reference], known, 100)} | {_inside(raw, outcome, known)} | "
            f"{100 * later[known].mean():.2f} | {_inside(moved, outcome, known)} |"
        )
    days = np.array(case.window.bars.sessions)[known.any(axis=1)]
    head = [
        f"\n### Quantiles, {known.sum():,} pairs on {len(days)} sessions, "
        f"{days[0]} to {days[-1]}\n",
        f"CRPS x 100 in units of the GARCH volatility; less those of {reference}; 80% interval's "
        "coverage; both again after conformal offsets.\n",
        "| model | CRPS | difference | coverage | CRPS, offset | coverage, offset |",
        "|---|---|---|---|---|---|",
    ]
    return head + rows + against_the_best(losses, known)


def hit_table(case: Case, said: dict[str, Forecast], reference: str) -> list[str]:
    """Return rows of Brier score and calibration, before and after isotonic regression."""
    odds = {n: f.hit for n, f in said.items() if np.isfinite(f.hit).any()}
    known = common(case, odds) & np.isfinite(case.labels.hit)
    truth = case.labels.hit
    rows = []
    base, raw = brier_score(odds[reference], truth), {}
    for name, p in odds.items():
        moved = isotonic_odds(p, truth, horizon=HORIZON, settings=RECALIBRATION)
        errors = [expected_calibration_error(x[known], truth[known]) for x in (p, moved)]
        loss, later = brier_score(p, truth), brier_score(moved, truth)
        raw[name] = loss
        rows.append(
            f"| {name} | {100 * loss[known].mean():.2f} | {difference(loss, base, known, 100)} | "
            f"{errors[0]:.3f} | {100 * later[known].mean():.2f} | "
            f"{difference(later, base, known, 100)} | {errors[1]:.3f} |"
        )
    rate = truth[known].mean()
    head = [
        f"\n### Target before stop, {known.sum():,} pairs, base rate {rate:.1%}\n",
        f"Brier score x 100; less {reference}'s; expected calibration error (ten bins); "
        "again after isotonic regression.\n",
        "| model | Brier | difference | ECE | Brier, isotonic | difference | ECE, isotonic |",
        "|---|---|---|---|---|---|---|",
    ]
    return head + rows + against_the_best(raw, known)


def volatility_table(case: Case, said: dict[str, Forecast], reference: str) -> list[str]:
    """Return rows of QLIKE against the sum of the coming squared returns."""
    found = {n: f.volatility for n, f in said.items() if np.isfinite(f.volatility).any()}
    known = common(case, found)
    realised = (case.labels.volatility * case.scale) ** 2
    losses = {name: qlike(v**2, realised) for name, v in found.items()}
    known &= np.all([np.isfinite(loss) for loss in losses.values()], axis=0)
    rows = [
        f"| {name} | {100 * loss[known].mean():.1f} | "
        f"{difference(loss, losses[reference], known, 100)} |"
        for name, loss in losses.items()
    ]
    head = [
        f"\n### Variance of the coming five sessions, {known.sum():,} pairs\n",
        f"QLIKE x 100; less {reference}'s. Models without a volatility of their own: from the "
        "width of their 80% interval.\n",
        "| model | QLIKE | difference |",
        "|---|---|---|",
    ]
    return head + rows + against_the_best(losses, known)


def rank_table(case: Case, said: dict[str, Forecast]) -> list[str]:
    """Return rows of the rank IC."""
    rows = []
    outcome = np.where(np.isfinite(case.labels.returns), case.labels.returns * case.scale, np.nan)
    outcome[: case.refit_rows[0]] = np.nan
    for name, forecast in said.items():
        if not np.isfinite(forecast.score).any():
            continue
        # One number for all stocks is no order: such sessions are left out.
        given = np.isfinite(forecast.score)
        highest = np.where(given, forecast.score, -np.inf).max(axis=1)
        lowest = np.where(given, forecast.score, np.inf).min(axis=1)
        ordered = np.where((highest > lowest)[:, None], forecast.score, np.nan)
        found = rank_correlation(ordered, outcome, LEAST_STOCKS)
        told = np.isfinite(found)
        if told.sum() <= LAGS:
            rows.append(f"| {name} | no order | | | |")
            continue
        mean, t = newey_west_t(found, LAGS)
        rows.append(f"| {name} | {mean:+.4f} | {np.nanstd(found):.3f} | {t:+.2f} | {told.sum()} |")
    head = [
        f"\n### Order of a session's stocks by the return of the coming {HORIZON} sessions\n",
        f"Mean Spearman correlation (rank IC), its spread over sessions, t by Newey-West, "
        f"{LAGS} lags; sessions on which the model tells stocks apart.\n",
        "| model | rank IC | spread | t | sessions |",
        "|---|---|---|---|---|",
    ]
    return head + rows


def _inside(q: np.ndarray, outcome: np.ndarray, known: np.ndarray) -> str:
    return f"{interval_coverage(q[..., 0][known], q[..., 2][known], outcome[known]):.1%}"

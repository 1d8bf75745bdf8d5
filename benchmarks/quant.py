"""How good and how fast the quantitative context is, walk-forward on the bundled data.

Claims measured:

1. batched GARCH fits and their filter give what ``arch`` gives in a loop, in less time;
2. LightGBM quantiles of the five-session return against climatology, GARCH-normal and GARCH with
   past standardised quantiles, by pinball loss (x 10^4), CRPS on three quantiles and coverage;
3. the odds of target before stop against past frequencies, by Brier score;
4. GARCH volatility against 20-session historical volatility, by QLIKE.

Every reference uses only what was known at the origin's close; all are scored on the same
(session, symbol) pairs. Intervals are 95% circular block bootstrap over sessions in blocks of 20,
since five-session labels overlap.

Run: ``python benchmarks/quant.py [--sessions 2000] [--as-of 2018-12-28]``. The tables go to stdout
as Markdown; the dated result stands in ``docs/evidence/quant.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from datetime import date, datetime
from importlib.metadata import version
from statistics import NormalDist

import numpy as np

from foundation.contracts import MarketWindow
from foundation.kernel import NEW_YORK
from foundation.quant import QuantForecaster, QuantSettings
from foundation.quant.evaluation import (
    MeanInterval,
    brier_score,
    circular_block_bootstrap,
    crps_from_quantiles,
    interval_coverage,
    pinball_loss,
    qlike,
    smallest_detectable_effect,
)
from foundation.quant.garch_fit import fit_garch
from foundation.quant.labels import target_before_stop
from foundation.quant.quantiles import LEVELS, walk_forward_quantiles
from foundation.quant.regimes import named_regimes
from foundation.quant.returns import forward_log_returns, log_returns
from foundation.quant.volatility import aggregated_variance, filtered_variance, garch_volatility

HORIZON = 5
BLOCK = 20
PINBALL_SCALE = 1e4


def main() -> None:
    """Run every measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2018, 12, 28))
    options = parser.parse_args()
    window = bundled_window(options.as_of, options.sessions)
    arguments = " ".join(sys.argv[1:])
    print(f"Command: `python benchmarks/quant.py{' ' * bool(arguments)}{arguments}`")
    print(f"Date: {datetime.now(tz=NEW_YORK):%Y-%m-%d}. Machine: {machine()}.")
    days = window.bars.sessions
    print(
        f"Data: {len(window.instruments)} instruments, {days[0]} to {days[-1]}, survivor-biased.\n"
    )
    filter_against_loop(window)
    fits_against_loop()
    timings(window)
    accuracy(window)


def bundled_window(as_of: date, sessions: int) -> MarketWindow:
    """Return the demo's market window."""
    from stage_01_data_engine import (
        BundledSource,
        DataEngineSettings,
        DataEngineStage,
        MarketRequest,
    )

    request = MarketRequest(as_of=as_of, symbols=None, history_sessions=sessions)
    return DataEngineStage(DataEngineSettings()).run(BundledSource().load(request))


def machine() -> str:
    """Describe what the numbers were measured on."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"arch {version('arch')}, lightgbm {version('lightgbm')}, load average {load:.1f} at start"
    )


def filter_against_loop(window: MarketWindow) -> None:
    """Filter with given parameters: all symbols at once, and by ``arch`` one after the other."""
    from arch import arch_model

    returns = 100 * log_returns(window.bars.field("close"))
    full = returns[1:, ~np.isnan(returns[1:]).any(axis=0)]
    parameters = np.array([0.05, 0.02, 0.08, 0.9])
    backcast = [arch_model(r, rescale=False).volatility.backcast(r - parameters[0]) for r in full.T]

    def batched() -> np.ndarray:
        # the first variance of ``arch`` is omega + (alpha + beta) * backcast
        first = parameters[1] + parameters[2:].sum() * np.array(backcast)
        starts = np.full((*full.shape, 6), np.nan)
        starts[0, :, :4], starts[0, :, 4] = parameters, 0.0
        e = full[0] - parameters[0]
        starts[0, :, 5] = parameters[1] + parameters[2] * e**2 + parameters[3] * first
        h = filtered_variance(full, starts)
        return aggregated_variance(
            h, np.full(h.shape, parameters[1]), np.full(h.shape, parameters[2:].sum()), HORIZON
        )

    def loop() -> np.ndarray:
        columns = []
        for r in full.T:
            fixed = arch_model(r, rescale=False).fix(parameters)
            ahead = fixed.forecast(horizon=HORIZON, start=0, reindex=True).variance
            columns.append(ahead.to_numpy().sum(axis=1))
        return np.stack(columns, axis=1)

    (fast, a), (slow, b) = timed(batched), timed(loop)
    gap = np.nanmax(np.abs(a / b - 1))
    print("## GARCH(1,1) filter with given parameters\n")
    print("| program | CPU seconds (best of 5) | largest relative difference |\n|---|---|---|")
    print(f"| `arch`, {full.shape[1]} symbols x {len(full)} sessions in a loop | {slow:.3f} | |")
    print(f"| batched filter | {fast:.3f} | {gap:.1e} |\n")


def fits_against_loop(symbols: int = 500, sessions: int = 750) -> None:
    """Fit simulated series: all in one program, and by ``arch`` one after the other."""
    from arch import arch_model

    draw, h = np.random.default_rng(1), np.full(symbols, 1.5)
    shocks = np.empty((sessions, symbols))
    for t in range(sessions):
        shocks[t] = np.sqrt(h) * draw.standard_normal(symbols)
        h = 0.05 + 0.08 * shocks[t] ** 2 + 0.88 * h

    def loop() -> np.ndarray:
        models = (arch_model(x, mean="Zero", rescale=False) for x in shocks.T)
        found = [model.fit(disp="off", show_warning=False, cov_type="classic") for model in models]
        return np.array([result.loglikelihood for result in found])

    fast, fit = timed(lambda: fit_garch(shocks), 3)
    gjr, _ = timed(lambda: fit_garch(shocks, leverage=True), 3)
    slow, peer = timed(loop, 2)
    gap = fit.log_likelihood - peer
    print(f"## Fitting {symbols} series of {sessions} returns\n")
    print("| program | CPU seconds | against `arch` | log likelihood less that of `arch` |")
    print("|---|---|---|---|")
    print(f"| `arch` in a loop, GARCH(1,1) | {slow:.2f} | 1.0 | |")
    span = f"{gap.min():+.3f} to {gap.max():+.3f}, median {np.median(gap):+.6f}"
    print(f"| batched GARCH(1,1) | {fast:.2f} | {slow / fast:.1f} x faster | {span} |")
    print(f"| batched GJR | {gjr:.2f} | | |\n")


def timed(work, repeats: int = 5):  # type: ignore[no-untyped-def]
    """Return the best CPU time of some runs, and the answer. All of it runs on one thread."""
    best, answer = float("inf"), None
    for _ in range(repeats):
        start = time.process_time()
        answer = work()
        best = min(best, time.process_time() - start)
    return best, answer


def timings(window: MarketWindow) -> None:
    """Time the parts of the context."""
    settings = QuantSettings()
    returns = log_returns(window.bars.field("close"))
    garch, path = timed(lambda: garch_volatility(returns, settings.garch), 2)
    regimes, _ = timed(lambda: named_regimes(returns, settings.regimes), 2)
    trees, made = timed(
        lambda: walk_forward_quantiles(window, path.volatility, settings.quantiles), 2
    )
    whole, _ = timed(lambda: QuantForecaster(settings).context(window), 2)
    print(
        "## CPU seconds for the whole window (best of 2)\n\n| part | CPU seconds | |\n|---|---|---|"
    )
    print(f"| GARCH, {path.fits} fits ({path.refused} refused) | {garch:.2f} | |")
    print(f"| regimes | {regimes:.2f} | |")
    idle = sum(r == 0 for refit in made.rounds for r in refit)
    print(
        f"| LightGBM, {len(made.refit_rows)} refits x 4 models, {idle} of them without trees | "
        f"{trees:.2f} | one thread |"
    )
    print(f"| `QuantForecaster.context` | {whole:.2f} | |\n")


def accuracy(window: MarketWindow) -> None:
    """Score quantiles, odds and volatility against their references."""
    settings = QuantSettings()
    bars = window.bars
    closes, highs, lows = (bars.field(f) for f in ("close", "high", "low"))
    returns = log_returns(closes)
    volatility = garch_volatility(returns, settings.garch).volatility
    made = walk_forward_quantiles(window, volatility, settings.quantiles)
    move = forward_log_returns(closes, HORIZON)
    hit = target_before_stop(highs, lows, closes, volatility, HORIZON)

    forecasts = {"LightGBM": made.quantiles, **references(move, volatility)}
    known = np.isfinite(move) & np.isfinite(volatility)
    known &= np.all([np.isfinite(q).all(axis=-1) for q in forecasts.values()], axis=0)
    scored = np.flatnonzero(known.any(axis=1))
    print(
        f"## Quantiles of the five-session log return, {known.sum():,} pairs, "
        f"{bars.sessions[scored[0]]} to {bars.sessions[scored[-1]]}\n"
    )
    print("| forecast | pinball q10 | q50 | q90 | CRPS | within q10..q90 | CRPS less LightGBM's |")
    print("|---|---|---|---|---|---|---|")
    losses = {k: crps_from_quantiles(q, move, LEVELS) for k, q in forecasts.items()}
    for name, q in forecasts.items():
        pinball = PINBALL_SCALE * pinball_loss(q, move, LEVELS)[known].mean(axis=0)
        inside = interval_coverage(
            *(np.where(known, x, np.nan) for x in (q[..., 0], q[..., 2])), move
        )
        gap = "" if name == "LightGBM" else shown(losses[name] - losses["LightGBM"], known,
                                                  PINBALL_SCALE)  # fmt: skip
        print(
            f"| {name} | {' | '.join(f'{x:.2f}' for x in pinball)} | "
            f"{PINBALL_SCALE * losses[name][known].mean():.2f} | {inside:.1%} | {gap} |"
        )
    odds(hit, made.hit_probability, known)
    volatilities(returns, volatility, known)


def references(move: np.ndarray, volatility: np.ndarray) -> dict[str, np.ndarray]:
    """Return reference quantiles (T, N, 3), each row from labels that ended at or before it."""
    sessions, symbols = move.shape
    climate, normal, filtered = np.full((3, sessions, symbols, len(LEVELS)), np.nan)
    z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    standard = move / volatility
    for t in range(250, sessions):
        past = move[: t + 1 - HORIZON]
        seen = np.isfinite(past).sum(axis=0) >= 250
        if not seen.any():
            continue
        climate[t, seen] = np.nanquantile(past[:, seen], LEVELS, axis=0).T
        normal[t, seen] = np.nanmean(past[:, seen], axis=0)[:, None] + volatility[t, seen, None] * z
        pool = standard[: t + 1 - HORIZON]
        pool = pool[np.isfinite(pool)]
        if len(pool) >= 250:
            filtered[t] = volatility[t, :, None] * np.quantile(pool, LEVELS)
    return {
        "climatology (the symbol's past quantiles)": climate,
        "GARCH-normal around the past mean": normal,
        "GARCH x pooled past standardised quantiles": filtered,
    }


def odds(hit: np.ndarray, probability: np.ndarray, known: np.ndarray) -> None:
    """Print the Brier score of the hit odds against past frequencies."""
    resolved = np.vstack([np.full((HORIZON, hit.shape[1]), np.nan), hit[:-HORIZON]])
    count = np.cumsum(np.isfinite(resolved).sum(axis=1))[:, None]
    frequency = np.cumsum(np.nansum(resolved, axis=1))[:, None] / np.maximum(count, 1)
    model, base = brier_score(probability, hit), brier_score(frequency * np.ones_like(hit), hit)
    print(f"\n## Target before stop, base rate {hit[known].mean():.1%}\n")
    print("| forecast | Brier | less LightGBM's |\n|---|---|---|")
    print(f"| LightGBM | {model[known].mean():.5f} | |")
    print(f"| past frequency, pooled | {base[known].mean():.5f} | {shown(base - model, known)} |")


def volatilities(returns: np.ndarray, volatility: np.ndarray, known: np.ndarray) -> None:
    """Print QLIKE of GARCH and of historical volatility against five squared returns."""
    squared = np.where(np.isnan(returns), 0.0, returns) ** 2
    sums = np.cumsum(np.vstack([np.zeros((1, squared.shape[1])), squared]), axis=0)
    realised, past = np.full((2, *returns.shape), np.nan)
    realised[:-HORIZON] = sums[HORIZON + 1 :] - sums[1:-HORIZON]
    past[19:] = (sums[20:] - sums[:-20]) * HORIZON / 20
    garch, historical = qlike(volatility**2, realised), qlike(past, realised)
    both = known & np.isfinite(garch) & np.isfinite(historical)
    print("\n## Variance of the next five sessions, against the sum of squared returns\n")
    print("| forecast | QLIKE | less GARCH's |\n|---|---|---|")
    print(f"| GARCH(1,1) | {garch[both].mean():.4f} | |")
    print(
        f"| 20-session historical | {historical[both].mean():.4f} | "
        f"{shown(historical - garch, both)} |"
    )


def shown(gap: np.ndarray, known: np.ndarray, scale: float = 1.0) -> str:
    """Return the mean of a (T, N) score difference with its interval over sessions."""
    rows = known.any(axis=1)
    totals = np.where(known, scale * gap, 0.0).sum(axis=1)[rows]
    counts = known.sum(axis=1)[rows].astype(float)
    interval: MeanInterval
    (interval,) = circular_block_bootstrap(
        totals[:, None], counts[:, None], block=BLOCK, samples=2000, seed=1
    )
    digits = 2 if scale != 1 else 5
    return (
        f"{interval.mean:+.{digits}f} ({interval.low:+.{digits}f} to {interval.high:+.{digits}f}; "
        f"detectable {smallest_detectable_effect(interval.standard_error):.{digits}f})"
    )


if __name__ == "__main__":
    main()

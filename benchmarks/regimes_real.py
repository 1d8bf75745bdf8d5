"""Regimes of real markets, where no truth is known: do they last, hold, and foretell anything?

Imported by ``regimes.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from foundation.contracts import REGIMES
from foundation.quant import MarketRegimeSettings, OwnWindowSettings
from foundation.quant.evaluation import circular_block_bootstrap
from foundation.quant.regimes.chain import smoothed
from foundation.quant.regimes.emissions import Emissions
from foundation.quant.regimes.fitting import told
from foundation.quant.regimes.market import MarketRegimes, market_regimes
from foundation.quant.regimes.own_window import own_window_probabilities
from foundation.quant.regimes.session_sums import SessionSums, session_sums
from foundation.quant.returns import log_returns

AHEAD, BLOCK, SAMPLES = 20, 60, 400
VOLATILE = REGIMES.index("volatile")
SETS = {
    "S&P 500 members, 2013-2018": "ohlcv_sp500_2013_2018/bars.parquet",
    "S&P 500 members, 2018-2023": "ohlcv_sp500_2018_2023/bars.parquet",
    "S&P 500 index alone, 1999-2018": "index_vix/sp500_daily_1999_2018.csv.gz",
    "funds of many kinds, 1995-2023": "etf_daily/etf_adj_1995_2023.parquet",
}


def real(asked: argparse.Namespace) -> None:
    """Print what is found on each set."""
    for name, days, returns in markets(asked.shared):
        print(f"\n## {name}: {returns.shape[1]} series, {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}")
        found = market_regimes(returns, MarketRegimeSettings())
        sums, _ = session_sums(returns, MarketRegimeSettings().scale_half_life)
        print(f"\n{parameters(found, days)}\n")
        print(f"{stability(found, sums)}\n")
        plain = market_regimes(returns, MarketRegimeSettings(most_states=1))
        print(f"- {score(found, plain)}\n")
        print(foretold(found, sums, returns), flush=True)


def markets(shared: Path) -> Iterator[tuple[str, pd.DatetimeIndex, np.ndarray]]:
    """Yield name, sessions and log returns (T, N) of each set."""
    for name, path in SETS.items():
        file = shared / path
        if file.suffix == ".parquet":
            rows = pd.read_parquet(file, columns=["date", "ticker", "close"])
        else:
            rows = pd.read_csv(file, parse_dates=["date"]).assign(ticker="index")
        closes = rows.pivot(index="date", columns="ticker", values="close").sort_index()
        yield name, pd.DatetimeIndex(closes.index), log_returns(closes.to_numpy(float))


def parameters(found: MarketRegimes, days: pd.DatetimeIndex) -> str:
    """Return a table of what each fit found, states by spread."""
    lines = [
        "| fitted at the close of | states: daily spread of a stock, memory, standard error; name "
        "| sessions' deviations worth |",
        "|---|---|---|",
    ]
    for refit in found.refits:
        fit = refit.fit
        order = np.argsort(fit.spread)
        states = "; ".join(
            f"{100 * fit.spread[s]:.2f}%, {fit.parameters.memory[0, s]:+.3f} "
            f"({fit.memory_error[s]:.3f}) {refit.names[s]}"
            for s in order
        )
        worth = f"{fit.share:.0%} of independent ones" if fit.several else "one series"
        lines.append(f"| {days[refit.row]:%Y-%m-%d} | {states} | {worth} |")
    return "\n".join(lines)


def stability(found: MarketRegimes, sums: SessionSums) -> str:
    """Say how long regimes last, and how they look by other parameters and in hindsight."""
    known = np.isfinite(found.probabilities[:, 0])
    codes = found.probabilities[known].argmax(axis=1)
    changes = int((np.diff(codes) != 0).sum())
    shares = {r: (codes == k).mean() for k, r in enumerate(REGIMES) if (codes == k).any()}
    last = found.refits[-1]
    lines = [
        f"- Regimes are named on {known.sum():,} sessions: "
        + ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        + f"; mean of the largest probability {found.probabilities[known].max(axis=1).mean():.2f}.",
        f"- The likeliest changes {252 * changes / known.sum():.1f} times a year and lasts "
        f"{known.sum() / (changes + 1):.0f} sessions on average.",
    ]
    agree, away = [], []
    for one, other in zip(found.refits, found.refits[1:], strict=False):
        sight = sums.until(other.row)
        if min(one.fit.states, other.fit.states) < 2:
            continue
        paths = [
            r.by_name(told(Emissions(sight, r.fit.share), r.fit)[0])[found.refits[0].row :]
            for r in (one, other)
        ]
        away.append(0.5 * np.abs(paths[0] - paths[1]).sum(axis=1).mean())
        agree.append((paths[0].argmax(axis=1) == paths[1].argmax(axis=1)).mean())
    if agree:
        lines.append(
            f"- Parameters of one fit and of the next, where both name any ({len(agree)} times), "
            f"name the same regime on {np.mean(agree):.0%} of sessions (least {min(agree):.0%}); "
            f"their probabilities lie {np.mean(away):.3f} apart (total variation)."
        )
    whole = Emissions(sums.until(last.row), last.fit.share)
    chance, _, _ = smoothed(whole.log_density(last.fit.parameters), last.fit.parameters.moves)
    hindsight = last.by_name(chance[0])
    filtered = last.by_name(told(whole, last.fit)[0])
    apart = 0.5 * np.abs(filtered - hindsight).sum(axis=1)
    when = np.flatnonzero(known[: last.row + 1])
    same = found.probabilities[when].argmax(axis=1) == hindsight[when].argmax(axis=1)
    lines.append(
        f"- Hindsight (smoothed, last parameters) names another regime than was told at the time "
        f"on {1 - same.mean():.0%} of sessions; by the same parameters filtered and smoothed "
        f"probabilities lie {apart.mean():.3f} apart (total variation)."
    )
    return "\n".join(lines)


def score(found: MarketRegimes, plain: MarketRegimes) -> str:
    """Say by how much sessions are foretold better than without regimes."""
    gain = (found.log_score - plain.log_score)[np.isfinite(found.log_score)]
    interval = circular_block_bootstrap(
        gain[:, None], np.ones((len(gain), 1)), block=BLOCK, samples=SAMPLES, seed=0
    )[0]
    return (
        f"A session is foretold {interval.mean:+.3f} nats better than by one regime fitted to the "
        f"same past (95% interval {interval.low:+.3f} to {interval.high:+.3f}, {len(gain):,} "
        "sessions)."
    )


def foretold(found: MarketRegimes, sums: SessionSums, returns: np.ndarray) -> str:
    """Return a table: who ranks sessions by the volatility to come, by the area under the ROC."""
    present = np.isfinite(returns)
    some = np.flatnonzero(present.any(axis=1))
    squares = {"market": np.zeros(len(returns)), "typical stock": np.zeros(len(returns))}
    squares["market"][some] = np.nanmean(returns[some], axis=1) ** 2
    squares["typical stock"][some] = np.nanmedian(returns[some] ** 2, axis=1)
    if returns.shape[1] == 1:
        del squares["typical stock"]
    rule = own_window_probabilities(returns, OwnWindowSettings())[..., VOLATILE]
    counted = np.isfinite(rule).sum(axis=1)
    of_rule = np.where(counted > 0, np.nansum(rule, axis=1) / np.maximum(counted, 1), np.nan)
    model = {
        "p(volatile), the market's regime": found.probabilities[:, VOLATILE],
        "variance expected by the same model": expected_variance(found, sums),
        "p(volatile), the rule's mean over stocks": of_rule,
    }
    columns = [ranking(model, pd.Series(series)) for series in squares.values()]
    head = " | ".join(f"{name} | less p(volatile)" for name in squares)
    count = np.isfinite(np.stack(list(model.values()))).all(axis=0).sum() - AHEAD
    lines = [
        f"About {count:,} sessions; area under the ROC of the fifth of them before the most "
        f"volatile {AHEAD} sessions, of the mean return (market) and of the median squared return "
        "(typical stock); 95% intervals of differences by circular blocks.\n",
        f"| ranked by | {head} |",
        "|---|" + "---|---|" * len(squares),
    ]
    lines += [
        f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]
    ]
    return "\n".join(lines)


def expected_variance(found: MarketRegimes, sums: SessionSums) -> np.ndarray:
    """Return the mean of the states' variances by their filtered probabilities, (T,)."""
    expected = np.full(len(found.log_score), np.nan)
    ends = [r.row for r in found.refits[1:]] + [len(expected)]
    for refit, end in zip(found.refits, ends, strict=True):
        chance, _ = told(Emissions(sums.until(end - 1), refit.fit.share), refit.fit)
        expected[refit.row : end] = (chance @ refit.fit.spread**2)[refit.row :]
    return expected


def ranking(model: dict[str, np.ndarray], squares: pd.Series) -> dict[str, str]:
    """Return by name the area under the ROC and how it stands to the first, as table cells."""
    ahead = squares[::-1].rolling(AHEAD).mean()[::-1].shift(-1).to_numpy()
    scores = model | {
        f"volatility of the last {AHEAD} sessions": squares.rolling(AHEAD).mean().to_numpy(),
        "exponentially weighted volatility (0.94)": squares.ewm(alpha=0.06).mean().to_numpy(),
    }
    usable = np.isfinite(ahead) & np.isfinite(np.stack(list(scores.values()))).all(axis=0)
    high = ahead[usable] >= np.quantile(ahead[usable], 0.8)
    values = np.stack([s[usable] for s in scores.values()])
    draw = np.random.default_rng(0)
    count = len(high)
    drawn = []
    for _ in range(SAMPLES):
        begin = draw.integers(0, count, -(-count // BLOCK))
        rows = ((begin[:, None] + np.arange(BLOCK)).ravel() % count)[:count]
        drawn.append(_areas(values[:, rows], high[rows]))
    areas, spread = _areas(values, high), np.array(drawn)
    cells = {}
    for k, name in enumerate(scores):
        low, up = np.nanquantile(spread[:, k] - spread[:, 0], (0.025, 0.975))
        beside = f"{areas[k] - areas[0]:+.3f} ({low:+.3f} to {up:+.3f})" if k else ""
        cells[name] = f"{areas[k]:.3f} | {beside}"
    return cells


def _areas(values: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return each score's chance to rank a high session above another (Mann & Whitney 1947)."""
    ones = high.sum()
    zeros = len(high) - ones
    if not ones or not zeros:
        return np.full(len(values), np.nan)
    ranks = rankdata(values, axis=1)
    return (ranks[:, high].sum(axis=1) - ones * (ones + 1) / 2) / (ones * zeros)

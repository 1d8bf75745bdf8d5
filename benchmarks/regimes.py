"""Whether the market's regime is named rightly, and whether there is anything to name.

Claims measured, each by its own part:

``simulated``
    On the simulated market with regimes the likeliest regime is the true one on at least 85% of
    sessions, by parameters fitted to the past alone; beside it the most frequent regime so far
    (told), the rule on stocks' own windows, and a filter that knows the simulation's numbers.
``martingale``
    Where there are no regimes none is named, and a model forced to tell some apart foretells
    sessions no better than a model without.
``real``
    On real markets: how long a regime lasts, whether parameters hold from refit to refit, how far
    what was told at the time differs from hindsight, whether "volatile" foretells volatility, and
    whether sessions are foretold better than without regimes.
``told``
    Told when a false change costs so many sessions' wrong names (``told_regimes``): how often the
    name is right, and how often it changes beside the truth and beside the likeliest.
``speed``
    30 stocks x 2,000 sessions take under a second, 500 x 1,260 under ten, yearly refits included.
``detector``
    What the twins' detector learns of the regimes: an hour's work, kept in the work folder.

Run: ``python benchmarks/regimes.py [--part simulated ...] [--seeds 10]``: all parts but the last
where none is named. Tables go to stdout as Markdown; the dated result stands in
``docs/evidence/regimes.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from regimes_real import markets, real

from foundation.contracts import REGIMES
from foundation.kernel import NEW_YORK
from foundation.quant import MarketRegimeSettings, OwnWindowSettings
from foundation.quant.regimes import told_regimes
from foundation.quant.regimes.emissions import Emissions
from foundation.quant.regimes.fitting import told
from foundation.quant.regimes.market import market_regimes
from foundation.quant.regimes.own_window import own_window_probabilities
from foundation.quant.regimes.session_sums import session_sums
from foundation.quant.returns import log_returns
from foundation.testing.simulated_market import (
    COMMON,
    DAILY,
    GARCH,
    MEMORY,
    SPREAD,
    STAY,
    Variant,
    simulated_market,
)

SYMBOLS, SESSIONS, SCORED_FROM = 20, 1250, 500
SETTLED = 10


def main() -> None:
    """Run the parts asked for."""
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "simulated": simulated,
        "martingale": martingale,
        "real": real,
        "told": telling,
        "speed": speed,
        "detector": detector,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="*", choices=parts, default=list(parts)[:-1])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=100, help="0 to 7 served while building")
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("runs/market_model"))
    asked = parser.parse_args()
    print(f"Command: `python benchmarks/regimes.py {' '.join(sys.argv[1:])}`\n")
    print(
        f"Date: {datetime.now(tz=NEW_YORK):%Y-%m-%d}. Machine: {os.cpu_count()} cores, "
        f"{platform.machine()}, numpy {version('numpy')}, load {os.getloadavg()[0]:.0f} at start."
    )
    for part in asked.part:
        parts[part](asked)


def drawn(
    variant: Variant, seed: int, symbols: int = SYMBOLS, sessions: int = SESSIONS
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return log returns (T, N) of a simulated market, and its true regimes (T,)."""
    market = simulated_market(variant, symbols=symbols, sessions=sessions, seed=seed)
    return log_returns(market.bars["close"]), market.truth.regimes


def simulated(asked: argparse.Namespace) -> None:
    """Compare everybody who names regimes with the truth."""
    print(f"\n## Simulated markets with regimes: {SYMBOLS} stocks, {SESSIONS} sessions\n")
    print(
        f"Sessions {SCORED_FROM + 1} to {SESSIONS} of {asked.seeds} markets: share named rightly, "
        f"the worst market, and from {SETTLED} sessions after a change on.\n"
    )
    shares: dict[str, list[tuple[float, float]]] = {}
    early: list[tuple[float, float]] = []
    for seed in _seeds(asked):
        returns, truth = drawn("regimes", seed)
        assert truth is not None
        said = market_regimes(returns, MarketRegimeSettings()).probabilities
        rule = own_window_probabilities(returns, OwnWindowSettings())
        everybody = {
            "most frequent regime so far (told)": _so_far(truth)[:, None],
            "the rule on each stock's own window": _likeliest(rule),
            "the rule, mean over stocks": _likeliest(rule.mean(axis=1, keepdims=True)),
            "the market's regime, fitted to the past": _likeliest(said[:, None]),
            "a filter that knows the simulation": knowing(returns)[:, None],
        }
        settled = _settled(truth)
        for name, codes in everybody.items():
            right = (codes == truth[:, None])[SCORED_FROM:]
            shares.setdefault(name, []).append((right.mean(), right[settled[SCORED_FROM:]].mean()))
        first = int(np.flatnonzero(~np.isnan(said[:, 0]))[0])
        early.append((first, (said.argmax(axis=1) == truth)[first:SCORED_FROM].mean()))
    print("| who names it | right | worst market | once settled |\n|---|---|---|---|")
    for name, found in shares.items():
        right, late = np.array(found).T
        print(f"| {name} | {right.mean():.1%} | {right.min():.1%} | {late.mean():.1%} |")
    start, share = np.array(early).T
    print(
        f"\nBefore that, from the first answer (session {start.min() + 1:.0f}) to session "
        f"{SCORED_FROM}, with regimes that the past has not shown yet: {share.mean():.1%} "
        f"(worst {share.min():.1%}).\n"
    )
    print("| stocks | the market's regime | a filter that knows the simulation |\n|---|---|---|")
    for symbols in (1, 3, 10, 100):
        rows: list[list[float]] = []
        for seed in _seeds(asked):
            returns, truth = drawn("regimes", seed, symbols)
            said = market_regimes(returns, MarketRegimeSettings()).probabilities
            both = (_likeliest(said[:, None])[:, 0], knowing(returns))
            rows.append([(named == truth)[SCORED_FROM:].mean() for named in both])
        own, best = np.mean(rows, axis=0)
        print(f"| {symbols} | {own:.1%} | {best:.1%} |", flush=True)


def martingale(asked: argparse.Namespace) -> None:
    """Say how many regimes are found where there is none, and what forcing some costs."""
    print(f"\n## Martingale: {SYMBOLS} stocks, {SESSIONS} sessions, {asked.seeds} markets\n")
    found, named, gains, tops = [], [], [], []
    for seed in _seeds(asked):
        returns, _ = drawn("martingale", seed)
        free = market_regimes(returns, MarketRegimeSettings())
        found += [refit.fit.states for refit in free.refits]
        named.append(np.isfinite(free.probabilities[:, 0]).mean())
        forced = market_regimes(returns, MarketRegimeSettings(least_states=4))
        gains.append(np.nanmean(forced.log_score - free.log_score))
        sums, _ = session_sums(returns, MarketRegimeSettings().scale_half_life)
        last = forced.refits[-1].fit
        tops.append(told(Emissions(sums, last.share), last)[0].max(axis=1).mean())
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    counts = ", ".join(f"{found.count(n)} fits of {n}" for n in sorted(set(found)))
    print(f"- States chosen: {counts}.")
    print(f"- Sessions on which a regime is named: {np.mean(named):.1%}.")
    print(
        f"- Forced to four states: {np.mean(gains):+.4f} nats a session against one state "
        f"(standard error {error:.4f}), mean of the largest probability {np.mean(tops):.2f}."
    )


def telling(asked: argparse.Namespace) -> None:
    """Compare what is told at several costs of a false change with the truth, and on real sets."""
    costs = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
    print(f"\n## Regimes as told: {SYMBOLS} stocks, {SESSIONS} sessions, {asked.seeds} markets\n")
    rows: dict[float, list[tuple[float, ...]]] = {cost: [] for cost in costs}
    for seed in _seeds(asked):
        returns, truth = drawn("regimes", seed)
        assert truth is not None
        said = market_regimes(returns, MarketRegimeSettings()).probabilities[:, None]
        late = _settled(truth)[SCORED_FROM:]
        for cost in costs:
            codes = told_regimes(said, cost)[SCORED_FROM:, 0]
            right = codes == truth[SCORED_FROM:]
            rows[cost].append(
                (right.mean(), right[late].mean(), _changes(codes), _changes(truth[SCORED_FROM:]))
            )
    print("| a false change costs | right | once settled | changes | true changes |")
    print("|---|---|---|---|---|")
    for cost, found in rows.items():
        right, late, changes, true = np.mean(found, axis=0)
        print(f"| {cost:g} sessions | {right:.1%} | {late:.1%} | {changes:.1f} | {true:.1f} |")
    heads = " | ".join(f"{cost:g}" for cost in costs)
    print(f"\nChanges a year (252 sessions), by the cost:\n\n| set | {heads} |")
    print("|---" * (len(costs) + 1) + "|")
    for name, _, returns in markets(asked.shared):
        said = market_regimes(returns, MarketRegimeSettings()).probabilities
        said = said[~np.isnan(said).any(axis=1), None]
        told_changes = [_changes(told_regimes(said, cost)[:, 0]) for cost in costs]
        a_year = " | ".join(f"{252 * n / len(said):.1f}" for n in told_changes)
        print(f"| {name} | {a_year} |", flush=True)


def speed(asked: argparse.Namespace) -> None:
    """Time whole histories, yearly refits included."""
    print("\n## Speed\n\n| stocks | sessions | CPU seconds, median of 3 |\n|---|---|---|")
    for symbols, sessions in ((1, 5000), (30, 2000), (500, 1260)):
        returns, _ = drawn("regimes", 0, symbols, sessions)
        took = []
        for _ in range(3):
            begun = time.process_time()
            market_regimes(returns, MarketRegimeSettings())
            took.append(time.process_time() - begun)
        print(f"| {symbols} | {sessions:,} | {np.median(took):.2f} |", flush=True)


def detector(asked: argparse.Namespace) -> None:
    """Compare what the twins' detector learns from the named regimes with the truth."""
    from market_controls import simulated_case
    from market_forecasts import twins

    print(f"\n## Twins' detector: {SYMBOLS} stocks, {SESSIONS} sessions, one market\n")
    case, truth = simulated_case("regimes", 0, asked.work, 1)
    assert truth.regimes is not None
    true = np.repeat(truth.regimes[:, None], SYMBOLS, axis=1)
    twins(case)
    twins(case, true, "twins told the truth")
    said = market_regimes(case.returns, MarketRegimeSettings()).probabilities
    first = case.refit_rows[0]
    print("| who names it | right | once settled |\n|---|---|---|")
    settled = _settled(truth.regimes)
    for name, codes in {
        "the market's regime": _likeliest(said[:, None]),
        "the twins' detector, which learns from it": _likeliest(
            case.kept("twins", dict)["regimes"]
        ),
        "the twins' detector, told the past's truth": _likeliest(
            case.kept("twins told the truth", dict)["regimes"]
        ),
    }.items():
        right, known = codes == true[:, : codes.shape[1]], codes >= 0
        known[:first] = False
        late = known & settled[:, None]
        print(f"| {name} | {right[known].mean():.1%} | {right[late].mean():.1%} |")


def knowing(returns: np.ndarray) -> np.ndarray:
    """Return the likeliest regime by a filter that knows the simulation's numbers, (T,).

    Hamilton's (1989) filter over all stocks, their common shock included: what is to be had by
    anybody. Only the path of the variances is inferred, by the likeliest regime so far.
    """
    memory = np.array([MEMORY[r] for r in REGIMES])[:, None]
    spread = DAILY * np.array([SPREAD[r] for r in REGIMES])[:, None]
    constant, shock_weight, persistence = GARCH
    returns = np.nan_to_num(returns)
    count = returns.shape[1]
    leave = (1 - STAY) / (len(REGIMES) - 1)
    moves = np.full((len(REGIMES), len(REGIMES)), leave) + (STAY - leave) * np.eye(len(REGIMES))
    chance, variance = np.full(len(REGIMES), 1 / len(REGIMES)), np.ones(count)
    named, before = [], np.zeros(count)
    for today in returns:
        deviation = spread * np.sqrt(variance)
        shock = (today - memory * before) / deviation
        # Shocks correlate by COMMON: their inverse covariance in closed form (Sherman-Morrison).
        total = COMMON / (1 - COMMON + COMMON * count) * shock.sum(axis=1) ** 2
        distance = ((shock**2).sum(axis=1) - total) / (1 - COMMON)
        density = -0.5 * distance - np.log(deviation).sum(axis=1)
        chance = (moves @ chance) * np.exp(density - density.max())
        chance /= chance.sum()
        named.append(int(chance.argmax()))
        drawn_shock = shock[named[-1]]
        variance = constant + shock_weight * variance * drawn_shock**2 + persistence * variance
        before = today
    return np.array(named)


def _seeds(asked: argparse.Namespace) -> range:
    """Return the markets' seeds."""
    return range(asked.first_seed, asked.first_seed + asked.seeds)


def _settled(truth: np.ndarray) -> np.ndarray:
    """Return which sessions lie at least ``SETTLED`` after a change, (T,)."""
    settled = np.ones(len(truth), dtype=bool)
    for change in np.flatnonzero(np.diff(truth)) + 1:
        settled[change : change + SETTLED] = False
    return settled


def _changes(codes: np.ndarray) -> int:
    """Return how often a name gives way to another."""
    return int(np.count_nonzero(np.diff(codes)))


def _so_far(truth: np.ndarray) -> np.ndarray:
    """Return the most frequent regime up to each session, (T,)."""
    counts = np.cumsum(truth[:, None] == np.arange(len(REGIMES)), axis=0)
    return counts.argmax(axis=1)


def _likeliest(chances: np.ndarray) -> np.ndarray:
    """Return the likeliest code, -1 where none is named."""
    return np.where(np.isnan(chances).any(-1), -1, np.nan_to_num(chances).argmax(-1))


if __name__ == "__main__":
    main()

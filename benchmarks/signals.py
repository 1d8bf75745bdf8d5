"""What the odds of a rise are worth: reliability, Brier score, calls, in four worlds.

Claim measured: "a confidence is a frequency that somebody checked". Stage 07's own functions say of
every session what was known at its close, and are held against the close five sessions on.

- ``walk``: the bundled market and fifty index members. The story's distributions are those of
  ``story_walk.py`` (``llm_engine.py --part walk-forward --work DIR``), trained on the past only,
  the market model's quantiles those of LightGBM (``QuantForecaster``), refitted on the past.
- ``worlds``: simulated markets, one with planted effects and one without any (a martingale). The
  story knows the planted rule and nothing else; the market model is fitted as on real data.
- ``run``: the record that a stored run published of itself.

``python benchmarks/signals.py --part walk --work DIR``, ``--part worlds`` or
``--part run --store .story``. Dated results stand in ``docs/evidence/signals.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np
from story_worlds import say

from foundation.contracts import TAPE, MarketWindow, OddsRecord
from foundation.quant import QuantForecaster, QuantSettings
from foundation.quant.evaluation import (
    brier_score,
    circular_block_bootstrap,
    expected_calibration_error,
)
from foundation.quant.evaluation.bootstrap import block_length
from foundation.runtime import Journal
from foundation.storage import ArtefactStore
from foundation.testing.simulated_market import SimulatedMarket
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
    SimulatedSource,
    SimulationSettings,
)
from stage_07_signal_extraction.calls import (
    SESSIONS_A_YEAR,
    horizon_volatility,
    information_ratios,
    stakes,
)
from stage_07_signal_extraction.history import QUANTILES, History, on_days
from stage_07_signal_extraction.odds import RiseOdds, rise_odds
from stage_07_signal_extraction.opinions import HORIZON, OPINIONS
from stage_07_signal_extraction.record import odds_record
from stage_07_signal_extraction.settings import SignalSettings
from stage_10_integration.stored_runs import StoredRuns

EDGES = (-2.0, -0.5, 0.5, 2.0)
PRICE = TAPE.index("price")
SYMBOLS, SESSIONS, SEEDS = 20, 2000, (0, 1, 2)
SETTINGS = SignalSettings(bootstrap_samples=2000)


def history(window: MarketWindow, outcomes: np.ndarray, price: np.ndarray) -> History:
    """Return a market's past: closes, a walk-forward market model, and the story's odds."""
    quant = QuantForecaster(QuantSettings()).context(window).values
    symbols = window.bars.symbols
    told = quant.select(symbols=symbols, fields=(*QUANTILES, "volatility_5d"))
    views = on_days(told, window.bars.sessions)
    close = window.bars.field("close")
    return History(window.bars.sessions, close, outcomes, price, views[..., :-1], views[..., -1])


def walked(name: str, seed: int, work: Path, whose: str) -> tuple[np.ndarray, np.ndarray]:
    """Return observed price outcomes (T, N) and the story's odds of the next ones (T, N, 5)."""
    with np.load(work / f"{name}-observed.npz") as kept:
        outcomes = kept["observed"][..., PRICE]
    price = np.full((*outcomes.shape, 5), np.nan)
    for path in sorted(work.glob(f"{name}-[0-9]*-{seed}.npz")):
        with np.load(path) as kept:
            if whose not in kept:
                raise SystemExit(f"{path.name} does not hold the {whose} forecasts: walk it anew")
            t, n = kept["places"].T
            price[t, n] = kept[whose][:, PRICE]
    return outcomes, price


def report(title: str, past: History) -> None:
    """Print what each opinion and the published odds were worth where the story spoke, or all."""
    odds = rise_odds(past)
    volatility = horizon_volatility(past.close, past.volatility)
    cost = SETTINGS.cost_basis_points * 1e-4
    stake = stakes(odds.moved, volatility)
    ratios = information_ratios(odds.published, odds.opinions["past"], stake, cost)
    say(f"### {title}\n")
    told = np.isfinite(odds.opinions["story"]) & np.isfinite(odds.rose)
    _opinions(odds, told)
    free = information_ratios(odds.published, odds.opinions["past"], stake, 0.0)
    _calls(odds, free, told, "that would pay if trading were free")
    _calls(
        odds, ratios, told, f"that would pay at {SETTINGS.cost_basis_points:g} basis points a trade"
    )
    rows = told.any(axis=1)
    record = odds_record(
        RiseOdds(
            odds.moved[rows],
            odds.rose[rows],
            {name: said[rows] for name, said in odds.opinions.items()},
            odds.published[rows],
            odds.weights[rows],
        ),
        ratios[rows],
        SETTINGS,
    )
    assert record is not None
    _deciles(record)


def _opinions(odds: RiseOdds, told: np.ndarray) -> None:
    rows = told.any(axis=1)
    say(
        f"{told.sum():,} forecasts at {rows.sum():,} sessions; {odds.rose[told].mean():.1%} rose.\n"
    )
    say("| odds by | mean | deviation | Brier score | less the past's | ECE | last weight |")
    say("|---|---|---|---|---|---|---|")
    base = brier_score(odds.opinions["past"], odds.rose)
    for name, said in (*odds.opinions.items(), ("published", odds.published)):
        known = told & np.isfinite(said)
        losses = brier_score(said, odds.rose)
        difference = "" if name == "past" else _interval(losses - base, known)
        weight = f"{odds.weights[rows][-1, OPINIONS.index(name)]:.2f}" if name in OPINIONS else ""
        error = expected_calibration_error(said[known], odds.rose[known])
        say(
            f"| {name} | {said[known].mean():.1%} | {100 * said[known].std():.1f} points | "
            f"{losses[known].mean():.4f} | {difference} | {100 * error:.1f} points | {weight} |"
        )
    say()


def _interval(values: np.ndarray, known: np.ndarray) -> str:
    rows = known.any(axis=1)
    totals = np.where(known, values, 0.0).sum(axis=1)[rows][:, None]
    counts = known.sum(axis=1)[rows][:, None].astype(float)
    block = max(HORIZON, block_length(len(totals)))
    found = circular_block_bootstrap(totals, counts, block=block, samples=2000, seed=0)[0]
    return f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


def _calls(odds: RiseOdds, ratios: np.ndarray, told: np.ndarray, at: str) -> None:
    """Print how often each direction was called, how often it came true and what it brought."""
    usual = float(odds.moved[told].mean())
    cells = []
    for way, sign in (("bullish", 1), ("bearish", -1)):
        made = told & (np.sign(ratios) == sign)
        if not made.any():
            cells.append(f"no {way} call")
            continue
        right = ((odds.rose == 1) == (sign > 0))[made].mean()
        brought = float(sign * odds.moved[made].mean())
        promised = np.abs(ratios[made]).mean() * np.sqrt(HORIZON / SESSIONS_A_YEAR)
        cells.append(
            f"{made.sum():,} {way} calls ({made.sum() / told.sum():.1%}), {right:.1%} right, mean "
            f"log return {100 * brought:+.2f}% before costs (all: {100 * usual:+.2f}%), promised "
            f"after costs {promised:.2f} volatilities"
        )
    say(f"Directions {at}: {'; '.join(cells)}.\n")


def _deciles(record: OddsRecord) -> None:
    say("| decile of the published odds | said | came true | 95% interval | forecasts |")
    say("|---|---|---|---|---|")
    for n, one in enumerate(record.deciles, 1):
        say(
            f"| {n} | {one.forecast:.1%} | {one.observed:.1%} | {one.low:.1%} to {one.high:.1%} | "
            f"{one.count:,} |"
        )
    proven = "proven" if record.better else "not proven"
    say(
        f"\nMean distance over deciles: {100 * record.calibration_error:.1f} points. "
        f"Better than the past: {proven}.\n"
    )


def walk(names: Sequence[str], seeds: Sequence[int], work: Path, whose: str) -> None:
    """Report the real sets, each seed of the story model by itself."""
    from story_walk import market

    for name in names:
        window = market(name)
        for seed in seeds:
            past = history(window, *walked(name, seed, work, whose))
            report(f"{name}, story model of seed {seed} ({whose})", past)


def worlds(seeds: Sequence[int]) -> None:
    """Report simulated markets, in which what can be known is known."""
    for variant in ("planted", "martingale"):
        for seed in seeds:
            source = SimulatedSource(
                SimulationSettings(variant=variant, symbols=SYMBOLS, sessions=SESSIONS, seed=seed)
            )
            made = source.market()
            request = MarketRequest(made.sessions[-1], None, SESSIONS)
            window = DataEngineStage(DataEngineSettings()).run(source.load(request))
            report(f"{variant}, seed {seed}", history(window, *knowing(made)))


def knowing(made: SimulatedMarket) -> tuple[np.ndarray, np.ndarray]:
    """Return price outcomes in units of the true volatility, and odds by the planted rule alone.

    The size of a session's move is that of a normal; the rule gives the odds of its sign.
    """
    truth = made.truth
    close = np.log(made.bars["close"])
    moved = np.diff(close, axis=0, prepend=np.nan) / truth.sigma
    outcomes = np.where(np.isnan(moved), np.nan, np.digitize(moved, EDGES))
    up = np.where(truth.drops, truth.probability, 0.5)
    if truth.reacting is not None:
        n = made.symbols.index(truth.reacting)
        up[:, n] = np.where(truth.quiet[:, n], 1 - truth.probability, up[:, n])
    normal = NormalDist()
    steady, far = (normal.cdf(edge) - normal.cdf(-edge) for edge in EDGES[2:])
    up = up[..., None]
    sizes = np.array([1 - far, far - steady, steady, far - steady, 1 - far])
    sides = np.concatenate([1 - up, 1 - up, np.ones_like(up), up, up], axis=-1)
    return outcomes, sizes * sides


def run(store: Path) -> None:
    """Print the record that the latest run of a store published of its odds."""
    view = StoredRuns(ArtefactStore(store), Journal(store / "journal.jsonl")).latest()
    record = view.brief.odds
    if record is None:
        say("The run knows too few outcomes for a record.")
        return
    say(
        f"{record.forecasts:,} forecasts at {record.sessions:,} sessions, {record.rose:.1%} rose. "
        f"Brier score {record.brier:.4f}, the past's {record.past_brier:.4f}, difference "
        f"{record.difference:+.4f} ({record.low:+.4f} to {record.high:+.4f}); {record.right:,} of "
        f"{record.calls:,} calls right.\n"
    )
    _deciles(record)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("walk", "worlds", "run"), required=True)
    parser.add_argument("--work", type=Path, help="folder of the walk")
    parser.add_argument("--story", choices=("weighed", "model"), default="weighed")
    parser.add_argument("--sets", nargs="+", default=("bundled", "members"))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--store", type=Path, help="store of a run")
    asked = parser.parse_args()
    if asked.part == "walk":
        walk(asked.sets, asked.seeds, asked.work, asked.story)
    elif asked.part == "worlds":
        worlds(asked.seeds)
    else:
        run(asked.store)


if __name__ == "__main__":
    main()

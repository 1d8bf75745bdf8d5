"""What each setting of fuzzification changes, and what its answers foretell."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from foundation.contracts import FuzzyWindow, MarketWindow
from foundation.quant.evaluation import MeanInterval, circular_block_bootstrap
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage

SETTINGS = FuzzificationSettings()
STATE_SERIES = ("trend", "momentum", "trend strength", "band width", "volatility", "volume")
"""Series of an instrument whose states are compared and forecast."""
VARIANTS: tuple[dict[str, Any], ...] = (
    {"window": 20},
    {"window": 40},
    {"window": 120},
    {"window": 250},
    {"sigma": 0.75},
    {"sigma": 1.25},
    {"sigma": 1.5},
    {"shape": "gaussian"},
    {"minimum_valid": 0.5},
    {"minimum_valid": 1.0},
    {"steady_multiple": 0.25},
    {"steady_multiple": 0.75},
    {"sharp_multiple": 1.5},
    {"sharp_multiple": 3.0},
    {"segment_sessions": 3},
    {"segment_sessions": 10},
    {"segment_stride": 1},
    {"segment_stride": 5},
    {"scale_window": 10},
    {"scale_window": 60},
)


def say(text: str = "") -> None:
    print(text, flush=True)


def states(fuzzy: FuzzyWindow) -> np.ndarray:
    """Return the leading states of the instruments' own series, (T, N, S), NaN where absent."""
    degrees = np.stack([fuzzy.memberships.field(name) for name in STATE_SERIES], axis=2)
    absent = np.isnan(degrees[..., 0])
    return np.where(absent, np.nan, np.nan_to_num(degrees).argmax(axis=-1))


def leaning(fuzzy: FuzzyWindow) -> np.ndarray:
    """Return state and lean as one code 0..14: below, at or above the state's centre."""
    codes = states(fuzzy)
    lean = np.full(codes.shape, 1.0)
    for s, name in enumerate(STATE_SERIES):
        degrees = fuzzy.memberships.field(name)
        where = np.nan_to_num(degrees) @ np.arange(5.0)
        lean[..., s] += np.sign(where - codes[..., s]) * (np.abs(where - codes[..., s]) > 1 / 6)
    return codes * 3 + lean


def changed(one: np.ndarray, other: np.ndarray) -> str:
    """Say which share of what both know differs."""
    both = ~np.isnan(one) & ~np.isnan(other)
    return f"{(one[both] != other[both]).mean():.1%}" if both.any() else "none known"


def gain(
    known: np.ndarray, outcome: np.ndarray, classes: int
) -> tuple[float, float, MeanInterval, MeanInterval]:
    """Score tomorrow's codes by today's against persistence, (T, N, S) each.

    Returns
    -------
    tuple
        Log loss of persistence and of the chain, the chain's gain beyond persistence and
        beyond past frequencies, all in nats, on the second half; every series has a chain of
        its own, fitted on the first half.
    """
    half = len(outcome) // 2
    totals = np.zeros((len(outcome) - 1 - half, 2))
    counts = np.zeros(len(totals))
    losses = np.zeros(2)
    for s in range(outcome.shape[-1]):
        there = ~(np.isnan(known[:-1, :, s]) | np.isnan(outcome[1:, :, s]))
        today = np.nan_to_num(known[:-1, :, s]).astype(int)
        state = np.nan_to_num(outcome[:-1, :, s]).astype(int)
        then = np.nan_to_num(outcome[1:, :, s]).astype(int)
        past = there.copy()
        past[half:] = False
        pairs = np.bincount(today[past] * 5 + then[past], minlength=classes * 5)
        chain = pairs.reshape(classes, 5) + 0.5
        usual = np.log(chain.sum(axis=0) / chain.sum())
        chain = np.log(chain / chain.sum(axis=1, keepdims=True))
        stay = (state[past] == then[past]).mean()
        held = np.full((5, 5), np.log((1 - stay) / 4))
        np.fill_diagonal(held, np.log(stay))
        later = there[half:]
        won, still = chain[today, then][half:], held[state, then][half:]
        frequency = usual[then][half:]
        totals[:, 0] += np.where(later, won - still, 0.0).sum(axis=1)
        totals[:, 1] += np.where(later, won - frequency, 0.0).sum(axis=1)
        counts += later.sum(axis=1)
        losses -= [still[later].sum(), won[later].sum()]
    beyond = circular_block_bootstrap(
        totals, np.stack([counts, counts], axis=1), block=10, samples=1_000, seed=0
    )
    return losses[0] / counts.sum(), losses[1] / counts.sum(), beyond[0], beyond[1]


def sensitivity(window: MarketWindow) -> None:
    """Claim 3."""
    plain = FuzzificationStage(SETTINGS).run(window)
    say(f"### Sensitivity, {len(window.bars.symbols)} symbols, one setting at a time\n")
    say(
        "States of " + ", ".join(STATE_SERIES) + "; movements of price in a session, and of price "
        "and these series over the three segments of their paths. Gains in nats a forecast, on "
        "the second half.\n"
    )
    say(
        "| setting | states known | of them changed | session moves changed | path steps changed | "
        "states: persistence | chain beyond it [95%] | beyond frequencies | with the lean | "
        "price moves: beyond frequencies [95%] |"
    )
    say("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for update in ({}, *VARIANTS):
        settings = SETTINGS.model_copy(update=update)
        fuzzy = FuzzificationStage(settings).run(window) if update else plain
        print(update or "as set", file=sys.stderr, flush=True)
        (name, value), *_ = update.items() or {"as set": ""}.items()
        say(f"| {f'`{name}` {value}'.strip() if update else name} | {variant(plain, fuzzy)} |")
    say()


def confidence(window: MarketWindow) -> None:
    """Claim 4: thirds cut on the first half, scored on the second."""
    fuzzy = FuzzificationStage(SETTINGS).run(window)
    points, now = fuzzy.inference.field("story confidence"), states(fuzzy)
    half = len(now) // 2
    edges = np.nanquantile(points[:half], [1 / 3, 2 / 3])
    third = np.where(np.isnan(points), -1, np.digitize(points, edges))
    say("### Story confidence and tomorrow\n")
    say("| story confidence | forecasts | state stays | log loss [95%] |")
    say("|---|---:|---:|---:|")
    names = (f"up to {edges[0]:.0f}", f"{edges[0]:.0f} to {edges[1]:.0f}", f"over {edges[1]:.0f}")
    for k, name in enumerate(names):
        loss, stays, counts = (np.zeros(len(now) - 1) for _ in range(3))
        for s in range(now.shape[-1]):
            there = ~np.isnan(now[:-1, :, s]) & ~np.isnan(now[1:, :, s])
            today, then = np.nan_to_num(now[:-1, :, s]), np.nan_to_num(now[1:, :, s])
            pair = (today * 5 + then).astype(int)
            past = there.copy()
            past[half:] = False
            chain = np.bincount(pair[past], minlength=25).reshape(5, 5) + 0.5
            chain = np.log(chain / chain.sum(axis=1, keepdims=True)).ravel()
            chosen = there & (third[:-1] == k)
            chosen[:half] = False
            loss -= np.where(chosen, chain[pair], 0.0).sum(axis=1)
            stays += (chosen & (today == then)).sum(axis=1)
            counts += chosen.sum(axis=1)
        later = slice(half, None)
        found = circular_block_bootstrap(
            np.stack([loss, stays], axis=1)[later],
            np.stack([counts, counts], axis=1)[later],
            block=10,
            samples=1_000,
            seed=0,
        )
        say(
            f"| {name} | {int(counts.sum()):,} | {found[1].mean:.1%} | {found[0].mean:.3f} "
            f"[{found[0].low:.3f}, {found[0].high:.3f}] |"
        )
    say()


def variant(plain: FuzzyWindow, fuzzy: FuzzyWindow) -> str:
    """Return the cells of one row."""
    told = ("price", *STATE_SERIES)
    path, usual = (
        np.stack([f.movements.field(name)[..., 1:] for name in told], axis=2)
        for f in (fuzzy, plain)
    )
    session = fuzzy.movements.field("price")[..., :1]
    now = states(fuzzy)
    still, _, beyond, over = gain(now, now, 5)
    _, _, _, leaned = gain(leaning(fuzzy), now, 15)
    _, _, _, price = gain(session + 2, session + 2, 5)
    return (
        f"{(~np.isnan(now)).mean():.1%} | {changed(now, states(plain))} | "
        f"{changed(session, plain.movements.field('price')[..., :1])} | "
        f"{changed(path, usual)} | {still:.3f} | {shown(beyond)} | {over.mean:+.3f} | "
        f"{leaned.mean:+.3f} | {shown(price)}"
    )


def shown(interval: MeanInterval) -> str:
    return f"{interval.mean:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"

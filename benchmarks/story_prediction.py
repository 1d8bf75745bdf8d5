"""How well states, movements and patterns of a session tell the next session's outcomes.

Nested forecasts, each fitted on the first part of the sessions and scored on the last: persistence
(the outcome of today, with the past's rate of staying), a Markov chain on the series' own state,
then gradient-boosted trees that see all states, all movements besides, and all patterns besides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from story_worlds import World, say

from foundation.contracts import TAPE
from foundation.quant.evaluation import circular_block_bootstrap
from stage_03_story_assembly.stage import observed

LEARNT = 60_000
GAP = 60
ROUNDS = 50


@dataclass(frozen=True)
class Sample:
    """Pairs of a session's facts and the next session's outcome."""

    facts: dict[str, np.ndarray]
    now: np.ndarray
    then: np.ndarray
    session: np.ndarray


def prediction(world: World) -> None:
    """Print log losses and skills by series."""
    outcomes = observed(world.fuzzy).values
    facts = _facts(world)
    say("### What a session tells of the next\n")
    say("| series | forecasts | persistence | chain | states | + movements | + patterns |")
    say("|---|---:|---:|---:|---:|---:|---:|")
    skills: list[str] = []
    for s, series in enumerate(TAPE):
        sample = _sample(outcomes[..., s], facts)
        if len(sample.now) < 10_000:
            say(f"| {series} | not reported in this set | | | | | |")
            continue
        losses, test = _losses(sample)
        say(
            f"| {series} | {test.sum():,} | "
            + " | ".join(f"{np.mean(loss):.4f}" for loss in losses.values())
            + " |"
        )
        skills.append(_skills(series, losses, sample.session[test]))
    say("\nGain in log loss per forecast, with 95% circular block bootstrap intervals over ")
    say("sessions (blocks of 10):\n")
    say("| series | best over persistence | best over chain | movements | patterns |")
    say("|---|---:|---:|---:|---:|")
    for line in skills:
        say(line)
    say()


def _facts(world: World) -> dict[str, np.ndarray]:
    """Return facts per session and symbol by group, each (T, N, K) of small numbers."""
    fuzzy = world.fuzzy
    degrees = fuzzy.memberships.values
    states = np.nan_to_num(degrees).argmax(axis=-1).astype(np.float32)
    states[np.isnan(degrees[..., 0])] = np.nan
    moves = fuzzy.movements.values.astype(np.float32)
    return {
        "states": states,
        "movements": moves.reshape(*moves.shape[:2], -1),
        "patterns": np.nan_to_num(fuzzy.patterns.values).astype(np.float32),
    }


def _sample(codes: np.ndarray, facts: dict[str, np.ndarray]) -> Sample:
    known = ~np.isnan(codes[:-1]) & ~np.isnan(codes[1:])
    where = np.nonzero(known)
    return Sample(
        facts={name: values[:-1][where] for name, values in facts.items()},
        now=codes[:-1][where].astype(int),
        then=codes[1:][where].astype(int),
        session=where[0],
    )


def _losses(sample: Sample) -> tuple[dict[str, np.ndarray], np.ndarray]:
    last = sample.session.max()
    train = sample.session < last // 2
    test = sample.session >= last // 2 + GAP
    counts = np.full((5, 5), 0.5)
    np.add.at(counts, (sample.now[train], sample.then[train]), 1)
    chain = counts / counts.sum(1, keepdims=True)
    stay = float((sample.now[train] == sample.then[train]).mean())
    still = np.full((5, 5), (1 - stay) / 4)
    np.fill_diagonal(still, stay)
    now, then = sample.now[test], sample.then[test]
    losses = {name: -np.log(p[now, then]) for name, p in (("still", still), ("chain", chain))}
    seen: list[np.ndarray] = [sample.now[:, None].astype(np.float32)]
    for name, values in sample.facts.items():
        seen.append(values)
        losses[name] = -np.log(_trees(np.hstack(seen), sample.then, train, test))
    return losses, test


def _trees(facts: np.ndarray, then: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the probability that boosted trees gave to what happened, floored at 1e-4."""
    import lightgbm

    rows = np.flatnonzero(train)
    rows = rows[np.linspace(0, len(rows) - 1, min(LEARNT, len(rows))).astype(int)]
    settings = {
        "objective": "multiclass",
        "num_class": 5,
        "num_leaves": 15,
        "learning_rate": 0.1,
        "min_data_in_leaf": 200,
        "num_threads": 1,
        "deterministic": True,
        "verbose": -1,
        "seed": 0,
    }
    data = lightgbm.Dataset(facts[rows], label=then[rows])
    model = lightgbm.train(settings, data, num_boost_round=ROUNDS)
    chances = np.asarray(model.predict(facts[test]))
    return np.maximum(chances[np.arange(int(test.sum())), then[test]], 1e-4)


def _skills(series: str, losses: dict[str, np.ndarray], session: np.ndarray) -> str:
    gains = np.column_stack(
        [
            losses["still"] - losses["patterns"],
            losses["chain"] - losses["patterns"],
            losses["states"] - losses["movements"],
            losses["movements"] - losses["patterns"],
        ]
    )
    places = session - session.min()
    totals = np.zeros((places.max() + 1, gains.shape[1]))
    np.add.at(totals, places, gains)
    counts = np.bincount(places).astype(float)[:, None].repeat(gains.shape[1], axis=1)
    found = circular_block_bootstrap(totals, counts, block=10, samples=2_000, seed=0)
    shown = (f"{i.mean:+.4f} [{i.low:+.4f}, {i.high:+.4f}]" for i in found)
    return f"| {series} | " + " | ".join(shown) + " |"

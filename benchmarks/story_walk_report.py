"""Tables of ``story_walk.py``'s results: scores, differences with intervals, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from story_walk import REFERENCES
from story_worlds import say

from foundation.contracts import TAPE
from foundation.quant.evaluation import (
    circular_block_bootstrap,
    expected_calibration_error,
    log_score,
    ranked_probability_score,
)
from foundation.quant.evaluation.bootstrap import block_length

WAYS = ("model", "stacked", *REFERENCES)


def report(name: str, years: Sequence[int], seeds: Sequence[int], folder: Path) -> None:
    """Print the tables of one set from the refits that are there."""
    done = [
        (year, seed)
        for seed in seeds
        for year in years
        if (folder / f"{name}-{year}-{seed}.npz").exists()
    ]
    if not done:
        say(f"### {name}: no refit in the folder yet\n")
        return
    with np.load(folder / f"{name}-observed.npz") as kept:
        observed, sessions = kept["observed"], kept["sessions"]
    places, chances, seed_of = _joined(name, done, folder)
    then = observed[places[:, 0] + 1, places[:, 1]]
    first, last = sessions[places[:, 0].min()], sessions[places[:, 0].max()]
    said = ", ".join(f"{year} seed {seed}" for year, seed in done)
    origins = len(np.unique(places[:, 0]))
    say(f"### {name}: {origins} origins from {first} to {last}; refits {said}\n")
    _scores(then, chances)
    _differences(then, chances, places[:, 0])
    _by_year(then, chances, sessions[places[:, 0]].astype("M8[Y]").astype(int) + 1970)
    if len({seed for _, seed in done}) > 1:
        _spread(then, chances, seed_of)


def _joined(
    name: str, done: Sequence[tuple[int, int]], folder: Path
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Return origins, what was said at them, and the seed that said it."""
    parts = []
    for year, seed in done:
        with np.load(folder / f"{name}-{year}-{seed}.npz") as kept:
            parts.append(({key: kept[key] for key in kept.files}, seed))
    places = np.concatenate([part["places"] for part, _ in parts])
    chances = {way: np.concatenate([part[way] for part, _ in parts]) for way in WAYS}
    return places, chances, np.concatenate([np.full(len(p["places"]), s) for p, s in parts])


def _scores(then: np.ndarray, chances: dict[str, np.ndarray]) -> None:
    """Print log score, ranked probability score and calibration error by series."""
    say("Log score in nats (lower is better); in brackets the ranked probability score.\n")
    say("| tomorrow's | forecasts | " + " | ".join(WAYS) + " | ECE of model, stacked, chain |")
    say("|---|---:|" + "---|" * (len(WAYS) + 1))
    for s, series in enumerate(TAPE):
        known = ~np.isnan(then[:, s])
        if not known.any():
            say(f"| {series} | not reported in this set |" + " |" * (len(WAYS) + 1))
            continue
        code = then[known, s]
        cells = [
            f"{np.nanmean(log_score(chances[w][known, s], code)):.4f} "
            f"({np.nanmean(ranked_probability_score(chances[w][known, s], code)):.4f})"
            for w in WAYS
        ]
        errors = [
            expected_calibration_error(
                chances[w][known, s].ravel(), (code[:, None] == np.arange(5)).ravel()
            )
            for w in ("model", "stacked", "Markov")
        ]
        told = ", ".join(f"{100 * error:.1f}%" for error in errors)
        say(f"| {series} | {known.sum():,} | " + " | ".join(cells) + f" | {told} |")
    say("\nExpected calibration error over the five outcomes of a forecast, ten bins.\n")


def _differences(then: np.ndarray, chances: dict[str, np.ndarray], t: np.ndarray) -> None:
    """Print how much worse or better the model is than each reference, with intervals."""
    rows = {session: place for place, session in enumerate(np.unique(t))}
    place = np.array([rows[session] for session in t])
    for way in ("model", "stacked"):
        say(f"Log score of {way} less that of a reference (negative: {way} is better), with 95%")
        say(f"circular block bootstrap over origins, blocks of {block_length(len(rows))}:\n")
        say("| tomorrow's | " + " | ".join(REFERENCES) + " |\n|---|" + "---|" * len(REFERENCES))
        for s, series in enumerate(TAPE):
            if np.isnan(then[:, s]).all():
                continue
            cells = [
                _difference(then[:, s], chances[way][:, s], chances[r][:, s], place, len(rows))
                for r in REFERENCES
            ]
            say(f"| {series} | " + " | ".join(cells) + " |")
        say()


def _difference(
    then: np.ndarray, ours: np.ndarray, theirs: np.ndarray, place: np.ndarray, rows: int
) -> str:
    gap = log_score(ours, then) - log_score(theirs, then)
    known = ~np.isnan(gap)
    totals, counts = np.zeros((rows, 1)), np.zeros((rows, 1))
    np.add.at(totals[:, 0], place[known], gap[known])
    np.add.at(counts[:, 0], place[known], 1.0)
    found = circular_block_bootstrap(
        totals, counts, block=block_length(rows), samples=2000, seed=0
    )[0]
    verdict = "**better**" if found.high < 0 else "**worse**" if found.low > 0 else "no difference"
    return f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f}) {verdict}"


def _by_year(then: np.ndarray, chances: dict[str, np.ndarray], year: np.ndarray) -> None:
    """Print log scores year by year: a mean over years hides in which of them a way failed."""
    ways = ("model", "stacked", "Markov", "LightGBM")
    say("Log score by year, " + " / ".join(ways) + ":\n")
    years = np.unique(year).tolist()
    say("| tomorrow's | " + " | ".join(map(str, years)) + " |\n|---|" + "---|" * len(years))
    for s, series in enumerate(TAPE):
        if np.isnan(then[:, s]).all():
            continue
        cells = []
        for one in years:
            rows = (year == one) & ~np.isnan(then[:, s])
            means = [np.nanmean(log_score(chances[w][rows, s], then[rows, s])) for w in ways]
            cells.append(" / ".join(f"{mean:.3f}" for mean in means))
        say(f"| {series} | " + " | ".join(cells) + " |")
    say()


def _spread(then: np.ndarray, chances: dict[str, np.ndarray], seed_of: np.ndarray) -> None:
    """Print the model's score seed by seed."""
    seeds = np.unique(seed_of).tolist()
    say("Log score of the model by seed:\n")
    say("| tomorrow's | " + " | ".join(map(str, seeds)) + " |\n|---|" + "---:|" * len(seeds))
    for s, series in enumerate(TAPE):
        if np.isnan(then[:, s]).all():
            continue
        cells = []
        for seed in seeds:
            rows = (seed_of == seed) & ~np.isnan(then[:, s])
            cells.append(f"{np.nanmean(log_score(chances['model'][rows, s], then[rows, s])):.4f}")
        say(f"| {series} | " + " | ".join(cells) + " |")
    say()

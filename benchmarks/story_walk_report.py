"""Tables of ``story_walk.py``'s results: scores, differences with intervals, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

OURS = ("weighed", "model", "mean of seeds")
WAYS = (*OURS, *REFERENCES)


@dataclass(frozen=True)
class Walked:
    """What was said at K origins, seed after seed.

    Attributes
    ----------
    then : float array, shape (K, len(TAPE))
        What happened; NaN where nothing was reported.
    session : int array, shape (K,)
        Position of the origin's session.
    seed : int array, shape (K,)
    chances : dict of str to float array, shape (K, len(TAPE), 5)
        By way. What does not depend on the seed is said once per seed.
    """

    then: np.ndarray
    session: np.ndarray
    seed: np.ndarray
    chances: dict[str, np.ndarray]


def report(name: str, years: Sequence[int], seeds: Sequence[int], folder: Path) -> None:
    """Print the tables of one set from the years that all of the seeds have walked."""
    years = [
        year
        for year in years
        if all((folder / f"{name}-{year}-{seed}.npz").exists() for seed in seeds)
    ]
    if not years:
        say(f"### {name}: no year walked by all seeds in the folder yet\n")
        return
    with np.load(folder / f"{name}-observed.npz") as kept:
        observed, sessions = kept["observed"], kept["sessions"]
    walked = _joined(name, years, seeds, folder, observed)
    t = walked.session
    first, last = sessions[t.min()], sessions[t.max()]
    told = f"refits {', '.join(map(str, years))}, seeds {', '.join(map(str, seeds))}"
    say(f"## {name}: {len(np.unique(t))} origins from {first} to {last}; {told}\n")
    _scores(walked)
    _differences(walked)
    _by_year(walked, sessions[t].astype("M8[Y]").astype(int) + 1970)


def _joined(
    name: str, years: Sequence[int], seeds: Sequence[int], folder: Path, observed: np.ndarray
) -> Walked:
    """Put years and seeds behind one another."""
    parts: list[dict[str, np.ndarray]] = []
    for year in years:
        with np.load(folder / f"{name}-{year}-references.npz") as kept:
            plain = {key: kept[key] for key in kept.files}
        said = []
        for seed in seeds:
            with np.load(folder / f"{name}-{year}-{seed}.npz") as kept:
                if not np.array_equal(kept["places"], plain["places"]):
                    raise SystemExit(f"{name} {year} seed {seed} has other origins: walk it anew")
                said.append({way: kept[way] for way in ("model", "weighed")})
        together = np.mean([one["model"] for one in said], axis=0)
        parts += [
            {**plain, **one, "mean of seeds": together, "seed": np.full(len(together), seed)}
            for seed, one in zip(seeds, said, strict=True)
        ]
    whole = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    t, n = whole.pop("places").T
    then, seed = observed[t + 1, n], whole.pop("seed")
    return Walked(then, t, seed, whole)


def _scores(walked: Walked) -> None:
    """Print log score, spread over seeds, ranked probability score and calibration error."""
    say(
        "Log score in nats (lower is better), of the model with the standard deviation between "
        "seeds; in brackets the ranked\nprobability score.\n"
    )
    say("| tomorrow's | forecasts | " + " | ".join(WAYS) + " | ECE of ours, chain |")
    say("|---|---:|" + "---|" * (len(WAYS) + 1))
    for s, series in enumerate(TAPE):
        known = ~np.isnan(walked.then[:, s])
        if not known.any():
            say(f"| {series} | not reported in this set |" + " |" * (len(WAYS) + 1))
            continue
        code, seed = walked.then[known, s], walked.seed[known]
        cells, errors = [], []
        for way in WAYS:
            said = walked.chances[way][known, s]
            nats = log_score(said, code)
            means = [np.nanmean(nats[seed == one]) for one in np.unique(seed)]
            spread = np.std(means, ddof=1) if len(means) > 1 else np.nan
            rps = np.nanmean(ranked_probability_score(said, code))
            beside = f" ± {spread:.4f}" if way == "model" else ""
            cells.append(f"{np.nanmean(nats):.4f}{beside} ({rps:.4f})")
            if way in (*OURS, "Markov"):
                happened = (code[:, None] == np.arange(5)).ravel()
                errors.append(expected_calibration_error(said.ravel(), happened))
        count = int(known.sum()) // len(np.unique(seed))
        told = ", ".join(f"{100 * error:.1f}%" for error in errors)
        say(f"| {series} | {count:,} | " + " | ".join(cells) + f" | {told} |")
    say("\nExpected calibration error over the five outcomes of a forecast, ten bins.\n")


def _differences(walked: Walked) -> None:
    """Print how much worse or better the model is than each reference, with intervals."""
    rows, place = np.unique(walked.session, return_inverse=True)
    for way in OURS:
        say(f"Log score of {way} less that of a reference (negative: {way} is better), with 95%")
        say(f"circular block bootstrap over origins, blocks of {block_length(len(rows))}:\n")
        say("| tomorrow's | " + " | ".join(REFERENCES) + " |\n|---|" + "---|" * len(REFERENCES))
        for s, series in enumerate(TAPE):
            then = walked.then[:, s]
            if np.isnan(then).all():
                continue
            ours = walked.chances[way][:, s]
            cells = [
                _difference(then, ours, walked.chances[r][:, s], place, len(rows))
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


def _by_year(walked: Walked, year: np.ndarray) -> None:
    """Print log scores year by year: a mean over years hides in which of them a way failed."""
    ways = (*OURS, "Markov", "LightGBM")
    say("Log score by year, " + " / ".join(ways) + ":\n")
    years = np.unique(year).tolist()
    say("| tomorrow's | " + " | ".join(map(str, years)) + " |\n|---|" + "---|" * len(years))
    for s, series in enumerate(TAPE):
        then = walked.then[:, s]
        if np.isnan(then).all():
            continue
        cells = []
        for one in years:
            rows = (year == one) & ~np.isnan(then)
            means = [
                np.nanmean(log_score(walked.chances[way][rows, s], then[rows])) for way in ways
            ]
            cells.append(" / ".join(f"{mean:.3f}" for mean in means))
        say(f"| {series} | " + " | ".join(cells) + " |")
    say()

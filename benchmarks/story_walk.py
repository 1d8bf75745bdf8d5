"""Forecasts of tomorrow's states, walked forward on real data, against plain references.

Every calendar year the story model is trained anew, on sessions before that year only (the purge
and the validation sessions of the product's own splits between them), by the product's own
stages. Then they say, at every session of that year, how likely each outcome of the next one is:
the model alone, and weighed as it is published. The references know the same past: frequencies and
transitions of all symbols pooled and each symbol's staying rates, up to the origin, and
gradient-boosted trees on the last six sessions' states of all six series, fitted to the sessions
that the model learnt from.

Every refit and seed keeps its result in a file: a run that was stopped goes on where it stood.
What the references say of a year is worked out once and serves all seeds.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from story_worlds import MEMBERS, SHARED, note

from config.recipes import story_small_cpu
from foundation.contracts import TAPE, MarketWindow, StoryBook
from foundation.quant import QuantForecaster, QuantSettings
from foundation.quant.evaluation import climatology, first_order_markov, persistence
from foundation.storage.folders import FolderStore
from foundation.timeseries import Panel
from stage_01_data_engine import (
    BundledSource,
    DataEngineSettings,
    DataEngineStage,
    FolderSource,
    MarketRequest,
)
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import EngineInput, EngineSettings, LlmEngineStage, TrainingStage
from stage_05_llm_engine.machine.process import prepare_process

REFERENCES = ("climatology", "persistence", "Markov", "LightGBM")
LAGS = 6
SYMBOLS = 50


@dataclass(frozen=True)
class Told:
    """What was said of the next session at K origins: (session, symbol) positions and codes.

    Attributes
    ----------
    places : int array, shape (K, 2)
        Session and symbol position of the origin.
    chances : dict of str to float array, shape (K, len(TAPE), 5)
        NaN where the symbol has no such series.
    """

    places: np.ndarray
    chances: dict[str, np.ndarray]


def market(name: str) -> MarketWindow:
    """Return all sessions of a set."""
    settings = DataEngineSettings()
    if name == "bundled":
        request = MarketRequest(as_of=date(2018, 12, 28), symbols=None, history_sessions=2000)
        return DataEngineStage(settings).run(BundledSource().load(request))
    request = MarketRequest(as_of=date(2018, 2, 7), symbols=None, history_sessions=1259)
    window = DataEngineStage(settings).run(FolderSource(SHARED / MEMBERS, settings).load(request))
    # Every tenth by name: a spread over the alphabet, chosen before anything was scored.
    kept = window.bars.symbols[::10][:SYMBOLS]
    return window.model_copy(
        update={
            "instruments": tuple(i for i in window.instruments if i.symbol in kept),
            "bars": window.bars.select(symbols=kept),
            "features": window.features.select(symbols=kept),
        }
    )


def world(name: str) -> StoryBook:
    """Return the whole book of a set's stories. Each story rests on its own past alone."""
    window = market(name)
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(window)
    quant = QuantForecaster(QuantSettings()).context(window)
    told = StoryAssemblySettings(story_sessions=2000, full_sessions=1)
    return StoryAssemblyStage(told).run(AssemblyInput(window, fuzzy, quant))


def until(book: StoryBook, stop: int) -> StoryBook:
    """Return the book as it stood after its first ``stop`` sessions."""
    panel = book.observed
    return book.model_copy(
        update={
            "sessions": book.sessions[:stop],
            "session": book.sessions[stop - 1],
            "target_session": book.sessions[stop],
            "texts": book.texts[:stop],
            "observed": Panel(
                sessions=panel.sessions[:stop],
                symbols=panel.symbols,
                fields=panel.fields,
                values=panel.values[:stop],
            ),
            "recent": (),
        }
    )


def refit(book: StoryBook, year: int, seed: int) -> tuple[Told, int]:
    """Train on what lies before a year; forecast at every session of it but the last.

    Returns
    -------
    told : Told
        With what the model says alone, and what is published.
    learnt : int
        How many of the book's sessions were learnt from.
    """
    inside = [t for t, day in enumerate(book.sessions[:-1]) if day.year == year]
    cut = until(book, inside[-1] + 1)
    settings = TokenizationSettings(history_sessions=len(inside) - 1)
    tokens = TokenizationStage(settings).run(cut)
    with tempfile.TemporaryDirectory() as scratch:
        store = FolderStore(Path(scratch))
        model = TrainingStage(story_small_cpu(seed), store).run(tokens)
        engine = LlmEngineStage(EngineSettings(guided=False, threads=1), store)
        forecast = engine.run(EngineInput(tokens, model, cut))
    learnt = book.sessions.index(model.trained_until) + 1
    alone, published = forecast.model_distributions, forecast.distributions
    spoken = ~np.isnan(alone.values[:-1]).all(axis=(2, 3))
    rows, columns = np.nonzero(spoken)
    sessions = np.array([book.sessions.index(day) for day in alone.sessions])
    symbols = np.array([book.symbols.index(name) for name in alone.symbols])
    places = np.stack([sessions[rows], symbols[columns]], axis=1)
    said = {"model": alone.values[rows, columns], "weighed": published.values[rows, columns]}
    return Told(places, said), learnt


def references(book: StoryBook, learnt: int, places: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the references say at some origins."""
    observed = book.observed.values
    t, n = places.T
    told = np.isnan(observed).all(axis=0)[n]
    found = {
        "climatology": climatology(observed, 5, pooled=True)[t, n],
        "persistence": persistence(observed, 5)[t, n],
        "Markov": first_order_markov(observed, 5, pooled=True)[t, n],
        "LightGBM": np.full((len(places), len(TAPE), 5), np.nan),
    }
    for s in range(len(TAPE)):
        here = ~np.isnan(observed[t, n, s])
        if here.any():
            found["LightGBM"][here, s] = _trees(observed, learnt, s, places[here])
    for chances in found.values():
        chances[told] = np.nan
    return found


def _trees(observed: np.ndarray, learnt: int, s: int, places: np.ndarray) -> np.ndarray:
    """Return the chances that trees give one series, fitted on pairs within the training span."""
    import lightgbm

    t, n = np.indices((learnt - LAGS, observed.shape[1])).reshape(2, -1)
    t = t + LAGS - 1
    target = observed[t + 1, n, s]
    t, n, target = (x[~np.isnan(target)] for x in (t, n, target))
    cut = np.quantile(t, 0.85)
    early, late = t < cut - LAGS, t >= cut
    data = lightgbm.Dataset(_facts(observed, t[early], n[early]), target[early])
    check = lightgbm.Dataset(_facts(observed, t[late], n[late]), target[late], reference=data)
    settings = {
        "objective": "multiclass", "num_class": 5, "num_leaves": 15, "learning_rate": 0.05,
        "min_data_in_leaf": 100, "feature_fraction": 0.7, "bagging_fraction": 0.7,
        "bagging_freq": 1, "verbose": -1, "num_threads": 1, "seed": 0,
    }  # fmt: skip
    stop = lightgbm.early_stopping(20, verbose=False)
    trees = lightgbm.train(settings, data, 300, valid_sets=[check], callbacks=[stop])
    return np.asarray(trees.predict(_facts(observed, places[:, 0], places[:, 1])))


def _facts(observed: np.ndarray, t: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return (K, LAGS * len(TAPE)): all states of the last sessions; NaN where absent."""
    return np.concatenate([observed[np.maximum(t - lag, 0), n] for lag in range(LAGS)], axis=1)


def walk(name: str, years: Sequence[int], seeds: Sequence[int], folder: Path) -> None:
    """Make every refit that is missing in the folder, seed after seed."""
    prepare_process()
    folder.mkdir(parents=True, exist_ok=True)
    todo = [(s, y) for s in seeds for y in years if not (folder / f"{name}-{y}-{s}.npz").exists()]
    if not todo:
        return
    book = world(name)
    np.savez(
        folder / f"{name}-observed.npz",
        observed=book.observed.values,
        sessions=np.array(book.sessions, dtype="M8[D]"),
    )
    note(f"{name}: {len(book.sessions)} sessions of {len(book.symbols)} symbols")
    for seed, year in todo:
        began, busy = time.perf_counter(), time.process_time()
        told, learnt = refit(book, year, seed)
        spent = time.perf_counter() - began, time.process_time() - busy
        path = folder / f"{name}-{year}-{seed}.npz"
        plain = folder / f"{name}-{year}-references.npz"
        if not plain.exists():
            _keep(plain, Told(told.places, references(book, learnt, told.places)))
        _keep(path, told)
        note(
            f"{path.name}: {len(told.places)} origins, {spent[0]:.0f} s, {spent[1]:.0f} s processor"
        )


def _keep(path: Path, told: Told) -> None:
    """Write what was said, whole or not at all."""
    beside = path.with_suffix(".part.npz")
    np.savez(beside, allow_pickle=False, places=told.places, **told.chances)
    os.replace(beside, path)

"""How fast and how good the embedded story model is, on the bundled data as of 2018-12-28.

Claims measured, on the same stories for every variant:

1. seconds of tokenization, training, reading 60 sessions' distributions and drawing continuations;
2. log score (nats, lower is better) of tomorrow's outcomes on the 60 sessions before the as-of
   date, none of which was trained on, against climatology (frequencies of the training sessions)
   and a one-step Markov chain (transitions of the training sessions), series by series;
3. what the recipe's choices are worth, by validation loss per target story in nats (comparable
   between vocabularies): loss on the target story only, AdamW for all weights, tokens within
   words, answers weighing no more than words.

Other parts: ``learning`` and ``planted`` (``story_learning.py``), ``pace``
(``story_pace.py``), ``walk-forward`` (``story_walk.py``).

Variants get the recipe's number of training tokens, not of steps. Wall and processor seconds are
given: on a busy machine only the second compares.
Run: ``python benchmarks/llm_engine.py [--part cost] [--variants all] [--share 1.0]``. Dated results
stand in ``docs/evidence/story_model.md`` and ``docs/evidence/story_forecasts.md``.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
from story_learning import learning, planted
from story_pace import pace
from story_walk import walk
from story_walk_report import report

from config.recipes import story_tiny_cpu
from foundation.contracts import TAPE, StoryBook, StoryForecast, TokenBatch
from foundation.quant import QuantForecaster, QuantSettings
from foundation.storage.folders import FolderStore
from stage_01_data_engine import BundledSource, DataEngineSettings, DataEngineStage, MarketRequest
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import (
    EngineInput,
    EngineSettings,
    LlmEngineStage,
    Phase,
    TrainingRecipe,
    TrainingStage,
)

VARIANTS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "recipe": ({}, {}),
    "target story only": ({}, {"loss": "target"}),
    "AdamW only": ({}, {"matrix_rate": None}),
    "tokens within words": ({"across_words": False}, {}),
    "answers weigh 1": ({}, {"tape_weight": 1.0}),
    "float32": ({}, {"precision": "float32"}),
}
"""Name -> changes of the tokenization settings, changes of the recipe."""


def stories() -> StoryBook:
    """Return the story book of the bundled instruments."""
    request = MarketRequest(date(2018, 12, 28), None, 2000)
    market = DataEngineStage(DataEngineSettings()).run(BundledSource().load(request))
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(market)
    quant = QuantForecaster(QuantSettings()).context(market)
    given = AssemblyInput(market, fuzzy, quant)
    return StoryAssemblyStage(StoryAssemblySettings()).run(given)


@contextmanager
def timed(name: str, into: dict[str, tuple[float, float]]) -> Iterator[None]:
    """Note wall and processor seconds under a name."""
    wall, busy = time.perf_counter(), time.process_time()
    yield
    into[name] = (time.perf_counter() - wall, time.process_time() - busy)


def variant(recipe: TrainingRecipe, changes: dict[str, object], steps: int) -> TrainingRecipe:
    """Return the recipe with changes, in one phase of so many steps."""
    changes = dict(changes)
    loss = changes.pop("loss", "every story")
    phase = Phase.model_validate({"steps": steps, "loss": loss})
    return recipe.model_copy(update={**changes, "phases": (phase,)})


def log_scores(
    book: StoryBook, forecast: StoryForecast, until: date
) -> dict[str, tuple[int, float, float, float]]:
    """Return count and mean log score of model, climatology and Markov chain by series."""
    sessions, panel = book.sessions, forecast.model_distributions
    origins = [sessions.index(day) for day in panel.sessions[:-1]]
    learnt = sessions.index(until) + 1
    scores: dict[str, tuple[int, float, float, float]] = {}
    for s, series in enumerate(TAPE):
        observed = book.observed.values[:, :, s]
        now, then = observed[origins], observed[[t + 1 for t in origins]]
        said = panel.values[:-1, :, s]
        known = ~np.isnan(now) & ~np.isnan(then) & ~np.isnan(said[..., 0])
        past, next_ = observed[: learnt - 1], observed[1:learnt]
        both = ~np.isnan(past) & ~np.isnan(next_)
        moves = np.full((5, 5), 0.5)
        np.add.at(moves, (past[both].astype(int), next_[both].astype(int)), 1)
        climate = moves.sum(axis=0) / moves.sum()
        chain = moves / moves.sum(axis=1, keepdims=True)
        code, before = then[known].astype(int), now[known].astype(int)
        model = said[known][np.arange(len(code)), code]
        means = [float(-np.log(p).mean()) for p in (model, climate[code], chain[before, code])]
        scores[series] = (len(code), means[0], means[1], means[2])
    return scores


def per_story(loss: float, tokens: TokenBatch) -> float:
    """Return nats per target story from nats per token."""
    windows = tokens.split("validation")
    return loss * float(windows.loss_mask.sum()) / len(windows.ids)


def main() -> None:
    """Run the part asked for and print its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=sorted(PARTS), default="cost")
    parser.add_argument("--variants", default="recipe", help="comma-separated, or all")
    parser.add_argument("--share", type=float, default=1.0, help="share of the training tokens")
    parser.add_argument("--longest", type=int, default=4, help="times the recipe's steps")
    parser.add_argument("--picture", type=Path, help="where the learning curve is drawn")
    parser.add_argument("--work", type=Path, help="folder that keeps what was walked")
    parser.add_argument("--sets", default="members,bundled")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--report-only", action="store_true", help="walk no further")
    asked = parser.parse_args()
    print(f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}\n", flush=True)
    PARTS[asked.part](asked)


def cost(asked: argparse.Namespace) -> None:
    """Train the variants asked for; print what they cost and how they score."""
    names = list(VARIANTS) if asked.variants == "all" else asked.variants.split(",")
    book = stories()
    usual = TokenizationStage(TokenizationSettings()).run(book)
    for name in names:
        run(name, book, asked.share * window_tokens(usual))


def learn(asked: argparse.Namespace) -> None:
    """Print losses beside a 5-gram's; draw the learning curve."""
    book = stories()
    tokens = TokenizationStage(TokenizationSettings()).run(book)
    learning(book, tokens, asked.longest, asked.picture)


def walk_forward(asked: argparse.Namespace) -> None:
    """Make the refits that are missing; print the tables of all that are there."""
    if asked.work is None:
        raise SystemExit("--part walk-forward needs --work DIR")
    seeds = range(asked.seeds)
    for name in asked.sets.split(","):
        if not asked.report_only:
            walk(name, YEARS[name], seeds, asked.work)
        report(name, YEARS[name], seeds, asked.work)


def law(_: argparse.Namespace) -> None:
    """Print what is found under a planted law and on a martingale."""
    planted()


def training_pace(_: argparse.Namespace) -> None:
    """Print how fast training is beside a plain loop."""
    pace(TokenizationStage(TokenizationSettings()).run(stories()))


YEARS = {"members": (2015, 2016, 2017), "bundled": (2016, 2017, 2018)}
PARTS = {
    "cost": cost,
    "learning": learn,
    "pace": training_pace,
    "planted": law,
    "walk-forward": walk_forward,
}


def window_tokens(tokens: TokenBatch) -> float:
    """Return the mean tokens of a training window."""
    return float(tokens.split("train").attention_mask.sum(axis=1).mean())


def run(name: str, book: StoryBook, per_window: float) -> None:
    """Train one variant and print what it costs and how it scores.

    ``per_window`` times the recipe's windows is how many tokens the variant may train on.
    """
    settings, changes = VARIANTS[name]
    clock: dict[str, tuple[float, float]] = {}
    with timed("tokenization", clock):
        tokens = TokenizationStage(TokenizationSettings.model_validate(settings)).run(book)
    base = story_tiny_cpu()
    steps = max(1, round(base.steps * per_window / window_tokens(tokens)))
    with tempfile.TemporaryDirectory() as scratch:
        store = FolderStore(Path(scratch))
        with timed("training", clock):
            model = TrainingStage(variant(base, changes, steps), store).run(tokens)
        with timed("forecast", clock):
            forecast = LlmEngineStage(EngineSettings(), store).run(EngineInput(tokens, model, book))
    loss = per_story(model.validation_loss, tokens)
    print(f"## {name}: {model.steps} steps, {model.tokens} tokens, {loss:.1f} nats per story")
    for step, (wall, busy) in clock.items():
        print(f"- {step}: {wall:.1f} s wall, {busy:.1f} s processor")
    print("\n| series | forecasts | model | climatology | Markov |\n|---|---|---|---|---|")
    scores = log_scores(book, forecast, model.trained_until)
    for series, (count, *means) in scores.items():
        print(f"| {series} | {count} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")
    endings = Counter(c.ending for c in forecast.continuations)
    print(f"\nEndings: {dict(endings)}")
    for c in forecast.continuations[:4]:
        print(f"- {c.scenario}: {c.tape}\n  {c.text}")
    print(flush=True)


if __name__ == "__main__":
    main()

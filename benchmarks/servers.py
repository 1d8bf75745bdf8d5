"""What a running model server tells, against the same weights in this process.

Claims measured, on real stories (members of the S&P 500, ``../shared/data``; ``--stories planted``
takes made-up ones) and the weights of one folder, which the server serves too:

1. distributions of tomorrow's states by each way that servers allow (log-probabilities of prompts,
   of the likeliest tokens, samples) are those that this process reads from the logits: largest and
   mean difference, what the server left untold or the samples' standard error, seconds per window;
2. a told story's log-probability is the same, and so is that of each story drawn;
3. stories drawn by the server are read back: how each ended, and how fast they came.

What the server refuses is printed with its words.

Run a server on FOLDER (``docs/gpt-oss-20b.md``; ``small_gpt_oss.py`` writes a small one), then
``python benchmarks/servers.py FOLDER --base-url http://localhost:8000/v1 --model NAME``. The dated
results stand in ``docs/gpt-oss-20b.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from story_worlds import members, say

from foundation.connect import Connection
from foundation.contracts import SCENARIOS, StoryBook, TokenBatch, TokenWindows
from foundation.kernel import FinancialStoryError
from foundation.testing.planted_stories import planted_stories
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import Checkpoint, EngineSettings, ServerSettings
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.adapters.server.engine import METHODS, ServerNarrative
from stage_05_llm_engine.machine.process import prepare_process
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.weights.lora import load_base


def book(stories: str, symbols: int, sessions: int = 60) -> StoryBook:
    """Return stories to ask about."""
    if stories == "planted":
        return planted_stories("planted", sessions=sessions, symbols=symbols).book
    world = members(symbols, sessions=240 + sessions)
    told = StoryAssemblyStage(StoryAssemblySettings(story_sessions=sessions, full_sessions=1))
    return told.run(AssemblyInput(world.window, world.fuzzy, world.quant))


def first(windows: TokenWindows, count: int) -> TokenWindows:
    """Return the first windows of a split."""
    return windows.model_copy(
        update={
            "ids": windows.ids[:count],
            "attention_mask": windows.attention_mask[:count],
            "loss_mask": windows.loss_mask[:count],
            "story_index": windows.story_index[:count],
            "labels": windows.labels[:count],
        }
    )


class Asked:
    """One server and the process beside it, before the same windows."""

    def __init__(self, asked: argparse.Namespace, tokens: TokenBatch) -> None:
        self._asked, self.tokens = asked, tokens
        self.windows = first(tokens.split("forecast"), asked.windows)
        settings = EngineSettings(threads=1, scoring_precision="float32", max_words=asked.words)
        model: Any = load_base(Checkpoint(folder=str(asked.folder)), "cpu")
        self.here = TransformersNarrative(
            model, tokens.codes, tokens.tokenizer_json, settings, weights=str(asked.folder)
        )

    def server(self, **changes: Any) -> ServerNarrative:
        """Return the server as narrative model."""
        told = {
            "base_url": self._asked.base_url,
            "model": self._asked.model,
            "known_until": date(1990, 1, 1),
            "samples": self._asked.samples,
            "concurrency": self._asked.concurrency,
            "read_timeout": 300.0,
            "total_timeout": 600.0,
            "attempts": 1,
            "prompts": self._asked.prompts,
            "further_fields": json.loads(self._asked.further_fields),
        }
        settings = EngineSettings(
            engine="openai",
            max_words=self._asked.words,
            server=ServerSettings.model_validate(told | changes),
        )
        codes, tokenizer = self.tokens.codes, self.tokens.tokenizer_json
        return ServerNarrative(codes, tokenizer, settings, Connection())


def tried(what: str, work: Callable[[], list[object]]) -> None:
    """Print a row of the table, or why there is none."""
    began = time.perf_counter()
    try:
        cells = work()
    except FinancialStoryError as error:
        cells = [f"refused: {str(error).splitlines()[0][:300]}"]
    cells.append(f"{time.perf_counter() - began:.1f} s")
    say(f"| {what} | " + " | ".join(str(cell) for cell in cells) + " |")


def distributions(asked: Asked) -> None:
    """Print how far the server's distributions are from this process's."""
    own = asked.here.next_states(asked.windows).values
    say("\n| distributions by | largest difference | mean | stated error | all windows in |")
    say("|---|---:|---:|---:|---:|")

    def by(**changes: Any) -> list[object]:
        found = asked.server(**changes).next_states(asked.windows)
        off = np.abs(found.values - own)
        return [f"{np.nanmax(off):.2g}", f"{np.nanmean(off):.2g}", f"{found.reading.error:.2g}"]

    for method in METHODS:
        tried(method, lambda method=method: by(distributions=method))
    tried("samples of a chat", lambda: by(api="chat"))


def stories_told(asked: Asked, count: int) -> None:
    """Print how far a story's log-probability is from this process's."""
    windows = first(asked.tokens.split("validation"), count)

    def scored() -> list[object]:
        off = np.abs(asked.server().score(windows) - asked.here.score(windows))
        return [f"largest difference {off.max():.2g} nats of {len(windows.ids)} stories"]

    say("\n| stories that were told | |  |")
    say("|---|---|---:|")
    tried("scored", scored)


def stories_drawn(asked: Asked) -> None:
    """Print how the stories that are drawn end, and how fast they come."""
    orders = [Order(w, name, 1) for w in range(len(asked.windows.ids)) for name in SCENARIOS]
    say("\n| stories drawn by | ended | tokens | log-probability, median | all in |")
    say("|---|---|---:|---:|---:|")

    def drawn(narrative: Any) -> list[object]:
        found = narrative.generate(asked.windows, orders)
        ends = Counter(one.ending for one in found)
        likely = float(np.median([one.log_probability for one in found]))
        return [
            ", ".join(f"{count} {ending}" for ending, count in ends.most_common()),
            sum(one.tokens for one in found),
            f"{likely:.1f}",
        ]

    tried("this process", lambda: drawn(asked.here))
    tried("the server", lambda: drawn(asked.server()))
    tried("the server as a chat", lambda: drawn(asked.server(api="chat")))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the model that the server serves")
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--model", required=True, help="its name on the server")
    parser.add_argument("--stories", choices=("members", "planted"), default="members")
    parser.add_argument("--layout", choices=("plain", "harmony"), default="plain")
    parser.add_argument("--prompts", choices=("text", "tokens"), default="text")
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--context", type=int, default=2, help="sessions in a window")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--words", type=int, default=240)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--further-fields", default='{"top_k": 0, "min_p": 0}')
    asked = parser.parse_args()
    prepare_process()
    settings = TokenizationSettings(
        context_sessions=asked.context, history_sessions=0, validation_sessions=2,
        max_tokens=2048, base_tokenizer=str(asked.folder), layout=asked.layout,
    )  # fmt: skip
    tokens = TokenizationStage(settings).run(book(asked.stories, asked.windows))
    both = Asked(asked, tokens)
    lengths = both.windows.attention_mask.sum(axis=1)
    say(
        f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}; {asked.stories}, "
        f"{asked.layout} as {asked.prompts}, {len(lengths)} windows of {int(np.median(lengths))} "
        "tokens in the median"
    )
    distributions(both)
    stories_told(both, asked.windows)
    stories_drawn(both)


if __name__ == "__main__":
    main()

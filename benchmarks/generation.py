"""How fast continuations and distributions come for many symbols, against one prompt after another.

Claims measured, on the stories of the S&P 500's members (``../shared/data``; ``--stories planted``
takes made-up ones, a third as long) and a model of the recipe's shape that has not learnt anything
(its arithmetic is the same; free words, as many in both ways):

1. stories and tokens per second of four scenarios for every symbol, contexts read once and drafts
   drawn side by side;
2. the same by transformers' own ``generate``, one prompt after another, nothing shared (timed on
   some prompts);
3. seconds for every symbol's distributions.

Processor seconds stand beside wall seconds: on a machine shared with other work they are what
compares. One thread.

Run: ``python benchmarks/generation.py [--symbols 500] [--words 48] [--stories planted]``. The
dated result stands in ``stage_05_llm_engine/README.md``.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import date
from typing import Any

import numpy as np
from story_worlds import members, say

from config.recipes import story_tiny_cpu
from foundation.contracts import SCENARIOS, TokenBatch
from foundation.testing.planted_stories import planted_stories
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import Architecture, EngineSettings
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.machine.process import prepare_process, reproducible
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.network.architecture import build


def plain(model: Any, contexts: list[list[int]], words: int) -> None:
    """Let ``generate`` continue some prompts, one after another."""
    import torch

    for context in contexts:
        model.generate(
            input_ids=torch.tensor([context]),
            attention_mask=torch.ones(1, len(context), dtype=torch.int64),
            max_new_tokens=words,
            min_new_tokens=words,
            do_sample=True,
            use_cache=True,
        )


def windows_told(stories: str, symbols: int) -> TokenBatch:
    """Return windows whose forecast split asks for tomorrow's story of every symbol."""
    settings = TokenizationSettings(history_sessions=0, validation_sessions=4)
    if stories == "planted":
        book = planted_stories("planted", sessions=40, symbols=symbols).book
        return TokenizationStage(settings).run(book)
    world = members(symbols, sessions=300)
    told = StoryAssemblyStage(StoryAssemblySettings(story_sessions=60, full_sessions=1))
    return TokenizationStage(settings).run(
        told.run(AssemblyInput(world.window, world.fuzzy, world.quant))
    )


class Timed:
    """Wall and processor seconds of a block."""

    def __enter__(self) -> Timed:
        self.wall, self.cpu = -time.perf_counter(), -time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.cpu += time.process_time()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--stories", choices=("members", "planted"), default="members")
    parser.add_argument("--words", type=int, default=48, help="tokens of words per story")
    parser.add_argument("--prompts", type=int, default=8, help="timed one after another")
    asked = parser.parse_args()
    prepare_process()
    tokens = windows_told(asked.stories, asked.symbols)
    windows = tokens.split("forecast")
    lengths = windows.attention_mask.sum(axis=1)
    start = story_tiny_cpu().start
    assert isinstance(start, Architecture)
    say(
        f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}; {asked.stories}, "
        f"{len(windows.ids)} symbols, contexts of {int(np.median(lengths))} tokens in the median, "
        f"{lengths.max()} at most\n"
    )
    engine = EngineSettings(
        guided=False, max_words=asked.words, repeat_times=10**6, closing_words=0, threads=1
    )
    with reproducible(0):
        model = build(start, tokens.vocabulary_size, tokens.codes.pad)
        narrative = TransformersNarrative(
            model, tokens.codes, tokens.tokenizer_json, engine, weights="untrained"
        )
        orders = [Order(w, name, 1) for w in range(len(windows.ids)) for name in SCENARIOS]
        with Timed() as shared:
            drawn = narrative.generate(windows, orders)
        with Timed() as states:
            narrative.next_states(windows)
        length = len(tokens.codes.story) + 13 + asked.words
        rows = range(0, len(windows.ids), max(1, len(windows.ids) // asked.prompts))
        contexts = [windows.ids[row, : lengths[row]].tolist() for row in rows][: asked.prompts]
        with Timed() as alone:
            plain(model, contexts, length)
    told, count = sum(c.tokens for c in drawn), len(drawn)
    one_by_one = alone.cpu / len(contexts)
    say("| way | stories a second | drawn tokens a second | seconds | processor seconds |")
    say("|---|---:|---:|---:|---:|")
    say(
        f"| shared | {count / shared.cpu:.1f} | {told / shared.cpu:,.0f} | {shared.wall:.1f} | "
        f"{shared.cpu:.1f} |"
    )
    say(
        f"| one by one ({len(contexts)} prompts) | {1 / one_by_one:.1f} | "
        f"{told / count / one_by_one:,.0f} | {alone.wall:.1f} | {alone.cpu:.1f} |"
    )
    say(
        f"\nRates are of processor time. {one_by_one * count / shared.cpu:.1f} times as fast; "
        f"distributions of {len(windows.ids)} symbols in {states.wall:.1f} s "
        f"({states.cpu:.1f} processor seconds)"
    )


if __name__ == "__main__":
    main()

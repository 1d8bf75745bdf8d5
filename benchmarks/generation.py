"""How fast continuations and distributions come for many symbols, against one prompt after another.

Claims measured, on planted stories and a model of the recipe's shape that has not learnt anything
(its arithmetic is the same; free words, as many in both ways):

1. stories and tokens per second of four scenarios for every symbol, contexts read once and drafts
   drawn side by side;
2. the same by transformers' own ``generate``, one prompt after another, nothing shared (timed on
   some prompts);
3. seconds for every symbol's distributions.

Run: ``python benchmarks/generation.py [--symbols 500] [--words 48]``. The dated result stands in
``stage_05_llm_engine/README.md``.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import date
from typing import Any

from config.recipes import story_tiny_cpu
from foundation.contracts import SCENARIOS, TokenBatch
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import Architecture, EngineSettings
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.network.architecture import build
from stage_05_llm_engine.network.machine import prepare_process, reproducible


def plain(model: Any, contexts: list[list[int]], words: int) -> float:
    """Return seconds that ``generate`` takes for some prompts, one after another."""
    import torch

    began = time.perf_counter()
    for context in contexts:
        model.generate(
            input_ids=torch.tensor([context]),
            attention_mask=torch.ones(1, len(context), dtype=torch.int64),
            max_new_tokens=words,
            min_new_tokens=words,
            do_sample=True,
            use_cache=True,
        )
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--words", type=int, default=48, help="tokens of words per story")
    parser.add_argument("--prompts", type=int, default=8, help="timed one after another")
    asked = parser.parse_args()
    prepare_process()
    book = planted_stories("planted", sessions=40, symbols=asked.symbols).book
    settings = TokenizationSettings(history_sessions=0, validation_sessions=4)
    tokens: TokenBatch = TokenizationStage(settings).run(book)
    windows = tokens.split("forecast")
    start = story_tiny_cpu().start
    assert isinstance(start, Architecture)
    print(
        f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}; "
        f"{len(windows.ids)} symbols, contexts of up to {windows.ids.shape[1]} tokens\n"
    )
    engine = EngineSettings(guided=False, max_words=asked.words, repeat_times=10**6)
    with reproducible(0):
        model = build(start, tokens.vocabulary_size, tokens.codes.pad)
        narrative = TransformersNarrative(
            model, tokens.codes, tokens.tokenizer_json, engine, weights="untrained"
        )
        orders = [Order(w, name, 1) for w in range(len(windows.ids)) for name in SCENARIOS]
        began = time.perf_counter()
        drawn = narrative.generate(windows, orders)
        shared = time.perf_counter() - began
        began = time.perf_counter()
        narrative.next_states(windows)
        states = time.perf_counter() - began
        length = len(tokens.codes.story) + 13 + asked.words
        rows = range(0, len(windows.ids), max(1, len(windows.ids) // asked.prompts))
        contexts = [
            windows.ids[row, : windows.attention_mask[row].sum()].tolist()
            for row in list(rows)[: asked.prompts]
        ]
        alone = plain(model, contexts, length) / len(contexts)
    told = sum(c.tokens for c in drawn)
    print("| way | stories/s | drawn tokens/s |\n|---|---|---|")
    print(f"| shared | {len(drawn) / shared:.1f} | {told / shared:,.0f} |")
    print(f"| one by one | {1 / alone:.1f} | {told / len(drawn) / alone:,.0f} |")
    print(
        f"\n{alone * len(drawn) / shared:.1f} times as fast; {len(drawn)} stories in "
        f"{shared:.1f} s; distributions of {len(windows.ids)} symbols in {states:.1f} s"
    )


if __name__ == "__main__":
    main()

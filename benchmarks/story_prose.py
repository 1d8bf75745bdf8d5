"""How varied and readable stories are, and what they cost in tokens of GPT-OSS."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from story_worlds import World, say, spread

STORIES = 1_000


def prose(world: World) -> None:
    """Print variety and readability of 1,000 learning texts spread over a world."""
    texts = [world.teller.learning(t, n) for t, n in spread(world.teller, STORIES)]
    sentences = [s for text in texts for s in re.split(r"(?<=\.) ", text)]
    words = [re.findall(r"[A-Za-z'-]+", text) for text in texts]
    syllables = [max(1, len(re.findall(r"[aeiouy]+", w.lower()))) for ws in words for w in ws]
    total = len(syllables)
    ease = 206.835 - 1.015 * total / len(sentences) - 84.6 * sum(syllables) / total
    bleu = np.mean([_overlap(words[i], words[i + 1 : i + 21]) for i in range(0, 960, 20)])
    say(
        f"| {world.name} | {len(sentences):,} | {len(set(sentences)):,} | {bleu:.2f} | "
        f"{ease:.0f} | {np.mean([len(w) for w in words]):.0f} | {total / len(sentences):.1f} |"
    )


def _overlap(words: list[str], others: list[list[str]]) -> float:
    """Return the geometric mean of 1- to 4-gram precisions against the best of the others."""
    precisions = []
    for size in range(1, 5):
        mine = Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
        best: Counter[tuple[str, ...]] = Counter()
        for other in others:
            best |= Counter(tuple(other[i : i + size]) for i in range(len(other) - size + 1))
        precisions.append(sum((mine & best).values()) / max(1, sum(mine.values())))
    return float(np.exp(np.mean(np.log(np.maximum(precisions, 1e-9)))))


def harmony() -> tuple[Callable[[str], int], str] | None:
    """Return a counter of GPT-OSS's tokens and where its vocabulary comes from; None without one.

    tiktoken fetches the vocabulary from the net; the wheel of litellm carries the same file,
    which tiktoken checks by its hash before it believes it.
    """
    if find_spec("tiktoken") is None or find_spec("litellm") is None:
        return None
    found = find_spec("litellm")
    places = list(found.submodule_search_locations or ()) if found else []
    os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(places[0]) / "litellm_core_utils" / "tokenizers")
    import tiktoken

    encoding = tiktoken.get_encoding("o200k_harmony")
    origin = f"tiktoken {version('tiktoken')}, vocabulary from litellm {version('litellm')}"
    return lambda text: len(encoding.encode(text)), origin


def tokens(worlds: list[World], symbols: int = 50) -> None:
    """Print tokens of one story and of seven sessions of one symbol, learning and reading."""
    say("### Tokens of GPT-OSS (`o200k_harmony`)\n")
    counted = harmony()
    if counted is None:
        say("Not measured: tiktoken and a wheel that carries its vocabulary are not installed.\n")
        return
    count, origin = counted
    say(f"{origin}; the last seven sessions of up to {symbols} symbols.\n")
    say("| set | form | one story, mean | seven sessions, mean | seven sessions, most |")
    say("|---|---|---:|---:|---:|")
    for world in worlds:
        every = range(0, len(world.window.bars.symbols))
        told = [n for n in every if world.teller.plan.tellable[-7:, n].all()][:symbols]
        last = range(len(world.window.bars.sessions) - 7, len(world.window.bars.sessions))
        forms: dict[str, Callable[[int, int], str]] = {
            "learning": world.teller.learning,
            "reading": lambda t, n, w=world: w.teller.story(t, n).reading,  # type: ignore[misc]
        }
        for form, tell in forms.items():
            weeks = [[count(tell(t, n)) for t in last] for n in told]
            sums = [sum(week) for week in weeks]
            say(
                f"| {world.name} | {form} | {np.mean(weeks):.0f} | {np.mean(sums):.0f} | "
                f"{max(sums)} |"
            )
    say()

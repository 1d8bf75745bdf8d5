"""Which way signals leaned over a run's walk, and how often they were right.

Claim measured: "a direction is a departure from the usual". Story and quantitative scores are
computed by stage 07's own functions for every session of the walk whose outcome is known, each
from what was known at its close; the tone of the text, which the run keeps for its last session
only, is left out. Directions are held against the return over the next five sessions.

Run after ``story demo`` or ``story run``: ``python benchmarks/signals.py --store .story``. The
dated result stands in ``stage_07_signal_extraction/README.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from foundation.contracts import TAPE, QuantContext
from foundation.runtime import Journal
from foundation.storage import ArtefactStore
from stage_07_signal_extraction.scores import quant_scores, story_parts
from stage_07_signal_extraction.settings import SignalSettings
from stage_08_decision_support.adapters.web import RunView
from stage_10_integration.stored_runs import StoredRuns

SETTINGS = SignalSettings()


def until(quant: QuantContext, row: int) -> QuantContext:
    """Return the context as it stood at the close of a row."""
    values = quant.values.until(quant.values.sessions[row])
    return quant.model_copy(update={"values": values})


def walked(view: RunView, horizon: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the story's scores, the model's and the returns that followed, each (N,)."""
    symbols = view.market.bars.symbols
    close = view.market.bars.field("close")
    rows = {day: t for t, day in enumerate(view.market.bars.sessions)}
    tapes = view.validated.distributions.select(symbols=symbols, fields=TAPE)
    observed = view.stories.observed.select(symbols=symbols, fields=TAPE)
    place = {day: t for t, day in enumerate(observed.sessions)}
    assert view.quant is not None
    for n, day in enumerate(tapes.sessions):
        t = rows[day]
        if t + horizon >= len(close):
            return
        parts = story_parts(
            tapes.values[n], observed.values[: place[day] + 1], [()] * len(symbols), SETTINGS
        )
        yield (
            parts.pooled(SETTINGS),
            quant_scores(until(view.quant, t), symbols, SETTINGS),
            np.log(close[t + horizon] / close[t]),
        )


def history(view: RunView, horizon: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the quantitative scores of every session, and the returns that followed."""
    assert view.quant is not None
    close = view.market.bars.field("close")
    for t in range(1, len(close) - horizon):
        scores = quant_scores(until(view.quant, t), view.market.bars.symbols, SETTINGS)
        if np.isfinite(scores).any():
            yield scores, np.log(close[t + horizon] / close[t])


def line(name: str, scores: np.ndarray, returns: np.ndarray) -> str:
    """Return one row of the table."""
    known = np.isfinite(scores) & np.isfinite(returns)
    up, down = (known & (sign * scores > SETTINGS.neutral_zone) for sign in (1, -1))

    def told(calls: np.ndarray, right: np.ndarray) -> str:
        share = f"{right[calls].mean():.1%}" if calls.any() else "none"
        return f"{calls.sum() / known.sum():.1%} | {share}"

    return (
        f"| {name} | {known.sum():,} | {(returns[known] > 0).mean():.1%} | "
        f"{told(up, returns > 0)} | {told(down, returns < 0)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--horizon", type=int, default=SETTINGS.horizon_sessions)
    asked = parser.parse_args()
    view = StoredRuns(ArtefactStore(asked.store), Journal(asked.store / "journal.jsonl")).latest()
    story, quant, returns = map(np.array, zip(*walked(view, asked.horizon), strict=True))
    weight = np.where(np.isnan(quant), 1.0, SETTINGS.story_weight)
    pooled = weight * story + (1 - weight) * np.nan_to_num(quant)
    print("| score | calls | rose | bullish | right | bearish | right |")
    print("|---|---|---|---|---|---|---|")
    for name, scores in (("story", story), ("quantitative", quant), ("pooled", pooled)):
        print(line(name, scores, returns))
    scores, returns = map(np.array, zip(*history(view, asked.horizon), strict=True))
    print(line("quantitative, whole history", scores, returns))


if __name__ == "__main__":
    main()

"""The validation story score: how well a model in training foresees tomorrow's states.

Token loss is mostly about words, and words are mostly about style. What a forecast is scored on
are the answers on tomorrow's tape; so a run is stopped by their log score.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from foundation.contracts import TokenWindows
from stage_05_llm_engine.adapters.in_process.probes import ask
from stage_05_llm_engine.adapters.in_process.tree import question_tree
from stage_05_llm_engine.learning.material import Material
from stage_05_llm_engine.machine.workers import Workers
from stage_05_llm_engine.network.familiar import FamiliarSentences
from stage_05_llm_engine.tape import read_tape

TOGETHER = 8


def story_score(model: Any, material: Material, rows: list[int], workers: Workers) -> float:
    """Return the mean log score (nats per answer, higher is better) on validation windows.

    Windows of other tasks than the next day have no tape to foresee and are left out; NaN if
    there are no others.
    """
    import torch

    codes, windows = material.codes, material.windows("validation").rows(rows)
    tree = question_tree(codes)
    familiar = FamiliarSentences(model, codes, material.tokenizer_json)
    foreseen = [row for row, label in enumerate(windows.labels) if label.task == "next day"]

    def score(batch: list[int]) -> list[float]:
        parts = [_parts(windows, row) for row in batch]
        with torch.no_grad():
            said = ask(model, [familiar.read(context) for context, _ in parts], tree, codes.pad)
        return [
            float(np.log(max(chances[series, outcome], 1e-300)))
            for (_, target), chances in zip(parts, said, strict=True)
            for series, outcome in read_tape(codes, target[len(codes.task("next day")) :]).items()
        ]

    batches = [foreseen[first : first + TOGETHER] for first in range(0, len(foreseen), TOGETHER)]
    # One batch after another in each process: ``ask`` runs in this thread's autocast.
    share = [score(batch) for batch in workers.team.share(batches)]
    scores = [value for said in workers.team.gathered(share, len(batches)) for value in said]
    return float(np.mean(scores)) if scores else float("nan")


def _parts(windows: TokenWindows, row: int) -> tuple[list[int], list[int]]:
    """Return the ids before the target story, and its own."""
    index = windows.story_index[row]
    last = index.max()
    ids = windows.ids[row]
    return ids[(index >= 0) & (index < last)].tolist(), ids[index == last].tolist()

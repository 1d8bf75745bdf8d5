"""What a trained model's folder says about itself: all that is needed to make it again."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from stage_05_llm_engine.learning.material import Material
from stage_05_llm_engine.learning.training import Lesson

CARD = "training.json"
LIBRARIES = ("torch", "transformers", "peft", "safetensors")
"""Whose versions can change a number."""


def write_card(folder: Path, material: Material, lesson: Lesson, *, base: str, seed: int) -> None:
    """Write beside weights, recipe and tokeniser what they were made from and what came of it.

    Parameters
    ----------
    base : str
        Hash of what training started from.
    """
    card = {
        "base_model_hash": base,
        "data_hash": material.data_hash,
        "tokenizer_hash": material.tokenizer_hash,
        "as_of": material.as_of.isoformat(),
        "seed": seed,
        "steps": lesson.steps,
        "tokens": lesson.tokens,
        "stopped_early": lesson.stopped,
        "validation_loss": lesson.validation_loss,
        "learning_curve": [point.model_dump(mode="json") for point in lesson.curve],
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    (folder / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

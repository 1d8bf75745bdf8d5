"""Training as a step: windows in, a model by reference out, its checkpoint in the store."""

from __future__ import annotations

import tempfile
from datetime import date
from math import log
from pathlib import Path

import numpy as np

from foundation.contracts import StoryModel, TokenBatch
from foundation.runtime.stage import Stage
from stage_05_llm_engine.learning.card import write_card
from stage_05_llm_engine.learning.course import take_course
from stage_05_llm_engine.learning.material import HeldMaterial, Material, one_after_another
from stage_05_llm_engine.learning.training import Watch
from stage_05_llm_engine.recipe import Checkpoint, TrainingRecipe
from stage_05_llm_engine.weights import checkpoint
from stage_05_llm_engine.weights.checkpoint import CheckpointStore


class TrainingStage(Stage[TokenBatch | Material, StoryModel]):
    """Train a story model by a recipe and keep its checkpoint.

    Parameters
    ----------
    settings : TrainingRecipe
    store : CheckpointStore
        Receives the checkpoint folder.
    watch : Watch, optional
        Who is told how it gets on, and who keeps its standing. Changes no number.
    """

    name = "05_training"

    def __init__(
        self, settings: TrainingRecipe, store: CheckpointStore, watch: Watch | None = None
    ) -> None:
        self.settings, self.store, self.watch = settings, store, watch or Watch()

    def run(self, given: TokenBatch | Material) -> StoryModel:
        """Return the trained model, by reference.

        Parameters
        ----------
        given : TokenBatch or Material
            Windows in memory, or read row by row from where they lie (a corpus on disk). The same
            windows give the same weights.

        Raises
        ------
        UpstreamDataError
            If there are no windows to train on, or none to be judged by.
        DependencyError
            If the recipe's base weights or device are not there, or memory runs out.
        OperatorError
            If an adapter's names match nothing, or the windows are not in the base model's tokens.
        ModelError
            If training diverges.
        WorldError
            If one of several processes is killed; the last checkpoint stays.
        """
        recipe = self.settings
        material = HeldMaterial(given) if isinstance(given, TokenBatch) else given
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "checkpoint"
            taught = take_course(recipe, material, self.watch, folder)
            lesson = taught.lesson
            base = checkpoint.base_hash(recipe.start, recipe.seed)
            write_card(folder, material, lesson, base=base, seed=recipe.seed)
            weights = self.store.put(folder)
        return StoryModel(
            as_of=material.as_of,
            produced_at=material.produced_at,
            recipe=recipe.name,
            engine="gpt-oss from scratch" if recipe.adapter is None else "gpt-oss with LoRA",
            base_model_hash=base,
            weights=weights,
            tokenizer_hash=material.tokenizer_hash,
            parameters=taught.parameters,
            trained_until=_known_until(recipe, material),
            seed=recipe.seed,
            steps=lesson.steps,
            tokens=lesson.tokens,
            learning_curve=lesson.curve,
            validation_loss=lesson.validation_loss,
            validation_bits_per_character=_bits_per_character(lesson.validation_loss, material),
        )


def _known_until(recipe: TrainingRecipe, material: Material) -> date:
    """Return the last session that the model may know: learnt here, or read before."""
    start = recipe.start
    before = start.known_until if isinstance(start, Checkpoint) else None
    return material.trained_until if before is None else max(before, material.trained_until)


def _bits_per_character(loss: float, material: Material) -> float:
    """Return the validation loss of whole target stories, in bits per character of their words.

    The answers on the tape count as loss but not as characters, so the figure is an upper bound
    that compares recipes with different vocabularies.
    """
    from tokenizers import Tokenizer

    codes = material.codes
    answers = [o for outcomes in codes.outcomes for outcome in outcomes for o in outcome]
    reader = Tokenizer.from_str(material.tokenizer_json)
    scored = characters = 0
    for windows in one_after_another(material.windows("validation")):
        words = (windows.loss_mask == 1) & ~np.isin(windows.ids, [*answers, *codes.end])
        texts = reader.decode_batch(
            [ids[spoken].tolist() for ids, spoken in zip(windows.ids, words, strict=True)],
            skip_special_tokens=False,
        )
        scored += int(windows.loss_mask.sum())
        characters += sum(map(len, texts))
    return loss * scored / log(2) / characters

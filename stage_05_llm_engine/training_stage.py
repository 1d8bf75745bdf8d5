"""Training as a step: windows in, a model by reference out, its checkpoint in the store."""

from __future__ import annotations

import tempfile
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from foundation.contracts import StoryModel, TokenBatch
from foundation.kernel import OperatorError
from foundation.runtime.stage import Stage
from stage_05_llm_engine.learning import training
from stage_05_llm_engine.learning.training import Watch
from stage_05_llm_engine.network import checkpoint
from stage_05_llm_engine.network.architecture import build
from stage_05_llm_engine.network.checkpoint import CheckpointStore
from stage_05_llm_engine.network.machine import prepare_process, reproducible
from stage_05_llm_engine.network.memory import enough_memory
from stage_05_llm_engine.recipe import Architecture, TrainingRecipe

REMEDY = (
    "lower batch_windows and raise accumulation by as much, lower max_tokens of the windows, or "
    "train on a device with more memory"
)


class TrainingStage(Stage[TokenBatch, StoryModel]):
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

    def run(self, given: TokenBatch) -> StoryModel:
        """Return the trained model, by reference.

        Raises
        ------
        DependencyError
            If the recipe's base weights or device are not there, or memory runs out.
        OperatorError
            If an adapter's names match nothing.
        ModelError
            If training diverges.
        """
        prepare_process()
        recipe = self.settings
        with reproducible(recipe.seed, recipe.device), enough_memory("Training", REMEDY):
            model = self._start(given)
            lesson = training.learn(model, recipe, given, self.watch)
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / "checkpoint"
                checkpoint.write(model, recipe, given.tokenizer_json, folder)
                weights = self.store.put(folder)
        targets = [label.target for label in given.split("train").labels if label.target]
        return StoryModel(
            as_of=given.as_of,
            produced_at=given.produced_at,
            recipe=recipe.name,
            engine="gpt-oss from scratch" if recipe.adapter is None else "gpt-oss with LoRA",
            base_model_hash=checkpoint.base_hash(recipe.start, recipe.seed),
            weights=weights,
            tokenizer_hash=given.tokenizer_hash,
            parameters=sum(p.numel() for p in model.parameters()),
            trained_until=max(targets),
            seed=recipe.seed,
            steps=lesson.steps,
            tokens=lesson.tokens,
            learning_curve=lesson.curve,
            validation_loss=lesson.validation_loss,
            validation_bits_per_character=_bits_per_character(lesson.validation_loss, given),
        )

    def _start(self, given: TokenBatch) -> Any:
        recipe = self.settings
        if isinstance(recipe.start, Architecture):
            model: Any = build(recipe.start, given.vocabulary_size, given.codes.pad)
            return model.to(recipe.device)
        from stage_05_llm_engine.network.lora import adapt, load_base

        base = load_base(recipe.start, recipe.device)
        if base.config.vocab_size < given.vocabulary_size:
            raise OperatorError(
                "The windows' tokeniser must be the base model's own",
                value=f"{given.tokenizer} with {given.vocabulary_size} tokens, "
                f"the model knows {base.config.vocab_size}",
                remedy="set base_tokenizer in the tokenization settings to the model's folder",
            )
        if recipe.recompute:
            base.gradient_checkpointing_enable(
                gradient_checkpointing_kwargs={"use_reentrant": False}
            )
        return base if recipe.adapter is None else adapt(base, recipe.adapter)


def _bits_per_character(loss: float, tokens: TokenBatch) -> float:
    """Return the validation loss of whole target stories, in bits per character of their words.

    The answers on the tape count as loss but not as characters, so the figure is an upper bound
    that compares recipes with different vocabularies.
    """
    from tokenizers import Tokenizer

    windows = tokens.split("validation")
    answers = [o for outcomes in tokens.codes.outcomes for outcome in outcomes for o in outcome]
    words = (windows.loss_mask == 1) & ~np.isin(windows.ids, [*answers, *tokens.codes.end])
    reader = Tokenizer.from_str(tokens.tokenizer_json)
    texts = reader.decode_batch(
        [windows.ids[row, words[row]].tolist() for row in range(len(windows.ids))],
        skip_special_tokens=False,
    )
    return loss * float(windows.loss_mask.sum()) / log(2) / sum(map(len, texts))

"""Inside 05: a trained story model, by reference."""

from __future__ import annotations

from datetime import date

from foundation.kernel.model import Contract, Part


class LearningPoint(Part):
    """One evaluation during training. Losses are nats per token on the loss mask."""

    step: int
    tokens: int
    train_loss: float
    validation_loss: float | None


class StoryModel(Contract):
    """A trained model: recipe, what it learned from, where its weights are, how it fared.

    ``weights`` is the content hash of the checkpoint folder in the artefact store.
    """

    recipe: str
    engine: str
    base_model_hash: str
    weights: str
    tokenizer_hash: str
    parameters: int
    trained_until: date
    seed: int
    steps: int
    tokens: int
    learning_curve: tuple[LearningPoint, ...]
    validation_loss: float
    validation_bits_per_character: float

"""Inside 05: a trained story model, by reference."""

from __future__ import annotations

from datetime import date

from foundation.kernel.model import Contract, Part


class LearningPoint(Part):
    """One evaluation during training. Losses are nats per token on the loss mask.

    ``story_score`` is the mean log score, in nats per answer, of tomorrow's states on validation
    windows: higher is better, NaN where there are none.
    """

    step: int
    tokens: int
    train_loss: float
    validation_loss: float | None
    story_score: float


class StoryModel(Contract):
    """A trained model: recipe, what it learned from, where its weights are, how it fared.

    ``weights`` is the content hash of the checkpoint folder in the artefact store. A model that
    was not trained here but answers from a server has the recipe ``served``, the hash of its
    address and name for weights, no curve, 0 steps and tokens, and what it cannot know of itself
    is None (``parameters``) or NaN (losses); ``trained_until`` is its stated knowledge cut-off.
    """

    recipe: str
    engine: str
    base_model_hash: str
    weights: str
    tokenizer_hash: str
    parameters: int | None
    trained_until: date
    seed: int
    steps: int
    tokens: int
    learning_curve: tuple[LearningPoint, ...]
    validation_loss: float
    validation_bits_per_character: float

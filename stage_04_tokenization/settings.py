"""Settings of stage 04. Defaults live here and nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from foundation.contracts.token_batch import Task
from foundation.kernel import Part

Layout = Literal["plain", "harmony"]


class TokenizationSettings(Part):
    """How stories become windows of tokens, and which sessions serve which purpose.

    Attributes
    ----------
    context_sessions : int
        Stories of past sessions before the target story (six: with the target, a window of
        seven sessions).
    history_sessions : int
        Sessions before the as-of session from which past forecasts are made and scored.
    validation_sessions : int
        Target sessions held out between training and history.
    stride : int
        Sessions between the targets of neighbouring training windows of one symbol. At seven
        every story lies in one window: nothing is stored twice.
    vocabulary_size : int
        Upper bound, special tokens and the 256 bytes included.
    vocabulary_stories : int
        Stories of the train split, evenly spread, that the vocabulary is learnt from.
    across_words : bool
        Whether a frequent phrase may become one token (never across clause or sentence marks).
        Stories get about a third as long, so the same minutes show the model three times as many.
    max_tokens : int
        Longest window. A window that would be longer loses its oldest stories, whole ones only.
    base_tokenizer : str or None
        Folder of a base model's tokeniser (such as gpt-oss-20b's ``o200k_harmony``). None trains
        a tokeniser on the stories of the ``train`` split.
    layout : "plain" or "harmony"
        How a window in a base model's tokeniser is laid out: stories one after the other, or the
        conversation that gpt-oss was brought up on (instructions, the past as the user's message,
        the target as the assistant's).
    tasks : tuple of str
        What the windows to learn from ask for, the next day among them. Others are added to
        those windows, not put in their place. ``risk scenario``: next days on which the price
        dropped sharply, and the model is told so beforehand. ``intraday update``, ``weekly
        summary``, ``event-driven``: need a story book of their horizon.
    """

    context_sessions: int = Field(default=6, ge=1, le=60)
    history_sessions: int = Field(default=60, ge=0)
    validation_sessions: int = Field(default=40, ge=1)
    stride: int = Field(default=7, ge=1)
    vocabulary_size: int = Field(default=3072, ge=320)
    vocabulary_stories: int = Field(default=4000, ge=1)
    across_words: bool = True
    max_tokens: int = Field(default=1024, ge=16)
    base_tokenizer: str | None = None
    layout: Layout = "plain"
    tasks: tuple[Task, ...] = ("next day",)

    @model_validator(mode="after")
    def _the_next_day_is_always_learnt(self) -> TokenizationSettings:
        if "next day" not in self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ValueError(f"tasks name the next day, and each task once, received {self.tasks}")
        if self.layout == "harmony" and self.base_tokenizer is None:
            raise ValueError("the harmony layout needs base_tokenizer, received None")
        return self

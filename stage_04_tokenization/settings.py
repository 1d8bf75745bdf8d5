"""Settings of stage 04. Defaults live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


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
    """

    context_sessions: int = Field(default=6, ge=1, le=60)
    history_sessions: int = Field(default=60, ge=0)
    validation_sessions: int = Field(default=40, ge=1)
    stride: int = Field(default=7, ge=1)
    vocabulary_size: int = Field(default=2048, ge=320)
    vocabulary_stories: int = Field(default=4000, ge=1)
    across_words: bool = True
    max_tokens: int = Field(default=1024, ge=16)
    base_tokenizer: str | None = None

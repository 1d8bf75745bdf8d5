"""Settings of stage 05's forecasts. Training's are the recipe. Defaults live here only."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foundation.kernel import Part


class EngineSettings(Part):
    """How forecasts are read and continuations drawn.

    Attributes
    ----------
    base_temperature, alternative_temperatures, risk_temperature : float
        Divide the logits before an answer on the tape is drawn: below 1 nearer to the likeliest
        story, at 1 as the model believes. Scenarios differ in what happens, so this is where
        boldness belongs.
    word_temperature : float
        The same for words, in every scenario: they only say what the tape has decided.
    guided : bool
        Whether words are held to the story language and to the tape while they are drawn: every
        continuation can then be read back whole, and tells its own tape. What it tells beyond the
        tape, and in which words, stays the model's choice. Where the tape is spelled in ordinary
        tokens (a base model's vocabulary), words are always free.
    max_words : int
        Longest continuation, in tokens of words; a longer one ends as "truncated".
    repeat_span, repeat_times : int
        A continuation whose last ``repeat_span`` tokens or fewer stand there ``repeat_times``
        times in a row ends as "repeating".
    batch_drafts : int
        Continuations drawn side by side, contexts of like length together. Changes no story.
    batch_tokens : int
        Tokens per forward pass when past forecasts are read (windows are grouped by length).
    scoring_precision : "float32" or "bfloat16"
        Of matrix products when distributions are read. Continuations are always drawn in float32:
        there, rounding that depends on the batch could turn a word.
    threads : int
        Batches read side by side. Changes no number.
    seed : int
        Where continuations' draws begin.
    """

    base_temperature: float = Field(default=0.3, gt=0)
    alternative_temperatures: tuple[float, float] = (0.8, 1.0)
    risk_temperature: float = Field(default=0.7, gt=0)
    word_temperature: float = Field(default=0.5, gt=0)
    guided: bool = True
    max_words: int = Field(default=160, ge=1)
    repeat_span: int = Field(default=24, ge=2)
    repeat_times: int = Field(default=3, ge=2)
    batch_drafts: int = Field(default=256, ge=1)
    batch_tokens: int = Field(default=4096, ge=256)
    scoring_precision: Literal["float32", "bfloat16"] = "bfloat16"
    threads: int = Field(default=2, ge=1)
    seed: int = 0

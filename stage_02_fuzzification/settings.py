"""Settings of stage 02. Defaults live here and nowhere else."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from foundation.contracts import Shape
from foundation.kernel import Part


class FuzzificationSettings(Part):
    """How states, movements and patterns are graded.

    Attributes
    ----------
    window : int
        Sessions before today on which a series' states are calibrated (typical 60: a quarter).
    minimum_valid : float
        Share of that window that must hold values; below it the state is absent (NaN).
    sigma : float
        Standard deviations between the centres of neighbouring states.
    shape : "triangular" or "gaussian"
        How a state's degree falls off from its centre. It changes degrees, hedges and
        confidence; which state leads it cannot change.
    logarithmic : tuple of str
        Fields (``panel|field``) whose spread grows with their level: placed by their logarithm,
        beside those series of the lexicon that are. Zero has no logarithm and is absent.
    discrete : tuple of str
        Fields that are flags or codes: they have no states.
    segment_sessions : int
        Length of a path's segments, in sessions (5: a week).
    segment_stride : int
        Sessions between the ends of neighbouring segments; smaller than the length: overlapping.
    sharp_multiple, steady_multiple : float
        A segment's move beyond ``sharp_multiple`` scales (ATR(20)) is sharp, within
        ``steady_multiple`` it is steady. For other horizons both shrink with the square root of
        time, as the spread of a random walk does.
    scale_window : int
        Sessions over which a series without an ATR measures its own scale.
    news_reader : "lexicon" or "model"
        Who reads headlines: the word lists of this stage, or the language model behind the
        server that ``engine.server`` names (its answers are kept in the store).
    news_half_life, news_slow_half_life : float
        Sessions after which a headline weighs half in the tone of the news, and in the slower
        tone that its trend is measured against.
    news_memory : int
        Sessions after which a headline no longer counts at all.
    minimum_surprises : int
        Earlier earnings surprises needed before one is put in standard deviations (8: two years).
    """

    window: int = Field(default=60, ge=10, le=1_000)
    minimum_valid: float = Field(default=0.8, gt=0, le=1)
    sigma: float = Field(default=1.0, gt=0)
    shape: Shape = "triangular"
    logarithmic: tuple[str, ...] = (
        "features|dollar_volume_20",
        "features|amihud_20",
        "options|option_volume",
        "options|open_interest",
    )
    discrete: tuple[str, ...] = (
        "features|breakout_20",
        "features|breakout_252",
        "features|squeeze_20",
        "features|candle_pattern",
        "features|chart_pattern",
    )
    segment_sessions: int = Field(default=5, ge=2, le=60)
    segment_stride: int = Field(default=3, ge=1, le=60)
    sharp_multiple: float = Field(default=2.0, gt=0)
    steady_multiple: float = Field(default=0.5, gt=0)
    scale_window: int = Field(default=20, ge=5, le=250)
    news_reader: Literal["lexicon", "model"] = "lexicon"
    news_half_life: float = Field(default=3.0, gt=0)
    news_slow_half_life: float = Field(default=15.0, gt=0)
    news_memory: int = Field(default=60, ge=2, le=500)
    minimum_surprises: int = Field(default=8, ge=2)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.sharp_multiple <= self.steady_multiple:
            raise ValueError(
                f"sharp_multiple must exceed steady_multiple; received {self.sharp_multiple} "
                f"and {self.steady_multiple} (typical: 2.0 and 0.5)"
            )
        return self

"""What reading a day's headlines gives, whoever reads them.

The lexicon of this room answers on any machine; a language model may answer instead, with the
same fields: its JSON is validated by ``NewsReading`` and nothing behind it can tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from pydantic import Field

from foundation.kernel import ModelError, Part

Intensity = Literal["quiet", "moderate", "high"]
INTENSITIES: tuple[Intensity, ...] = ("quiet", "moderate", "high")
"""From none or few headlines to many; the code of an intensity is its position."""


@dataclass(frozen=True)
class NewsDay:
    """What a reader is given: the headlines of one symbol that became known in one session.

    Attributes
    ----------
    symbol : str
    session : date
    headlines : tuple of str
        In order of becoming known; all known at the session's close.
    return_1d, return_5d : float
        Log returns up to the session's close (0.01 = 1%); NaN where there is no price.
    usual : float
        Headlines a session over the quarter before; NaN without enough history.
    """

    symbol: str
    session: date
    headlines: tuple[str, ...]
    return_1d: float = float("nan")
    return_5d: float = float("nan")
    usual: float = float("nan")


class EventFlags(Part):
    """What kinds of event the headlines report."""

    earnings_surprise: bool = False
    guidance_change: bool = False
    regulatory_risk: bool = False


class NewsReading(Part):
    """The features of a day's headlines.

    Attributes
    ----------
    sentiment_score : float
        From -1 (bad for the price) to 1 (good for it).
    sentiment_confidence : float
        From 0 (nothing to go by) to 1.
    key_narratives : tuple of str, at most three
        What the headlines are about, the most frequent first.
    event_flags : EventFlags
    news_intensity : "quiet", "moderate" or "high"
    contrarian_signals : tuple of str
        Where text and price part, in words; empty where they do not.
    scores : tuple of float
        The sentiment of each headline, in order of ``NewsDay.headlines``.
    """

    sentiment_score: float = Field(ge=-1, le=1)
    sentiment_confidence: float = Field(ge=0, le=1)
    key_narratives: tuple[str, ...] = Field(max_length=3)
    event_flags: EventFlags
    news_intensity: Intensity
    contrarian_signals: tuple[str, ...]
    scores: tuple[float, ...]


class NewsReader(Protocol):
    """Anything that turns a day's headlines into a reading.

    A stage's output follows from its input alone, so a reader must answer the same question
    the same way every time: a language model answers from recorded answers, asked beforehand.
    """

    def read(self, day: NewsDay) -> NewsReading:
        """Return the reading of a day's headlines (at least one)."""
        ...


def checked(reading: NewsReading, day: NewsDay) -> NewsReading:
    """Return a reading that answers its question.

    Raises
    ------
    ModelError
        If it does not score each headline once, within -1 to 1.
    """
    if len(reading.scores) != len(day.headlines) or any(not -1 <= s <= 1 for s in reading.scores):
        raise ModelError(
            "A reading scores each headline once, from -1 to 1",
            value=f"{len(reading.scores)} scores for {len(day.headlines)} headlines of "
            f"{day.symbol} on {day.session}",
            remedy="repair the reader, or use the lexicon",
        )
    return reading

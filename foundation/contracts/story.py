"""03 -> 04, 06: stories, and the claims that every sentence rests on."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from foundation.contracts.lexicon import Horizon, Section, Statement
from foundation.kernel.model import Contract, Moment, Part
from foundation.timeseries import Panel


class SourceRow(Part):
    """One cell of data that a claim rests on: ``panel.field`` of a symbol on a session."""

    panel: str
    field: str
    symbol: str
    session: date
    value: float


class Claim(Part):
    """A statement with its degree of truth and the cells of data that it rests on."""

    statement: Statement
    degree: float = Field(ge=0, le=1, description="Membership or match strength.")
    sources: tuple[SourceRow, ...]


class Sentence(Part):
    """One sentence in both renderings, and the claims that it makes, in order of mention.

    ``learning`` names no ticker, date or absolute level; ``reading`` adds names and numbers.
    """

    learning: str
    reading: str
    claims: tuple[Claim, ...]


class StorySection(Part):
    """One section of a story."""

    name: Section
    sentences: tuple[Sentence, ...]


class Story(Part):
    """The story of one instrument and session, in two renderings of one source.

    Attributes
    ----------
    horizon : Horizon
        The day (default), the session so far, the week that the session ends, or an event of
        the session.
    told_at : Moment, optional
        Of an intraday update: the moment at which it stands. None at the session's close.
    """

    symbol: str
    name: str
    session: date
    horizon: Horizon = Horizon.DAILY
    told_at: Moment | None = None
    sections: tuple[StorySection, ...]

    @property
    def learning(self) -> str:
        """The text a model learns from: no ticker, no date, no absolute level."""
        return " ".join(s.learning for part in self.sections for s in part.sentences)

    @property
    def reading(self) -> str:
        """The text a person reads: names and numbers added."""
        return " ".join(s.reading for part in self.sections for s in part.sentences)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims in order of mention."""
        return tuple(c for part in self.sections for s in part.sentences for c in s.claims)


class StoryBook(Contract):
    """The corpus: a learning text for every session and symbol, and full recent stories.

    Attributes
    ----------
    horizon : Horizon
        What the stories are about. A book holds stories of one horizon.
    sessions, symbols
        Axes of ``texts``.
    texts : T tuples of N str
        Learning renderings; empty where there was too little history for a story, or (weekly,
        event) where no week ended and nothing happened.
    observed : Panel (T, N, len(TAPE)), fields = TAPE
        Observed outcome codes 0..4 per tape series; NaN where the series is absent.
    recent : tuple of Story
        The last sessions' stories in full, oldest first, for people and for checking.
    """

    schema_version: int = Field(
        default=2, ge=1, description="2: ``horizon`` and ``told_at`` joined."
    )

    session: date
    target_session: date
    horizon: Horizon = Horizon.DAILY
    sessions: tuple[date, ...]
    symbols: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    observed: Panel
    recent: tuple[Story, ...]

    def today(self) -> dict[str, Story]:
        """Return the as-of session's stories by symbol."""
        return {s.symbol: s for s in self.recent if s.session == self.session}

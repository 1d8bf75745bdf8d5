"""Tells stories from a plan: learning texts in bulk, full stories where people look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Protocol

from foundation.contracts import (
    Claim,
    Instrument,
    Section,
    Sentence,
    SourceRow,
    Statement,
    Story,
    StorySection,
)
from foundation.language.phrases import REFERENCES
from stage_03_story_assembly.content.columns import SILENT, Column
from stage_03_story_assembly.content.plan import StoryPlan
from stage_03_story_assembly.telling.turns import turns
from stage_03_story_assembly.telling.writer import Told, Voice, group, realise

Spoken = list[tuple[Column, int]]
"""The columns that speak in one sentence, with their statement numbers."""


class Numbers(Protocol):
    """Makes the figure of a column's clause."""

    def of(self, column: str, t: int, n: int) -> str:
        """Return it, or nothing where a number would add nothing."""
        ...


class Cells(Protocol):
    """Hands out the cells behind a column's claim."""

    sessions: tuple[date, ...]
    symbols: tuple[str, ...]

    def rows(self, column: Column, t: int, n: int) -> tuple[SourceRow, ...]:
        """Return the cells of a session and symbol."""
        ...


class Teller:
    """Puts the plan's statements into words, one symbol and session at a time.

    Parameters
    ----------
    story_plan : StoryPlan
    figures : Numbers
        What stands in parentheses.
    evidence : Rows
        The cells behind claims, and the axes of the plan.
    instruments : sequence of Instrument
        In the order of the symbols.
    told_at : datetime, optional
        Of stories told before the close: when.
    """

    def __init__(
        self,
        story_plan: StoryPlan,
        figures: Numbers,
        evidence: Cells,
        instruments: Sequence[Instrument],
        told_at: datetime | None = None,
    ) -> None:
        self.plan = story_plan
        self.figures, self.evidence = figures, evidence
        self.sessions, self.symbols = evidence.sessions, evidence.symbols
        self.told_at = told_at
        self.turns = turns(self.sessions).tolist()
        self.names = {i.symbol: i.name for i in instruments}
        self.references = {i.symbol: REFERENCES[i.kind] for i in instruments}
        # "The S&P 500 fell", but "Apple fell".
        self.subjects = {
            i.symbol: f"the {i.name}" if i.kind in ("index", "etf") else i.name for i in instruments
        }

    def learning(self, t: int, n: int) -> str:
        """Return the learning text of session ``t`` and symbol ``n``; empty if none can be told."""
        if not self.plan.tellable[t, n]:
            return ""
        return " ".join(told.text() for _, _, told in self._sentences(t, n))

    def story(self, t: int, n: int) -> Story:
        """Return the full story, with both renderings and the claims behind each sentence."""
        symbol = self.symbols[n]
        sections: dict[Section, list[Sentence]] = {}
        reference = self.subjects[symbol]
        for name, spoken, told in self._sentences(t, n):
            figures = [self.figures.of(column.name, t, n) for column, _ in spoken]
            reading = told.text(figures, reference)
            if reference in reading or reading.startswith(_capital(reference)):
                reference = self.references[symbol]
            sections.setdefault(name, []).append(
                Sentence(
                    learning=told.text(), reading=reading, claims=tuple(self._claims(spoken, t, n))
                )
            )
        return Story(
            symbol=symbol,
            name=self.names[symbol],
            session=self.sessions[t],
            horizon=self.plan.horizon,
            told_at=self.told_at,
            sections=tuple(
                StorySection(name=name, sentences=tuple(told)) for name, told in sections.items()
            ),
        )

    def _sentences(self, t: int, n: int) -> Iterator[tuple[Section, Spoken, Told]]:
        """Yield section, speaking columns and words of every sentence, in order of telling."""
        voice = Voice.of(self.symbols[n], self.turns[t])
        before: Statement | None = None
        for section, spoken in self._sections(t, n):
            said = [column.options[number] for column, number in spoken]
            for places in group(said):
                yield (
                    section,
                    [spoken[i] for i in places],
                    realise([said[i] for i in places], voice, before),
                )
                before = said[places[-1]]

    def _sections(self, t: int, n: int) -> Iterator[tuple[Section, Spoken]]:
        by_section: dict[Section, Spoken] = {}
        columns = self.plan.columns
        for k, number in enumerate(self.plan.codes[t, n].tolist()):
            if number != SILENT:
                by_section.setdefault(columns[k].section, []).append((columns[k], number))
        for section in self.plan.order:
            if section in by_section:
                yield section, by_section[section]

    def _claims(self, spoken: Spoken, t: int, n: int) -> Iterator[Claim]:
        for column, number in spoken:
            yield Claim(
                statement=column.options[number],
                degree=float(column.degrees[t, n]),
                sources=self.evidence.rows(column, t, n),
            )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

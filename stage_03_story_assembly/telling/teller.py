"""Tells stories from a plan: learning texts in bulk, full stories where people look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Protocol

from foundation.contracts import (
    MARKET,
    Claim,
    Instrument,
    Section,
    Sentence,
    SourceRow,
    Story,
    StorySection,
)
from foundation.language.phrases import REFERENCES
from stage_03_story_assembly.content.columns import SILENT, Column
from stage_03_story_assembly.content.plan import StoryPlan
from stage_03_story_assembly.telling.turns import turns
from stage_03_story_assembly.telling.writer import Told, Unit, Voice, group, realise, unit

Spoken = list[tuple[int, int]]
"""The columns that speak in one sentence and their statements, by their numbers."""


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
        self._columns = story_plan.columns
        self._places = [story_plan.order.index(c.section) for c in story_plan.columns]
        self._units: list[list[Unit | None]] = [[None] * len(c.options) for c in self._columns]
        self._session = -1
        self._shared: dict[tuple[int, int, float], Claim] = {}
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
        return " ".join(told.plain() for _, _, told in self._sentences(t, n))

    def story(self, t: int, n: int) -> Story:
        """Return the full story, with both renderings and the claims behind each sentence."""
        symbol = self.symbols[n]
        reference = self.subjects[symbol]
        sections: list[tuple[Section, list[Sentence]]] = []
        for name, spoken, told in self._sentences(t, n):
            figures = [self.figures.of(self._columns[k].name, t, n) for k, _ in spoken]
            reading = told.with_figures(figures, reference)
            if reference in reading or _capital(reference) in reading:
                reference = self.references[symbol]
            if not sections or sections[-1][0] is not name:
                sections.append((name, []))
            sections[-1][1].append(
                Sentence.proven(
                    learning=told.plain(),
                    reading=reading,
                    claims=tuple([self._claim(k, number, t, n) for k, number in spoken]),
                )
            )
        return Story(
            symbol=symbol,
            name=self.names[symbol],
            session=self.sessions[t],
            horizon=self.plan.horizon,
            told_at=self.told_at,
            sections=tuple(
                [StorySection.proven(name=name, sentences=tuple(said)) for name, said in sections]
            ),
        )

    def _sentences(self, t: int, n: int) -> Iterator[tuple[Section, Spoken, Told]]:
        """Yield section, speaking columns and words of every sentence, in order of telling."""
        voice = Voice.of(self.symbols[n], self.turns[t])
        before: Unit | None = None
        for section, spoken in self._sections(t, n):
            units = [self._unit(k, number) for k, number in spoken]
            for places in group(units):
                told = [units[i] for i in places]
                yield section, [spoken[i] for i in places], realise(told, voice, before)
                before = told[-1]

    def _unit(self, k: int, number: int) -> Unit:
        known = self._units[k][number]
        if known is None:
            known = self._units[k][number] = unit(self._columns[k].options[number])
        return known

    def _sections(self, t: int, n: int) -> Iterator[tuple[Section, Spoken]]:
        spoken: list[Spoken] = [[] for _ in self.plan.order]
        for k, number in enumerate(self.plan.codes[t, n].tolist()):
            if number != SILENT:
                spoken[self._places[k]].append((k, number))
        for section, said in zip(self.plan.order, spoken, strict=True):
            if said:
                yield section, said

    def _claim(self, k: int, number: int, t: int, n: int) -> Claim:
        """Return the claim of a column; one that concerns the whole market is shared by all."""
        column = self._columns[k]
        if self._session != t:
            self._session, self._shared = t, {}
        degree = float(column.degrees[t, n])
        known = self._shared.get((k, number, degree))
        if known is not None:
            return known
        rows = self.evidence.rows(column, t, n)
        made = Claim.proven(statement=column.options[number], degree=degree, sources=rows)
        if rows and all(row.symbol == MARKET for row in rows):
            self._shared[k, number, degree] = made
        return made


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

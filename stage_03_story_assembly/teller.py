"""Tells stories from a plan: learning texts in bulk, full stories where people look."""

from __future__ import annotations

from datetime import date

import numpy as np

from foundation.contracts import Claim, Section, Sentence, SourceRow, Story, StorySection
from stage_03_story_assembly.columns import SILENT, Column, cell_symbol
from stage_03_story_assembly.figures import Figures
from stage_03_story_assembly.planner import StoryPlan
from stage_03_story_assembly.writer import Voice, group, realise

_EPOCH = np.datetime64("2000-01-03")
Told = list[tuple[Section, list[list[tuple[Column, int]]]]]
"""Sections, their sentences, and in each the columns that speak with their statement numbers."""


class Teller:
    """Puts the plan's statements into words, one symbol and session at a time."""

    def __init__(self, story_plan: StoryPlan, figures: Figures) -> None:
        self.plan = story_plan
        self.figures = figures
        market = figures.market
        self.sessions, self.symbols = market.bars.sessions, market.bars.symbols
        self.turns = np.busday_count(_EPOCH, np.array(self.sessions, dtype="M8[D]"))
        self.names = {i.symbol: i.name for i in market.instruments}
        # "The S&P 500 fell", but "Apple fell".
        self.subjects = {
            i.symbol: f"The {i.name}" if i.kind in ("index", "etf") else i.name
            for i in market.instruments
        }

    def learning(self, t: int, n: int) -> str:
        """Return the learning text of session ``t`` and symbol ``n``; empty if none can be told."""
        if not self.plan.tellable[t, n]:
            return ""
        voice = self._voice(t, n)
        texts, place = [], 0
        for _, sentences in self._told(t, n):
            for sentence in sentences:
                texts.append(realise([c.options[k] for c, k in sentence], voice, place))
                place += len(sentence)
        return " ".join(texts)

    def story(self, t: int, n: int) -> Story:
        """Return the full story, with both renderings and the claims behind each sentence."""
        symbol, voice, place = self.symbols[n], self._voice(t, n), 0
        sections = []
        for name, told in self._told(t, n):
            sentences = []
            for spoken in told:
                sentences.append(self._sentence(spoken, voice, place, t, n))
                place += len(spoken)
            sections.append(StorySection(name=name, sentences=tuple(sentences)))
        return Story(
            symbol=symbol,
            name=self.names[symbol],
            session=self.sessions[t],
            sections=tuple(sections),
        )

    def _voice(self, t: int, n: int) -> Voice:
        return Voice.of(self.symbols[n], int(self.turns[t]))

    def _told(self, t: int, n: int) -> Told:
        by_section: dict[Section, list[tuple[Column, int]]] = {}
        row = self.plan.codes[t, n].tolist()
        for column, number in zip(self.plan.columns, row, strict=True):
            if number != SILENT:
                by_section.setdefault(column.section, []).append((column, number))
        return [
            (section, [[spoken[i] for i in sentence] for sentence in self._grouped(spoken)])
            for section in Section
            if (spoken := by_section.get(section))
        ]

    @staticmethod
    def _grouped(spoken: list[tuple[Column, int]]) -> list[list[int]]:
        return group([column.options[number] for column, number in spoken])

    def _sentence(
        self, spoken: list[tuple[Column, int]], voice: Voice, place: int, t: int, n: int
    ) -> Sentence:
        said = [column.options[number] for column, number in spoken]
        figures = [self.figures.of(column.name, t, n) for column, _ in spoken]
        reading = realise(said, voice, place, figures)
        if spoken[0][0].name == "price movement":
            reading = reading.replace("The price", self.subjects[self.symbols[n]], 1)
        return Sentence(
            learning=realise(said, voice, place),
            reading=reading,
            claims=tuple(
                Claim(
                    statement=column.options[number],
                    degree=float(column.degrees[t, n]),
                    sources=tuple(self._sources(column, t, n)),
                )
                for column, number in spoken
            ),
        )

    def _sources(self, column: Column, t: int, n: int) -> list[SourceRow]:
        rows = []
        for panel, field in column.cells:
            row = self._cell(panel, field, t, n)
            if row is not None:
                rows.append(row)
        return rows

    def _cell(self, panel: str, field: str, t: int, n: int) -> SourceRow | None:
        """Return the cell that a claim rests on; None where the data has none (absence)."""
        session: date = self.sessions[t]
        if panel == "fuzzy":
            degrees = self.figures.fuzzy.memberships.field(field)[t, n]
            value = float(np.nan_to_num(degrees).argmax())
        elif panel == "symbol_events":
            value = float(self.figures.fuzzy.symbol_events.field(field)[t, n])
        elif panel == "events" and self.figures.fuzzy.events.has(field):
            value = float(self.figures.fuzzy.events.field(field)[t, 0])
        elif panel == "events":
            kinds = [
                e for e in self.figures.market.events if e.name == field and e.actual is not None
            ]
            past = [e for e in kinds if e.known_at.date() <= session]
            if not past:
                return None
            last = max(past, key=lambda e: e.known_at)
            return SourceRow(
                panel=panel,
                field=field,
                symbol=last.symbol,
                session=last.event_time.date(),
                value=float(last.actual or 0.0),
            )
        else:
            value = self.figures.cell(panel, field, t, n)
        return SourceRow(
            panel=panel,
            field=field,
            symbol=cell_symbol(panel, self.symbols[n]),
            session=session,
            value=value,
        )

"""Sources made of sources: the first of several that answers, or several together."""

from __future__ import annotations

from collections.abc import Sequence

from foundation.contracts import ContinuousSeries, QualityFinding
from foundation.kernel import (
    DependencyError,
    FinancialStoryError,
    OperatorError,
    UpstreamDataError,
    WorldError,
)
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.raw import MARKET_SERIES, MarketRequest, RawMarket, Source, raw_market

ANSWERS = Rule(
    "The source asked first answers",
    "see to the reason given; until then another source's data are used",
    severity="warning",
    action="kept",
    name="other-source",
    why="vendors differ in adjustment, hours and coverage; nobody should mistake one for another",
)


class ChainSource:
    """The first of several sources that answers.

    Why each earlier one did not is kept as a finding, so nobody takes one vendor's data for
    another's. An ``OperatorError`` moves on too (a symbol one vendor lacks another may have).

    Parameters
    ----------
    *sources : Source
        In the order they are to be asked.
    """

    def __init__(self, *sources: Source) -> None:
        if not sources:
            raise OperatorError(
                "A chain has at least one source",
                value=sources,
                remedy="name the sources in the order they are to be asked",
            )
        self.sources = sources

    @property
    def name(self) -> str:
        return " or ".join(source.name for source in self.sources)

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what the first source that answers returns, with findings about those before it.

        Raises
        ------
        OperatorError, DependencyError, UpstreamDataError, WorldError
            If none answers: the last one's kind of error, with the reasons of all.
        """
        reasons: list[tuple[Source, FinancialStoryError]] = []
        for source in self.sources:
            try:
                answer = source.load(request)
            except (OperatorError, DependencyError, UpstreamDataError, WorldError) as error:
                reasons.append((source, error))
                continue
            return _told(answer, request, tuple(_reason(s, e) for s, e in reasons))
        last = reasons[-1][1]
        raise _root(last)(
            f"One of the sources {', '.join(s.name for s in self.sources)} answers",
            value="; ".join(f"{s.name}: {e}" for s, e in reasons),
            remedy=last.remedy,
        ) from last


class JoinedSource:
    """Several sources together: bars of the first, series and events of all.

    Parameters
    ----------
    bars : Source
        Says which instruments there are.
    *others : Source
        Add market-wide series and events, e.g. ``FredSource``; bars of theirs are an error. A
        series that an earlier source has is not taken from a later one.
    """

    def __init__(self, bars: Source, *others: Source) -> None:
        self.sources = (bars, *others)

    @property
    def name(self) -> str:
        return " with ".join(source.name for source in self.sources)

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what all sources tell.

        Raises
        ------
        OperatorError
            If a later source has bars of its own.
        FinancialStoryError
            What any of the sources raises: none is left out unsaid.
        """
        import pandas as pd

        answers = [source.load(request) for source in self.sources]
        for other in answers[1:]:
            if len(other.bars):
                raise OperatorError(
                    "Only the first of joined sources has bars",
                    value=other.source.name,
                    remedy="use ChainSource for the first source of bars that answers",
                )
        seen: set[str] = set()
        observations = []
        for answer in answers:
            fresh = answer.observations[~answer.observations["series"].isin(seen)]
            seen |= set(answer.observations["series"])
            if len(fresh):
                observations.append(fresh)
        first = answers[0]
        quotes = [answer.option_quotes for answer in answers if len(answer.option_quotes)]
        return raw_market(
            request,
            name=self.name,
            bars=first.bars,
            observations=pd.concat(observations, ignore_index=True)
            if observations
            else first.observations,
            events=tuple(event for answer in answers for event in answer.events),
            instruments=first.instruments,
            findings=tuple(finding for answer in answers for finding in answer.findings),
            unread=tuple(row for answer in answers for row in answer.unread),
            licence="; ".join(a.source.licence for a in answers if a.source.licence),
            survivor_biased=first.source.survivor_biased,
            note=" ".join(a.source.note for a in answers if a.source.note),
            series=_own_series(answers),
            option_quotes=pd.concat(quotes, ignore_index=True) if quotes else None,
        )


def _root(error: FinancialStoryError) -> type[FinancialStoryError]:
    """Return the root that an error derives from: who has to act."""
    roots = (OperatorError, DependencyError, UpstreamDataError, WorldError)
    return next(root for root in roots if isinstance(error, root))


def _reason(source: Source, error: FinancialStoryError) -> QualityFinding:
    return ANSWERS.finding(source.name, f"{type(error).__name__}: {error}")


def _told(
    answer: RawMarket, request: MarketRequest, findings: tuple[QualityFinding, ...]
) -> RawMarket:
    """Return an answer with findings before its own, fingerprinted anew."""
    if not findings:
        return answer
    return raw_market(
        request,
        name=answer.source.name,
        bars=answer.bars,
        observations=answer.observations,
        events=answer.events,
        instruments=answer.instruments,
        findings=(*findings, *answer.findings),
        unread=answer.unread,
        licence=answer.source.licence,
        survivor_biased=answer.source.survivor_biased,
        note=answer.source.note,
        series=_own_series([answer]),
        option_quotes=answer.option_quotes,
    )


def _own_series(answers: Sequence[RawMarket]) -> tuple[ContinuousSeries, ...]:
    """Return the series that sources declare themselves, each once, the first one's meaning."""
    found = {s.name: s for a in reversed(answers) for s in a.series if s.name not in MARKET_SERIES}
    return tuple(found[name] for name in sorted(found))

"""08 -> people: what the trader reads."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.contracts.feedback import PerformanceReport
from foundation.contracts.portfolio import MarketIntelligence, PortfolioPlan
from foundation.contracts.signal import OddsRecord, Signal
from foundation.contracts.story import Story
from foundation.kernel.model import Contract, Moment, Part


class TradeSetup(Part):
    """A signal written as something to do, with the reasons for and against it."""

    symbol: str
    setup_type: str
    direction: Literal["long", "short"]
    entry_criteria: tuple[str, ...]
    target: float
    stop: float
    time_stop_sessions: int
    risk_reward: float
    why: tuple[str, ...]
    against: tuple[str, ...]


class Alert(Part):
    """Something a trader asked to be told at once."""

    kind: Literal["level break", "story change", "risk", "conviction", "data quality"]
    symbol: str
    text: str
    raised_at: Moment


class Outlook(Part):
    """Tomorrow's likeliest outcome of one tape series, as published.

    ``likeliest`` and ``now`` are outcomes in words; ``now`` is today's, None where there is none.
    ``probability`` is that of the likeliest.
    """

    series: str
    now: str | None
    likeliest: str
    probability: float = Field(ge=0, le=1)


class InstrumentPage(Part):
    """Everything the brief says about one instrument.

    ``outlook`` holds the series that the instrument reports, in the tape's order. ``character``
    says what kind of stock it is; empty where that is not known.
    """

    story: Story
    further: tuple[Story, ...] = ()
    forecast_text: str
    forecast_note: str
    signal: Signal
    outlook: tuple[Outlook, ...]
    character: str = ""


class DecisionBrief(Contract):
    """The daily brief, as data; Markdown, HTML and JSON are renderings of it.

    ``odds`` tells what past odds of a rise were worth; None while too few outcomes are known.
    """

    schema_version: int = Field(
        default=4,
        ge=1,
        description="3: odds of a rise, and their record, in place of scores. 4: the outlook.",
    )

    session: date
    target_session: date
    headline: str
    summary: tuple[str, ...]
    instruments: tuple[InstrumentPage, ...]
    setups: tuple[TradeSetup, ...]
    alerts: tuple[Alert, ...]
    intelligence: MarketIntelligence
    portfolio: PortfolioPlan
    performance: PerformanceReport
    odds: OddsRecord | None
    caveats: tuple[str, ...]

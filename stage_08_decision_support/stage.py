"""Stage 08: everything the other stages found, as one brief that a trader can read."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.contracts import (
    DecisionBrief,
    MarketIntelligence,
    MarketWindow,
    PerformanceReport,
    PortfolioPlan,
    SignalSet,
    StockCharacteristics,
    StoryBook,
    ValidatedForecast,
)
from foundation.kernel import UpstreamDataError
from foundation.runtime.stage import Stage
from stage_08_decision_support.alerts import all_alerts
from stage_08_decision_support.caveats import caveats
from stage_08_decision_support.instrument_pages import instrument_pages
from stage_08_decision_support.settings import DecisionSupportSettings
from stage_08_decision_support.setups import trade_setup
from stage_08_decision_support.summary import executive_summary, headline, strongest
from stage_08_decision_support.track_record import record_in_brief


@dataclass(frozen=True)
class BriefInput:
    """What the brief is made of. All parts must be of the same session."""

    market: MarketWindow
    stories: StoryBook
    weekly: StoryBook
    occasions: StoryBook
    validated: ValidatedForecast
    signals: SignalSet
    performance: PerformanceReport
    portfolio: PortfolioPlan
    intelligence: MarketIntelligence
    characteristics: StockCharacteristics


class DecisionSupportStage(Stage[BriefInput, DecisionBrief]):
    """From signals, stories, scores and plan to the daily brief.

    Raises (from ``run``)
    ---------------------
    UpstreamDataError
        If the parts are of different sessions, or a signal has no story or verdict.
    """

    name = "08_decision_support"
    version = "1"

    def __init__(self, settings: DecisionSupportSettings | None = None) -> None:
        self.settings = settings or DecisionSupportSettings()

    def run(self, given: BriefInput) -> DecisionBrief:
        """Return the brief; the order of setups is by conviction, highest first."""
        _check_one_session(given)
        pages = instrument_pages(
            given.stories,
            (given.weekly, given.occasions),
            given.validated,
            given.signals,
            given.characteristics,
        )
        story_of = {page.signal.symbol: page.story for page in pages}
        target = given.market.target_session
        considered = (
            trade_setup(signal, story_of[signal.symbol], target, self.settings)
            for signal in strongest(given.signals)
        )
        setups = tuple(setup for setup in considered if setup is not None)
        alerts = all_alerts(given.market, given.stories, given.signals, self.settings)
        return DecisionBrief(
            as_of=given.market.as_of,
            produced_at=given.market.produced_at,
            session=given.market.session,
            target_session=target,
            headline=headline(given.signals, setups),
            summary=executive_summary(
                given.signals,
                given.intelligence,
                record_in_brief(given.performance),
                given.portfolio,
                alerts,
                self.settings,
            ),
            instruments=pages,
            setups=setups,
            alerts=alerts,
            intelligence=given.intelligence,
            portfolio=given.portfolio,
            performance=given.performance,
            odds=given.signals.record,
            caveats=caveats(given.market, given.validated, given.performance, given.signals.record),
        )


def _check_one_session(given: BriefInput) -> None:
    sessions = {
        "market": given.market.session,
        "stories": given.stories.session,
        "weekly stories": given.weekly.session,
        "event stories": given.occasions.session,
        "validated": given.validated.session,
        "signals": given.signals.session,
        "performance": given.performance.session,
        "portfolio": given.portfolio.session,
        "intelligence": given.intelligence.session,
        "characteristics": given.characteristics.values.sessions[-1],
    }
    if len(set(sessions.values())) > 1:
        raise UpstreamDataError(
            "Every part of a brief must be of the same session",
            value={name: day.isoformat() for name, day in sessions.items()},
            remedy="run the pipeline again from the stage whose session lags behind",
        )

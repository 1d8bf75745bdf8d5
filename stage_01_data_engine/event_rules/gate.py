"""The gate for a window's events: each kind by its own rules, what is wrong set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from foundation.contracts import MarketEvent, QualityFinding, RowCounts, RowVerdicts
from foundation.kernel import NEW_YORK
from stage_01_data_engine.event_rules.actions import judge_actions
from stage_01_data_engine.event_rules.earnings import judge_earnings
from stage_01_data_engine.event_rules.texts import judge_texts
from stage_01_data_engine.verdicts import Judged, listing_of

ACTIONS = {"stock split": "split", "cash dividend": "dividend"}
"""Names of corporate actions that have a value to judge."""
A_SHARE = "US dollars a share"


@dataclass(frozen=True)
class GatedEvents:
    """Events that may be used, in their order, and what was found.

    Attributes
    ----------
    counts : RowCounts
        Events received, kept and set aside.
    listing : RowVerdicts
        One line an event and rule; places are kind and number among its like.
    """

    events: tuple[MarketEvent, ...]
    findings: tuple[QualityFinding, ...]
    listing: RowVerdicts
    counts: RowCounts


def gate_events(
    events: Sequence[MarketEvent], as_of: datetime, *, listed_rows: int = 25
) -> GatedEvents:
    """Judge news, reported earnings, splits and cash dividends; let everything else pass.

    What is announced without a figure (earnings due, a release to come) has nothing to judge.

    Parameters
    ----------
    events : sequence of MarketEvent
        All known at ``as_of``.
    """
    kept = np.ones(len(events), dtype=bool)
    findings: list[QualityFinding] = []
    lines = []
    for judge, at in (
        (_texts, [n for n, e in enumerate(events) if e.kind == "news"]),
        (_reports, [n for n, e in enumerate(events) if _is_report(e)]),
        (_actions, [n for n, e in enumerate(events) if _is_action(e)]),
    ):
        if at:
            judged = judge([events[n] for n in at], as_of, listed_rows)
            kept[at] = False
            kept[[at[n] for n in judged.kept.index]] = True
            findings += judged.findings
            lines += judged.found.lines()
    aside = int((~kept).sum())
    return GatedEvents(
        events=tuple(event for event, keep in zip(events, kept, strict=True) if keep),
        findings=tuple(findings),
        listing=listing_of(lines),
        counts=RowCounts(received=len(events), kept=len(events) - aside, quarantined=aside),
    )


def _is_report(event: MarketEvent) -> bool:
    return event.kind == "earnings" and event.actual is not None and event.unit == A_SHARE


def _is_action(event: MarketEvent) -> bool:
    return event.kind == "corporate action" and event.name in ACTIONS and event.actual is not None


def _texts(events: list[MarketEvent], as_of: datetime, listed_rows: int) -> Judged:
    import pandas as pd

    table = pd.DataFrame(
        {
            "symbol": [e.symbol for e in events],
            "stamp": pd.to_datetime([e.event_time for e in events], utc=True),
            "known_at": pd.to_datetime([e.known_at for e in events], utc=True),
            "text": [e.text for e in events],
        }
    )
    return judge_texts(table, collected=as_of, location="news", listed_rows=listed_rows)


def _reports(events: list[MarketEvent], as_of: datetime, listed_rows: int) -> Judged:
    import pandas as pd

    def number(value: float | None) -> float:
        return np.nan if value is None else value

    table = pd.DataFrame(
        {
            "symbol": [e.symbol for e in events],
            "date": [np.datetime64(e.event_time.astimezone(NEW_YORK).date()) for e in events],
            "eps": [number(e.actual) for e in events],
            "eps_estimate": [number(e.expected) for e in events],
        }
    )
    return judge_earnings(
        table, collected=as_of.date(), location="earnings", listed_rows=listed_rows
    )


def _actions(events: list[MarketEvent], as_of: datetime, listed_rows: int) -> Judged:
    import pandas as pd

    table = pd.DataFrame(
        {
            "symbol": [e.symbol for e in events],
            "ex_date": [np.datetime64(e.event_time.astimezone(NEW_YORK).date()) for e in events],
            "kind": [ACTIONS[e.name] for e in events],
            "value": [number for e in events if (number := e.actual) is not None],
        }
    )
    return judge_actions(table, location="actions", listed_rows=listed_rows)

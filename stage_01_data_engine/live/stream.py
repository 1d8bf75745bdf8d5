"""A stream of quotes as a stream of features: as often as asked for, and never ahead of a quote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from foundation.kernel import UpstreamDataError
from stage_01_data_engine.adapters.vendors.iqfeed_stream import FeedState, Message
from stage_01_data_engine.live.next_session import Increment, NextSession
from stage_01_data_engine.live.running_bars import RunningBars


def live_features(
    messages: Iterable[Message],
    ahead: NextSession,
    market: Mapping[str, float],
    *,
    every: timedelta,
) -> Iterator[tuple[datetime, Increment, RunningBars]]:
    """Yield features of the session that is going on, with the moment they are known since.

    Parameters
    ----------
    messages : iterable of Message
        As they come; the last one that counted decides what is known.
    ahead : NextSession
        On top of the window of the session before.
    market : mapping of str to float
        Market-wide series as last known at that window's close.
    every : timedelta
        At least so much lies between two increments, by the messages' own clock. What came after
        the last one is told when the messages end.
    """
    bars = RunningBars(ahead.session)
    told: datetime | None = None
    changed = False
    for message in messages:
        changed |= bars.fold(message)
        moment = message.at if isinstance(message, FeedState) else message.received_at
        if changed and (told is None or moment - told >= every):
            yield _increment(bars, ahead, market)
            told, changed = moment, False
    if changed:
        yield _increment(bars, ahead, market)


def _increment(
    bars: RunningBars, ahead: NextSession, market: Mapping[str, float]
) -> tuple[datetime, Increment, RunningBars]:
    known_at = bars.known_at
    if known_at is None:
        raise UpstreamDataError(
            "A running session has a trade", value=0, remedy="wait for the first one"
        )
    return known_at, ahead.increment(bars.rows(), market), bars

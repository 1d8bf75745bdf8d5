"""Level 1 quotes folded into the day's running bars, each known since its last quote."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import TYPE_CHECKING

from foundation.contracts import BAR_FIELDS
from foundation.kernel import NEW_YORK, OperatorError
from foundation.market import close_of
from stage_01_data_engine.adapters.vendors.iqfeed_stream import FeedState, Message, Quote
from stage_01_data_engine.knowledge import opening_of

if TYPE_CHECKING:
    import pandas as pd

LAST_QUALIFIED = "C"
"""IQFeed's letter for a last qualified trade: one that makes open, high, low and last. Form T and
other trades have letters of their own and make none."""


class _Bar:
    """What was traded of one symbol so far."""

    __slots__ = ("close", "high", "known_at", "low", "opened", "volume")

    def __init__(self, price: float, moment: datetime) -> None:
        self.opened = self.high = self.low = self.close = price
        self.volume = math.nan
        self.known_at = moment


class RunningBars:
    """The bars of one session while it is going on.

    Only regular trading counts: what was received from the opening to the close. A summary, with
    which a watch begins, repeats a trade of before and makes no price; its volume is the day's so
    far. While the feed is down trades go unseen: ``gaps`` tells, and from then on highs and lows
    are those that were seen. The open is absent where the first trade may have been missed.

    Parameters
    ----------
    session : date
    """

    def __init__(self, session: date) -> None:
        self.session = session
        self._opening, self._close = opening_of(session), close_of(session)
        self._bars: dict[str, _Bar] = {}
        self._volume: dict[str, float] = {}
        self._watched_since: datetime | None = None
        self._seen: datetime | None = None
        self.gaps = 0

    @property
    def known_at(self) -> datetime | None:
        """When the last quote that counted was received; None before the first."""
        return max((bar.known_at for bar in self._bars.values()), default=None)

    @property
    def whole(self) -> bool:
        """Whether the feed was watched from before the opening on, without a gap."""
        since = self._watched_since
        return self.gaps == 0 and since is not None and since <= self._opening

    def fold(self, message: Message) -> bool:
        """Take a message of the stream in; say whether it changed a bar.

        Raises
        ------
        OperatorError
            If it was received before the one that was folded last.
        """
        moment = message.at if isinstance(message, FeedState) else message.received_at
        if self._seen is not None and moment < self._seen:
            raise OperatorError(
                "Messages are folded in the order they were received",
                value=f"{moment.isoformat()} after {self._seen.isoformat()}",
                remedy="replay a recorded stream from its beginning, into new bars",
            )
        self._seen = moment
        if isinstance(message, FeedState):
            self._note(message)
            return False
        return self._trade(message)

    def _note(self, message: FeedState) -> None:
        if message.state == "connected" and self._watched_since is None:
            self._watched_since = message.at
        inside = self._opening <= message.at < self._close
        if message.state in ("broken off", "server disconnected") and inside:
            self.gaps += 1

    def _trade(self, quote: Quote) -> bool:
        if not self._opening <= quote.received_at <= self._close:
            return False
        bar = self._bars.get(quote.symbol)
        if math.isfinite(quote.volume):
            self._volume[quote.symbol] = quote.volume
        counts = (
            not quote.summary
            and LAST_QUALIFIED in quote.contents
            and math.isfinite(quote.last)
            and quote.last > 0
        )
        if not counts:
            return False
        if bar is None:
            bar = self._bars[quote.symbol] = _Bar(quote.last, quote.received_at)
            if not self.whole:
                bar.opened = math.nan
        bar.high, bar.low = max(bar.high, quote.last), min(bar.low, quote.last)
        bar.close, bar.known_at = quote.last, quote.received_at
        bar.volume = self._volume.get(quote.symbol, math.nan)
        return True

    def rows(self) -> pd.DataFrame:
        """Return the bars so far, as ``RawMarket.bars`` with a column ``known_at`` (aware)."""
        import pandas as pd

        rows = [
            (s, b.opened, b.high, b.low, b.close, b.volume, b.known_at.astimezone(NEW_YORK))
            for s, b in self._bars.items()
        ]
        frame = pd.DataFrame(rows, columns=["symbol", *BAR_FIELDS, "known_at"])
        return frame.assign(session=pd.Timestamp(self.session), location="level 1")

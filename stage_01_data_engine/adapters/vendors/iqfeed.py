"""DTN IQFeed: daily and interval bars over TCP, from the vendor's program IQConnect.

IQConnect runs on the user's machine, holds the login, and answers on two ports: *lookup* (9100) for
history, *level 1* (5009) for quotes and for the fundamental message, which names a symbol's last
two splits.

Daily bars come adjusted for every split up to today, with four decimals. They are taken back to
the prices at which they traded (rounded to the tick, which removes the vendor's rounding) and
adjusted again for the splits up to the as-of date. Splits before the last two stay as the vendor
adjusted for them. If both of the last two lie after the as-of date, a third might too, and the
request is refused unless the settings accept that.

======== =========================================================================================
bars     known at the close of their session; stamped with dates of New York
splits   known at the opening of the session they take effect on
======== =========================================================================================

Sources: the vendor's API documentation (Historical Data via TCP/IP, Streaming Data via TCP/IP,
protocol 6.2) and its developer forum on ``Split Factor``.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field

from foundation.connect import (
    Connection,
    LineClient,
    LinePolicy,
    Rate,
    RetryPolicy,
    TransientError,
)
from foundation.contracts import Instrument, QualityFinding
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.kernel.model import Part
from stage_01_data_engine.adapters.actions import (
    event_order,
    rounded,
    session_column,
    split_event,
    with_reported_fields,
)
from stage_01_data_engine.adapters.intervals import require_aware
from stage_01_data_engine.adapters.vendors import iqfeed_lines as lines
from stage_01_data_engine.adapters.vendors.asked import named_symbols, nothing_in_window
from stage_01_data_engine.corporate_actions import action_table, adjust, as_traded
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.knowledge import require_closed
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

if TYPE_CHECKING:
    import pandas as pd

START = "start IQConnect, log in, and check its host and ports in the settings"
SPLIT_PLAIN = Rule(
    "The two decimals of a split factor fit one plain ratio only",
    "check the symbol's splits elsewhere; the plainest ratio was used",
    severity="warning",
    action="kept",
)


class IqfeedSettings(Part):
    """What can be set about this source."""

    host: str = Field(default="127.0.0.1", description="Where IQConnect runs.")
    lookup_port: int = Field(default=9_100, ge=1, le=65_535, description="Its port for history.")
    level_one_port: int = Field(default=5_009, ge=1, le=65_535, description="Its port for quotes.")
    rates: tuple[Rate, ...] = Field(
        default=(Rate(requests=50, seconds=1),), description="The vendor's limit on lookups."
    )
    retry: RetryPolicy = RetryPolicy()
    read_timeout: float = Field(default=30.0, gt=0, description="Seconds without a byte.")
    decimals: int = Field(
        default=2, ge=0, le=4, description="Decimals of a price as traded; US shares: cents."
    )
    more_splits: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="What to do where both splits that the vendor names lie after the as-of date, "
        "so that an unnamed one might lie there too.",
    )


class _Told(NamedTuple):
    """What the fundamental message says of a symbol."""

    name: str
    splits: tuple[lines.Split, ...]


class IqfeedSource:
    """Market data from a running IQConnect.

    Parameters
    ----------
    connection : Connection, optional
        Time and limits. No key: IQConnect holds the login.
    settings : IqfeedSettings, optional
    """

    name = "iqfeed"

    def __init__(
        self, connection: Connection | None = None, settings: IqfeedSettings | None = None
    ) -> None:
        self.connection = connection or Connection()
        self.settings = settings or IqfeedSettings()

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what IQFeed knew of the symbols at the as-of close.

        Raises
        ------
        OperatorError
            If no symbols are named, one is unknown, or the as-of session has not closed.
        UpstreamDataError
            If an answer is not as agreed, or there is no bar in the window.
        WorldError
            If IQConnect cannot be reached after all tries.
        """
        import pandas as pd

        symbols = named_symbols(request, "IQFeed lists hundreds of thousands")
        require_closed(request.as_of, self.connection.timekeeper.now())
        with self._client(self.settings.level_one_port) as client:
            told = {symbol: _fundamentals(client, symbol) for symbol in symbols}
        with self._client(self.settings.lookup_port) as client:
            steps = self.connection.log.steps("IQFeed", symbols)
            pieces = [_daily(client, symbol, request) for symbol in steps]
        bars = pd.concat(pieces, ignore_index=True)
        if bars.empty:
            raise nothing_in_window("IQFeed", symbols, request)
        self._require_known_splits(told, request.as_of)
        splits = [known.split for found in told.values() for known in found.splits]
        past = [split for split in splits if split.day <= request.as_of]
        traded = rounded(as_traded(bars, splits), self.settings.decimals, 12)
        adjusted = adjust(traded, action_table(past), request.as_of).bars
        events = [split_event(split) for split in past if split.day > request.sessions[0]]
        return raw_market(
            request,
            name=self.name,
            bars=adjusted,
            observations=observation_frame([]),
            events=tuple(sorted(events, key=event_order)),
            instruments=tuple(
                with_reported_fields(
                    Instrument(
                        symbol=symbol, name=found.name or symbol, kind="equity", fields=("close",)
                    ),
                    adjusted,
                )
                for symbol, found in told.items()
            ),
            findings=tuple(
                finding
                for symbol, found in told.items()
                for finding in _doubts(symbol, found, request)
            ),
            licence="DTN IQFeed market data terms; not for redistribution",
            note="The vendor's split adjustment undone and made anew up to the as-of date; prices "
            f"as traded rounded to {self.settings.decimals} decimals. Dividends are not adjusted "
            "for. Kinds of instruments are not reported; each counts as an equity. Whether "
            "delisted ones are missing is not known.",
        )

    def interval_bars(
        self, symbol: str, seconds: int, first: datetime, last: datetime
    ) -> pd.DataFrame:
        """Return bars shorter than a day; see ``intervals.IntervalSource``.

        The vendor adjusts them for every split up to today. They are taken back and adjusted again
        for the splits up to the date of ``last``, as daily bars are. The vendor has minutes of
        many years, seconds of some months.

        Raises
        ------
        OperatorError
            If the bounds carry no zone or a bar no time, or the symbol is unknown.
        UpstreamDataError, WorldError
            As in ``load``.
        """
        require_aware(first, last, seconds)
        begin, end = first.astimezone(NEW_YORK), last.astimezone(NEW_YORK)
        asked = f"the {seconds}-second bars of {symbol}"
        with self._client(self.settings.level_one_port) as client:
            told = _fundamentals(client, symbol)
        self._require_known_splits({symbol: told}, end.date())
        with self._client(self.settings.lookup_port) as client:
            question = lines.interval_between(symbol, seconds, begin, end, "1")
            answered = client.ask(question, lambda line: lines.ends("1", line))
        answer = lines.read_answer(answered, "1", asked, lines.INTERVAL_FIELDS)
        bars = _interval_frame(symbol, seconds, answer)
        splits = [known.split for known in told.splits]
        past = action_table(split for split in splits if split.day <= end.date())
        traded = rounded(as_traded(bars, splits), self.settings.decimals, 12)
        return adjust(traded, past, end.date()).bars.drop(columns="session")

    def _require_known_splits(self, told: dict[str, _Told], as_of: date) -> None:
        """Raise if a split after the as-of date may have gone unnamed."""
        for symbol, found in told.items():
            later = [k.split.day for k in found.splits if k.split.day > as_of]
            if len(later) == 2 and self.settings.more_splits == "refuse":
                raise UpstreamDataError(
                    "IQFeed names every split after the as-of date; it names the last two only",
                    value=f"{symbol}: two since {as_of.isoformat()}",
                    remedy="use a later as-of date or another source, or, if there were no others, "
                    "set more_splits to accept",
                )

    def _client(self, port: int) -> LineClient:
        settings = self.settings
        return self.connection.lines(
            LinePolicy(
                vendor="IQFeed",
                host=settings.host,
                port=port,
                greeting=lines.GREETING,
                read_timeout=settings.read_timeout,
                rates=settings.rates,
                retry=settings.retry,
                start=START,
            )
        )


def _fundamentals(client: LineClient, symbol: str) -> _Told:
    """Return a symbol's name and last splits, from the message that a watch begins with."""
    text = lines.symbol_text(symbol)
    asked = f"the fundamentals of {symbol}"
    names = client.ask(
        "S,REQUEST FUNDAMENTAL FIELDNAMES",
        lambda line: line.startswith(("S,FUNDAMENTAL FIELDNAMES,", "E,")),
    )[-1].split(",")[2:]
    if "S,SERVER DISCONNECTED" in client.greeted:
        raise TransientError(
            "IQConnect is connected to the vendor's servers",
            value="S,SERVER DISCONNECTED",
            remedy="wait until IQConnect has logged in, then try again",
        )
    heads = (f"F,{text},", f"n,{text}", "E,")
    line = client.ask(f"w{text}", lambda told: told.startswith(heads))[-1]
    client.tell(f"r{text}")
    if line.startswith("n,"):
        raise OperatorError(
            "IQFeed knows the symbol",
            value=symbol,
            remedy="check the spelling (IQFeed writes BRK.B, SPX.XO, @ES#)",
        )
    cells = dict(zip(names, line.split(",")[1:], strict=False))
    if line.startswith("E,") or not {"Company Name", "Split Factor 1", "Split Factor 2"} <= set(
        cells
    ):
        raise lines.broken(asked, "has 'Company Name' and 'Split Factor 1' and '2'", line)
    splits = (lines.read_split(symbol, cells[f"Split Factor {at}"]) for at in (1, 2))
    return _Told(cells["Company Name"].strip(), tuple(s for s in splits if s is not None))


def _doubts(symbol: str, told: _Told, request: MarketRequest) -> list[QualityFinding]:
    """Return splits up to the as-of date whose ratio is not certain."""
    return [
        SPLIT_PLAIN.finding(
            symbol,
            f"{known.split.before:g} shares become {known.split.after:g} on "
            f"{known.split.day.isoformat()}",
        )
        for known in told.splits
        if not known.certain and known.split.day <= request.as_of
    ]


def _daily(client: LineClient, symbol: str, request: MarketRequest) -> pd.DataFrame:
    """Return a symbol's daily bars of the window as the vendor adjusts them."""
    import pandas as pd

    asked = f"the daily bars of {symbol}"
    question = lines.daily_between(symbol, request.sessions[0], request.as_of, "1")
    told = client.ask(question, lambda line: lines.ends("1", line))
    try:
        rows = lines.read_answer(told, "1", asked, lines.DAILY_FIELDS).rows
    except lines.NoDataError:
        rows = ()
    days = [lines.day(row[0], asked) for row in rows]
    named = ("high", "low", "open", "close", "volume")
    cells = {
        name: [lines.number(row[at], asked, name) for row in rows]
        for at, name in enumerate(named, start=1)
    }
    frame = pd.DataFrame(
        {
            "symbol": pd.Series([symbol] * len(rows), dtype=object),
            "session": session_column(days),
            **{name: np.array(cells[name], dtype=float) for name in
               ("open", "high", "low", "close", "volume")},
            "location": pd.Series([f"HDT/{symbol}:{n}" for n in range(1, len(rows) + 1)],
                                  dtype=object),
        }
    )  # fmt: skip
    return frame


def _interval_frame(symbol: str, seconds: int, answer: lines.Answer) -> pd.DataFrame:
    """Return interval bars with the moments they begin and end."""
    import pandas as pd

    asked = answer.asked
    ended = [
        lines.moment(row[0], asked).replace(tzinfo=NEW_YORK).timestamp() for row in answer.rows
    ]
    named = ("high", "low", "open", "close", "total", "volume", "trades")
    cells = {
        name: np.array([lines.number(row[at], asked, name) for row in answer.rows], dtype=float)
        for at, name in enumerate(named, start=1)
    }
    known = pd.to_datetime(pd.Series(ended, dtype=float), unit="s", utc=True)
    known = known.astype("datetime64[ns, UTC]")
    return pd.DataFrame(
        {
            "symbol": pd.Series([symbol] * len(ended), dtype=object),
            "session": known.dt.tz_convert(NEW_YORK).dt.normalize().dt.tz_localize(None),
            "opened_at": known - timedelta(seconds=seconds),
            "known_at": known,
            **{name: cells[name] for name in
               ("open", "high", "low", "close", "volume", "trades")},
        }
    )  # fmt: skip

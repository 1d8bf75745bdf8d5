"""IQFeed's level 1 stream: quotes as they come, each with the moment it was received.

Messages (Streaming Data via TCP/IP, protocol 6.2):

===== ========================================================================================
``Q`` an update, ``P`` the summary that a watch begins with: the selected fields, in order
``F`` fundamentals, by the field names that were requested
``T`` the time in New York, every second; its absence means that the stream stands still
``n`` a symbol that IQFeed does not know
``S`` the state of the connection: KEY, SERVER CONNECTED, SERVER DISCONNECTED, ...
===== ========================================================================================

A connection that breaks is opened anew and all symbols are watched again; a ``FeedState`` in
between tells of the gap, so that nobody takes the last quote before it for the present one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foundation.connect import Connection, LinePolicy, TransientError
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from stage_01_data_engine.adapters.vendors import iqfeed_lines as lines
from stage_01_data_engine.adapters.vendors.iqfeed import START, IqfeedSettings

FIELDS: tuple[str, ...] = (
    "Symbol",
    "Most Recent Trade",
    "Most Recent Trade Size",
    "Most Recent Trade Time",
    "Total Volume",
    "Bid",
    "Bid Size",
    "Ask",
    "Ask Size",
    "Message Contents",
)
"""The fields that are asked for, by IQFeed's names."""

State = Literal["connected", "server connected", "server disconnected", "broken off"]


@dataclass(frozen=True)
class Quote:
    """What level 1 says of a symbol.

    Attributes
    ----------
    symbol : str
    received_at : datetime
        When it came in; New York. It is known from then on.
    last, bid, ask : float
        US dollars; NaN where the message leaves the field empty.
    last_size, bid_size, ask_size, volume : float
        Shares; ``volume`` is the day's so far. NaN where empty.
    traded : str
        Time of the last trade in New York, ``HH:MM:SS.ffffff``, as written; it carries no date.
    contents : str
        What changed, by IQFeed's letters (``C`` last qualified trade, ``b`` bid, ``a`` ask, ...).
    summary : bool
        Whether it is the summary that a watch begins with.
    """

    symbol: str
    received_at: datetime
    last: float
    last_size: float
    traded: str
    volume: float
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    contents: str
    summary: bool


@dataclass(frozen=True)
class FeedState:
    """A change in the state of the feed."""

    state: State
    at: datetime
    why: str = ""


Message = Quote | FeedState


class IqfeedStream:
    """Quotes of level 1 from a running IQConnect.

    Parameters
    ----------
    connection : Connection, optional
    settings : IqfeedSettings, optional
        ``read_timeout`` is how long the stream may stand still (it beats every second) before
        the connection is given up; ``retry`` how often and when it is opened anew in a row.
    """

    def __init__(
        self, connection: Connection | None = None, settings: IqfeedSettings | None = None
    ) -> None:
        self.connection = connection or Connection()
        self.settings = settings or IqfeedSettings()

    def messages(self, symbols: Sequence[str]) -> Iterator[Message]:
        """Yield quotes of some symbols and changes of state, until the reader stops.

        Raises
        ------
        OperatorError
            If a symbol is unknown.
        UpstreamDataError
            If a message is not as agreed.
        TransientError
            If the connection cannot be had again after all tries.
        """
        watched = [lines.symbol_text(symbol) for symbol in symbols]
        timekeeper, retry = self.connection.timekeeper, self.settings.retry
        failures = 0
        while True:
            try:
                for message in self._once(watched):
                    if isinstance(message, Quote):
                        failures = 0
                    yield message
            except TransientError as error:
                failures += 1
                yield FeedState("broken off", timekeeper.now(), str(error.value))
                if failures >= retry.attempts:
                    raise
                timekeeper.sleep(retry.wait(failures, self.connection.jitter()))

    def _once(self, watched: Sequence[str]) -> Iterator[Message]:
        """Yield messages of one connection."""
        settings, timekeeper = self.settings, self.connection.timekeeper
        client = self.connection.lines(
            LinePolicy(
                vendor="IQFeed",
                host=settings.host,
                port=settings.level_one_port,
                greeting=lines.GREETING,
                read_timeout=settings.read_timeout,
                start=START,
            )
        )
        questions = [f"S,SELECT UPDATE FIELDS,{','.join(FIELDS)}", "S,TIMESTAMPSON"]
        names: tuple[str, ...] | None = None
        with client:
            yield FeedState("connected", timekeeper.now())
            for line in client.stream(*questions, *(f"w{symbol}" for symbol in watched)):
                if line.startswith("S,CURRENT UPDATE FIELDNAMES,"):
                    names = _names(line)
                    continue
                message = read_message(line, names, timekeeper.now())
                if message is not None:
                    yield message


def read_message(line: str, names: Sequence[str] | None, now: datetime) -> Message | None:
    """Return what a line of the stream says; None where it is nothing to us.

    Parameters
    ----------
    line : str
    names : sequence of str or None
        The fields of updates, in order; None as long as IQFeed has not told them.
    now : datetime
        When the line came in; aware.

    Raises
    ------
    OperatorError
        If it says that a symbol is unknown.
    UpstreamDataError
        If it is not as agreed.
    """
    kind, _, rest = line.partition(",")
    if kind in ("Q", "P"):
        if names is None:  # Field names come before the first watch is answered.
            raise lines.broken("the stream", "names its fields before the first quote", line)
        return _quote(rest, names, now, summary=kind == "P")
    if kind == "n":
        raise OperatorError(
            "IQFeed knows the symbols that are watched",
            value=rest,
            remedy="check the spelling (IQFeed writes BRK.B, SPX.XO, @ES#)",
        )
    if kind == "E":
        raise UpstreamDataError(
            "IQFeed understands what the stream asks for",
            value=line,
            remedy="check the protocol version of IQConnect and the services of your plan",
        )
    if kind == "S":
        return _state(rest, now)
    if kind in ("F", "T", "R", "N", ""):
        return None
    raise lines.broken("the stream", "begins every message with a known letter", line)


def _names(line: str) -> tuple[str, ...]:
    told = tuple(line.rstrip(",").split(",")[2:])
    if set(FIELDS) - set(told):
        raise lines.broken("the stream", f"has the fields {', '.join(FIELDS)}", line)
    return told


def _state(rest: str, now: datetime) -> Message | None:
    said = rest.rstrip(",")
    if said == "SERVER CONNECTED":
        return FeedState("server connected", now)
    if said in ("SERVER DISCONNECTED", "SERVER RECONNECT FAILED"):
        return FeedState("server disconnected", now, said)
    if said.startswith("SYMBOL LIMIT REACHED"):
        raise OperatorError(
            "The plan allows as many symbols at once as are watched",
            value=said,
            remedy="watch fewer symbols, or ask the vendor for a higher limit",
        )
    return None


def _quote(rest: str, names: Sequence[str], now: datetime, *, summary: bool) -> Quote:
    cells = rest.split(",")
    if len(cells) not in (len(names), len(names) + 1) or any(cells[len(names) :]):
        raise lines.broken("the stream", f"has {len(names)} fields in every quote", rest)
    told = dict(zip(names, cells, strict=False))

    def numeric(name: str) -> float:
        cell = told[name]
        return lines.number(cell, "the stream", name) if cell else math.nan

    if not told["Symbol"]:
        raise lines.broken("the stream", "has a symbol in every quote", rest)
    return Quote(
        symbol=told["Symbol"],
        received_at=now.astimezone(NEW_YORK),
        last=numeric("Most Recent Trade"),
        last_size=numeric("Most Recent Trade Size"),
        traded=told["Most Recent Trade Time"],
        volume=numeric("Total Volume"),
        bid=numeric("Bid"),
        bid_size=numeric("Bid Size"),
        ask=numeric("Ask"),
        ask_size=numeric("Ask Size"),
        contents=told["Message Contents"],
        summary=summary,
    )

"""A source's rows as rows of the bitemporal store, and back.

=========  ====================  ============================  ==============================
library    entity                event time                    known at
=========  ====================  ============================  ==============================
bars       symbol                session                       its close
series     series, symbol        event time                    as the source says
events     symbol, kind, name    event time                    as the source says
options    contract, underlying  snapshot                      as the source says
reference  instrument or series  1970-01-01 (they have none)   with their first bar
=========  ====================  ============================  ==============================

Rows are kept as they were found, those that break a rule of the gate included: the gate judges
whatever is read, so a better gate is better on old rows too. Rows of a source that share a key
are told apart by their ordinal (``copy``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, MARKET, ContinuousSeries, Instrument, MarketEvent
from foundation.kernel import NEW_YORK
from foundation.market import closes, next_session, sessions
from foundation.storage.bitemporal import Library
from stage_01_data_engine.raw import OBSERVATION_COLUMNS, QUOTE_COLUMNS, RawMarket
from stage_01_data_engine.series import KNOWN_SERIES

if TYPE_CHECKING:
    import pandas as pd

BETWEEN = "\x1f"
"""Stands between the parts of an entity's name (the unit separator of ASCII)."""

WITHOUT_TIME = np.datetime64(0, "ns")
QUOTE_TEXTS = ("contract", "underlying", "right", "expiry", "location")
BESIDE = ("location",)
"""Columns that say where a row stood, not what it says."""


@dataclass(frozen=True)
class Delivery:
    """Rows of one delivery by library, as ``BitemporalStore.append`` takes them."""

    bars: pd.DataFrame
    series: pd.DataFrame
    events: pd.DataFrame
    options: pd.DataFrame
    reference: pd.DataFrame

    def __iter__(self) -> Iterator[tuple[Library, pd.DataFrame]]:
        """Yield libraries and rows; bars last, for they say that a session is there."""
        yield "reference", self.reference
        yield "series", self.series
        yield "events", self.events
        yield "options", self.options
        yield "bars", self.bars


def delivered(raw: RawMarket) -> Delivery:
    """Return a source's rows, each with its claim since when it is known."""
    bars = _bars(raw)
    return Delivery(
        bars=bars,
        series=_numbered(_series(raw), exact=True),
        events=_numbered(_events(raw.events), exact=False),
        options=_numbered(_options(raw), exact=False),
        reference=_reference(raw, bars),
    )


def closes_of(days: np.ndarray, last: date) -> np.ndarray:
    """Return the close of each day, of the session after it where it is none; UTC, M8[ns].

    What stands on no session cannot be known before the next close; nothing later than the close
    of ``last`` is returned.
    """
    first = days.min().item() if len(days) else last
    until = max(last, next_session(last) if first > last else last)
    calendar = np.array(sessions(first, until), dtype="M8[D]")
    at = np.searchsorted(calendar, days, side="left")
    return closes(first, until)[np.minimum(at, len(calendar) - 1)]


def _bars(raw: RawMarket) -> pd.DataFrame:
    import pandas as pd

    days = raw.bars["session"].to_numpy().astype("M8[D]")
    rows = pd.DataFrame(
        {
            "entity": raw.bars["symbol"].to_numpy(dtype=object),
            "event_time": days.astype("M8[ns]"),
            "known_at": closes_of(days, raw.request.as_of),
            **{field: raw.bars[field].to_numpy(dtype=float) for field in BAR_FIELDS},
            "location": raw.bars["location"].to_numpy(dtype=object),
        }
    )
    return _numbered(rows, exact=False)


def _series(raw: RawMarket) -> pd.DataFrame:
    found = raw.observations
    return found.assign(entity=found["series"] + BETWEEN + found["symbol"])[
        ["entity", "event_time", "known_at", "value", "location"]
    ].reset_index(drop=True)


def _events(events: Sequence[MarketEvent]) -> pd.DataFrame:
    import pandas as pd

    # In the order they became known, so that the ordinal of one does not hang on later ones.
    events = sorted(events, key=lambda e: e.known_at)
    return pd.DataFrame(
        {
            "entity": [BETWEEN.join((e.symbol, e.kind, e.name)) for e in events],
            "event_time": pd.to_datetime([e.event_time for e in events], utc=True),
            "known_at": pd.to_datetime([e.known_at for e in events], utc=True),
            "event": [e.model_dump_json() for e in events],
        }
    )


def _options(raw: RawMarket) -> pd.DataFrame:
    quotes = raw.option_quotes
    texts = {name: quotes[name].astype(str).to_numpy(dtype=object) for name in QUOTE_TEXTS}
    texts["expiry"] = np.datetime_as_string(quotes["expiry"].to_numpy(dtype="M8[s]")).astype(object)
    return quotes.assign(
        entity=quotes["contract"].astype(str) + BETWEEN + quotes["underlying"].astype(str),
        event_time=quotes["snapshot"],
        **texts,
    ).drop(columns="snapshot")


def _reference(raw: RawMarket, bars: pd.DataFrame) -> pd.DataFrame:
    """Return instruments, known with their first bar, and the series a source declares."""
    import pandas as pd

    first = bars.groupby("entity")["known_at"].min()
    begin = bars["known_at"].min()
    said: list[tuple[str, np.datetime64, Instrument | ContinuousSeries]] = []
    said += [(f"instrument{BETWEEN}{i.symbol}", first[i.symbol], i) for i in raw.instruments]
    own = [s for s in raw.series if s.name not in KNOWN_SERIES]
    said += [(f"series{BETWEEN}{s.name}", begin, s) for s in own]
    return pd.DataFrame(
        {
            "entity": [name for name, _, _ in said],
            "event_time": WITHOUT_TIME,
            "known_at": pd.to_datetime([moment for _, moment, _ in said]),
            "said": [part.model_dump_json() for _, _, part in said],
        }
    )


def _numbered(rows: pd.DataFrame, *, exact: bool) -> pd.DataFrame:
    """Tell rows of one key apart by their ordinal: of one moment too, or of whatever moment."""
    key = ["entity", "event_time", "known_at"] if exact else ["entity", "event_time"]
    return rows.assign(copy=rows.groupby(key, sort=False).cumcount().astype(np.int16))


# and back


def bars_of(rows: pd.DataFrame, symbols: Sequence[str]) -> pd.DataFrame:
    """Return ``RawMarket.bars``, symbol by symbol in the order given."""
    rank = dict(zip(symbols, range(len(symbols)), strict=True))
    order = np.lexsort((rows["copy"], rows["event_time"], rows["entity"].map(rank)))
    named = rows.iloc[order].rename(columns={"entity": "symbol", "event_time": "session"})
    return named[["symbol", "session", *BAR_FIELDS, "location"]].reset_index(drop=True)


def observations_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return ``RawMarket.observations``."""
    parts = rows["entity"].str.split(BETWEEN, expand=True).reindex(columns=[0, 1])
    aware = {name: rows[name].dt.tz_localize("UTC") for name in ("event_time", "known_at")}
    return rows.assign(series=parts[0], symbol=parts[1].fillna(MARKET), **aware)[
        list(OBSERVATION_COLUMNS)
    ]


def events_of(rows: pd.DataFrame) -> tuple[MarketEvent, ...]:
    """Return ``RawMarket.events`` in the order they became known."""
    from pandas import Timestamp

    ordered = rows.sort_values(["known_at", "event_time", "entity"], kind="stable")
    moments = ordered["known_at"].dt.tz_localize("UTC").dt.tz_convert(NEW_YORK)
    return tuple(
        MarketEvent.model_validate_json(text).model_copy(update={"known_at": moment})
        for text, moment in zip(
            ordered["event"], map(Timestamp.to_pydatetime, moments), strict=True
        )
    )


def option_quotes_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return ``RawMarket.option_quotes``."""
    import pandas as pd

    return rows.assign(
        snapshot=rows["event_time"],
        expiry=pd.to_datetime(rows["expiry"]).astype("datetime64[ns]"),
        known_at=rows["known_at"].dt.tz_localize("UTC"),
    )[list(QUOTE_COLUMNS)]


def declared_of(
    rows: pd.DataFrame,
) -> tuple[dict[str, Instrument], tuple[ContinuousSeries, ...]]:
    """Return instruments by symbol, and declared series."""
    instruments: dict[str, Instrument] = {}
    series: list[ContinuousSeries] = []
    for entity, said in zip(rows["entity"], rows["said"], strict=True):
        kind, _, name = entity.partition(BETWEEN)
        if kind == "instrument":
            instruments[name] = Instrument.model_validate_json(said)
        else:
            series.append(ContinuousSeries.model_validate_json(said))
    return instruments, tuple(series)


def about(entities: pd.Series, symbols: Sequence[str]) -> np.ndarray:
    """Say which entities are about the market as a whole, about series, or about these symbols."""
    wanted = {*symbols, MARKET}
    parts = entities.str.split(BETWEEN, expand=True)
    found = (parts[0] == "series").to_numpy() if len(parts) else np.zeros(0, dtype=bool)
    for column in parts:
        found = found | parts[column].isin(wanted).to_numpy()
    return np.asarray(found)

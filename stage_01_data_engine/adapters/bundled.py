"""Real market data that comes with ``arch`` and ``skfolio``: nothing to download, no key.

The packages' files are read where they are installed, without importing the packages (their
loaders give the same numbers, but importing them costs 0.8 s). When each value counts as
known:

============== =================================================================================
bars, VIX, WTI at the close of their session. VIX and WTI carry rows on exchange holidays; those
               count as known at the close of the next session.
credit spread  BAA minus AAA, a monthly average: at the close of the first session of the
               following month.
core CPI       at 08:30 on the last session of the following month. The packages carry no release
               dates; the rule is deliberately late: no release of 2007-2015, the one after the
               government shutdown of October 2013 included, came later. The values are a later
               vintage than the first release (revised seasonal factors).
============== =================================================================================

The twenty stocks are large companies of today (survivors), their closes adjusted for splits and
dividends, so stories about them are told with hindsight of who survived.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from foundation.contracts import BAR_FIELDS, Instrument, MarketEvent
from foundation.kernel import NEW_YORK, DependencyError, OperatorError, UpstreamDataError
from foundation.market import close_of, is_session, last_session_of_month, next_session
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

if TYPE_CHECKING:
    import pandas as pd

CORE_INFLATION = "core inflation"
RELEASE_TIME = timedelta(hours=8, minutes=30)


class _Listing(NamedTuple):
    name: str
    sector: str | None = None


INDICES: dict[str, tuple[_Listing, str]] = {
    "SPX": (_Listing("S&P 500"), "arch/data/sp500/sp500.csv.gz"),
    "IXIC": (_Listing("Nasdaq Composite"), "arch/data/nasdaq/nasdaq.csv.gz"),
}
STOCKS: dict[str, _Listing] = {
    "AAPL": _Listing("Apple", "Information Technology"),
    "AMD": _Listing("Advanced Micro Devices", "Information Technology"),
    "BAC": _Listing("Bank of America", "Financials"),
    "BBY": _Listing("Best Buy", "Consumer Discretionary"),
    "CVX": _Listing("Chevron", "Energy"),
    "GE": _Listing("General Electric", "Industrials"),
    "HD": _Listing("Home Depot", "Consumer Discretionary"),
    "JNJ": _Listing("Johnson & Johnson", "Health Care"),
    "JPM": _Listing("JPMorgan Chase", "Financials"),
    "KO": _Listing("Coca-Cola", "Consumer Staples"),
    "LLY": _Listing("Eli Lilly", "Health Care"),
    "MRK": _Listing("Merck", "Health Care"),
    "MSFT": _Listing("Microsoft", "Information Technology"),
    "PEP": _Listing("PepsiCo", "Consumer Staples"),
    "PFE": _Listing("Pfizer", "Health Care"),
    "PG": _Listing("Procter & Gamble", "Consumer Staples"),
    "RRC": _Listing("Range Resources", "Energy"),
    "UNH": _Listing("UnitedHealth", "Health Care"),
    "WMT": _Listing("Walmart", "Consumer Staples"),
    "XOM": _Listing("Exxon Mobil", "Energy"),
}
FACTOR_ETFS: dict[str, _Listing] = {
    "MTUM": _Listing("iShares MSCI USA Momentum Factor ETF"),
    "QUAL": _Listing("iShares MSCI USA Quality Factor ETF"),
    "SIZE": _Listing("iShares MSCI USA Size Factor ETF"),
    "USMV": _Listing("iShares MSCI USA Min Vol Factor ETF"),
    "VLUE": _Listing("iShares MSCI USA Value Factor ETF"),
}
STOCKS_FILE = "skfolio/datasets/data/sp500_dataset.csv.gz"
ETFS_FILE = "skfolio/datasets/data/factors_dataset.csv.gz"


class BundledSource:
    """The demo's market: two indices with ranges and volume, 20 stocks and 5 ETFs by close."""

    name = "bundled"

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what the bundled files tell about the market up to the as-of close.

        Raises
        ------
        OperatorError
            If a symbol is asked for that is not bundled.
        UpstreamDataError
            If no bundled series has a bar in the window.
        DependencyError
            If ``arch`` or ``skfolio`` is missing or has moved its data files.
        """
        listed = (*INDICES, *STOCKS, *FACTOR_ETFS)
        for symbol in request.symbols or ():
            if symbol not in listed:
                raise OperatorError(
                    "The bundled source has a fixed list of instruments",
                    value=symbol,
                    remedy=f"choose from {', '.join(listed)}",
                )
        wanted = request.symbols or listed
        bars = _bars(wanted, request)
        if bars.empty:
            raise UpstreamDataError(
                "The bundled files hold bars of the window asked for",
                value=f"{request.history_sessions} sessions to {request.as_of.isoformat()}",
                remedy="choose an as-of date between 1999 and 2022; the indices end 2018-12-31",
            )
        observations, events = _market_wide(request)
        return raw_market(
            request,
            name=self.name,
            bars=bars,
            observations=observations,
            events=events,
            instruments=tuple(_instrument(symbol) for symbol in wanted),
            licence="arch: NCSA; skfolio: BSD-3-Clause; example data, not for trading",
            survivor_biased=True,
            note="Stocks and ETFs: adjusted closes only. Credit spread and core inflation: "
            "later vintages, dated by a late publication rule.",
        )


def _instrument(symbol: str) -> Instrument:
    if symbol in INDICES:
        return Instrument(
            symbol=symbol, name=INDICES[symbol][0].name, kind="index", fields=BAR_FIELDS
        )
    listing = STOCKS.get(symbol) or FACTOR_ETFS[symbol]
    return Instrument(
        symbol=symbol,
        name=listing.name,
        kind="equity" if symbol in STOCKS else "etf",
        fields=("close",),
        sector=listing.sector,
    )


def _path(inside: str) -> Path:
    package, _, rest = inside.partition("/")
    spec = find_spec(package)
    path = Path(spec.origin).parent / rest if spec and spec.origin else Path(inside)
    if not path.is_file():
        raise DependencyError(
            f"The bundled source reads data files of the package {package!r}",
            value=inside,
            remedy=f"install the version of {package} named in constraints.txt",
        )
    return path


def _read(inside: str, until: date) -> pd.DataFrame:
    """Return a file's rows dated up to ``until``, by date, with their line numbers."""
    import pandas as pd

    frame = pd.read_csv(_path(inside), na_values=["."], float_precision="round_trip")
    frame = frame.rename(columns={frame.columns[0]: "session"})
    written = "%m/%d/%Y" if "/" in frame["session"].iloc[0] else "%Y-%m-%d"
    frame["session"] = pd.to_datetime(frame["session"], format=written)
    frame["line"] = np.arange(2, len(frame) + 2)
    return frame[frame["session"] <= pd.Timestamp(until)]


def _bars(symbols: tuple[str, ...], request: MarketRequest) -> pd.DataFrame:
    """Return the window's bars, one row per symbol and session."""
    import pandas as pd

    pieces = [
        _read(INDICES[s][1], request.as_of)
        .rename(columns=str.lower)
        .assign(symbol=s, file=INDICES[s][1].rpartition("/")[2])
        for s in symbols
        if s in INDICES
    ]
    for file, listing in ((STOCKS_FILE, STOCKS), (ETFS_FILE, FACTOR_ETFS)):
        if chosen := [s for s in symbols if s in listing]:
            wide = _read(file, request.as_of)
            pieces.append(
                wide.melt(
                    id_vars=["session", "line"],
                    value_vars=chosen,
                    var_name="symbol",
                    value_name="close",
                ).assign(file=file.rpartition("/")[2])
            )
    bars = pd.concat(pieces, ignore_index=True)
    bars = bars[bars["session"] >= pd.Timestamp(request.sessions[0])]
    places = zip(bars["file"], bars["line"], strict=True)
    bars = bars.assign(location=[f"{file}:{line}" for file, line in places])
    columns = ["symbol", "session", *BAR_FIELDS, "location"]
    return (
        bars.reindex(columns=columns)
        .reset_index(drop=True)
        .astype(dict.fromkeys(BAR_FIELDS, float))
    )


class _Observation(NamedTuple):
    series: str
    event_time: datetime
    known_at: datetime
    value: float
    location: str


def _market_wide(request: MarketRequest) -> tuple[pd.DataFrame, tuple[MarketEvent, ...]]:
    """Return the market-wide series, and core inflation as releases."""
    found = _daily("vix", "arch/data/vix/vix.csv.gz", request)
    found += _daily("wti", "arch/data/wti/wti.csv.gz", request)
    found += _credit_spread(request)
    releases, events = _core_inflation(request)
    return observation_frame(found + releases), tuple(events)


def _daily(series: str, file: str, request: MarketRequest) -> list[_Observation]:
    import pandas as pd

    frame = _read(file, request.as_of).dropna()
    frame = frame[frame["session"] >= pd.Timestamp(request.sessions[0] - timedelta(days=10))]
    found = []
    for day, value, line in zip(_days(frame), frame.iloc[:, 1], frame["line"], strict=True):
        observed = datetime(day.year, day.month, day.day, 16, tzinfo=NEW_YORK)
        known = close_of(day if is_session(day) else next_session(day))
        location = f"{file.rpartition('/')[2]}:{line}"
        found.append(_Observation(series, min(observed, known), known, value, location))
    return found


def _month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _credit_spread(request: MarketRequest) -> list[_Observation]:
    frame = _read("arch/data/default/default.csv.gz", request.as_of)
    spread = frame["BAA"] - frame["AAA"]
    found = []
    for month, value, line in zip(_days(frame), spread, frame["line"], strict=True):
        if month < request.sessions[0] - timedelta(days=92):
            continue
        known = close_of(next_session(_month_after(month) - timedelta(days=1)))
        ended = close_of(last_session_of_month(month.year, month.month))
        found.append(_Observation("credit_spread", ended, known, value, f"default.csv.gz:{line}"))
    return found


def _days(frame: pd.DataFrame) -> list[date]:
    return [stamp.date() for stamp in frame["session"]]


def release_moment(month: date) -> datetime:
    """Return when core inflation of a month counts as released: see the module's table."""
    following = _month_after(month)
    day = last_session_of_month(following.year, following.month)
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK) + RELEASE_TIME


def _core_inflation(request: MarketRequest) -> tuple[list[_Observation], list[MarketEvent]]:
    """Return twelve-month changes of core CPI, and per release its announcement and its figure.

    A release is announced (no figure yet) at the moment of the release before it.
    """
    frame = _read("arch/data/core_cpi/core-cpi.csv.gz", request.as_of)
    level = frame.iloc[:, 1].to_numpy()
    change = np.full(len(level), np.nan)
    change[12:] = 100.0 * (level[12:] / level[:-12] - 1.0)
    first = request.sessions[0] - timedelta(days=92)
    months = _days(frame)
    observations, events = [], []
    for i in range(13, len(months)):
        if months[i] < first:
            continue
        moment = release_moment(months[i])
        location = f"core-cpi.csv.gz:{frame['line'].iloc[i]}"
        observations.append(_Observation("core_cpi_yoy", moment, moment, change[i], location))
        events.append(_release(months[i], moment, change[i], change[i - 1]))
        coming = _month_after(months[i])
        events.append(_announcement(coming, moment, change[i]))
    return observations, events


def _release(month: date, moment: datetime, actual: float, previous: float) -> MarketEvent:
    return MarketEvent(
        kind="economic release",
        name=CORE_INFLATION,
        event_time=moment,
        known_at=moment,
        actual=float(actual),
        expected=None,
        previous=float(previous),
        unit="percent over twelve months",
        text=f"Core consumer prices for {month:%B %Y}",
    )


def _announcement(month: date, known_at: datetime, previous: float) -> MarketEvent:
    return MarketEvent(
        kind="economic release",
        name=CORE_INFLATION,
        event_time=release_moment(month),
        known_at=known_at,
        previous=float(previous),
        unit="percent over twelve months",
        text=f"Core consumer prices for {month:%B %Y}, due",
    )

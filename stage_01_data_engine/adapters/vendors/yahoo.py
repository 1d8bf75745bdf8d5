"""Yahoo Finance by the library yfinance: daily bars, splits and dividends, without a key.

Yahoo's bars are adjusted for every split up to today, and so are its dividends. They are taken back
to the prices at which they traded, and adjusted again for what had happened by the as-of date.
Yahoo counts in single precision; prices and dividends are rounded to four decimals and seven digits
at most, which takes the noise off again, so that a later split leaves no trace.

========= ========================================================================================
bars      known at the close of their session
splits    at the opening of the session they take effect on
dividends at the opening of the ex-date; declarations are not reported
========= ========================================================================================

Yahoo's terms allow personal use only, and it may change or refuse at any time: a source for
trying things out. The library is optional: ``pip install 'financial-story-llm[live]'``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from foundation.connect import Connection, Rate, RetryPolicy
from foundation.contracts import Instrument
from foundation.kernel import UpstreamDataError
from foundation.kernel.model import Part
from stage_01_data_engine.adapters.actions import (
    dividend_event,
    event_order,
    rounded,
    session_column,
    split_event,
    to_digits,
    with_reported_fields,
)
from stage_01_data_engine.adapters.vendors.asked import named_symbols, nothing_in_window
from stage_01_data_engine.adapters.vendors.yahoo_download import (
    Download,
    Downloader,
    YfinanceDownloader,
)
from stage_01_data_engine.corporate_actions import (
    CashDividend,
    SplitOn,
    action_table,
    adjust,
    as_traded,
)
from stage_01_data_engine.knowledge import require_closed
from stage_01_data_engine.raw import MarketRequest, RawMarket, observation_frame, raw_market

if TYPE_CHECKING:
    import pandas as pd

KINDS: dict[str, Literal["etf", "index", "future"]] = {
    "ETF": "etf",
    "MUTUALFUND": "etf",
    "INDEX": "index",
    "FUTURE": "future",
}
"""Instrument kinds by Yahoo's; every other one counts as a share."""
COLUMNS = {"open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"}
DECIMALS, DIGITS = 4, 7
NEW_YORK_NAME = "America/New_York"


class YahooSettings(Part):
    """What can be set about this source."""

    rates: tuple[Rate, ...] = Field(
        default=(Rate(requests=1, seconds=1),),
        description="Yahoo names no limit and refuses clients it thinks too fast.",
    )
    retry: RetryPolicy = RetryPolicy()
    read_timeout: float = Field(default=30.0, gt=0, description="Seconds for one answer.")
    base_url: str | None = Field(
        default=None, description="In place of all of Yahoo's addresses, e.g. an emulator's."
    )
    library_cache: str | None = Field(
        default=None, description="Folder where yfinance keeps time zones; None: its own."
    )
    adjustment: Literal["splits", "splits and dividends"] = Field(
        default="splits",
        description="What earlier prices are adjusted for, as of the as-of date.",
    )


class YahooSource:
    """Market data from Yahoo Finance.

    Parameters
    ----------
    connection : Connection, optional
        Time and limits. There is no key; answers are not cached.
    settings : YahooSettings, optional
    downloader : Downloader, optional
        Fetches one symbol. Default: yfinance.
    """

    name = "yahoo"

    def __init__(
        self,
        connection: Connection | None = None,
        settings: YahooSettings | None = None,
        downloader: Downloader | None = None,
    ) -> None:
        self.connection = connection or Connection()
        self.settings = settings or YahooSettings()
        self.downloader = downloader

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what Yahoo knew of the symbols at the as-of close.

        Raises
        ------
        OperatorError
            If no symbols are named, one is unknown, or the as-of session has not closed.
        DependencyError
            If yfinance is not installed.
        UpstreamDataError
            If an answer is not as agreed, or there is no bar in the window.
        WorldError
            If Yahoo cannot be reached after all tries, or refuses so many requests.
        """
        import pandas as pd

        symbols = named_symbols(request, "Yahoo lists hundreds of thousands")
        require_closed(request.as_of, self.connection.timekeeper.now())
        told = dict(self._downloads(symbols, request.sessions[0]))
        splits: list[SplitOn] = []
        dividends: list[CashDividend] = []
        for symbol, download in told.items():
            mine = _splits(symbol, download)
            splits += mine
            dividends += _dividends(symbol, download, mine)
        bars = pd.concat([_bars(s, d) for s, d in told.items()], ignore_index=True)
        past = [split for split in splits if split.day <= request.as_of]
        paid = [dividend for dividend in dividends if dividend.ex_date <= request.as_of]
        adjusted, findings = adjust(
            rounded(as_traded(bars, splits), DECIMALS, DIGITS),
            action_table(past, paid),
            request.as_of,
            dividends=self.settings.adjustment == "splits and dividends",
        )
        events = [split_event(split) for split in past if split.day > request.sessions[0]]
        events += [dividend_event(d.symbol, d.ex_date, d.amount) for d in paid]
        if not (bars["session"] <= pd.Timestamp(request.as_of)).any():
            raise nothing_in_window("Yahoo", symbols, request)
        return raw_market(
            request,
            name=self.name,
            bars=adjusted,
            observations=observation_frame([]),
            events=tuple(sorted(events, key=event_order)),
            instruments=tuple(
                with_reported_fields(
                    Instrument(
                        symbol=symbol,
                        name=download.name or symbol,
                        kind=KINDS.get(download.kind, "equity"),
                        fields=("close",),
                    ),
                    adjusted,
                )
                for symbol, download in told.items()
            ),
            findings=findings,
            licence="Yahoo: personal use only; not for redistribution",
            survivor_biased=True,
            note="Yahoo's split adjustment undone and made anew for "
            f"{self.settings.adjustment} up to the as-of date. Yahoo drops delisted symbols.",
        )

    def _downloads(self, symbols: Iterable[str], since: date) -> Iterable[tuple[str, Download]]:
        """Yield what Yahoo has of every symbol from a date up to now, later splits included."""
        settings = self.settings
        fetch = self.downloader or YfinanceDownloader(
            timeout=settings.read_timeout,
            base_url=settings.base_url,
            cache=settings.library_cache,
        )
        guard = self.connection.guard("Yahoo", rates=settings.rates, retry=settings.retry)
        for symbol in symbols:
            yield symbol, guard.call(lambda symbol=symbol: fetch(symbol, since))  # type: ignore[misc]


def _broken(symbol: str, expectation: str, value: object) -> UpstreamDataError:
    return UpstreamDataError(
        f"Yahoo's chart of {symbol} {expectation}",
        value=value,
        remedy="update yfinance; if it stays so, Yahoo has changed its format",
    )


def _numbers(symbol: str, frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column of numbers; NaN where there is none."""
    import pandas as pd

    if column not in frame.columns:
        raise _broken(symbol, f"has the column {column!r}", list(frame.columns))
    cells = frame[column]
    if cells.ndim != 1 or not (
        pd.api.types.is_numeric_dtype(cells) or cells.isna().all()
    ) or pd.api.types.is_bool_dtype(cells):  # fmt: skip
        raise _broken(symbol, f"has numbers in {column!r}", str(cells.dtypes))
    return cells.to_numpy(dtype=float, na_value=np.nan)


def _days(symbol: str, frame: pd.DataFrame) -> list[date]:
    """Return the sessions of the rows: dates of New York."""
    import pandas as pd

    index = frame.index
    if len(frame) == 0:
        return []
    if not isinstance(index, pd.DatetimeIndex) or index.hasnans:
        raise _broken(symbol, "is indexed by dates", str(index[:1]))
    if str(index.tz) != NEW_YORK_NAME:
        raise _broken(symbol, "is stamped with dates of New York", str(index.tz))
    if (index != index.normalize()).any():
        raise _broken(symbol, "is stamped with midnight of New York", str(index[0]))
    return [stamp.date() for stamp in index]


def _bars(symbol: str, download: Download) -> pd.DataFrame:
    """Return bars as Yahoo adjusts them: for all splits up to today."""
    import pandas as pd

    frame = download.frame
    days = _days(symbol, frame)
    values = {name: _numbers(symbol, frame, column) for name, column in COLUMNS.items()}
    places = [f"chart/{symbol}:{n}" for n in range(1, len(days) + 1)]
    return pd.DataFrame(
        {
            "symbol": pd.Series([symbol] * len(days), dtype=object),
            "session": session_column(days),
            **values,
            "location": pd.Series(places, dtype=object),
        }
    )


def _splits(symbol: str, download: Download) -> list[SplitOn]:
    ratios = _numbers(symbol, download.frame, "Stock Splits")
    found = set()
    for day, ratio in zip(_days(symbol, download.frame), ratios.tolist(), strict=True):
        if ratio in (0.0, 1.0) or np.isnan(ratio):
            continue
        if not 1e-6 <= ratio <= 1e6:
            raise _broken(symbol, "has plausible, positive ratios in 'Stock Splits'", ratio)
        found.add(SplitOn(symbol, day, 1.0, ratio))
    return sorted(found)


def _dividends(symbol: str, download: Download, splits: list[SplitOn]) -> list[CashDividend]:
    """Return dividends in the terms of their ex-date."""
    amounts = _numbers(symbol, download.frame, "Dividends")
    found = set()
    for day, amount in zip(_days(symbol, download.frame), amounts.tolist(), strict=True):
        if not amount > 0:
            continue
        later = np.prod([s.after / s.before for s in splits if s.day > day])
        paid = float(to_digits(np.array([amount * later]), DECIMALS, DIGITS)[0])
        if not np.isfinite(paid):
            raise _broken(symbol, "has finite amounts in 'Dividends'", amount)
        found.add(CashDividend(symbol, day, paid))
    return sorted(found)

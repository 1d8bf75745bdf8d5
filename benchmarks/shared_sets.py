"""How each set of real data beside the repository is read, for the benchmarks that use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.contracts import BAR_FIELDS, Instrument
from foundation.market import sessions
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.bitemporal import judge_sightings
from stage_01_data_engine.intraday import place
from stage_01_data_engine.option_quotes import OPTION_COLUMNS, judge_chain
from stage_01_data_engine.periods import judge_series
from stage_01_data_engine.quality import Gated, gate
from stage_01_data_engine.release_clock import judge_calendar
from stage_01_data_engine.verdicts import Judged

DAILY: dict[str, str] = {
    "ohlcv_sp500_2013_2018": "bars.parquet",
    "ohlcv_sp500_2018_2023": "bars.parquet",
    "etf_daily ": "etf_adj_1995_2023.parquet",
    "etf_daily": "more_assets_1990_2023.parquet",
    "lean_us_daily_raw": "bars_raw.parquet",
    "corporate_actions": "prices_raw_with_splits.parquet",
    "news_stocknet_tweets": "prices_2012_2017.parquet",
    "news_fnspid_price_sentiment": "daily.parquet",
    "index_vix": "vix_daily.csv.gz",
    "index_vix ": "sp500_daily_1999_2018.csv.gz",
    "index_vix  ": "nasdaq_daily_1999_2018.csv.gz",
}
"""Daily bars: folder (trailing blanks keep keys apart) and file."""


def daily(path: Path) -> pd.DataFrame:
    """Return a file of daily bars as the gate takes them."""
    if path.name.endswith(".parquet"):
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(path, parse_dates=["date"])
    frame = frame.rename(columns={"ticker": "symbol", "date": "session"})
    if "symbol" not in frame:
        frame["symbol"] = path.name.split("_")[0].upper()
    if "volume" not in frame:
        frame["volume"] = np.nan
    frame["location"] = [f"{path.name}:{n}" for n in range(1, len(frame) + 1)]
    frame = frame[["symbol", "session", *BAR_FIELDS, "location"]]
    return frame.astype(dict.fromkeys(BAR_FIELDS, float))


def judged(bars: pd.DataFrame) -> Gated:
    """Return the gate's answer over the sessions from the first to the last row."""
    reported = bars[list(BAR_FIELDS)].notna().groupby(bars["symbol"].to_numpy()).any()
    instruments = tuple(
        Instrument(symbol=s, name=s, kind="equity", fields=tuple(f for f in BAR_FIELDS if has[f]))
        for s, has in reported.iterrows()
    )
    days = sessions(bars["session"].min().date(), bars["session"].max().date())
    return gate(bars, instruments, days, DataEngineSettings())


def other_sets(shared: Path) -> Iterator[tuple[str, Judged, int, int]]:
    """Yield name, verdict, rows of the file and rows not yet known, of the sets of other kinds."""
    fred = pd.read_parquet(shared / "macro_fred" / "fred_long.parquet")
    yield "macro_fred", judge_series(fred, location="fred_long"), len(fred), 0
    for name in ("wti", "brent"):
        oil = pd.read_csv(shared / "macro_oil" / f"{name}_daily.csv.gz", parse_dates=["Date"])
        oil = oil.rename(columns={"Date": "date", "Price": "value"}).assign(series=name)
        yield f"macro_oil {name}", judge_series(oil, location=name), len(oil), 0
    calendar = economic_calendar(shared)
    for place_, zone in ZONES.items():
        own = calendar[calendar["place"] == place_].reset_index(drop=True)
        found = judge_calendar(own, zone=zone, location="forexfactory")
        yield f"economic_calendar {place_}", found, len(own), 0
    crawl = crawled(shared)
    found, unseen = judge_sightings(
        crawl,
        as_of=pd.Timestamp("2015-06-30"),
        key=["symbol", "date"],
        known_at="crawl_date",
        values=list(BAR_FIELDS),
        location="crawl_raw",
    )
    yield "ohlcv_crawl_2015, as of 2015-06-30", found, len(crawl), unseen
    for name, chain in chains(shared):
        yield name, judge_chain(chain, location=name), len(chain), 0
    for length, file in INTRADAY.items():
        bars = intraday(shared, file)
        yield f"intraday {length}", place(bars, length, location=file), len(bars), 0  # type: ignore[arg-type]


ZONES = {
    "USD": "America/New_York",
    "EUR": "Europe/Berlin",
    "GBP": "Europe/London",
    "JPY": "Asia/Tokyo",
    "CNY": "Asia/Shanghai",
}
INTRADAY = {
    "minute": "lean_minute_trades_2008_2014.parquet",
    "hour": "lean_hour_trades_2012_2018.parquet",
}


def intraday(shared: Path, file: str) -> pd.DataFrame:
    return pd.read_parquet(shared / "intraday" / file).rename(
        columns={"ticker": "symbol", "ts": "stamp"}
    )


def economic_calendar(shared: Path) -> pd.DataFrame:
    """Return the calendar, its stamps taken for wall clock (which they are not)."""
    frame = pd.read_parquet(shared / "economic_calendar" / "forexfactory_2007_2015.parquet")
    return frame.rename(columns={"datetime_utc_minus5_no_dst": "stamp", "country": "place"})


def crawled(shared: Path) -> pd.DataFrame:
    """Return the crawl with numbers and dates in place of text."""
    frame = pd.read_parquet(shared / "ohlcv_crawl_2015" / "crawl_raw.parquet")
    frame["date"] = pd.to_datetime(frame["date"])
    frame["crawl_date"] = pd.to_datetime(frame["crawl_date"], format="%Y%m%d")
    for name in (*BAR_FIELDS, "adj_close"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame


def chains(shared: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the three option sets in the columns of ``judge_chain``."""
    yahoo = pd.read_parquet(shared / "options_yahoo_2026_02" / "chain.parquet")
    stamps = yahoo["snapshot_date"].map(
        {"2026-02-11": "2026-02-11 12:00", "2026-02-12": "2026-02-12 10:10"}
    )
    names = {
        "contractSymbol": "contract", "ticker": "underlying", "lastPrice": "last",
        "openInterest": "open_interest", "impliedVolatility": "implied_volatility",
        "optionType": "right", "underlyingPrice": "spot",
    }  # fmt: skip
    yahoo = yahoo.drop(columns="snapshot").rename(columns=names)
    yield "options_yahoo_2026_02", _chain(yahoo, stamps, yahoo["expirationDate"])
    spx = pd.read_parquet(shared / "options_spx_2019" / "chain.parquet")
    names = {
        "optionroot": "contract", "underlying_last": "spot", "openinterest": "open_interest",
        "impliedvol": "implied_volatility", "type": "right",
    }  # fmt: skip
    spx = spx.rename(columns=names)
    yield "options_spx_2019", _chain(spx, spx["quotedate"], spx["expiration"])
    lean = pd.read_parquet(shared / "options_lean_aapl_2014" / "chain.parquet")
    price = pd.read_csv(
        shared / "options_lean_aapl_2014" / "underlying.csv", parse_dates=["quote_date"]
    ).set_index("quote_date")["close"]
    lean["contract"] = lean["expiry"].astype(str) + lean["right"] + lean["strike"].astype(str)
    lean["spot"] = lean["quote_date"].map(price)
    lean = lean.rename(columns={"close": "last"})
    yield "options_lean_aapl_2014", _chain(lean, lean["quote_date"], lean["expiry"])


def _chain(frame: pd.DataFrame, snapshot: pd.Series, expiry: pd.Series) -> pd.DataFrame:
    frame = frame.assign(snapshot=pd.to_datetime(snapshot), expiry=pd.to_datetime(expiry))
    return frame.reindex(columns=list(OPTION_COLUMNS))

"""How each set of real data beside the repository is read, for the benchmarks that use it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.contracts import BAR_FIELDS, MARKET, Instrument
from foundation.market import sessions
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.bitemporal import judge_sightings
from stage_01_data_engine.event_rules import (
    judge_actions,
    judge_earnings,
    judge_membership,
    judge_snapshots,
    judge_texts,
)
from stage_01_data_engine.intraday import place
from stage_01_data_engine.option_quotes import OPTION_COLUMNS, judge_chain
from stage_01_data_engine.periods import judge_series
from stage_01_data_engine.quality import Gated, gate
from stage_01_data_engine.release_clock import judge_calendar, wall_clock
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
        wall, _ = wall_clock(own["stamp"], own["event"], hours=-5, zone=zone)
        found = judge_calendar(own.assign(stamp=wall), zone=zone, location="forexfactory")
        yield f"economic_calendar {place_}, stamps repaired", found, len(own), 0
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


def event_sets(shared: Path) -> Iterator[tuple[str, Judged, int, int]]:
    """Yield name, verdict, rows of the file and 0, of the sets of events."""
    news = pd.read_parquet(shared / "news_benzinga_headlines" / "headlines_2009_2017.parquet")
    news = news.drop(columns="date").rename(
        columns={"stock": "symbol", "title": "text", "ts_utc": "stamp"}
    )
    end = datetime(2017, 12, 31, 23, 59, tzinfo=UTC)
    yield "news_benzinga_headlines", judge_texts(news, collected=end, location="b"), len(news), 0
    news = pd.read_parquet(shared / "news_sp500_headlines" / "headlines_2008_2019.parquet")
    news = news.rename(columns={"title": "text", "date": "stamp"}).assign(symbol=MARKET)
    end = datetime(2019, 12, 31, 23, 59, tzinfo=UTC)
    yield "news_sp500_headlines", judge_texts(news, collected=end, location="s"), len(news), 0
    tweets = pd.read_parquet(shared / "news_stocknet_tweets" / "tweets_2014_2015h1.parquet")
    tweets = tweets.rename(columns={"ticker": "symbol", "created_at": "stamp"})
    end = datetime(2015, 7, 1, tzinfo=UTC)
    yield "news_stocknet_tweets", judge_texts(tweets, collected=end, location="t"), len(tweets), 0
    texts = pd.read_csv(shared / "news_labelled_sentiment" / "labels_a.csv.gz")
    texts = texts.assign(symbol=MARKET, stamp=pd.Timestamp("2020-01-01", tz="UTC"))
    found = judge_texts(texts, collected=datetime(2020, 1, 2, tzinfo=UTC), location="l")
    yield "news_labelled_sentiment (undated: one day for all)", found, len(texts), 0
    yield from _reports(shared)
    yield from _changes(shared)


def _reports(shared: Path) -> Iterator[tuple[str, Judged, int, int]]:
    table = pd.read_parquet(shared / "earnings_calendar" / "earnings_1993_2018.parquet")
    table = table.rename(columns={"epsEstimated": "eps_estimate"})
    end = date(2018, 12, 31)
    yield "earnings_calendar", judge_earnings(table, collected=end, location="e"), len(table), 0
    table = pd.read_csv(shared / "corporate_actions" / "earnings_latest.csv.gz")
    table["date"] = pd.to_datetime(table["date"], dayfirst=True)
    for column in ("eps_est", "eps"):
        table[column] = pd.to_numeric(table[column], errors="coerce")
    table = table.rename(columns={"eps_est": "eps_estimate"})
    found = judge_earnings(table, collected=date(2021, 5, 27), location="v")
    yield "corporate_actions earnings", found, len(table), 0


def _changes(shared: Path) -> Iterator[tuple[str, Judged, int, int]]:
    paid = pd.read_csv(shared / "corporate_actions" / "dividends_latest.csv.gz")
    paid = paid.rename(columns={"dividend": "value"}).assign(
        ex_date=pd.to_datetime(paid["date"], dayfirst=True), kind="dividend"
    )
    yield "corporate_actions dividends", judge_actions(paid, location="d"), len(paid), 0
    bars = pd.read_parquet(shared / "corporate_actions" / "prices_raw_with_splits.parquet")
    splits = bars.loc[bars["split_coefficient"] != 1, ["ticker", "date", "split_coefficient"]]
    splits = splits.set_axis(["symbol", "ex_date", "value"], axis=1).assign(kind="split")
    yield "corporate_actions splits", judge_actions(splits, location="s"), len(splits), 0
    folder = shared / "constituents"
    members = pd.read_csv(folder / "sp500_membership_intervals.csv", keep_default_na=False)
    members = members.rename(columns={"ticker": "symbol", "start_date": "start", "end_date": "end"})
    members["end"] = pd.to_datetime(members["end"], errors="coerce")
    found = judge_membership(members, collected=date(2025, 11, 11), location="m")
    yield "constituents membership", found, len(members), 0
    lists = pd.read_csv(
        folder / "sp500_constituents_yearly_snapshots.csv.gz", keep_default_na=False
    )
    yield "constituents lists", judge_snapshots(lists, location="c"), len(lists), 0


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

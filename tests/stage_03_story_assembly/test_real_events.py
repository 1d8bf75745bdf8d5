"""On real tweets and earnings reports: what events are told is read back without loss."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS, Instrument, MarketEvent, StoryBook
from foundation.kernel import NEW_YORK
from foundation.language import read
from foundation.testing import samples
from stage_01_data_engine import DataEngineSettings, DataEngineStage, MarketRequest
from stage_01_data_engine.raw import observation_frame, raw_market
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage

SYMBOLS = ("AAPL", "C", "KO")
AS_OF = date(2014, 6, 30)


def headlines(folder: Path) -> list[MarketEvent]:
    rows = pd.read_parquet(folder / "news_stocknet_tweets" / "tweets_2014_2015h1.parquet")
    return [
        MarketEvent(
            kind="news", name="news", symbol=row.ticker, text=row.text,
            event_time=(at := row.created_at.tz_localize("UTC").to_pydatetime()), known_at=at,
        )
        for row in rows[rows["ticker"].isin(SYMBOLS)].itertuples()
    ]  # fmt: skip


def reports(folder: Path) -> list[MarketEvent]:
    """Each report, and its date as if it had been announced three weeks before."""
    rows = pd.read_parquet(folder / "earnings_calendar" / "earnings_1993_2018.parquet")
    rows = rows.dropna(subset=["eps", "epsEstimated"])
    rows = rows[rows["symbol"].isin(SYMBOLS) & (rows["date"] >= "2010")]
    made = []
    for row in rows.itertuples():
        hour = time(8) if row.time == "bmo" else time(16, 30)
        at = datetime.combine(row.date.date(), hour, NEW_YORK)
        common = {"kind": "earnings", "name": "earnings", "symbol": row.symbol, "event_time": at}
        made.append(MarketEvent(**common, known_at=at - timedelta(days=21)))
        made.append(MarketEvent(**common, known_at=at, actual=row.eps, expected=row.epsEstimated))
    return made


@pytest.fixture(scope="module")
def book(shared_data: Path) -> StoryBook:
    rows = pd.read_parquet(shared_data / "ohlcv_sp500_2013_2018" / "bars.parquet")
    rows = rows[rows["ticker"].isin(SYMBOLS)]
    bars = rows.rename(columns={"ticker": "symbol", "date": "session"}).assign(location="bars")
    raw = raw_market(
        MarketRequest(as_of=AS_OF, symbols=SYMBOLS, history_sessions=340),
        name="own", bars=bars[["symbol", "session", *BAR_FIELDS, "location"]],
        observations=observation_frame([]),
        events=tuple(headlines(shared_data) + reports(shared_data)),
        instruments=tuple(
            Instrument(symbol=s, name=s, kind="equity", fields=BAR_FIELDS) for s in SYMBOLS
        ),
    )  # fmt: skip
    market = DataEngineStage(DataEngineSettings()).run(raw)
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(market)
    stage = StoryAssemblyStage(StoryAssemblySettings(story_sessions=250, full_sessions=250))
    return stage.run(AssemblyInput(market, fuzzy, samples.quant_context(market)))


def test_real_event_stories_lose_nothing(book: StoryBook) -> None:
    spoken = set()
    for story in book.recent:
        said = tuple(claim.statement for claim in story.claims)
        for text in (story.learning, story.reading):
            reading = read(text, name=story.name)
            assert reading.ungrounded == (), (story.symbol, story.session)
            assert reading.statements == said, (story.symbol, story.session)
        spoken |= {(s.subject, s.value.split(": ")[0]) for s in said if s.kind == "event"}
    assert len(book.recent) > 600
    assert {("news", "flow"), ("earnings", "until"), ("earnings", "surprise")} <= spoken


def test_apple_s_report_of_april_2014_is_told_on_the_day_after_its_evening(book: StoryBook) -> None:
    told = {
        story.session: {c.statement.value for c in story.claims if c.statement.kind == "event"}
        for story in book.recent
        if story.symbol == "AAPL"
    }
    # Reported on Wednesday, 23 April, after the close.
    assert "until: tomorrow" in told[date(2014, 4, 23)]
    assert {"since: today", "surprise: above"} <= told[date(2014, 4, 24)]

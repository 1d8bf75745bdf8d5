"""Twenty stories on real days, for people to judge: ``docs/stories.md``.

Calm and crash, earnings and split days; index, stock, sector fund and close-only instruments;
daily, weekly, event and intraday. Two stories are laid open to their claims and cells. Every story
is read back before it is printed: a story that loses a claim ends the script.

Run: ``python benchmarks/story_pages.py > docs/stories.md``. Needs ``../shared/data``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import pandas as pd

from foundation.contracts import BAR_FIELDS, Horizon, Instrument, MarketEvent, Story, StoryBook
from foundation.kernel import NEW_YORK
from foundation.language import read
from foundation.quant import QuantForecaster, QuantSettings
from stage_01_data_engine import (
    BundledSource,
    DataEngineSettings,
    DataEngineStage,
    FolderSource,
    MarketRequest,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.intraday import place
from stage_01_data_engine.raw import RawMarket
from stage_01_data_engine.so_far import session_so_far
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import (
    AssemblyInput,
    IntradayUpdateStage,
    StoryAssemblySettings,
    StoryAssemblyStage,
    UpdateInput,
)

SHARED = Path(os.environ.get("STORY_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
SETTINGS = StoryAssemblySettings(story_sessions=10, full_sessions=5)
SECTORS: dict[str, tuple[str, str]] = {
    "XLE": ("Energy Select Sector SPDR", "Energy"),
    "XLF": ("Financial Select Sector SPDR", "Financials"),
    "XLK": ("Technology Select Sector SPDR", "Information Technology"),
    "XLV": ("Health Care Select Sector SPDR", "Health Care"),
}
MEMBERS = 8
"""Stocks per sector, the first in alphabetical order."""
REPORTERS: tuple[str, ...] = ("AAPL", "C", "KO")
SPLIT = datetime(2014, 6, 9, 9, 30, tzinfo=NEW_YORK)


@dataclass(frozen=True)
class Page:
    """One story to print: which world it is of, when, what and for whom."""

    title: str
    world: str
    session: date
    horizon: Horizon
    symbol: str
    laid_open: bool = False
    hour: int | None = None


DAILY, WEEKLY, EVENT, INTRADAY = Horizon.DAILY, Horizon.WEEKLY, Horizon.EVENT, Horizon.INTRADAY
PAGES: tuple[Page, ...] = (
    Page("Calm: an index on a quiet day", "bundled", date(2017, 7, 18), DAILY, "SPX"),
    Page("Calm: a stock, closes only", "bundled", date(2017, 7, 18), DAILY, "KO"),
    Page("Calm: a fund, closes only", "bundled", date(2017, 7, 18), DAILY, "MTUM"),
    Page("Calm: the week of an index", "bundled", date(2017, 7, 21), WEEKLY, "SPX"),
    Page("The day after Christmas 2018", "bundled", date(2018, 12, 26), DAILY, "SPX", True),
    Page("The day after Christmas 2018: a stock", "bundled", date(2018, 12, 26), DAILY, "JPM"),
    Page("The last week of 2018", "bundled", date(2018, 12, 28), WEEKLY, "IXIC"),
    Page("Crash: the market", "crash", date(2020, 3, 12), DAILY, "SPY"),
    Page("Crash: a sector", "crash", date(2020, 3, 9), DAILY, "XLE"),
    Page("Crash: another sector on the same day", "crash", date(2020, 3, 9), DAILY, "XLV"),
    Page("Crash: a stock", "crash", date(2020, 3, 16), DAILY, "BAC"),
    Page("Crash: the week of a sector", "crash", date(2020, 3, 20), WEEKLY, "XLF"),
    Page("Crash: the gap of a sector as an event", "crash", date(2020, 3, 9), EVENT, "XLE"),
    Page("Earnings tomorrow", "reports", date(2014, 4, 23), DAILY, "AAPL"),
    Page("Earnings: the report as an event", "reports", date(2014, 4, 24), EVENT, "AAPL", True),
    Page("Earnings: the week of the report", "reports", date(2014, 4, 25), WEEKLY, "AAPL"),
    Page("Split: the day itself", "reports", date(2014, 6, 9), DAILY, "AAPL"),
    Page("Split: the same day as an event", "reports", date(2014, 6, 9), EVENT, "AAPL"),
    Page("Intraday: a session, 11:00", "hours", date(2017, 6, 9), INTRADAY, "AAPL", hour=11),
    Page("Intraday: the same, 15:00", "hours", date(2017, 6, 9), INTRADAY, "AAPL", hour=15),
)  # fmt: skip


@cache
def given(world: str, as_of: date) -> AssemblyInput:
    """Return the windows of a world as known after a close."""
    source = {"bundled": bundled, "crash": crash, "reports": reports, "hours": hours}[world]
    market = DataEngineStage(DataEngineSettings()).run(source(as_of))
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(market)
    return AssemblyInput(market, fuzzy, QuantForecaster(QuantSettings()).context(market))


def bundled(as_of: date) -> RawMarket:
    """Return the data inside the product's dependencies."""
    return BundledSource().load(MarketRequest(as_of=as_of, symbols=None, history_sessions=900))


def hours(as_of: date) -> RawMarket:
    """Return the stocks of which there are hour bars too."""
    request = MarketRequest(as_of=as_of, symbols=("AAPL", "BAC", "IBM"), history_sessions=700)
    return FolderSource(SHARED / "ohlcv_sp500_2013_2018", DataEngineSettings()).load(request)


def _stocks(folder: str) -> pd.DataFrame:
    rows = pd.read_parquet(SHARED / folder / "bars.parquet")
    return rows.rename(columns={"ticker": "symbol", "date": "session"})


def _vix() -> pd.DataFrame:
    rows = pd.read_csv(SHARED / "index_vix" / "vix_daily.csv.gz")
    rows.columns = [name.lower() for name in rows.columns]
    return observation_frame(
        ("vix", at, at, float(row.close), "vix")
        for row in rows.itertuples()
        if (at := datetime.combine(date.fromisoformat(str(row.date)), time(16), NEW_YORK))
    )


def _raw(
    as_of: date, bars: pd.DataFrame, instruments: Sequence[Instrument], **more: object
) -> RawMarket:
    columns = ["symbol", "session", *BAR_FIELDS]
    kept = bars[bars["symbol"].isin([i.symbol for i in instruments])][columns]
    request = MarketRequest(
        as_of=as_of, symbols=tuple(i.symbol for i in instruments), history_sessions=500
    )
    return raw_market(
        request, name="pages", bars=kept.assign(location="bars"), observations=_vix(),
        instruments=tuple(instruments), **{"events": (), **more},  # type: ignore[arg-type]
    )  # fmt: skip


def crash(as_of: date) -> RawMarket:
    """Return sector funds, the whole market's fund, and stocks of those sectors."""
    listed = pd.read_csv(
        SHARED / "constituents" / "sp500_constituents_yearly_snapshots.csv.gz",
        keep_default_na=False,
    )
    listed = listed[listed["as_of"] == "2019-12-31"].sort_values("symbol")
    bars = _stocks("ohlcv_sp500_2018_2023")
    listed = listed[listed["symbol"].isin(set(bars["symbol"]))]
    funds = pd.read_parquet(SHARED / "etf_daily" / "etf_adj_1995_2023.parquet").rename(
        columns={"ticker": "symbol", "date": "session"}
    )
    instruments = [
        Instrument(symbol="SPY", name="SPDR S&P 500 ETF", kind="etf", fields=BAR_FIELDS),
        *(
            Instrument(symbol=s, name=name, kind="etf", fields=BAR_FIELDS, sector=sector)
            for s, (name, sector) in SECTORS.items()
        ),
    ]
    for _, sector in SECTORS.values():
        members = listed[listed["sector"] == sector]
        chosen = members[members["symbol"] == "BAC"] if sector == "Financials" else members[:0]
        chosen = pd.concat([chosen, members[members["symbol"] != "BAC"]])[:MEMBERS]
        instruments += [
            Instrument(symbol=symbol, name=name, kind="equity", fields=BAR_FIELDS, sector=sector)
            for symbol, name in chosen[["symbol", "name"]].itertuples(index=False)
        ]
    return _raw(as_of, pd.concat([bars, funds]), instruments)


def _reports() -> Iterator[MarketEvent]:
    """Each report, and its date as if it had been announced three weeks before."""
    rows = pd.read_parquet(SHARED / "earnings_calendar" / "earnings_1993_2018.parquet")
    rows = rows.dropna(subset=["eps", "epsEstimated"])
    rows = rows[rows["symbol"].isin(REPORTERS) & (rows["date"] >= "2010")]
    for row in rows.itertuples():
        hour = time(8) if row.time == "bmo" else time(16, 30)
        at = datetime.combine(row.date.date(), hour, NEW_YORK)
        common = {"kind": "earnings", "name": "earnings", "symbol": row.symbol, "event_time": at}
        yield MarketEvent(**common, known_at=at - timedelta(days=21))
        yield MarketEvent(**common, known_at=at, actual=row.eps, expected=row.epsEstimated)


def reports(as_of: date) -> RawMarket:
    """Return three stocks with their earnings reports, Apple's split and its dividends apart."""
    split = MarketEvent(
        kind="corporate action", name="stock split", symbol="AAPL", event_time=SPLIT,
        known_at=datetime(2014, 4, 23, 16, 30, tzinfo=NEW_YORK), actual=7.0,
    )  # fmt: skip
    names = {"AAPL": "Apple", "C": "Citigroup", "KO": "Coca-Cola"}
    instruments = [
        Instrument(symbol=s, name=n, kind="equity", fields=BAR_FIELDS) for s, n in names.items()
    ]
    events = (*_reports(), split)
    return _raw(as_of, _stocks("ohlcv_sp500_2013_2018"), instruments, events=events)


def story_of(page: Page) -> Story:
    """Tell a page's story, and read it back."""
    if page.hour is not None:
        book = update(page)
    else:
        book = StoryAssemblyStage(SETTINGS, page.horizon).run(given(page.world, page.session))
    story = book.today()[page.symbol]
    expected = tuple(claim.statement for claim in story.claims)
    for text in (story.learning, story.reading):
        reading = read(text, name=story.name)
        if reading.ungrounded or reading.statements != expected:
            raise SystemExit(f"{page.title}: the story does not read back: {reading.ungrounded}")
    return story


def update(page: Page) -> StoryBook:
    """Return the updates of a session at an hour, on the stories of the session before."""
    before = date.fromisoformat(str(pd.Timestamp(page.session) - pd.offsets.BDay(1))[:10])
    base = given(page.world, before)
    morning = StoryAssemblyStage(SETTINGS).run(base)
    rows = pd.read_parquet(SHARED / "intraday" / "lean_hour_trades_2012_2018.parquet")
    recent = rows[(rows["ts"] > pd.Timestamp(page.session) - pd.Timedelta(days=45))]
    recent = recent[recent["ts"] < pd.Timestamp(page.session) + pd.Timedelta(days=1)]
    placed = place(recent.rename(columns={"ticker": "symbol", "ts": "stamp"}), "hour", location="h")
    moment = datetime.combine(page.session, time(page.hour or 0), NEW_YORK)
    so_far = session_so_far(placed.kept, base.market.bars.symbols, moment)
    stage = IntradayUpdateStage(SETTINGS)
    return stage.run(UpdateInput(base.market, base.fuzzy, base.quant, morning, so_far))


def claims(story: Story) -> Iterator[str]:
    """Yield the rows of a table of a story's claims."""
    yield "| clause | claim | degree | cells |"
    yield "|---|---|---:|---|"
    for part in story.sections:
        for sentence in part.sentences:
            texts = [clause.text for clause in read(sentence.learning).clauses]
            for text, claim in zip(texts, sentence.claims, strict=True):
                said = claim.statement
                hedge = f", {said.hedge}" if said.hedge else ""
                cells = "; ".join(
                    f"`{r.panel}.{r.field}` {r.session} = {r.value:.4g}".replace("|", "\\|")
                    for r in claim.sources
                )
                what = f"{said.kind}({said.subject}, {said.value}{hedge})"
                yield f"| {text} | {what} | {claim.degree:.2f} | {cells or 'none: absent'} |"


def main() -> None:
    """Print the page."""
    print("# Twenty stories\n")
    print(
        "Real days, told by stage 03 and printed by `python benchmarks/story_pages.py`; every one "
        "was read back into exactly its claims, in both renderings. What a language model learns "
        "from is the same text without names, dates and figures. Bars, VIX, earnings: the sets in "
        "`../shared/data`; stocks of the crash are today's survivors; dates of reports are taken "
        "as announced three weeks ahead.\n"
    )
    for number, page in enumerate(PAGES, 1):
        story = story_of(page)
        when = f"{story.session:%A %-d %B %Y}"
        clock = f", {story.told_at:%H:%M}" if story.told_at else ""
        print(f"## {number}. {page.title}\n")
        print(f"*{story.name}, {page.horizon.value}, {when}{clock}*\n")
        print(f"{story.reading}\n")
        if page.laid_open:
            print("What a model learns from:\n")
            print(f"> {story.learning}\n")
            print("\n".join(claims(story)) + "\n")


if __name__ == "__main__":
    main()

"""Option quotes through the stage: on which session a chain speaks, on what scale, and of whom."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS, Instrument, MarketWindow
from foundation.kernel import NEW_YORK
from foundation.market import close_of, next_session, sessions, sessions_until
from foundation.quant.options import (
    CBOE_SPX,
    LEAN,
    OPTION_FIELDS,
    OptionChain,
    OptionSettings,
    judge,
    option_features,
)
from foundation.timeseries import Panel
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.adapters.actions import split_event
from stage_01_data_engine.corporate_actions import LAST_DAY, SplitOn, action_table, adjust
from stage_01_data_engine.knowledge import opening_of
from stage_01_data_engine.raw import QUOTE_COLUMNS
from tests.foundation.quant.options.chains import made_up

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
AS_OF = date(2024, 3, 8)
DAYS = sessions_until(AS_OF, 60)
WALK = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, len(DAYS))))


def bars_of(symbol: str, days: tuple[date, ...], close: np.ndarray) -> pd.DataFrame:
    """Rows with closes alone."""
    frame = pd.DataFrame({"symbol": symbol, "session": pd.to_datetime(list(days)), "close": close})
    rest = {name: np.nan for name in BAR_FIELDS if name != "close"}
    return frame.assign(**rest, location=[f"{symbol}:{n}" for n in range(len(days))])


def quotes_of(
    chain: OptionChain, known: datetime, *, with_spot: bool = True, name: str | None = None
) -> pd.DataFrame:
    """The rows a source would hand over for a chain."""
    frame = pd.DataFrame(
        {
            "contract": chain.contract,
            "underlying": name or chain.underlying,
            "expiry": chain.expiry.astype("M8[ns]"),
            "strike": chain.strike,
            "right": np.where(chain.call, "C", "P"),
            "snapshot": pd.Timestamp(chain.moment.replace(tzinfo=None)),
            "bid": chain.bid, "ask": chain.ask, "last": chain.last,
            "volume": chain.volume, "open_interest": chain.open_interest,
            "implied_volatility": chain.source_volatility,
            "spot": chain.spot if with_spot else np.nan,
            "known_at": pd.Timestamp(known).tz_convert("UTC"),
            "location": [f"chain.csv:{n}" for n in range(len(chain))],
        }
    )  # fmt: skip
    frame["snapshot"] = frame["snapshot"].astype("datetime64[ns]")
    frame["known_at"] = frame["known_at"].astype("datetime64[ns, UTC]")
    return frame[list(QUOTE_COLUMNS)]


def window(
    bars: pd.DataFrame,
    quotes: pd.DataFrame | None,
    as_of: date = AS_OF,
    *,
    yields: list[tuple[date, float]] = (),  # type: ignore[assignment]
    events: tuple = (),
    settings: DataEngineSettings | None = None,
) -> MarketWindow:
    """What stage 01 makes of closes and quotes."""
    symbols = bars["symbol"].unique()
    listed = tuple(Instrument(symbol=s, name=s, kind="equity", fields=("close",)) for s in symbols)
    seen = [("treasury_3m", close_of(d), close_of(d), v, "y") for d, v in yields]
    given = raw_market(
        MarketRequest(as_of, None, 60),
        name="own",
        bars=bars,
        observations=observation_frame(seen),
        events=events,
        instruments=listed,
        option_quotes=quotes,
    )
    return DataEngineStage(settings or DataEngineSettings()).run(given)


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=NEW_YORK)


def row(panel: Panel | None, day: date, symbol: str = "XYZ") -> np.ndarray:
    assert panel is not None
    return panel.values[panel.sessions.index(day), panel.symbols.index(symbol)]


def test_without_quotes_there_is_no_panel() -> None:
    assert window(bars_of("XYZ", DAYS, WALK), None).options is None


def test_a_chain_speaks_on_the_session_it_was_known_and_on_no_other() -> None:
    """One chain known at noon of its day, one from the morning after."""
    noon, evening = made_up(moment=at(DAYS[-6], 12)), made_up(moment=at(DAYS[-4], 16), seed=1)
    quotes = pd.concat(
        [
            quotes_of(noon, at(DAYS[-6], 12)),
            quotes_of(evening, opening_of(next_session(DAYS[-4]))),
        ],
        ignore_index=True,
    )
    panel = window(bars_of("XYZ", DAYS, WALK), quotes).options
    assert panel is not None
    assert panel.fields == OPTION_FIELDS
    assert panel.sessions == DAYS
    speaks = np.isfinite(panel.values[:, 0]).any(axis=1)
    assert [day for day, said in zip(DAYS, speaks, strict=True) if said] == [DAYS[-6], DAYS[-3]]


def test_features_are_those_of_the_chain_by_itself() -> None:
    chain = made_up(moment=at(DAYS[-1], 12), rate=0.0)
    panel = window(bars_of("XYZ", DAYS, WALK), quotes_of(chain, at(DAYS[-1], 12))).options
    settings = OptionSettings()
    realised = np.std(np.diff(np.log(WALK))[-20:], ddof=1) * np.sqrt(252)
    wanted = option_features(judge(chain, settings).chain, settings, realised_volatility=realised)
    np.testing.assert_allclose(row(panel, DAYS[-1]), wanted, rtol=1e-9)
    assert np.isfinite(wanted).sum() > 25


def test_the_last_of_several_snapshots_of_a_session_counts() -> None:
    early = made_up(moment=at(DAYS[-1], 10), seed=1)
    late = made_up(moment=at(DAYS[-1], 15), seed=2)
    quotes = [quotes_of(c, c.moment) for c in (late, early)]
    bars = bars_of("XYZ", DAYS, WALK)
    both = window(bars, pd.concat(quotes, ignore_index=True)).options
    np.testing.assert_array_equal(row(both, AS_OF), row(window(bars, quotes[0]).options, AS_OF))


def test_the_three_month_yield_discounts_and_its_absence_is_said() -> None:
    chain = made_up(moment=at(AS_OF, 12), rate=np.log1p(0.05), carry=0.0)
    quotes, bars = quotes_of(chain, at(AS_OF, 12)), bars_of("XYZ", DAYS, WALK)
    told = window(bars, quotes, yields=[(DAYS[-2], 5.0)])
    settings = OptionSettings()
    wanted = option_features(judge(chain, settings).chain, settings)
    where = [OPTION_FIELDS.index(n) for n in ("atm_volatility_90", "skew_25_delta_30")]
    np.testing.assert_allclose(row(told.options, AS_OF)[where], wanted[where], rtol=1e-9)
    rule = "A three-month Treasury yield is known on the session of a chain"
    assert rule not in {f.rule for f in told.findings}
    assert rule in {f.rule for f in window(bars, quotes).findings}


def test_quotes_of_an_instrument_without_bars_are_reported() -> None:
    chain = made_up(moment=at(AS_OF, 12))
    made = window(bars_of("ABC", DAYS, WALK), quotes_of(chain, at(AS_OF, 12)))
    assert made.options is None
    said = [
        f for f in made.findings if f.rule == "Option quotes are of an instrument of the window"
    ]
    assert [(f.symbol, f.value) for f in said] == [("XYZ", f"{len(chain)} quotes")]


def test_a_chain_without_a_spot_takes_the_close_on_the_scale_of_its_day() -> None:
    """Before a four-for-one split strikes stand four times as high as adjusted closes."""
    split = SplitOn("XYZ", DAYS[-3], 1.0, 4.0)
    before = made_up(spot=WALK[-6], moment=at(DAYS[-6], 16), scale=4.0)
    quotes = quotes_of(before, at(DAYS[-6], 16), with_spot=False)
    bars = bars_of("XYZ", DAYS, WALK)
    told = row(window(bars, quotes, events=(split_event(split),)).options, DAYS[-6])
    stated = row(window(bars, quotes_of(before, at(DAYS[-6], 16))).options, DAYS[-6])
    np.testing.assert_allclose(told, stated, rtol=1e-9)
    untold = row(window(bars, quotes).options, DAYS[-6])
    assert np.isnan(untold[OPTION_FIELDS.index("atm_volatility_30")])


def test_later_quotes_change_nothing_before_them() -> None:
    first = quotes_of(made_up(moment=at(DAYS[-9], 12)), at(DAYS[-9], 12))
    later = quotes_of(made_up(moment=at(DAYS[-2], 12), seed=4), at(DAYS[-2], 12))
    spoilt = later.assign(bid=1e9, open_interest=-5.0, spot=0.01)
    bars = bars_of("XYZ", DAYS, WALK)
    one, other = (
        window(bars, pd.concat([first, rest], ignore_index=True)).options
        for rest in (later, spoilt)
    )
    assert one is not None
    assert other is not None
    assert one.until(DAYS[-3]) == other.until(DAYS[-3])
    assert one.until(DAYS[-3]) == window(bars, first, DAYS[-3]).options


@pytest.fixture(scope="module")
def spx() -> pd.DataFrame:
    return _real("options_spx_2019")


def _real(name: str) -> pd.DataFrame:
    file = SHARED / name / "chain.parquet"
    if not file.is_file():
        pytest.skip(f"no {file}")
    return pd.read_parquet(file)


def test_real_spx_chains_speak_the_session_after(spx: pd.DataFrame) -> None:
    """Three days of 13,500 contracts; the exchange's own volatilities are the measure."""
    days = sorted(spx["quotedate"].unique())[:3]
    spx = spx[spx["quotedate"].isin(days)]
    day = pd.to_datetime(spx["quotedate"])
    dates = [d.date() for d in sorted(day.unique())]
    quotes = pd.DataFrame(
        {
            "contract": spx["optionroot"], "underlying": "SPX",
            "expiry": pd.to_datetime(spx["expiration"]), "strike": spx["strike"],
            "right": spx["type"].str[0].str.upper(),
            "snapshot": (day + timedelta(hours=16)).astype("datetime64[ns]"),
            "bid": spx["bid"], "ask": spx["ask"], "last": spx["last"],
            "volume": spx["volume"].astype(float),
            "open_interest": spx["openinterest"].astype(float),
            "implied_volatility": spx["impliedvol"], "spot": spx["underlying_last"],
            "known_at": day.map({pd.Timestamp(d): opening_of(next_session(d)) for d in dates}),
            "location": "chain",
        }
    )  # fmt: skip
    quotes["known_at"] = pd.to_datetime(quotes["known_at"], utc=True).astype("datetime64[ns, UTC]")
    as_of = next_session(dates[-1])
    spots = spx.groupby(day)["underlying_last"].first()
    held = sessions(dates[0], as_of)
    close = np.array([spots.get(pd.Timestamp(d), spots.iloc[-1]) for d in held])
    made = window(bars_of("SPX", held, close), quotes, as_of, yields=[(dates[0], 2.4)])
    settings = OptionSettings()
    level = OPTION_FIELDS.index("atm_volatility_30")
    for known_of in dates:
        rows = spx[day == pd.Timestamp(known_of)]
        chain = judge(
            CBOE_SPX.chain(rows, spot=rows["underlying_last"].iloc[0], rate=np.log1p(0.024)),
            settings,
        ).chain
        near = (np.abs(chain.source_delta) > 0.45) & (np.abs(chain.source_delta) < 0.55)
        near &= (chain.years > 25 / 365) & (chain.years < 36 / 365)
        theirs = np.median(chain.source_volatility[near])
        ours = row(made.options, next_session(known_of), "SPX")[level]
        assert ours == pytest.approx(theirs, abs=0.004)
    expired = [f for f in made.findings if f.rule == "A contract is quoted up to its expiry"]
    assert not expired, "contracts of the day itself expire at its close or open, not before"


def test_real_chains_across_a_split_are_taken_on_their_own_scale() -> None:
    """AAPL, June 2014, seven for one on the 9th: adjusted closes, strikes as they were."""
    chain = _real("options_lean_aapl_2014")
    file = SHARED / "lean_us_daily_raw" / "bars_raw.parquet"
    raw = pd.read_parquet(file)
    raw = raw[(raw["ticker"] == "AAPL") & raw["date"].between("2014-03-24", "2014-06-16")]
    bars = raw.rename(columns={"ticker": "symbol", "date": "session"}).assign(location="lean")
    bars["session"] = bars["session"].astype("datetime64[ns]")
    split = SplitOn("AAPL", date(2014, 6, 9), 1.0, 7.0)
    adjusted = adjust(bars.reset_index(drop=True), action_table([split]), LAST_DAY).bars
    day = chain["quote_date"].astype("datetime64[ns]")
    moments = {d: close_of(d.date()) for d in day.unique()}
    quotes = pd.DataFrame(
        {
            "contract": chain["expiry"].astype(str) + chain["right"] + chain["strike"].astype(str),
            "underlying": "AAPL", "expiry": chain["expiry"].astype("datetime64[ns]"),
            "strike": chain["strike"], "right": chain["right"],
            "snapshot": (day + timedelta(hours=16)).astype("datetime64[ns]"),
            "bid": np.nan, "ask": np.nan, "last": chain["close"],
            "volume": chain["volume"].astype(float), "open_interest": chain["open_interest"],
            "implied_volatility": chain["implied_volatility"], "spot": np.nan,
            "known_at": pd.to_datetime(day.map(moments), utc=True).astype("datetime64[ns, UTC]"),
            "location": "lean",
        }
    )  # fmt: skip
    made = window(adjusted, quotes, date(2014, 6, 16), events=(split_event(split),))
    level = OPTION_FIELDS.index("atm_volatility_30")
    closes = raw.set_index("date")["close"]
    settings = OptionSettings()
    for known in (date(2014, 6, 4), date(2014, 6, 10)):
        rows = chain[chain["quote_date"] == pd.Timestamp(known)]
        alone = judge(LEAN.chain(rows, spot=closes[pd.Timestamp(known)], rate=0.0), settings).chain
        ours = row(made.options, known, "AAPL")
        np.testing.assert_allclose(ours[level], option_features(alone, settings)[level], rtol=1e-6)
        assert 0.15 < ours[level] < 0.45
    assert np.isnan(row(made.options, date(2014, 6, 6), "AAPL")[level]), "no live contract that day"

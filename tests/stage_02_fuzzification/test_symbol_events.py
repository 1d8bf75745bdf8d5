"""Events of one symbol as a trader knew them at each close, worked out by hand."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import MARKET, MarketEvent, MarketWindow
from foundation.kernel import NEW_YORK, ModelError
from foundation.market import close_of
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_02_fuzzification import FuzzificationSettings
from stage_02_fuzzification.events import SYMBOL_EVENT_FIELDS, summarise_market, summarise_symbols
from stage_02_fuzzification.events.occurrence import Timeline
from stage_02_fuzzification.sentiment import LexiconReader, NewsDay, NewsReading

SETTINGS = FuzzificationSettings()


@lru_cache(maxsize=1)
def base() -> MarketWindow:
    return samples.market_window(160)


DAYS = base().bars.sessions
SYMBOL = base().bars.symbols[0]


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), NEW_YORK)


def news(day: date, hour: int, text: str = "Profit rises", symbol: str = SYMBOL) -> MarketEvent:
    at = moment(day, hour)
    return MarketEvent(
        kind="news", name="news", symbol=symbol, event_time=at, known_at=at, text=text
    )


def report(at: datetime, actual: float | None, expected: float, known: datetime) -> MarketEvent:
    return MarketEvent(
        kind="earnings", name="earnings", symbol=SYMBOL, event_time=at, known_at=known,
        actual=actual, expected=expected, unit="US dollars a share",
    )  # fmt: skip


def told(*events: MarketEvent, reader: object = None) -> Panel:
    window = base().model_copy(update={"events": events})
    return summarise_symbols(window, reader or LexiconReader(), SETTINGS)  # type: ignore[arg-type]


def of(panel: Panel, field: str) -> np.ndarray:
    return panel.field(field)[:, 0]


class Scripted:
    """A reader that answers what it is told to, as a language model's recorded JSON would."""

    def __init__(self, answers: dict[tuple[str, ...], float]) -> None:
        self.answers = answers

    def read(self, day: NewsDay) -> NewsReading:
        score = self.answers[day.headlines]
        return NewsReading.model_validate_json(
            json.dumps(
                {
                    "sentiment_score": score,
                    "sentiment_confidence": 1.0,
                    "key_narratives": ["a new factory"],
                    "event_flags": {"guidance_change": score < 0},
                    "news_intensity": "moderate",
                    "contrarian_signals": [],
                    "scores": [score] * len(day.headlines),
                }
            )
        )


def test_what_comes_after_the_close_belongs_to_the_next_session() -> None:
    panel = told(news(DAYS[50], 15), news(DAYS[60], 17, "Sales fall"))
    counts = of(panel, "news|headlines")
    assert counts[50] == 1
    assert (counts[60], counts[61]) == (0, 1)


def test_the_evening_before_an_early_close_and_after_it() -> None:
    early = DAYS.index(date(2018, 11, 23))  # the exchange closed at 13:00
    counts = of(told(news(DAYS[40], 12), news(DAYS[early], 14)), "news|headlines")
    assert (counts[early], counts[early + 1]) == (0, 1)


def test_before_a_source_of_news_begins_nothing_is_known_rather_than_zero() -> None:
    panel = told(news(DAYS[50], 12))
    assert np.isnan(of(panel, "news|headlines")[:50]).all()
    assert (of(panel, "news|headlines")[51:] == 0).all()
    silent = told()
    assert silent.fields[: len(SYMBOL_EVENT_FIELDS)] == SYMBOL_EVENT_FIELDS
    assert np.isnan(of(silent, "news|headlines")).all()


def test_the_same_headline_twice_in_a_session_counts_once() -> None:
    panel = told(news(DAYS[50], 10), news(DAYS[50], 11), news(DAYS[50], 12, "Sales fall"))
    assert of(panel, "news|headlines")[50] == 2


def test_tone_halves_with_every_half_life() -> None:
    reader = Scripted({("good",): 1.0, ("bad",): -0.5})
    first, second = 60, 63  # three sessions apart: one half-life
    panel = told(news(DAYS[first], 12, "good"), news(DAYS[second], 12, "bad"), reader=reader)
    tone = of(panel, "news|sentiment")
    assert np.isnan(tone[first - 1])
    assert tone[first + 1] == pytest.approx(1.0)
    assert tone[second] == pytest.approx((0.5 * 1.0 + 1.0 * -0.5) / 1.5)
    fast, slow = 0.5, 0.5 ** (3 / 15)
    expected = (fast - 0.5) / (fast + 1) - (slow - 0.5) / (slow + 1)
    assert of(panel, "news|sentiment trend")[second] == pytest.approx(expected)
    assert of(panel, "news|guidance change")[second : second + 3].tolist() == [1, 1, 0]
    assert np.isnan(tone[second + SETTINGS.news_memory])


def test_clustering_counts_poisson_deviations_above_the_usual() -> None:
    calm = [news(DAYS[k], 12) for k in range(10, 100, 2)]  # half a headline a session
    burst = [news(DAYS[100], 12, f"Headline {k}") for k in range(6)]
    panel = told(*calm, *burst)
    # Usual over the sixty sessions before the last two: 30 headlines, one in two sessions.
    assert of(panel, "news|clustering")[100] == pytest.approx((6 - 2 * 0.5) / 1.0)
    assert of(panel, "news|frequency")[99] == pytest.approx(0.5)
    assert of(panel, "news|intensity")[100] == 2


def test_a_reading_must_answer_for_every_headline() -> None:
    class Lazy(LexiconReader):
        def read(self, day: NewsDay) -> NewsReading:
            return super().read(day).model_copy(update={"scores": ()})

    with pytest.raises(ModelError, match="scores each headline once"):
        told(news(DAYS[50], 12), reader=Lazy())


def test_a_report_counts_when_it_is_out_and_a_date_from_its_announcement() -> None:
    due, announced = moment(DAYS[70], 17), moment(DAYS[60], 9)
    panel = told(report(due, None, 1.0, announced), report(due, 1.2, 1.0, due))
    until = of(panel, "earnings|weekdays until")
    assert np.isnan(until[59])
    ahead = np.busday_offset(np.datetime64(DAYS[70]), 1)  # it comes after that day's close
    assert until[60] == np.busday_count(np.datetime64(DAYS[60]), ahead)
    assert until[70] == 1
    since = of(panel, "earnings|sessions since")
    assert np.isnan(since[70])
    assert since[71:74].tolist() == [0, 1, 2]


def test_a_surprise_is_measured_against_earlier_ones_only() -> None:
    gaps = [0.1, -0.1] * 4 + [0.25]
    reports = [
        report(moment(DAYS[10 * k + 5], 8), 1.0 + gap, 1.0, moment(DAYS[10 * k + 5], 8))
        for k, gap in enumerate(gaps)
    ]
    surprise = of(told(*reports), "earnings|surprise")
    assert np.isnan(surprise[84])
    assert surprise[85] == pytest.approx(2.5)


def test_the_past_reaction_is_the_mean_move_on_earlier_such_sessions() -> None:
    at = (30, 40, 50)
    panel = told(*(report(moment(DAYS[k], 8), 1.0, 1.0, moment(DAYS[k], 8)) for k in at))
    close = base().bars.field("close")[:, 0]
    scale = base().features.field("volatility_scale_20")[:, 0]
    moves = [abs(close[k] - close[k - 1]) / scale[k - 1] for k in at]
    mean, count = of(panel, "earnings|reaction"), of(panel, "earnings|reactions")
    assert np.isnan(mean[30])
    assert mean[40] == pytest.approx(moves[0])
    assert mean[50] == pytest.approx(np.mean(moves[:2]))
    assert mean[51] == pytest.approx(np.mean(moves))
    assert np.isnan(count[29])
    assert count[[30, 31, 41, 51]].tolist() == [0, 1, 2, 3]


def test_a_dividend_is_due_once_declared_and_past_once_its_day_is_over() -> None:
    dividend = MarketEvent(
        kind="corporate action", name="cash dividend", symbol=SYMBOL, actual=0.5,
        event_time=moment(DAYS[80], 9, 30), known_at=moment(DAYS[60], 9, 30),
    )  # fmt: skip
    panel = told(dividend)
    until = of(panel, "cash dividend|weekdays until")
    assert np.isnan(until[[59, 80]]).all()
    assert until[79] == 1
    since = of(panel, "cash dividend|sessions since")
    assert np.isnan(since[79])
    assert since[80] == 0


def test_halts_are_counted_over_a_month() -> None:
    halts = [
        MarketEvent(
            kind="halt", name="trading halt", symbol=SYMBOL,
            event_time=moment(DAYS[k], 11), known_at=moment(DAYS[k], 11),
        )
        for k in (60, 65)
    ]  # fmt: skip
    panel = told(*halts)
    recent = of(panel, "halt|in twenty sessions")
    assert np.isnan(recent[59])
    assert recent[[60, 65, 79, 80, 85]].tolist() == [1, 2, 2, 1, 0]
    assert of(panel, "halt|sessions since")[66] == 1


def test_events_of_another_symbol_are_not_mine() -> None:
    other = base().bars.symbols[1]
    panel = told(news(DAYS[50], 12, symbol=other))
    assert of(panel, "news|headlines")[50] == 0
    assert panel.field("news|headlines")[50, 1] == 1


def test_market_wide_headlines_stand_with_the_market() -> None:
    window = base().model_copy(
        update={"events": (news(DAYS[50], 12, "Stocks plunge", symbol=MARKET),)}
    )
    market = summarise_market(window, LexiconReader(), SETTINGS)
    assert market.field("news|unfavourable")[50, 0] == 1
    symbols = summarise_symbols(window, LexiconReader(), SETTINGS)
    assert np.isnan(symbols.field("news|headlines")).all()


def test_the_calendar_flags_early_closes_and_expiries() -> None:
    market = summarise_market(base(), LexiconReader(), SETTINGS)
    early = market.field("structure|early close")[:, 0]
    found = [DAYS[k] for k in np.flatnonzero(early)]
    assert found == [d for d in DAYS if close_of(d).hour < 16]
    assert date(2018, 11, 23) in found
    expiry = market.field("structure|weekdays to expiry")[:, 0]
    assert expiry[DAYS.index(date(2018, 12, 21))] == 0  # the third Friday
    assert expiry[DAYS.index(date(2018, 12, 24))] == 19  # to 2019-01-18


def test_bars_flag_standstills_and_gaps() -> None:
    bars = base().bars.values.copy()
    bars[100:103, 0, 3] = bars[99, 0, 3]
    bars[101, 0, 4] = 0.0
    window = base().model_copy(update={"bars": base().bars.model_copy(update={"values": bars})})
    panel = summarise_symbols(window, LexiconReader(), SETTINGS)
    assert of(panel, "structure|unchanged closes")[99:104].tolist() == [0, 1, 2, 3, 0]
    assert of(panel, "structure|no trade")[100:103].tolist() == [0, 1, 0]
    scale = base().features.field("volatility_scale_20")[49, 0]
    gap = (bars[50, 0, 0] - bars[49, 0, 3]) / scale
    assert of(panel, "structure|opening gap")[50] == pytest.approx(gap)


def test_moments_before_the_window_count_backwards() -> None:
    line = Timeline.of(DAYS)
    before = moment(DAYS[0] - timedelta(days=14), 12)
    eve = moment(DAYS[0] - timedelta(days=1), 18)
    assert line.session_of([before])[0] == -10
    assert line.session_of([eve])[0] == 0
    assert line.session_of([moment(DAYS[-1], 17)])[0] == len(DAYS)


HEADLINES = ("Profit beats estimates", "Shares plunge on lawsuit", "Board meets", "Cuts guidance")
happenings = st.lists(
    st.tuples(
        st.sampled_from(("news", "earnings", "halt", "cash dividend")),
        st.integers(5, 155),
        st.integers(0, 23),
        st.integers(0, 6),
        st.sampled_from(HEADLINES),
        st.floats(-2, 2),
    ),
    max_size=40,
)


def _made(kind: str, k: int, hour: int, lead: int, text: str, value: float) -> MarketEvent:
    happens = moment(DAYS[k], hour)
    known = happens if kind == "news" else happens - timedelta(days=lead)
    scheduled = kind == "earnings" and lead > 0
    return MarketEvent(
        kind="corporate action" if kind == "cash dividend" else kind,  # type: ignore[arg-type]
        name=kind, symbol=SYMBOL, event_time=happens, known_at=known, text=text,
        actual=None if scheduled else value, expected=0.0,
    )  # fmt: skip


def summaries(window: MarketWindow) -> tuple[Panel, Panel]:
    return (
        summarise_market(window, LexiconReader(), SETTINGS),
        summarise_symbols(window, LexiconReader(), SETTINGS),
    )


@settings(max_examples=40)
@given(happenings, st.integers(40, 150))
def test_events_known_later_and_later_prices_change_nothing_before(
    drawn: list[tuple], cut: int
) -> None:
    events = tuple(_made(*one) for one in drawn)
    window = base().model_copy(update={"events": events})
    whole = summaries(window)
    close = close_of(DAYS[cut])
    bars = base().bars.values.copy()
    bars[cut + 1 :] *= 3.0
    blind = window.model_copy(
        update={
            # What is known later is gone, or says something else.
            "events": tuple(e for e in events if e.known_at <= close)
            + tuple(
                e.model_copy(update={"text": "Bankruptcy", "actual": 99.0})
                for e in events
                if e.known_at > close
            ),
            "bars": base().bars.model_copy(update={"values": bars}),
        }
    )
    gone = window.model_copy(update={"events": tuple(e for e in events if e.known_at <= close)})
    for other in (blind, gone):
        for one, two in zip(summaries(other), whole, strict=True):
            assert one.fields == two.fields
            np.testing.assert_array_equal(one.values[: cut + 1], two.values[: cut + 1])

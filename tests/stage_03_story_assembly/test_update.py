"""Updates during a session: since the open, against the story of the morning."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import Horizon, SessionSoFar, Story
from foundation.kernel import UpstreamDataError
from foundation.language import tone
from foundation.testing import samples
from stage_03_story_assembly import IntradayUpdateStage, UpdateInput
from stage_03_story_assembly.content.so_far import lean, variance_passed
from tests.stage_03_story_assembly import material

GIVEN = material.sample()
MORNING = material.book(GIVEN, Horizon.DAILY)
SO_FAR = samples.session_so_far(GIVEN.market)
STAGE = IntradayUpdateStage(material.SETTINGS)


def running(**fields: float) -> SessionSoFar:
    """The sample session so far with some fields of the first symbol set, in its scale of a day.

    Prices count in volatility scales from the previous close.
    """
    values = SO_FAR.values.values.copy()
    close = GIVEN.market.bars.field("close")[-1, 0]
    scale = GIVEN.market.features.field("volatility_scale_20")[-1, 0]
    for name, value in fields.items():
        k = SO_FAR.values.fields.index(name)
        values[0, 0, k] = value if name == "volume" else close + value * scale
    return SO_FAR.model_copy(update={"values": SO_FAR.values.model_copy(update={"values": values})})


def told(so_far: SessionSoFar = SO_FAR) -> Story:
    made = STAGE.run(UpdateInput(GIVEN.market, GIVEN.fuzzy, GIVEN.quant, MORNING, so_far))
    return made.recent[0]


def said(story: Story) -> dict[tuple[str, str], str]:
    return {
        (c.statement.kind, c.statement.value.split(":")[0] if c.statement.kind == "span" else
         c.statement.subject): c.statement.value
        for c in story.claims
    }  # fmt: skip


def test_an_update_reads_back_and_says_when_it_was_told() -> None:
    book = STAGE.run(UpdateInput(GIVEN.market, GIVEN.fuzzy, GIVEN.quant, MORNING, SO_FAR))
    assert book.horizon is Horizon.INTRADAY
    assert len(book.recent) == len(GIVEN.market.instruments)
    for story, text in zip(book.recent, book.texts[0], strict=True):
        material.reads_back(story)
        assert story.learning == text
        assert story.told_at == SO_FAR.as_of


@pytest.mark.parametrize(("move", "code"), [(-1, "-2"), (0, "+0"), (0.2, "+1"), (1, "+2")])
def test_gap_and_move_since_the_open_are_told_apart(move: float, code: str) -> None:
    gap = told(running(open=move, high=2, low=-2, last=move))
    assert said(gap)["span", "gap"] == f"gap: {code}"
    assert said(gap)["span", "open"] == "open: +0"
    since = told(running(open=0, high=2, low=-2, last=move))
    assert said(since)["span", "gap"] == "gap: +0"
    assert said(since)["span", "open"] == f"open: {code}"


@pytest.mark.parametrize(
    ("last", "place"),
    [
        (-1, "at the low"),
        (-0.5, "lower part"),
        (0, "middle"),
        (0.5, "upper part"),
        (1, "at the high"),
    ],
)
def test_the_place_in_the_range_is_told(last: float, place: str) -> None:
    assert said(told(running(open=0, high=1, low=-1, last=last)))["place", "price"] == place


@pytest.mark.parametrize(("volume", "pace"), [(5e5, "slow"), (1e6, "usual"), (2e6, "fast")])
def test_trade_is_compared_with_what_is_usual_by_the_hour(volume: float, pace: str) -> None:
    assert said(told(running(volume=volume)))["pace", "volume"] == pace


def test_a_level_that_gives_way_is_told_and_one_that_holds_a_test_too() -> None:
    level = GIVEN.market.features.field("support_20")[-1, 0]
    close = GIVEN.market.bars.field("close")[-1, 0]
    scale = GIVEN.market.features.field("volatility_scale_20")[-1, 0]
    below = (level - close) / scale - 0.5
    broken = told(running(open=0, high=0, low=below, last=below))
    tested = told(running(open=0, high=0, low=below, last=0))
    assert said(broken)["break", "support"] == "broken"
    assert said(tested)["break", "support"] == "tested"
    assert ("break", "support") not in said(told(running(open=0, high=0.1, low=-0.1, last=0)))


def test_the_session_is_held_against_the_lean_of_the_mornings_story() -> None:
    symbol = GIVEN.market.bars.symbols[0]
    morning = MORNING.today()[symbol]
    claims = [c for c in morning.claims if tone(c.statement) > 0]
    up = next(
        part.model_copy(update={"sentences": tuple(
            s.model_copy(update={"claims": tuple(claims)}) for s in part.sentences)})
        for part in morning.sections
    )  # fmt: skip
    bullish = morning.model_copy(update={"sections": (up,)})
    assert lean(bullish) > 0.1
    book = MORNING.model_copy(update={"recent": (bullish,)})
    given = UpdateInput(GIVEN.market, GIVEN.fuzzy, GIVEN.quant, book, SO_FAR)
    for move, verdict in ((1.0, "borne out"), (-1.0, "contradicted"), (0.0, "undecided")):
        now = running(open=0, high=2, low=-2, last=move)
        story = STAGE.run(replace(given, so_far=now)).recent[0]
        assert said(story)["check", "price"] == verdict


def test_nothing_is_told_where_no_bar_has_ended() -> None:
    nothing = SO_FAR.values.model_copy(
        update={"values": np.full(SO_FAR.values.values.shape, np.nan)}
    )
    book = STAGE.run(
        UpdateInput(GIVEN.market, GIVEN.fuzzy, GIVEN.quant, MORNING,
                    SO_FAR.model_copy(update={"values": nothing}))
    )  # fmt: skip
    assert book.recent == ()
    assert not any(book.texts[0])


def test_an_update_must_follow_the_session_it_stands_on() -> None:
    later = SO_FAR.model_copy(update={"session": date(2019, 1, 2)})
    with pytest.raises(UpstreamDataError, match="right before the one that lasts"):
        told(later)


def test_bars_in_other_prices_than_the_daily_ones_tell_the_same_update() -> None:
    """Daily bars may be adjusted for splits and dividends to come, bars of the session are not."""
    prices = [SO_FAR.values.fields.index(f) for f in SO_FAR.values.fields if "volume" not in f]
    values = SO_FAR.values.values.copy()
    values[..., prices] *= 28.0
    as_traded = SO_FAR.model_copy(
        update={"values": SO_FAR.values.model_copy(update={"values": values})}
    )
    here, there = (
        STAGE.run(UpdateInput(GIVEN.market, GIVEN.fuzzy, GIVEN.quant, MORNING, each))
        for each in (SO_FAR, as_traded)
    )
    assert here.texts == there.texts
    level = GIVEN.market.features.field("resistance_20")[-1]
    broken = [
        (n, story)
        for n, story in enumerate(there.recent)
        if any(c.statement.kind == "break" for c in story.claims)
    ]
    assert broken
    for n, story in broken:
        assert f"{28 * level[n]:,.2f}" in story.reading


def test_without_the_close_before_there_is_nothing_to_measure_a_move_by() -> None:
    values = SO_FAR.values.values.copy()
    values[0, 0, SO_FAR.values.fields.index("previous close")] = np.nan
    lost = SO_FAR.model_copy(update={"values": SO_FAR.values.model_copy(update={"values": values})})
    given = UpdateInput(GIVEN.market, GIVEN.fuzzy, GIVEN.quant, MORNING, lost)
    assert STAGE.run(given).texts[0][0] == ""


def test_moves_are_as_often_sharp_in_the_morning_as_in_the_afternoon(shared_data: Path) -> None:
    """On years and a share that the profile of the session was not measured on."""
    hours = pd.read_parquet(shared_data / "intraday" / "lean_hour_trades_2012_2018.parquet")
    hours = hours[(hours["ts"] >= "2015") & hours["ticker"].isin(["AAPL", "AIG", "BAC", "IBM"])]
    day = [hours["ticker"], hours["ts"].dt.date]
    opened = hours.groupby(day)["open"].transform("first")
    move = np.log(hours["close"] / opened)[hours.groupby(day)["ts"].transform("size") == 7]
    hour = hours["ts"].dt.hour + 1
    whole = (move[hour == 16] ** 2).mean()
    often = {}
    for at in (10, 11, 13, 15):
        spread = np.sqrt(whole * variance_passed((at - 9.5) / 6.5))
        often[at] = (move[hour == at].abs() > 1.5 * spread).mean()
    assert max(often.values()) < 1.35 * min(often.values()), often
    # By the clock alone half as many again would be sharp at eleven as in the afternoon.
    by_clock = (move[hour == 11].abs() > 1.5 * np.sqrt(whole * 1.5 / 6.5)).mean()
    assert by_clock > 1.5 * often[15]

"""Sectors beside the market and by their members, stocks that stand out, options at extremes."""

from datetime import date

import numpy as np
import pytest

from foundation.contracts import Horizon, Instrument, MarketWindow
from foundation.quant.options import OPTION_FIELDS
from foundation.timeseries import Panel
from stage_03_story_assembly import StoryAssemblyStage
from stage_03_story_assembly.content.company import (
    market_return,
    member_share,
    option_columns,
    relative_columns,
)
from stage_03_story_assembly.settings import StoryAssemblySettings
from tests.stage_03_story_assembly import material

SETTINGS = StoryAssemblySettings(market_instruments=3, sector_members=2)
DAYS = (date(2018, 1, 2), date(2018, 1, 3))


def window(returns: tuple[float, ...], gaps: tuple[float, ...] = ()) -> MarketWindow:
    """A fund of the sector, an index, and stocks of the sector, over two days from 100."""
    base = material.sample().market
    count = len(returns)
    symbols = ("XLK", "SPX", *(f"S{k}" for k in range(count - 2)))
    instruments = tuple(
        Instrument(symbol=s, name=s, fields=("close",),
                   kind="etf" if s == "XLK" else "index" if s == "SPX" else "equity",
                   sector=None if s == "SPX" else "Technology")
        for s in symbols
    )  # fmt: skip
    close = np.array([[100.0] * count, [100 * (1 + r) for r in returns]])
    features = {
        "volatility_scale_20": np.full((2, count), 2.0),
        "sma_50_gap": np.tile(gaps or (0.0,) * count, (2, 1)),
    }
    return base.model_copy(
        update={
            "instruments": instruments,
            "bars": Panel.from_fields(DAYS, symbols, {"close": close}),
            "features": Panel.from_fields(DAYS, symbols, features),
        }
    )


def values(column, n: int) -> str | None:
    code = column.codes[1, n]
    return None if code < 0 else column.options[code].value


@pytest.mark.parametrize(
    ("ahead", "value"),
    [
        (-0.05, "far behind"),
        (-0.01, "behind"),
        (0.0, "in step"),
        (0.01, "ahead"),
        (0.05, "far ahead"),
    ],
)
def test_a_sector_is_always_put_beside_the_market(ahead: float, value: str) -> None:
    # The median of five returns is the fourth's 1%; the scale of a day is 2% of the price.
    market = window((0.01 + ahead, 0.01, 0.01, 0.0, 0.02))
    own, sector = relative_columns(market, SETTINGS)
    assert market_return(market, SETTINGS)[1] == pytest.approx(0.01)
    assert values(sector, 0) == value
    assert values(own, 0) is None


def test_a_stock_is_put_beside_the_market_only_where_it_stands_out() -> None:
    market = window((0.0, 0.0, 0.01, -0.02, 0.04))
    own, sector = relative_columns(market, SETTINGS)
    assert [values(own, n) for n in range(5)] == [None, None, None, "behind", "far ahead"]
    assert {values(sector, n) for n in range(1, 5)} == {None}


def test_too_few_instruments_make_no_market() -> None:
    market = window((0.0, 0.05))
    assert np.isnan(market_return(market, SETTINGS)).all()
    assert all((c.codes == -1).all() for c in relative_columns(market, SETTINGS))


def test_a_sector_speaks_of_the_share_of_its_own_members() -> None:
    market = window((0.0,) * 6, (9.0, 9.0, 0.1, 0.2, 0.3, -0.1))
    share = member_share(market, SETTINGS)
    assert share[1, 0] == 0.75
    assert np.isnan(share[:, 1:]).all()


def test_sector_stories_read_back_with_their_sector() -> None:
    base = material.sample().market
    fund = base.instruments[-1]
    sector = fund.model_copy(update={"sector": "Technology"})
    settings = StoryAssemblySettings(
        story_sessions=20, full_sessions=20, market_instruments=3, sector_members=1
    )
    given = material.assemble(
        base.model_copy(update={"instruments": (*base.instruments[:-1], sector)})
    )
    stories = [s for s in StoryAssemblyStage(settings).run(given).recent if s.symbol == fund.symbol]
    assert len(stories) == 20
    for story in stories:
        material.reads_back(story)
        kinds = {(c.statement.kind, c.statement.subject) for c in story.claims}
        assert {("relative", "sector"), ("members", "sector")} <= kinds
        assert "Technology" in story.reading
        assert "Technology" not in story.learning


def options(**fields: float) -> MarketWindow:
    market = material.sample().market
    symbol = market.bars.symbols[0]
    values = np.full((len(market.bars.sessions), 1, len(OPTION_FIELDS)), np.nan)
    for name, value in fields.items():
        values[:, 0, OPTION_FIELDS.index(name)] = value
    panel = Panel(sessions=market.bars.sessions, symbols=(symbol,), fields=OPTION_FIELDS,
                  values=values)  # fmt: skip
    return market.model_copy(update={"options": panel})


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("pcr_volume_percentile", 0.95, ("put-call ratio", "high")),
        ("pcr_volume_percentile", 0.05, ("put-call ratio", "low")),
        ("pcr_volume_percentile", 0.5, None),
        ("volatility_rank", 0.97, ("implied volatility", "high")),
        ("volatility_rank", 0.4, None),
        ("max_pain_gap", -0.05, ("max pain", "below")),
        ("max_pain_gap", 0.01, ("max pain", "near")),
        ("max_pain_gap", 0.05, ("max pain", "above")),
        ("gamma_balance", -0.4, ("gamma", "negative")),
        ("gamma_balance", 0.4, ("gamma", "positive")),
        ("gamma_balance", 0.02, None),
    ],
)
def test_options_are_spoken_of_where_they_say_something(
    field: str, value: float, told: tuple[str, str] | None
) -> None:
    columns = option_columns(options(**{field: value}), StoryAssemblySettings())
    said = {
        (c.options[c.codes[-1, 0]].subject, c.options[c.codes[-1, 0]].value)
        for c in columns
        if c.codes[-1, 0] >= 0
    }
    assert said == ({told} if told else set())
    assert all((c.codes[:, 1:] == -1).all() for c in columns)


def test_stories_with_options_read_back_and_rest_on_their_cells() -> None:
    market = options(
        pcr_volume_percentile=0.98, pcr_volume=1.4, volatility_rank=0.95, max_pain_gap=-0.04,
        gamma_balance=-0.5,
    )  # fmt: skip
    book = material.book(material.assemble(market), Horizon.DAILY)
    story = book.today()[market.bars.symbols[0]]
    material.reads_back(story)
    rows = [r for c in story.claims if c.statement.kind == "options" for r in c.sources]
    assert {(r.panel, r.value) for r in rows} == {
        ("options", 0.98), ("options", 0.95), ("options", -0.04), ("options", -0.5),
    }  # fmt: skip
    assert "put-call ratio 1.40" in story.reading

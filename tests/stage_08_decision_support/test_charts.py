"""The instrument figure: what is drawn is what the contracts hold."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from foundation.contracts import STATES, TAPE
from stage_08_decision_support.adapters.web import RunView
from stage_08_decision_support.adapters.web.pages import distributions, suggestions
from stage_08_decision_support.adapters.web.price_chart import (
    SESSIONS_SHOWN,
    instrument_figure,
    named_levels,
)
from stage_08_decision_support.adapters.web.ribbon import ribbon_rows


def figure(view: RunView, symbol: str) -> dict:
    return instrument_figure(view, symbol, ribbon_rows(view.fuzzy, symbol, SESSIONS_SHOWN))


def test_full_bars_are_candles_and_closes_are_a_line(view: RunView) -> None:
    candles = figure(view, "SPX")["data"][0]
    assert candles["type"] == "candlestick"
    bars = view.market.bars.select(symbols=["SPX"]).last(SESSIONS_SHOWN)
    for name in ("open", "high", "low", "close"):
        assert candles[name] == bars.field(name)[:, 0].tolist()
    line = figure(view, "AAPL")["data"][0]
    assert (line["type"], line["mode"]) == ("scatter", "lines")


def test_the_fan_ends_at_the_models_quantiles(view: RunView) -> None:
    assert view.quant is not None
    n = view.quant.values.index_of("symbols", "SPX")
    q10, q50, q90 = (float(view.quant.values.field(q)[-1, n]) for q in ("q10", "q50", "q90"))
    band, median = figure(view, "SPX")["data"][1:3]
    close = float(view.market.bars.field("close")[-1, 0])
    assert band["y"][5] == pytest.approx(close * math.exp(q90))
    assert band["y"][6] == pytest.approx(close * math.exp(q10))
    assert band["y"][0] == band["y"][-1] == pytest.approx(close)
    assert median["y"][-1] == pytest.approx(close * math.exp(q50))
    assert median["x"][:2] == ["2018-12-28", "2018-12-31"]


def test_without_a_quantitative_context_there_is_no_fan(view: RunView) -> None:
    kinds = [t["type"] for t in figure(replace(view, quant=None), "SPX")["data"]]
    assert kinds == ["candlestick"] + ["heatmap"] * 6


def test_the_ribbon_holds_the_memberships_and_leaves_absent_series_out(view: RunView) -> None:
    heat = {t["name"]: t for t in figure(view, "SPX")["data"] if t["type"] == "heatmap"}
    assert set(heat) == set(TAPE)
    n = view.fuzzy.memberships.index_of("symbols", "SPX")
    for series, trace in heat.items():
        degrees = view.fuzzy.memberships.field(series)[-SESSIONS_SHOWN:, n].T
        np.testing.assert_allclose(np.array(trace["z"], dtype=float), degrees)
    figure_of_closes = figure(view, "AAPL")
    names = {t["name"] for t in figure_of_closes["data"] if t["type"] == "heatmap"}
    assert "volume" not in names
    notes = [a["text"] for a in figure_of_closes["layout"]["annotations"]]
    assert "volume · not reported" in notes


def test_lanes_of_different_series_do_not_overlap(view: RunView) -> None:
    heat = [t for t in figure(view, "SPX")["data"] if t["type"] == "heatmap"]
    spans = sorted((t["y0"] - 0.5, t["y0"] + len(STATES) - 0.5) for t in heat)
    assert all(above[0] >= below[1] for below, above in pairwise(spans))


def test_labels_of_levels_close_together_are_pushed_apart(view: RunView) -> None:
    layout = figure(view, "SPX")["layout"]
    named = named_levels(view.brief.instruments[0].signal.levels, "bullish")
    texts = {f"{name} {value:,.2f}" for name, value, _ in named}
    labels = [a for a in layout["annotations"] if a["text"] in texts]
    assert len(labels) == len(named) == 5
    low, high = layout["yaxis"]["range"]
    places = sorted(a["y"] for a in labels)
    assert min(np.diff(places)) >= 0.05 * (high - low)
    assert low <= places[0]
    assert places[-1] <= high


def test_distributions_are_the_last_row_of_the_forecast(view: RunView) -> None:
    panel = view.forecast.distributions
    for told in distributions(view, "AAPL"):
        expected = panel.field(told.series)[-1, panel.index_of("symbols", "AAPL")]
        if told.series == "volume":
            assert told.shares == ()
            continue
        assert [s.probability for s in reversed(told.shares)] == expected.tolist()
        assert [s.most for s in reversed(told.shares)].index(True) == int(np.argmax(expected))


@pytest.mark.parametrize(
    ("asked", "expected"), [("APPL", "AAPL"), ("apple", "AAPL"), ("nasdaq", "IXIC"), ("spy", "SPX")]
)
def test_a_mistyped_symbol_or_a_name_is_understood(
    view: RunView, asked: str, expected: str
) -> None:
    assert expected in suggestions(view, asked)

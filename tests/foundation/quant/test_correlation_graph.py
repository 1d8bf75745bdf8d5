"""The correlation graph against numpy's corrcoef, pair by pair and day by day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from foundation.kernel import OperatorError
from foundation.quant.correlation_graph import (
    CorrelationGraph,
    CorrelationSettings,
    RollingCorrelation,
    correlation_graphs,
)


def returns(seed: int, sessions: int, symbols: int, holes: float) -> np.ndarray:
    draw = np.random.default_rng(seed)
    common = draw.normal(0, 0.01, (sessions, 2)) @ draw.normal(0, 1, (2, symbols))
    made = common + draw.normal(0, 0.012, (sessions, symbols)) + 0.001
    made[draw.random(made.shape) < holes] = np.nan
    made[: sessions // 3, 0] = np.nan  # listed late
    made[:, -1] = 0.0  # stands still
    return made


def slowly(window: np.ndarray, settings: CorrelationSettings) -> dict[tuple[int, int], float]:
    """Every pair by ``numpy.corrcoef`` over the sessions that both report."""
    edges = {}
    for i in range(window.shape[1]):
        for j in range(i + 1, window.shape[1]):
            both = np.isfinite(window[:, i]) & np.isfinite(window[:, j])
            x, y = window[both, i], window[both, j]
            if both.sum() < settings.least_share * settings.window or not x.std() * y.std() > 0:
                continue
            found = np.corrcoef(x, y)[0, 1]
            if abs(found) >= settings.threshold:
                edges[i, j] = found
    return edges


def edges_of(graph: CorrelationGraph) -> dict[tuple[int, int], float]:
    pairs = zip(graph.first.tolist(), graph.second.tolist(), strict=True)
    return dict(zip(pairs, graph.weight.tolist(), strict=True))


@trials(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    window=st.integers(8, 30),
    threshold=st.floats(0.0, 0.9),
    holes=st.sampled_from([0.0, 0.05, 0.4]),
)
def test_edges_are_those_of_corrcoef(
    seed: int, window: int, threshold: float, holes: float
) -> None:
    given_ = returns(seed, 45, 7, holes)
    settings = CorrelationSettings(window=window, threshold=threshold)
    for t, graph in enumerate(correlation_graphs(given_, settings)):
        wanted = slowly(given_[max(0, t - window + 1) : t + 1], settings)
        found = edges_of(graph)
        # A correlation may stand on the threshold itself, to a rounding.
        for pair in set(found) ^ set(wanted):
            assert abs({**found, **wanted}[pair]) == pytest.approx(threshold, abs=1e-12)
        for pair in set(found) & set(wanted):
            assert found[pair] == pytest.approx(wanted[pair], abs=1e-10)


def test_a_day_rests_on_its_window_alone_to_the_last_bit() -> None:
    given_ = returns(3, 200, 30, 0.03)
    settings = CorrelationSettings()
    whole = list(correlation_graphs(given_, settings))[-1]
    late = list(correlation_graphs(given_[-60:], settings))[-1]
    assert whole.first.tobytes() == late.first.tobytes()
    assert whole.weight.tobytes() == late.weight.tobytes()


def test_later_returns_change_nothing_before_them() -> None:
    given_ = returns(4, 120, 12, 0.02)
    spoilt = given_.copy()
    spoilt[80:] = 9.0
    settings = CorrelationSettings()
    pairs = zip(correlation_graphs(given_, settings), correlation_graphs(spoilt, settings))  # noqa: B905
    for t, (one, other) in enumerate(pairs):
        assert t >= 80 or one.weight.tobytes() == other.weight.tobytes()


def test_too_few_sessions_in_common_make_no_edge() -> None:
    moves = np.random.default_rng(0).normal(0, 0.01, 20)
    both = np.stack([moves, moves], axis=1)
    settings = CorrelationSettings(window=20, least_share=0.5)
    lengths = [len(graph) for graph in correlation_graphs(both, settings)]
    assert lengths == [0] * 9 + [1] * 11
    both[::2, 0] = np.nan
    both[1::2, 1] = np.nan
    assert [len(graph) for graph in correlation_graphs(both, settings)] == [0] * 20


def test_the_matrix_and_the_degrees_say_what_the_edges_say() -> None:
    graph = CorrelationGraph(
        3, np.array([0, 1], np.int32), np.array([1, 2], np.int32), np.array([0.5, -0.4])
    )
    wanted = [[1, 0.5, 0], [0.5, 1, -0.4], [0, -0.4, 1]]
    np.testing.assert_array_equal(graph.matrix(), wanted)
    np.testing.assert_array_equal(graph.degrees(), [1, 2, 1])


def test_a_row_of_another_market_is_refused() -> None:
    with pytest.raises(OperatorError, match="one return for each symbol"):
        RollingCorrelation(3, CorrelationSettings()).push(np.zeros(4))


def test_the_market_models_edges_are_these() -> None:
    """The market model works them out on its own device, block by block."""
    torch = pytest.importorskip("torch")
    from foundation.market_model.network.graph import correlations, edges

    given_ = returns(5, 90, 15, 0.05)
    settings = CorrelationSettings(window=40)
    theirs = edges(correlations(torch.from_numpy(given_.T.copy()), 10, 40), 0.3).numpy()
    ours = [graph.matrix() for graph in correlation_graphs(given_, settings)][-10:]
    np.testing.assert_allclose(np.stack(ours), theirs, atol=1e-9)


def test_real_banks_move_together_and_more_so_in_a_sell_off(shared_data: Path) -> None:
    """February 2018: more pairs are edges than in the calm of the summer before."""
    frame = pd.read_parquet(shared_data / "ohlcv_sp500_2013_2018" / "bars.parquet")
    chosen = {*sorted(frame["ticker"].unique())[::4], "BAC", "JPM"}
    frame = frame[frame["ticker"].isin(chosen) & (frame["date"] >= "2017-04-01")]
    wide = frame.pivot(index="date", columns="ticker", values="close")
    logs = np.log(wide.to_numpy())
    graphs = list(correlation_graphs(np.diff(logs, axis=0), CorrelationSettings()))
    days = [day.date().isoformat() for day in pd.to_datetime(wide.index)][1:]
    names = list(wide.columns)
    crash = graphs[days.index("2018-02-07")]
    bank = edges_of(crash)[names.index("BAC"), names.index("JPM")]
    window = wide[["BAC", "JPM"]].loc[:"2018-02-07"].iloc[-61:]
    assert bank == pytest.approx(np.log(window).diff().corr().iloc[0, 1], abs=1e-9)
    assert bank > 0.6
    assert len(crash) > 2 * len(graphs[days.index("2017-08-01")])

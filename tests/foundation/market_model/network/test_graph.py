"""Correlations and the attention over them, against NumPy, pandas and PyG."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from foundation.market_model.network.graph import (
    CorrelationAttention,
    GraphEncoder,
    correlations,
    edges,
)
from foundation.market_model.recipe import GraphSizes
from tests.foundation.market_model.network import plain


def returns(symbols: int, sessions: int, absent: float = 0.0) -> np.ndarray:
    draw = np.random.default_rng(2)
    common = draw.normal(size=sessions)
    values = 0.01 * (common + draw.normal(size=(symbols, sessions)))
    values[draw.random(values.shape) < absent] = np.nan
    return values


@pytest.mark.parametrize("absent", [0.0, 0.15])
def test_correlations_are_pearsons_over_the_sessions_both_have(absent: float) -> None:
    values, window = returns(5, 50, absent), 20
    got = correlations(torch.from_numpy(values), 12, window).numpy()
    for k, end in enumerate(range(39, 51)):
        frame = pd.DataFrame(values[:, end - window : end].T)
        expected = frame.corr(min_periods=window // 2).fillna(0.0).to_numpy()
        np.testing.assert_allclose(got[k], expected, atol=1e-10)


def test_no_correlation_is_told_before_half_a_window_or_where_a_price_stood_still() -> None:
    values = returns(3, 30)
    values[2] = 0.0
    got = correlations(torch.from_numpy(values), 30, 20).numpy()
    assert (got[:9] == 0).all()
    assert (got[9:, 0, 1] != 0).all()
    assert (got[:, 2] == 0).all()


def test_an_edge_is_a_correlation_beyond_the_threshold_and_each_node_keeps_itself() -> None:
    table = torch.tensor([[[1.0, 0.31, -0.5], [0.31, 1.0, 0.29], [-0.5, 0.29, 0.0]]])
    expected = torch.tensor([[[1.0, 0.31, -0.5], [0.31, 1.0, 0.0], [-0.5, 0.0, 1.0]]])
    assert torch.equal(edges(table, 0.3), expected)


def graph(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    nodes = torch.randn(2, 6, 5, generator=draw, dtype=torch.float64)
    table = torch.rand(2, 6, 6, generator=draw, dtype=torch.float64) * 2 - 1
    return nodes, edges((table + table.mT) / 2, 0.3)


def layer() -> CorrelationAttention:
    torch.manual_seed(1)
    module = CorrelationAttention(5, GraphSizes(heads=3, width=4, dropout=0.0)).double().eval()
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.2 * torch.randn_like(p))
    return module


def test_dense_and_sparse_attention_give_the_plain_form() -> None:
    module, (nodes, weights) = layer(), graph()
    p = plain.parameters(module)
    expected = [
        plain.graph_attention(p, n, w, heads=3)
        for n, w in zip(nodes.numpy(), weights.numpy(), strict=True)
    ]
    for form in (module.dense, module.sparse):
        np.testing.assert_allclose(form(nodes, weights).detach().numpy(), expected, rtol=1e-9)


def test_dense_and_sparse_attention_have_the_same_gradients() -> None:
    found = []
    for form in ("dense", "sparse"):
        module, (nodes, weights) = layer(), graph()
        nodes.requires_grad_()
        (getattr(module, form)(nodes, weights) ** 2).sum().backward()
        found.append([nodes.grad, *(p.grad for p in module.parameters())])
    for dense, sparse in zip(*found, strict=True):
        torch.testing.assert_close(dense, sparse, rtol=1e-9, atol=1e-11)


def test_a_session_does_not_feel_another_session() -> None:
    torch.manual_seed(0)
    module = GraphEncoder(5, GraphSizes(heads=2, width=4, projected=3)).double().eval()
    nodes, weights = graph()
    both = module(nodes, weights).detach()
    alone = module(nodes[1:], weights[1:]).detach()
    torch.testing.assert_close(both[1:], alone, rtol=1e-12, atol=1e-12)

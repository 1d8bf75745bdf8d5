"""Attention between symbols whose past returns move together.

Nodes are the symbols of one session, edges their correlations over the past window. The layer is
``torch_geometric``'s GATConv (Velickovic et al. 2018, with edge features). Where most pairs are
edges, the same parameters are used in a dense masked product instead: the same numbers, several
times faster than gathering edges one by one.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from foundation.market_model.recipe import GraphSizes
from foundation.quant.correlation_graph import CorrelationSettings
from foundation.quant.correlation_graph import correlations as of_window

DENSE_FROM = 0.02
"""Share of pairs that are edges from which the dense product is the faster one (measured)."""


def correlations(returns: Tensor, sessions: int, window: int) -> Tensor:
    """Return the correlations at each of the last sessions, shape (sessions, N, N).

    Parameters
    ----------
    returns : float Tensor, shape (N, T)
        Log returns; NaN where absent.
    sessions : int
        How many of the last sessions to answer for.
    window : int
        Sessions that each correlation looks back on, its own included.

    Notes
    -----
    Those of ``foundation.quant.correlation_graph``, on the CPU: standardised once a window, a
    session is one product, which takes a tenth of the time of batched sums over all windows.
    Zero (no edge) where both are present on fewer than half of the window, or one stood still.
    """
    values = returns.detach().cpu().numpy().T.astype(float)
    settings = CorrelationSettings(window=window)
    ends = range(len(values) - sessions + 1, len(values) + 1)
    found = [of_window(values[max(0, end - window) : max(0, end)], settings) for end in ends]
    return torch.from_numpy(np.stack(found)).to(returns)


def edges(correlation: Tensor, threshold: float) -> Tensor:
    """Return edge weights: the correlations beyond the threshold, and one of each node to itself.

    Shape (D, N, N), symmetric; zero where there is no edge.
    """
    kept = torch.where(correlation.abs() >= threshold, correlation, 0.0)
    itself = torch.eye(kept.shape[-1], dtype=torch.bool, device=kept.device)
    return kept.masked_fill(itself, 1.0)


class CorrelationAttention(nn.Module):
    """One layer of graph attention over a batch of sessions.

    Parameters
    ----------
    width : int
        Of the nodes.
    sizes : GraphSizes
    """

    def __init__(self, width: int, sizes: GraphSizes) -> None:
        super().__init__()
        from torch_geometric.nn import GATConv

        self.conv = GATConv(
            width,
            sizes.width,
            heads=sizes.heads,
            edge_dim=1,
            add_self_loops=False,
            dropout=sizes.dropout,
        )

    def forward(self, nodes: Tensor, weights: Tensor) -> Tensor:
        """Return new nodes (D, N, heads * width) of nodes (D, N, width), edges as of ``edges``."""
        dense = (weights != 0).float().mean() >= DENSE_FROM
        return self.dense(nodes, weights) if dense else self.sparse(nodes, weights)

    def sparse(self, nodes: Tensor, weights: Tensor) -> Tensor:
        """Attend edge by edge, all sessions as one graph of separate parts."""
        sessions, symbols, _ = nodes.shape
        day, source, target = torch.nonzero(weights, as_tuple=True)
        index = torch.stack([day * symbols + source, day * symbols + target])
        out = self.conv(nodes.flatten(0, 1), index, weights[day, source, target][:, None])
        return out.view(sessions, symbols, -1)

    def dense(self, nodes: Tensor, weights: Tensor) -> Tensor:
        """Attend by masked products over all pairs."""
        conv = self.conv
        values = conv.lin(nodes).unflatten(-1, (conv.heads, conv.out_channels))
        sends = (values * conv.att_src).sum(-1).transpose(1, 2)
        takes = (values * conv.att_dst).sum(-1).transpose(1, 2)
        per_weight = (conv.lin_edge.weight.view(1, conv.heads, -1) * conv.att_edge).sum(-1)
        # Target on the last but one axis: each node weighs those that point at it.
        score = takes[..., None] + sends[:, :, None, :]
        score = score + weights.mT[:, None] * per_weight.view(1, -1, 1, 1)
        score = F.leaky_relu(score, conv.negative_slope)
        score = score.masked_fill((weights.mT == 0)[:, None], -torch.inf)
        shares = F.dropout(torch.softmax(score, dim=-1), conv.dropout, self.training)
        mixed = shares @ values.transpose(1, 2)
        return mixed.transpose(1, 2).flatten(2) + conv.bias


class GraphEncoder(nn.Module):
    """Layers of attention between symbols, each normed, rectified and thinned; then a projection.

    LayerNorm stands where the source design has BatchNorm: a batch holds many sessions, and the
    statistics of one must not depend on later ones.
    """

    def __init__(self, width: int, sizes: GraphSizes) -> None:
        super().__init__()
        wide = sizes.heads * sizes.width
        self.layers = nn.ModuleList(
            CorrelationAttention(width if i == 0 else wide, sizes) for i in range(sizes.layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(wide) for _ in range(sizes.layers))
        self.dropout = nn.Dropout(sizes.dropout)
        self.project = nn.Linear(wide, sizes.projected)

    def forward(self, nodes: Tensor, weights: Tensor) -> Tensor:
        """Return (D, N, projected) of nodes (D, N, width) and edge weights (D, N, N)."""
        for layer, norm in zip(self.layers, self.norms, strict=True):
            nodes = self.dropout(F.relu(norm(layer(nodes, weights))))
        return self.project(nodes)

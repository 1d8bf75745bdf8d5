"""The parts of a temporal fusion transformer (Lim et al. 2021, sections 4.1, 4.2 and 4.4).

Variables stand on a leading axis, so that the networks of all variables are one batched product
and no loop runs over them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GatedResidualNetwork(nn.Module):
    """``LayerNorm(skip(a) + GLU(W1 ELU(W2 a + W3 c)))`` (eqs 2-5).

    Parameters
    ----------
    width : int
        Of the input.
    hidden : int
    out : int, optional
        Of the output; the width where None. Where they differ, the skip is a linear map.
    context : int, optional
        Width of ``c``; None where there is none.
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        out: int | None = None,
        *,
        context: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        out = width if out is None else out
        self.enter = nn.Linear(width, hidden)
        self.context = None if context is None else nn.Linear(context, hidden, bias=False)
        self.inner = nn.Linear(hidden, hidden)
        self.gate = GateAddNorm(hidden, out, dropout)
        self.skip = nn.Identity() if width == out else nn.Linear(width, out)

    def forward(self, a: Tensor, c: Tensor | None = None) -> Tensor:
        """Return the transformed ``a``, shape (..., out); ``c`` broadcasts against it."""
        inner = self.enter(a)
        if self.context is not None:
            inner = inner + self.context(c)
        return self.gate(self.inner(F.elu(inner)), self.skip(a))


class GateAddNorm(nn.Module):
    """``LayerNorm(skip + GLU(x))``: a part can be gated away where it is not needed."""

    def __init__(self, width: int, out: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.gates = nn.Linear(width, 2 * out)
        self.norm = nn.LayerNorm(out)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Return the gated sum, shape of ``skip``."""
        return self.norm(skip + F.glu(self.gates(self.dropout(x)), dim=-1))


class VariableEmbedding(nn.Module):
    """Each real variable as ``value * weight + bias``; a vector of its own where it is absent."""

    def __init__(self, variables: int, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(variables, 1, hidden) / math.sqrt(hidden))
        self.bias = nn.Parameter(torch.zeros(variables, 1, hidden))
        self.absent = nn.Parameter(torch.randn(variables, 1, hidden) / math.sqrt(hidden))

    def forward(self, values: Tensor) -> Tensor:
        """Return (variables, rows, hidden) of (rows, variables); NaN means absent."""
        by_variable = values.transpose(0, 1)[..., None]
        present = torch.isfinite(by_variable)
        known = torch.where(present, by_variable, torch.zeros_like(by_variable))
        # The bias is added in the product's own pass; absence then overrides the whole vector.
        return torch.where(present, torch.addcmul(self.bias, known, self.weight), self.absent)


class CategoryEmbedding(nn.Module):
    """Each categorical variable by a table of vectors."""

    def __init__(self, sizes: tuple[int, ...], hidden: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, hidden) for size in sizes)

    def forward(self, codes: Tensor) -> Tensor:
        """Return (variables, rows, hidden) of integer codes (rows, variables)."""
        return torch.stack([table(codes[:, i]) for i, table in enumerate(self.tables)])


class VariableSelection(nn.Module):
    """Weigh variables anew for every row, and transform each by its own network (eqs 6-8).

    The networks of all variables are stacked on a leading axis and computed as batched products.
    """

    def __init__(
        self, variables: int, hidden: int, *, context: int | None = None, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.select = GatedResidualNetwork(
            variables * hidden, hidden, variables, context=context, dropout=dropout
        )
        self.dropout = nn.Dropout(dropout)
        bound = 1 / math.sqrt(hidden)

        def uniform(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(variables, *shape).uniform_(-bound, bound))

        self.enter, self.enter_bias = uniform(hidden, hidden), uniform(1, hidden)
        self.inner, self.inner_bias = uniform(hidden, hidden), uniform(1, hidden)
        self.gates, self.gates_bias = uniform(hidden, 2 * hidden), uniform(1, 2 * hidden)
        self.scale = nn.Parameter(torch.ones(variables, 1, hidden))
        self.shift = nn.Parameter(torch.zeros(variables, 1, hidden))

    def forward(self, embedded: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the selection (rows, hidden) and the weights (rows, variables).

        Parameters
        ----------
        embedded : Tensor, shape (variables, rows, hidden)
        context : Tensor, shape (rows, context), optional
        """
        variables, rows, hidden = embedded.shape
        flat = embedded.transpose(0, 1).reshape(rows, variables * hidden)
        weights = torch.softmax(self.select(flat, context), dim=-1)
        inner = F.elu(torch.baddbmm(self.enter_bias, embedded, self.enter))
        inner = torch.baddbmm(self.inner_bias, inner, self.inner)
        gated = F.glu(torch.baddbmm(self.gates_bias, self.dropout(inner), self.gates), dim=-1)
        normed = F.layer_norm(embedded + gated, (hidden,)) * self.scale + self.shift
        # One product per row: the weights (1, variables) times its vectors (variables, hidden).
        selected = torch.bmm(weights[:, None, :], normed.transpose(0, 1))
        return selected[:, 0, :], weights


class InterpretableAttention(nn.Module):
    """Attention whose heads share values: one set of weights explains it (eqs 13-16)."""

    def __init__(self, hidden: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.width, self.dropout = heads, hidden // heads, dropout
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, self.width)
        self.out = nn.Linear(self.width, hidden, bias=False)

    def forward(self, query: Tensor, memory: Tensor, seen: Tensor) -> Tensor:
        """Return what each query attends to.

        Parameters
        ----------
        query : Tensor, shape (batch, Q, hidden)
        memory : Tensor, shape (batch, K, hidden)
        seen : bool Tensor, shape (Q, K)
            Which keys a query may look at; each query sees at least one.
        """
        q, k = self._split(self.query(query)), self._split(self.key(memory))
        v = self.value(memory)[:, None].expand(-1, self.heads, -1, -1)
        dropout = self.dropout if self.training else 0.0
        # The mean over heads of (weights of a head times shared values): the heads' mean weights.
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, dropout_p=dropout)
        return self.out(mixed.mean(dim=1))

    def weights(self, query: Tensor, memory: Tensor, seen: Tensor) -> Tensor:
        """Return the heads' mean attention, shape (batch, Q, K); rows sum to one."""
        q, k = self._split(self.query(query)), self._split(self.key(memory))
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.width)
        return torch.softmax(scores.masked_fill(~seen, -torch.inf), dim=-1).mean(dim=1)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, self.width)).transpose(1, 2)

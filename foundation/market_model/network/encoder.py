"""The temporal fusion encoder over blocks of sessions: every session of a block is an example.

A plain TFT reads one window per example, and neighbouring windows share all sessions but one.
Here variable selection and the recurrent network run once over a block; attention is causal and
banded to ``context`` sessions. Two things differ from the plain form, both stated and measured in
``benchmarks/market_model.py``: the recurrent state began before the window did, and the five
sessions ahead are one decoding step, since the labels are sums over all five.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from foundation.market_model.network.blocks import (
    CategoryEmbedding,
    GateAddNorm,
    GatedResidualNetwork,
    InterpretableAttention,
    VariableEmbedding,
    VariableSelection,
)
from foundation.market_model.recipe import EncoderSizes


@dataclass(frozen=True)
class Block:
    """Consecutive sessions of some symbols, as tensors.

    Attributes
    ----------
    observed : float Tensor, shape (N, T, F)
        Standardised inputs known at each close; NaN means absent.
    known : float Tensor, shape (N, T, K)
        What is known at each close about the sessions ahead; NaN means absent.
    known_codes : int Tensor, shape (T, C)
        Categories of the sessions ahead (weekday, month).
    statics : int Tensor, shape (N, S)
        Categories of the symbols.
    """

    observed: Tensor
    known: Tensor
    known_codes: Tensor
    statics: Tensor


@dataclass(frozen=True)
class Explanation:
    """Why the encoder said what it said, for the forecast sessions of a block.

    Attributes
    ----------
    observed : Tensor, shape (N, B, F)
        Weight of each observed variable at each session; sums to one.
    known : Tensor, shape (N, B, C + K)
        Weight of each variable known ahead, categories first.
    statics : Tensor, shape (N, S)
    attention : Tensor, shape (N, B, T)
        The heads' mean attention on the sessions of the block.
    """

    observed: Tensor
    known: Tensor
    statics: Tensor
    attention: Tensor


@dataclass(frozen=True)
class Carried:
    """What a session hands on to the next one, so that a new day costs one session.

    Attributes
    ----------
    state : tuple of Tensor, each (layers, N, hidden); or None
        Of the recurrent network; None where there is none.
    memory : Tensor, shape (N, M, hidden)
        What attention may still look back on: the last ``context - 1`` sessions at most.
    """

    state: tuple[Tensor, Tensor] | None
    memory: Tensor


@dataclass
class _Temporal:
    """What is computed on the way to attention."""

    state: tuple[Tensor, Tensor] | None
    memory: Tensor
    query: Tensor
    recurrent: Tensor
    seen: Tensor
    weights: tuple[Tensor, Tensor, Tensor]


class TemporalFusionEncoder(nn.Module):
    """From a block of inputs to one vector per symbol and forecast session.

    Parameters
    ----------
    sizes : EncoderSizes
    observed, known : int
        Numbers of real variables.
    known_codes, statics : tuple of int
        Numbers of categories per categorical variable.
    context : int
        Sessions that attention reaches back, the present one included.
    """

    def __init__(
        self,
        sizes: EncoderSizes,
        *,
        observed: int,
        known: int,
        known_codes: tuple[int, ...],
        statics: tuple[int, ...],
        context: int,
    ) -> None:
        super().__init__()
        hidden, dropout = sizes.hidden, sizes.dropout
        self.context, self.layers = context, sizes.lstm_layers
        self.embed_observed = VariableEmbedding(observed, hidden)
        self.embed_known = VariableEmbedding(known, hidden)
        self.embed_codes = CategoryEmbedding(known_codes, hidden)
        self.embed_statics = CategoryEmbedding(statics, hidden)

        self.select_statics = VariableSelection(len(statics), hidden, dropout=dropout)
        self.contexts = nn.ModuleDict(
            {
                name: GatedResidualNetwork(hidden, hidden, dropout=dropout)
                for name in ("selection", "enrichment", "state", "cell")
            }
        )
        self.select_observed = VariableSelection(observed, hidden, context=hidden, dropout=dropout)
        self.select_known = VariableSelection(
            len(known_codes) + known, hidden, context=hidden, dropout=dropout
        )
        self.recurrent = None
        if sizes.lstm_layers:
            self.recurrent = nn.LSTM(
                hidden,
                hidden,
                sizes.lstm_layers,
                batch_first=True,
                dropout=dropout if sizes.lstm_layers > 1 else 0.0,
            )
        self.after_recurrent = GateAddNorm(hidden, hidden, dropout)
        self.ahead = GatedResidualNetwork(hidden, hidden, context=hidden, dropout=dropout)
        self.enrich = GatedResidualNetwork(hidden, hidden, context=hidden, dropout=dropout)
        self.attend = InterpretableAttention(hidden, sizes.heads, dropout)
        self.after_attention = GateAddNorm(hidden, hidden, dropout)
        self.feed_forward = GatedResidualNetwork(hidden, hidden, dropout=dropout)
        self.last = GateAddNorm(hidden, hidden, dropout)

    def forward(self, block: Block, forecast: int) -> Tensor:
        """Return the encoding of the last ``forecast`` sessions, shape (N, forecast, hidden)."""
        return self._encoded(self._temporal(block, forecast))

    def advance(self, block: Block, carried: Carried | None) -> tuple[Tensor, Carried]:
        """Return the encoding of a block's sessions, (N, T, hidden), and what to hand on.

        Sessions are given once, in order, in blocks of any length: what was carried from the last
        one stands for all before. ``forward`` over all of them together says the same.
        """
        t = self._temporal(block, block.observed.shape[1], carried)
        kept = max(0, t.memory.shape[1] - (self.context - 1))
        return self._encoded(t), Carried(t.state, t.memory[:, kept:])

    def _encoded(self, t: _Temporal) -> Tensor:
        attended = self.after_attention(self.attend(t.query, t.memory, t.seen), t.query)
        return self.last(self.feed_forward(attended), t.recurrent)

    def explain(self, block: Block, forecast: int) -> Explanation:
        """Return variable weights and attention of the last ``forecast`` sessions."""
        t = self._temporal(block, forecast)
        symbols, sessions, _ = block.observed.shape
        observed, known, statics = t.weights
        return Explanation(
            observed=observed.view(symbols, sessions, -1)[:, -forecast:],
            known=known.view(symbols, forecast, -1),
            statics=statics,
            attention=self.attend.weights(t.query, t.memory, t.seen),
        )

    def _temporal(self, block: Block, forecast: int, carried: Carried | None = None) -> _Temporal:
        symbols, sessions, _ = block.observed.shape
        static, static_weights = self.select_statics(self.embed_statics(block.statics))
        context = {name: part(static) for name, part in self.contexts.items()}

        chosen, observed_weights = self.select_observed(
            self.embed_observed(block.observed.flatten(0, 1)),
            context["selection"].repeat_interleave(sessions, dim=0),
        )
        chosen = chosen.view(symbols, sessions, -1)
        remembered, state = chosen, None
        if self.recurrent is not None:
            begin = tuple(
                context[name][None].expand(self.layers, -1, -1).contiguous()
                for name in ("state", "cell")
            )
            if carried is not None and carried.state is not None:
                begin = carried.state
            remembered, state = self.recurrent(chosen, begin)
        recurrent = self.after_recurrent(remembered, chosen)

        codes = block.known_codes[-forecast:].repeat(symbols, 1)
        ahead, known_weights = self.select_known(
            torch.cat(
                [
                    self.embed_codes(codes),
                    self.embed_known(block.known[:, -forecast:].flatten(0, 1)),
                ]
            ),
            context["selection"].repeat_interleave(forecast, dim=0),
        )
        present = recurrent[:, -forecast:]
        decoded = self.ahead(present, ahead.view(symbols, forecast, -1))
        enrichment = context["enrichment"][:, None, :]
        memory = self.enrich(recurrent, enrichment)
        if carried is not None:
            memory = torch.cat([carried.memory, memory], dim=1)
        return _Temporal(
            state=state,
            memory=memory,
            query=self.enrich(decoded, enrichment),
            recurrent=decoded,
            seen=band(memory.shape[1], forecast, self.context, block.observed.device),
            weights=(observed_weights, known_weights, static_weights),
        )


def band(sessions: int, forecast: int, context: int, device: torch.device) -> Tensor:
    """Return which sessions each of the last ``forecast`` ones may look at, (forecast, sessions).

    A session sees itself and the ``context - 1`` sessions before it: never a later one.
    """
    at = torch.arange(sessions - forecast, sessions, device=device)[:, None]
    age = at - torch.arange(sessions, device=device)[None, :]
    return (age >= 0) & (age < context)

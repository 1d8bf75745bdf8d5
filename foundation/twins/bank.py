"""Many twins as one program: every layer is a product over a leading axis of twins.

A twin corrects the market model for one stock: a low-rank adapter on the shared embedding, an
embedding of its own, a regime detector and what the options say lead to corrections of the shared
return, hit probability, quantiles and of the volatility scale. Untrained, it corrects nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from foundation.market_model.network.model import moved_quantiles
from foundation.twins.layout import Layout

ONE = math.log(math.e - 1)
"""Where softplus is one: an untrained twin's volatility is its scale."""


@dataclass(frozen=True)
class TwinInputs:
    """What twins are given, by twin and session.

    Attributes
    ----------
    embedding : Tensor, shape (n, B, E)
    inputs : Tensor, shape (n, B, F)
        The market model's observed inputs of each session, standardised as it does; NaN means
        absent and counts as the input's mean.
    returns, hit : Tensor, shape (n, B)
        The shared heads' expected return (in volatility scales) and hit logit.
    quantiles : Tensor, shape (n, B, 3)
    options : Tensor, shape (n, B, 40), optional
        Standardised option features; NaN means absent, and a row that is all absent leaves the
        options' part of a twin silent.
    """

    embedding: Tensor
    inputs: Tensor
    returns: Tensor
    hit: Tensor
    quantiles: Tensor
    options: Tensor | None = None

    def each(self, change: Callable[[Tensor], Tensor]) -> TwinInputs:
        """Return every part changed."""
        return TwinInputs(
            change(self.embedding),
            change(self.inputs),
            change(self.returns),
            change(self.hit),
            change(self.quantiles),
            None if self.options is None else change(self.options),
        )

    def cut(self, rows: Tensor | slice) -> TwinInputs:
        """Return some sessions."""
        if isinstance(rows, slice):
            return self.each(lambda part: part[:, rows])
        return self.each(lambda part: part.index_select(1, rows))

    def of(self, twins: Tensor) -> TwinInputs:
        """Return some twins."""
        return self.each(lambda part: part[twins])


@dataclass(frozen=True)
class TwinOpinion:
    """What twins say, in units of the volatility scale; shapes (n, B) unless noted.

    Attributes
    ----------
    returns : Tensor
        Expected log return over the horizon.
    hit : Tensor
        Logit of the probability that the target is touched before the stop.
    volatility : Tensor
        Expected realised volatility over the horizon; positive.
    quantiles : Tensor, shape (n, B, 3)
        Never crossing, by construction.
    regimes : Tensor, shape (n, B, 4)
        Logits of the four regimes.
    """

    returns: Tensor
    hit: Tensor
    volatility: Tensor
    quantiles: Tensor
    regimes: Tensor


@dataclass(frozen=True)
class Drops:
    """What is dropped while training: factors (B, width) of the hidden layers; None drops nothing.

    Every twin drops the same units of a session (Srivastava et al. 2014): each twin by itself sees
    the noise that it would alone, and random numbers are drawn once for all.
    """

    detector: Tensor | None = None
    first: Tensor | None = None
    second: Tensor | None = None
    heads: Tensor | None = None


SILENT = Drops()


def answer(layout: Layout, rows: Tensor, given: TwinInputs) -> TwinOpinion:
    """Return the opinion of the twins whose parameters are ``rows`` (n, width).

    All products are batched over twins. What does not vary with the session (the stock's own
    embedding) is multiplied once per twin.
    """
    return corrected(given, *corrections(layout, layout.views(rows), given))


def corrections(
    layout: Layout, p: dict[str, Tensor], given: TwinInputs, drops: Drops = SILENT
) -> tuple[Tensor, Tensor]:
    """Return what twins add to the shared heads, (n, B, 6), and logits of the regimes, (n, B, 4).

    The six, all zero for an untrained twin: expected return, logit of the hit, volatility (before
    its softplus), then what is added to the distance of the lower quantile, to the median and to
    the distance of the upper quantile (distances before their softplus). ``p`` holds the twins'
    named parameters, each (n, *shape).
    """
    sizes = layout.sizes
    x = given.embedding
    adapted = torch.baddbmm(x, F.relu(x @ p["adapter.down"]), p["adapter.up"])
    stock = p["stock"][:, None, :]

    regimes = _detect(p, adapted, stock, drops)
    # The expected embedding, not that of the likeliest regime: gradients flow to the detector.
    parts = {
        "adapted": adapted,
        "regime": torch.softmax(regimes, dim=-1) @ p["regimes"],
        "inputs": torch.nan_to_num(given.inputs, nan=0.0),
    }
    if sizes.options is not None:
        parts["options"] = _encode_options(p, given)
    fixed = torch.baddbmm(p["correction.0.bias"][:, None], stock, p["correction.0.stock"])
    inner = torch.baddbmm(fixed, parts.pop("adapted"), p["correction.0.adapted"])
    for name, part in parts.items():
        # Added up in place: nothing needs the sum so far.
        inner = inner.baddbmm_(part, p[f"correction.0.{name}"])
    hidden = _settle(p, 0, inner, drops)
    inner = torch.baddbmm(p["correction.1.bias"][:, None], hidden, p["correction.1.weight"])
    hidden = _settle(p, 1, inner, drops)

    returns, hit, volatility = _heads(p, hidden, sizes.head, drops).unbind(-1)
    if sizes.options is not None:
        options = parts["options"]
        returns = returns + (options @ p["gamma.weight"])[..., 0]
        hit = hit * (2 * torch.sigmoid((options @ p["gate.weight"])[..., 0]))
    stretch = torch.baddbmm(p["quantiles.bias"][:, None], hidden, p["quantiles.weight"])
    return torch.cat([torch.stack([returns, hit, volatility], dim=-1), stretch], dim=-1), regimes


def corrected(given: TwinInputs, added: Tensor, regimes: Tensor) -> TwinOpinion:
    """Return the shared heads' opinion with the corrections (n, B, 6) made."""
    return TwinOpinion(
        returns=given.returns + added[..., 0],
        hit=given.hit + added[..., 1],
        volatility=F.softplus(added[..., 2] + ONE),
        quantiles=moved_quantiles(given.quantiles, added[..., 3:]),
        regimes=regimes,
    )


def _detect(p: dict[str, Tensor], adapted: Tensor, stock: Tensor, drops: Drops) -> Tensor:
    fixed = torch.baddbmm(p["detector.0.bias"][:, None], stock, p["detector.0.stock"])
    hidden = _dropped(F.relu(torch.baddbmm(fixed, adapted, p["detector.0.weight"])), drops.detector)
    for i in (1, 2):
        hidden = torch.baddbmm(p[f"detector.{i}.bias"][:, None], hidden, p[f"detector.{i}.weight"])
        hidden = F.relu(hidden) if i == 1 else hidden
    return hidden


def _encode_options(p: dict[str, Tensor], given: TwinInputs) -> Tensor:
    if given.options is None:
        width = p["options.1.bias"].shape[-1]
        return given.embedding.new_zeros((*given.embedding.shape[:2], width))
    present = torch.isfinite(given.options)
    hidden = torch.where(present, given.options, 0.0)
    for i in (0, 1):
        weight, bias = p[f"options.{i}.weight"], p[f"options.{i}.bias"]
        hidden = F.relu(torch.baddbmm(bias[:, None], hidden, weight))
    return hidden * present.any(-1, keepdim=True)


def _settle(p: dict[str, Tensor], layer: int, inner: Tensor, drops: Drops) -> Tensor:
    scale, shift = p[f"correction.{layer}.scale"], p[f"correction.{layer}.shift"]
    normed = F.layer_norm(inner, (inner.shape[-1],))
    hidden = F.relu(torch.addcmul(shift[:, None], normed, scale[:, None]))
    return _dropped(hidden, drops.first if layer == 0 else drops.second)


def _heads(p: dict[str, Tensor], hidden: Tensor, width: int, drops: Drops) -> Tensor:
    """Return the corrections of return, hit and volatility, (n, B, 3), in two products."""
    inner = F.relu(torch.baddbmm(p["heads.0.bias"][:, None], hidden, p["heads.0.weight"]))
    inner = _dropped(inner, drops.heads).unflatten(-1, (3, width))
    return (inner * p["heads.1.weight"][:, None]).sum(-1) + p["heads.1.bias"][:, None]


def _dropped(hidden: Tensor, factors: Tensor | None) -> Tensor:
    return hidden if factors is None else hidden * factors

"""One twin as a plain ``nn.Module``: one layer after another, as one would write for one stock."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from foundation.twins.bank import TwinInputs
from foundation.twins.recipe import TwinSizes


def joined(row: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a twin's parameters with the matrices of a layer's parts as the one that they are."""
    parts = [
        row[f"correction.0.{part}"]
        for part in ("adapted", "stock", "regime", "inputs", "options")
        if f"correction.0.{part}" in row
    ]
    detector = [row["detector.0.weight"], row["detector.0.stock"]]
    return row | {
        "correction.0.weight": torch.cat(parts, dim=-2),
        "detector.0.weight": torch.cat(detector, dim=-2),
    }


class PlainTwin(nn.Module):
    """The parts of the design, from ordinary layers, with the same beginning as the bank's."""

    def __init__(self, sizes: TwinSizes) -> None:
        super().__init__()
        self.sizes = sizes
        first, second = sizes.correction
        self.down = nn.Linear(sizes.embedding, sizes.adapter, bias=False)
        self.up = nn.Linear(sizes.adapter, sizes.embedding, bias=False)
        self.stock = nn.Parameter(torch.zeros(sizes.stock))
        widths = (sizes.embedding + sizes.stock, *sizes.detector, 4)
        self.detector = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.regimes = nn.Embedding(4, sizes.regime)
        joined = sizes.embedding + sizes.stock + sizes.regime + sizes.inputs
        if sizes.options is not None:
            hidden, out = sizes.options_hidden
            self.options = nn.ModuleList((nn.Linear(sizes.options, hidden), nn.Linear(hidden, out)))
            self.gamma = nn.Linear(out, 1, bias=False)
            self.gate = nn.Linear(out, 1, bias=False)
            joined += out
        self.correction = nn.ModuleList((nn.Linear(joined, first), nn.Linear(first, second)))
        self.norms = nn.ModuleList((nn.LayerNorm(first), nn.LayerNorm(second)))
        self.inner = nn.ModuleList(nn.Linear(second, sizes.head) for _ in range(3))
        self.outer = nn.ModuleList(nn.Linear(sizes.head, 1) for _ in range(3))
        self.quantiles = nn.Linear(second, 3)

    def take(self, row: dict[str, Tensor]) -> None:
        """Copy one twin's parameters out of a bank's named views."""

        def put(layer: nn.Linear, weight: Tensor, bias: Tensor | None) -> None:
            layer.weight.copy_(weight.mT)
            if bias is not None:
                layer.bias.copy_(bias)

        with torch.no_grad():
            put(self.down, row["adapter.down"], None)
            put(self.up, row["adapter.up"], None)
            self.stock.copy_(row["stock"])
            row = joined(row)
            for i, layer in enumerate(self.detector):
                put(layer, row[f"detector.{i}.weight"], row[f"detector.{i}.bias"])
            self.regimes.weight.copy_(row["regimes"])
            for i, layer in enumerate(self.correction):
                put(layer, row[f"correction.{i}.weight"], row[f"correction.{i}.bias"])
                self.norms[i].weight.copy_(row[f"correction.{i}.scale"])
                self.norms[i].bias.copy_(row[f"correction.{i}.shift"])
            width = self.sizes.head
            for i in range(3):
                cut = slice(i * width, (i + 1) * width)
                put(self.inner[i], row["heads.0.weight"][:, cut], row["heads.0.bias"][cut])
                put(
                    self.outer[i], row["heads.1.weight"][i][:, None], row["heads.1.bias"][i : i + 1]
                )
            put(self.quantiles, row["quantiles.weight"], row["quantiles.bias"])
            if self.sizes.options is not None:
                for i, layer in enumerate(self.options):
                    put(layer, row[f"options.{i}.weight"], row[f"options.{i}.bias"])
                put(self.gamma, row["gamma.weight"], None)
                put(self.gate, row["gate.weight"], None)

    def forward(self, given: TwinInputs, n: int = 0) -> dict[str, Tensor]:
        """Return the opinion on the n-th stock's inputs."""
        x, returns, hit, shared = (
            part[n] for part in (given.embedding, given.returns, given.hit, given.quantiles)
        )
        adapted = x + self.up(F.relu(self.down(x)))
        stock = self.stock.expand(len(x), -1)
        detected = torch.cat([adapted, stock], -1)
        detected = F.relu(self.detector[0](detected))
        regimes = self.detector[2](F.relu(self.detector[1](detected)))
        regime = torch.softmax(regimes, -1) @ self.regimes.weight
        seen = given.inputs[n]
        parts = [adapted, stock, regime, torch.where(seen.isnan(), 0.0, seen)]
        said = None
        if self.sizes.options is not None:
            assert given.options is not None
            options = given.options[n]
            there = torch.isfinite(options)
            said = F.relu(self.options[0](torch.where(there, options, 0.0)))
            said = F.relu(self.options[1](said)) * there.any(-1, keepdim=True)
            parts.append(said)
        hidden = torch.cat(parts, -1)
        for layer, norm in zip(self.correction, self.norms, strict=True):
            hidden = F.relu(norm(layer(hidden)))
        moves = [
            outer(F.relu(inner(hidden)))[:, 0]
            for inner, outer in zip(self.inner, self.outer, strict=True)
        ]
        if said is not None:
            moves[0] = moves[0] + self.gamma(said)[:, 0]
            moves[1] = moves[1] * 2 * torch.sigmoid(self.gate(said)[:, 0])
        stretch = self.quantiles(hidden)
        below = torch.log(torch.expm1(shared[:, 1] - shared[:, 0]))
        above = torch.log(torch.expm1(shared[:, 2] - shared[:, 1]))
        median = shared[:, 1] + stretch[:, 1]
        return {
            "returns": returns + moves[0],
            "hit": hit + moves[1],
            "volatility": F.softplus(moves[2] + math.log(math.expm1(1.0))),
            "quantiles": torch.stack(
                [
                    median - F.softplus(below + stretch[:, 0]),
                    median,
                    median + F.softplus(above + stretch[:, 2]),
                ],
                -1,
            ),
            "regimes": regimes,
        }

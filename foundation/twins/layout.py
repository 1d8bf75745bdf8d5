"""Where each parameter of a twin lies in its row of the bank, and how it begins.

All twins stand in one matrix (twins, parameters). The layers see views of it, the optimiser sees
rows: one twin is one row, and can be saved, replaced or frozen as such.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from foundation.twins.recipe import TwinSizes

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Names, shapes and places of a twin's parameters."""

    sizes: TwinSizes

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Shape of every parameter, in order; matrices are (input, output)."""
        s = self.sizes
        shapes: dict[str, Shape] = {
            "adapter.down": (s.embedding, s.adapter),
            "adapter.up": (s.adapter, s.embedding),
            "stock": (s.stock,),
        }
        # A layer that joins parts has one matrix per part: products are added up, nothing is
        # copied side by side, and what does not vary with the session is multiplied once.
        widths = (s.embedding, *s.detector, 4)
        shapes["detector.0.stock"] = (s.stock, s.detector[0])
        for i, (a, b) in enumerate(pairwise(widths)):
            shapes |= {f"detector.{i}.weight": (a, b), f"detector.{i}.bias": (b,)}
        shapes["regimes"] = (4, s.regime)
        first, second = s.correction
        if s.options is not None:
            hidden, out = s.options_hidden
            shapes |= {
                "options.0.weight": (s.options, hidden),
                "options.0.bias": (hidden,),
                "options.1.weight": (hidden, out),
                "options.1.bias": (out,),
                "gamma.weight": (out, 1),
                "gate.weight": (out, 1),
            }
        shapes |= {f"correction.0.{part}": (width, first) for part, width in self.joined.items()}
        shapes["correction.0.bias"] = (first,)
        shapes |= {"correction.1.weight": (first, second), "correction.1.bias": (second,)}
        for i, width in enumerate(s.correction):
            shapes |= {f"correction.{i}.scale": (width,), f"correction.{i}.shift": (width,)}
        # Return, hit and volatility stand side by side: one product instead of three.
        shapes |= {"heads.0.weight": (second, 3 * s.head), "heads.0.bias": (3 * s.head,)}
        shapes |= {"heads.1.weight": (3, s.head), "heads.1.bias": (3,)}
        shapes |= {"quantiles.weight": (second, 3), "quantiles.bias": (3,)}
        return shapes

    @cached_property
    def joined(self) -> dict[str, int]:
        """Parts that the first correction layer joins, and their widths."""
        s = self.sizes
        parts = {"adapted": s.embedding, "stock": s.stock, "regime": s.regime, "inputs": s.inputs}
        return parts if s.options is None else parts | {"options": s.options_hidden[1]}

    def fan_in(self, name: str) -> int:
        """Return how many numbers a layer's output is summed over."""
        if name.startswith("correction.0."):
            return sum(self.joined.values())
        if name.startswith("detector.0."):
            return self.sizes.embedding + self.sizes.stock
        return self.shapes[name][0]

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """First and last-but-one column of every parameter."""
        places, at = {}, 0
        for name, shape in self.shapes.items():
            places[name] = (at, at + math.prod(shape))
            at += math.prod(shape)
        return places

    @property
    def width(self) -> int:
        """Parameters of one twin."""
        return max(stop for _, stop in self.places.values())

    def views(self, rows: Tensor) -> dict[str, Tensor]:
        """Return every parameter as a view (twins, *shape) of the rows."""
        return {
            name: rows[:, slice(*self.places[name])].unflatten(1, shape)
            for name, shape in self.shapes.items()
        }

    def untrained(self, twins: int, generator: torch.Generator) -> Tensor:
        """Return rows of untrained twins, (twins, width): each answers as the shared heads do.

        The adapter's way up and the last layer of every head begin at zero, so that a twin's
        correction is zero whatever lies between. The rest is drawn uniformly within the inverse
        root of the fan-in (He et al. 2015, as torch's linear layers).
        """
        rows = torch.zeros(twins, self.width)
        for name, part in self.views(rows).items():
            if name.endswith("scale"):
                part.fill_(1.0)
            elif name in ("stock", "regimes"):
                part.copy_(0.1 * torch.randn(part.shape, generator=generator))
            elif name in ZERO or name.endswith(("bias", "shift")):
                continue
            else:
                bound = 1 / math.sqrt(self.fan_in(name))
                part.uniform_(-bound, bound, generator=generator)
        return rows

    def rates(self, weights: float, stock: float) -> Tensor:
        """Return the learning rate of every parameter, (width,)."""
        rates = torch.full((self.width,), weights)
        rates[slice(*self.places["stock"])] = stock
        return rates


ZERO: frozenset[str] = frozenset(
    {"adapter.up", "heads.1.weight", "quantiles.weight", "gamma.weight", "gate.weight"}
)
"""Matrices that begin at zero."""

"""Weights averaged over a run's last steps (Polyak and Juditsky 1992; Izmailov et al. 2018).

The weights of a single step hold what its batches happened to say. Their mean over many steps does
not: it is better calibrated, and believes less of what was noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stage_05_llm_engine.weights.sharding import gathered, like


@dataclass
class Mean:
    """The mean of some weights over ``counted`` steps, spread over processes as they are."""

    weights: list[Any]
    counted: int = 1

    @classmethod
    def of(cls, parameters: Sequence[Any]) -> Mean:
        """Return the mean over one step."""
        return cls([weight.detach().clone() for weight in parameters])

    def take_in(self, parameters: Sequence[Any]) -> None:
        """Count one more step."""
        import torch

        self.counted += 1
        with torch.no_grad():
            for mean, weight in zip(self.weights, parameters, strict=True):
                mean.lerp_(weight.detach(), 1 / self.counted)

    def kept(self) -> list[Any]:
        """Return the mean in full, and over how many steps it is."""
        return [self.counted, [gathered(weight) for weight in self.weights]]

    @classmethod
    def back(cls, kept: list[Any], parameters: Sequence[Any]) -> Mean:
        """Return what was kept, spread as the weights are."""
        counted, weights = kept
        there = zip(weights, parameters, strict=True)
        return cls([like(mean, weight).clone() for mean, weight in there], counted)


def averaged(mean: Mean | None, step: int, first: float, parameters: Sequence[Any]) -> Mean | None:
    """Return the mean after a step; none before the first step that counts."""
    if step <= first:
        return None
    if mean is None:
        return Mean.of(parameters)
    mean.take_in(parameters)
    return mean

"""The model while it learns: its weights, its optimizer, one step and one judgement.

In a team every process has a copy of it, takes its share of the passes of a step, and comes to
the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch

from foundation.kernel import seed_from
from foundation.market_model.blocking import Blocks, BlockTargets, Scaling, Targets, spans
from foundation.market_model.blocking import vocabulary as vocabulary_of
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.network.model import MarketModel
from foundation.market_model.recipe import MarketModelRecipe
from foundation.market_model.training.objective import in_full, loss
from foundation.market_model.training.passes import Pass
from foundation.market_model.training.shrinkage import borne_out
from foundation.runtime.team import Team


class Learner:
    """A new model on its device, with what it reads and what it is held to.

    Parameters
    ----------
    scaling : Scaling
        Of the inputs, from the training sessions alone.
    device : str
    team : Team
        The processes that learn together.
    """

    def __init__(
        self,
        data: ModelData,
        labels: Labels,
        scaling: Scaling,
        recipe: MarketModelRecipe,
        device: str,
        team: Team,
    ) -> None:
        self.recipe, self.team = recipe, team
        self.accelerator = _accelerator(recipe, device)
        where = torch.device(device)
        self.blocks = Blocks(data, scaling, recipe, where)
        self.targets = BlockTargets(labels, where)
        self.model = MarketModel(recipe, vocabulary_of(data)).to(where)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.wrapped, self.optimizer = self.accelerator.prepare(self.model, self.optimizer)
        if recipe.compile:
            self.model.encoder.compile()

    def step(
        self, passes: Sequence[Pass], place: tuple[int, int], share: float
    ) -> tuple[float, int]:
        """Take one step on the mean of some passes; return that mean and the examples in them.

        Parameters
        ----------
        place : (epoch, passes before)
            Where in the run it is taken: decides what dropout drops in steps of several passes.
        share : float
            How much of the whole run lies behind it, 0 to 1: decides the learning rate.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.recipe, share)
        self.wrapped.train()
        self.optimizer.zero_grad()
        mine = self.team.share(list(enumerate(passes)))
        results = []
        for turn, (number, one) in enumerate(mine):
            # Where passes run out, a process repeats the last one, which then counts for nothing.
            real = turn * self.team.size + self.team.rank < len(passes)
            last = turn == len(mine) - 1
            with nullcontext() if last else self.accelerator.no_sync(self.wrapped):
                weight = self.team.size / len(passes) * real
                results.append(self._learn(one, (*place, number), weight))
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        told = self.team.gathered(results, len(passes))
        return sum(value for value, _ in told) / len(told), sum(count for _, count in told)

    def _learn(self, one: Pass, place: tuple[int, int, int], weight: float) -> tuple[float, int]:
        """Add a pass's gradient, so weighted; return its loss and its examples.

        Processes average their gradients, so the weight of a pass is their number over that of
        the passes of the step.
        """
        begin, end, symbols = one
        if self.recipe.passes_per_step > 1:
            # What a pass drops depends on its place, not on who computes it and what came before.
            torch.manual_seed(seed_from("dropout", self.recipe.seed, *place) % 2**63)
        opinion = self.wrapped(
            self.blocks.block(begin, end, symbols), self.blocks.around(begin, end, symbols)
        )
        targets = self.targets.cut(begin, end, symbols)
        value = loss(in_full(opinion), targets, self.recipe.weights)
        self.accelerator.backward(value * weight)
        return float(value.detach()), int((~targets.returns.isnan()).sum())

    @torch.no_grad()
    def judge(self, rows: range) -> float:
        """Return the loss on some sessions, over all their known outcomes."""
        self.model.eval()
        blocks = spans(rows, self.recipe.block)
        results = []
        for begin, end in self.team.share(blocks):
            targets = self.targets.cut(begin, end)
            count = int((~targets.returns.isnan()).sum())
            opinion = self.wrapped(self.blocks.block(begin, end), self.blocks.around(begin, end))
            value = float(loss(in_full(opinion), targets, self.recipe.weights))
            results.append((count * value, count))
        told = self.team.gathered(results, len(blocks))
        return sum(value for value, _ in told) / max(sum(count for _, count in told), 1)

    @torch.no_grad()
    def borne_out(self, rows: range) -> dict[str, float]:
        """Return how much of each head's correction some sessions bear out."""
        self.model.eval()
        embeddings, pasts, returns, hits = [], [], [], []
        for begin, end in spans(rows, self.recipe.block):
            around, targets = self.blocks.around(begin, end), self.targets.cut(begin, end)
            embeddings.append(self.model(self.blocks.block(begin, end), around).embedding.float())
            pasts.append(around.past)
            returns.append(targets.returns)
            hits.append(targets.hit)
        return borne_out(
            self.model,
            torch.cat(embeddings, dim=1),
            torch.cat(pasts),
            Targets(torch.cat(returns, dim=1), torch.cat(hits, dim=1)),
            self.recipe.seed,
        )

    def state(self) -> dict[str, Any]:
        """Return what learning goes on from: weights, the optimizer's moments, torch's draws."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }

    def go_on_from(self, state: dict[str, Any]) -> None:
        """Take up a ``state``."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])


def rate(recipe: MarketModelRecipe, share: float) -> float:
    """Return the learning rate on a cosine over the whole run, first to final."""
    span = recipe.learning_rate - recipe.final_rate
    return recipe.final_rate + span * (1 + math.cos(math.pi * share)) / 2


def _accelerator(recipe: MarketModelRecipe, device: str) -> Any:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    # One process may train several models; what an earlier one chose must not bind this one.
    AcceleratorState._reset_state(reset_partial_state=True)
    precision = "bf16" if recipe.precision == "bfloat16" else "no"
    return Accelerator(cpu=device == "cpu", mixed_precision=precision)

"""The twins of a group that are learning: weights, moments, and one step on a batch.

Every parameter of the group lies in one piece, so that products read and write it as it lies.
Adam (Kingma & Ba 2015) with decoupled decay (Loshchilov & Hutter 2019) passes over it once.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from foundation.twins.bank import Drops, TwinInputs, corrected, corrections
from foundation.twins.layout import Layout
from foundation.twins.objective import TwinTargets, losses
from foundation.twins.recipe import TwinRecipe

BETAS, EPSILON = (0.9, 0.999), 1e-8


class Learning:
    """Weights and moments of some twins, each parameter (n, *shape).

    Parameters
    ----------
    layout : Layout
    rows : Tensor, shape (n, width)
        Where they begin.
    recipe : TwinRecipe
    pace : Tensor, shape (n,)
        Multiple of the learning rate per twin.
    """

    def __init__(self, layout: Layout, rows: Tensor, recipe: TwinRecipe, pace: Tensor) -> None:
        self.layout, self.recipe, self.pace = layout, recipe, pace
        views = layout.views(rows)
        self.named = {name: view.contiguous().requires_grad_() for name, view in views.items()}
        self.first = {name: torch.zeros_like(view) for name, view in views.items()}
        self.second = {name: torch.zeros_like(view) for name, view in views.items()}
        self.steps = {name: torch.zeros(()) for name in views}

    def step(self, given: TwinInputs, targets: TwinTargets, drops: Drops) -> None:
        """Learn from one batch of sessions."""
        opinion = corrected(given, *corrections(self.layout, self.named, given, drops))
        # A sum over twins: each twin's gradient is that of its own loss alone.
        total = losses(opinion, targets, self.recipe.weights).sum()
        found = torch.autograd.grad(
            total, list(self.named.values()), allow_unused=True, materialize_grads=True
        )
        with torch.no_grad():
            self._clip(found)
            self._update(dict(zip(self.named, found, strict=True)))

    def put(self, rows: Tensor, places: Tensor, some: Tensor) -> None:
        """Copy the weights of some of the twins into places among the rows of all."""
        for name, view in self.layout.views(rows).items():
            view[places] = self.named[name].detach()[some]

    def keep(self, going: Tensor) -> None:
        """Go on with some of the twins."""
        self.pace = self.pace[going]
        self.named = {n: v.detach()[going].requires_grad_() for n, v in self.named.items()}
        self.first = {n: v[going] for n, v in self.first.items()}
        self.second = {n: v[going] for n, v in self.second.items()}

    def _clip(self, found: tuple[Tensor, ...]) -> None:
        """Shorten each twin's gradient to the largest norm."""
        norms = torch.stack([torch.linalg.vector_norm(g.flatten(1), dim=1) for g in found])
        norm = torch.linalg.vector_norm(norms, dim=0)
        shrink = (self.recipe.clip / norm.clamp(min=1e-12)).clamp(max=1.0)
        if bool((shrink < 1).any()):
            for gradient in found:
                gradient.mul_(shrink.view(-1, *[1] * (gradient.dim() - 1)))

    def _update(self, found: dict[str, Tensor]) -> None:
        even = bool((self.pace == 1).all())
        before = {} if even else {n: v.detach().clone() for n, v in self.named.items()}
        for names, rate in self._rates():
            adamw(
                [self.named[n] for n in names],
                [found[n] for n in names],
                [self.first[n] for n in names],
                [self.second[n] for n in names],
                [],
                [self.steps[n] for n in names],
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=rate,
                weight_decay=self.recipe.decay,
                eps=EPSILON,
                maximize=False,
            )
        for name, old in before.items():
            # A move is proportional to the rate: a share of the move is a move at that share.
            share = self.pace.view(-1, *[1] * (old.dim() - 1))
            self.named[name].copy_(torch.lerp(old, self.named[name], share))

    def _rates(self) -> list[tuple[list[str], float]]:
        others = [name for name in self.named if name != "stock"]
        return [(others, self.recipe.learning_rate), (["stock"], self.recipe.stock_rate)]

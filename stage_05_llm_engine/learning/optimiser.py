"""Which optimiser moves which weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stage_05_llm_engine.learning.muon import Muon
from stage_05_llm_engine.recipe import TrainingRecipe
from stage_05_llm_engine.weights.sharding import gathered, like

if TYPE_CHECKING:
    import torch

_EXPERTS = ("experts.gate_up_proj", "experts.down_proj")


class Stepper:
    """All optimisers of a run behind one step.

    AdamW moves everything, or everything but the matrices inside the network where the recipe
    gives those to Muon. Matrices decay; vectors (norms, biases, sinks) do not.
    """

    def __init__(self, model: Any, recipe: TrainingRecipe) -> None:
        import torch

        self.clip = recipe.clip
        trainable = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.parameters = [p for _, p in trainable]
        inner = _inner_matrices(trainable) if recipe.matrix_rate else {}
        self.muon = (
            Muon(list(inner.values()), recipe.matrix_rate, weight_decay=recipe.weight_decay)
            if recipe.matrix_rate
            else None
        )
        rest = [(n, p) for n, p in trainable if n not in inner]
        groups: list[dict[str, Any]] = [
            {"params": [p for _, p in rest if p.ndim >= 2]},
            {"params": [p for _, p in rest if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.adamw = torch.optim.AdamW(
            groups,
            lr=recipe.learning_rate,
            betas=recipe.betas,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.rate = recipe.learning_rate

    def state(self) -> dict[str, Any]:
        """Return all that a step depends on besides weights and gradients, in full."""
        adamw = self.adamw.state_dict()
        moments = {
            number: {name: gathered(value) for name, value in held.items()}
            for number, held in adamw["state"].items()
        }
        return {
            "adamw": {**adamw, "state": moments},
            "muon": self.muon.state() if self.muon else [],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put a state back."""
        moved = [weight for group in self.adamw.param_groups for weight in group["params"]]
        moments = {
            number: {name: like(value, moved[number]) for name, value in held.items()}
            for number, held in state["adamw"]["state"].items()
        }
        self.adamw.load_state_dict({**state["adamw"], "state": moments})
        if self.muon is not None:
            self.muon.restore(state["muon"])

    def step(self, scale: float) -> None:
        """Clip, move all weights at ``scale`` times their learning rates, forget gradients."""
        import torch

        torch.nn.utils.clip_grad_norm_(self.parameters, self.clip)
        for group in self.adamw.param_groups:
            group["lr"] = self.rate * scale
        self.adamw.step()
        if self.muon is not None:
            self.muon.step(scale)
        for weight in self.parameters:
            weight.grad = None


def _inner_matrices(
    trainable: list[tuple[str, torch.Tensor]],
) -> dict[str, tuple[torch.Tensor, bool]]:
    """Return attention projections (output first) and stacked experts (output last) by name."""
    found: dict[str, tuple[torch.Tensor, bool]] = {}
    for name, weight in trainable:
        if name.endswith(_EXPERTS):
            found[name] = (weight, True)
        elif name.endswith("_proj.weight"):
            found[name] = (weight, False)
    return found

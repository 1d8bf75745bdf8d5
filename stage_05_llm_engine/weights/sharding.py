"""One model's weights spread over several processes (FSDP2).

Each process holds a share of every weight. A layer is gathered when its turn comes and let go
after it, so that no GPU ever holds the whole model (Zhao et al. 2023, arXiv:2304.11277; torch's
``fully_shard``). The same code runs on GPUs over NCCL and on CPUs over gloo. accelerate spreads
models on accelerators only, so ``fully_shard`` is called here without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from foundation.runtime.team import Team

if TYPE_CHECKING:
    import torch

Result = TypeVar("Result")


def spread_out(model: Any, team: Team, device: str) -> Any:
    """Return a module that holds the model, its weights spread over the team.

    The first process's weights count; the other processes' model needs the same shapes only
    (``meta`` weights do).
    """
    import torch
    from torch import nn
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor import distribute_tensor

    class Spread(nn.Module):
        """Computes anything about the model as one forward pass of the whole."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, work: Callable[[Any], Result]) -> Result:
            return work(self.model)

    whole = Spread()
    _as_the_first_has_them(whole, team)
    named = whole.named_parameters()
    full = {name: weight.detach() for name, weight in named} if team.first else {}
    _without_memory(whole)
    mesh = init_device_mesh(device, (team.size,))
    parts = [*layers(model), whole]
    for part in parts:
        spread: Any = fully_shard(part, mesh=mesh)
        # Every pass carries its share of the step's mean: gradients are summed, not averaged.
        spread.set_gradient_divide_factor(1.0)
        spread.set_force_sum_reduction_for_comms(True)
    shards = {}
    for name, weight in whole.named_parameters():
        held: Any = weight
        sent = (
            full.pop(name).to(device)
            if team.first
            else torch.empty(weight.shape, dtype=weight.dtype, device=device)
        )
        torch.distributed.broadcast(sent, src=0)
        shards[name] = distribute_tensor(sent, mesh, held.placements, src_data_rank=None)
    whole.load_state_dict(shards, assign=True, strict=False)
    return whole


def within(model: Any, work: Callable[[Any], Result]) -> Result:
    """Return ``work(model)``, computed in one forward pass of a model that is spread out."""
    if is_spread(model):
        result: Result = model(work)
        return result
    return work(model)


def is_spread(model: Any) -> bool:
    """Say whether a model is what ``spread_out`` returned."""
    from torch.distributed.fsdp import FSDPModule

    return isinstance(model, FSDPModule)


def inner(model: Any) -> Any:
    """Return the transformers model inside one that is adapted."""
    return model.get_base_model() if hasattr(model, "peft_config") else model


def layers(model: Any) -> list[Any]:
    """Return the layers that are gathered one by one."""
    return list(inner(model).model.layers)


@contextmanager
def last_layer_at_hand(model: Any) -> Iterator[None]:
    """Keep the last layer gathered, for work that uses its parts and not the layer as a whole."""
    last = inner(model).model.layers[-1]
    if not is_spread(last):
        yield
        return
    last.set_reshard_after_forward(False)
    last.unshard()
    try:
        yield
    finally:
        last.set_reshard_after_forward(True)
        last.reshard()


def gathered(weight: torch.Tensor) -> torch.Tensor:
    """Return a weight in full; every process of the team must ask."""
    from torch.distributed.tensor import DTensor

    return weight.full_tensor() if isinstance(weight, DTensor) else weight


def like(full: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return a full value spread as a weight is."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(weight, DTensor) or isinstance(full, DTensor) or full.ndim == 0:
        return full
    value = full.to(weight.device)
    return distribute_tensor(value, weight.device_mesh, weight.placements, src_data_rank=None)


def trained_state(model: Any) -> dict[str, torch.Tensor] | None:
    """Return the trained weights of a spread model in full, by their names in the model.

    None where nothing is spread: the model then holds them itself.
    """
    if not is_spread(model):
        return None
    return {
        name.removeprefix("model."): gathered(weight.detach())
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }


def add_up(weights: Sequence[torch.Tensor], team: Team) -> None:
    """Sum over the team, as one message, the gradients of weights that each process holds whole."""
    if team.size == 1:
        return
    import torch
    from accelerate.utils import reduce

    held = [weight.grad for weight in weights if weight.grad is not None]
    flat = reduce(torch.cat([gradient.flatten().float() for gradient in held]), "sum")
    for gradient, part in zip(held, flat.split([g.numel() for g in held]), strict=True):
        gradient.copy_(part.view_as(gradient))


def _as_the_first_has_them(whole: Any, team: Team) -> None:
    """Give every weight the type that the first process's has: a folder's may differ."""
    import torch

    kinds = team.told(lambda: {name: weight.dtype for name, weight in whole.named_parameters()})
    for name, weight in whole.named_parameters():
        if weight.dtype != kinds[name]:
            weight.data = torch.empty(weight.shape, dtype=kinds[name], device="meta")


def _without_memory(whole: Any) -> None:
    """Replace all weights by ones without memory; buffers stay."""
    import torch

    for module in whole.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            empty = torch.empty_like(weight, device="meta")
            module.register_parameter(
                name, torch.nn.Parameter(empty, requires_grad=weight.requires_grad)
            )

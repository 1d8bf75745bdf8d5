"""Muon: momentum, orthogonalised, for the matrices inside a network.

Source: K. Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks". The
momentum of each matrix is replaced by (nearly) its nearest semi-orthogonal matrix, so that every
direction of the matrix learns at the same pace. In a few hundred steps on small models that is
worth about as much as doubling the steps; embeddings, the output layer, routers and vectors stay
with AdamW.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Quintic Newton-Schulz iteration: steep at zero, singular values end between 0.7 and 1.2."""
_ITERATIONS = 5


def orthogonalise(matrices: torch.Tensor) -> torch.Tensor:
    """Return matrices (..., R, C) with singular vectors kept and singular values near one."""
    import torch

    a, b, c = _COEFFICIENTS
    x = matrices.to(torch.bfloat16)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).to(matrices.dtype)


class Muon:
    """Steps hidden matrices along their orthogonalised Nesterov momentum.

    Parameters
    ----------
    parameters : list of (tensor, transposed)
        Two- or three-dimensional (a stack of matrices). ``transposed`` says that the last axis,
        not the one before it, is the output.
    rate : float
        Learning rate: the size of a step in spectral norm (typical 0.02).
    momentum : float
    weight_decay : float
        Decoupled: the share of a weight that one step at rate 1 takes away.
    """

    def __init__(
        self,
        parameters: list[tuple[torch.Tensor, bool]],
        rate: float,
        *,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters = parameters
        self.rate = rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self._velocity: list[Any] = [None] * len(parameters)

    def state(self) -> list[Any]:
        """Return all that a step depends on besides weights and gradients."""
        return self._velocity

    def restore(self, state: list[Any]) -> None:
        """Put a state back."""
        self._velocity = [
            None if kept is None else kept.to(weight.device)
            for kept, (weight, _) in zip(state, self.parameters, strict=True)
        ]

    def step(self, scale: float) -> None:
        """Move every parameter that has a gradient; ``scale`` multiplies the learning rate."""
        import torch

        rate = self.rate * scale
        with torch.no_grad():
            for i, (weight, transposed) in enumerate(self.parameters):
                if weight.grad is None:
                    continue
                if self._velocity[i] is None:
                    self._velocity[i] = torch.zeros_like(weight)
                velocity = self._velocity[i].lerp_(weight.grad, 1 - self.momentum)
                update = orthogonalise(weight.grad.lerp(velocity, self.momentum))
                into, out = weight.shape[-2:] if transposed else weight.shape[-2:][::-1]
                weight.mul_(1 - rate * self.weight_decay)
                weight.add_(update, alpha=-rate * max(1.0, out / into) ** 0.5)

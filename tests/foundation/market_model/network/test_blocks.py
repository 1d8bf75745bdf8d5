"""Every block gives the numbers and the gradients of a plain NumPy form of its paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from foundation.market_model.network.blocks import (
    GatedResidualNetwork,
    InterpretableAttention,
    VariableEmbedding,
    VariableSelection,
)
from tests.foundation.market_model.network import plain


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(3)


def agrees(
    module: Callable[[Tensor], Tensor], reference: Callable[[np.ndarray], np.ndarray], x: Tensor
) -> None:
    """Hold output and gradient against the reference and its central differences."""
    direction = torch.randn(module(x).shape, dtype=torch.float64)
    given = x.clone().requires_grad_()
    out = module(given)
    (out * direction).sum().backward()
    assert given.grad is not None
    array = x.numpy()
    np.testing.assert_allclose(out.detach().numpy(), reference(array), rtol=1e-10, atol=1e-12)
    step, slope = 1e-6, np.zeros_like(array)
    for place in np.ndindex(array.shape):
        there, back = array.copy(), array.copy()
        there[place] += step
        back[place] -= step
        change = reference(there) - reference(back)
        slope[place] = (change * direction.numpy()).sum() / (2 * step)
    np.testing.assert_allclose(given.grad.numpy(), slope, rtol=1e-5, atol=1e-7)


def perturbed(module: nn.Module) -> nn.Module:
    """Move parameters away from ones and zeros, where mistakes would not show."""
    module = module.double().eval()
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return module


@pytest.mark.parametrize("out", [None, 3])
def test_gated_residual_network(out: int | None) -> None:
    module = perturbed(GatedResidualNetwork(5, 4, out))
    p = plain.parameters(module)
    agrees(
        module,
        lambda x: np.array([plain.gated_residual(p, row) for row in x]),
        torch.randn(3, 5, dtype=torch.float64),
    )


def test_gated_residual_network_with_context() -> None:
    module = perturbed(GatedResidualNetwork(5, 4, context=2))
    p = plain.parameters(module)
    context = torch.randn(3, 2, dtype=torch.float64)
    agrees(
        lambda x: module(x, context),
        lambda x: np.array(
            [plain.gated_residual(p, a, c) for a, c in zip(x, context.numpy(), strict=True)]
        ),
        torch.randn(3, 5, dtype=torch.float64),
    )


def test_variable_selection() -> None:
    module = perturbed(VariableSelection(3, 4, context=2))
    p = plain.parameters(module)
    context = torch.randn(5, 2, dtype=torch.float64)

    def reference(x: np.ndarray) -> np.ndarray:
        rows = [
            plain.variable_selection(p, x[:, r], context[r].numpy())[0] for r in range(x.shape[1])
        ]
        return np.array(rows)

    agrees(lambda x: module(x, context)[0], reference, torch.randn(3, 5, 4, dtype=torch.float64))


def test_selection_weights_are_shares() -> None:
    module = perturbed(VariableSelection(3, 4))
    embedded = torch.randn(3, 7, 4, dtype=torch.float64)
    _, weights = module(embedded)
    p = plain.parameters(module)
    expected = [plain.variable_selection(p, embedded[:, r].numpy(), None)[1] for r in range(7)]
    np.testing.assert_allclose(weights.detach().numpy(), expected, rtol=1e-10)
    np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1.0, rtol=1e-12)


def test_interpretable_attention_and_its_weights() -> None:
    module = perturbed(InterpretableAttention(6, 3))
    p = plain.parameters(module)
    memory = torch.randn(2, 5, 6, dtype=torch.float64)
    seen = torch.tensor([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 1, 1]], dtype=torch.bool)

    def reference(x: np.ndarray, which: int = 0) -> np.ndarray:
        return np.array(
            [
                plain.attention(p, q, m, seen.numpy(), heads=3)[which]
                for q, m in zip(x, memory.numpy(), strict=True)
            ]
        )

    query = torch.randn(2, 3, 6, dtype=torch.float64)
    agrees(lambda x: module(x, memory, seen), reference, query)
    weights = module.weights(query, memory, seen).detach().numpy()
    np.testing.assert_allclose(weights, reference(query.numpy(), 1), rtol=1e-10)
    assert (weights[:, ~seen.numpy()] == 0).all()


def test_an_absent_value_has_a_vector_of_its_own_whatever_stood_beside_it() -> None:
    module = perturbed(VariableEmbedding(2, 3))
    out = module(torch.tensor([[1.5, float("nan")], [float("nan"), float("inf")]]).double())
    p = plain.parameters(module)
    np.testing.assert_allclose(
        out[0, 0].detach().numpy(), 1.5 * p["weight"][0, 0] + p["bias"][0, 0]
    )
    for variable, row in ((1, 0), (0, 1), (1, 1)):
        np.testing.assert_array_equal(out[variable, row].detach().numpy(), p["absent"][variable, 0])

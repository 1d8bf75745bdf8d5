"""Experts in the four bits in which gpt-oss is published.

The published weights of the experts are MXFP4 (Open Compute Project, "OCP Microscaling Formats
Specification", 1.0, 2023): blocks of 32 values of four bits (E2M1: sign, two bits of exponent, one
of mantissa), each block with a power of two as its scale; 4.25 bits per weight. Here they stay as
they are. An expert's matrix is unpacked when its turn comes, forward and again backward, and let
go. Every value is exact in bfloat16, so a frozen expert computes what its unpacked copy computes:
LoRA on top loses nothing by the four bits. That is QLoRA (Dettmers et al. 2023, arXiv:2305.14314)
without the rounding.

bitsandbytes would round anew what is rounded already, and passes over fused experts
(``docs/decisions``).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.kernel import ModelError, OperatorError
from stage_05_llm_engine.network.masks import product_type

if TYPE_CHECKING:
    import torch

MAGNITUDES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""E2M1's eight magnitudes, by their three bits; the fourth bit is the sign."""
FLOAT32_EXPONENT = 23
"""Where a float32 has its exponent. E8M0 has the same bias, 127; its lowest, 2^-127, becomes 0."""
BLOCK = 32
"""Values that share a scale."""


def load_packed(folder: Path, config: Any, device: str) -> Any:
    """Return the model of a published folder, its experts left as they are packed.

    Weights go from the files to the device one file at a time.

    Raises
    ------
    OperatorError
        If the folder's experts are not packed.
    ModelError
        If the files do not hold exactly the model's weights.
    """
    from accelerate import init_empty_weights
    from safetensors.torch import load_file
    from transformers import GptOssForCausalLM

    method = (getattr(config, "quantization_config", None) or {}).get("quant_method")
    if method != "mxfp4":
        raise OperatorError(
            "Experts stay in four bits where the folder holds them in four bits (MXFP4)",
            value=f"{folder}: {'no quantisation' if method is None else method}",
            remedy="name the folder of the published model, or use the recipe gpt_oss_20b_lora "
            "on a GPU with 80 GB",
        )
    del config.quantization_config
    config._attn_implementation = "eager"
    with init_empty_weights(include_buffers=False):
        model: Any = GptOssForCausalLM(config)
    for layer in model.model.layers:
        layer.mlp.experts = packed_experts(config)
    strange: list[str] = []
    for path in sorted(folder.glob("*.safetensors")):
        found = load_file(path, device=device)
        strange += model.load_state_dict(found, strict=False, assign=True).unexpected_keys
    held = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    lost = [name for name, value in held.items() if value.is_meta]
    if lost or strange:
        raise ModelError(
            "The files of a published model hold its weights, all of them and no others",
            value=f"{folder}: {lost[:3]} missing, {strange[:3]} unknown",
            remedy="download the model again",
        )
    return model.to(device).eval()


def unpack(blocks: torch.Tensor, scales: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    """Return a matrix (out, in) of what is packed in MXFP4.

    Parameters
    ----------
    blocks : uint8 tensor (out, in / 32, 16)
        Two values a byte, the first in the lower four bits.
    scales : uint8 tensor (out, in / 32)
        Exponents of two, plus 127.
    """
    import torch

    pairs = torch.nn.functional.embedding(blocks.int(), _pairs(blocks.device, kind))
    # A scale is the exponent of a float32: its bits in their place are the power of two itself.
    scale = (scales.int() << FLOAT32_EXPONENT).view(torch.float32).to(kind)
    return (pairs.flatten(-2) * scale[..., None]).flatten(-2)


@cache
def _pairs(device: torch.device, kind: torch.dtype) -> torch.Tensor:
    """Return the two values (256, 2) that each byte stands for."""
    import torch

    codes = torch.tensor([*MAGNITUDES, *(-m for m in MAGNITUDES)], dtype=kind, device=device)
    byte = torch.arange(256, device=device)
    return torch.stack([codes[byte & 15], codes[byte >> 4]], dim=-1)


def packed_experts(config: Any) -> torch.nn.Module:
    """Return the experts of a layer, empty and without memory, to load packed weights into.

    Their names are those of the published files. They take gpt-oss's own experts' place.
    """
    return _classes()(config)


@cache
def _classes() -> Any:
    """Return the module (made on first use: importing this file needs no torch)."""
    import torch
    from torch import nn

    class PackedProduct(torch.autograd.Function):
        """``x @ unpacked.T`` with a gradient for ``x`` alone; only packed weights are kept."""

        @staticmethod
        def forward(
            ctx: Any, x: torch.Tensor, blocks: torch.Tensor, scales: torch.Tensor
        ) -> torch.Tensor:
            ctx.save_for_backward(blocks, scales)
            return x @ unpack(blocks, scales, x.dtype).T

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            blocks, scales = ctx.saved_tensors
            (gradient,) = gradients
            return gradient @ unpack(blocks, scales, gradient.dtype), None, None

    class PackedExperts(nn.Module):
        """A mixture of experts as in gpt-oss: a clamped SwiGLU, gate and up interleaved."""

        def __init__(self, config: Any) -> None:
            super().__init__()
            self.alpha, self.limit = config.swiglu_alpha, config.swiglu_limit
            self.count = config.num_local_experts
            hidden, inner = config.hidden_size, config.intermediate_size
            for name, out, width in (
                ("gate_up_proj", 2 * inner, hidden),
                ("down_proj", hidden, inner),
            ):
                shape = (self.count, out, width // BLOCK)
                for part, size in (("blocks", (*shape, BLOCK // 2)), ("scales", shape)):
                    empty = torch.empty(size, dtype=torch.uint8, device="meta")
                    self.register_buffer(f"{name}_{part}", empty)
                bias = torch.empty(self.count, out, device="meta")
                self.register_parameter(f"{name}_bias", nn.Parameter(bias, requires_grad=False))

        def forward(
            self, hidden: torch.Tensor, chosen: torch.Tensor, weights: torch.Tensor
        ) -> torch.Tensor:
            """Return the weighted sum (S, H) of the chosen experts' outputs.

            Parameters
            ----------
            hidden : tensor (S, H)
            chosen, weights : tensors (S, k)
                Expert numbers and router weights per token.
            """
            out = torch.zeros_like(hidden)
            # One wait for the device instead of one per expert.
            for expert in torch.unique(chosen).tolist():
                token, place = torch.where(chosen == expert)
                gate_up = self._project("gate_up_proj", expert, hidden[token])
                gate = gate_up[..., ::2].clamp(max=self.limit)
                up = gate_up[..., 1::2].clamp(min=-self.limit, max=self.limit)
                inner = (up + 1) * (gate * torch.sigmoid(gate * self.alpha))
                said = self._project("down_proj", expert, inner) * weights[token, place, None]
                out.index_add_(0, token, said.to(out.dtype))
            return out

        def _project(self, name: str, expert: int, x: torch.Tensor) -> torch.Tensor:
            blocks, scales, bias = (
                getattr(self, f"{name}_{part}")[expert] for part in ("blocks", "scales", "bias")
            )
            product = PackedProduct.apply(x.to(product_type(x)), blocks, scales)
            return product + bias

    return PackedExperts

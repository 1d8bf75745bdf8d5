"""What gpt-oss-20b costs on one GPU, computed from shapes: memory and time of a LoRA step.

Nothing here is measured. Parameters are counted on a model without memory; the rest is
arithmetic over its shapes:

- weights: 2 bytes each in bfloat16; in 4 bits, 0.5 bytes plus a scale of 1 byte per 64 weights for
  what is quantised, 2 bytes for the rest;
- adapter: weight, gradient and AdamW's two moments in float32, 16 bytes per parameter;
- activations with recomputation: each layer's input (2 bytes per token and channel), and the
  inner activations of the one layer that is being computed; without it, those of all layers;
- inner activations of a layer: queries, keys, values and output; attention scores, written out
  twice by eager attention; the chosen experts' two products and their result;
- logits of the tokens that carry loss: float32, and their gradient;
- time: 2 operations per active weight and token forward, 2 backward (frozen weights have no
  gradient of their own), 2 more for recomputation, at a share of the GPU's peak.

Run: ``python benchmarks/gpt_oss_memory.py [--tokens 2048] [--windows 4] [--share 0.3]``. The
result stands in ``docs/gpt-oss-20b.md``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

GIB = 2**30
PEAKS = {"H100 80 GB": 989e12, "A100 80 GB": 312e12, "RTX 4090 24 GB": 165e12}
"""Dense bfloat16 operations per second, by the makers' data sheets."""
ANSWERED = 0.14
"""Share of a window's tokens that carry loss: one story of seven."""


@dataclass(frozen=True)
class Shape:
    """The full-size model, counted."""

    config: Any
    parameters: int
    linear: int
    experts: int

    @property
    def active(self) -> int:
        """Weights that one token passes through: its own experts only, no input embedding."""
        c = self.config
        chosen = self.experts * c.num_experts_per_tok // c.num_local_experts
        return self.parameters - self.experts + chosen - c.vocab_size * c.hidden_size


def count() -> Shape:
    """Count gpt-oss-20b's weights: 24 layers of 32 experts, by its published configuration."""
    import torch
    from transformers import GptOssConfig, GptOssForCausalLM

    config = GptOssConfig()
    config.num_hidden_layers, config.num_local_experts, config.num_experts_per_tok = 24, 32, 4
    config.layer_types = config.layer_types[:24]
    with torch.device("meta"):
        model: Any = GptOssForCausalLM(config)
    named = list(model.named_parameters())
    linear = sum(
        m.weight.numel()
        for n, m in model.named_modules()
        if isinstance(m, torch.nn.Linear) and n != "lm_head"
    )
    return Shape(
        config,
        sum(p.numel() for _, p in named),
        linear,
        sum(p.numel() for n, p in named if ".experts." in n),
    )


def adapter(shape: Shape, rank: int, *, experts: bool) -> int:
    """Return the trainable weights of LoRA on q, k, v, o and, if asked, the experts."""
    c = shape.config
    query, key = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    attention = 2 * (c.hidden_size + query) + 2 * (c.hidden_size + key)
    fused = c.num_local_experts * (
        (c.hidden_size + 2 * c.intermediate_size) + (c.intermediate_size + c.hidden_size)
    )
    return int(c.num_hidden_layers * rank * (attention + (fused if experts else 0)))


def inner(shape: Shape, tokens: int, windows: int) -> float:
    """Return bytes of one layer's inner activations in bfloat16."""
    c = shape.config
    all_tokens = tokens * windows
    heads = c.num_attention_heads * c.head_dim + 2 * c.num_key_value_heads * c.head_dim
    attention = all_tokens * (heads + 2 * c.hidden_size) * 2
    scores = windows * c.num_attention_heads * tokens * tokens * 2 * 2
    experts = all_tokens * c.num_experts_per_tok * (4 * c.intermediate_size + c.hidden_size) * 2
    return float(attention + scores + experts)


def memory(
    shape: Shape, tokens: int, windows: int, *, rank: int, experts: bool, bits: str, recompute: bool
) -> dict[str, float]:
    """Return GiB by what they are for."""
    c = shape.config
    packed = {"bf16": 0, "4-bit, fused experts": shape.linear,
              "4-bit, linear experts": shape.linear + shape.experts}[bits]  # fmt: skip
    layers = 1 if recompute else c.num_hidden_layers
    kept = c.num_hidden_layers * tokens * windows * c.hidden_size * 2
    parts = {
        "weights": 2 * (shape.parameters - packed) + packed * (0.5 + 1 / 64),
        "adapter, gradient, AdamW": 16.0 * adapter(shape, rank, experts=experts),
        "activations": kept + layers * inner(shape, tokens, windows),
        "logits": 2 * 4 * ANSWERED * tokens * windows * c.vocab_size,
    }
    return {name: size / GIB for name, size in parts.items()}


def seconds(shape: Shape, tokens: int, peak: float, share: float, *, recompute: bool) -> float:
    """Return the time of a pass forward and backward over so many tokens."""
    return (6 if recompute else 4) * shape.active * tokens / (peak * share)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens", type=int, default=2048, help="per window")
    parser.add_argument("--windows", type=int, default=4, help="per pass")
    parser.add_argument("--share", type=float, default=0.3, help="of the GPU's peak")
    asked = parser.parse_args()
    shape = count()
    print(
        f"{shape.parameters / 1e9:.2f} B weights, {shape.experts / shape.parameters:.1%} in fused "
        f"experts, {shape.linear / shape.parameters:.1%} in linear layers, "
        f"{shape.active / 1e9:.2f} B active per token\n"
    )
    names = list(memory(shape, 1, 1, rank=1, experts=False, bits="bf16", recompute=True))
    heads = ["weights", "LoRA on", f"windows of {asked.tokens}", "recompute", *names, "GiB"]
    print(_row(heads))
    print("|---" * len(heads) + "|")
    for bits, experts, windows, recompute in (
        ("bf16", False, asked.windows, True),
        ("bf16", False, asked.windows, False),
        ("bf16", False, 1, True),
        ("bf16", True, asked.windows // 2, True),
        ("4-bit, fused experts", False, 1, True),
        ("4-bit, linear experts", False, 1, True),
    ):
        rank = 8 if experts else 16
        parts = memory(
            shape,
            asked.tokens,
            windows,
            rank=rank,
            experts=experts,
            bits=bits,
            recompute=recompute,
        )
        adapted = f"attention{', experts' if experts else ''}, r={rank}"
        sizes = [f"{size:.1f}" for size in (*parts.values(), sum(parts.values()))]
        print(_row([bits, adapted, str(windows), "yes" if recompute else "no", *sizes]))
    step = 32 * asked.tokens
    print(f"\nOne step of 32 windows ({step:,} tokens), recomputing, at {asked.share:.0%} of peak:")
    for name, peak in PEAKS.items():
        took = seconds(shape, step, peak, asked.share, recompute=True)
        hours = 2000 * took / 3600
        print(f"- {name}: {took:.1f} s, {step / took:,.0f} tokens/s; 2,000 steps {hours:.1f} h")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()

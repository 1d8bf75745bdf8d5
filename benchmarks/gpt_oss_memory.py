"""What gpt-oss-20b costs on one GPU and on several, computed from shapes: memory and time of LoRA.

The tables are computed. Parameters are counted on a model without memory; the rest is arithmetic:

- weights: 2 bytes each in bfloat16; packed experts (MXFP4, as published) 4.25 bits each;
- in use: spread over GPUs, two layers and what belongs to none stand gathered; packed, one matrix
  of one expert stands unpacked;
- adapter: weight, gradient and AdamW's two moments in float32, 16 bytes per parameter;
- activations with recomputation: each layer's input (2 bytes per token and channel), and the
  inner activations of the one layer that is being computed; without it, those of all layers;
- inner activations of a layer: queries, keys, values and output; attention scores, written out
  twice by eager attention; the chosen experts' two products and their result;
- logits of the tokens that carry loss: float32, and their gradient;
- time: 2 operations per active weight and token forward, 2 backward (frozen weights have no
  gradient of their own), 2 more for recomputation, at a share of the GPU's peak; fetching at the
  speed of the link, unpacking at that of the memory.

``--measure`` holds one layer of full size against this arithmetic, on this machine's CPU.

Run: ``python benchmarks/gpt_oss_memory.py [--tokens 2048] [--share 0.3] [--measure]``. The result
stands in ``docs/gpt-oss-20b.md``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

GIB = 2**30
PACKED = 17 / 32
"""Bytes of a packed weight: 32 values of four bits and an exponent of eight."""
UNPACKING = 0.5 + 4 * 0.5 + 2 + 2
"""Bytes that stand or move per weight while it is unpacked: byte, its number, pair, value."""


@dataclass(frozen=True)
class Device:
    """A GPU by its maker's data sheet: dense bfloat16 operations and bytes a second, bytes."""

    peak: float
    bandwidth: float
    link: float
    room: float


DEVICES = {
    "H100 80 GB (NVLink)": Device(989e12, 3.35e12, 450e9, 80e9),
    "A100 80 GB (NVLink)": Device(312e12, 2.0e12, 300e9, 80e9),
    "RTX 4090 24 GB (PCIe 4)": Device(165e12, 1.0e12, 25e9, 24e9),
}
ANSWERED = 0.14
"""Share of a window's tokens that carry loss: one story of seven."""


@dataclass(frozen=True)
class Shape:
    """The full-size model, counted."""

    config: Any
    parameters: int
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
    return Shape(
        config,
        sum(p.numel() for _, p in named),
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


@dataclass(frozen=True)
class Plan:
    """One way to train: what becomes of the weights, and how many GPUs share what."""

    weights: str
    windows: int
    gpus: int = 1
    sharded: bool = False
    experts: bool = False
    recompute: bool = True

    @property
    def rank(self) -> int:
        return 8 if self.experts else 16

    @property
    def adapted(self) -> str:
        return f"attention{', experts' if self.experts else ''}, r={self.rank}"


def weights(shape: Shape, kind: str) -> float:
    """Return bytes of all weights: bfloat16, or the experts packed at 4.25 bits."""
    packed = shape.experts if kind == "packed" else 0
    return 2.0 * (shape.parameters - packed) + packed * PACKED


def in_flight(shape: Shape, plan: Plan) -> float:
    """Return bytes of weights that stand gathered or unpacked while they are used.

    Spread over GPUs: the layer at work and the one fetched ahead, and what belongs to no layer
    (embedding, head). Packed: the larger matrix of one expert, as bytes, pairs and values.
    """
    c = shape.config
    if plan.sharded:
        outside = 2 * c.vocab_size * c.hidden_size
        layer = (shape.parameters - outside) / c.num_hidden_layers
        return 2.0 * (outside + 2 * layer)
    if plan.weights == "packed":
        return float(2 * c.intermediate_size * c.hidden_size * UNPACKING)
    return 0.0


def memory(shape: Shape, tokens: int, plan: Plan) -> dict[str, float]:
    """Return GiB on each GPU by what they are for."""
    c = shape.config
    layers = 1 if plan.recompute else c.num_hidden_layers
    kept = c.num_hidden_layers * tokens * plan.windows * c.hidden_size * 2
    share = plan.gpus if plan.sharded else 1
    parts = {
        "weights": weights(shape, plan.weights) / share,
        "in use": in_flight(shape, plan),
        "adapter, gradient, AdamW": 16.0 * adapter(shape, plan.rank, experts=plan.experts) / share,
        "activations": kept + layers * inner(shape, tokens, plan.windows),
        "logits": 2 * 4 * ANSWERED * tokens * plan.windows * c.vocab_size,
    }
    return {name: size / GIB for name, size in parts.items()}


def seconds(shape: Shape, tokens: int, peak: float, share: float) -> float:
    """Return the time of arithmetic, forward, again and backward, over so many tokens."""
    return 6 * shape.active * tokens / (peak * share)


def unpacking(shape: Shape, passes: int, bandwidth: float) -> float:
    """Return the time in which all experts are unpacked three times a pass."""
    return 3 * passes * shape.experts * UNPACKING / bandwidth


def gathering(shape: Shape, passes: int, gpus: int, link: float) -> float:
    """Return the time in which a GPU fetches what it lacks of all weights, twice a pass."""
    return 2 * passes * 2 * shape.parameters * (gpus - 1) / gpus / link


PLANS = (
    Plan("bf16", 4),
    Plan("bf16", 4, recompute=False),
    Plan("bf16", 1),
    Plan("bf16", 2, experts=True),
    Plan("packed", 4),
    Plan("packed", 1),
    *(Plan("bf16", 4, gpus=gpus, sharded=True) for gpus in (2, 4, 8)),
    *(Plan("bf16", 1, gpus=gpus, sharded=True) for gpus in (2, 4, 8)),
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens", type=int, default=2048, help="per window")
    parser.add_argument("--share", type=float, default=0.3, help="of the GPU's peak")
    parser.add_argument("--measure", action="store_true", help="one full-size layer, here")
    parser.add_argument("--measured-tokens", type=int, default=128)
    asked = parser.parse_args()
    if asked.measure:
        from gpt_oss_layer import report

        report(asked.measured_tokens)
        return
    shape = count()
    print(
        f"{shape.parameters / 1e9:.2f} B weights, {shape.experts / shape.parameters:.1%} in "
        f"experts, {shape.active / 1e9:.2f} B active per token\n"
    )
    _memory_table(shape, asked.tokens)
    _time_table(shape, asked.tokens, asked.share)


def _memory_table(shape: Shape, tokens: int) -> None:
    names = list(memory(shape, 1, PLANS[0]))
    heads = ["GPUs", "weights are", "LoRA on", f"windows of {tokens}", "recompute", *names, "GiB"]
    print(_row(heads))
    print("|---" * len(heads) + "|")
    for plan in PLANS:
        parts = memory(shape, tokens, plan)
        sizes = [f"{size:.1f}" for size in (*parts.values(), sum(parts.values()))]
        kind = f"{plan.weights}, spread" if plan.sharded else plan.weights
        again = "yes" if plan.recompute else "no"
        print(_row([str(plan.gpus), kind, plan.adapted, str(plan.windows), again, *sizes]))


def _time_table(shape: Shape, tokens: int, share: float) -> None:
    step = 32 * tokens
    print(f"\nOne step of 32 windows ({step:,} tokens), recomputing, at {share:.0%} of peak:\n")
    heads = [
        "GPU",
        "number",
        "weights",
        "arithmetic, s",
        "fetching or unpacking, s",
        "2,000 steps, h",
    ]
    print(_row(heads))
    print("|---" * len(heads) + "|")
    for name, device in DEVICES.items():
        for gpus, kind in ((1, "bf16"), (1, "packed"), (2, "packed"), (2, "spread"), (8, "spread")):
            if kind == "bf16" and device.room < 50 * GIB:
                continue
            if kind == "spread" and device.room < 40 * GIB and gpus == 2:
                continue
            work = seconds(shape, step, device.peak, share) / gpus
            passes = 8 if kind == "spread" else 32
            more = {
                "bf16": 0.0,
                "packed": unpacking(shape, passes // gpus, device.bandwidth),
                "spread": gathering(shape, passes // gpus, gpus, device.link) if gpus > 1 else 0.0,
            }[kind]
            # Fetching overlaps with arithmetic, unpacking does not.
            took = max(work, more) if kind == "spread" else work + more
            cells = [
                name,
                str(gpus),
                kind,
                f"{work:.1f}",
                f"{more:.1f}",
                f"{2000 * took / 3600:.1f}",
            ]
            print(_row(cells))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()

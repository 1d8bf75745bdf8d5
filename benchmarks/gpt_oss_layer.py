"""One layer of gpt-oss-20b at full size, on a CPU: memory of a LoRA step against the arithmetic.

The layer has the published shapes (2,880 wide, 32 experts, 4 of them per token) and random weights
in the published form; vocabulary and depth are cut, because they only multiply.
"""

from __future__ import annotations

import time
from itertools import accumulate
from typing import Any

import torch
from gpt_oss_memory import GIB, UNPACKING, Shape, adapter, inner, weights
from transformers import GptOssConfig, GptOssForCausalLM

from stage_05_llm_engine.recipe import Adapter
from stage_05_llm_engine.weights.lora import adapt
from stage_05_llm_engine.weights.packed import packed_experts, unpack


def report(tokens: int) -> None:
    """Print what was computed and what was measured, experts packed and unpacked."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    print(f"One full-size layer, a window of {tokens} tokens, one thread, GiB:\n")
    print("| experts | weights, computed | held | above them, computed | at the peak | s |")
    print("|---|---|---|---|---|---|")
    model = _layer()
    for kind in ("packed", "bf16"):
        if kind == "bf16":
            _unpack(model)
        shape = Shape(model.config, *_count(model))
        held = _bytes(model)
        pupil = adapt(model, Adapter(dropout=0.0))
        # The adapter itself stands before; its gradient and AdamW's two moments come.
        above = inner(shape, tokens, 1) + 12.0 * adapter(shape, 16, experts=False)
        if kind == "packed":
            c = model.config
            above += 2 * c.intermediate_size * c.hidden_size * UNPACKING
        peak, seconds = _step(pupil, tokens)
        cells = (weights(shape, kind), held, above, peak)
        sizes = " | ".join(f"{size / GIB:.3f}" for size in cells)
        print(f"| {kind} | {sizes} | {seconds:.1f} |", flush=True)
        model = pupil.unload()


def _layer() -> Any:
    """Return a model of one layer, its experts packed and random."""
    config = GptOssConfig(num_hidden_layers=1, vocab_size=256, num_local_experts=32, pad_token_id=0)
    config.num_experts_per_tok, config.layer_types = 4, ["full_attention"]
    config._attn_implementation = "eager"
    small = GptOssConfig(**{**config.to_dict(), "num_local_experts": 1, "num_experts_per_tok": 1})
    small._attn_implementation = "eager"
    model: Any = GptOssForCausalLM(small).bfloat16()
    model.config.num_local_experts, model.config.num_experts_per_tok = 32, 4
    mlp = model.model.layers[0].mlp
    mlp.router.top_k, mlp.router.num_experts = 4, 32
    mlp.router.weight = torch.nn.Parameter(torch.randn(32, 2880).bfloat16() * 0.02)
    mlp.router.bias = torch.nn.Parameter(torch.zeros(32).bfloat16())
    mlp.experts = packed_experts(config)
    for name, held in list(mlp.experts.named_buffers()):
        low, high = (0, 256) if name.endswith("blocks") else (116, 122)
        setattr(mlp.experts, name, torch.randint(low, high, held.shape, dtype=torch.uint8))
    for name, held in list(mlp.experts.named_parameters()):
        setattr(mlp.experts, name, torch.nn.Parameter(torch.zeros(held.shape).bfloat16()))
    return model


def _unpack(model: Any) -> None:
    """Put transformers' own experts, holding the same weights, in the packed ones' place."""
    from transformers.models.gpt_oss.modeling_gpt_oss import GptOssExperts

    mlp = model.model.layers[0].mlp
    packed = mlp.experts
    model.config._experts_implementation = "eager"
    with torch.device("meta"):
        plain = GptOssExperts(model.config).bfloat16()
    for name in ("gate_up_proj", "down_proj"):
        blocks, scales = getattr(packed, f"{name}_blocks"), getattr(packed, f"{name}_scales")
        whole = torch.empty(getattr(plain, name).shape, dtype=torch.bfloat16)
        for expert in range(len(blocks)):
            whole[expert] = unpack(blocks[expert], scales[expert], torch.bfloat16).T
        setattr(plain, name, torch.nn.Parameter(whole))
        setattr(plain, f"{name}_bias", getattr(packed, f"{name}_bias"))
    mlp.experts = plain


def _count(model: Any) -> tuple[int, int]:
    """Return all weights, and those of experts, packed or not."""
    c = model.config
    experts = 3 * c.num_local_experts * c.hidden_size * c.intermediate_size
    rest = sum(p.numel() for n, p in model.named_parameters() if not n.endswith(("_proj", "lora")))
    return rest + experts, experts


def _bytes(model: Any) -> float:
    held = [*model.parameters(), *model.buffers()]
    return float(sum(t.numel() * t.element_size() for t in held))


def _step(pupil: Any, tokens: int) -> tuple[float, float]:
    """Return the most memory above what stood before, and the seconds of a pass with its step.

    From torch's own record of every allocation: resident memory also holds what was freed before.
    """
    from torch.profiler import ProfilerActivity, profile

    moved = [p for p in pupil.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(moved)
    ids = torch.randint(0, 256, (1, tokens))
    began = time.perf_counter()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        pupil(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
    took = time.perf_counter() - began
    moves = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    standing = accumulate(e.nbytes() for e in sorted(moves, key=lambda e: e.start_ns()))
    return float(max(standing)), took

"""Recipes of the story model."""

from __future__ import annotations

from datetime import date

from stage_05_llm_engine.recipe import (
    Adapter,
    Architecture,
    Checkpoint,
    Phase,
    TrainingRecipe,
)

GPT_OSS_KNOWS_UNTIL = date(2024, 6, 30)
"""Knowledge cut-off of gpt-oss (OpenAI 2025, model card, arXiv:2508.10925: June 2024)."""


def story_tiny_cpu(seed: int = 0) -> TrainingRecipe:
    """Return the demo's recipe: a model from scratch in about half a minute on two cores.

    Everything was chosen by validation loss and the clock (``benchmarks/llm_engine.py``). Loss
    stands on every story of a window, not on the target story alone: seven times as much is
    learnt from the same tokens, and tokens are what half a minute buys. An answer to a question
    put aside weighs as much as twelve words, because those answers are what is scored; an answer
    on the tape, which shapes the drafts, as much as four.
    Two thin layers see more stories in the time than four wide ones, and end lower. The sliding
    layer looks back over two stories: today's tape and yesterday's are the best that it can know.
    """
    return TrainingRecipe(
        name="story-tiny-cpu",
        start=Architecture(layers=2, intermediate=64, window=160),
        phases=(Phase(steps=285, loss="every story"),),
        batch_windows=2,
        accumulation=2,
        learning_rate=5e-3,
        matrix_rate=0.02,
        tape_weight=4.0,
        aside_weight=12.0,
        average_last=0.35,
        precision="bfloat16",
        evaluation_windows=32,
        seed=seed,
    )


def story_small_cpu(seed: int = 0) -> TrainingRecipe:
    """Return the same model brought up for longer: about a minute on two cores.

    For forecasts rather than for a first look: every window of a market of thirty instruments is
    read about once, and weights are averaged over the second half of the steps. In the first half
    the tape's states trade names in up to every other window, so that what is learnt of the
    series that all symbols report serves one that few do (in the demo's few steps that costs more
    than it brings).
    """
    return story_tiny_cpu(seed).model_copy(
        update={
            "name": "story-small-cpu",
            "phases": (Phase(steps=720, loss="every story"),),
            "exchanged_names": 0.5,
            "average_last": 0.5,
        }
    )


def story_nano_test(seed: int = 0) -> TrainingRecipe:
    """Return a recipe that learns something in seconds, for tests."""
    return TrainingRecipe(
        name="story-nano-test",
        start=Architecture(hidden=64, layers=2, heads=2, head_width=32, experts=2, intermediate=64),
        phases=(Phase(steps=100, loss="every story"),),
        batch_windows=8,
        learning_rate=5e-3,
        matrix_rate=0.02,
        tape_weight=1.0,
        aside_weight=4.0,
        average_last=0.5,
        evaluations=2,
        evaluation_windows=16,
        threads=1,
        seed=seed,
    )


def gpt_oss_20b_lora(folder: str = "models/gpt-oss-20b", seed: int = 0) -> TrainingRecipe:
    """Return LoRA on gpt-oss-20b for one GPU with 80 GB: attention adapted, experts frozen.

    Adapting the experts as well (``expert_parameters=("mlp.experts.gate_up_proj",
    "mlp.experts.down_proj")``) demands ``dropout=0``. The target story alone carries loss: the
    base model needs no teaching of what a story is.
    """
    return TrainingRecipe(
        name="gpt-oss-20b-lora",
        start=Checkpoint(folder=folder, known_until=GPT_OSS_KNOWS_UNTIL),
        adapter=Adapter(rank=16, alpha=32, dropout=0.1),
        phases=(Phase(steps=2000, loss="target"),),
        batch_windows=4,
        accumulation=8,
        learning_rate=2e-4,
        weight_decay=0.01,
        warmup_steps=500,
        precision="bfloat16",
        device="cuda",
        recompute=True,
        evaluations=4,
        evaluation_windows=128,
        patience=2,
        seed=seed,
    )


def gpt_oss_20b_lora_experts(folder: str = "models/gpt-oss-20b", seed: int = 0) -> TrainingRecipe:
    """Return LoRA on the attention and the experts of gpt-oss-20b; the router stays frozen.

    Experts are fused parameters, on which PEFT cannot drop out; rank 8 keeps the adapter of
    32 experts a layer at a size that an optimiser can carry beside the model.
    """
    return gpt_oss_20b_lora(folder, seed).model_copy(
        update={
            "name": "gpt-oss-20b-lora-experts",
            "adapter": Adapter(
                rank=8,
                alpha=16,
                dropout=0.0,
                expert_parameters=("mlp.experts.gate_up_proj", "mlp.experts.down_proj"),
            ),
            "batch_windows": 2,
            "accumulation": 16,
        }
    )


def gpt_oss_20b_multi_gpu(
    folder: str = "models/gpt-oss-20b", seed: int = 0, processes: int = 2
) -> TrainingRecipe:
    """Return LoRA on gpt-oss-20b over several GPUs of one machine, the weights spread over them.

    The same batch, in the same order, as on one GPU: each takes its share of the eight passes of
    a step, so two, four or eight can share them. Memory by number: ``docs/gpt-oss-20b.md``.
    """
    return gpt_oss_20b_lora(folder, seed).model_copy(
        update={
            "name": "gpt-oss-20b-multi-gpu",
            "processes": processes,
            "sharded": True,
        }
    )


def gpt_oss_20b_qlora(folder: str = "models/gpt-oss-20b", seed: int = 0) -> TrainingRecipe:
    """Return LoRA over the experts' four bits as published, for one GPU with 24 GB.

    The experts stay packed (MXFP4) and are unpacked one at a time when they are used: the same
    numbers as ``gpt_oss_20b_lora`` in a third of its memory, for more time.
    """
    return gpt_oss_20b_lora(folder, seed).model_copy(
        update={
            "name": "gpt-oss-20b-qlora",
            "start": Checkpoint(folder=folder, experts="packed", known_until=GPT_OSS_KNOWS_UNTIL),
            "batch_windows": 1,
            "accumulation": 32,
        }
    )

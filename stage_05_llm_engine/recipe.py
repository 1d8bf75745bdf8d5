"""A training run as one frozen value: everything that decides the weights, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from foundation.kernel import Part


class Architecture(Part):
    """A GPT-OSS of any size, trained from scratch.

    Mixture-of-experts layers, rotary positions, attention sinks, and layers that alternate between
    a sliding window and the whole text, as in gpt-oss-20b (OpenAI 2025, arXiv:2508.10925). Rotary
    positions are not stretched (the original's YaRN serves 131,072 tokens).

    Attributes
    ----------
    window : int
        Tokens that every other layer looks back, itself included. About one story: those layers
        keep a story true to its own tape, the others read the days before.
    """

    kind: Literal["from scratch"] = "from scratch"
    hidden: int = Field(default=128, ge=8)
    layers: int = Field(default=4, ge=1)
    heads: int = Field(default=4, ge=1)
    head_width: int = Field(default=32, ge=4)
    experts: int = Field(default=4, ge=1)
    experts_per_token: int = Field(default=2, ge=1)
    intermediate: int = Field(default=128, ge=8)
    window: int = Field(default=80, ge=8)
    positions: int = Field(default=2048, ge=64)
    rope_theta: float = Field(default=10_000.0, gt=0)
    initializer_range: float = Field(default=0.06, gt=0)


class Checkpoint(Part):
    """A pre-trained GPT-OSS in a local folder (config.json and safetensors).

    Attributes
    ----------
    experts : "bfloat16" or "packed"
        What becomes of experts that the folder holds in four bits (MXFP4): unpacked, or kept as
        they are and unpacked one at a time when they are used, which takes a third of the memory
        and gives the same numbers. Packed experts take no adapter of their own.
    known_until : date or None
        The pre-trained model's knowledge cut-off: what happened up to then it may have read, so
        forecasts of it are never scored. None for a model that read nothing of the world.
    """

    kind: Literal["checkpoint"] = "checkpoint"
    folder: str
    experts: Literal["bfloat16", "packed"] = "bfloat16"
    known_until: date | None = None


class Adapter(Part):
    """Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685).

    ``expert_parameters`` adapts fused expert weights too; PEFT cannot drop out there, so
    ``dropout`` must then be zero.
    """

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    modules: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    expert_parameters: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _no_dropout_on_experts(self) -> Adapter:
        if self.expert_parameters and self.dropout:
            raise ValueError(
                f"dropout must be 0 where expert_parameters are adapted, received {self.dropout}"
            )
        return self


class Phase(Part):
    """A stretch of training with one loss.

    ``target``: the answers, words and end of the target story, as ``TokenBatch.loss_mask`` says.
    ``every story``: the same of every story but the window's first; each is the target of those
    before it. It teaches several times more per token, with shorter contexts on average.
    """

    steps: int = Field(ge=1)
    loss: Literal["target", "every story"]


class TrainingRecipe(Part):
    """Everything that decides a training run's outcome. Steps are fixed, never a wall clock.

    Attributes
    ----------
    batch_windows, accumulation : int
        Windows per forward pass, and passes per optimiser step; together one batch.
    pack_tokens : int or None
        Capacity of a row into which whole windows are packed, none seeing another; then
        ``batch_windows`` counts rows. None gives each window a row of its own.
    learning_rate, warmup_steps, final_fraction
        AdamW's. Linear warm-up to the peak, then a cosine down to ``final_fraction`` of it.
    matrix_rate : float or None
        Learning rate of the matrices inside the network under Muon; None leaves all to AdamW.
    tape_weight : float
        Weight of an answer on the tape in the loss, a word weighing 1. Answers that all
        symbols share weigh less (``series_shares``).
    aside_weight : float
        Weight of each answer to the questions put aside: every series' question behind the same
        past, as a forecast puts it (``learning/asides.py``). Those are what is scored. 0 puts none.
    exchanged_names : float
        Share of windows in which the tape's states trade names (``learning/names.py``), until
        weights begin to be averaged, were the rarest state told next to never; times what it is
        told less often than the commonest. 0 exchanges none.
    clip : float
        Largest gradient norm.
    precision : "float32" or "bfloat16"
        What matrix products are computed in; weights and optimiser stay float32 from scratch.
    recompute : bool
        Whether activations inside a layer are computed again for the backward pass instead of
        being kept (gradient checkpointing, Chen et al. 2016): a third more arithmetic, a fraction
        of the memory, the same numbers.
    evaluations, evaluation_windows : int
        How often the validation loss is taken, and on how many windows (spread over the split).
    patience : int or None
        Evaluations without a better story score (the log score of tomorrow's states on validation
        windows) after which training stops and goes back to the best weights. None never stops.
    average_last : float
        Share of the steps, the last ones, over which weights are averaged. 0 takes the last step's.
    threads : int
        Passes of one step computed side by side on a CPU. Changes no number.
    processes : int
        Processes of this machine that share the passes of a step, each on a GPU of its own where
        the device is one; they divide ``accumulation``. Another number of them sums in another
        order, and changes nothing else.
    sharded : bool
        Whether the processes share the model's weights too (FSDP2), instead of each holding all.
    """

    name: str
    start: Architecture | Checkpoint = Field(discriminator="kind")
    adapter: Adapter | None = None
    phases: tuple[Phase, ...] = Field(min_length=1)
    batch_windows: int = Field(ge=1)
    accumulation: int = Field(default=1, ge=1)
    pack_tokens: int | None = Field(default=None, ge=16)
    learning_rate: float = Field(gt=0)
    matrix_rate: float | None = Field(default=None, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    warmup_steps: int = Field(default=20, ge=0)
    final_fraction: float = Field(default=0.05, ge=0, le=1)
    betas: tuple[float, float] = (0.9, 0.95)
    tape_weight: float = Field(default=1.0, gt=0)
    aside_weight: float = Field(default=0.0, ge=0)
    exchanged_names: float = Field(default=0.0, ge=0, le=1)
    clip: float = Field(default=1.0, gt=0)
    precision: Literal["float32", "bfloat16"] = "float32"
    device: Literal["cpu", "cuda"] = "cpu"
    recompute: bool = False
    evaluations: int = Field(default=4, ge=1)
    evaluation_windows: int = Field(default=64, ge=1)
    patience: int | None = Field(default=None, ge=1)
    average_last: float = Field(default=0.0, ge=0, lt=1)
    threads: int = Field(default=2, ge=1)
    processes: int = Field(default=1, ge=1)
    sharded: bool = False
    seed: int = 0

    @property
    def steps(self) -> int:
        """Optimiser steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    def decisive(self) -> TrainingRecipe:
        """Return the recipe by which a trained model is found again: without who shares the work.

        Threads change no number, and processes only the order of sums. A model trained on eight
        GPUs at night serves forecasts on one machine by day.
        """
        return self.model_copy(update={"threads": 1, "processes": 1, "sharded": False})

    @model_validator(mode="after")
    def _only_a_run_of_known_length_has_last_steps(self) -> TrainingRecipe:
        if self.average_last and self.patience is not None:
            raise ValueError(
                "a run that may stop early cannot average its last steps: received "
                f"average_last {self.average_last} and patience {self.patience}"
            )
        return self

    @model_validator(mode="after")
    def _real_names_come_last(self) -> TrainingRecipe:
        if self.exchanged_names and not self.average_last:
            raise ValueError(
                "names are exchanged until weights begin to be averaged: received exchanged_names "
                f"{self.exchanged_names} and average_last 0"
            )
        return self

    @model_validator(mode="after")
    def _adapter_needs_a_checkpoint(self) -> TrainingRecipe:
        if self.adapter is not None and isinstance(self.start, Architecture):
            raise ValueError("an adapter needs a checkpoint to adapt, not a model from scratch")
        return self

    @model_validator(mode="after")
    def _a_checkpoint_needs_an_adapter(self) -> TrainingRecipe:
        if self.adapter is None and isinstance(self.start, Checkpoint):
            raise ValueError(
                "a pre-trained model keeps its weights: train an adapter on it (adapter.rank and "
                "what else belongs to it)"
            )
        return self

    @model_validator(mode="after")
    def _packed_experts_stay_as_they_are(self) -> TrainingRecipe:
        packed = isinstance(self.start, Checkpoint) and self.start.experts == "packed"
        if packed and self.adapter is not None and self.adapter.expert_parameters:
            raise ValueError(
                "packed experts take no adapter of their own, received expert_parameters "
                f"{self.adapter.expert_parameters}"
            )
        if packed and self.sharded:
            raise ValueError(
                "packed experts are not spread over processes: let each hold all (sharded=False)"
            )
        return self

    @model_validator(mode="after")
    def _processes_share_evenly(self) -> TrainingRecipe:
        if self.accumulation % self.processes:
            raise ValueError(
                f"processes must divide accumulation, received {self.processes} and "
                f"{self.accumulation}"
            )
        return self

    @model_validator(mode="after")
    def _shards_of_what_can_be_sharded(self) -> TrainingRecipe:
        if self.sharded and (self.adapter is None or self.adapter.expert_parameters):
            raise ValueError(
                "sharded needs an adapter of attention alone: that is what is tested; train the "
                "rest with whole copies (sharded=False)"
            )
        return self

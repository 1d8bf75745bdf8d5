"""One training from its start to a checkpoint folder: in this process, or in several at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foundation.kernel import DependencyError, OperatorError
from foundation.runtime.team import ALONE, Team, join
from foundation.runtime.together import Member, together
from stage_05_llm_engine.learning import training
from stage_05_llm_engine.learning.lessons import marks_are_single
from stage_05_llm_engine.learning.material import Material, met_tokens
from stage_05_llm_engine.learning.tracking import NoTracker, Report
from stage_05_llm_engine.learning.training import Lesson, Watch
from stage_05_llm_engine.machine.memory import enough_memory
from stage_05_llm_engine.machine.process import prepare_process, reproducible
from stage_05_llm_engine.network.answers import begin_as_series_and_level
from stage_05_llm_engine.network.architecture import build
from stage_05_llm_engine.network.familiar import forget_unmet
from stage_05_llm_engine.recipe import Architecture, Checkpoint, TrainingRecipe
from stage_05_llm_engine.weights import checkpoint
from stage_05_llm_engine.weights.sharding import spread_out, trained_state

REMEDY = (
    "lower batch_windows and raise accumulation by as much, lower max_tokens of the windows, or "
    "train on a device with more memory"
)


@dataclass(frozen=True)
class Taught:
    """What came of a training: how it went, and how many weights the model has."""

    lesson: Lesson
    parameters: int


@dataclass(frozen=True)
class _Task:
    """What every process is told."""

    recipe: TrainingRecipe
    material: Material
    folder: Path
    tells: bool
    keeps: bool


def take_course(recipe: TrainingRecipe, material: Material, watch: Watch, folder: Path) -> Taught:
    """Train by a recipe, in as many processes as it names; write the checkpoint to a folder.

    This process alone tells, tracks and keeps; members of a team only compute.

    Raises
    ------
    DependencyError
        If the base weights or devices are not there, or memory runs out.
    OperatorError
        If an adapter's names match nothing.
    ModelError
        If training diverges.
    WorldError
        If a process of a team is killed; the last standing stays.
    """
    for split in ("train", "validation"):
        material.windows(split)
    if isinstance(recipe.start, Checkpoint):
        _written_in_its_own_tokens(recipe.start, material)
    if recipe.processes == 1:
        return _teach(recipe, material, watch, folder, ALONE)
    _enough_devices(recipe)
    answers = {
        "tell": watch.progress,
        "begin": watch.tracker.begin,
        "log": watch.tracker.log,
        "end": lambda finished: watch.tracker.end(finished=finished),
        "load": watch.keeper.load if watch.keeper else None,
        "save": watch.keeper.save if watch.keeper else None,
        "drop": watch.keeper.drop if watch.keeper else None,
    }
    task = _Task(recipe, material, folder, watch.progress is not None, watch.keeper is not None)
    try:
        taught: Taught = together(
            _attend,
            task,
            recipe.processes,
            {name: do for name, do in answers.items() if do is not None},
        )
    except BaseException:
        watch.tracker.end(finished=False)
        raise
    return taught


def _attend(member: Member, task: _Task) -> Taught:
    """Train as one of several processes."""
    team = join(member.rank, member.size, task.recipe.device)
    relay = _Relay(member, team)
    watch = Watch(
        progress=relay.tell if task.tells and team.first else None,
        tracker=relay if team.first else NoTracker(),
        keeper=relay if task.keeps else None,
    )
    return _teach(task.recipe, task.material, watch, task.folder, team)


class _Relay:
    """A tracker and keeper that hands everything on to the process that started the team."""

    def __init__(self, member: Member, team: Team) -> None:
        self._member, self._team = member, team

    def tell(self, report: Report) -> None:
        self._member.ask("tell", report)

    def begin(self, run: str, parameters: Any) -> None:
        self._member.ask("begin", run, dict(parameters))

    def log(self, step: int, metrics: Any) -> None:
        self._member.ask("log", step, dict(metrics))

    def end(self, *, finished: bool) -> None:
        # A run that fails is closed at home, whatever becomes of its members.
        if finished:
            self._member.ask("end", True)

    def load(self, key: str) -> bytes | None:
        found: bytes | None = self._team.told(lambda: self._member.ask("load", key))
        return found

    def save(self, key: str, content: bytes) -> None:
        if self._team.first:
            self._member.ask("save", key, content)

    def drop(self, key: str) -> None:
        if self._team.first:
            self._member.ask("drop", key)


def _teach(
    recipe: TrainingRecipe, material: Material, watch: Watch, folder: Path, team: Team
) -> Taught:
    prepare_process()
    with reproducible(recipe.seed, recipe.device), enough_memory("Training", REMEDY):
        model = _start(recipe, material, team)
        pupil = spread_out(model, team, recipe.device) if recipe.sharded else model
        lesson = training.learn(pupil, recipe, material, watch, team)
        trained = trained_state(pupil)
        if team.first:
            checkpoint.write(model, recipe, material.tokenizer_json, folder, trained)
        return Taught(lesson, sum(p.numel() for p in model.parameters()))


def _start(recipe: TrainingRecipe, material: Material, team: Team) -> Any:
    """Return the model that training starts from; in a team that spreads it, the first loads it."""
    if isinstance(recipe.start, Architecture):
        model: Any = build(recipe.start, material.vocabulary_size, material.codes.pad)
        if marks_are_single(material.codes):
            begin_as_series_and_level(model, material.codes)
        forget_unmet(model, met_tokens(material.windows("train"), material.vocabulary_size))
        return model.to(recipe.device)
    from stage_05_llm_engine.weights.lora import adapt, base_shape, load_base

    if not recipe.sharded:
        base = load_base(recipe.start, recipe.device)
    elif team.first:
        # In main memory: a GPU has room for its share of the weights, not for all of them.
        base = load_base(recipe.start, "cpu")
    else:
        base = base_shape(recipe.start)
    if base.config.vocab_size < material.vocabulary_size:
        raise _other_tokens(material, f"the model knows {base.config.vocab_size}")
    if recipe.recompute:
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return base if recipe.adapter is None else adapt(base, recipe.adapter)


def _written_in_its_own_tokens(start: Checkpoint, material: Material) -> None:
    """Refuse windows in which a token does not mean what it means to the base model.

    A folder without a tokeniser is held to the number of its tokens alone, once it is loaded.
    """
    from tokenizers import Tokenizer

    own = Path(start.folder) / checkpoint.TOKENIZER
    if not own.is_file():
        return
    known = Tokenizer.from_file(str(own)).get_vocab()
    if Tokenizer.from_str(material.tokenizer_json).get_vocab() != known:
        raise _other_tokens(material, f"the tokeniser in {start.folder} has {len(known)}")


def _other_tokens(material: Material, known: str) -> OperatorError:
    return OperatorError(
        "The windows' tokeniser must be the base model's own",
        value=f"{material.tokenizer} with {material.vocabulary_size} tokens, {known}",
        remedy="set base_tokenizer in the tokenization settings to the model's folder (--base "
        "does), or build the corpus with it",
    )


def _enough_devices(recipe: TrainingRecipe) -> None:
    if recipe.device == "cpu":
        return
    import torch

    there = torch.cuda.device_count()
    if there < recipe.processes:
        raise DependencyError(
            "Every process trains on a CUDA device of its own",
            value=f"{recipe.processes} processes, {there} devices visible to torch",
            remedy=f"set training.processes to {max(there, 1)}, or run it where there are more",
        )

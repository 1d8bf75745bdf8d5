"""Where a training run stands, on disk: a run that was stopped goes on as if it had not been.

One file per run, named by recipe and data. It is written whole or not at all: a full disk or a
kill leaves the one before. It holds the trainable weights and both optimisers in full, however
many processes shared them, how far the data was read, and the curve so far.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from foundation.contracts import LearningPoint
from foundation.kernel import ArtefactError, hash_bytes, hash_text
from foundation.storage.atomic import write_file
from stage_05_llm_engine.learning.averaging import Mean
from stage_05_llm_engine.learning.material import Material
from stage_05_llm_engine.learning.optimiser import Stepper
from stage_05_llm_engine.recipe import TrainingRecipe
from stage_05_llm_engine.weights.sharding import gathered, like


@dataclass
class Standing:
    """How far a run has come.

    Attributes
    ----------
    step, seen : int
        Optimiser steps taken, tokens read.
    losses : list of float
        Training losses since the last evaluation.
    curve : list of LearningPoint
    best : tuple or None
        Story score, step and trainable weights of the best evaluation, where a recipe may stop
        early.
    waited : int
        Evaluations since then.
    mean : Mean or None
        Of the weights so far, where a recipe averages its last steps.
    """

    step: int = 0
    seen: int = 0
    losses: list[float] = field(default_factory=list)
    curve: list[LearningPoint] = field(default_factory=list)
    best: tuple[float, int, list[Any]] | None = None
    waited: int = 0
    mean: Mean | None = None


class Keeper(Protocol):
    """Keeps the standing of one run at a time, by key."""

    def load(self, key: str) -> bytes | None:
        """Return what was kept last under a key."""
        ...

    def save(self, key: str, content: bytes) -> None:
        """Keep this in place of what was kept under the key: whole, or not at all."""
        ...

    def drop(self, key: str) -> None:
        """Forget a key."""
        ...


class FolderKeeper:
    """Standings as files of a folder, each with its hash in front."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def load(self, key: str) -> bytes | None:
        """Return what was kept last.

        Raises
        ------
        ArtefactError
            If the file was changed since.
        """
        path = self._path(key)
        if not path.is_file():
            return None
        digest, _, content = path.read_bytes().partition(b"\n")
        if digest.decode("ascii", errors="replace") != hash_bytes(content):
            raise ArtefactError(
                "A training checkpoint matches its hash",
                value=str(path),
                remedy="delete the file: training then begins anew",
            )
        return content

    def save(self, key: str, content: bytes) -> None:
        """Keep a standing; a WorldError if the disk refuses, and the one before stays."""
        write_file(self._path(key), hash_bytes(content).encode() + b"\n" + content)

    def drop(self, key: str) -> None:
        """Forget a finished run."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.training"


def run_key(recipe: TrainingRecipe, material: Material) -> str:
    """Return what names a run: all that decides its weights.

    Threads, processes and recomputing do not: a run may go on with other ones.
    """
    return hash_text(
        recipe.model_dump_json(exclude={"threads", "processes", "sharded", "recompute"}),
        material.tokenizer_hash,
        material.data_hash,
    )


def packed(standing: Standing, stepper: Stepper) -> bytes:
    """Return a standing with weights and optimisers, in full, as bytes.

    No random state: the order of the data, and what a pass drops, are functions of the seed and
    the step.
    """
    import torch

    buffer = io.BytesIO()
    best = standing.best
    torch.save(
        {
            "step": standing.step,
            "seen": standing.seen,
            "losses": standing.losses,
            "curve": [point.model_dump() for point in standing.curve],
            "waited": standing.waited,
            "best": None if best is None else [best[0], best[1], best[2]],
            "weights": [gathered(weight.detach()) for weight in stepper.parameters],
            "optimisers": stepper.state(),
            "mean": None if standing.mean is None else standing.mean.kept(),
        },
        buffer,
    )
    return buffer.getvalue()


def unpacked(content: bytes, stepper: Stepper) -> Standing:
    """Put weights and optimisers back; return how far the run had come."""
    import torch

    held = torch.load(io.BytesIO(content), weights_only=True)
    with torch.no_grad():
        for weight, kept in zip(stepper.parameters, held["weights"], strict=True):
            weight.copy_(like(kept, weight))
    stepper.restore(held["optimisers"])
    return Standing(
        step=held["step"],
        seen=held["seen"],
        losses=list(held["losses"]),
        curve=[LearningPoint.model_validate(point) for point in held["curve"]],
        best=None if held["best"] is None else tuple(held["best"]),
        waited=held["waited"],
        mean=None if held["mean"] is None else Mean.back(held["mean"], stepper.parameters),
    )

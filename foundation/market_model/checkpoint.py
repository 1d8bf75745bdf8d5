"""Trained market models and the state of unfinished runs, on disk.

A trained model is a folder: ``model.safetensors`` (weights and input scaling) and ``model.json``
(recipe, vocabulary, history). An unfinished run is one file, replaced in one move, so that an
interrupted write leaves the last good one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from foundation.kernel import ArtefactError, OperatorError, hash_bytes
from foundation.market_model.blocking import Scaling
from foundation.market_model.network.model import MarketModel, Vocabulary
from foundation.market_model.recipe import MarketModelRecipe
from foundation.storage.atomic import write_file

WEIGHTS, CARD, PROGRESS = "model.safetensors", "model.json", "progress.pt"


@dataclass(frozen=True)
class TrainedModel:
    """A market model's weights and all that is needed to use and to judge it.

    Attributes
    ----------
    recipe, vocabulary, scaling
    state : dict of Tensor
        Weights of the best epoch, on the CPU.
    history : tuple of dict
        Losses and speed by epoch.
    trained_until : date
        Last session that was forecast from in training; its labels reach ``horizon`` beyond.
    shares : dict of float
        How much of what each head had learnt was borne out by the sessions held back and is in
        ``state``, by ``shrinkage.HEADS``; 0 leaves the plain past. Empty where none was asked.
    """

    recipe: MarketModelRecipe
    vocabulary: Vocabulary
    scaling: Scaling
    state: Mapping[str, Tensor]
    history: tuple[Mapping[str, float], ...]
    trained_until: date
    shares: Mapping[str, float] = field(default_factory=dict)

    def module(self) -> MarketModel:
        """Return the model, ready to answer."""
        model = MarketModel(self.recipe, self.vocabulary)
        model.load_state_dict(dict(self.state))
        return model.eval()

    def content_hash(self) -> str:
        """Return the hash of recipe, scaling and weights: the name of what it computes."""
        parts = [self.recipe.model_dump_json().encode()]
        for name, value in sorted(self._arrays().items()):
            parts += [name.encode(), np.ascontiguousarray(value.numpy()).tobytes()]
        return hash_bytes(*parts)

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        from safetensors.torch import save

        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / WEIGHTS, save(self._arrays()))
        card = {
            "recipe": self.recipe.model_dump(mode="json"),
            "vocabulary": asdict(self.vocabulary),
            "history": [dict(epoch) for epoch in self.history],
            "trained_until": self.trained_until.isoformat(),
            "shares": dict(self.shares),
            "content_hash": self.content_hash(),
        }
        write_file(folder / CARD, json.dumps(card, indent=1, sort_keys=True).encode())

    @classmethod
    def load(cls, folder: Path) -> TrainedModel:
        """Return the model of a folder.

        Raises
        ------
        ArtefactError
            If a file is missing or damaged.
        """
        from safetensors.torch import load

        try:
            card = json.loads((folder / CARD).read_bytes())
            arrays = load((folder / WEIGHTS).read_bytes())
            words: dict[str, Any] = {
                name: tuple(size) if isinstance(size, list) else size
                for name, size in card["vocabulary"].items()
            }
            scaling = Scaling(
                mean=arrays.pop("scaling.mean").numpy(),
                deviation=arrays.pop("scaling.deviation").numpy(),
            )
            model = cls(
                recipe=MarketModelRecipe.model_validate(card["recipe"]),
                vocabulary=Vocabulary(**words),
                scaling=scaling,
                state=arrays,
                history=tuple(card["history"]),
                trained_until=date.fromisoformat(card["trained_until"]),
                shares=card["shares"],
            )
            sound = model.content_hash() == card["content_hash"]
        except Exception as error:
            raise _damaged(folder, f"{type(error).__name__}: {error}") from error
        if not sound:
            raise _damaged(folder, "weights and card do not belong together")
        return model

    def _arrays(self) -> dict[str, Tensor]:
        return {
            **{name: value.contiguous() for name, value in self.state.items()},
            "scaling.mean": torch.from_numpy(self.scaling.mean),
            "scaling.deviation": torch.from_numpy(self.scaling.deviation),
        }


def save_progress(folder: Path, identity: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write the state of an unfinished run, replacing the one before in one move."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save({"identity": json.dumps(identity, sort_keys=True), **state}, buffer)
    write_file(folder / PROGRESS, buffer.getvalue())


def load_progress(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the state of an unfinished run; None where there is none.

    Raises
    ------
    OperatorError
        If it belongs to a run of another recipe or other data.
    ArtefactError
        If it cannot be read.
    """
    path = folder / PROGRESS
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = torch.load(path, weights_only=True)
    except Exception as error:
        raise _damaged(folder, f"{type(error).__name__}: {error}") from error
    if found.pop("identity") != json.dumps(identity, sort_keys=True):
        raise OperatorError(
            "An unfinished run is resumed with its own recipe, sessions and symbols",
            value=str(path),
            remedy="use the settings it was begun with, or remove the file to begin anew",
        )
    return found


def drop_progress(folder: Path) -> None:
    """Remove the state of a run that is finished."""
    (folder / PROGRESS).unlink(missing_ok=True)


def _damaged(folder: Path, reason: str) -> ArtefactError:
    return ArtefactError(
        "A market model's folder holds its card and the weights that belong to it",
        value=f"{folder}: {reason[:200]}",
        remedy="train it again with `story train market-model`",
    )

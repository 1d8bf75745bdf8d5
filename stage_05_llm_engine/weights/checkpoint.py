"""A trained model as a folder: weights, what shaped them, and how to read it back.

From scratch the folder holds the whole model; a LoRA run holds the adapter alone, which is
merged into its base model when it is read back.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol

from foundation.kernel import ModelError, hash_bytes, hash_text
from stage_05_llm_engine.network.architecture import register_dense_experts
from stage_05_llm_engine.network.attention import register_attention
from stage_05_llm_engine.recipe import Architecture, Checkpoint, TrainingRecipe

RECIPE, TOKENIZER, ADAPTER = "recipe.json", "tokenizer.json", "adapter_config.json"


class CheckpointStore(Protocol):
    """Where checkpoint folders are kept, by content."""

    def put(self, folder: Path) -> str:
        """Keep a copy of a folder; return its content hash."""
        ...

    def path(self, key: str) -> Path:
        """Return where the folder with this hash lies."""
        ...


def write(
    model: Any,
    recipe: TrainingRecipe,
    tokenizer_json: str,
    folder: Path,
    trained: dict[str, Any] | None = None,
) -> None:
    """Write a checkpoint. The same weights give the same bytes.

    Parameters
    ----------
    trained : dict of str to Tensor, optional
        The trained weights by name, where the model does not hold them in full itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(folder), **({} if trained is None else {"state_dict": trained}))
    # A model card with an empty template belongs to a hub, not to an artefact.
    (folder / "README.md").unlink(missing_ok=True)
    (folder / TOKENIZER).write_text(tokenizer_json, encoding="utf-8")
    (folder / RECIPE).write_text(recipe.model_dump_json(indent=1), encoding="utf-8")


def recipe_of(folder: Path) -> TrainingRecipe:
    """Return the recipe that a checkpoint folder was trained by.

    Raises
    ------
    ModelError
        If the folder is not one of ours.
    """
    if not (folder / RECIPE).is_file():
        raise ModelError(
            "A checkpoint folder holds the recipe it was trained with",
            value=str(folder),
            remedy="train the story model again: `story train llm`",
        )
    return TrainingRecipe.model_validate_json((folder / RECIPE).read_text(encoding="utf-8"))


def read(folder: Path, *, unpacked: bool = False) -> Any:
    """Return the model of a checkpoint folder, ready to forecast, adapters merged.

    Parameters
    ----------
    unpacked : bool
        Read it into main memory with all weights in bfloat16, whatever the recipe says of experts.

    Raises
    ------
    ModelError
        If the folder is not one of ours.
    """
    from stage_05_llm_engine.weights.lora import load_base, merge_adapter

    recipe = recipe_of(folder)
    if isinstance(recipe.start, Checkpoint):
        start = recipe.start.model_copy(update={"experts": "bfloat16"} if unpacked else {})
        base = load_base(start, "cpu" if unpacked else recipe.device)
        return merge_adapter(base, folder)
    from transformers import GptOssForCausalLM

    return GptOssForCausalLM.from_pretrained(
        str(folder),
        local_files_only=True,
        attn_implementation=register_attention(),
        experts_implementation=register_dense_experts(),
    )


def base_hash(start: Architecture | Checkpoint, seed: int) -> str:
    """Return the hash of what training started from: a description, or a checkpoint's files."""
    if isinstance(start, Architecture):
        return hash_text(start.model_dump_json(), str(seed))
    parts: list[bytes] = []
    for path in sorted(Path(start.folder).iterdir()):
        if path.suffix in {".json", ".safetensors"}:
            with path.open("rb") as file:
                parts += [path.name.encode(), hashlib.file_digest(file, "sha256").digest()]
    return hash_bytes(*parts)


def adapter_targets(folder: Path) -> list[str]:
    """Return the module names that a stored adapter changes."""
    return sorted(json.loads((folder / ADAPTER).read_text(encoding="utf-8"))["target_modules"])

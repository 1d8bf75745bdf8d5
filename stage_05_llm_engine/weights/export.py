"""A trained model as a plain folder that any server of GPT-OSS can load."""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

from foundation.kernel import OperatorError
from foundation.storage.atomic import scratch_beside
from stage_05_llm_engine.recipe import Checkpoint
from stage_05_llm_engine.weights import checkpoint

BESIDE = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "generation_config.json",
)
"""What a base model's folder holds for those who serve it."""


def export(folder: Path, target: Path) -> None:
    """Write the model of a checkpoint folder, adapter merged, experts unpacked, tokeniser beside.

    Takes main memory for the whole model in bfloat16 (about 42 GB for gpt-oss-20b). The folder
    appears when it is complete.

    Raises
    ------
    OperatorError
        If the target is there already.
    ModelError
        If the checkpoint cannot be read.
    """
    from huggingface_hub import save_torch_state_dict
    from transformers import PreTrainedTokenizerFast

    if target.exists():
        raise OperatorError(
            "A model is exported to a new folder",
            value=str(target),
            remedy="choose another name, or remove the folder",
        )
    scratch = scratch_beside(target)
    try:
        model = checkpoint.read(folder, unpacked=True)
        # Once unpacked, a model would write itself as if it were packed: weights are written here.
        scratch.mkdir(parents=True)
        save_torch_state_dict(model.state_dict(), scratch)
        _plain(model.config).save_pretrained(str(scratch))
        start = checkpoint.recipe_of(folder).start
        if isinstance(start, Checkpoint):
            for name in BESIDE:
                if (Path(start.folder) / name).is_file():
                    shutil.copy(Path(start.folder) / name, scratch / name)
        else:
            tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / checkpoint.TOKENIZER))
            tokenizer.save_pretrained(str(scratch))
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _plain(config: Any) -> Any:
    """Return a configuration that speaks of plain weights."""
    plain = deepcopy(config)
    if hasattr(plain, "quantization_config"):
        del plain.quantization_config
    plain.architectures = ["GptOssForCausalLM"]
    return plain

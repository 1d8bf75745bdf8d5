"""LoRA on a pre-trained GPT-OSS: load, adapt, and merge again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foundation.kernel import DependencyError, ModelError, OperatorError
from stage_05_llm_engine.recipe import Adapter, Checkpoint
from stage_05_llm_engine.weights.packed import load_packed

HOW_TO_GET = (
    "download the weights once with `hf download openai/gpt-oss-20b --local-dir {folder} "
    '--exclude "original/*" "metal/*"` '
    "(about 13 GB), or name a folder that holds config.json and *.safetensors; "
    "without them use the recipe story_tiny_cpu"
)


def load_base(start: Checkpoint, device: str) -> Any:
    """Return the pre-trained model of a local folder. Nothing is fetched.

    Packed experts (MXFP4) are unpacked to bfloat16, or stay packed where the recipe says so.

    Raises
    ------
    DependencyError
        If the folder holds no model.
    OperatorError
        If experts are to stay packed that are not.
    ModelError
        If the files do not hold the model's weights.
    """
    from transformers import AutoConfig, GptOssForCausalLM

    folder = Path(start.folder)
    if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
        raise DependencyError(
            "The base model's weights are not there",
            value=str(folder),
            remedy=HOW_TO_GET.format(folder=folder),
        )
    config = AutoConfig.from_pretrained(str(folder), local_files_only=True)
    if start.experts == "packed":
        return load_packed(folder, config, device)
    options: dict[str, Any] = {}
    if getattr(config, "quantization_config", None) is not None:
        from transformers.utils.quantization_config import Mxfp4Config

        options["quantization_config"] = Mxfp4Config(dequantize=True)
    model: Any = GptOssForCausalLM.from_pretrained(
        str(folder),
        local_files_only=True,
        dtype="auto",
        attn_implementation="eager",
        **options,
    )
    return model.to(device)


def base_shape(start: Checkpoint) -> Any:
    """Return a model of a folder's shape without memory for its weights; its buffers are real."""
    from accelerate import init_empty_weights
    from transformers import AutoConfig, GptOssForCausalLM

    config = AutoConfig.from_pretrained(start.folder, local_files_only=True)
    config._attn_implementation = "eager"
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with init_empty_weights(include_buffers=False):
        return GptOssForCausalLM(config)


def adapt(model: Any, adapter: Adapter) -> Any:
    """Return the model with trainable low-rank adapters and everything else frozen.

    Raises
    ------
    OperatorError
        If a name in the recipe matches nothing in the model. PEFT itself would pass over it.
    """
    from peft import LoraConfig, get_peft_model

    _refuse_strangers("modules", adapter.modules, [n for n, _ in model.named_modules()])
    _refuse_strangers(
        "expert_parameters", adapter.expert_parameters, [n for n, _ in model.named_parameters()]
    )
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=list(adapter.modules),
        target_parameters=list(adapter.expert_parameters) or None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def merge_adapter(base: Any, folder: Path) -> Any:
    """Return the base model with a stored adapter added into its weights.

    Raises
    ------
    ModelError
        If the adapter cannot be read, or does not fit the base model.
    """
    from peft import PeftModel
    from safetensors import SafetensorError

    try:
        return PeftModel.from_pretrained(base, str(folder)).merge_and_unload()
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelError(
            "A stored adapter can be read and fits its base model",
            value=f"{folder}: {first}",
            remedy="train it again, or name the base model that it was trained on",
        ) from error


def _refuse_strangers(kind: str, wanted: tuple[str, ...], there: list[str]) -> None:
    lost = [w for w in wanted if not any(n == w or n.endswith(f".{w}") for n in there)]
    if lost:
        last = sorted({name.rsplit(".", 1)[-1] for name in there if name})
        raise OperatorError(
            f"Every one of the adapter's {kind} must exist in the model",
            value=lost,
            remedy=f"choose among names ending in {last}",
        )

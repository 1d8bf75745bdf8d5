"""LoRA on a pre-trained GPT-OSS: load, adapt, and merge again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from foundation.kernel import DependencyError, OperatorError
from stage_05_llm_engine.recipe import Adapter, Checkpoint

HOW_TO_GET = (
    "download the weights once with `hf download openai/gpt-oss-20b --local-dir {folder}` "
    "(about 13 GB), or name a folder that holds config.json and *.safetensors; "
    "without them use the recipe story_tiny_cpu"
)


def load_base(start: Checkpoint, device: str) -> Any:
    """Return the pre-trained model of a local folder, its weights in a form that takes gradients.

    MXFP4 weights are unpacked to bfloat16 (48 GB for gpt-oss-20b with activations to spare on an
    80 GB GPU). Nothing is fetched.

    Raises
    ------
    DependencyError
        If the folder holds no model.
    OperatorError
        If the weights are MXFP4 and the recipe does not unpack them.
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
    options: dict[str, Any] = {}
    if getattr(config, "quantization_config", None) is not None:
        if not start.dequantize:
            raise OperatorError(
                "Packed MXFP4 weights take no gradients",
                value=str(folder),
                remedy="set dequantize=True in the recipe's checkpoint",
            )
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
    """Return the base model with a stored adapter added into its weights."""
    from peft import PeftModel

    return PeftModel.from_pretrained(base, str(folder)).merge_and_unload()


def _refuse_strangers(kind: str, wanted: tuple[str, ...], there: list[str]) -> None:
    lost = [w for w in wanted if not any(n == w or n.endswith(f".{w}") for n in there)]
    if lost:
        last = sorted({name.rsplit(".", 1)[-1] for name in there if name})
        raise OperatorError(
            f"Every one of the adapter's {kind} must exist in the model",
            value=lost,
            remedy=f"choose among names ending in {last}",
        )

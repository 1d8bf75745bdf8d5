"""LoRA on a pre-trained GPT-OSS: load, adapt, and merge again."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from foundation.kernel import DependencyError, ModelError, OperatorError
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
    if start.four_bit:
        options = _four_bit(config, folder)
    elif getattr(config, "quantization_config", None) is not None:
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
    return model if start.four_bit else model.to(device)


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


def _four_bit(config: Any, folder: Path) -> dict[str, Any]:
    """Return what loads linear layers in 4 bits, where that is worth it.

    Raises
    ------
    OperatorError
        If the weights are packed already, or most of them lie in layers that stay as they are.
    DependencyError
        If bitsandbytes or a GPU is missing.
    """
    import torch

    if getattr(config, "quantization_config", None) is not None:
        raise OperatorError(
            "bitsandbytes quantises plain weights, not packed MXFP4 ones",
            value=str(folder),
            remedy="name a bfloat16 copy of the model, or use the recipe gpt_oss_20b_lora",
        )
    share = linear_share(config)
    if share < 0.5:
        raise OperatorError(
            "Quantising to 4 bits needs most weights in linear layers",
            value=f"{share:.1%} of the weights; the rest are fused experts, which the installed "
            "transformers and bitsandbytes leave in bfloat16",
            remedy="use the recipe gpt_oss_20b_lora on a GPU with 80 GB, or a build of the model "
            "with one linear layer per expert",
        )
    if find_spec("bitsandbytes") is None or not torch.cuda.is_available():
        raise DependencyError(
            "Training in 4 bits needs bitsandbytes and a CUDA device",
            value="not both are there",
            remedy="install bitsandbytes on a machine with a GPU, or use gpt_oss_20b_lora",
        )
    from transformers import BitsAndBytesConfig

    return {
        "quantization_config": BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    }


def linear_share(config: Any) -> float:
    """Return the share of a model's weights that lie in linear layers other than its head.

    The model is built without memory, so this works for any size on any machine.
    """
    import torch
    from transformers import GptOssForCausalLM

    with torch.device("meta"):
        model: Any = GptOssForCausalLM(config)
    linear = sum(
        module.weight.numel()
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != "lm_head"
    )
    return float(linear / sum(p.numel() for p in model.parameters()))


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

"""docs/gpt-oss-20b.md as its reader types it, on a random small model packed as published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GptOssConfig, GptOssForCausalLM, PreTrainedTokenizerFast

from foundation.contracts import StoryModel, TapeCodes
from foundation.language.task_words import instructions
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import harmony
from stage_04_tokenization.corpus import read_manifest
from stage_10_integration.commands.opening import open_settings
from stage_10_integration.commands.options import Options
from stage_10_integration.wiring import TRAINING
from tests.laws.quoted import quotes_of
from tests.laws.tree import ROOT
from tests.stage_10_integration.conftest import BEFORE, THEN, Shell, day

PAGE = "docs/gpt-oss-20b.md"
WEIGHTS = Path("models/gpt-oss-20b")
MARKET = ("--profile", "cpu", "--path", "bars")
SMALL = (
    "--set", "training.device=cpu", "--set", "training.precision=float32",
    "--set", 'training.phases=[{steps = 2, loss = "target"}]', "--set", "training.evaluations=1",
    "--set", "training.batch_windows=1", "--set", "training.accumulation=2",
    "--set", "training.evaluation_windows=1", "--set", "training.threads=1",
)  # fmt: skip
"""What turns the page's recipes into seconds on a CPU: the size of a run, not what it does."""


def typed(*begin: str, having: str = "") -> list[str]:
    """Return the words of the one command of the page that begins so and has this in it."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    told = [quote.words()[1:] for quote in quotes_of(PAGE, text) if quote.whole]
    (found,) = (w for w in told if tuple(w[: len(begin)]) == begin and having in " ".join(w))
    return found


def here(words: list[str], session: str) -> list[str]:
    """Return a command for the simulated market of the tests in place of the reader's own."""
    place = words.index("--profile")
    assert tuple(words[place : place + 4]) == MARKET
    words = [*words[:place], "--profile", "test", *words[place + 4 :]]
    words[words.index("--as-of") + 1] = session
    return words


@pytest.fixture
def weights(built: Path) -> None:
    """A GPT-OSS of one layer in the folder that the page names, with a harmony tokeniser."""
    folder = built / WEIGHTS
    if folder.exists():
        return
    stories = planted_stories("planted", sessions=40, symbols=2).book
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [harmony.opening(instructions()), *(text for row in stories.texts for text in row)],
        trainers.BpeTrainer(
            vocab_size=1000, special_tokens=["<|endoftext|>", *harmony.SPECIAL],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        ),
    )  # fmt: skip
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=harmony.RETURN, pad_token="<|endoftext|>"
    ).save_pretrained(str(folder))
    config = GptOssConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16, intermediate_size=32,
        num_local_experts=2, num_experts_per_tok=1, initializer_range=0.1, pad_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(1)
        GptOssForCausalLM(config).save_pretrained(str(folder))
    packed(folder)


def packed(folder: Path) -> None:
    """Put random experts of four bits in place of a checkpoint's, in the published form."""
    path = folder / "config.json"
    mxfp4 = {"quant_method": "mxfp4", "modules_to_not_convert": []}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization_config": mxfp4}))
    held, draw = load_file(folder / "model.safetensors"), torch.Generator().manual_seed(7)
    for name in [n for n in held if n.endswith(("gate_up_proj", "down_proj"))]:
        count, width, out = held.pop(name).shape
        for part, shape, (low, high) in (
            ("blocks", (count, out, width // 32, 16), (0, 256)),
            ("scales", (count, out, width // 32), (120, 127)),
        ):
            held[f"{name}_{part}"] = torch.randint(
                low, high, shape, dtype=torch.uint8, generator=draw
            )
    kept = {n: w.bfloat16() if w.is_floating_point() else w for n, w in held.items()}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.usefixtures("weights")
def test_the_page_leads_from_bars_to_an_adapter_to_forecasts_and_to_a_folder_to_serve(
    built: Path, shell: Shell
) -> None:
    told = here(typed("corpus"), day(BEFORE))
    told[told.index("corpus", 1)] = "harmony-corpus"
    shell(*told, *THEN, "--store", "desk")
    manifest = read_manifest(built / "harmony-corpus")
    assert (manifest.settings.layout, manifest.settings.max_tokens) == ("harmony", 2048)
    assert is_a_conversation(manifest.codes)

    def page(words: list[str]) -> list[str]:
        words[words.index("--corpus") + 1] = "harmony-corpus"
        return [*words, *SMALL, "--store", "gpu"]

    # As on another machine: the corpus, the weights, and a store of its own.
    trained = shell(*page(typed("train", "llm", having="gpt_oss_20b_qlora")))
    assert [step["step"] for step in trained["steps"]] == [TRAINING]
    model = StoryModel.model_validate(trained["model"])
    assert (model.recipe, model.steps) == ("gpt-oss-20b-qlora", 2)
    assert model.tokenizer_hash == manifest.tokenizer_hash

    trained = shell(*page(typed("train", "llm", having="gpt_oss_20b_lora")))
    run = [*here(typed("run", having="2025-09-30"), day(0)), "--to", "5"]
    ran = shell(*page(run), "--set", "tokens.history_sessions=2", "--set", "engine.max_words=4")
    states = {step["step"]: step["state"] for step in ran["steps"]}
    assert states[TRAINING] == "reused"
    assert states["05_llm_engine"] == "run"

    exported = shell(*page(typed("train", "export")))
    assert exported["model"] == trained["model"]
    served = GptOssForCausalLM.from_pretrained(built / exported["folder"])
    assert served.config.vocab_size == manifest.vocabulary_size


def is_a_conversation(codes: TapeCodes) -> bool:
    """Say whether a window opens with a chat's instructions and poses its task in a turn."""
    return len(codes.opening) > 50 and all(codes.tasks)


@pytest.mark.usefixtures("weights")
def test_the_command_for_several_gpus_spreads_the_weights_over_them(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What such a run does is tested with two processes on CPUs; here, that it is asked for."""
    monkeypatch.chdir(built)
    words = typed("train", "llm", having="gpt_oss_20b_multi_gpu")
    assert words[words.index("--base") + 1] == str(WEIGHTS)
    asked = open_settings(
        Options(
            recipe=words[words.index("--recipe") + 1],
            base=WEIGHTS,
            corpus=Path("corpus"),
            settings=(words[words.index("--set") + 1],),
        )
    )
    assert (asked.training.processes, asked.training.sharded) == (4, True)
    assert asked.training.accumulation % asked.training.processes == 0
    assert asked.corpus == Path("corpus")

"""Stories under a known law, a small model that has read them, and a small pre-trained one."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GptOssConfig, GptOssForCausalLM, PreTrainedTokenizerFast

from config.recipes import gpt_oss_20b_lora, story_nano_test
from foundation.contracts import TAPE, StoryBook, StoryForecast, StoryModel, TokenBatch
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import PlantedStories, planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import (
    Architecture,
    EngineInput,
    EngineSettings,
    LlmEngineStage,
    Phase,
    TrainingRecipe,
    TrainingStage,
)
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.machine.process import reproducible
from stage_05_llm_engine.network.architecture import build

EXPERTS = ("gate_up_proj", "down_proj")
ENGINE = EngineSettings(threads=1, max_words=60)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random GPT-OSS with grouped heads, sliding layers and a tokeniser, as a folder."""
    folder = tmp_path_factory.mktemp("base") / "gpt-oss-tiny"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [" rises sharply; drops; the price is very high and low today, the trend looks firm"] * 3,
        trainers.BpeTrainer(
            vocab_size=360,
            special_tokens=["<|endoftext|>", "<|return|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|return|>", pad_token="<|endoftext|>"
    ).save_pretrained(str(folder))
    config = GptOssConfig(
        vocab_size=384, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, intermediate_size=32, num_local_experts=4,
        num_experts_per_tok=2, sliding_window=128, initializer_range=0.1, pad_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(1)
        GptOssForCausalLM(config).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def published(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model with random packed experts, in the form in which gpt-oss is published."""
    folder = tmp_path_factory.mktemp("published") / "gpt-oss-packed"
    shutil.copytree(base, folder)
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "mxfp4", "modules_to_not_convert": []}
    config["dtype"] = "bfloat16"
    (folder / "config.json").write_text(json.dumps(config))
    weights = load_file(folder / "model.safetensors")
    draw = torch.Generator().manual_seed(7)
    for name in [n for n in weights if n.endswith(EXPERTS)]:
        count, width, out = weights.pop(name).shape
        shape = (count, out, width // 32)
        weights[f"{name}_blocks"] = torch.randint(
            0, 256, (*shape, 16), dtype=torch.uint8, generator=draw
        )
        weights[f"{name}_scales"] = torch.randint(
            120, 127, shape, dtype=torch.uint8, generator=draw
        )
    kept = {n: w.bfloat16() if w.is_floating_point() else w for n, w in weights.items()}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def base_tokens(base: Path) -> TokenBatch:
    settings = TokenizationSettings(
        context_sessions=1, history_sessions=4, validation_sessions=8, max_tokens=900,
        base_tokenizer=str(base),
    )  # fmt: skip
    return TokenizationStage(settings).run(few_stories())


def few_stories() -> StoryBook:
    """Return forty sessions of two symbols."""
    return planted_stories("planted", sessions=40, symbols=2).book


def recipe(base: Path, **changes: object) -> TrainingRecipe:
    """Return the 20B recipe, brought down to a small checkpoint, a CPU and three steps."""
    return gpt_oss_20b_lora(str(base)).model_copy(
        update={
            "phases": (Phase(steps=3, loss="target"),), "batch_windows": 1, "accumulation": 2,
            "device": "cpu", "precision": "float32", "evaluations": 1, "evaluation_windows": 1,
            "threads": 1, "warmup_steps": 1, "learning_rate": 1e-2, "recompute": False, **changes,
        }
    )  # fmt: skip


@dataclass(frozen=True)
class Trained:
    """A law's stories, the model that read them, and what it forecasts."""

    stories: PlantedStories
    tokens: TokenBatch
    model: StoryModel
    store: FolderStore
    engine: LlmEngineStage
    forecast: StoryForecast

    @property
    def given(self) -> EngineInput:
        return EngineInput(self.tokens, self.model, self.stories.book)


def learn(law: Literal["planted", "martingale"], root: Path) -> Trained:
    stories = planted_stories(law, sessions=360, symbols=6, seed=3)
    tokens = TokenizationStage(TokenizationSettings()).run(stories.book)
    store = FolderStore(root)
    model = TrainingStage(story_nano_test(), store).run(tokens)
    engine = LlmEngineStage(ENGINE, store)
    forecast = engine.run(EngineInput(tokens, model, stories.book))
    return Trained(stories, tokens, model, store, engine, forecast)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return learn("planted", tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def martingale(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return learn("martingale", tmp_path_factory.mktemp("martingale"))


@dataclass(frozen=True)
class Scored:
    """Log scores (nats, lower is better) of past forecasts of one series, forecast by forecast."""

    model: np.ndarray
    climatology: np.ndarray
    truth: np.ndarray


def score(trained: Trained, series: str) -> Scored:
    """Score the model's past forecasts; climatology is the training sessions'."""
    book, panel = trained.stories.book, trained.forecast.model_distributions
    s = TAPE.index(series)
    observed = book.observed.values[:, :, s]
    origins = [book.sessions.index(day) for day in panel.sessions[:-1]]
    happened = observed[[t + 1 for t in origins]]
    known = ~np.isnan(happened)
    codes = happened[known].astype(int)
    learnt = observed[: book.sessions.index(trained.model.trained_until) + 1]
    counts = np.array([(learnt == code).sum() + 1 for code in range(5)], dtype=float)
    chosen = np.arange(len(codes))
    return Scored(
        model=-np.log(panel.values[:-1, :, s][known][chosen, codes]),
        climatology=-np.log((counts / counts.sum())[codes]),
        truth=-np.log(trained.stories.truth[origins][:, :, s][known][chosen, codes]),
    )


@pytest.fixture(scope="session")
def few_tokens() -> TokenBatch:
    """Windows of two symbols in the stories' own vocabulary."""
    cut = TokenizationSettings(history_sessions=3, validation_sessions=4, context_sessions=2)
    return TokenizationStage(cut).run(few_stories())


@pytest.fixture(scope="session")
def untrained(few_tokens: TokenBatch) -> TransformersNarrative:
    """A network that has learnt nothing: what holds for it holds for any."""
    tiny = Architecture(hidden=16, layers=1, heads=1, head_width=16, experts=2, intermediate=16)
    with reproducible(0):
        network = build(tiny, few_tokens.vocabulary_size, few_tokens.codes.pad)
    free = ENGINE.model_copy(update={"guided": False, "max_words": 2})
    return TransformersNarrative(
        network, few_tokens.codes, few_tokens.tokenizer_json, free, weights="untrained"
    )

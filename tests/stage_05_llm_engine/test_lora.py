"""LoRA on a checkpoint folder: the code path of the 20B model, on a random small one."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from transformers import GptOssForCausalLM

from config.recipes import gpt_oss_20b_lora
from foundation.contracts import TAPE, TapeCodes, TokenBatch
from foundation.kernel import DependencyError, ModelError, OperatorError
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import (
    Adapter,
    Checkpoint,
    EngineInput,
    LlmEngineStage,
    TrainingRecipe,
    TrainingStage,
)
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.adapters.in_process.generation import draw
from stage_05_llm_engine.drawing import Draft
from stage_05_llm_engine.scenarios import Scenario
from stage_05_llm_engine.weights import checkpoint
from stage_05_llm_engine.weights.lora import adapt
from tests.stage_05_llm_engine.conftest import ENGINE, few_stories, recipe


@pytest.fixture(scope="module")
def tokens(base_tokens: TokenBatch) -> TokenBatch:
    return base_tokens


def logits(model: torch.nn.Module, tokens: TokenBatch) -> torch.Tensor:
    ids = torch.from_numpy(tokens.split("validation").ids[:1, :60].astype(np.int64))
    with torch.no_grad():
        return model.eval()(input_ids=ids).logits


@pytest.mark.parametrize(
    "adapter",
    [
        Adapter(),
        Adapter(
            dropout=0.0,
            expert_parameters=("mlp.experts.gate_up_proj", "mlp.experts.down_proj"),
        ),
    ],
    ids=["attention", "attention and experts"],
)
def test_an_adapter_is_trained_kept_read_back_and_merged(
    base: Path, tokens: TokenBatch, tmp_path: Path, adapter: Adapter
) -> None:
    from peft import PeftModel

    store = FolderStore(tmp_path)
    model = TrainingStage(recipe(base, adapter=adapter), store).run(tokens)
    folder = store.path(model.weights)
    assert model.engine == "gpt-oss with LoRA"
    assert (folder / "adapter_model.safetensors").is_file()
    assert not (folder / "model.safetensors").exists()

    untouched = GptOssForCausalLM.from_pretrained(str(base))
    before = logits(untouched, tokens)
    merged = logits(checkpoint.read(folder), tokens)
    unmerged = logits(PeftModel.from_pretrained(untouched, str(folder)), tokens)
    torch.testing.assert_close(merged, unmerged, rtol=1e-3, atol=1e-4)
    assert (merged - before).abs().max() > 1e-3


def test_a_forecast_in_the_base_models_own_words(
    base: Path, tokens: TokenBatch, tmp_path: Path
) -> None:
    """The same engine asks and answers where a mark takes several tokens."""
    store = FolderStore(tmp_path)
    model = TrainingStage(recipe(base), store).run(tokens)
    settings = ENGINE.model_copy(update={"max_words": 4, "scoring_precision": "float32"})
    forecast = LlmEngineStage(settings, store).run(EngineInput(tokens, model, few_stories()))
    values = forecast.model_distributions.values
    np.testing.assert_allclose(values[:, 0].sum(axis=-1), 1.0, atol=1e-9)
    assert np.isnan(values[:, -1, TAPE.index("volume")]).all()
    risk = [c for c in forecast.continuations if c.scenario == "risk"]
    assert {c.tape["price"] for c in risk} == {"drops sharply"}
    assert _alone(base, store, model.weights, tokens) == pytest.approx(
        values[-1, 0, TAPE.index("momentum")], abs=1e-4
    )


def _alone(base: Path, store: FolderStore, weights: str, tokens: TokenBatch) -> np.ndarray:
    """Score each answer by plain passes of the stock model over context, question and answer."""
    model = checkpoint.read(store.path(weights)).eval()
    windows, codes = tokens.split("forecast"), tokens.codes
    context = windows.ids[0, : windows.attention_mask[0].sum()].tolist()
    s = TAPE.index("momentum")
    scores = []
    for answer in codes.outcomes[s]:
        asked = [*context, *codes.story, *codes.series[s]]
        with torch.no_grad():
            said = model(input_ids=torch.tensor([[*asked, *answer]])).logits[0].double()
        chances = said.log_softmax(dim=-1)
        scores.append(
            sum(float(chances[len(asked) - 1 + i, token]) for i, token in enumerate(answer))
        )
    odds = np.exp(np.array(scores) - max(scores))
    return odds / odds.sum()


def test_a_name_that_matches_nothing_is_refused(
    base: Path, tokens: TokenBatch, tmp_path: Path
) -> None:
    strange = Adapter(modules=("q_proj", "gate_proj"))
    with pytest.raises(OperatorError, match="gate_proj"):
        TrainingStage(recipe(base, adapter=strange), FolderStore(tmp_path)).run(tokens)
    unknown = Adapter(dropout=0.0, expert_parameters=("mlp.experts.up_proj",))
    with pytest.raises(OperatorError, match="up_proj"):
        TrainingStage(recipe(base, adapter=unknown), FolderStore(tmp_path)).run(tokens)


def test_missing_weights_say_how_to_get_them(tokens: TokenBatch, tmp_path: Path) -> None:
    lost = recipe(tmp_path / "gpt-oss-20b")
    assert isinstance(lost.start, Checkpoint)
    with pytest.raises(DependencyError, match="hf download openai/gpt-oss-20b"):
        TrainingStage(lost, FolderStore(tmp_path / "store")).run(tokens)


def test_windows_of_our_own_tokeniser_do_not_fit_a_base_model(base: Path, tmp_path: Path) -> None:
    book = planted_stories("planted", sessions=60, symbols=2).book
    settings = TokenizationSettings(history_sessions=4, validation_sessions=8)
    windows = TokenizationStage(settings).run(book)
    with pytest.raises(OperatorError, match="base_tokenizer"):
        TrainingStage(recipe(base), FolderStore(tmp_path)).run(windows)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_the_20b_recipe_says_what_is_missing_on_this_machine(
    base: Path, tokens: TokenBatch, tmp_path: Path
) -> None:
    with pytest.raises(DependencyError, match="CUDA"):
        TrainingStage(gpt_oss_20b_lora(str(base)), FolderStore(tmp_path)).run(tokens)


def test_answers_of_several_tokens_are_drawn_as_often_as_their_distribution_says(
    base: Path, tokens: TokenBatch
) -> None:
    """Drawing token by token among what is allowed would not: branches differ in their ends."""
    model = GptOssForCausalLM.from_pretrained(str(base)).eval()
    narrative = TransformersNarrative(
        model, tokens.codes, tokens.tokenizer_json,
        ENGINE.model_copy(update={"scoring_precision": "float32"}), weights="random",
    )  # fmt: skip
    windows, codes, count = tokens.split("forecast"), tokens.codes, 120
    s = TAPE.index("momentum")
    assert len(codes.outcomes[s][4]) > 1
    assert codes.synonyms[s][4]
    expected = narrative.next_states(windows).values[0, s]
    drafts = [
        Draft(codes, [s], Scenario("base", 1.0, 1.0, {}), seed, max_words=1, repeat_span=4,
              repeat_times=3)
        for seed in range(count)
    ]  # fmt: skip
    context = windows.ids[0, : windows.attention_mask[0].sum()].tolist()
    draw(model, codes, [context], [(0, d) for d in drafts])
    told = np.bincount([d.outcomes[s] for d in drafts], minlength=5) / count
    error = np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(told - expected) < 4 * error + 1 / count).all()
    for draft in drafts[:5]:
        summed = _spelled(model, [*context, *codes.story, *codes.series[s]], codes, s)
        assert draft.log_probability - _word(model, context, draft) == pytest.approx(
            summed[draft.outcomes[s]], abs=1e-3
        )


def _chances(model: torch.nn.Module, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(dim=-1)


def _spelled(
    model: torch.nn.Module, asked: list[int], codes: TapeCodes, series: int
) -> list[float]:
    """Add up all spellings of each answer by plain passes of the stock model."""
    found = []
    for outcome in range(5):
        scores = []
        for spelling in codes.spellings(series, outcome):
            said = _chances(model, [*asked, *spelling])
            scores.append(
                sum(float(said[len(asked) - 1 + i, token]) for i, token in enumerate(spelling))
            )
        found.append(float(np.logaddexp.reduce(scores)))
    return found


def _word(model: torch.nn.Module, context: list[int], draft: Draft) -> float:
    said = _chances(model, [*context, *draft.ids])
    return float(said[-2, draft.ids[-1]])


def test_the_router_stays_frozen_when_experts_learn(base: Path) -> None:
    model = GptOssForCausalLM.from_pretrained(str(base))
    adapter = Adapter(
        dropout=0.0, expert_parameters=("mlp.experts.gate_up_proj", "mlp.experts.down_proj")
    )
    learning = [n for n, p in adapt(model, adapter).named_parameters() if p.requires_grad]
    assert any("experts" in name for name in learning)
    assert not [name for name in learning if "router" in name]
    assert all("lora_" in name for name in learning)


def test_a_spoilt_adapter_is_told(base: Path, tokens: TokenBatch, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    made = TrainingStage(recipe(base), store).run(tokens)
    copy = shutil.copytree(store.path(made.weights), tmp_path / "copy")
    weights = copy / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    with pytest.raises(ModelError, match="train it again"):
        checkpoint.read(copy)


def test_a_context_longer_than_the_model_reads_is_told(base: Path, tokens: TokenBatch) -> None:
    model = GptOssForCausalLM.from_pretrained(str(base))
    model.config.max_position_embeddings = 50
    narrative = TransformersNarrative(
        model, tokens.codes, tokens.tokenizer_json, ENGINE, weights="random"
    )
    with pytest.raises(OperatorError, match="lower max_tokens"):
        narrative.next_states(tokens.split("forecast"))


def test_recomputing_activations_changes_no_weight(
    base: Path, tokens: TokenBatch, tmp_path: Path
) -> None:
    kept, again = (
        TrainingStage(
            recipe(base, recompute=recompute, adapter=Adapter(dropout=0.0)),
            FolderStore(tmp_path / str(recompute)),
        ).run(tokens)
        for recompute in (False, True)
    )
    assert kept.learning_curve == again.learning_curve
    adapters = [
        (FolderStore(tmp_path / str(flag)).path(made.weights) / "adapter_model.safetensors")
        for flag, made in ((False, kept), (True, again))
    ]
    assert adapters[0].read_bytes() == adapters[1].read_bytes()


def test_what_the_base_model_may_have_read_is_known_of_its_forecasts(
    base: Path, tokens: TokenBatch, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path)
    learnt = max(label.target for label in tokens.split("train").labels if label.target)
    for known, expected in ((None, learnt), (date(2001, 1, 2), learnt), (date(2099, 1, 2),) * 2):
        start = Checkpoint(folder=str(base), known_until=known)
        model = TrainingStage(recipe(base, start=start), store).run(tokens)
        assert model.trained_until == expected


def test_a_pre_trained_model_is_trained_through_an_adapter_alone(base: Path) -> None:
    document = recipe(base).model_dump()
    with pytest.raises(ValidationError, match="train an adapter"):
        TrainingRecipe.model_validate({**document, "adapter": None})

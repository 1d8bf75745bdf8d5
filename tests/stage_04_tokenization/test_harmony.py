"""The harmony format, held to the examples that OpenAI documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from foundation.contracts import StoryBook
from foundation.kernel import OperatorError
from stage_04_tokenization import TokenizationSettings, TokenizationStage, harmony
from stage_04_tokenization.base_model import BaseModelVocabulary
from tests.stage_04_tokenization.conftest import SETTINGS

# The examples of the guide's sections on messages, chat, developer and system messages.
DOCUMENTED_TURN = "<|start|>user<|message|>What is 2 + 2?<|end|>"
DOCUMENTED_ANSWER = "<|start|>assistant<|channel|>final<|message|>2 + 2 = 4.<|return|>"
DOCUMENTED_DEVELOPER = (
    "<|start|>developer<|message|># Instructions\n\nAlways respond in riddles<|end|>"
)
DOCUMENTED_SYSTEM = (
    "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
    "Knowledge cutoff: 2024-06\n"
    "Current date: 2025-06-28\n\n"
    "Reasoning: high\n\n"
    "# Valid channels: analysis, commentary, final. Channel must be included for every message."
    "<|end|>"
)


def test_messages_read_as_documented() -> None:
    assert harmony.message("user", "What is 2 + 2?") == DOCUMENTED_TURN
    assert harmony.developer("Always respond in riddles") == DOCUMENTED_DEVELOPER


def test_the_system_message_is_the_documented_one_without_a_date() -> None:
    undated = DOCUMENTED_SYSTEM.replace("Current date: 2025-06-28\n", "")
    assert harmony.system("high") == undated


def test_the_answer_goes_to_the_final_channel() -> None:
    whole = f"{harmony.START}user{harmony.MESSAGE}Stories{harmony.turn('What is 2 + 2?')}2 + 2 = 4."
    assert whole + harmony.RETURN == (
        f"<|start|>user<|message|>Stories\nWhat is 2 + 2?<|end|>{DOCUMENTED_ANSWER}"
    )


def save(where: Path, special: list[str]) -> Path:
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [" rises sharply; drops; the price is very high and low today"] * 3,
        trainers.BpeTrainer(
            vocab_size=340, special_tokens=special, show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )  # fmt: skip
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|return|>", pad_token="<|endoftext|>"
    ).save_pretrained(str(where))
    return where


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("harmony"), ["<|endoftext|>", *harmony.SPECIAL])


def test_a_window_is_a_conversation(folder: Path, book: StoryBook) -> None:
    settings = TokenizationSettings.model_validate(
        SETTINGS.model_dump()
        | {"base_tokenizer": str(folder), "layout": "harmony", "max_tokens": 8000}
    )
    batch = TokenizationStage(settings).run(book)
    reader = Tokenizer.from_str(batch.tokenizer_json)
    windows = batch.split("train")
    row = windows.ids[0, windows.attention_mask[0] == 1]
    text = reader.decode(row.tolist(), skip_special_tokens=False)
    messages = text.split(harmony.START)[1:]
    assert [m.split("<|")[0] for m in messages] == ["system", "developer", "user", "assistant"]
    assert "\n\nYou continue the stories" in messages[1]
    assert messages[2].count("Session:") == windows.story_index[0].max()
    assert messages[2].endswith("\nTell the story of the next session.<|end|>")
    assert messages[3].startswith("assistant<|channel|>final<|message|>Session:")
    assert text.endswith(harmony.RETURN)
    assert text.count(harmony.RETURN) == 1
    # A format's mark is one token, never letters.
    assert (row == reader.token_to_id(harmony.START)).sum() == 4
    counted = windows.ids[0, windows.loss_mask[0] == 1].tolist()
    assert harmony.START not in reader.decode(counted, skip_special_tokens=False)
    ahead = batch.split("forecast")
    context = reader.decode(ahead.ids[0, ahead.attention_mask[0] == 1].tolist(), False)
    assert context.endswith("\n")
    assert harmony.END + harmony.START + "assistant" not in context


def test_a_tokeniser_without_the_formats_tokens_is_refused(tmp_path: Path) -> None:
    where = save(tmp_path, ["<|endoftext|>", "<|return|>"])
    with pytest.raises(OperatorError, match="layout"):
        BaseModelVocabulary(where, "harmony")


def test_harmony_needs_a_base_model() -> None:
    with pytest.raises(ValueError, match="base_tokenizer"):
        TokenizationSettings(layout="harmony")

"""Write a small GPT-OSS that tells stories, as a folder for servers to serve (``servers.py``).

The same layers, chat format and stretched positions as gpt-oss-20b, at a size that trains on one
core in minutes: two layers of 64, four experts, 0.35 M parameters, in float32, so that differences
between engines are not rounding. Its vocabulary is learnt on the stories and splits text as
gpt-oss's does where stories are concerned (a mark takes the ends of line behind it).

Run: ``python benchmarks/small_gpt_oss.py FOLDER [--steps 300] [--stories planted]``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from servers import book
from story_worlds import say

from foundation.contracts import TAPE, StoryBook, tape_outcomes
from foundation.language.tape_words import written
from foundation.language.task_words import PROMPTS, instructions
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine.machine.process import prepare_process
from stage_05_llm_engine.network.architecture import register_dense_experts

SPECIAL = (
    "<|startoftext|>", "<|endoftext|>", "<|return|>", "<|constrain|>", "<|channel|>", "<|start|>",
    "<|end|>", "<|message|>", "<|call|>",
)  # fmt: skip
SPLIT = r"[^\r\n\p{L}\p{N}]?\p{L}+(?:'\p{L}+)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"
CHAT = (
    "{%- for m in messages -%}{{- '<|start|>' + ('developer' if m.role == 'system' else m.role) "
    "+ ('<|channel|>final' if m.role == 'assistant' else '') + '<|message|>' "
    "+ ('# Instructions\\n\\n' if m.role == 'system' else '') + m.content + '<|end|>' -}}"
    "{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|start|>assistant' -}}{%- endif -%}"
)
ROWS, VOCABULARY = 3, 1536


def texts(stories: StoryBook) -> Iterator[str]:
    """Yield stories four by four, a line each, and what models are told beside them."""
    lines = []
    for t, told in enumerate(stories.texts[: len(stories.texts) * 3 // 5]):
        for n, words in enumerate(told):
            codes = zip(TAPE, stories.observed.values[t, n], strict=True)
            tape = {s: tape_outcomes(s)[int(c)] for s, c in codes if not np.isnan(c)}
            lines += [f"{written(tape, words)}\n"] if words else []
    for first in range(0, len(lines), 4):
        yield "".join(lines[first : first + 4])
    yield from [instructions(), "\n".join(PROMPTS.values())] * 20


def write_tokenizer(stories: StoryBook, folder: Path) -> Any:
    """Learn the vocabulary, write it, and return it."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        texts(stories),
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=list(SPECIAL),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<|startoftext|>",
        eos_token="<|return|>",
        pad_token="<|endoftext|>",
    )
    fast.chat_template = CHAT
    fast.save_pretrained(str(folder))
    return fast


def rows_of(stories: StoryBook, folder: Path) -> list[np.ndarray]:
    """Return the windows to learn from, in both layouts, without their padding."""
    found = []
    for layout in ("plain", "harmony"):
        settings = TokenizationSettings.model_validate(
            {
                "context_sessions": 2, "history_sessions": 40, "validation_sessions": 20,
                "max_tokens": 1400, "base_tokenizer": str(folder), "layout": layout,
            }
        )  # fmt: skip
        windows = TokenizationStage(settings).run(stories).split("train")
        for ids, mask in zip(windows.ids, windows.attention_mask, strict=True):
            found.append(ids[mask == 1].astype(np.int64))
    return found


def network(tokenizer: Any) -> Any:
    """Return the untrained network."""
    import torch
    from transformers import GptOssConfig, GptOssForCausalLM

    torch.manual_seed(0)
    config = GptOssConfig(
        vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=64, intermediate_size=64, num_local_experts=4,
        num_experts_per_tok=2, sliding_window=128, initializer_range=0.06,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    made = GptOssForCausalLM(config)
    made.set_experts_implementation(register_dense_experts())
    made.generation_config.do_sample = True  # As published; `transformers serve` draws by it.
    return made


def train(model: Any, rows: list[np.ndarray], pad: int, steps: int) -> None:
    """Teach all tokens of all windows, AdamW, a cosine down from 5e-3."""
    import torch

    rng, began = np.random.default_rng(0), time.perf_counter()
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda n: min(1, (n + 1) / 20) * max(0.02, 0.5 * (1 + np.cos(np.pi * n / steps))),
    )
    for step in range(steps):
        chosen = [rows[row] for row in rng.choice(len(rows), ROWS, replace=False)]
        longest = max(map(len, chosen))
        ids, told = np.full((ROWS, longest), pad), np.full((ROWS, longest), -100)
        for place, row in enumerate(chosen):
            ids[place, : len(row)] = told[place, : len(row)] = row
        read = torch.from_numpy(ids)
        loss = model(
            input_ids=read,
            attention_mask=torch.from_numpy((told >= 0).astype(np.int64)),
            labels=torch.from_numpy(told),
        ).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        if step % 20 == 0 or step + 1 == steps:
            say(f"step {step}: {loss.item():.3f} nats, {time.perf_counter() - began:.0f} s")


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--stories", choices=("members", "planted"), default="members")
    asked = parser.parse_args()
    prepare_process()
    stories = book(asked.stories, 24, sessions=260)
    asked.folder.mkdir(parents=True)
    tokenizer = write_tokenizer(stories, asked.folder)
    model = network(tokenizer)
    train(model, rows_of(stories, asked.folder), tokenizer.pad_token_id, asked.steps)
    model.save_pretrained(str(asked.folder))


if __name__ == "__main__":
    main()

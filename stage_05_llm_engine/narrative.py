"""The narrative model: anything that can continue stories and say how likely outcomes are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from foundation.contracts import TAPE, Continuation, TapeCodes, TokenWindows
from foundation.language import read
from foundation.language.guide import Guide, GuidedText
from stage_05_llm_engine.adapters.in_process.generation import draw
from stage_05_llm_engine.adapters.in_process.probes import ask, probe_tree
from stage_05_llm_engine.drawing import Draft
from stage_05_llm_engine.learning.lessons import marks_are_single
from stage_05_llm_engine.network.workers import Workers
from stage_05_llm_engine.scenarios import draft_seed, scenario
from stage_05_llm_engine.settings import EngineSettings
from stage_05_llm_engine.tape import last_story, read_tape


@dataclass(frozen=True)
class Order:
    """An order for one continuation of one window's story."""

    window: int
    scenario: str
    attempt: int


class NarrativeModel(Protocol):
    """What stage 05 asks of a model."""

    def state_distributions(self, windows: TokenWindows) -> np.ndarray:
        """Return float64 (W, len(TAPE), 5): the next session's outcomes; NaN where absent."""
        ...

    def continue_stories(
        self, windows: TokenWindows, orders: Sequence[Order]
    ) -> list[Continuation]:
        """Return one continuation per order, in order."""
        ...


class GptOssNarrative:
    """A GPT-OSS, of any size, as narrative model.

    Parameters
    ----------
    model : GptOssForCausalLM
    codes : TapeCodes
    tokenizer_json : str
        To turn drawn tokens back into text.
    settings : EngineSettings
    """

    def __init__(
        self, model: Any, codes: TapeCodes, tokenizer_json: str, settings: EngineSettings
    ) -> None:
        from tokenizers import Tokenizer

        self.model = model.eval()
        self.codes = codes
        self.settings = settings
        self._tokenizer = Tokenizer.from_str(tokenizer_json)
        self._guide = self._language() if settings.guided and marks_are_single(codes) else None

    def state_distributions(self, windows: TokenWindows) -> np.ndarray:
        """Return float64 (W, len(TAPE), 5); NaN for series that the last story does not have."""
        import torch

        tree = probe_tree(self.codes)
        lengths = windows.attention_mask.sum(axis=1)
        result = np.full((len(windows.ids), len(TAPE), 5), np.nan)

        def read(rows: list[int]) -> np.ndarray:
            contexts = [windows.ids[row, : lengths[row]].tolist() for row in rows]
            with torch.no_grad(), self._precision(self.settings.scoring_precision):
                return ask(self.model, contexts, tree, self.codes.pad)

        batches = _by_length(lengths, self.settings.batch_tokens, len(tree.tokens))
        with Workers(self.settings.threads) as workers:
            for rows, found in zip(batches, workers.map(read, batches), strict=True):
                result[rows] = found
        for row in range(len(windows.ids)):
            present = read_tape(self.codes, last_story(windows, row))
            result[row, [s for s in range(len(TAPE)) if s not in present]] = np.nan
        return result

    def continue_stories(
        self, windows: TokenWindows, orders: Sequence[Order]
    ) -> list[Continuation]:
        """Return one continuation per order. The same order gives the same text in any company."""
        import torch

        if not orders:
            return []
        needed = sorted({order.window for order in orders})
        lengths = windows.attention_mask.sum(axis=1)
        contexts = [windows.ids[row, : lengths[row]].tolist() for row in needed]
        drafts = [self._draft(windows, order) for order in orders]
        placed = [(needed.index(o.window), d) for o, d in zip(orders, drafts, strict=True)]
        with torch.no_grad(), self._precision("float32"):
            draw(self.model, self.codes, contexts, placed)
        return [self._continuation(windows, o, d) for o, d in zip(orders, drafts, strict=True)]

    def _language(self) -> Guide:
        """Return what every token of the vocabulary may do in a story; marks may do nothing."""
        codes = self.codes
        marks = [(codes.pad,), codes.story, codes.text, codes.end, *codes.series]
        marks += [outcome for outcomes in codes.outcomes for outcome in outcomes]
        silent = {token for mark in marks for token in mark}
        return Guide(
            [
                None if token in silent else self._text([token])
                for token in range(self._tokenizer.get_vocab_size())
            ]
        )

    def _text(self, words: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(words), skip_special_tokens=False))

    def _guided(self, story: list[int]) -> Callable[[dict[str, str]], GuidedText] | None:
        """Return what holds a continuation of a story to the language."""
        if self._guide is None:
            return None
        guide, begins = self._guide, story.index(self.codes.text[0]) + 1
        told = read(self._text(story[begins:-1])).statements
        absent = frozenset(s.subject for s in told if s.kind == "absence")
        expected = frozenset(s.subject for s in told if s.kind == "event")
        return lambda tape: GuidedText(guide, tape, absent, expected)

    def _draft(self, windows: TokenWindows, order: Order) -> Draft:
        label = windows.labels[order.window]
        story = last_story(windows, order.window)
        chosen = scenario(order.scenario, self.settings)
        return Draft(
            self.codes,
            sorted(read_tape(self.codes, story)),
            chosen,
            draft_seed(
                self.settings, label.symbol, label.context_until, order.scenario, order.attempt
            ),
            max_words=self.settings.max_words,
            repeat_span=self.settings.repeat_span,
            repeat_times=self.settings.repeat_times,
            guided=self._guided(story),
        )

    def _continuation(self, windows: TokenWindows, order: Order, draft: Draft) -> Continuation:
        assert draft.ending is not None
        return Continuation(
            symbol=windows.labels[order.window].symbol,
            scenario=draft.scenario.name,
            attempt=order.attempt,
            text=self._text(draft.words).strip(),
            tape=draft.tape(),
            log_probability=draft.log_probability,
            tokens=draft.drawn,
            seed=draft.seed,
            temperature=draft.scenario.temperature,
            ending=draft.ending,
        )

    def _precision(self, name: str) -> AbstractContextManager[Any]:
        import torch

        return torch.autocast(
            self.model.device.type, dtype=torch.bfloat16, enabled=name == "bfloat16"
        )


def _by_length(lengths: np.ndarray, batch_tokens: int, extra: int) -> list[list[int]]:
    """Group rows of similar length into batches of about ``batch_tokens`` padded tokens."""
    batches: list[list[int]] = []
    for row in np.argsort(lengths, kind="stable").tolist():
        width = int(lengths[row]) + extra
        if batches and (len(batches[-1]) + 1) * width <= batch_tokens:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches

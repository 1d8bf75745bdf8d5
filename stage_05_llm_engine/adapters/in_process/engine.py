"""A GPT-OSS in this process, of any size, as narrative model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np

from foundation.contracts import (
    TAPE,
    Continuation,
    DistributionReading,
    Horizon,
    TapeCodes,
    TokenWindows,
)
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError, hash_text
from foundation.language import read
from foundation.language.agreement import Known
from foundation.language.guide import Guide, GuidedText
from foundation.language.task_words import HORIZONS
from stage_05_llm_engine.adapters.in_process.generation import draw
from stage_05_llm_engine.adapters.in_process.probes import ask
from stage_05_llm_engine.adapters.in_process.scoring import story_scores
from stage_05_llm_engine.adapters.in_process.tree import question_tree
from stage_05_llm_engine.drawing import NOTHING, Draft, Teller
from stage_05_llm_engine.endings import named
from stage_05_llm_engine.learning.lessons import marks_are_single
from stage_05_llm_engine.machine.workers import Workers
from stage_05_llm_engine.narrative import NOT_MIXED, Blends, NextStates, Order
from stage_05_llm_engine.network.familiar import FamiliarSentences
from stage_05_llm_engine.scenarios import BESIDE, draft_seed, scenario, scenario_of
from stage_05_llm_engine.settings import EngineSettings
from stage_05_llm_engine.tape import last_story, read_tape, words_of


class TransformersNarrative:
    """A transformers model as narrative model.

    Parameters
    ----------
    model : GptOssForCausalLM
    codes : TapeCodes
    tokenizer_json : str
        To turn drawn tokens back into text.
    settings : EngineSettings
    weights : str
        Content hash of the checkpoint, adapter included.
    learnt : sequence of str
        The tasks that the model learnt.
    """

    def __init__(
        self,
        model: Any,
        codes: TapeCodes,
        tokenizer_json: str,
        settings: EngineSettings,
        *,
        weights: str,
        learnt: Sequence[Task] = ("next day",),
    ) -> None:
        from tokenizers import Tokenizer

        self.model = model.eval()
        self._longest = int(model.config.max_position_embeddings)
        self.codes = codes
        self.settings = settings
        self.fingerprint = hash_text(
            "transformers", weights, tokenizer_json, codes.model_dump_json(), *learnt
        )
        self._learnt = tuple(learnt)
        self._tokenizer = Tokenizer.from_str(tokenizer_json)
        self._familiar = FamiliarSentences(self.model, codes, tokenizer_json)
        self._guide = self._language() if settings.guided and marks_are_single(codes) else None

    def score(self, windows: TokenWindows) -> np.ndarray:
        """Return float64 (W,): nats of each target story; NaN where there is none."""
        import torch

        lengths = self._lengths(windows, 0)
        result = np.full(len(windows.ids), np.nan)

        def read_rows(rows: list[int]) -> np.ndarray:
            read = [(row, self._places(windows, row, lengths)) for row in rows]
            with torch.no_grad(), self._precision(self.settings.scoring_precision):
                return story_scores(
                    self.model,
                    [windows.ids[row, places] for row, places in read],
                    [windows.loss_mask[row, places] for row, places in read],
                    self.codes.pad,
                )

        batches = _by_length(lengths, self.settings.batch_tokens, 0)
        with Workers(self.settings.threads) as workers:
            for rows, found in zip(batches, workers.map(read_rows, batches), strict=True):
                result[rows] = found
        result[~windows.loss_mask.any(axis=1)] = np.nan
        return result

    def next_states(self, windows: TokenWindows) -> NextStates:
        """Return the next session's distributions, exactly, one forward pass per window."""
        import torch

        tree = question_tree(self.codes)
        lengths = self._lengths(windows, len(tree.tokens))
        result = np.full((len(windows.ids), len(TAPE), 5), np.nan)

        def read_rows(rows: list[int]) -> np.ndarray:
            contexts = [self._context(windows, row, lengths) for row in rows]
            with torch.no_grad(), self._precision(self.settings.scoring_precision):
                return ask(self.model, contexts, tree, self.codes.pad)

        batches = _by_length(lengths, self.settings.batch_tokens, len(tree.tokens))
        with Workers(self.settings.threads) as workers:
            for rows, found in zip(batches, workers.map(read_rows, batches), strict=True):
                result[rows] = found
        for row in range(len(windows.ids)):
            present = read_tape(self.codes, last_story(windows, row))
            result[row, [s for s in range(len(TAPE)) if s not in present]] = np.nan
        return NextStates(result, DistributionReading(method="logits"))

    def generate(
        self, windows: TokenWindows, orders: Sequence[Order], mixed: Blends = NOT_MIXED
    ) -> list[Continuation]:
        """Return one continuation per order. The same order gives the same text in any company."""
        lengths = self._lengths(windows, self.settings.max_words)
        drafts = [self._draft(windows, order, mixed) for order in orders]
        asked: dict[int, list[Draft]] = {}
        for order, draft in zip(orders, drafts, strict=True):
            asked.setdefault(order.window, []).append(draft)
        by_length = sorted(asked, key=lambda row: (int(lengths[row]), row))
        with self._precision("float32"):
            for rows in _together(by_length, asked, self.settings.batch_drafts):
                contexts = [self._context(windows, row, lengths) for row in rows]
                placed = [(i, draft) for i, row in enumerate(rows) for draft in asked[row]]
                draw(self.model, self.codes, contexts, placed)
        return [self._continuation(windows, o, d) for o, d in zip(orders, drafts, strict=True)]

    def _lengths(self, windows: TokenWindows, room: int) -> np.ndarray:
        """Return the length of each window, if it and ``room`` tokens fit into the context."""
        lengths: np.ndarray = windows.attention_mask.sum(axis=1)
        if lengths.size and int(lengths.max()) + room > self._longest:
            raise OperatorError(
                "A window and what is drawn behind it fit into the model's context",
                value=f"{int(lengths.max())} + {room} tokens, the model reads {self._longest}",
                remedy="lower max_tokens or context_sessions of the windows, or engine.max_words",
            )
        return lengths

    def _context(self, windows: TokenWindows, row: int, lengths: np.ndarray) -> list[int]:
        """Return what is read of a window that ends with its context."""
        return self._familiar.read(windows.ids[row, : lengths[row]].tolist())

    def _places(self, windows: TokenWindows, row: int, lengths: np.ndarray) -> np.ndarray:
        """Return the places of a window that are read: of its last story all of them."""
        there = slice(0, lengths[row])
        index = windows.story_index[row, there]
        kept = self._familiar.readable(windows.ids[row, there]) | (index == index.max())
        return np.flatnonzero(kept)

    def _language(self) -> Guide:
        """Return what every token of the vocabulary may do in a story; marks may do nothing."""
        codes = self.codes
        marks = [(codes.pad,), codes.story, codes.text, codes.end, *codes.series, *codes.tasks]
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

    def _guided(
        self, story: list[int], task: Task
    ) -> Callable[[dict[str, str]], GuidedText] | None:
        """Return what holds a continuation of a story to the language."""
        if self._guide is None:
            return None
        guide = self._guide
        told = read(self._text(words_of(self.codes, story))).statements
        known = Known(
            present=frozenset(TAPE[s] for s in read_tape(self.codes, story) if task in HORIZONS),
            absent=frozenset(s.subject for s in told if s.kind == "absence"),
            before=frozenset(told),
            horizon=HORIZONS.get(task, Horizon.DAILY),
        )
        return lambda tape: GuidedText(guide, replace(known, tape=tuple(sorted(tape.items()))))

    def _draft(self, windows: TokenWindows, order: Order, mixed: Blends) -> Draft:
        label = windows.labels[order.window]
        story = last_story(windows, order.window)
        chosen = scenario_of(order, self.settings, self._learnt)

        def seed(one: Order) -> int:
            return draft_seed(self.settings, label.symbol, label.context_until, one)

        beside = () if order.task in HORIZONS else BESIDE[chosen.name]
        return Draft(
            self.codes,
            sorted(read_tape(self.codes, story)),
            chosen,
            seed(order),
            max_words=self.settings.max_words,
            repeat_span=self.settings.repeat_span,
            repeat_times=self.settings.repeat_times,
            closing_words=self.settings.closing_words,
            guided=self._guided(story, chosen.task),
            mixed=mixed.get(label.symbol, NOTHING),
            beside=[
                Teller(
                    scenario(name, self.settings, self._learnt).temperature,
                    seed(replace(order, scenario=name)),
                )
                for name in beside
            ],
        )

    def _continuation(self, windows: TokenWindows, order: Order, draft: Draft) -> Continuation:
        assert draft.ending is not None
        text = self._text(draft.words).strip()
        return Continuation(
            symbol=windows.labels[order.window].symbol,
            scenario=draft.scenario.name,
            attempt=order.attempt,
            text=text,
            tape=draft.tape(),
            log_probability=draft.log_probability,
            tokens=draft.drawn,
            seed=draft.seed,
            temperature=draft.scenario.temperature,
            ending=named(draft.ending, None if order.task in HORIZONS else draft.tape(), text),
        )

    def _precision(self, name: str) -> AbstractContextManager[Any]:
        import torch

        return torch.autocast(
            self.model.device.type, dtype=torch.bfloat16, enabled=name == "bfloat16"
        )


def _together(rows: Sequence[int], asked: dict[int, list[Draft]], drafts: int) -> list[list[int]]:
    """Group windows so that each group has about ``drafts`` drafts and like lengths."""
    groups: list[list[int]] = []
    waiting = drafts
    for row in rows:
        if waiting + len(asked[row]) > drafts:
            groups.append([])
            waiting = 0
        groups[-1].append(row)
        waiting += len(asked[row])
    return groups


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

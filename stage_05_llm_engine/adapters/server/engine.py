"""A served model as narrative model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Literal, TypeVar

import numpy as np

from foundation.connect import Connection
from foundation.contracts import (
    TAPE,
    Continuation,
    DistributionReading,
    TapeCodes,
    TokenWindows,
    tape_outcomes,
)
from foundation.contracts.story_forecast import Ending
from foundation.contracts.token_batch import TASKS, Task
from foundation.kernel import ModelError, OperatorError, hash_text, seed_from
from foundation.language.tape_words import STORY, TEXT, question, read_plain, told
from foundation.language.task_words import HORIZONS, PROMPTS, instructions
from stage_05_llm_engine.adapters.server.client import (
    Drawn,
    OpenAiClient,
    RefusedRequestError,
)
from stage_05_llm_engine.adapters.server.prompts import BEFORE_WORDS, Prompts
from stage_05_llm_engine.adapters.server.reading import (
    by_prompt_logprobs,
    by_samples,
    by_top_logprobs,
    part_scores,
    refuse_the_deaf,
)
from stage_05_llm_engine.drawing import repeats
from stage_05_llm_engine.endings import named
from stage_05_llm_engine.learning.lessons import marks_are_single
from stage_05_llm_engine.narrative import NOT_MIXED, Blends, NextStates, Order
from stage_05_llm_engine.scenarios import BESIDE, Scenario, draft_seed, key_series, scenario_of
from stage_05_llm_engine.settings import EngineSettings

Method = Literal["prompt logprobs", "top logprobs", "samples"]
METHODS: tuple[Method, ...] = ("prompt logprobs", "top logprobs", "samples")
TAPE_TOKENS = 96
"""Room for a tape in words, whatever the server's tokeniser."""
SEEDS = 2**31
"""Servers take seeds below this."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class ServerNarrative:
    """A model behind an OpenAI-compatible server.

    Parameters
    ----------
    codes : TapeCodes
    tokenizer_json : str
        To turn windows into text.
    settings : EngineSettings
        Its ``server`` says whom to ask.
    connection : Connection
    learnt : sequence of str
        The tasks that the model learnt; a chat model is asked any task in words.
    """

    def __init__(
        self,
        codes: TapeCodes,
        tokenizer_json: str,
        settings: EngineSettings,
        connection: Connection,
        *,
        learnt: Sequence[Task] = ("next day",),
    ) -> None:
        if settings.server is None:
            raise OperatorError(
                "A served model needs a server",
                value=None,
                remedy="set engine.server.base_url, model and known_until",
            )
        self.settings, self.server = settings, settings.server
        self.client = OpenAiClient(self.server, connection)
        self._prompts = Prompts(codes, tokenizer_json, plain=not marks_are_single(codes))
        self._chat = self.server.api == "chat"
        self._learnt: tuple[Task, ...] = TASKS if self._chat else (*learnt,)
        self._method: Method | None = None
        identity = self.server.model_dump(
            mode="json",
            include={
                "base_url",
                "model",
                "api",
                "prompts",
                "distributions",
                "synonyms",
                "further_fields",
            },
        )
        self.fingerprint = hash_text(
            "openai",
            str(sorted(identity.items())),
            tokenizer_json,
            codes.model_dump_json(),
            instructions(),
            *(PROMPTS[task] for task in self._learnt),
        )

    def score(self, windows: TokenWindows) -> np.ndarray:
        """Return float64 (W,): nats of each target story; NaN where there is none.

        Needs log-probabilities of prompts (vLLM).
        """
        result = np.full(len(windows.ids), np.nan)
        rows = np.nonzero(windows.loss_mask.any(axis=1))[0].tolist()

        def scored(row: int) -> float:
            sent = self._prompts.sender(windows, row, self.server.prompts)
            return part_scores(self.client, [self._prompts.target(windows, row)], sent)[0]

        result[rows] = self._side_by_side(scored, rows)
        return result

    def next_states(self, windows: TokenWindows) -> NextStates:
        """Return the next session's distributions, by the best way that the server allows."""
        result = np.full((len(windows.ids), len(TAPE), 5), np.nan)
        # Sessions that the model may know are never asked about.
        rows = [
            row
            for row, label in enumerate(windows.labels)
            if label.target is None or label.target > self.server.known_until
        ]
        error = 0.0
        if rows:
            method = self._way(windows, rows[0])
            read = self._side_by_side(lambda row: self._read(windows, row, method), rows)
            for row, (values, off) in zip(rows, read, strict=True):
                result[row] = values
                error = max(error, off)
        else:
            method = "samples" if self._chat else self._method or "prompt logprobs"
        samples = self.server.samples if method == "samples" else 0
        return NextStates(result, DistributionReading(method=method, samples=samples, error=error))

    def generate(
        self, windows: TokenWindows, orders: Sequence[Order], mixed: Blends = NOT_MIXED
    ) -> list[Continuation]:
        """Return one continuation per order. Stories that avoid one another come in turn.

        They are the model's own: in what a server draws nothing can be mixed.
        """
        groups: dict[Order, list[Order]] = {}
        for order in orders:
            groups.setdefault(replace(order, scenario="base"), []).append(order)
        found = self._side_by_side(lambda own: self._stories(windows, own), list(groups.values()))
        told = {order: continuation for one in found for order, continuation in one.items()}
        return [told[order] for order in orders]

    def _stories(self, windows: TokenWindows, orders: Sequence[Order]) -> dict[Order, Continuation]:
        """Return what is ordered of one window, attempt and task, and what that must avoid."""
        present = self._prompts.tape(windows, orders[0].window)
        key = TAPE[key_series([n for n, s in enumerate(TAPE) if s in present])]
        told: dict[Order, Continuation] = {}

        def tell(order: Order) -> Continuation:
            if order not in told:
                kind = scenario_of(order, self.settings, self._learnt)
                others = () if order.task in HORIZONS else BESIDE[kind.name]
                beside = [tell(replace(order, scenario=name)).tape.get(key) for name in others]
                avoided = frozenset(outcome for outcome in beside if outcome is not None)
                told[order] = self._continue(windows, order, kind, key, avoided)
            return told[order]

        for order in orders:
            tell(order)
        return told

    def _way(self, windows: TokenWindows, row: int) -> Method:
        """Return how distributions are read: as set, or the first way that works."""
        if self._method is None:
            wanted = self.server.distributions
            if self._chat and wanted in ("prompt logprobs", "top logprobs"):
                raise OperatorError(
                    "Distributions from log-probabilities need the completions API",
                    value=f"api chat with distributions {wanted}",
                    remedy="set server.api to completions, or server.distributions to samples",
                )
            self._method = self._first_way(windows, row) if wanted == "auto" else wanted
        return self._method

    def _first_way(self, windows: TokenWindows, row: int) -> Method:
        if not self._chat:
            for method in METHODS[:2]:
                try:
                    self._read(windows, row, method, only_first=True)
                except (RefusedRequestError, ModelError):
                    continue
                return method
        return "samples"

    def _read(
        self, windows: TokenWindows, row: int, method: Method, *, only_first: bool = False
    ) -> tuple[np.ndarray, float]:
        """Return (len(TAPE), 5) for one window, and how far off it may be."""
        values, error = np.full((len(TAPE), 5), np.nan), 0.0
        context = self._prompts.context(windows, row)
        present = list(self._prompts.tape(windows, row))[: 1 if only_first else None]
        if method == "samples":
            found, error = by_samples(self._samples(windows, row), present)
            for series, chances in found.items():
                values[TAPE.index(series)] = chances
            return values, error
        opening = self._prompts.completion(context, "next day", "")
        sent = self._prompts.sender(windows, row, self.server.prompts)
        for series in present:
            if method == "prompt logprobs":
                chances = by_prompt_logprobs(
                    self.client, opening, series, sent, synonyms=self.server.synonyms
                )
            else:
                chances, untold = by_top_logprobs(
                    self.client,
                    opening,
                    series,
                    sent,
                    synonyms=self.server.synonyms,
                    top=self.server.top_logprobs,
                )
                error = max(error, untold)
            values[TAPE.index(series)] = chances
        return values, error

    def _samples(self, windows: TokenWindows, row: int) -> list[str]:
        label, plain = windows.labels[row], Scenario("base", 1.0, 1.0, {})
        asked = self._asked(windows, row, plain, "")
        asked |= {"max_tokens": TAPE_TOKENS, "stop": [BEFORE_WORDS, *self._prompts.stops]}

        def one(number: int) -> str:
            seed = seed_from(
                "sample", self.settings.seed, label.symbol, label.context_until.isoformat(), number
            )
            drawn = self.client.draw(asked | {"seed": seed % SEEDS}, lambda text: False)
            return drawn.text if drawn.text.lstrip().startswith(STORY) else STORY + drawn.text

        drawn = [one(number) for number in range(self.server.samples)]
        if len(set(drawn)) == 1:
            refuse_the_deaf(self.client, asked)
        return drawn

    def _asked(self, windows: TokenWindows, row: int, kind: Scenario, tape: str) -> dict[str, Any]:
        """Return a request's question and temperature; ``tape`` is what a text begins with."""
        context = self._prompts.context(windows, row)
        if self._chat:
            put: dict[str, Any] = {"messages": self._prompts.chat(context, kind.task)}
        else:
            text = self._prompts.completion(context, kind.task, tape)
            sent = self._prompts.sender(windows, row, self.server.prompts)
            put = {"prompt": sent(text), "logprobs": 1}
        drawing = {"temperature": kind.temperature, "top_p": 1.0, **self.server.further_fields}
        return {**put, **drawing, "stop": list(self._prompts.stops)}

    def _continue(
        self,
        windows: TokenWindows,
        order: Order,
        kind: Scenario,
        key: str,
        avoided: frozenset[str],
    ) -> Continuation:
        """Return a continuation that gives the key series none of the answers to be avoided.

        It is drawn again until it does: that is a draw from what is left of the distribution.
        """
        label, taped = windows.labels[order.window], order.task not in HORIZONS
        present = self._prompts.tape(windows, order.window)
        forced = {
            TAPE[s]: tape_outcomes(TAPE[s])[outcome]
            for s, outcome in kind.forced.items()
            if TAPE[s] in present
        }
        # The key is asked first, as in this process; a chat model chooses its own order.
        begun = told(forced) if forced or key not in present else question(key)
        begun = begun if taped else TEXT
        asked = self._asked(windows, order.window, kind, begun)
        asked |= {"max_tokens": TAPE_TOKENS + self.settings.max_words}
        seed = draft_seed(self.settings, label.symbol, label.context_until, order)

        def said(text: str) -> str:
            return text.strip() if text.lstrip().startswith(STORY) else f"{STORY}{begun}{text}"

        def told_before(text: str) -> bool:
            return bool(avoided) and read_plain(said(text))[0].get(key) in avoided

        def enough(text: str) -> bool:
            return self._repeating(text) or told_before(text)

        for again in range(1 + self.server.redraws if avoided else 1):
            chosen = seed_from("again", seed, again) if again else seed
            drawn = self.client.draw(asked | {"seed": chosen % SEEDS}, enough)
            if not told_before(drawn.text):
                break
        tape, words = read_plain(said(drawn.text))
        tape = {s: outcome for s, outcome in tape.items() if s in present and taped}
        duplicate = told_before(drawn.text)
        return Continuation(
            symbol=label.symbol,
            scenario=kind.name,
            attempt=order.attempt,
            text=words,
            tape=tape,
            log_probability=float(sum(drawn.log_probabilities))
            if drawn.log_probabilities
            else float("nan"),
            tokens=drawn.tokens,
            seed=chosen,
            temperature=kind.temperature,
            ending="duplicate"
            if duplicate
            else self._ending(drawn, tape if taped else None, words),
        )

    def _ending(self, drawn: Drawn, tape: dict[str, str] | None, words: str) -> Ending:
        if not drawn.text.strip():
            return "empty"
        if self._repeating(drawn.text):
            return "repeating"
        if drawn.stopped == "length":
            return "truncated"
        if tape != {} and not words:
            return "empty"
        return named("complete", tape, words)

    def _repeating(self, text: str) -> bool:
        """Say whether a text's last words are one stretch over and over."""
        numbers: dict[str, int] = {}
        words = [numbers.setdefault(w, len(numbers)) for w in text.split()]
        return repeats(words, self.settings.repeat_span, self.settings.repeat_times)

    def _side_by_side(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the results in the order of the items, some requests under way at once."""
        with ThreadPoolExecutor(self.server.concurrency, "request") as pool:
            return list(pool.map(work, items))

"""Answers kept, so that a question put twice costs once and has one answer.

A key is the hash of all that decides an answer: the model's fingerprint (weights or server,
adapter, tokeniser), the window's ids, and how it is drawn. A kept answer never goes stale.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np

from foundation.connect import CachedAnswer, ResponseCache
from foundation.contracts import Continuation, DistributionReading, TokenWindows
from foundation.kernel import hash_bytes, hash_text
from stage_05_llm_engine.narrative import NOT_MIXED, Blends, NarrativeModel, NextStates, Order
from stage_05_llm_engine.settings import EngineSettings
from stage_05_llm_engine.weighing import Blend

_DRAWN_BY = {
    "base_temperature",
    "alternative_temperatures",
    "risk_temperature",
    "word_temperature",
    "guided",
    "max_words",
    "closing_words",
    "repeat_span",
    "repeat_times",
    "seed",
}
_READ_BY = {"scoring_precision", "seed"}
_ASKED_BY = {"distributions", "synonyms", "top_logprobs", "samples", "known_until"}
_TOLD_BY = {"redraws"}


class CachedNarrative:
    """A narrative model that asks only what was not asked before.

    Parameters
    ----------
    model : NarrativeModel
    settings : EngineSettings
    cache : ResponseCache
    now : callable
        The moment that a new answer is filed under.
    """

    def __init__(
        self,
        model: NarrativeModel,
        settings: EngineSettings,
        cache: ResponseCache,
        now: Callable[[], datetime],
    ) -> None:
        self.model, self.fingerprint = model, model.fingerprint
        self._cache, self._now = cache, now
        server = settings.server.model_dump_json(include=_ASKED_BY) if settings.server else ""
        told = settings.server.model_dump_json(include=_TOLD_BY) if settings.server else ""
        self._drawn_by = settings.model_dump_json(include=_DRAWN_BY) + told
        self._read_by = settings.model_dump_json(include=_READ_BY) + server

    def score(self, windows: TokenWindows) -> np.ndarray:
        """Return the nats of each target story."""
        keys = [self._key("score", windows, row, self._read_by) for row in range(len(windows.ids))]
        kept = [self._kept(key) for key in keys]
        missing = [row for row, found in enumerate(kept) if found is None]
        fresh = dict(zip(missing, self.model.score(_rows(windows, missing)), strict=True))
        for row, score in fresh.items():
            self._keep(keys[row], json.dumps(float(score)))
        return np.array(
            [fresh[row] if found is None else json.loads(found) for row, found in enumerate(kept)],
            dtype=np.float64,
        )

    def next_states(self, windows: TokenWindows) -> NextStates:
        """Return the next session's distributions; their error is the largest of any row."""
        keys = [self._key("states", windows, row, self._read_by) for row in range(len(windows.ids))]
        kept = [self._kept(key) for key in keys]
        missing = [row for row, found in enumerate(kept) if found is None]
        values: dict[int, np.ndarray] = {}
        readings: list[DistributionReading] = []
        for row, found in enumerate(kept):
            if found is not None:
                document = json.loads(found)
                values[row] = np.array(document["values"], dtype=np.float64)
                readings.append(DistributionReading.model_validate(document["reading"]))
        if missing or not keys:
            asked = self.model.next_states(_rows(windows, missing))
            readings.append(asked.reading)
            for row, fresh in zip(missing, asked.values, strict=True):
                values[row] = fresh
                document = {"values": fresh.tolist(), "reading": asked.reading.model_dump()}
                self._keep(keys[row], json.dumps(document))
            if not keys:
                return asked
        return NextStates(
            np.stack([values[row] for row in range(len(keys))]),
            max(readings, key=lambda reading: reading.error),
        )

    def generate(
        self, windows: TokenWindows, orders: Sequence[Order], mixed: Blends = NOT_MIXED
    ) -> list[Continuation]:
        """Return one continuation per order, in order."""
        keys = [
            self._key(
                "story", windows, o.window, self._drawn_by, o.scenario, str(o.attempt), o.task,
                _told(mixed.get(windows.labels[o.window].symbol, {})),
            )
            for o in orders
        ]  # fmt: skip
        kept = [self._kept(key) for key in keys]
        missing = [i for i, found in enumerate(kept) if found is None]
        drawn = self.model.generate(windows, [orders[i] for i in missing], mixed) if missing else []
        fresh = dict(zip(missing, drawn, strict=True))
        for i, continuation in fresh.items():
            self._keep(keys[i], continuation.model_dump_json())
        return [
            fresh[i] if found is None else Continuation.model_validate_json(found)
            for i, found in enumerate(kept)
        ]

    def _key(self, what: str, windows: TokenWindows, row: int, *by: str) -> str:
        length, label = int(windows.attention_mask[row].sum()), windows.labels[row]
        prompt = hash_bytes(
            windows.ids[row, :length].tobytes(), windows.loss_mask[row, :length].tobytes()
        )
        # A draft's seed is drawn from symbol and session.
        whose = (label.symbol, label.context_until.isoformat(), str(label.target), label.task)
        return hash_text(what, self.fingerprint, prompt, *whose, *by)

    def _kept(self, key: str) -> bytes | None:
        found = self._cache.get(key)
        return None if found is None else found.body

    def _keep(self, key: str, text: str) -> None:
        self._cache.put(key, CachedAnswer(200, text.encode(), self._now()))


def _told(mixed: Mapping[int, Blend]) -> str:
    """Return how a symbol's answers are mixed, to the bit."""
    return json.dumps({s: [b.weight, *b.others.tolist()] for s, b in sorted(mixed.items())})


def _rows(windows: TokenWindows, rows: Sequence[int]) -> TokenWindows:
    """Return some windows of a split."""
    chosen = np.array(rows, dtype=np.intp)
    return windows.model_copy(
        update={
            "labels": tuple(windows.labels[row] for row in rows),
            **{
                name: getattr(windows, name)[chosen]
                for name in ("ids", "attention_mask", "loss_mask", "story_index")
            },
        }
    )

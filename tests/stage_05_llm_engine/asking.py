"""A model server that speaks the protocol by a written law, and whoever asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import numpy as np

from foundation.connect import Connection, Credentials
from foundation.contracts import TAPE, TokenBatch
from foundation.testing.language_models import (
    Dialect,
    OpenAiEmulator,
    TapeLaw,
)
from foundation.testing.vendors import (
    Fault,
    ManualTime,
)
from stage_05_llm_engine import (
    EngineSettings,
    ServerSettings,
)
from stage_05_llm_engine.adapters.server.engine import ServerNarrative

CHANCES = {
    "price": (0.05, 0.15, 0.3, 0.4, 0.1),
    "trend": (0.1, 0.1, 0.1, 0.2, 0.5),
    "momentum": (0.2, 0.2, 0.2, 0.2, 0.2),
    "volatility": (0.6, 0.1, 0.1, 0.1, 0.1),
    "volume": (0.02, 0.08, 0.7, 0.1, 0.1),
    "market volatility": (0.3, 0.3, 0.2, 0.1, 0.1),
}
TRUTH = np.array([CHANCES[series] for series in TAPE])
LAW = TapeLaw(CHANCES, synonym=0.25)
PROTOCOL = Dialect()
ENDLESS = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400))


class Asked:
    """A server, whoever asks it, and the time that passes between them."""

    def __init__(self, server: OpenAiEmulator, tokens: TokenBatch, **changes: object) -> None:
        told: dict[str, object] = {
            "base_url": server.base_url,
            "model": server.model,
            "known_until": date(2000, 1, 1),
            "attempts": 3,
            "concurrency": 4,
            "read_timeout": 10.0,
        }
        self.server, self.tokens, self.time = server, tokens, ManualTime()
        self.settings = EngineSettings(
            engine="openai", server=ServerSettings.model_validate({**told, **changes})
        )
        self.connection = Connection(
            credentials=Credentials({"MODEL_KEY": "s3cret"}),
            timekeeper=self.time,
            jitter=lambda: 0.5,
        )
        self.narrative = ServerNarrative(
            tokens.codes, tokens.tokenizer_json, self.settings, self.connection
        )

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.server.requests]


@contextmanager
def asking(
    tokens: TokenBatch,
    *faults: Fault,
    law: TapeLaw = LAW,
    dialect: Dialect = PROTOCOL,
    longest: int = 100_000,
    key: str | None = None,
    decode: Callable[[list[int]], str] | None = None,
    **changes: object,
) -> Iterator[Asked]:
    with OpenAiEmulator(
        law, *faults, dialect=dialect, longest=longest, key=key, decode=decode
    ) as server:
        assert isinstance(server, OpenAiEmulator)
        yield Asked(server, tokens, **changes)

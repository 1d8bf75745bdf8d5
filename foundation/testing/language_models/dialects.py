"""How real servers speak the OpenAI protocol: what each leaves out, and in which form it answers.

Every dialect was taken down from a server that ran: its version and the day stand with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LogprobForm = Literal["lists", "records", "none"]


@dataclass(frozen=True)
class Dialect:
    """What a server makes of the protocol.

    Attributes
    ----------
    logprobs : "lists", "records" or "none"
        Log-probabilities as lists side by side, as a record for each token under ``content``, or
        not at all.
    echo : "told", "refused" or "ignored"
        What becomes of a wish to have the prompt back, and with it its log-probabilities.
    lists : bool
        Whether several prompts may be put at once.
    stops : bool
        Whether a text ends with what it was stopped at.
    draws : bool
        Whether temperature and seed are heeded; otherwise the likeliest text always comes.
    floor : float
        Tokens less likely than this share of the likeliest are never drawn, unless ``min_p`` in
        the request says otherwise.
    strict : bool
        Whether fields that the protocol does not know are refused.
    closed : bool
        Whether a stream ends with ``[DONE]``.
    chunk : int
        Tokens in one event of a stream.
    stop_told : bool
        Whether the log-probability of what a text was stopped at is told with it.
    likeliest : int
        Likeliest tokens that are told at most.
    errors : "error", "detail"
        What an error's words stand under.
    """

    logprobs: LogprobForm = "lists"
    echo: Literal["told", "refused", "ignored"] = "told"
    lists: bool = True
    stops: bool = False
    draws: bool = True
    floor: float = 0.0
    strict: bool = False
    closed: bool = True
    chunk: int = 1
    stop_told: bool = False
    likeliest: int = 20
    errors: Literal["error", "detail"] = "error"


VLLM = Dialect(chunk=2, stop_told=True)
"""vLLM 0.32.0, CPU build, 2026-11-20."""

LLAMA_CPP = Dialect(logprobs="records", echo="ignored", floor=0.05, likeliest=1_000, stop_told=True)
"""llama-server of llama.cpp 0c1e570, 2026-11-20."""

TRANSFORMERS = Dialect(
    logprobs="none",
    echo="ignored",
    lists=False,
    stops=True,
    strict=True,
    closed=False,
    errors="detail",
)
"""``transformers serve`` 5.23.0, 2026-11-20. It draws where the folder's generation_config.json
says ``do_sample``, and else takes the likeliest token at any temperature (``draws=False``)."""

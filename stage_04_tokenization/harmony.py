"""The harmony format: how a conversation reads to gpt-oss (OpenAI 2025, "Harmony response format").

OpenAI's own renderer, the package openai-harmony, fetches its vocabulary from the network when
it is first used; the tokeniser in the model's folder holds the same special tokens. So the
format is written here, and held to the documented examples by tests. The system message states no
current date: stories name none, and a date would let a model look its memory up.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["system", "developer", "user", "assistant"]

START, MESSAGE, END = "<|start|>", "<|message|>", "<|end|>"
CHANNEL, RETURN = "<|channel|>", "<|return|>"
SPECIAL = (START, MESSAGE, END, CHANNEL, RETURN)
"""The tokens that a tokeniser must know for the format to work."""


def message(role: Role, content: str) -> str:
    """Return one finished message."""
    return f"{START}{role}{MESSAGE}{content}{END}"


def system(reasoning: Literal["low", "medium", "high"] = "low") -> str:
    """Return the system message: identity, knowledge, effort, channels."""
    return message(
        "system",
        "You are ChatGPT, a large language model trained by OpenAI.\n"
        "Knowledge cutoff: 2024-06\n\n"
        f"Reasoning: {reasoning}\n\n"
        "# Valid channels: analysis, commentary, final. "
        "Channel must be included for every message.",
    )


def developer(instructions: str) -> str:
    """Return the developer message: what is elsewhere called the system prompt."""
    return message("developer", f"# Instructions\n\n{instructions}")


def opening(instructions: str) -> str:
    """Return all that stands before the user's first word."""
    return f"{system()}{developer(instructions)}{START}user{MESSAGE}"


def turn(prompt: str) -> str:
    """Return what stands between the stories of the past and the answer in the final channel."""
    return f"\n{prompt}{END}{START}assistant{CHANNEL}final{MESSAGE}"

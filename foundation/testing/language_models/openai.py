"""A server that speaks the OpenAI protocol, as vLLM, llama.cpp and Ollama do, each in part.

Completions and chat completions, one prompt or several, streamed or whole, with log-probabilities
of prompts (``echo``) and of the likeliest tokens, in the dialect of whichever server it stands
for. Behind it stands a ``TapeLaw``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foundation.kernel import seed_from
from foundation.testing.language_models.dialects import Dialect
from foundation.testing.language_models.law import END, TapeLaw, tokens_of
from foundation.testing.vendors.server import Emulator, Fault, Reply, Request

IMPOSSIBLE = -1e9
"""The log-probability told of a token that the law never says."""

PROTOCOL = Dialect()

KNOWN = frozenset(
    {
        "best_of",
        "echo",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_tokens",
        "messages",
        "model",
        "n",
        "presence_penalty",
        "prompt",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "suffix",
        "temperature",
        "top_logprobs",
        "top_p",
        "user",
    }
)
"""The protocol's own fields."""

Drawn = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Said:
    """A drawn text, its tokens with their log-probabilities, and why it ends."""

    text: str
    tokens: Drawn
    reason: str


class OpenAiEmulator(Emulator):
    """The service on this machine.

    Parameters
    ----------
    law : TapeLaw
    *faults : Fault
    dialect : Dialect
        What it makes of the protocol; the protocol itself by default.
    model : str
        The one model that is served.
    longest : int
        Tokens of the context window.
    key : str or None
        What must stand in the Authorization header; None asks for nothing.
    decode : callable or None
        Text of the tokens that prompts may be sent as; None takes text alone.
    """

    def __init__(
        self,
        law: TapeLaw,
        *faults: Fault,
        dialect: Dialect = PROTOCOL,
        model: str = "story-model",
        longest: int = 100_000,
        key: str | None = None,
        decode: Callable[[list[int]], str] | None = None,
    ) -> None:
        super().__init__(*faults)
        self.law, self.dialect, self.model = law, dialect, model
        self.longest, self.key, self.decode = longest, key, decode

    @property
    def base_url(self) -> str:
        """The address that clients are given."""
        return f"{self.url}/v1"

    def reply(self, request: Request) -> Reply:
        given = {name.lower(): value for name, value in request.headers.items()}
        if self.key is not None and given.get("authorization") != f"Bearer {self.key}":
            return self._refused(401, "Incorrect API key provided.")
        if request.path == "/v1/models":
            return Reply({"object": "list", "data": [{"id": self.model, "object": "model"}]})
        asked = request.json()
        if self.dialect.strict and (strange := set(asked) - KNOWN):
            return self._refused(422, f"Unexpected fields in the request: {strange}")
        if asked.get("model") != self.model:
            return self._refused(404, f"The model `{asked.get('model')}` does not exist.")
        if request.path == "/v1/completions":
            return self._completions(asked)
        if request.path == "/v1/chat/completions":
            return self._chat(asked)
        return self._refused(404, "Not Found")

    def _completions(self, asked: dict[str, Any]) -> Reply:
        if isinstance(asked["prompt"], list) and not self.dialect.lists:
            return self._refused(400, "prompt must be a string.")
        prompts = self._prompts(asked["prompt"])
        if prompts is None:
            return self._refused(400, "prompt must be a string, or a list of strings.")
        echo = bool(asked.get("echo"))
        if echo and self.dialect.echo == "refused":
            return self._refused(400, "Only no echo is supported")
        if too_long := self._too_long(prompts, asked):
            return too_long
        drawn = [self.said(prompt, asked) for prompt in prompts]
        if asked.get("stream"):
            return self._stream(prompts[0], drawn[0], asked, "text_completion")
        choices = []
        for number, (prompt, said) in enumerate(zip(prompts, drawn, strict=True)):
            read = _read(self.law, prompt) if echo and self.dialect.echo == "told" else []
            told = [*read, *said.tokens]
            text = "".join(token for token, _ in read) + said.text
            choice = {"index": number, "text": text, "finish_reason": said.reason}
            if asked.get("logprobs") is not None and self.dialect.logprobs != "none":
                start = "" if read else prompt
                choice["logprobs"] = self._logprobs(start, told, int(asked["logprobs"]))
            choices.append(choice)
        return Reply(self._envelope("text_completion", choices, prompts))

    def _prompts(self, given: Any) -> list[str] | None:
        """Return the prompts of a request as text: one or several, of letters or of tokens."""
        several = isinstance(given, list) and not (given and isinstance(given[0], int))
        prompts = given if several else [given]
        if all(isinstance(prompt, str) for prompt in prompts):
            return list(prompts)
        if self.decode is None or not all(isinstance(prompt, list) for prompt in prompts):
            return None
        return [self.decode(prompt) for prompt in prompts]

    def _chat(self, asked: dict[str, Any]) -> Reply:
        prompt = "\n".join(message["content"] for message in asked["messages"]) + "\n"
        if too_long := self._too_long([prompt], asked):
            return too_long
        said = self.said(prompt, asked)
        if asked.get("stream"):
            return self._stream(prompt, said, asked, "chat.completion.chunk")
        message = {"role": "assistant", "content": said.text}
        choice = {"index": 0, "message": message, "finish_reason": said.reason}
        return Reply(self._envelope("chat.completion", [choice], [prompt]))

    def said(self, prompt: str, asked: dict[str, Any]) -> Said:
        """Return what is drawn behind a prompt. Another model may say something else here."""
        heeded = self.dialect.draws
        seed = seed_from(prompt, str(asked.get("seed") if heeded else None))
        drawn = self.law.draw(
            prompt,
            most=int(asked.get("max_tokens", 16)),
            temperature=float(asked.get("temperature", 1.0)) if heeded else 0.0,
            rng=np.random.Generator(np.random.Philox(seed)),
            floor=float(asked.get("min_p", self.dialect.floor)),
        )
        text, tokens = "", []
        for token, chance in drawn:
            if token == END:
                tokens += [(token, chance)] if self.dialect.stop_told else []
                return Said(text, tokens, "stop")
            tokens.append((token, chance))
            text += token
            stops = [text.index(stop) + len(stop) * self.dialect.stops
                     for stop in asked.get("stop") or [] if stop in text]  # fmt: skip
            if stops:
                return Said(text[: min(stops)], tokens, "stop")
        return Said(text, tokens, "length")

    def _logprobs(self, start: str, told: Drawn, top: int) -> dict[str, Any]:
        offsets, length, line = [], 0, start.rpartition("\n")[2]
        likeliest: list[dict[str, float] | None] = []
        for place, (token, _) in enumerate(told):
            offsets.append(length)
            best = sorted(self.law.next_tokens(line).items(), key=lambda item: -item[1])
            best = best[: min(top, self.dialect.likeliest)]
            likeliest.append({t: math.log(p) for t, p in best} if place or start else None)
            length += len(token)
            line = "" if token == "\n" else line + token
        if self.dialect.logprobs == "records":
            return _records(told, likeliest)
        return {
            "tokens": [token for token, _ in told],
            "token_logprobs": [chance if offsets[i] or start else None
                               for i, (_, chance) in enumerate(told)],
            "top_logprobs": likeliest,
            "text_offset": offsets,
        }  # fmt: skip

    def _stream(self, prompt: str, said: Said, asked: dict[str, Any], kind: str) -> Reply:
        """Return the answer as server-sent events, some tokens each; the last says why it ends."""
        chunks, sent = [], 0
        whole = [token for token, _ in said.tokens]
        for first in range(0, len(whole), self.dialect.chunk):
            there = len("".join(whole[: first + self.dialect.chunk]))
            piece, tokens = said.text[sent:there], said.tokens[first : first + self.dialect.chunk]
            sent = max(sent, min(there, len(said.text)))
            told: dict[str, Any] = {"index": 0, **_shaped(piece, kind), "finish_reason": None}
            chat, logprobs = kind != "text_completion", asked.get("logprobs")
            if logprobs is not None and not chat and self.dialect.logprobs != "none":
                before = prompt + "".join(whole[:first])
                told["logprobs"] = self._logprobs(before, tokens, int(logprobs))
            chunks.append(told)
        chunks.append({"index": 0, **_shaped("", kind), "finish_reason": said.reason})
        lines = [f"data: {json.dumps({'object': kind, 'choices': [one]})}\n\n" for one in chunks]
        closing = ["data: [DONE]\n\n"] if self.dialect.closed else []
        return Reply("".join([*lines, *closing]), 200, {"Content-Type": "text/event-stream"})

    def _too_long(self, prompts: Sequence[str], asked: dict[str, Any]) -> Reply | None:
        wanted = max(len(tokens_of(p)) for p in prompts) + int(asked.get("max_tokens", 16))
        if wanted <= self.longest:
            return None
        return self._refused(
            400,
            f"This model's maximum context length is {self.longest} tokens. However, you requested "
            f"{wanted} tokens.",
        )

    def _refused(self, status: int, message: str) -> Reply:
        if self.dialect.errors == "detail":
            return Reply({"detail": message}, status)
        error = {"message": message, "type": "invalid_request_error", "code": status}
        return Reply({"error": error}, status)

    def _envelope(
        self, kind: str, choices: list[dict[str, Any]], prompts: Sequence[str]
    ) -> dict[str, Any]:
        read = sum(len(tokens_of(prompt)) for prompt in prompts)
        return {
            "id": "cmpl-0",
            "object": kind,
            "created": 0,
            "model": self.model,
            "choices": choices,
            "usage": {"prompt_tokens": read, "total_tokens": read},
        }


def _read(law: TapeLaw, prompt: str) -> Drawn:
    """Return a prompt's tokens, each with its log-probability (minus infinity if impossible)."""
    told, line = [], ""
    for place, token in enumerate(tokens_of(prompt)):
        chance = law.next_tokens(line).get(token, 0.0) if place else 1.0
        told.append((token, math.log(chance) if chance else IMPOSSIBLE))
        line = "" if token == "\n" else line + token  # The law looks no further back.
    return told


def _shaped(text: str, kind: str) -> dict[str, Any]:
    return {"text": text} if kind == "text_completion" else {"delta": {"content": text}}


def _records(told: Drawn, likeliest: Sequence[dict[str, float] | None]) -> dict[str, Any]:
    """Return log-probabilities in the form of chat answers."""

    def one(token: str, chance: float) -> dict[str, Any]:
        return {"token": token, "bytes": list(token.encode()), "logprob": chance}

    return {
        "content": [
            one(token, chance) | {"top_logprobs": [one(t, p) for t, p in (best or {}).items()]}
            for (token, chance), best in zip(told, likeliest, strict=True)
        ]
    }

"""A server that speaks the OpenAI protocol, as vLLM, llama.cpp and Ollama do, each in part.

Completions and chat completions, one prompt or several, streamed or whole, with log-probabilities
of prompts (``echo``) and of the likeliest tokens; what a real server may lack can be switched off.
Behind it stands a ``TapeLaw``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from foundation.kernel import seed_from
from foundation.testing.language_models.law import END, TapeLaw, tokens_of
from foundation.testing.vendors.server import Emulator, Fault, Reply, Request

IMPOSSIBLE = -1e9
"""The log-probability told of a token that the law never says."""

Drawn = Sequence[tuple[str, float]]


class OpenAiEmulator(Emulator):
    """The service on this machine.

    Parameters
    ----------
    law : TapeLaw
    *faults : Fault
    model : str
        The one model that is served.
    prompt_logprobs : bool
        Whether ``echo`` is answered (vLLM) or refused (llama.cpp).
    top_logprobs : int
        How many likeliest tokens are told; with 0 the field is missing (Ollama).
    longest : int
        Tokens of the context window.
    key : str or None
        What must stand in the Authorization header; None asks for nothing.
    """

    def __init__(
        self,
        law: TapeLaw,
        *faults: Fault,
        model: str = "story-model",
        prompt_logprobs: bool = True,
        top_logprobs: int = 20,
        longest: int = 100_000,
        key: str | None = None,
    ) -> None:
        super().__init__(*faults)
        self.law, self.model, self.key = law, model, key
        self.prompt_logprobs, self.top_logprobs, self.longest = (
            prompt_logprobs,
            top_logprobs,
            longest,
        )

    @property
    def base_url(self) -> str:
        """The address that clients are given."""
        return f"{self.url}/v1"

    def reply(self, request: Request) -> Reply:
        given = {name.lower(): value for name, value in request.headers.items()}
        if self.key is not None and given.get("authorization") != f"Bearer {self.key}":
            return _refused(401, "Incorrect API key provided.")
        if request.path == "/v1/models":
            return Reply({"object": "list", "data": [{"id": self.model, "object": "model"}]})
        asked = request.json()
        if asked.get("model") != self.model:
            return _refused(404, f"The model `{asked.get('model')}` does not exist.")
        if request.path == "/v1/completions":
            return self._completions(asked)
        if request.path == "/v1/chat/completions":
            return self._chat(asked)
        return _refused(404, "Not Found")

    def _completions(self, asked: dict[str, Any]) -> Reply:
        prompts = asked["prompt"] if isinstance(asked["prompt"], list) else [asked["prompt"]]
        if asked.get("echo") and not self.prompt_logprobs:
            return _refused(400, "echo is not supported by this server.")
        if too_long := self._too_long(prompts, asked):
            return too_long
        choices = []
        for number, prompt in enumerate(prompts):
            drawn, reason = self._drawn(prompt, asked)
            told = [*_read(self.law, prompt), *drawn] if asked.get("echo") else list(drawn)
            text = "".join(token for token, _ in told)
            choice = {"index": number, "text": text, "finish_reason": reason}
            if asked.get("logprobs") is not None and self.top_logprobs:
                start = "" if asked.get("echo") else prompt
                choice["logprobs"] = self._logprobs(start, told, int(asked["logprobs"]))
            choices.append(choice)
        if asked.get("stream"):
            return self._stream(choices[0], drawn, "text_completion", lambda t: {"text": t})
        return Reply(self._envelope("text_completion", choices, prompts))

    def _chat(self, asked: dict[str, Any]) -> Reply:
        prompt = "\n".join(message["content"] for message in asked["messages"]) + "\n"
        if too_long := self._too_long([prompt], asked):
            return too_long
        drawn, reason = self._drawn(prompt, asked)
        text = "".join(token for token, _ in drawn)
        choice: dict[str, Any] = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": reason,
        }
        if asked.get("stream"):
            return self._stream(
                choice, drawn, "chat.completion.chunk", lambda t: {"delta": {"content": t}}
            )
        return Reply(self._envelope("chat.completion", [choice], [prompt]))

    def _drawn(self, prompt: str, asked: dict[str, Any]) -> tuple[Drawn, str]:
        """Return what is drawn behind a prompt, and why it stopped."""
        rng = np.random.Generator(np.random.Philox(seed_from(prompt, str(asked.get("seed")))))
        most, stops = int(asked.get("max_tokens", 16)), asked.get("stop") or []
        drawn = self.law.draw(
            prompt, most=most, temperature=float(asked.get("temperature", 1.0)), rng=rng
        )
        ended = bool(drawn) and drawn[-1][0] == END
        kept: list[tuple[str, float]] = []
        for token, chance in drawn:
            if token == END:
                break
            text = "".join(t for t, _ in kept) + token
            if found := [text.index(stop) for stop in stops if stop in text]:
                left = text[: min(found)][len("".join(t for t, _ in kept)) :]
                return ([*kept, (left, chance)] if left else kept), "stop"
            kept.append((token, chance))
        return kept, "stop" if ended else "length"

    def _logprobs(self, start: str, told: Drawn, top: int) -> dict[str, Any]:
        offsets, length, line = [], 0, start.rpartition("\n")[2]
        likeliest: list[dict[str, float] | None] = []
        for place, (token, _) in enumerate(told):
            offsets.append(length)
            best = sorted(self.law.next_tokens(line).items(), key=lambda item: -item[1])
            best = best[: min(top, self.top_logprobs)]
            likeliest.append({t: math.log(p) for t, p in best} if place or start else None)
            length += len(token)
            line = "" if token == "\n" else line + token
        return {
            "tokens": [token for token, _ in told],
            "token_logprobs": [chance if offsets[i] or start else None
                               for i, (_, chance) in enumerate(told)],
            "top_logprobs": likeliest,
            "text_offset": offsets,
        }  # fmt: skip

    def _stream(self, choice: dict[str, Any], drawn: Drawn, kind: str, shape: Any) -> Reply:
        """Return the answer as server-sent events, a token each."""

        def events() -> Iterator[dict[str, Any]]:
            for token, chance in drawn:
                told = {"index": 0, **shape(token), "finish_reason": None}
                if self.top_logprobs and kind == "text_completion":
                    told["logprobs"] = {"tokens": [token], "token_logprobs": [chance]}
                yield told
            yield {"index": 0, **shape(""), "finish_reason": choice["finish_reason"]}

        lines = [f"data: {json.dumps({'object': kind, 'choices': [e]})}\n\n" for e in events()]
        body = "".join([*lines, "data: [DONE]\n\n"])
        return Reply(body, 200, {"Content-Type": "text/event-stream"})

    def _too_long(self, prompts: Sequence[str], asked: dict[str, Any]) -> Reply | None:
        wanted = max(len(tokens_of(p)) for p in prompts) + int(asked.get("max_tokens", 16))
        if wanted <= self.longest:
            return None
        return _refused(
            400,
            f"This model's maximum context length is {self.longest} tokens. However, you requested "
            f"{wanted} tokens.",
        )

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


def _refused(status: int, message: str) -> Reply:
    return Reply({"error": {"message": message, "type": "invalid_request_error"}}, status)

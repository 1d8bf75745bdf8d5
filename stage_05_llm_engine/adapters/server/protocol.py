"""The protocol's answers, as far as they are used. What does not fit is refused by name."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from foundation.kernel import UpstreamDataError


class _Answer(BaseModel):
    """Servers add fields of their own: what is not used is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Told(_Answer):
    """One token in the form of chat answers: its letters, and how likely it was."""

    token: str
    logprob: float | None = None
    top_logprobs: tuple[_Told, ...] | None = None

    def likeliest(self) -> dict[str, float] | None:
        """Return the log-probabilities of the likeliest texts; several tokens may spell one."""
        if self.top_logprobs is None:
            return None
        found: dict[str, float] = {}
        for one in self.top_logprobs:
            if one.logprob is not None:
                before = found.get(one.token, -np.inf)
                found[one.token] = float(np.logaddexp(before, one.logprob))
        return found


class _ToldTokens(_Answer):
    content: tuple[_Told, ...]


class TokenLogprobs(_Answer):
    """What is told of a text's tokens, in order. ``None`` where nothing is known.

    Completions are told as lists side by side (vLLM), or, as chats are, in one record for each
    token under ``content`` (llama.cpp), which become lists here.
    """

    tokens: tuple[str, ...]
    token_logprobs: tuple[float | None, ...]
    top_logprobs: tuple[dict[str, float] | None, ...] | None = None
    text_offset: tuple[int, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _side_by_side(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("content") is None:
            return given
        told = _ToldTokens.model_validate(given).content
        return {
            "tokens": [one.token for one in told],
            "token_logprobs": [one.logprob for one in told],
            "top_logprobs": [one.likeliest() for one in told],
        }


class Choice(_Answer):
    """One completed prompt."""

    index: int = 0
    text: str
    finish_reason: str | None = None
    logprobs: TokenLogprobs | None = None


class Completions(_Answer):
    """The answer to ``/completions``."""

    choices: tuple[Choice, ...]


class _Delta(_Answer):
    content: str | None = None


class StreamedChoice(_Answer):
    """One piece of a streamed answer, of either kind."""

    text: str | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None
    logprobs: TokenLogprobs | None = None

    @property
    def said(self) -> str:
        """The letters that this piece adds."""
        return self.text or (self.delta.content if self.delta else None) or ""


class Streamed(_Answer):
    """One event of a stream. ``error`` is what went wrong after the answer had begun."""

    choices: tuple[StreamedChoice, ...] = ()
    error: Any = None


class ServedModel(_Answer):
    """One model that a server has."""

    id: str


class ServedModels(_Answer):
    """The answer to ``/models``."""

    data: tuple[ServedModel, ...]


Kind = TypeVar("Kind", bound=_Answer)


def parsed(kind: type[Kind], text: str | bytes, where: str) -> Kind:
    """Return an answer.

    Raises
    ------
    UpstreamDataError
        If it is no JSON, or not of this kind: names the field and the value.
    """
    try:
        return kind.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UpstreamDataError(
            f"An answer of {where} follows the OpenAI protocol ({field}: {first['msg']})",
            value=str(text[:200]),
            remedy="check that base_url ends in /v1 and names an OpenAI-compatible server",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UpstreamDataError(
            f"An answer of {where} is JSON ({error})",
            value=str(text[-120:]),
            remedy="check that base_url ends in /v1 and names an OpenAI-compatible server",
        ) from error

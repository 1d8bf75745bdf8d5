"""Settings of stage 05's forecasts. Training's are the recipe. Defaults live here only."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from foundation.kernel import Part


class ServerSettings(Part):
    """A server that speaks the OpenAI protocol (vLLM, llama.cpp, Ollama and others).

    Attributes
    ----------
    base_url : str
        Up to and including the version, e.g. ``http://localhost:8000/v1``.
    model : str
        The name under which the server serves the model.
    known_until : date
        The model's knowledge cut-off, or the last session that it was trained on. Sessions up to
        it are never scored: the model may know them.
    api : "completions" or "chat"
        Completions continue a text, as a model trained on stories does; chat gives instructions
        to a model that was trained to follow them.
    prompts : "text" or "tokens"
        What a text to be continued is sent as, where windows are in a base model's tokeniser.
        Servers split text anew, and a border that the windows keep may be lost (harmony windows
        split "." from the line's end, gpt-oss's tokeniser takes both as one): that is refused.
        Tokens are read as they were learnt; vLLM and llama.cpp take them.
    distributions : str
        How tomorrow's distributions are read. ``auto`` takes the first of ``prompt logprobs``
        (exact), ``top logprobs`` and ``samples`` that the server can answer; chat always takes
        samples. Which it was is in the forecast.
    synonyms : bool
        Whether the other wordings of an outcome are asked for too and added up. A model trained
        on stories needs none; one that was not may say "plunges" for "drops sharply".
    top_logprobs : int
        Likeliest tokens to ask for.
    samples : int
        Stories drawn per window where distributions come from samples.
    redraws : int
        Times that an alternative is drawn again where it repeats what the draft beside it lets the
        price do; after that it ends as "duplicate". A draw is left as soon as that shows.
    further_fields : mapping of str to number
        Sent with every draw beside the protocol's own fields. Many servers leave unlikely tokens
        out by default (llama.cpp keeps the 40 likeliest, and none below a twentieth of the first);
        outcomes would be missing from what is counted. The protocol has no word for that; vLLM and
        llama.cpp know these. Servers that refuse fields they do not know (``transformers serve``,
        OpenAI's own) need ``{}``.
    key_variable : str or None
        Environment variable with the server's key; None for a server that asks for none.
    requests_per_minute : int or None
        The server's limit; None for one without.
    concurrency : int
        Requests under way at once. Changes no answer.
    connect_timeout, read_timeout, total_timeout : float
        Seconds to reach the server, without a byte, and for one whole answer.
    attempts : int
        Tries of a request, the first one included.
    """

    base_url: str
    model: str
    known_until: date
    api: Literal["completions", "chat"] = "completions"
    prompts: Literal["text", "tokens"] = "text"
    distributions: Literal["auto", "prompt logprobs", "top logprobs", "samples"] = "auto"
    synonyms: bool = True
    top_logprobs: int = Field(default=20, ge=5)
    samples: int = Field(default=64, ge=8)
    redraws: int = Field(default=16, ge=0)
    further_fields: dict[str, float] = Field(default_factory=lambda: {"top_k": 0.0, "min_p": 0.0})
    key_variable: str | None = None
    requests_per_minute: int | None = Field(default=None, ge=1)
    concurrency: int = Field(default=8, ge=1)
    connect_timeout: float = Field(default=5.0, gt=0)
    read_timeout: float = Field(default=60.0, gt=0)
    total_timeout: float = Field(default=300.0, gt=0)
    attempts: int = Field(default=5, ge=1)


class EngineSettings(Part):
    """How forecasts are read and continuations drawn.

    Attributes
    ----------
    engine : "transformers" or "openai"
        Who answers: the model of the training step in this process, or a server.
    server : ServerSettings or None
        Which server; needed by ``openai`` only.
    base_temperature, alternative_temperatures, risk_temperature : float
        Divide the logits before an answer on the tape is drawn: below 1 nearer to the likeliest
        story, at 1 as the model believes. Scenarios differ in what happens, so this is where
        boldness belongs.
    word_temperature : float
        The same for words, in every scenario: they only say what the tape has decided. A server
        draws tape and words at one temperature, the scenario's.
    guided : bool
        Whether words are held to the story language and to the tape while they are drawn: every
        continuation can then be read back whole, and tells its own tape. What it tells beyond the
        tape, and in which words, stays the model's choice. Where the tape is spelled in ordinary
        tokens (a base model's vocabulary), words are always free.
    max_words : int
        Longest continuation, in tokens of words; a longer one ends as "truncated".
    closing_words : int
        Tokens kept for the sentence under way and for each section that a guided continuation
        still owes; once there are no more, it tells one clause of each and ends. (With pieces drawn
        at random in a vocabulary of 3,072 that took up to 8.3 tokens each.)
    repeat_span, repeat_times : int
        A continuation whose last ``repeat_span`` tokens or fewer stand there ``repeat_times``
        times in a row ends as "repeating".
    batch_drafts : int
        Continuations drawn side by side, contexts of like length together. Changes no story.
    batch_tokens : int
        Tokens per forward pass when past forecasts are read (windows are grouped by length).
    scoring_precision : "float32" or "bfloat16"
        Of matrix products when distributions are read. Continuations are always drawn in float32:
        there, rounding that depends on the batch could turn a word.
    threads : int
        Batches read side by side. Changes no number.
    seed : int
        Where continuations' draws begin.
    """

    engine: Literal["transformers", "openai"] = "transformers"
    server: ServerSettings | None = None
    base_temperature: float = Field(default=0.3, gt=0)
    alternative_temperatures: tuple[float, float] = (0.8, 1.0)
    risk_temperature: float = Field(default=0.7, gt=0)
    word_temperature: float = Field(default=0.5, gt=0)
    guided: bool = True
    max_words: int = Field(default=160, ge=1)
    closing_words: int = Field(default=10, ge=0)
    repeat_span: int = Field(default=24, ge=2)
    repeat_times: int = Field(default=3, ge=2)
    batch_drafts: int = Field(default=256, ge=1)
    batch_tokens: int = Field(default=4096, ge=256)
    scoring_precision: Literal["float32", "bfloat16"] = "bfloat16"
    threads: int = Field(default=2, ge=1)
    seed: int = 0

    @model_validator(mode="after")
    def _a_server_is_named_where_one_answers(self) -> EngineSettings:
        if self.engine == "openai" and self.server is None:
            raise ValueError(
                "the engine openai needs server.base_url, server.model and "
                "server.known_until, received none"
            )
        return self

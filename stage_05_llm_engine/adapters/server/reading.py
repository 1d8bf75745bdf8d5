"""Tomorrow's distributions from a server, in the three ways that servers allow.

1. *Prompt log-probabilities*: every wording of every answer is put behind its question, and the
   server tells how likely it holds each token of the prompt. Exact.
2. *Top log-probabilities*: the likeliest next tokens are followed, answer by answer. What the
   server leaves untold is spread evenly over the outcomes and stated.
3. *Samples*: whole tapes are drawn, seeded, and counted. Frequencies get half an observation per
   outcome (Jeffreys' prior), and the standard error is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from foundation.kernel import ModelError, UpstreamDataError
from foundation.language.tape_words import answers, question, read_plain
from stage_05_llm_engine.adapters.server.client import OpenAiClient, RefusedRequestError, Sent
from stage_05_llm_engine.adapters.server.prompts import Parts
from stage_05_llm_engine.adapters.server.protocol import Choice

Sender = Callable[[str], Sent]

HOTTEST = 2.0
"""The highest temperature of the protocol: whatever a model is sure of, it wavers here."""
TRIALS, TRIAL_TOKENS = 8, 24

FORGOTTEN = 1e-4
"""A branch less likely than this is not followed; its probability counts as untold."""


class NothingToldError(RefusedRequestError):
    """The server answered, and left out the log-probabilities that were asked for."""


def wordings(series: str, *, synonyms: bool) -> list[tuple[str, ...]]:
    """Return the wordings of each outcome of a series that are asked for, lowest first."""
    return [one if synonyms else one[:1] for one in answers(series)]


def by_prompt_logprobs(
    client: OpenAiClient, opening: str, series: str, sent: Sender, *, synonyms: bool
) -> np.ndarray:
    """Return float64 (5,): the distribution of a series, exactly.

    Parameters
    ----------
    opening : str
        The text before the question.
    sent : callable
        Turns a text into what is sent.
    """
    asked = opening + question(series)
    worded = wordings(series, synonyms=synonyms)
    flat = [wording for outcome in worded for wording in outcome]
    texts = [[(asked, False), (wording, True)] for wording in flat]
    scores = iter(part_scores(client, texts, sent))
    summed = [np.logaddexp.reduce([next(scores) for _ in outcome]) for outcome in worded]
    chances = np.exp(np.array(summed) - max(summed))
    return chances / chances.sum()


def part_scores(client: OpenAiClient, texts: Sequence[Parts], sent: Sender) -> list[float]:
    """Return the nats of each text's parts that count, given all that stands before them."""
    choices = client.complete(
        [sent("".join(part for part, _ in text)) for text in texts],
        max_tokens=1, echo=True, logprobs=1, temperature=0.0,
    )  # fmt: skip
    return [_counted(choice, text) for choice, text in zip(choices, texts, strict=True)]


def _counted(choice: Choice, text: Parts) -> float:
    told, whole = choice.logprobs, "".join(part for part, _ in text)
    if told is None or told.text_offset is None or not choice.text.startswith(whole):
        raise NothingToldError(
            "A server that echoes prompts tells how likely their tokens are",
            value=f"logprobs {'without offsets' if told else 'missing'}",
            remedy="set server.distributions to top logprobs or samples",
        )
    counts = np.repeat([counted for _, counted in text], [len(part) for part, _ in text])
    score = 0.0
    for token, chance, offset in zip(
        told.tokens, told.token_logprobs, told.text_offset, strict=True
    ):
        # A token that reaches over a border counts: all answers to a question share its head.
        if counts[offset : offset + len(token)].any():
            if chance is None:
                raise NothingToldError(
                    "Every token of a prompt has a log-probability",
                    value=f"none for {token!r}",
                    remedy="set server.distributions to top logprobs or samples",
                )
            score += chance
    return score


def by_top_logprobs(
    client: OpenAiClient, opening: str, series: str, sent: Sender, *, synonyms: bool, top: int
) -> tuple[np.ndarray, float]:
    """Return float64 (5,): the distribution of a series, and the probability left untold."""
    spelled = {
        wording: outcome
        for outcome, all_words in enumerate(wordings(series, synonyms=synonyms))
        for wording in all_words
    }
    matched, elsewhere = np.zeros(len(answers(series))), 0.0
    begun = {"": 1.0}
    untold = 0.0
    while begun:
        likely = {said: p for said, p in begun.items() if p >= FORGOTTEN}
        untold += sum(begun.values()) - sum(likely.values())
        begun = {}
        if not likely:
            break
        prompts = [sent(opening + question(series) + said) for said in likely]
        choices = client.complete(prompts, max_tokens=1, logprobs=top, temperature=0.0)
        for (said, chance), choice in zip(likely.items(), choices, strict=True):
            best = _likeliest(choice)
            untold += chance * max(0.0, 1.0 - sum(best.values()))
            for token, share in best.items():
                text, p = said + token, chance * share
                done = next((w for w in spelled if text.startswith(w)), None)
                if done is not None:
                    matched[spelled[done]] += p
                elif token and any(w.startswith(text) for w in spelled):
                    begun[text] = begun.get(text, 0.0) + p
                else:
                    elsewhere += p
    total = matched.sum() + untold
    if total <= 0 or not matched.any():
        raise ModelError(
            "A model answers a question with one of its answers",
            value=f"{elsewhere:.0%} of the probability lies on something else for {series}",
            remedy="train the model on stories, or set server.api to chat",
        )
    return (matched + untold / len(matched)) / total, untold / total


def _likeliest(choice: Choice) -> dict[str, float]:
    told = choice.logprobs.top_logprobs if choice.logprobs else None
    if not told or told[0] is None:
        raise NothingToldError(
            "A server tells the likeliest next tokens",
            value="top_logprobs missing",
            remedy="set server.distributions to samples",
        )
    return {token: float(np.exp(chance)) for token, chance in told[0].items()}


def refuse_the_deaf(client: OpenAiClient, asked: dict[str, Any]) -> None:
    """Refuse a server that says the same whatever the temperature and the seed.

    A model may be so sure that all its samples agree; even such a one wavers when it is drawn as
    hot as can be. A server that does not takes the likeliest token always, and what it says once
    must not be counted as a certainty.

    Raises
    ------
    UpstreamDataError
        If it is such a server.
    """
    hot = asked | {"temperature": HOTTEST, "max_tokens": TRIAL_TOKENS, "stop": []}
    said = {client.draw(hot | {"seed": n}, lambda text: False).text for n in range(TRIALS)}
    if len(said) == 1:
        raise UpstreamDataError(
            f"{client.where} draws anew for every seed",
            value=f"{TRIALS} times {said.pop()[:80]!r} at temperature {HOTTEST}",
            remedy="let the server sample: `transformers serve` does where the model's "
            "generation_config.json says do_sample",
        )


def by_samples(drawn: Sequence[str], series: Sequence[str]) -> tuple[dict[str, np.ndarray], float]:
    """Return the distribution (5,) of each series from drawn tapes, and the largest error.

    Raises
    ------
    UpstreamDataError
        If a series is answered in fewer than half of the tapes.
    """
    tapes = [read_plain(text)[0] for text in drawn]
    found, largest = {}, 0.0
    for name in series:
        labels = [outcome[0].strip(" ;") for outcome in answers(name)]
        told = [labels.index(tape[name]) for tape in tapes if name in tape]
        if 2 * len(told) < len(drawn):
            raise UpstreamDataError(
                "A model that is asked for a story answers every series",
                value=f"{name} in {len(told)} of {len(drawn)} stories, one of them: "
                f"{drawn[0][:160]!r}",
                remedy="serve a model that was trained on stories, or one that follows "
                "instructions with server.api = chat",
            )
        counts = np.bincount(told, minlength=len(labels)) + 0.5
        chances = counts / counts.sum()
        found[name] = chances
        errors = np.sqrt(chances * (1 - chances) / (counts.sum() + 1))
        largest = max(largest, float(errors.max()))
    return found, largest

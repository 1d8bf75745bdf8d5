"""A reader of headlines that asks a language model, behind the same typed answer as the lexicon.

Whoever wires the house gives the way to the model (``ask``) and where answers are kept (``keep``):
a model may answer differently twice, a kept answer makes a run repeatable. The JSON that comes back
is held to ``NewsReading``; what does not fit is asked for once more, with the fault named, and then
refused. Nothing is filled in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, MutableMapping
from typing import Any

from pydantic import ValidationError

from foundation.kernel import ModelError, hash_text
from stage_02_fuzzification.sentiment.reading import NewsDay, NewsReading, checked

Ask = Callable[[str, str], str]
"""From instructions and question to the model's text."""

INSTRUCTIONS = """You read the headlines about one company (or the market) that became known in
one trading session, and answer with one JSON object and nothing else. Its fields:
sentiment_score: number from -1 (bad for the price) to 1 (good for it), over all headlines;
sentiment_confidence: number from 0 (nothing to go by) to 1;
key_narratives: at most three short phrases, what the headlines are about, most frequent first;
event_flags: object with the booleans earnings_surprise, guidance_change, regulatory_risk;
news_intensity: "quiet", "moderate" or "high", against the usual number of headlines;
contrarian_signals: list of phrases where text and price part, empty where they do not;
scores: list of numbers from -1 to 1, one per headline, in the order given.
Judge by the headlines alone. What you may know of later events does not count."""

ATTEMPTS = 2


class ModelReader:
    """Reads headlines by a language model.

    Parameters
    ----------
    model : str
        Names the model in the keys of kept answers.
    ask : callable
        Raises what its connection raises where the model cannot be reached.
    keep : mutable mapping of str to str
        Kept answers; looked at first, and given every new one that was found sound.
    """

    def __init__(self, model: str, ask: Ask, keep: MutableMapping[str, str]) -> None:
        self._model, self._ask, self._keep = model, ask, keep

    def read(self, day: NewsDay) -> NewsReading:
        """Return the model's reading of a day's headlines.

        Raises
        ------
        ModelError
            If its answer is not a reading of these headlines, twice.
        """
        question = _question(day)
        key = hash_text(self._model, INSTRUCTIONS, question)
        if key in self._keep:
            return _reading(self._keep[key], day)
        fault = ""
        for _ in range(ATTEMPTS):
            text = self._ask(INSTRUCTIONS, question + fault)
            try:
                reading = _reading(text, day)
            except ModelError as error:
                fault, last = f"\nYour last answer was refused: {error}", error
                continue
            self._keep[key] = text
            return reading
        raise last


def _question(day: NewsDay) -> str:
    """Put a day into words: no ticker and no date, so that a model has nothing to remember."""
    told = [f"{number}. {headline}" for number, headline in enumerate(day.headlines, start=1)]
    moves = [
        f"Return over {span}: {value:+.1%}."
        for span, value in (("the session", day.return_1d), ("five sessions", day.return_5d))
        if value == value
    ]
    usual = [f"Usual headlines a session: {day.usual:.1f}."] if day.usual == day.usual else []
    return "\n".join(["Headlines:", *told, *moves, *usual])


def _reading(text: str, day: NewsDay) -> NewsReading:
    try:
        return checked(NewsReading.model_validate(_object(text)), day)
    except (ValueError, ValidationError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"msg": str(error)}
        place = ".".join(str(part) for part in first.get("loc", ()))
        raise ModelError(
            "A model answers headlines with one JSON object of the fields of a reading",
            value=f"{place} {first['msg']}; it said {text[:120]!r}".strip(),
            remedy="use a model that follows instructions, or read headlines by the lexicon",
        ) from error


def _object(text: str) -> Any:
    """Return the outermost JSON object of a text; models like to put words around it."""
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        raise ValueError("no JSON object in the answer")
    return json.loads(text[begin : end + 1])

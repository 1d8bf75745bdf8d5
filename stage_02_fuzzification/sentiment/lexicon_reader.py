"""A reader of headlines by word lists: small, local, the same every time.

A headline is cut into tokens. Words that are good or bad by themselves count as they are; words
of movement look for what is moved among their neighbours and turn round where its rise is bad
("losses widen", "jobless claims fall"). Negation turns, intensifiers and hedges scale, and what
follows "but" outweighs what went before. The sum ``x`` becomes a score ``tanh(x)``.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

from stage_02_fuzzification.sentiment import vocabulary as words
from stage_02_fuzzification.sentiment.reading import EventFlags, NewsDay, NewsReading

NEUTRAL_BAND = 0.4
"""A headline whose score lies within this of zero says nothing either way."""
HIGH_INTENSITY, MODERATE_INTENSITY = 2.0, 1.0
"""Headlines over the usual number, in its Poisson standard deviations."""
CONTRARY_MOVE = 0.01
"""A log return against the text beyond this is worth a remark."""

_LINK = re.compile(r"(?:https?://|pic\.twitter)\S+|\bURL\b|@\w+|AT_USER")
_TOKEN = re.compile(
    r"(?P<gain>(?<![\w.])\+\s?\d[\d,.]*\s?%)"
    r"|(?P<loss>(?<![\w.])[-\u2212\u2013]\s?\d[\d,.]*\s?%)"
    r"|(?P<cashtag>\$\s?[A-Za-z]{1,6}\b(?:[.:][A-Za-z]{1,4}\b)?)"
    r"|(?P<share>\d[\d,.]*\s?%)|(?P<number>\$?\d[\d,.]*(?![\w-]))"
    r"|(?P<word>[A-Za-z0-9][\w&'-]*)|(?P<stop>[;:!?.]|--| - |,)"
)
_MARKS = {"gain": "+%", "loss": "-%", "cashtag": "$", "share": "%", "number": "#"}
_WINDOW = 4
_NEGATED = 3


@lru_cache(maxsize=1)
def _phrases() -> dict[tuple[str, ...], tuple[str, float]]:
    """Return every phrase, in all its forms, with its kind and weight."""
    table: dict[tuple[str, ...], tuple[str, float]] = {}
    sources = (("good", words.GOOD), ("bad", words.BAD), ("up", words.UP), ("down", words.DOWN))
    for kind, entries in sources:
        for phrase, weight in entries.items():
            head, *rest = phrase.split()
            for form in _forms(head):
                table.setdefault((form, *rest), (kind, weight))
    # A form written out beats one that was derived from another word.
    for kind, entries in sources:
        for phrase, weight in entries.items():
            table[tuple(phrase.split())] = (kind, weight)
    return table


def _forms(word: str) -> tuple[str, ...]:
    """Return a word with the regular endings of a verb; harmless where it is none."""
    if not word.isalpha() or len(word) < 3:
        return (word,)
    stem, last = word, word[-1]
    if last == "y" and word[-2] not in "aeiou":
        return (word, f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing")
    plural = f"{word}es" if last in "sx" or word.endswith(("ch", "sh")) else f"{word}s"
    if last == "e":
        return (word, plural, f"{word}d", f"{word[:-1]}ing")
    if len(word) <= 5 and last in "bdgmnpt" and word[-2] in "aeiou" and word[-3] not in "aeiou":
        stem = word + last
    return (word, plural, f"{stem}ed", f"{stem}ing")


def tokens(headline: str) -> list[str]:
    """Return a headline's tokens: words in lower case, ``+%``, ``-%``, ``%``, ``$``,
    ``#`` and stops."""
    found = []
    plain = _LINK.sub(" ", headline).replace("\u2019", "'").replace("#", " ")
    for match in _TOKEN.finditer(plain):
        found.append(_MARKS.get(match.lastgroup or "") or match.group().strip().lower())
    return found


def score(headline: str) -> float:
    """Return a headline's sentiment in [-1, 1]; 0 where the lexicon knows none of its words."""
    return math.tanh(sum(_parts(tokens(headline))))


def _parts(said: list[str]) -> list[float]:
    """Return the signed weight of every phrase found, in order."""
    table, parts, at = _phrases(), list[tuple[int, float]](), 0
    while at < len(said):
        for length in (4, 3, 2, 1):
            known = table.get(tuple(said[at : at + length]))
            if known is not None:
                parts.append((at, _signed(said, at, length, *known)))
                at += length
                break
        else:
            if said[at] in ("+%", "-%"):
                parts.append((at, 1.0 if said[at] == "+%" else -1.0))
            at += 1
    return _weighed(said, parts)


def _signed(said: list[str], at: int, length: int, kind: str, weight: float) -> float:
    value = weight * (-1 if kind in ("bad", "down") else 1)
    if kind in ("up", "down"):
        value *= _moved(said, at, length)
    start = at
    for back in range(1, _NEGATED + 1):
        if at - back < 0 or _is_stop(said[at - back]):
            break
        start = at - back
    before = said[start:at]
    for word in before:
        if word in words.NEGATORS:
            value *= -0.6
    for word in (*before[-2:], *said[at + length : at + length + 1]):
        value *= words.INTENSIFIERS.get(word, 1.0)
    return value


def _moved(said: list[str], at: int, length: int) -> float:
    """Return 1 or -1 as the rise of what is moved is good or bad, and less where it is unknown."""
    for distance in range(1, _WINDOW + 1):
        for place in (at - distance, at + length - 1 + distance):
            if not 0 <= place < len(said):
                continue
            lo, hi = sorted((at, place))
            if any(_is_stop(word) and word != "," for word in said[lo:hi]):
                continue
            if said[place] in words.RISING_IS_BAD:
                return -1.0
            if said[place] in words.RISING_IS_GOOD or said[place] in ("$", "+%", "-%"):
                return 1.0
    return 1.0 if "%" in said[at + length : at + length + _WINDOW] else 0.4


def _is_stop(token: str) -> bool:
    return not token or token in ";:!?.,-" or token == "--"


def _weighed(said: list[str], parts: list[tuple[int, float]]) -> list[float]:
    """Scale the parts of a headline by where they stand in it."""
    turn = next((i for i, word in enumerate(said) if word in words.TURNS), None)
    lesser = next((i for i, word in enumerate(said) if word in words.LESSER), None)
    asked = "?" in said or (bool(said) and said[0] in words.QUESTION_OPENERS)
    hedged = any(word in words.HEDGES for word in said)
    scale = (0.4 if asked else 1.0) * (0.7 if hedged else 1.0)
    weighed = []
    for at, value in parts:
        if turn is not None:
            value *= 0.6 if at < turn else 1.3
        if lesser is not None and at > lesser:
            comma = next((i for i in range(lesser, at) if said[i] == ","), None)
            value *= 1.0 if comma is not None else 0.4
        weighed.append(scale * value)
    return weighed


def confidence(headlines: tuple[str, ...]) -> float:
    """Return how much there is to go by, in [0, 1].

    The share of all evidence that points one way, times ``1 - exp(-evidence per headline)``.
    """
    parts = [part for headline in headlines for part in _parts(tokens(headline))]
    evidence = sum(abs(part) for part in parts)
    if evidence == 0:
        return 0.0
    return abs(sum(parts)) / evidence * (1 - math.exp(-evidence / len(headlines)))


def topic(headline: str) -> str | None:
    """Return what a headline is about, or None where no topic's words stand in it."""
    said = set(tokens(headline))
    counts = {name: len(said & set(known)) for name, known in words.TOPICS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None


class LexiconReader:
    """Reads headlines by the vocabulary of this room."""

    def read(self, day: NewsDay) -> NewsReading:
        """Return the reading of a day's headlines."""
        scores = tuple(score(headline) for headline in day.headlines)
        about = Counter(t for t in map(topic, day.headlines) if t is not None)
        mean = sum(scores) / len(scores)
        said = [set(tokens(headline)) for headline in day.headlines]
        return NewsReading(
            sentiment_score=mean,
            sentiment_confidence=confidence(day.headlines),
            key_narratives=tuple(name for name, _ in about.most_common(3)),
            event_flags=EventFlags(
                earnings_surprise=any(
                    topic(h) == "earnings" and words.SURPRISE_WORDS & s
                    for h, s in zip(day.headlines, said, strict=True)
                ),
                guidance_change=any(
                    {"guidance", "outlook", "forecast", "forecasts"} & s
                    and words.GUIDANCE_MOVES & s
                    for s in said
                ),
                regulatory_risk=any(words.REGULATORY_WORDS & s for s in said),
            ),
            news_intensity=_intensity(len(scores), day.usual),
            contrarian_signals=_contrarian(mean, day.return_1d),
            scores=scores,
        )


def _intensity(count: int, usual: float) -> str:
    expected = 1.0 if math.isnan(usual) else usual
    over = (count - expected) / math.sqrt(max(expected, 1.0))
    if over >= HIGH_INTENSITY:
        return "high"
    return "moderate" if over >= MODERATE_INTENSITY else "quiet"


def _contrarian(mean: float, move: float) -> tuple[str, ...]:
    if mean > NEUTRAL_BAND and move < -CONTRARY_MOVE:
        return ("favourable headlines, falling price",)
    if mean < -NEUTRAL_BAND and move > CONTRARY_MOVE:
        return ("unfavourable headlines, rising price",)
    return ()

"""Headlines: how many, how crowded, in what tone, about what, and which way that tone turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import MarketEvent
from stage_02_fuzzification.events.occurrence import Timeline
from stage_02_fuzzification.sentiment.lexicon_reader import NEUTRAL_BAND, topic
from stage_02_fuzzification.sentiment.reading import INTENSITIES, NewsDay, NewsReader, checked
from stage_02_fuzzification.sentiment.vocabulary import TOPICS
from stage_02_fuzzification.settings import FuzzificationSettings

TOPIC_CODES: tuple[str, ...] = tuple(TOPICS)
"""Topics by their code in ``news|topic``."""

FIELDS: tuple[str, ...] = (
    "headlines", "headlines in two sessions", "frequency", "clustering", "sentiment",
    "sentiment trend", "confidence", "favourable", "unfavourable", "topic", "intensity",
    "contrarian", "earnings surprise", "guidance change", "regulatory risk",
)  # fmt: skip

_FREQUENCY, _USUAL, _LEAST = 20, 60, 20


@dataclass(frozen=True)
class Prices:
    """Closes of one symbol, shape (T,); all NaN where the news is nobody's in particular."""

    close: np.ndarray

    def log_return(self, t: int, sessions: int) -> float:
        """Return the log return over some sessions up to ``t``; NaN where there is none."""
        if t < sessions or not (self.close[t] > 0 and self.close[t - sessions] > 0):
            return float("nan")
        return float(np.log(self.close[t] / self.close[t - sessions]))


def first_known(events: Sequence[MarketEvent], line: Timeline) -> int:
    """Return the first session at which any news was known: before it there was no source."""
    at = line.session_of([e.known_at for e in events])
    return max(int(at.min()), 0) if len(at) else len(line.days)


def headlines_by_session(
    events: Sequence[MarketEvent], line: Timeline
) -> dict[int, tuple[str, ...]]:
    """Return the distinct headlines of each session, in order of becoming known."""
    ordered = sorted(events, key=lambda e: (e.known_at, e.text))
    found: dict[int, dict[str, None]] = {}
    for event, t in zip(ordered, line.session_of([e.known_at for e in ordered]), strict=True):
        if 0 <= t < len(line.days):
            found.setdefault(int(t), {})[event.text] = None
    return {t: tuple(texts) for t, texts in sorted(found.items())}


def summarise_news(
    symbol: str,
    sessions: tuple[date, ...],
    headlines: dict[int, tuple[str, ...]],
    prices: Prices,
    since: int,
    reader: NewsReader,
    settings: FuzzificationSettings,
) -> dict[str, np.ndarray]:
    """Return the news fields of one symbol, each of shape (T,).

    ``headlines``, ``headlines in two sessions``
        How many became known in the session, and in it and the one before.
    ``frequency``
        Headlines a session over the past 20, this one included.
    ``clustering``
        Headlines in two sessions above the usual (the mean of the 60 sessions before them), in
        standard deviations of a Poisson count.
    ``sentiment``, ``confidence``
        Means over the past sessions, weighted by headlines x confidence x recency; a headline's
        weight halves every ``news_half_life`` sessions and ends after ``news_memory``.
    ``sentiment trend``
        ``sentiment`` less the same with ``news_slow_half_life``.
    ``favourable``, ``unfavourable``
        Headlines of two sessions whose score lies beyond the neutral band.
    ``topic``
        Code of the topic of at least half of the headlines of two sessions.
    ``intensity``, ``contrarian``
        0 quiet to 2 high; 1 favourable text and falling price, -1 the reverse, 0 neither.
    ``earnings surprise``, ``guidance change``, ``regulatory risk``
        1 where a headline of two sessions reports it, else 0.

    NaN before session ``since``, where there was no source of news, and where there is nothing
    to go by.
    """
    count = len(sessions)
    number = np.zeros(count)
    for t, texts in headlines.items():
        number[t] = len(texts)
    number[:since] = np.nan
    usual = _mean_before(number, _USUAL, _LEAST)
    made = {name: np.full(count, np.nan) for name in FIELDS}
    read = {name: np.zeros(count) for name in ("mean", "confidence", *FIELDS[7:9], *FIELDS[10:])}
    topics = np.zeros((count, len(TOPIC_CODES)))
    for t, texts in headlines.items():
        day = NewsDay(
            symbol, sessions[t], texts, prices.log_return(t, 1), prices.log_return(t, 5), usual[t]
        )
        answer = checked(reader.read(day), day)
        read["mean"][t], read["confidence"][t] = answer.sentiment_score, answer.sentiment_confidence
        read["favourable"][t] = sum(s > NEUTRAL_BAND for s in answer.scores)
        read["unfavourable"][t] = sum(s < -NEUTRAL_BAND for s in answer.scores)
        read["intensity"][t] = INTENSITIES.index(answer.news_intensity)
        read["contrarian"][t] = np.sign(answer.sentiment_score) * bool(answer.contrarian_signals)
        for flag in ("earnings surprise", "guidance change", "regulatory risk"):
            read[flag][t] = getattr(answer.event_flags, flag.replace(" ", "_"))
        for about in (topic(text) for text in texts):
            if about is not None:
                topics[t, TOPIC_CODES.index(about)] += 1
    two = _over_two(number)
    made |= {
        "headlines": number,
        "headlines in two sessions": two,
        "frequency": _mean_until(number, _FREQUENCY),
        "clustering": _clustering(two, usual),
        "topic": _shared_topic(_over_two(topics), two),
    }
    for name in ("favourable", "unfavourable"):
        made[name] = np.where(np.isnan(two), np.nan, _over_two(read[name]))
    for name in ("earnings surprise", "guidance change", "regulatory risk"):
        made[name] = np.where(np.isnan(two), np.nan, np.minimum(_over_two(read[name]), 1.0))
    for name in ("intensity", "contrarian"):
        made[name] = np.where(np.isnan(number), np.nan, read[name])
    fast, sure = _recent(read, number, settings.news_half_life, settings.news_memory)
    slow, _ = _recent(read, number, settings.news_slow_half_life, settings.news_memory)
    return made | {"sentiment": fast, "sentiment trend": fast - slow, "confidence": sure}


def _lagged(values: np.ndarray, lag: int, fill: float = 0.0) -> np.ndarray:
    out = np.full(values.shape, fill)
    out[lag:] = values[: len(values) - lag]
    return out


def _over_two(values: np.ndarray) -> np.ndarray:
    before = _lagged(values, 1)
    return values + np.nan_to_num(before)


def _mean_before(number: np.ndarray, window: int, least: int) -> np.ndarray:
    """Return the mean of the sessions before the last two, NaN with fewer than ``least``."""
    total, present = np.zeros(len(number)), np.zeros(len(number))
    for lag in range(2, window + 2):
        past = _lagged(number, lag, np.nan)
        total += np.nan_to_num(past)
        present += ~np.isnan(past)
    return np.divide(total, present, out=np.full(len(number), np.nan), where=present >= least)


def _mean_until(number: np.ndarray, window: int) -> np.ndarray:
    total = np.zeros(len(number))
    for lag in range(window):
        total += _lagged(number, lag, np.nan)
    return total / window


def _clustering(two: np.ndarray, usual: np.ndarray) -> np.ndarray:
    return (two - 2 * usual) / np.sqrt(np.maximum(2 * usual, 1.0))


def _shared_topic(topics: np.ndarray, two: np.ndarray) -> np.ndarray:
    most = topics.max(axis=1)
    shared = (most > 0) & (most >= np.nan_to_num(two) / 2)
    return np.where(shared, topics.argmax(axis=1), np.nan)


def _recent(
    read: dict[str, np.ndarray], number: np.ndarray, half_life: float, memory: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return recency-weighted sentiment and confidence; NaN without headlines in memory.

    A finite sum over lags, not a recursion: what lies beyond the memory changes no bit.
    """
    heard, sure, told, mass = (np.zeros(len(number)) for _ in range(4))
    headlines = np.nan_to_num(number)
    for lag in range(memory):
        weight = 0.5 ** (lag / half_life) * _lagged(headlines, lag)
        trusted = weight * _lagged(read["confidence"], lag)
        heard += weight
        mass += trusted
        told += trusted * _lagged(read["mean"], lag)
        sure += trusted
    nothing = np.full(len(number), np.nan)
    # Headlines without a telling word are neutral, not absent.
    sentiment = np.divide(told, mass, out=np.where(heard > 0, 0.0, np.nan), where=mass > 0)
    return sentiment, np.divide(sure, heard, out=nothing, where=heard > 0)

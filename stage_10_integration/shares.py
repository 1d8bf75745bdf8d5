"""What many stories say at once, and how unusual it is that so many do.

A claim is counted over the stories of the as-of session. The same condition is then looked up
in the fuzzy states of every past session, all symbols at once: the share today is held against
the shares of the past year, because "most stocks are near their mean" is no news.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from foundation.contracts import SERIES, STATES, FuzzyWindow, Story
from stage_10_integration.settings import IntelligenceSettings
from stage_10_integration.theme_words import (
    CODES,
    FAMILY,
    PHRASES,
    Phrase,
    path_phrase,
    pattern_phrase,
)


@dataclass(frozen=True)
class Shared:
    """A condition that several instruments share today.

    Attributes
    ----------
    subject : str
        Series or pattern; one theme a subject is reported.
    family : str
        Subjects that tell much the same.
    phrase : Phrase
    symbols : tuple of str
        Whose stories claim it.
    extreme : int
        How many of them are at its extreme.
    base : int
        Instruments to which it could apply: those that have the series.
    matched : int
        Past sessions on which at least this share of instruments met the condition.
    past : int
        Past sessions looked at; 0 where there is no past.
    as_many : str
        What the past is searched for, in words.
    """

    subject: str
    family: str
    phrase: Phrase
    symbols: tuple[str, ...]
    extreme: int
    base: int
    matched: int
    past: int
    as_many: str = "as many"

    @property
    def share(self) -> float:
        """Fraction of the instruments it could apply to."""
        return len(self.symbols) / self.base

    @property
    def rarity(self) -> float:
        """Fraction of past sessions that showed it as widely; 1 where there is no past."""
        return self.matched / self.past if self.past else 1.0

    @property
    def weight(self) -> float:
        """Bits of surprise, ``-log2((matched + 1) / (past + 1))``, times the share.

        What is rare counts, and what is broad counts; adding one keeps "never before" finite.
        """
        return math.log2((self.past + 1) / (self.matched + 1)) * self.share


def find_shared(
    today: dict[str, Story], fuzzy: FuzzyWindow, settings: IntelligenceSettings
) -> list[Shared]:
    """Return shared conditions, the weightiest first, one per subject."""
    told = _told(today)
    found = [
        *_from_codes("state", told, _state_codes(fuzzy), fuzzy, settings),
        *_from_codes("movement", told, _movement_codes(fuzzy), fuzzy, settings),
        *_from_paths(told, fuzzy, settings),
        *_from_patterns(told, fuzzy, settings),
    ]
    found.sort(key=lambda s: -s.weight)
    best: dict[str, Shared] = {}
    for one in found:
        best.setdefault(one.subject, one)
    return list(best.values())


Told = dict[tuple[str, str], dict[str, str]]
"""Per (kind, subject): what each symbol's story says."""


def _told(today: dict[str, Story]) -> Told:
    told: Told = {}
    for symbol, story in today.items():
        for claim in story.claims:
            said = claim.statement
            told.setdefault((said.kind, said.subject), {})[symbol] = said.value
    return told


def _state_codes(fuzzy: FuzzyWindow) -> dict[str, np.ndarray]:
    """Return the strongest state per own series, shape (T, N); NaN where absent."""
    codes = {}
    for name in fuzzy.memberships.fields:
        if SERIES[name].panel != "market":
            degrees = fuzzy.memberships.field(name)
            absent = np.isnan(degrees[..., 0])
            codes[name] = np.where(absent, np.nan, np.nan_to_num(degrees).argmax(axis=-1))
    return codes


def _movement_codes(fuzzy: FuzzyWindow) -> dict[str, np.ndarray]:
    return {
        name: fuzzy.movements.field(name)[..., 0] + 2
        for name in fuzzy.movements.fields
        if SERIES[name].panel != "market"
    }


def _from_codes(
    kind: str,
    told: Told,
    series: dict[str, np.ndarray],
    fuzzy: FuzzyWindow,
    settings: IntelligenceSettings,
) -> list[Shared]:
    """Look at every set of codes that stories speak of.

    Stories may tell a series only at its extremes; then only the extremes are counted, so that
    what is claimed and what is compared are the same thing.
    """
    found = []
    for name, codes in series.items():
        said = {
            symbol: STATES.index(value) if kind == "state" else int(value) + 2
            for symbol, value in told.get((kind, name), {}).items()
        }
        for wanted in CODES:
            phrase = PHRASES.get((kind, name, wanted))
            inner = wanted - {0, 4}
            if phrase is None or (inner and not inner & set(said.values())):
                continue
            symbols = tuple(s for s, code in said.items() if code in wanted)
            extreme = sum(said[s] in (0, 4) for s in symbols)
            met = np.where(np.isnan(codes), np.nan, np.isin(codes, list(wanted)))
            whole = bool(phrase.extreme) and 0 < extreme < len(symbols)
            found += _hold(
                name if kind == "state" else f"{name} today",
                FAMILY[name],
                phrase,
                symbols,
                int(np.isfinite(codes[-1]).sum()),
                _share_by_session(met, settings),
                settings,
                extreme=extreme if whole else 0,
            )
    return found


def _from_paths(told: Told, fuzzy: FuzzyWindow, settings: IntelligenceSettings) -> list[Shared]:
    """Look at the path that most stories tell, against each past session's commonest path.

    Comparing with the past of the same path would make any path look rare: there are 125, and
    this one was picked because it is common today.
    """
    said = told.get(("path", "price"), {})
    if not said:
        return []
    path, _ = max(Counter(said.values()).items(), key=lambda item: (item[1], item[0]))
    first, second, third = (int(step) for step in path.split(","))
    walked = fuzzy.movements.field("price")[..., 1:]
    known = np.isfinite(walked).all(axis=-1)
    number = np.where(known, (np.nan_to_num(walked) + 2) @ np.array([25.0, 5.0, 1.0]), 125)
    rows = np.arange(len(number))[:, None] * 126
    counts = np.bincount((rows + number.astype(int)).ravel(), minlength=len(number) * 126)
    commonest = counts.reshape(-1, 126)[:, :125].max(axis=1)
    present = known.sum(axis=1)
    enough = present >= settings.smallest_count
    return _hold(
        "path",
        "direction",
        path_phrase((first, second, third)),
        tuple(s for s, value in said.items() if value == path),
        int(present[-1]),
        np.where(enough, commonest / np.maximum(present, 1), np.nan),
        settings,
        as_many="as many on one path",
    )


def _from_patterns(told: Told, fuzzy: FuzzyWindow, settings: IntelligenceSettings) -> list[Shared]:
    """Look at every pattern; like a story, a session names only its best match."""
    strengths = np.nan_to_num(fuzzy.patterns.values)
    best = np.where(strengths.max(axis=-1) > 0, strengths.argmax(axis=-1), -1)
    matched = np.take_along_axis(strengths, np.maximum(best, 0)[..., None], axis=-1)[..., 0]
    found = []
    for (kind, name), said in told.items():
        if kind != "pattern":
            continue
        column = fuzzy.patterns.index_of("fields", name)
        rows = [fuzzy.patterns.index_of("symbols", s) for s in said]
        faintest = strengths[-1, rows, column].min()
        met = ((best == column) & (matched >= faintest)).astype(float)
        phrase = pattern_phrase(name)
        found += _hold(
            name,
            "pattern",
            phrase,
            tuple(said),
            met.shape[1],
            _share_by_session(met, settings),
            settings,
        )
    return found


def _share_by_session(met: np.ndarray, settings: IntelligenceSettings) -> np.ndarray:
    """Return the share of instruments that meet a condition, shape (T,).

    ``met`` has shape (T, N): 1 where the condition holds, 0 where not, NaN where absent. NaN on
    sessions on which it applies to too few.
    """
    present = np.isfinite(met).sum(axis=1)
    return np.where(
        present >= settings.smallest_count, np.nansum(met, axis=1) / np.maximum(present, 1), np.nan
    )


def _hold(
    subject: str,
    family: str,
    phrase: Phrase,
    symbols: tuple[str, ...],
    base: int,
    shares: np.ndarray,
    settings: IntelligenceSettings,
    *,
    extreme: int = 0,
    as_many: str = "as many",
) -> list[Shared]:
    """Hold today's share against ``shares`` of all sessions; empty where too few share it."""
    if len(symbols) < settings.smallest_count or len(symbols) < settings.smallest_share * base:
        return []
    past = shares[-1 - settings.comparison_sessions : -1]
    past = past[np.isfinite(past)]
    share = len(symbols) / base
    return [
        Shared(
            subject=subject,
            family=family,
            phrase=phrase,
            symbols=symbols,
            extreme=extreme,
            base=base,
            matched=int((past >= share - 1e-12).sum()),
            past=int(past.size),
            as_many=as_many,
        )
    ]

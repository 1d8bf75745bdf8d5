"""The tone of a statement: whether it speaks for a higher price, a lower one, or neither.

Used for connectives (contrast only where tones part) and to weigh what a continuation says.
The signs are conventions of technical analysis, not measured effects; what they are worth is
for the evaluation to say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from foundation.contracts import STATES, Statement
from foundation.language.event_phrases import EVENT_NAMES

_STATE_SIGN: dict[str, int] = {
    "price": 1,
    "trend": 1,
    "breadth": 1,
    "momentum": 1,
    "volatility": -1,
    "market volatility": -1,
    "credit spread": -1,
    "risk appetite": 1,
}
_PATTERN_TONE: dict[str, float] = {
    "bullish reversal": 1.0,
    "bearish reversal": -1.0,
    "momentum continuation": 1.0,
    "downward continuation": -1.0,
    "bearish breakdown": -1.0,
    "bullish lift-off": 1.0,
    "capitulation": -1.0,
    "melt-up": 1.0,
    "relief rally": 0.5,
    "breakout": 1.0,
    "breakdown": -1.0,
    "yearly high": 0.5,
    "yearly low": -0.5,
    "golden cross": 0.5,
    "death cross": -0.5,
    "squeeze": 0.0,
    "head and shoulders": -1.0,
    "inverse head and shoulders": 1.0,
    "triple top": -1.0,
    "triple bottom": 1.0,
    "double top": -1.0,
    "double bottom": 1.0,
    "rounding bottom": 0.5,
    "rounding top": -0.5,
    "bullish island": 1.0,
    "bearish island": -1.0,
    "bull flag": 1.0,
    "bear flag": -1.0,
    "bull pennant": 1.0,
    "bear pennant": -1.0,
    "yearly breakout": 1.0,
    "yearly breakdown": -1.0,
    "long-term average reclaimed": 0.5,
    "long-term average lost": -0.5,
    "bull trap": -1.0,
    "bear trap": 1.0,
    "upside release": 1.0,
    "downside release": -1.0,
    "quarterly breakout": 1.0,
    "quarterly breakdown": -1.0,
    "bounce off the average": 0.5,
    "rejection at the average": -0.5,
    "bullish average cross": 0.5,
    "bearish average cross": -0.5,
    "buying exhaustion": -0.5,
    "selling exhaustion": 0.5,
    "rising channel": 0.5,
    "falling channel": -0.5,
    "rising wedge": -0.5,
    "falling wedge": 0.5,
    "ascending triangle": 0.5,
    "descending triangle": -0.5,
    "symmetrical triangle": 0.0,
    "rectangle": 0.0,
    "broadening formation": 0.0,
    "v-shaped recovery": 1.0,
    "inverted v": -1.0,
    "failing rally": -0.5,
    "consolidation after a surge": 0.5,
    "consolidation after a plunge": -0.5,
    "accelerating rise": 1.0,
    "accelerating decline": -1.0,
    "fading rise": 0.0,
    "fading decline": 0.0,
    "gap up": 0.5,
    "gap down": -0.5,
    "hammer": 0.5,
    "shooting star": -0.5,
    "bullish outside bar": 0.5,
    "bearish outside bar": -0.5,
    "inside bar": 0.0,
    "narrow range": 0.0,
}
_WORD_TONE: dict[tuple[str, str], float] = {
    ("tilt", "up"): 1.0,
    ("tilt", "down"): -1.0,
    ("odds", "likely"): 0.25,
    ("odds", "unlikely"): -0.25,
    ("regime", "volatile"): -0.5,
    ("range", "wide"): -0.5,
    ("range", "narrow"): 0.5,
}
_TENSION_TONE: dict[str, float] = {
    "sharp fall in a firm trend": -0.5,
    "sharp rise in a weak trend": 0.5,
    "heavy volume in a narrow market": -0.5,
    "sharp move in a calm instrument": -0.5,
    "tight band in a restless instrument": 0.0,
    "rise on thin volume": -0.5,
    "fall on heavy volume": -0.5,
    "rise against narrow breadth": -0.5,
    "strong trend and weak momentum": -0.5,
    "weak trend and strong momentum": 0.5,
    "calm instrument in a fearful market": -0.5,
    "restless instrument in a calm market": -0.5,
}


_EVENT_TONE: dict[str, float] = {
    "surprise: well below": -1.0,
    "surprise: below": -0.5,
    "surprise: above": 0.5,
    "surprise: well above": 1.0,
    "trend: improving": 0.25,
    "trend: worsening": -0.25,
    "since: today": -0.25,
    "against price: favourable": -0.5,
    "against price: unfavourable": 0.5,
}
_NEWS_TONE: dict[str, float] = {
    "unfavourable": -1.0,
    "mostly unfavourable": -0.5,
    "mostly favourable": 0.5,
    "favourable": 1.0,
}


_RELATIVE_TONE: dict[str, float] = {
    "far behind": -0.5,
    "behind": -0.25,
    "ahead": 0.25,
    "far ahead": 0.5,
}
_MEMBERS_TONE: dict[str, float] = {
    "hardly any": -1.0,
    "few": -0.5,
    "most": 0.5,
    "nearly all": 1.0,
}
_CHECK_TONE: dict[tuple[str, str], float] = {
    ("support", "broken"): -1.0,
    ("resistance", "broken"): 1.0,
    ("support", "tested"): 0.5,
    ("resistance", "tested"): -0.5,
}


def _shift_tone(said: Statement) -> float:
    old, new = (STATES.index(state) for state in said.value.split(" > "))
    return _STATE_SIGN.get(said.subject, 0) * (new - old) / 4


_FURTHER: dict[str, Callable[[Statement], float]] = {
    # A record or streak says again, and stronger, what the move before it said.
    **dict.fromkeys(("record", "streak", "course", "contradiction"), lambda said: 0.0),
    "span": lambda said: int(said.value.split(": ")[1]) / 2,
    "shift": _shift_tone,
    "relative": lambda said: _RELATIVE_TONE.get(said.value, 0.0),
    "members": lambda said: _MEMBERS_TONE.get(said.value, 0.0),
    "break": lambda said: _CHECK_TONE[said.subject, said.value],
    "occasion": lambda said: 1.0 if said.value == "up" else -1.0,
    "eve": lambda said: _STATE_SIGN.get(said.subject, 0) * (STATES.index(said.value) - 2) / 2,
}


def _event_tone(said: Statement) -> float:
    """A release has none: whether more of it is good is for nobody here to say."""
    aspect, value = said.value.split(": ")
    if aspect == "flow":
        return _NEWS_TONE.get(value.split(", ")[1], 0.0)
    if said.subject in EVENT_NAMES or (aspect == "since" and said.subject != "halt"):
        return 0.0
    return _EVENT_TONE.get(said.value, 0.0)


@cache
def tone(said: Statement) -> float:
    """Return the tone in [-1, 1]: positive speaks for a higher price. 0 means neither."""
    if said.kind == "state":
        return _STATE_SIGN.get(said.subject, 0) * (STATES.index(said.value) - 2) / 2
    if said.kind == "movement":
        return _STATE_SIGN.get(said.subject, 0) * int(said.value) / 2
    if said.kind == "path":
        early, middle, late = (int(m) for m in said.value.split(","))
        return (early + 2 * middle + 3 * late) / 12
    if said.kind == "pattern":
        strength = {"partial": 0.5, "clear": 0.75, "textbook": 1.0}[said.hedge]
        return _PATTERN_TONE[said.subject] * strength
    if said.kind == "tension":
        return _TENSION_TONE[said.value]
    if said.kind in _FURTHER:
        return _FURTHER[said.kind](said)
    if said.kind == "event":
        return _event_tone(said)
    return _WORD_TONE.get((said.kind, said.value), 0.0)

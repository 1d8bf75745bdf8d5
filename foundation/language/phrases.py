"""What every statement sounds like: plain tables, no logic.

Rules that keep the language readable both ways: within one subject no phrase serves two
meanings; no phrase holds a sentence end, a semicolon, a parenthesis or one of the connectives
of ``grammar.CONNECTIVES``; a phrase names no instrument, date or absolute level.
"""

from __future__ import annotations

# Subject noun phrases. Plural ones take "are" and "were".
NOUNS: dict[str, tuple[str, ...]] = {
    "price": ("the price",),
    "trend": ("the trend",),
    "volume": ("volume", "turnover"),
    "breadth": ("market breadth", "breadth"),
    "momentum": ("momentum",),
    "trend strength": ("directional strength",),
    "band width": ("the trading band", "the band around the price"),
    "volatility": ("realised volatility", "day-to-day volatility"),
    "market volatility": ("implied market volatility", "the fear gauge"),
    "credit spread": ("credit spreads",),
    "oil": ("oil", "crude oil"),
    "risk appetite": ("risk appetite", "the appetite for risk"),
}
PLURAL: frozenset[str] = frozenset({"credit spread"})

# Predicates of the five states, lowest first; alternatives within a state mean the same. States
# are graded against a series' own past quarter, and the words say so: "unusually", "than of late".
# A pair is (short, full): the short form is used where another word follows or precedes.
Word = tuple[str, str]


def _same(*words: str) -> tuple[Word, ...]:
    return tuple((word, word) for word in words)


def _ending(ending: str, *words: str) -> tuple[Word, ...]:
    return tuple((word, f"{word} {ending}") for word in words)


STATE_WORDS: dict[str, tuple[tuple[Word, ...], ...]] = {
    "price": tuple(
        _ending("its quarterly mean", word)
        for word in ("far below", "below", "close to", "above", "far above")
    ),
    "trend": (
        _ending("than of late", "far weaker", "much softer"),
        _ending("than of late", "weaker", "softer"),
        _same("steady", "much as it was"),
        _ending("than of late", "firmer", "stronger"),
        _ending("than of late", "far firmer", "much stronger"),
    ),
    "volume": tuple(
        _same(*words)
        for words in (
            ("very thin", "exceptionally light"),
            ("light", "below normal"),
            ("normal", "about average"),
            ("heavy", "above normal"),
            ("very heavy", "exceptionally high"),
        )
    ),
    "breadth": tuple(
        _same(*words)
        for words in (
            ("unusually narrow", "exceptionally poor"),
            ("rather narrow", "rather poor"),
            ("ordinary", "mixed"),
            ("rather broad", "rather good"),
            ("unusually broad", "exceptionally good"),
        )
    ),
    "momentum": tuple(
        _same(*words)
        for words in (
            ("unusually weak", "washed out"),
            ("rather weak", "soft"),
            ("ordinary", "balanced"),
            ("rather strong", "lively"),
            ("unusually strong", "stretched"),
        )
    ),
    "trend strength": tuple(
        _same(*words)
        for words in (
            ("unusually faint", "all but absent"),
            ("rather faint", "slight"),
            ("ordinary", "moderate"),
            ("rather clear", "marked"),
            ("unusually clear", "overwhelming"),
        )
    ),
    "band width": tuple(
        _same(*words)
        for words in (
            ("very tight", "squeezed"),
            ("tight", "narrow"),
            ("of normal width", "neither tight nor wide"),
            ("wide", "roomy"),
            ("very wide", "blown open"),
        )
    ),
    "volatility": tuple(
        _same(*words)
        for words in (
            ("unusually low", "exceptionally calm"),
            ("rather low", "subdued"),
            ("ordinary", "unremarkable"),
            ("rather high", "elevated"),
            ("unusually high", "exceptionally rough"),
        )
    ),
    "market volatility": tuple(
        _same(*words)
        for words in (
            ("unusually low", "exceptionally low"),
            ("rather low", "subdued"),
            ("ordinary", "unremarkable"),
            ("rather high", "elevated"),
            ("unusually high", "exceptionally high"),
        )
    ),
    "credit spread": (
        _same("unusually tight"),
        _ending("than of late", "tighter"),
        _same("ordinary"),
        _ending("than of late", "wider"),
        _same("unusually wide"),
    ),
    "oil": (
        _same("unusually cheap"),
        _ending("than of late", "cheaper"),
        _same("ordinary in price"),
        _ending("than of late", "dearer"),
        _same("unusually dear"),
    ),
    "risk appetite": tuple(
        _same(*words)
        for words in (
            ("very low", "all but gone"),
            ("low", "below normal"),
            ("ordinary", "neither low nor high"),
            ("high", "above normal"),
            ("very high", "exceptionally keen"),
        )
    ),
}

LINKS: tuple[str, ...] = ("is", "looks")
LINKS_PLURAL: tuple[str, ...] = ("are", "look")

# Membership 0.65-0.85 shades into the neighbour; 0.5-0.65 lies between the two.
LEANING: tuple[str, ...] = ("{a}, edging towards {b}", "{a}, verging on {b}")
BETWEEN: tuple[str, ...] = ("{a} to {b}", "between {a} and {b}")

# Verbs of the five movements, sharpest fall first.
PRICE_VERBS: dict[int, tuple[str, ...]] = {
    -2: ("plunged", "fell sharply", "sold off hard"),
    -1: ("slipped", "fell", "lost ground"),
    0: ("held steady", "was little changed", "went nowhere"),
    1: ("rose", "gained ground", "moved higher"),
    2: ("surged", "rose sharply", "jumped"),
}
QUANTITY_VERBS: dict[int, tuple[str, ...]] = {
    -2: ("collapsed", "fell sharply"),
    -1: ("eased", "fell back"),
    0: ("held level", "barely changed"),
    1: ("picked up", "climbed"),
    2: ("leapt", "spiked"),
}
TODAY: tuple[str, ...] = ("today", "on the day", "this session")

# Paths over three overlapping segments, told by their shape.
PATH_OPENINGS: tuple[str, ...] = ("over the past two weeks it", "over the fortnight it")
PATH_SHAPES: dict[str, tuple[str, ...]] = {
    "aaa": ("{a} throughout", "{a} all the way through"),
    "aab": ("{a} for the most part before it {b}",),
    "abb": ("{a} at first, then {b}",),
    "abc": ("{a}, then {b}, then {c}", "first {a}, next {b} and finally {c}"),
}

PATTERNS: dict[str, str] = {
    "bullish reversal": "a bullish reversal",
    "bearish reversal": "a bearish reversal",
    "momentum continuation": "a momentum continuation",
    "downward continuation": "a downward continuation",
    "bearish breakdown": "a bearish breakdown",
    "bullish lift-off": "a bullish lift-off",
    "capitulation": "a capitulation",
    "melt-up": "a melt-up",
    "relief rally": "a relief rally",
    "breakout": "a breakout above the monthly range",
    "breakdown": "a breakdown below the monthly range",
    "yearly high": "a run at the yearly high",
    "yearly low": "a slide to the yearly low",
    "golden cross": "a golden cross",
    "death cross": "a death cross",
    "squeeze": "a volatility squeeze",
    "head and shoulders": "a head and shoulders top",
    "inverse head and shoulders": "an inverse head and shoulders",
    "triple top": "a triple top",
    "triple bottom": "a triple bottom",
    "double top": "a double top",
    "double bottom": "a double bottom",
    "rounding bottom": "a rounding bottom",
    "rounding top": "a rounding top",
    "bullish island": "a bullish island reversal",
    "bearish island": "a bearish island reversal",
    "bull flag": "a bull flag",
    "bear flag": "a bear flag",
    "bull pennant": "a bull pennant",
    "bear pennant": "a bear pennant",
    "yearly breakout": "a breakout to a new yearly high",
    "yearly breakdown": "a breakdown to a new yearly low",
    "long-term average reclaimed": "a return above the long-term average",
    "long-term average lost": "a fall back below the long-term average",
    "bull trap": "a bull trap",
    "bear trap": "a bear trap",
    "upside release": "an upside release from a squeeze",
    "downside release": "a downside release from a squeeze",
    "quarterly breakout": "a breakout above the quarterly range",
    "quarterly breakdown": "a breakdown below the quarterly range",
    "bounce off the average": "a bounce off the medium-term average",
    "rejection at the average": "a rejection at the medium-term average",
    "bullish average cross": "a bullish crossing of the short-term average",
    "bearish average cross": "a bearish crossing of the short-term average",
    "buying exhaustion": "an exhausted advance",
    "selling exhaustion": "an exhausted decline",
    "rising channel": "a rising channel",
    "falling channel": "a falling channel",
    "rising wedge": "a rising wedge",
    "falling wedge": "a falling wedge",
    "ascending triangle": "an ascending triangle",
    "descending triangle": "a descending triangle",
    "symmetrical triangle": "a symmetrical triangle",
    "rectangle": "a sideways trading range",
    "broadening formation": "a broadening formation",
    "v-shaped recovery": "a v-shaped recovery",
    "inverted v": "an inverted v",
    "failing rally": "a failing rally",
    "consolidation after a surge": "a consolidation after a surge",
    "consolidation after a plunge": "a consolidation after a plunge",
    "accelerating rise": "an accelerating rise",
    "accelerating decline": "an accelerating decline",
    "fading rise": "a fading rise",
    "fading decline": "a fading decline",
    "gap up": "an upward gap",
    "gap down": "a downward gap",
    "hammer": "a hammer",
    "shooting star": "a shooting star",
    "bullish outside bar": "a bullish outside day",
    "bearish outside bar": "a bearish outside day",
    "inside bar": "an inside day",
    "narrow range": "an unusually narrow day",
}
PATTERN_STRENGTH: dict[str, tuple[str, ...]] = {
    "partial": ("{p} is partly in place", "there are hints of {p}"),
    "clear": ("{p} is in place", "the chart shows {p}"),
    "textbook": ("{p} is in place as in a textbook", "the chart shows {p} in its purest form"),
}

LEVEL_SIDES: dict[str, tuple[str, ...]] = {
    "support": ("support", "the recent floor"),
    "resistance": ("resistance", "the recent ceiling"),
}
LEVEL_BANDS: dict[str, tuple[str, ...]] = {
    "at": ("is being tested", "is right at hand"),
    "near": ("lies within a day's range", "is close by"),
    "within reach": ("is a few days' range away", "is within reach"),
    "far": ("is far off", "is out of sight for now"),
}

REGIME_WORDS: dict[str, tuple[str, ...]] = {
    "trending": ("trending",),
    "mean-reverting": ("mean-reverting",),
    "choppy": ("choppy",),
    "volatile": ("volatile",),
}
REGIME_HEDGES: dict[str, tuple[str, ...]] = {
    "clear": ("the regime is {r}", "conditions are {r}"),
    "probable": ("the regime is probably {r}", "conditions lean towards {r}"),
}
RANGE_BANDS: dict[str, tuple[str, ...]] = {
    "narrow": ("the model expects a narrow week", "the expected range for the week is narrow"),
    "normal": ("the model expects an ordinary week", "the expected range for the week is ordinary"),
    "wide": ("the model expects a wide week", "the expected range for the week is wide"),
}
TILTS: dict[str, tuple[str, ...]] = {
    "down": ("its central path points down", "the quantitative view tilts lower"),
    "flat": ("its central path is flat", "the quantitative view has no tilt"),
    "up": ("its central path points up", "the quantitative view tilts higher"),
}
ODDS_BANDS: dict[str, tuple[str, ...]] = {
    "unlikely": (
        "the target is unlikely to be reached within the week",
        "the week will hardly be long enough for the target",
    ),
    "possible": (
        "the target may be reached within the week",
        "the target is within the week's possibilities",
    ),
    "likely": (
        "the target is likely to be reached within the week",
        "the week should be long enough for the target",
    ),
}

ABSENCES: dict[str, tuple[str, ...]] = {
    "volume": ("volume is not reported here", "there is no volume to go by"),
    "events": ("no scheduled release is on record", "the calendar holds no known release"),
    "market volatility": ("no fear gauge is on record",),
    "quantitative context": ("the quantitative model has too little history to speak",),
}

TENSIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("participation", "rise on thin volume"): (
        "few took part in the rise",
        "the rise came without much trade behind it",
    ),
    ("participation", "fall on heavy volume"): (
        "the selling had weight behind it",
        "sellers were out in force",
    ),
    ("participation", "rise against narrow breadth"): (
        "the rise was not shared by the wider market",
    ),
    ("momentum", "strong trend and weak momentum"): (
        "momentum no longer confirms the trend",
        "the trend is losing its push",
    ),
    ("momentum", "weak trend and strong momentum"): ("momentum is turning before the trend does",),
    ("risk", "calm instrument in a fearful market"): (
        "the calm stands at odds with a nervous market",
    ),
    ("risk", "restless instrument in a calm market"): (
        "the unrest is its own rather than the market's",
    ),
}

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
    "volatility": ("realised volatility", "the instrument's own volatility"),
    "market volatility": ("implied market volatility", "the market's fear gauge"),
    "credit spread": ("credit spreads",),
    "oil": ("oil", "crude oil"),
}
PLURAL: frozenset[str] = frozenset({"credit spread"})

# Predicates of the five states, lowest first; alternatives within a state mean the same.
STATE_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "price": (
        ("far below its quarterly mean",),
        ("below its quarterly mean",),
        ("close to its quarterly mean",),
        ("above its quarterly mean",),
        ("far above its quarterly mean",),
    ),
    "trend": (
        ("very weak", "deeply negative for this stretch"),
        ("weak", "soft"),
        ("middling", "neither strong nor weak"),
        ("firm", "solid"),
        ("very strong", "as strong as it gets"),
    ),
    "volume": (
        ("very thin", "exceptionally light"),
        ("light", "below normal"),
        ("normal", "about average"),
        ("heavy", "above normal"),
        ("very heavy", "exceptionally high"),
    ),
    "breadth": (
        ("very narrow", "extremely poor"),
        ("narrow", "poor"),
        ("middling", "mixed"),
        ("broad", "good"),
        ("very broad", "excellent"),
    ),
    "momentum": (
        ("very weak", "washed out"),
        ("weak", "soft"),
        ("neutral", "balanced"),
        ("strong", "positive"),
        ("very strong", "stretched"),
    ),
    "trend strength": (
        ("very faint", "all but absent"),
        ("faint", "slight"),
        ("moderate",),
        ("pronounced", "clear"),
        ("very pronounced", "overwhelming"),
    ),
    "band width": (
        ("very tight", "squeezed"),
        ("tight", "narrow"),
        ("of normal width",),
        ("wide", "stretched"),
        ("very wide", "blown open"),
    ),
    "volatility": (
        ("very low", "unusually calm"),
        ("low", "subdued"),
        ("ordinary", "unremarkable"),
        ("high", "elevated"),
        ("very high", "extreme for the season"),
    ),
    "market volatility": (
        ("very low", "asleep"),
        ("low", "calm"),
        ("ordinary", "unremarkable"),
        ("high", "elevated"),
        ("very high", "alarmed"),
    ),
    "credit spread": (
        ("very tight", "exceptionally narrow"),
        ("tight", "narrow"),
        ("ordinary", "unremarkable"),
        ("wide", "strained"),
        ("very wide", "under real strain"),
    ),
    "oil": (
        ("very cheap", "at depressed levels"),
        ("cheap", "low"),
        ("ordinarily priced",),
        ("dear", "high"),
        ("very dear", "at elevated levels"),
    ),
}

LINKS: tuple[str, ...] = ("is", "remains", "looks")
LINKS_PLURAL: tuple[str, ...] = ("are", "remain", "look")

# Membership 0.65-0.85 shades into the neighbour; 0.5-0.65 lies between the two.
LEANING: tuple[str, ...] = ("{a} bordering on {b}", "{a} shading into {b}")
BETWEEN: tuple[str, ...] = ("somewhere between {a} and {b}", "on the line from {a} to {b}")

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
}
PATTERN_STRENGTH: dict[str, tuple[str, ...]] = {
    "partial": ("{p} is partly in place", "there are hints of {p}"),
    "clear": ("{p} is in place", "the chart shows {p}"),
    "textbook": ("{p} is in place as in a textbook", "the chart shows {p} in its purest form"),
}

EVENT_NAMES: dict[str, str] = {"core inflation": "core inflation"}
EVENT_SINCE: dict[str, tuple[str, ...]] = {
    "today": ("{e} was published today",),
    "days ago": ("{e} was published in the past few days",),
    "weeks ago": ("{e} was last published more than a week ago",),
}
EVENT_UNTIL: dict[str, tuple[str, ...]] = {
    "tomorrow": ("the next {e} report is due tomorrow",),
    "days ahead": ("the next {e} report is days away",),
    "weeks ahead": ("the next {e} report is more than a week away",),
}
EVENT_SURPRISE: dict[str, tuple[str, ...]] = {
    "well below": ("the last {e} figure fell well short of the one before",),
    "below": ("the last {e} figure came in below the one before",),
    "in line": ("the last {e} figure matched the one before",),
    "above": ("the last {e} figure came in above the one before",),
    "well above": ("the last {e} figure ran well above the one before",),
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
    "poor": ("the odds of reaching the target before the stop are poor",),
    "even": ("the odds of reaching the target before the stop are about even",),
    "good": ("the odds of reaching the target before the stop are good",),
}

ABSENCES: dict[str, tuple[str, ...]] = {
    "volume": ("volume is not reported here", "there is no volume to go by"),
    "events": ("no scheduled release is on record", "the calendar holds no known release"),
    "market volatility": ("no fear gauge is on record",),
    "quantitative context": ("the quantitative model has too little history to speak",),
}

TENSIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("participation", "rise on thin volume"): (
        "few took part in the rise", "the rise came without much trade behind it",
    ),
    ("participation", "fall on heavy volume"): (
        "the selling had weight behind it", "sellers were out in force",
    ),
    ("participation", "rise against narrow breadth"): (
        "the rise was not shared by the wider market",
    ),
    ("momentum", "strong trend and weak momentum"): (
        "momentum no longer confirms the trend", "the trend is losing its push",
    ),
    ("momentum", "weak trend and strong momentum"): (
        "momentum is turning before the trend does",
    ),
    ("risk", "calm instrument in a fearful market"): (
        "the calm stands at odds with a nervous market",
    ),
    ("risk", "restless instrument in a calm market"): (
        "the unrest is its own rather than the market's",
    ),
}

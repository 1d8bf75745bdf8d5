"""What every statement sounds like: plain tables, no logic.

Rules that keep the language readable both ways: within one subject no phrase serves two
meanings; no phrase holds a sentence end, a semicolon, a parenthesis or one of the connectives
of ``grammar.CONNECTIVES``; a phrase names no instrument, date or absolute level.
"""

from __future__ import annotations

# Subject noun phrases. Plural ones take "are".
NOUNS: dict[str, tuple[str, ...]] = {
    "price": ("the price",),
    "trend": ("the trend", "the medium-term trend"),
    "volume": ("volume", "turnover"),
    "breadth": ("market breadth", "breadth"),
    "momentum": ("momentum", "price momentum"),
    "trend strength": ("directional strength", "the strength of direction"),
    "band width": ("the trading band", "the band around the price"),
    "volatility": ("realised volatility", "day-to-day volatility"),
    "market volatility": ("implied market volatility", "the fear gauge"),
    "credit spread": ("credit spreads", "corporate bond spreads"),
    "oil": ("oil", "crude oil"),
    "risk appetite": ("risk appetite", "the appetite for risk"),
}
REFERENCES: dict[str, str] = {
    "index": "the index",
    "equity": "the stock",
    "etf": "the fund",
    "future": "the contract",
}
"""What "the price" is called in a reading rendering once the instrument has been named."""
PLURAL: frozenset[str] = frozenset({"credit spread"})

LINK, LINK_PLURAL = "is", "are"

# Verbs of the five movements, sharpest fall first.
PRICE_VERBS: dict[int, tuple[str, ...]] = {
    -2: ("plunged", "fell sharply", "sold off hard", "tumbled"),
    -1: ("slipped", "fell", "lost ground", "moved lower"),
    0: ("held steady", "was little changed", "went nowhere", "ended about where it began"),
    1: ("rose", "gained ground", "moved higher", "advanced"),
    2: ("surged", "rose sharply", "jumped", "leapt"),
}
QUANTITY_VERBS: dict[int, tuple[str, ...]] = {
    -2: ("collapsed", "fell sharply"),
    -1: ("eased", "fell back"),
    0: ("held level", "barely changed"),
    1: ("picked up", "climbed"),
    2: ("leapt", "spiked"),
}
TODAY: tuple[str, ...] = ("today", "on the day", "this session")

# The price's path over three overlapping segments: what it was doing, and what it has done.
DOING: dict[int, tuple[str, ...]] = {
    -2: ("falling hard", "selling off"),
    -1: ("slipping", "losing ground"),
    0: ("moving sideways", "treading water"),
    1: ("rising", "gaining ground"),
    2: ("rallying hard", "surging"),
}
DONE: dict[int, tuple[str, ...]] = {
    -2: ("tumbled", "fallen sharply"),
    -1: ("slipped", "lost ground"),
    0: ("steadied", "levelled off"),
    1: ("risen", "gained ground"),
    2: ("surged", "rallied hard"),
}
# {a}, {b}, {c}: doing so early, in the middle and of late; {B}, {C}: has done so.
PATH_SHAPES: dict[str, tuple[str, ...]] = {
    "aaa": (
        "on balance it has been {a} for two weeks",
        "it has spent the past two weeks {a}",
        "for a fortnight it has been {a} on balance",
        "two weeks of {a} lie behind it",
    ),
    "aab": (
        "after {a} for more than a week it has {C} over the past five days",
        "it was {a} well into last week and has {C} since",
        "having spent the better part of two weeks {a} it has lately {C}",
        "over the past week it has {C} after {a} before that",
    ),
    "abb": (
        "it was {a} two weeks ago and has {B} since",
        "two weeks ago it was still {a} and it has since {B}",
        "it has {B} since it was {a} two weeks ago",
        "for more than a week now it has {B} after {a} before that",
    ),
    "aba": (
        "it was {a} two weeks ago, {b} a week ago and has {C} again since",
        "over the past week it has {C} again after a spell of {b}",
        "a spell of {b} aside it has been {a} for two weeks",
        "it has {C} once more after {b} a week ago",
    ),
    "abc": (
        "it was {a} two weeks ago, {b} a week ago and has {C} since",
        "within two weeks it has gone from {a} to {b} to {c}",
        "two weeks ago it was {a}, then {b} and over the past week it has {C}",
        "from {a} two weeks ago it went over to {b} and has lately {C}",
    ),
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
    "partial": (
        "{p} is partly in place",
        "there are hints of {p}",
        "{p} may be in the making",
        "the chart hints at {p}",
    ),
    "clear": (
        "{p} is in place",
        "the chart shows {p}",
        "{p} can be made out",
        "the bars amount to {p}",
    ),
    "textbook": (
        "{p} is in place as in a textbook",
        "the chart shows {p} in its purest form",
        "{p} stands out from the bars",
        "the chart leaves no doubt of {p}",
    ),
}

LEVEL_SIDES: dict[str, tuple[str, ...]] = {
    "support": ("support", "the recent floor"),
    "resistance": ("resistance", "the recent ceiling"),
}
LEVEL_BANDS: dict[str, tuple[str, ...]] = {
    "at": ("is being tested", "is right at hand", "is under test", "is only a step away"),
    "near": (
        "lies within a day's range",
        "is close by",
        "could be met in a single session",
        "is not far",
    ),
    "within reach": (
        "is a few days' range away",
        "is within reach",
        "could be met within the week",
        "lies some sessions off",
    ),
    "far": (
        "is far off",
        "is out of sight for now",
        "lies at a distance",
        "plays no part for now",
    ),
}

REGIME_WORDS: dict[str, tuple[str, ...]] = {
    "trending": ("trending",),
    "mean-reverting": ("mean-reverting",),
    "choppy": ("choppy",),
    "volatile": ("volatile",),
}
REGIME_HEDGES: dict[str, tuple[str, ...]] = {
    "clear": (
        "the regime is {r}",
        "conditions are {r}",
        "the market reads as {r}",
        "this is a {r} market",
    ),
    "probable": (
        "the regime is probably {r}",
        "conditions lean towards {r}",
        "the market reads as more {r} than not",
        "a {r} market is the likeliest reading",
    ),
    "passing": (
        "the regime may be turning from {r}",
        "conditions are no longer plainly {r}",
        "the market may be leaving its {r} spell",
        "the {r} spell may be drawing to a close",
    ),
}
RANGE_BANDS: dict[str, tuple[str, ...]] = {
    "narrow": (
        "the model expects a narrow week",
        "the expected range for the week is narrow",
        "the model allows little room for the week",
        "the range ahead looks small",
    ),
    "normal": (
        "the model expects an ordinary week",
        "the expected range for the week is ordinary",
        "the model allows the usual room for the week",
        "the range ahead looks normal",
    ),
    "wide": (
        "the model expects a wide week",
        "the expected range for the week is wide",
        "the model allows much room for the week",
        "the range ahead looks large",
    ),
}
TILTS: dict[str, tuple[str, ...]] = {
    "down": (
        "its central path points down",
        "the quantitative view tilts lower",
        "the middle of that range lies lower",
        "the balance of the odds is to the downside",
    ),
    "flat": (
        "its central path is flat",
        "the quantitative view has no tilt",
        "the middle of that range lies about here",
        "the odds are balanced between the two sides",
    ),
    "up": (
        "its central path points up",
        "the quantitative view tilts higher",
        "the middle of that range lies higher",
        "the balance of the odds is to the upside",
    ),
}
ODDS_BANDS: dict[str, tuple[str, ...]] = {
    "unlikely": (
        "the target is unlikely to be reached within the week",
        "the week will hardly be long enough for the target",
        "the target is a long shot within the week",
        "the chances of reaching the target within the week are slim",
    ),
    "possible": (
        "the target may be reached within the week",
        "the target is within the week's possibilities",
        "the target is no more than possible within the week",
        "the chances of reaching the target within the week are fair",
    ),
    "likely": (
        "the target is likely to be reached within the week",
        "the week should be long enough for the target",
        "the target is well within range for the week",
        "the chances of reaching the target within the week are good",
    ),
}

ABSENCES: dict[str, tuple[str, ...]] = {
    "volume": ("volume is not reported here", "there is no volume to go by"),
    "events": (
        "no economic release is on record",
        "the economic calendar gives nothing to go by",
    ),
    "market volatility": ("no fear gauge is on record", "there is no fear gauge to go by"),
    "quantitative context": (
        "the quantitative model has too little history to speak",
        "for the quantitative model the history is still too short",
    ),
}

TENSIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("direction", "sharp fall in a firm trend"): (
        "the fall runs against a firm trend",
        "the fall cuts across a firm trend",
        "a firm trend has taken a knock",
        "the fall goes against the grain of the trend",
    ),
    ("direction", "sharp rise in a weak trend"): (
        "the rise runs against a weak trend",
        "the rise cuts across a weak trend",
        "a weak trend has met a sharp rise",
        "the rise goes against the grain of the trend",
    ),
    ("participation", "rise on thin volume"): (
        "few took part in the rise",
        "the rise came without much trade behind it",
        "buyers were thin on the ground",
        "the rise lacked the trade to back it",
    ),
    ("participation", "fall on heavy volume"): (
        "the selling had weight behind it",
        "sellers were out in force",
        "the fall came on real trade",
        "there was conviction in the selling",
    ),
    ("participation", "rise against narrow breadth"): (
        "the rise was not shared by the wider market",
        "most of the market has yet to follow the rise",
        "the rise stands on a narrow base",
        "the rank and file has not joined in the rise",
    ),
    ("participation", "heavy volume in a narrow market"): (
        "the wider market does not share the busy trade",
        "the trade is busy where the wider market is not",
        "the trade is heavy in a market that few carry",
        "the busy trade finds few followers in the wider market",
    ),
    ("momentum", "strong trend and weak momentum"): (
        "momentum no longer confirms the trend",
        "the trend is losing its push",
        "the trend is running without the momentum to carry it",
        "momentum has stopped backing the trend",
    ),
    ("momentum", "weak trend and strong momentum"): (
        "momentum is turning before the trend does",
        "the trend has yet to catch up with momentum",
        "momentum has turned where the trend has not",
        "momentum runs ahead of a trend that is still weak",
    ),
    ("risk", "sharp move in a calm instrument"): (
        "the day's move is out of keeping with the calm",
        "so sharp a move does not fit the calm",
        "the calm was no guide to the day's move",
        "the day's move breaks the calm",
    ),
    ("risk", "tight band in a restless instrument"): (
        "the band is tight for so restless a price",
        "the unrest does not show in the width of the band",
        "the price is restless inside a tight band",
        "the band has tightened before the unrest is over",
    ),
    ("risk", "calm instrument in a fearful market"): (
        "the calm stands at odds with a nervous market",
        "it keeps its head in a nervous market",
        "the market's nerves have not reached it",
        "it is calmer than the market around it",
    ),
    ("risk", "restless instrument in a calm market"): (
        "the unrest is its own rather than the market's",
        "it is restless where the market is calm",
        "the market around it does not share the unrest",
        "the unrest has causes of its own",
    ),
}

# What today's move stands out by. A record stands behind the move it is about, after a colon.
RECORDS: dict[str, tuple[str, ...]] = {
    "rise of a month": ("its largest rise in a month", "the best day of the month"),
    "rise of a quarter": ("its largest rise in three months", "the best day of a quarter"),
    "rise of a year": ("its largest rise in a year", "the best day in twelve months"),
    "fall of a month": ("its steepest fall in a month", "the worst day of the month"),
    "fall of a quarter": ("its steepest fall in three months", "the worst day of a quarter"),
    "fall of a year": ("its steepest fall in a year", "the worst day in twelve months"),
}
_TIMES: dict[str, str] = {"three": "third", "four": "fourth", "five": "fifth"}
_ENDS: dict[str, tuple[str, str]] = {"rises": ("gain", "gains"), "falls": ("loss", "losses")}
STREAKS: dict[str, tuple[str, ...]] = {
    f"{length} {side}": (f"the {time} {one} in a row", f"a {time} straight {one}")
    for side, (one, _) in _ENDS.items()
    for length, time in _TIMES.items()
}
STREAKS |= {
    f"six {side}": (f"a sixth {one} in a row at least", f"one more in a long run of {many}")
    for side, (one, many) in _ENDS.items()
}

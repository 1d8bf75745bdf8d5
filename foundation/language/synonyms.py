"""Other people's words for what the language says: plain tables for reading free text.

``phrases`` holds the words that stories are written in; these tables only add to them, and
nothing is ever written from here. A word stands for one thing per series. Hyphens count as
spaces, case does not count.
"""

from __future__ import annotations

NOUNS: dict[str, tuple[str, ...]] = {
    "price": (
        "price", "prices", "share price", "stock price", "shares", "stock", "equity",
        "shares of the company", "the company s shares", "the close was", "closing price",
        "price action",
    ),
    "trend": ("trend", "longer trend", "underlying trend", "prevailing trend", "medium term trend"),
    "volume": ("volume", "volumes", "turnover", "trading volume", "share volume"),
    "breadth": ("breadth", "market breadth"),
    "momentum": (
        "momentum", "price momentum", "rsi", "relative strength index", "momentum readings",
        "momentum indicators", "the oscillator",
    ),
    "trend strength": ("directional strength", "trend strength", "adx"),
    "band width": (
        "trading band", "trading band around the price", "bollinger bands", "bollinger band",
        "bands", "band width", "bandwidth",
    ),
    "volatility": (
        "volatility", "realised volatility", "realized volatility", "historical volatility",
        "price volatility", "daily volatility", "price swings",
    ),
    "market volatility": (
        "implied volatility", "market volatility", "implied market volatility", "vix",
        "the vix index", "fear gauge", "fear index", "volatility index", "wall street s fear gauge",
    ),
    "credit spread": ("credit spread", "credit spreads", "corporate spreads", "spreads"),
    "oil": ("oil", "crude", "crude oil", "oil price", "oil prices", "crude prices", "wti"),
    "risk appetite": ("risk appetite", "appetite for risk", "appetite for risk taking"),
}  # fmt: skip
"""What a series is called. A noun may not be part of a longer one ("fuel prices")."""

QUALIFIED_ONLY: dict[str, tuple[str, ...]] = {"volume": ("trading", "trade", "dealings")}
"""Words that mean a series only beside an adjective of its own ("heavy trading")."""

COMMON: dict[int, tuple[str, ...]] = {
    -2: ("very low", "extremely low", "rock bottom"),
    -1: ("low", "depressed", "soft", "weak", "subdued", "poor"),
    0: ("normal", "average", "ordinary", "typical", "unremarkable", "neutral", "moderate"),
    1: ("high", "elevated", "strong"),
    2: ("very high", "extremely high", "extreme"),
}
"""Adjectives that any graded series may have."""

ADJECTIVES: dict[str, dict[int, tuple[str, ...]]] = {
    "volume": {
        -2: ("negligible", "anaemic", "anemic"),
        -1: ("thin", "light", "low", "sparse", "weak", "slow", "muted", "subdued", "quiet"),
        0: ("typical", "usual", "unremarkable", "ordinary", "moderate"),
        1: ("heavy", "high", "brisk", "active", "strong", "robust", "elevated", "big"),
        2: ("record", "massive", "huge", "enormous", "extreme"),
    },
    "breadth": {
        -1: ("weak", "narrow", "poor", "thin", "low", "bad"),
        0: ("average", "neutral", "normal", "middling"),
        1: ("strong", "healthy", "broad", "good", "high", "positive"),
    },
    "momentum": {
        -2: ("oversold", "exhausted"),
        -1: ("weak", "low", "sluggish", "tepid", "poor", "fragile"),
        0: ("neutral", "average", "normal", "even"),
        1: ("strong", "robust", "healthy", "firm", "solid", "high", "brisk"),
        2: ("overbought", "overextended"),
    },
    "trend": {
        -1: ("weak", "fragile"),
        0: ("unchanged", "stable"),
        1: ("strong", "firm", "solid", "robust"),
    },
    "trend strength": {
        -1: ("weak", "low", "faint"),
        0: ("average", "normal"),
        1: ("strong", "high", "clear", "pronounced"),
        2: ("extreme",),
    },
    "band width": {
        -2: ("pinched", "squeezed", "squeezed tight"),
        -1: ("tight", "narrow", "compressed", "contracted"),
        0: ("normal", "average", "ordinary"),
        1: ("wide", "broad", "expanded"),
    },
    "volatility": {
        -1: ("low", "calm", "muted", "quiet", "modest", "contained"),
        0: ("average", "normal", "typical", "moderate"),
        1: ("high", "heightened", "raised", "rough"),
        2: ("extreme",),
    },
    "market volatility": {
        -1: ("low", "calm", "muted", "quiet", "modest", "contained"),
        0: ("average", "normal", "typical", "moderate"),
        1: ("high", "heightened", "raised"),
        2: ("extreme",),
    },
    "price": {
        -1: ("below its quarterly average", "below its quarterly mean"),
        0: ("close to its quarterly average", "near its quarterly average"),
        1: ("above its quarterly average", "above its quarterly mean"),
    },
    "credit spread": {
        -1: ("tight", "narrow"),
        0: ("normal", "average", "typical"),
        1: ("wide",),
    },
    "oil": {
        -1: ("cheap", "low", "inexpensive"),
        0: ("average in price",),
        1: ("dear", "expensive", "high", "costly"),
    },
    "risk appetite": {
        -2: ("gone",),
        -1: ("low", "weak", "poor", "limited", "subdued"),
        0: ("normal", "average", "neutral", "moderate"),
        1: ("high", "strong", "healthy", "robust", "keen", "good"),
    },
}
"""Adjectives by what they say of a series: the state is two plus the number."""

QUANTIFIERS: dict[int, tuple[str, ...]] = {
    -1: ("little", "hardly any", "scarcely any", "scant", "not much"),
    1: ("plenty of", "ample", "much"),
}
"""Amounts before a noun that say what an adjective says."""

COMPARATIVES: dict[str, str] = {
    "higher": "high", "lower": "low", "heavier": "heavy", "lighter": "light", "thinner": "thin",
    "calmer": "calm", "rougher": "rough", "weaker": "weak", "stronger": "strong",
    "broader": "broad", "narrower": "narrow", "wider": "wide", "tighter": "tight",
    "cheaper": "cheap", "dearer": "dear", "firmer": "firm", "softer": "soft",
    "poorer": "poor", "better": "good", "busier": "brisk", "quieter": "quiet",
}  # fmt: skip
"""A comparative beside "than usual" says what its adjective says."""

NORMS: tuple[str, ...] = (
    "usual", "normal", "average", "of late", "lately", "before", "it was", "they were",
    "it has been",
    "in recent weeks", "recently", "the norm", "its average", "its norm", "the average",
    "where it was",
    "where it has been", "its usual level", "its recent average", "its monthly average",
    "weeks ago",
)  # fmt: skip
"""What stories compare with: a series' own recent past."""

INTENSIFIERS: tuple[str, ...] = (
    "very", "unusually", "exceptionally", "extremely", "remarkably", "extraordinarily", "far",
    "much", "highly", "deeply", "exceedingly", "well", "way",
)  # fmt: skip
MITIGATORS: tuple[str, ...] = (
    "rather", "somewhat", "slightly", "fairly", "quite", "a little", "a bit", "a touch",
    "relatively", "modestly", "mildly", "moderately", "marginally", "pretty", "some",
)  # fmt: skip

SHARP: tuple[str, ...] = (
    "sharply", "hard", "steeply", "heavily", "strongly", "dramatically", "considerably",
    "significantly", "markedly", "violently", "abruptly", "badly", "by a lot",
)  # fmt: skip
SHARP_ADJECTIVES: tuple[str, ...] = (
    "sharp", "steep", "big", "large", "violent", "dramatic", "abrupt", "strong", "huge",
)  # fmt: skip
MILD_ADJECTIVES: tuple[str, ...] = ("modest", "slight", "small", "mild", "minor", "gentle")

VERBS: dict[int, tuple[str, ...]] = {
    -2: (
        "plunge", "plummet", "tumble", "crash", "collapse", "slump", "nosedive", "crater", "tank",
        "dry up", "evaporate",
    ),
    -1: (
        "fall", "drop", "decline", "slip", "slide", "ease", "dip", "retreat", "weaken", "sink",
        "soften", "shed", "lose", "decrease", "recede", "sag", "sell off", "edge down",
        "edge lower",
        "drift lower", "fade", "give back", "pull back", "move lower", "come down", "go down",
    ),
    0: ("hold firm", "stagnate", "tread water", "mark time", "stay put", "move sideways"),
    1: (
        "rise", "gain", "climb", "advance", "rally", "recover", "rebound", "increase", "add",
        "pick up", "firm", "edge up", "edge higher", "drift higher", "grow", "move up", "go up",
        "strengthen", "tick up", "bounce",
    ),
    2: ("surge", "soar", "jump", "spike", "leap", "rocket", "skyrocket", "shoot up", "explode"),
}  # fmt: skip
"""Verbs of movement in their plain form, by what they say."""

VERBS_OF: dict[str, dict[int, tuple[str, ...]]] = {
    "credit spread": {-1: ("narrow", "tighten"), 1: ("widen",)},
    "oil": {-1: ("cheapen", "become cheaper", "get cheaper"), 1: ("become dearer", "get dearer")},
}
"""Verbs that mean a movement only of one series."""

IRREGULAR: dict[str, tuple[str, ...]] = {
    "fall": ("falls", "fell", "fallen", "falling"),
    "rise": ("rises", "rose", "risen", "rising"),
    "shed": ("sheds", "shed", "shedding"),
    "lose": ("loses", "lost", "losing"),
    "sink": ("sinks", "sank", "sunk", "sinking"),
    "sell": ("sells", "sold", "selling"),
    "slip": ("slips", "slipped", "slipping"),
    "dip": ("dips", "dipped", "dipping"),
    "sag": ("sags", "sagged", "sagging"),
    "drop": ("drops", "dropped", "dropping"),
    "slide": ("slides", "slid", "sliding"),
    "leap": ("leaps", "leapt", "leaped", "leaping"),
    "dry": ("dries", "dried", "drying"),
    "rally": ("rallies", "rallied", "rallying"),
    "give": ("gives", "gave", "given", "giving"),
    "go": ("goes", "went", "gone", "going"),
    "grow": ("grows", "grew", "grown", "growing"),
    "come": ("comes", "came", "coming"),
    "become": ("becomes", "became", "becoming"),
    "get": ("gets", "got", "getting"),
    "shoot": ("shoots", "shot", "shooting"),
    "hold": ("holds", "held", "holding"),
    "tread": ("treads", "trod", "treading"),
    "stay": ("stays", "stayed", "staying"),
}

DIRECTIONS: dict[int, tuple[str, ...]] = {
    -1: ("down", "lower", "below yesterday s", "below yesterday s close"),
    0: (
        "flat", "unchanged", "little changed", "steady", "sideways", "firm",
        "essentially unchanged",
    ),
    1: ("up", "higher", "above yesterday s", "above yesterday s close"),
}  # fmt: skip
"""Where something ended: behind "closed", "ended", "was", or alone."""

BECOMING: tuple[str, ...] = ("became", "becomes", "becoming", "got", "getting", "grew", "turned")
"""Links that make a comparative a movement."""

STANDSTILL: tuple[str, ...] = (
    "moved", "move", "moving", "changed", "change", "budged", "budge", "stirred",
)  # fmt: skip
"""Verbs that say "no movement" behind a negation or "barely"."""

MOVEMENT_NOUNS: dict[int, tuple[str, ...]] = {
    -2: ("collapse", "plunge", "slump", "crash", "nosedive"),
    -1: ("fall", "drop", "decline", "dip", "slide", "decrease", "retreat", "pullback", "pull back"),
    1: ("rise", "gain", "increase", "climb", "pick up", "pickup", "advance", "rebound", "uptick"),
    2: ("surge", "jump", "spike", "leap"),
}
"""Nouns of movement: "a drop in volume"."""

LINKS: tuple[str, ...] = (
    "is", "are", "was", "were", "be", "been", "being", "looks", "look", "looked", "seems", "seem",
    "seemed", "appears", "appear", "appeared", "remains", "remain", "remained", "stays", "stay",
    "stayed", "turned", "turns", "became", "becomes", "came in", "comes in", "stands", "stood",
    "ended", "ends", "closed", "closes", "finished", "finishes", "traded", "trades", "trading",
    "kept", "has", "have", "had", "sits", "sat", "runs", "ran", "got", "getting", "shows", "showed",
    "do", "does", "did", "to be", "reads", "lies", "lie", "lay", "still", "again", "also", "both",
    "itself", "itself was",
)  # fmt: skip
"""What may stand between a noun and what is said of it."""

NEGATIONS: tuple[str, ...] = (
    "not", "n t", "never", "no", "nor", "neither", "no sign of", "no signs of", "nothing suggests",
    "without", "no longer", "far from", "anything but", "didn t", "doesn t", "isn t", "wasn t",
    "hasn t", "haven t", "aren t", "weren t", "don t", "no evidence of", "absence of",
)  # fmt: skip
BARELY: tuple[str, ...] = ("barely", "hardly", "scarcely", "little")
POSSIBILITIES: tuple[str, ...] = (
    "if", "may", "might", "could", "would", "should", "can", "whether", "unless", "perhaps",
    "possibly", "maybe", "hopes", "hope", "fears", "expect", "expects", "expected", "forecast",
    "forecasts", "ought", "target", "targets",
)  # fmt: skip
"""Words that turn a clause into something that is not said to be so."""
LATER: tuple[str, ...] = (
    "tomorrow", "next week", "next month", "next year", "next quarter", "next session", "will",
    "won t", "ll",
)  # fmt: skip
"""Words that speak of what is to come."""
OTHER_TIMES: tuple[str, ...] = (
    *LATER,
    "yesterday", "tomorrow", "last week", "last month", "last year", "last quarter", "next week",
    "next month", "next year", "next quarter", "next session", "will", "won t", "a year ago",
    "earlier this year", "this year", "this quarter", "had opened", "had been", "in the past",
    "opened", "for most of the day", "at the open", "in early trading", "at first", "ll",
)  # fmt: skip
"""Words that move a clause to another time than this session's close."""

FILLERS: tuple[str, ...] = (
    "company", "firm", "the company", "the firm", "report", "the report", "results", "earnings",
    "the", "a", "an", "its", "their", "this", "that", "these", "today", "session", "on the day",
    "this session", "day", "now", "just", "then", "it", "they", "of", "in", "by", "to", "at",
    "from", "for", "is", "s", "all", "so", "too", "ground", "some ground", "yet", "once",
    "more", "than", "usual", "another", "currently", "clearly", "somehow", "overall", "only", "on",
    "with", "as", "and", "or", "there", "points", "percent", "per cent", "close", "closing",
    "session s", "about", "around", "roughly", "nearly", "almost", "less", "end", "the end",
    "probably", "likely", "apparently", "evidently", "of all", "both", "indeed", "however",
    "meanwhile", "moreover", "chart", "the chart", "daily chart", "visible", "reading", "readings",
    "territory", "levels", "level", "recent", "own", "standards", "at this point", "normal",
    "average", "percentage point", "all quarter", "few weeks ago", "a few", "weeks ago", "t",
    "what",
    "where", "has", "been", "was", "current", "current price", "daily", "trading",
)  # fmt: skip
"""Words that neither add to a claim nor need grounding."""

BREAKS: tuple[str, ...] = (
    "and", "but", "while", "whereas", "although", "though", "even though", "even as", "as",
    "because", "despite", "amid", "amidst", "after", "with", "on", "when", "which", "who", "since",
    "following", "before", "yet", "then", "so", "however", "in spite of", "that", "where", "until",
    "upon", "thanks to", "due to", "owing to", "driven by", "led by",
)  # fmt: skip
"""Words at which a sentence may be cut into clauses."""

LEVEL_SIDES: dict[str, tuple[str, ...]] = {
    "support": ("support", "the recent floor", "nearest support", "the support level"),
    "resistance": ("resistance", "the recent ceiling", "nearest resistance", "overhead resistance"),
}
LEVEL_BANDS: dict[str, tuple[str, ...]] = {
    "at": (
        "testing", "tests", "tested", "at", "pressing against", "pressing up against",
        "right at", "sitting on", "sits on", "pushing against", "bumping against",
    ),
    "near": (
        "just below", "just above", "close to", "near", "nearby", "approaching", "approaches",
        "close at hand", "a stone s throw", "not far",
    ),
    "within reach": ("in reach", "within striking distance", "a few days away"),
    "far": (
        "far away", "far", "distant", "long way off", "a long way off", "good distance away",
        "well below", "well above", "nowhere near", "remote", "a long way away", "out of reach",
    ),
}  # fmt: skip

PATTERNS: dict[str, tuple[str, ...]] = {
    "accelerating decline": (
        "the downtrend accelerated", "downtrend is accelerating", "the decline accelerated",
        "the decline is accelerating",
    ),
    "accelerating rise": (
        "the uptrend accelerated", "uptrend is accelerating", "the advance accelerated",
        "the advance is accelerating",
    ),
    "gap up": ("gapped up", "gaps up", "gapped higher", "gap up", "opened with a gap up"),
    "gap down": ("gapped down", "gaps down", "gapped lower", "gap down"),
    "breakout": ("broke out above", "breaks out above", "broke out of its monthly range"),
    "breakdown": ("broke down below", "breaks down below", "broke below its monthly range"),
    "long-term average reclaimed": (
        "reclaimed its long term average", "back above its long term average",
        "reclaimed its 200 day average", "back above its 200 day average",
    ),
    "long-term average lost": (
        "lost its long term average", "back below its long term average",
        "lost its 200 day average", "back below its 200 day average",
    ),
    "inside bar": ("inside day", "inside bar"),
    "bullish outside bar": ("bullish engulfing bar", "bullish outside bar"),
    "bearish outside bar": ("bearish engulfing bar", "bearish outside bar"),
    "head and shoulders": ("head and shoulders",),
    "inverse head and shoulders": ("inverse head and shoulders",),
    "squeeze": ("bollinger squeeze", "bollinger band squeeze"),
    "v-shaped recovery": ("v shaped rebound",),
    "symmetrical triangle": ("symmetric triangle",),
}  # fmt: skip
PATTERN_PARTIAL: tuple[str, ...] = (
    "may", "might", "could", "hints", "hint", "partly", "possible", "possibly", "forming",
    "taking shape", "developing", "emerging", "incipient", "tentative",
)  # fmt: skip
PATTERN_TEXTBOOK: tuple[str, ...] = ("textbook", "perfect", "purest", "classic")

REGIMES: dict[str, tuple[str, ...]] = {
    "trending": ("trending",),
    "mean-reverting": ("mean reverting", "range bound"),
    "choppy": ("choppy", "directionless"),
    "volatile": ("volatile", "turbulent"),
}
REGIME_NOUNS: tuple[str, ...] = ("regime", "market regime", "conditions", "market conditions")
PROBABLY: tuple[str, ...] = (
    "probably", "likely", "appears", "appear", "seems", "seem", "leans towards", "leans toward",
    "perhaps", "may be", "might be", "apparently",
)  # fmt: skip

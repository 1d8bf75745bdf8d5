"""What events sound like: plain tables, under the same rules as ``phrases``."""

from __future__ import annotations

# Market-wide releases: {e} is the release's name. Series a trader's calendar marks as important.
EVENT_NAMES: dict[str, str] = {
    "core inflation": "core inflation",
    "inflation": "consumer price inflation",
    "producer prices": "producer price inflation",
    "payrolls": "nonfarm payrolls",
    "unemployment": "unemployment",
    "retail sales": "retail trade",
    "gross domestic product": "economic growth",
    "manufacturing survey": "manufacturing sentiment",
    "services survey": "services sentiment",
    "consumer confidence": "consumer confidence",
    "durable goods": "durable goods demand",
    "housing starts": "homebuilding",
    "policy rate": "the policy rate",
}
RELEASE_NAMES: dict[str, str] = {
    "core cpi m/m": "core inflation",
    "cpi m/m": "inflation",
    "ppi m/m": "producer prices",
    "non-farm employment change": "payrolls",
    "nonfarm payrolls": "payrolls",
    "unemployment rate": "unemployment",
    "retail sales m/m": "retail sales",
    "advance gdp q/q": "gross domestic product",
    "prelim gdp q/q": "gross domestic product",
    "final gdp q/q": "gross domestic product",
    "gdp": "gross domestic product",
    "ism manufacturing pmi": "manufacturing survey",
    "ism non-manufacturing pmi": "services survey",
    "ism services pmi": "services survey",
    "cb consumer confidence": "consumer confidence",
    "durable goods orders m/m": "durable goods",
    "housing starts": "housing starts",
    "federal funds rate": "policy rate",
    "fed interest rate decision": "policy rate",
}
"""What calendars call the releases that stories speak of, in lower case."""


def release_called(name: str) -> str | None:
    """Return the release of a calendar's name; None for one that stories do not speak of."""
    return name if name in EVENT_NAMES else RELEASE_NAMES.get(name.lower().strip())


EVENT_SINCE: dict[str, tuple[str, ...]] = {
    "today": (
        "news of {e} came out today",
        "today brought the report on {e}",
        "{e} was on today's calendar",
        "today's report was on {e}",
    ),
    "days ago": (
        "{e} figures came out in the past few days",
        "news of {e} lies a few days back",
        "{e} was reported within the week",
        "the figures for {e} are a few days old",
    ),
    "weeks ago": (
        "the last figures for {e} are over a week old",
        "news of {e} was last heard over a week ago",
        "{e} was last heard of over a week ago",
        "it is over a week since news of {e}",
    ),
}
EVENT_UNTIL: dict[str, tuple[str, ...]] = {
    "tomorrow": (
        "the next report on {e} is due next session",
        "next session brings new {e} figures",
        "{e} is next up on the calendar",
        "the next session has {e} on its calendar",
    ),
    "days ahead": (
        "the next report on {e} is days away",
        "new {e} figures are due within days",
        "{e} is on the calendar within days",
        "the calendar has {e} a few days out",
    ),
    "weeks ahead": (
        "the next report on {e} is over a week away",
        "new {e} figures are not due for another week or more",
        "{e} is off the calendar for a week or more",
        "the calendar keeps {e} at over a week's distance",
    ),
}
EVENT_SURPRISE: dict[str, tuple[str, ...]] = {
    "well below": (
        "the figure for {e} fell far short of what was to be expected",
        "{e} came in far lower than was to be expected",
    ),
    "below": (
        "the figure for {e} lay below what was to be expected",
        "{e} came in lower than was to be expected",
    ),
    "in line": (
        "the figure for {e} was much as expected",
        "{e} came in about where it was to be expected",
    ),
    "above": (
        "the figure for {e} lay above what was to be expected",
        "{e} came in higher than was to be expected",
    ),
    "well above": (
        "the figure for {e} ran far above what was to be expected",
        "{e} came in far higher than was to be expected",
    ),
}

# What concerns one symbol: subject, then "aspect: value", then its clauses.
_SPLIT, _DIVIDEND = "stock split", "cash dividend"
SYMBOL_EVENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "earnings": {
        "since: today": ("the quarterly report is out", "earnings have just been reported"),
        "since: days ago": (
            "the quarterly report came out in the past few days",
            "earnings were reported within the week",
        ),
        "until: tomorrow": (
            "earnings are due next session",
            "the quarterly report is up next session",
        ),
        "until: days ahead": (
            "earnings are due within the week",
            "the quarterly report is a few days away",
        ),
        "until: weeks ahead": (
            "earnings are due in a week or more",
            "the quarterly report is over a week away",
        ),
        "surprise: well below": (
            "earnings fell far short of what was expected",
            "the report missed expectations by a wide margin",
        ),
        "surprise: below": (
            "earnings came in below what was expected",
            "the report missed expectations",
        ),
        "surprise: in line": (
            "earnings came in as expected",
            "the report met expectations",
        ),
        "surprise: above": (
            "earnings came in above what was expected",
            "the report beat expectations",
        ),
        "surprise: well above": (
            "earnings ran far ahead of what was expected",
            "the report beat expectations by a wide margin",
        ),
        "reaction: small": (
            "earlier reports hardly moved the price",
            "the price took earlier reports in its stride",
        ),
        "reaction: usual": (
            "earlier reports moved the price more than an ordinary day",
            "the price stirred on earlier reports",
        ),
        "reaction: large": (
            "earlier reports moved the price sharply",
            "the price leapt one way or the other on earlier reports",
        ),
    },
    _SPLIT: {
        "since: today": ("the shares were split today", "a stock split took effect today"),
        "since: days ago": (
            "the shares were split in the past few days",
            "a stock split took effect within the week",
        ),
        "until: tomorrow": (
            "a stock split takes effect next session",
            "the shares are split next session",
        ),
        "until: days ahead": (
            "a stock split takes effect within days",
            "the shares are to be split within days",
        ),
    },
    _DIVIDEND: {
        "since: today": ("the shares went without their dividend today", "today was ex-dividend"),
        "since: days ago": (
            "the shares went without their dividend in the past few days",
            "the ex-dividend day was within the week",
        ),
        "until: tomorrow": (
            "the ex-dividend day is the next session",
            "the shares go ex-dividend next session",
        ),
        "until: days ahead": (
            "the ex-dividend day is days away",
            "the shares go ex-dividend within days",
        ),
    },
    "corporate action": {
        "since: today": (
            "a corporate action took effect today",
            "today brought a corporate action",
        ),
        "since: days ago": (
            "a corporate action took effect in the past few days",
            "a corporate action lies days back",
        ),
        "until: tomorrow": (
            "a corporate action takes effect next session",
            "the next session brings a corporate action",
        ),
        "until: days ahead": (
            "a corporate action takes effect within days",
            "a corporate action is days away",
        ),
    },
    "halt": {
        "since: today": ("trading was halted today", "a trading halt interrupted the session"),
        "since: days ago": (
            "trading was halted in the past few days",
            "a trading halt lies days back",
        ),
        "often: repeated": (
            "it was not the only halt of the month",
            "trading has been halted more than once this month",
        ),
    },
    "news": {
        "pace: crowded": (
            "that is far more news than usual",
            "the headlines come much faster than usual",
        ),
        "trend: improving": (
            "the tone of the news is brightening",
            "the news reads better than it did",
        ),
        "trend: worsening": (
            "the tone of the news is darkening",
            "the news reads worse than it did",
        ),
        "against price: favourable": (
            "the price fell in the face of good news",
            "good news did not keep the price from falling",
        ),
        "against price: unfavourable": (
            "the price rose in the face of bad news",
            "bad news did not keep the price from rising",
        ),
    },
}
SCHEDULED: frozenset[str] = frozenset({"earnings", _SPLIT, _DIVIDEND, "corporate action"})
"""Subjects whose dates are announced ahead; nobody knows tomorrow's headlines and halts."""

# Headlines of two sessions in one clause: how many, in what tone, about what.
NEWS_COUNTS: dict[str, str] = {
    "one": "one headline",
    "two": "two headlines",
    "three": "three headlines",
    "several": "several headlines",
    "many": "a stream of headlines",
}
NEWS_TONES: tuple[str, ...] = (
    "unfavourable",
    "mostly unfavourable",
    "mixed in tone",
    "neutral in tone",
    "mostly favourable",
    "favourable",
)
SINGLE_TONES: frozenset[str] = frozenset({"unfavourable", "neutral in tone", "favourable"})
"""One headline is not mixed, nor mostly anything."""
NEWS_TOPICS: tuple[str, ...] = (
    "earnings",
    "guidance",
    "analyst ratings",
    "deals",
    "products",
    "legal and regulatory matters",
    "capital",
    "management",
)
NO_TOPIC = "various"
NEWS_FRAMES: dict[str, tuple[str, ...]] = {
    "topic": (
        "{n} in two days, {t}, {cluster} on {about}",
        "the past two days brought {n}, {t}, chiefly on {about}",
    ),
    "various": (
        "{n} in two days {are} {t}",
        "the past two days brought {n}, {t}",
    ),
}
NEWS_SUBJECTS: dict[str, tuple[str, str]] = {
    "news": ("headline", "headlines"),
    "market news": ("market-wide headline", "market-wide headlines"),
}
"""Words for one headline and for several, by whom they concern."""

"""Turns of phrase that say one thing of the language as a whole: patterns of words to statements.

Each line holds a regular expression over lower-case words (hyphens and punctuation read as
spaces), the statement's kind, subject and value. They are tried on a whole sentence, longest
match first; what they cover is understood.
"""

from __future__ import annotations

_REPORT = (
    r"(?:(?:the )?(?:company s |firm s )?(?:next )?(?:quarterly )?"
    r"(?:earnings|results|numbers|report|earnings report))"
)
_EXPECTED = (
    r"(?:expectations|expected|forecasts|estimates|consensus|the consensus|what was expected)"
)
_WIDE = r"(?:badly|by a wide margin|by far|by a mile|handily|massively|easily)"
_PRICE = r"(?:the )?(?:price|stock|shares|share price)"
_BE = r"(?:is|are|was|were|looks|look|seems|seem|remains|appears)"
_WEEK = (
    r"(?: (?:this|within the|within this|over the|for the|in the|for the coming|coming|next)*"
    r" ?(?:coming )?week)?"
)
_NEWS = r"(?:news|headlines|news flow|coverage|headline flow)"

IDIOMS: tuple[tuple[str, str, str, str], ...] = (
    # Scheduled reports.
    (
        rf"{_REPORT} (?:is|are) (?:due|expected|scheduled|up|out)(?: to be (?:reported|published))?"
        r" (?:tomorrow|next session|the next session)",
        "event", "earnings", "until: tomorrow",
    ),
    (
        rf"{_REPORT} (?:is|are) (?:due|expected|scheduled|up|out)"
        r" (?:within the week|within days|in a few days|this week|later this week)",
        "event", "earnings", "until: days ahead",
    ),
    (
        rf"{_REPORT} (?:is|are) (?:due|expected|scheduled|up|out)"
        r" (?:in a week or more|in over a week|in two weeks|in a few weeks)",
        "event", "earnings", "until: weeks ahead",
    ),
    (
        r"(?:the )?(?:company |firm )?(?:has )?(?:just )?reported"
        r" (?:its |their )?(?:quarterly )?(?:earnings|results) today",
        "event", "earnings", "since: today",
    ),
    (
        r"(?:the )?(?:company |firm )?(?:has )?reported (?:(?:earnings|results) )?"
        r"(?:a few days ago|earlier this week|this week|days ago|within the week)",
        "event", "earnings", "since: days ago",
    ),
    (
        rf"(?:beat|beats|beating|topped|exceeded) {_EXPECTED} {_WIDE}",
        "event", "earnings", "surprise: well above",
    ),
    (
        rf"(?:smashed|crushed|trounced) {_EXPECTED}|{_REPORT} (?:came in|were|was) far"
        rf" (?:above|ahead of|better than) {_EXPECTED}",
        "event", "earnings", "surprise: well above",
    ),
    (
        rf"(?:beat|beats|beating|topped|exceeded|surpassed) {_EXPECTED}|{_REPORT} (?:came in|"
        rf"were|was)"
        rf" (?:above|ahead of|better than) {_EXPECTED}",
        "event", "earnings", "surprise: above",
    ),
    (
        rf"(?:missed|misses|missing|fell short of) {_EXPECTED} {_WIDE}|{_REPORT} (?:came in|"
        rf"were|was|fell)"
        rf" far (?:below|short of|worse than) {_EXPECTED}",
        "event", "earnings", "surprise: well below",
    ),
    (
        rf"(?:missed|misses|missing|fell short of) {_EXPECTED}|{_REPORT} (?:came in|were|was)"
        rf" (?:below|short of|worse than) {_EXPECTED}",
        "event", "earnings", "surprise: below",
    ),
    (
        rf"(?:met|matched|in line with) {_EXPECTED}|{_REPORT} (?:came in|were|was)"
        rf" (?:exactly |just )?(?:as expected|in line)",
        "event", "earnings", "surprise: in line",
    ),
    (
        rf"(?:earlier|past|previous)(?: earnings)? reports(?: have)? (?:usually |often )?moved"
        rf" {_PRICE} (?:sharply|a lot|violently)",
        "event", "earnings", "reaction: large",
    ),
    (
        rf"(?:earlier|past|previous)(?: earnings)? reports(?: have)? (?:hardly|barely) moved"
        rf" {_PRICE}",
        "event", "earnings", "reaction: small",
    ),
    # Corporate actions and halts.
    (
        r"(?:the )?(?:shares|stock) (?:were|was|have been|has been) split today"
        r"|(?:a|the) stock split (?:took|takes) effect today",
        "event", "stock split", "since: today",
    ),
    (
        r"(?:a|the) stock split (?:takes|will take) effect (?:tomorrow|next session)",
        "event", "stock split", "until: tomorrow",
    ),
    (
        r"(?:goes|go|trades|trade) ex dividend (?:tomorrow|next session)",
        "event", "cash dividend", "until: tomorrow",
    ),
    (
        r"(?:went|goes|traded|trades) ex dividend today",
        "event", "cash dividend", "since: today",
    ),
    (
        rf"(?:trading(?: in {_PRICE})?|{_PRICE}) (?:was|were|has been|have been) halted"
        r"(?: for [a-z ]{1,20})?(?: today)?",
        "event", "halt", "since: today",
    ),
    # Market-wide releases.
    (
        r"(?:the next |next )?(?:core inflation|cpi|inflation|consumer price)(?: report|"
        r" release| data| figure)?"
        r" (?:is|are) (?:due|expected|scheduled|out) (?:tomorrow|next session)",
        "event", "core inflation", "until: tomorrow",
    ),
    (
        r"(?:the next |next )?(?:core inflation|cpi|inflation|consumer price)(?: report|"
        r" release| data| figure)?"
        r" (?:is|are) (?:due|expected|scheduled|out|days away) ?(?:within the week|within"
        r" days|in a few days|this week)?",
        "event", "core inflation", "until: days ahead",
    ),
    (
        r"(?:core inflation|core cpi)(?: (?:report|data|figure))? (?:was|were) (?:published|"
        r"released|out) today",
        "event", "core inflation", "since: today",
    ),
    (
        r"(?:core inflation|core cpi) (?:came in|was|ran) (?:well|far) above the (?:previous|"
        r"last|prior)"
        r" (?:figure|reading|month|one)",
        "event", "core inflation", "surprise: well above",
    ),
    (
        r"(?:core inflation|core cpi) (?:came in|was|ran) above the (?:previous|last|prior)"
        r" (?:figure|reading|month|one)",
        "event", "core inflation", "surprise: above",
    ),
    (
        r"(?:core inflation|core cpi) (?:came in|was|ran) below the (?:previous|last|prior)"
        r" (?:figure|reading|month|one)",
        "event", "core inflation", "surprise: below",
    ),
    # Headlines.
    (
        rf"(?:the )?{_NEWS} (?:is|are|came|comes) (?:far|much) (?:heavier|busier|faster|"
        rf"thicker) than usual"
        r"|(?:far|much) more (?:news|headlines) than usual",
        "event", "news", "pace: crowded",
    ),
    (
        rf"(?:the )?tone of (?:the )?{_NEWS} (?:is|has been|was)? ?"
        r"(?:getting |turning |turned |become |becoming )?(?:worse|darker|darkening|worsening|"
        r"worsened|more negative)",
        "event", "news", "trend: worsening",
    ),
    (
        rf"(?:the )?tone of (?:the )?{_NEWS} (?:is|has been|was)? ?"
        r"(?:getting |turning |turned |become |becoming )?(?:better|brighter|improving|"
        r"improved|brightening|more positive)",
        "event", "news", "trend: improving",
    ),
    # The quantitative view.
    (
        r"(?:the |our )?(?:quantitative )?model (?:expects|sees|projects) (?:a |an )?"
        rf"(?:wide|broad)(?: trading)?(?: range| week)?{_WEEK}",
        "range", "week", "wide",
    ),
    (
        r"(?:the |our )?(?:quantitative )?model (?:expects|sees|projects) (?:a |an )?"
        rf"(?:narrow|tight|quiet)(?: trading)?(?: range| week)?{_WEEK}",
        "range", "week", "narrow",
    ),
    (
        r"(?:the |our )?(?:quantitative )?model (?:expects|sees|projects) (?:a |an )?"
        rf"(?:ordinary|normal|typical|average)(?: trading)?(?: range| week)?{_WEEK}",
        "range", "week", "normal",
    ),
    (
        r"(?:the |our )?quantitative (?:view|model) (?:leans|tilts|points|is tilted) (?:to the )?"
        r"(?:downside|lower|down|downwards|negative)",
        "tilt", "week", "down",
    ),
    (
        r"(?:the |our )?quantitative (?:view|model) (?:leans|tilts|points|is tilted) (?:to the )?"
        r"(?:upside|higher|up|upwards|positive)",
        "tilt", "week", "up",
    ),
    (
        r"(?:the |our )?quantitative (?:view|model) (?:has no(?: clear)? tilt|is neutral|is flat)",
        "tilt", "week", "flat",
    ),
    (
        rf"(?:reaching|hitting) the target{_WEEK} {_BE} unlikely"
        rf"|the target (?:is|looks|seems) unlikely(?: to be (?:reached|hit))?{_WEEK}"
        rf"|the target will (?:probably|likely) not be (?:reached|hit){_WEEK}",
        "odds", "week", "unlikely",
    ),
    (
        rf"(?:reaching|hitting) the target{_WEEK} {_BE} likely"
        rf"|the target (?:is|looks|seems) likely(?: to be (?:reached|hit))?{_WEEK}"
        rf"|the target (?:will|should) (?:probably|likely )?(?:be )?(?:reached|hit){_WEEK}",
        "odds", "week", "likely",
    ),
    (
        rf"(?:reaching|hitting) the target{_WEEK} {_BE} possible"
        rf"|the target (?:may|might|could) be (?:reached|hit){_WEEK}",
        "odds", "week", "possible",
    ),
    # What is not there.
    (
        r"(?:there (?:is|are) )?no volume(?: (?:figures|data|numbers))?(?: (?:is|are))?"
        r" (?:available|reported|to go by)|volume (?:is|was) (?:not|never) (?:available|reported)",
        "absence", "volume", "absent",
    ),
    (
        r"no (?:scheduled )?(?:release|releases|event|events) (?:is|are) (?:scheduled|due|"
        r"known|on (?:the calendar|record))"
        r"|(?:the )?calendar is empty",
        "absence", "events", "absent",
    ),
    (
        r"(?:the )?(?:quantitative )?model has (?:too little|not enough) (?:history|data)",
        "absence", "quantitative context", "absent",
    ),
    # Two facts that pull apart.
    (
        r"(?:the )?(?:advance|rise|rally|gain) (?:lacked|lacks|came without) (?:any )?"
        r"(?:volume|conviction in volume|much trade behind it)",
        "tension", "participation", "rise on thin volume",
    ),
    (
        r"(?:the )?calm (?:is|was|stands|stood|sits) at odds with (?:a|the) (?:nervous|"
        r"fearful|jittery) market",
        "tension", "risk", "calm instrument in a fearful market",
    ),
    (
        r"momentum (?:no longer confirms|does not confirm|fails to confirm|diverges from) the"
        r" (?:trend|advance|rally)",
        "tension", "momentum", "strong trend and weak momentum",
    ),
    # Movements of the price.
    (
        r"(?:the )?(?:rally|advance) (?:continued|continues|extended|resumed|went on)",
        "movement", "price", "+1",
    ),
    (
        r"(?:the )?(?:decline|slide|sell off|selloff) (?:continued|continues|deepened|resumed|"
        r"went on)",
        "movement", "price", "-1",
    ),
)  # fmt: skip
"""(pattern, kind, subject, value)."""

PATH_OPENING = r"\b(?:over|in|during) the (?:past |last )?(?:two weeks|fortnight|ten sessions)\b"
"""Opens a sentence on how the price went over a story's three segments."""
PATH_LATE_TURN = r"\b(?:for the most part|most of the time|mostly) (?:before|until|and then)\b"
"""Says that the turn came late in it."""

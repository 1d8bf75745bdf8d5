"""The words of financial headlines and which way they point: plain tables, no logic.

Written from general knowledge of how headlines are worded. A word's sign is that for the price
of what the headline is about. Words that move something (``UP``, ``DOWN``) take their sign from
what is moved: rising profits are good, rising costs are not.
"""

from __future__ import annotations

STRONG, USUAL, WEAK = 1.0, 0.7, 0.35


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _table(**by_weight: str) -> dict[str, float]:
    weights = {"strong": STRONG, "usual": USUAL, "weak": WEAK}
    return {
        word.replace("_", " "): weights[name]
        for name, words in by_weight.items()
        for word in words.split()
    }


UP: dict[str, float] = _table(
    strong="""soar surge skyrocket rocket jump leap spike pop rally boom double triple quadruple
    rebound snap_back bounce_back bounce roar explode moon rip melt_up through_the_roof""",
    usual="""rise rose risen gain climb grow grew grown increase advance up higher raise hike lift
    boost expand improve accelerate strengthen recover top exceed rising rebounding upped
    bump firmer outperform add_to_gains pick_up picks_up highest 52-week_high all-time_high
    record_high new_high new_highs day_high record_territory fresh_high multi-year_high""",
    weak="edge_up edge_higher inch_up inch_higher tick_up drift_higher nudge_up firm",
)
DOWN: dict[str, float] = _table(
    strong="""plunge plummet crash collapse tumble sink sank sunk slump tank crater nosedive slash
    crumble dive dove freefall selloff sell-off sell_off rout bloodbath halve implode crush
    hammered battered pummeled slammed""",
    usual="""fall fell fallen drop decline lose lost down lower cut decrease reduce slide slid slip
    shrink shrank contract weaken retreat decelerate slow sag worsen deteriorate trim lowest
    52-week_low all-time_low record_low new_low new_lows day_low worst extend_losses
    multi-year_low drag underperform steepest_decline""",
    weak="""edge_down edge_lower inch_down inch_lower tick_down drift_lower dip ease soften
    nudge_down""",
)

RISING_IS_GOOD: frozenset[str] = (
    _set("""profit profits revenue revenues sales earnings eps income ebitda ffo margin margins
    guidance outlook forecast forecasts target targets view dividend dividends payout
    buyback demand orders order bookings backlog traffic subscribers users deliveries
    production shipments growth jobs payrolls employment hiring housing starts permits
    confidence sentiment retail spending manufacturing output exports gdp economy pmi share
    shares stock stocks price prices futures dow nasdaq s&p index indexes indices market
    markets rating ratings stake estimates estimate expectations results cash flow aum
    assets gold oil crude copper rand euro bitcoin equities sector volume premarket pre ytd
    stoxx ftse dax nikkei sensex nifty valuation loan loans wages productivity capacity
    industrial consensus comps gains returns""")
)
RISING_IS_BAD: frozenset[str] = (
    _set("""cost costs expense expenses loss losses debt debts unemployment claims jobless deficit
    deficits inflation tariff tariffs rates interest layoffs delinquencies defaults default
    bankruptcies bankruptcy risk risks fear fears concern concerns tension tensions
    volatility vix short penalty penalties fine fines tax taxes stress shortage shortages
    complaints recalls deaths cases infections churn writedowns charge charges uncertainty
    recession provisions impairment""")
)

GOOD: dict[str, float] = _table(
    strong="""blowout blow_out blockbuster stellar outstanding skyrocketing breakthrough
    beat_and_raise beat-and-raise record_profit record_earnings record_revenue""",
    usual="""beat beats tops topped upgrade bullish undervalued outpace outshine robust strong
    stronger upbeat optimism optimistic win won awarded approve approval approved clears
    okays oks breakout breaking_out profitable success successful impressive dominant
    wide_moat favorable favourable momentum upside overweight gainer gainers accumulation
    buy_the_dip buying_the_dip buyers short_squeeze promising benefit benefits thrive
    joins_the_s&p added_to_the_s&p reinstates_dividend special_dividend share_buyback
    buyback_program share_repurchase repurchase_program snap_up bargain takeover_offer
    better_than_expected better-than-expected ahead_of_estimates above_consensus
    above_estimates raises_guidance price_target_raised target_raised pt_raised ups_view
    raises_view starts_at_buy started_at_buy initiated_at_buy resumed_at_buy upped_to_buy
    upgraded_to starts_at_overweight starts_at_outperform initiated_at_outperform
    initiated_at_overweight reiterated_buy maintained_buy reiterated_outperform
    reiterated_overweight conviction_list top_pick all-clear risk_on risk-on risk_appetite
    risk_takers higher_note clearing_resistance clears_resistance golden_cross bull_flag
    cup_and_handle long_here calls_bought bought_calls call_buying bullish_calls bulls
    off_to_the_races green outperforming healthy melt-up truce""",
    weak="""growth gain_traction partnership tie-up teams_up collaboration launch expands innovative
    award positive strength recovery opportunity attractive support supports calls long buy
    green_light eases_concerns progress trade_deal hopes resilient contract""",
)
BAD: dict[str, float] = _table(
    strong="""bankruptcy bankrupt fraud insolvency insolvent delist delisted delisting bailout ponzi
    chapter_11 accounting_irregularities profit_warning going_concern""",
    usual="""miss missed misses downgrade bearish overvalued lawsuit sue sues sued probe
    investigation subpoena recall halt suspend suspends weak weaker weakness soft disappoint
    disappointing disappointment warn warns warning cautious concern fear worry worries
    trouble troubled struggle bleak grim dismal gloomy default defaulted breach hacker hack
    scandal layoff lay_off recession stagnation stagnant bubble overbought breakdown
    death_cross skeptical skepticism pessimism pessimistic headwind headwinds loser losers
    underweight sell-rated public_offering equity_offering secondary_offering stock_offering
    share_offering convertible_offering capital_raise dilution dilutive prices_offering
    below_consensus below_estimates below_expectations worse_than_expected
    worse-than-expected short_of_estimates falls_short fell_short fall_short came_up_short
    cuts_guidance lowers_guidance lowered_guidance withdraws_guidance pulls_guidance
    suspends_guidance guides_lower guides_below price_target_cut price_target_lowered
    target_cut target_lowered pt_cut pt_lowered cut_to_hold cut_to_sell cut_to_neutral
    cuts_to_hold cuts_to_sell cuts_to_neutral cuts_to_equal_weight cuts_to_underweight
    downgraded_to starts_at_sell initiated_at_sell starts_at_underperform turn_negative
    in_the_red risk_off risk-off shutdown bans banned ban sanctions sanctions-hit sluggish
    slowdown downturn puts_bought bought_puts put_buying buying_puts bearish_puts short_here
    shorting shorts bears dump dumping dead_money failure fails fail reject rejected crisis
    trade_war strike outbreak pandemic hit_hard demand_shock underperforming shuts
    closes_stores store_closures steps_down_amid ousted fired junk""",
    weak="""puts risky volatile volatility pressure delay delays delayed uncertain uncertainty
    threat threats dispute protest challenge challenges problem problems negative slow
    downbeat doubt doubts stress sell short resigns""",
)

NEGATORS: frozenset[str] = (
    _set("""not no never without isn't aren't wasn't weren't doesn't don't didn't won't wouldn't
    can't cannot couldn't shouldn't hasn't haven't hardly barely neither nor unlikely avoids
    avoid averts avert ends ended denies deny""")
)
"""They turn what follows within three words."""
INTENSIFIERS: dict[str, float] = {
    "sharply": 1.5, "massive": 1.5, "massively": 1.5, "huge": 1.5, "hugely": 1.5, "very": 1.3,
    "extremely": 1.5, "dramatically": 1.5, "significantly": 1.3, "steep": 1.4, "biggest": 1.3,
    "strongly": 1.3, "heavily": 1.3, "deep": 1.3, "record": 1.2, "surprise": 1.2, "far": 1.2,
    "slightly": 0.5, "modestly": 0.5, "somewhat": 0.6, "marginally": 0.4, "little": 0.4,
    "bit": 0.6, "mildly": 0.5, "partly": 0.6,
}  # fmt: skip
HEDGES: frozenset[str] = _set("could may might if would should whether possible")
QUESTION_OPENERS: frozenset[str] = (
    _set("""is are does do did can will should what why how when where who which has have was here's
    heres""")
)
TURNS: frozenset[str] = frozenset(("but", "however", "yet"))
"""What stands behind them counts more than what stands before."""
LESSER: frozenset[str] = frozenset(("despite", "although", "though"))

TOPICS: dict[str, tuple[str, ...]] = {
    "earnings": (
        "earnings", "eps", "profit", "profits", "revenue", "revenues", "q1", "q2", "q3", "q4",
        "quarter", "quarterly", "results", "ffo", "beats", "misses", "comps", "same-store",
    ),
    "guidance": (
        "guidance", "outlook", "forecast", "forecasts", "guides", "sees", "expects", "warns",
        "preliminary", "full-year",
    ),
    "analyst ratings": (
        "upgrade", "upgrades", "upgraded", "downgrade", "downgrades", "downgraded", "target",
        "overweight", "underweight", "outperform", "underperform", "neutral", "initiates",
        "initiated", "starts", "rating", "analyst", "analysts", "buy-rated", "pt",
    ),
    "deals": (
        "acquire", "acquires", "acquisition", "merger", "merge", "takeover", "buyout", "bid",
        "stake", "deal", "spin-off", "spinoff", "divest", "joint", "offer",
    ),
    "products": (
        "fda", "approval", "approves", "trial", "drug", "launch", "launches", "unveils", "product",
        "patent", "contract", "recall", "phase", "device",
    ),
    "legal and regulatory matters": (
        "lawsuit", "sues", "sued", "court", "judge", "settlement", "sec", "doj", "ftc", "probe",
        "investigation", "regulator", "regulators", "antitrust", "fined", "sanctions",
        "tariff", "tariffs", "subpoena", "ban", "ruling", "fraud",
    ),
    "capital": (
        "dividend", "dividends", "buyback", "repurchase", "offering", "notes", "debt", "ipo",
        "convertible", "split", "ex-dividend", "bond", "bonds", "bankruptcy", "loan",
    ),
    "management": (
        "ceo", "cfo", "chairman", "director", "resigns", "resignation", "appoints", "names",
        "board", "executive", "activist", "layoffs", "strike", "president",
    ),
}  # fmt: skip
"""What a headline is about: the topic most of whose words it holds, the first on a tie."""

SURPRISE_WORDS: frozenset[str] = _set(
    "beats beat tops topped misses missed miss better-than-expected worse-than-expected"
)
GUIDANCE_MOVES: frozenset[str] = (
    _set("""raises raised raise lifts boosts ups cuts cut lowers lowered slashes slashed trims
    withdraws pulls suspends reaffirms warns narrows guides soft weak""")
)
REGULATORY_WORDS: frozenset[str] = (
    _set("""probe investigation subpoena antitrust regulator regulators sec doj ftc fined sanctions
    ban bans recall lawsuit sues sued fraud""")
)

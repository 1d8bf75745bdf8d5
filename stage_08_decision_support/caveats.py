"""Caveats: what the reader must know before relying on the brief."""

from __future__ import annotations

from foundation.contracts import MarketWindow, OddsRecord, PerformanceReport, ValidatedForecast
from stage_08_decision_support.phrasing import count, listed, percent
from stage_08_decision_support.track_record import BASELINES, NAMED, series_by_verdict

NOT_ADVICE = (
    "This brief is the output of a research system. It is not investment advice, and nobody has "
    "reviewed it before you read it."
)


def _record_caveats(performance: PerformanceReport) -> list[str]:
    if not performance.sessions_scored:
        return ["No past forecast has been scored yet, so nothing here has a track record."]
    told = []
    for name in BASELINES:
        groups = series_by_verdict(performance, "log score", name)
        baseline = NAMED.get(name, name)
        if groups["worse"]:
            told.append(
                f"By log score the forecasts of {listed(groups['worse'])} were worse than "
                f"{baseline}; for these, {baseline} is the better guide."
            )
        if groups["no clear difference"]:
            told.append(
                f"By log score the forecasts of {listed(groups['no clear difference'])} cannot "
                f"be told apart from {baseline} on the sessions scored."
            )
    return told


def odds_in_words(odds: OddsRecord | None) -> list[str]:
    """Return what past odds of a rise were worth, beside the past frequency alone."""
    if odds is None:
        return ["The odds of a rise have no record yet: too few of their outcomes are known."]
    verdict = (
        "were better than"
        if odds.better
        else "were worse than"
        if odds.low > 0
        else "cannot be told from"
    )
    calls = (
        f"Of {odds.calls:,} directions that would have paid at them {odds.right:,} came true."
        if odds.calls
        else "No direction would have paid at them."
    )
    today = "" if odds.better else " No direction is called on such a record."
    return [
        f"Odds of a rise were held against {odds.forecasts:,} past outcomes, of which "
        f"{percent(odds.rose, 1)} rose: tenth by tenth, what was said and what came true lie "
        f"{100 * odds.calibration_error:.1f} points apart on average. By Brier score "
        f"({odds.brier:.4f}) they {verdict} the past frequency alone ({odds.past_brier:.4f}). "
        f"{calls}{today}",
    ]


def caveats(
    market: MarketWindow,
    validated: ValidatedForecast,
    performance: PerformanceReport,
    odds: OddsRecord | None,
) -> tuple[str, ...]:
    """Return the caveats that hold for this brief, the standing ones last."""
    told = []
    if market.source.survivor_biased or performance.survivor_biased:
        told.append(
            "The universe is survivor-biased: it was chosen with hindsight among companies that "
            "still trade, so past results look better than a trader of the time would have had."
        )
    told += _record_caveats(performance)
    fallen = [v.symbol for v in validated.verdicts if v.verdict == "fallback"]
    if fallen:
        told.append(
            f"For {listed(fallen, 5)} no drafted continuation passed validation; the likeliest "
            "outcomes are listed instead."
        )
    close_only = [i.symbol for i in market.instruments if i.close_only]
    if close_only:
        told.append(
            f"{count(len(close_only), 'instrument').capitalize()} of {len(market.instruments)} "
            "report closes only: statements that need volume or ranges are absent for them, and "
            "their volatility scale is estimated from closes."
        )
    told += odds_in_words(odds)
    told.append(NOT_ADVICE)
    return tuple(told)

"""The track record in words: what the scores allow to say, and nothing more.

A difference counts only when its 95% interval lies on one side of zero (see the
``SkillScore`` contract: positive means that the system is better than the baseline).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from foundation.contracts import PerformanceReport, SkillScore
from stage_08_decision_support.phrasing import count, listed, medium_date, sentence, small

SkillVerdict = Literal["better", "no clear difference", "worse"]

POOLED = "all"
"""The name under which a report scores all its series together."""

METRICS: tuple[str, ...] = ("log score", "ranked probability score")
BASELINES: tuple[str, ...] = ("climatology", "persistence", "Markov chain")

NAMED = {"Markov chain": "the Markov chain"}

NO_RECORD = "There is no track record yet: no past forecast has been matched with an outcome."


def skill_verdict(score: SkillScore) -> SkillVerdict:
    """Say what the interval of a score difference allows to say."""
    if score.low > 0:
        return "better"
    if score.high < 0:
        return "worse"
    return "no clear difference"


@dataclass(frozen=True)
class SkillLine:
    """One series under one metric: the system beside its baselines (None: not scored)."""

    series: str
    metric: str
    system: float
    forecasts: int
    climatology: SkillScore | None
    persistence: SkillScore | None
    chain: SkillScore | None
    alone: SkillScore | None

    @property
    def label(self) -> str:
        """Return the series' name as a reader sees it."""
        return "all series" if self.series == POOLED else self.series

    @property
    def baselines(self) -> tuple[SkillScore, ...]:
        """Return the baselines that were scored."""
        every = (self.climatology, self.persistence, self.chain, self.alone)
        return tuple(score for score in every if score is not None)


def skill_lines(report: PerformanceReport, metric: str | None = None) -> tuple[SkillLine, ...]:
    """Return one line per metric and series, in the order of the report."""
    grouped: dict[tuple[str, str], dict[str, SkillScore]] = {}
    for score in report.scores:
        grouped.setdefault((score.metric, score.series), {})[score.baseline_name] = score
    lines = []
    for (name, series), by_baseline in grouped.items():
        if metric is not None and name != metric:
            continue
        anyone = next(iter(by_baseline.values()))
        lines.append(
            SkillLine(
                series=series,
                metric=name,
                system=anyone.system,
                forecasts=anyone.forecasts,
                climatology=by_baseline.get("climatology"),
                persistence=by_baseline.get("persistence"),
                chain=by_baseline.get("Markov chain"),
                alone=by_baseline.get("story model"),
            )
        )
    return tuple(lines)


def series_by_verdict(
    report: PerformanceReport, metric: str, baseline: str
) -> dict[SkillVerdict, tuple[str, ...]]:
    """Return the single series on which the system is better, worse or neither."""
    sorted_out: dict[SkillVerdict, list[str]] = {
        "better": [], "no clear difference": [], "worse": [],
    }  # fmt: skip
    for score in report.scores:
        if (score.metric, score.baseline_name) == (metric, baseline) and score.series != POOLED:
            sorted_out[skill_verdict(score)].append(score.series)
    return {verdict: tuple(series) for verdict, series in sorted_out.items()}


def comparison(report: PerformanceReport, metric: str, baseline: str) -> str:
    """Return one sentence on one baseline, or an empty text where it was not scored."""
    groups = series_by_verdict(report, metric, baseline)
    total = sum(map(len, groups.values()))
    if total == 0:
        return ""
    parts = []
    for verdict, series in groups.items():
        word = "not clearly different" if verdict == "no clear difference" else verdict
        if len(series) == total > 1:
            parts.append(f"{word} on all {small(total)} series")
        elif series:
            parts.append(f"{word} on {listed(series)}")
    return sentence(f"against {NAMED.get(baseline, baseline)}, the {metric} is {listed(parts)}")


def record_in_words(report: PerformanceReport) -> tuple[str, ...]:
    """Return the track record as a few sentences."""
    if not report.sessions_scored or report.scored_from is None or report.scored_to is None:
        return ("No past forecast has been matched with what happened yet.",)
    pooled = [s.forecasts for s in report.scores if s.series == POOLED]
    single = {s.series: s.forecasts for s in report.scores if s.series != POOLED}
    forecasts = max(pooled) if pooled else sum(single.values())
    opening = (
        f"Scored on {count(report.sessions_scored, 'session')} from "
        f"{medium_date(report.scored_from)} to {medium_date(report.scored_to)}, which the model "
        f"had not seen ({forecasts:,} forecasts in all)."
    )
    told = [comparison(report, m, b) for m in METRICS for b in BASELINES]
    return (opening, *(text for text in told if text))


def record_in_brief(report: PerformanceReport) -> str:
    """Return the one sentence for the executive summary (log score only)."""
    if not report.sessions_scored or not report.scores:
        return NO_RECORD
    told = []
    for baseline in BASELINES:
        groups = series_by_verdict(report, "log score", baseline)
        total = sum(map(len, groups.values()))
        if total:
            better, worse = small(len(groups["better"])), small(len(groups["worse"]))
            name = NAMED.get(baseline, baseline)
            told.append(
                f"better than {name} on {better} of {small(total)} series and worse on {worse}"
            )
    if not told:
        return NO_RECORD
    *first, last = told
    told = [f"{', '.join(first)}, and {last}"] if first else told
    return (
        f"Over the last {count(report.sessions_scored, 'session')} the forecasts were {told[0]}, "
        "counting log-score differences whose 95% interval excludes zero."
    )

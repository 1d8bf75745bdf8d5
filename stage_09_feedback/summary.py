"""The record in a few plain sentences, good news and bad."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foundation.contracts import TAPE, DirectionalRecord, SkillScore
from foundation.contracts.feedback import Baseline
from stage_09_feedback.matching import MatchedForecasts
from stage_09_feedback.scoring import POOLED, STEADY
from stage_09_feedback.settings import FeedbackSettings

EXPLAINED: dict[Baseline, str] = {
    "climatology": "climatology (past frequencies)",
    "persistence": "persistence (tomorrow as today)",
    "Markov chain": "a Markov chain (what has followed today's state before)",
}


def summary(
    matched: MatchedForecasts,
    scores: Sequence[SkillScore],
    direction: DirectionalRecord,
    hits: np.ndarray,
    impossible: int,
    survivor_biased: bool,
    settings: FeedbackSettings,
) -> tuple[str, ...]:
    """Return the record as four to seven plain statements, best read in order."""
    log = {(s.series, s.baseline_name): s for s in scores if s.metric == "log score"}
    lines = [
        coverage(matched),
        pooled([log[POOLED, name] for name in EXPLAINED]),
        weighing(log[POOLED, "story model"]),
        by_series([log[s, "persistence"] for s in TAPE if (s, "persistence") in log]),
    ]
    if ("price", "climatology") in log:
        lines.append(price(log["price", "climatology"]))
        lines.append(directions(direction, hits, matched))
    lines.append(caveats(impossible, log[POOLED, "climatology"].forecasts, matched,
                         survivor_biased, settings))  # fmt: skip
    return tuple(lines)


def too_short(
    matched: MatchedForecasts, survivor_biased: bool, settings: FeedbackSettings
) -> tuple[str, ...]:
    """Return what can be said when there are too few sessions to score."""
    count = len(matched.targets)
    said = (
        "None of the model's past forecasts"
        if not count
        else f"Only {_counted(count, 'session')} of past forecasts"
    )
    lines = [
        f"{said} could be held against what happened; at least {settings.minimum_sessions} "
        "sessions are needed before a score means anything.",
        "Until then nothing is known about this model's skill on this universe: treat its "
        "forecasts as untested.",
    ]
    if matched.seen_in_training:
        lines.append(_left_out(matched.seen_in_training))
    if survivor_biased:
        lines.append(SURVIVORS)
    return tuple(lines)


SURVIVORS = (
    "The universe is survivor-biased: instruments that failed are not in it, which flatters any "
    "record made on it."
)


def coverage(matched: MatchedForecasts) -> str:
    """Say what was scored."""
    pairs = int((~np.isnan(matched.observed)).sum())
    return (
        f"Over {_counted(len(matched.targets), 'session')} ({matched.targets[0]} to "
        f"{matched.targets[-1]}) and {_counted(len(matched.symbols), 'instrument')}, {pairs:,} "
        "forecasts of the next session were held against what happened."
    )


def pooled(scores: Sequence[SkillScore]) -> str:
    """Compare all series together with every reference."""
    told = ", ".join(_compared(score) for score in scores[:-1])
    return (
        f"Over all series the forecasts {told}, and they {_compared(scores[-1])}; a nat is a "
        "factor of 2.7 in the probability given to what happened."
    )


def weighing(alone: SkillScore) -> str:
    """Say what it brought to weigh the story model's word with plain counts."""
    what = {
        "better": "weighing it with plain counts gained",
        "worse": "weighing it with plain counts cost",
        "even": "weighing it with plain counts changed nothing that can be shown:",
    }[verdict(alone)]
    return (
        f"The story model alone would have scored {alone.baseline:.3f} nats where "
        f"{alone.system:.3f} was published: {what} {abs(alone.difference):.3f} (95% interval "
        f"{alone.low:+.3f} to {alone.high:+.3f}, plus in favour of weighing)."
    )


def by_series(scores: Sequence[SkillScore]) -> str:
    """Say for which series persistence was beaten, and for which not."""
    groups: dict[str, list[str]] = {"better": [], "worse": [], "even": []}
    for score in scores:
        groups[verdict(score)].append(score.series)
    parts = []
    if groups["better"]:
        parts.append(f"it did better for {_listed(groups['better'])}")
    if groups["worse"]:
        parts.append(f"it did worse for {_listed(groups['worse'])}")
    if groups["even"]:
        parts.append(f"no difference could be shown for {_listed(groups['even'])}")
    return f"Against {EXPLAINED['persistence']}, series by series: {'; '.join(parts)}."


def price(score: SkillScore) -> str:
    """Say plainly whether tomorrow's price move was foreseen better than by past frequencies."""
    did = "beat" if verdict(score) == "better" else "did not beat"
    return (
        f"For tomorrow's price move it {did} {EXPLAINED['climatology']}: {score.difference:+.3f} "
        f"nats per forecast, plus meaning better (95% interval {score.low:+.3f} to "
        f"{score.high:+.3f}); a true difference of {score.detectable:.3f} would have been found "
        "four times in five."
    )


def directions(record: DirectionalRecord, hits: np.ndarray, matched: MatchedForecasts) -> str:
    """Say how often the sign was right, and what always naming one direction would have given."""
    if record.hit_rate is None or record.low is None or record.high is None:
        return "No price forecast named a direction on a session that had one."
    rose = (matched.observed[:, :, TAPE.index("price")] > STEADY)[~np.isnan(hits)].mean()
    shown = "" if record.low > 0.5 else ", which is not shown to be better than a coin"
    return (
        f"The direction of the price move was right in {record.hit_rate:.1%} of "
        f"{record.forecasts:,} calls (95% interval {record.low:.1%} to {record.high:.1%}){shown}; "
        "sessions that held steady are left out, and always naming the direction that proved "
        f"more frequent would have scored {max(rose, 1 - rose):.1%}."
    )


def caveats(
    impossible: int,
    pairs: int,
    matched: MatchedForecasts,
    survivor_biased: bool,
    settings: FeedbackSettings,
) -> str:
    """Say what a reader of the scores must know."""
    floor = settings.probability_floor
    if impossible:
        said = (
            f"In {impossible:,} of {pairs:,} forecasts the outcome that happened had been given a "
            f"probability below {floor:g}; the log score counts it as {floor:g} instead."
        )
    else:
        said = f"No outcome that happened had been given a probability below {floor:g}."
    parts = [said]
    if matched.seen_in_training:
        parts.append(_left_out(matched.seen_in_training))
    if survivor_biased:
        parts.append(SURVIVORS)
    return " ".join(parts)


def verdict(score: SkillScore) -> str:
    """Return ``better`` or ``worse`` where the interval excludes zero, else ``even``."""
    if score.low > 0:
        return "better"
    return "worse" if score.high < 0 else "even"


def _compared(score: SkillScore) -> str:
    name, found = EXPLAINED[score.baseline_name], verdict(score)
    if found == "even":
        return (
            f"was not shown to differ from {name} ({score.difference:+.3f} nats per forecast, 95% "
            f"interval {score.low:+.3f} to {score.high:+.3f}; plus would be better)"
        )
    low, high = sorted((abs(score.low), abs(score.high)))
    return (
        f"{'beat' if found == 'better' else 'did worse than'} {name} by "
        f"{abs(score.difference):.3f} nats per forecast (95% interval {low:.3f} to {high:.3f})"
    )


def _left_out(rows: int) -> str:
    return (
        f"{_counted(rows, 'session')} of forecasts that the model had seen in training "
        f"{'was' if rows == 1 else 'were'} left out."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

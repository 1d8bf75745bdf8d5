"""Five scores in [0, 1] from a draft and its findings. The README states each formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foundation.contracts import CheckedContinuation, Scores, ValidationFinding
from stage_06_validation import accuracy, coherence, expression
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts
from stage_06_validation.rule import Rule
from stage_06_validation.settings import ValidationSettings

RULES: tuple[Rule, ...] = (*coherence.RULES, *accuracy.RULES, *expression.RULES)


def check(draft: Draft, facts: SymbolFacts, settings: ValidationSettings) -> CheckedContinuation:
    """Hold a draft against every rule, score it and say whether it is accepted.

    A draft is accepted when no finding is fatal and no score lies below its minimum.
    """
    findings = tuple(f for rule in RULES for f in rule.findings(draft, facts, settings))
    scores = score(draft, facts, findings, settings)
    low = below_minimum(scores, settings)
    return CheckedContinuation(
        continuation=draft.continuation,
        statements=draft.statements,
        ungrounded=draft.ungrounded,
        grounded_share=draft.grounded_share,
        scores=scores,
        findings=findings + low,
        accepted=not low and all(f.severity != "fatal" for f in findings),
    )


def score(
    draft: Draft,
    facts: SymbolFacts,
    findings: Sequence[ValidationFinding],
    settings: ValidationSettings,
) -> Scores:
    """Return the five scores.

    Coherence and accuracy are the product of ``1 - penalty`` over their findings. A draft with
    nothing in it is neither coherent nor accurate: both are 0 for a text without statements.
    """
    said = bool(draft.statements)
    return Scores(
        coherence=_survival("coherence", findings, settings) if said else 0.0,
        accuracy=_survival("accuracy", findings, settings) if said else 0.0,
        completeness=completeness(draft, facts),
        clarity=clarity(draft, settings),
        actionability=actionability(draft),
    )


def _survival(
    name: str, findings: Sequence[ValidationFinding], settings: ValidationSettings
) -> float:
    counted = {rule.name for rule in RULES if rule.score == name}
    penalty = {
        "fatal": settings.fatal_penalty,
        "warning": settings.warning_penalty,
        "note": settings.note_penalty,
    }
    return float(np.prod([1.0 - penalty[f.severity] for f in findings if f.rule in counted]))


def completeness(draft: Draft, facts: SymbolFacts) -> float:
    """Return 0.7 x share of required sections covered + 0.3 x share of today's series covered.

    A share of nothing is 1: where no recent story exists there is nothing to fall short of.
    """
    sections = _share(len(facts.required & draft.sections), len(facts.required))
    series = _share(len(facts.spoken & draft.series), len(facts.spoken))
    return 0.7 * sections + 0.3 * series


def clarity(draft: Draft, settings: ValidationSettings) -> float:
    """Return grounded share x share of distinct sentences x (1 - unwieldy share / 2)."""
    count = len(draft.sentences)
    if count == 0:
        return 0.0
    distinct = len(set(draft.sentences)) / count
    unwieldy = len(expression.unwieldy(draft, settings)) / count
    return draft.grounded_share * distinct * (1.0 - unwieldy / 2)


def actionability(draft: Draft) -> float:
    """Return 0.4 for a direction + 0.3 for a level + 0.3 for a risk."""
    return (
        0.4 * expression.has_direction(draft)
        + 0.3 * expression.has_level(draft)
        + 0.3 * expression.has_risk(draft)
    )


def below_minimum(scores: Scores, settings: ValidationSettings) -> tuple[ValidationFinding, ...]:
    """Return one fatal finding per score that lies below its minimum."""
    minima = {
        "coherence": settings.minimum_coherence,
        "accuracy": settings.minimum_accuracy,
        "completeness": settings.minimum_completeness,
        "clarity": settings.minimum_clarity,
        "actionability": settings.minimum_actionability,
    }
    return tuple(
        ValidationFinding(
            rule=f"{name} reaches its minimum",
            severity="fatal",
            said=f"{getattr(scores, name):.2f}",
            against=f"at least {minimum:.2f}",
        )
        for name, minimum in minima.items()
        if getattr(scores, name) < minimum
    )


def overall(scores: Scores, settings: ValidationSettings) -> float:
    """Return the weighted mean of the five scores, used to rank drafts."""
    parts = scores.model_dump()
    weights = {name: getattr(settings, f"{name}_weight") for name in parts}
    return float(sum(parts[n] * w for n, w in weights.items()) / sum(weights.values()))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0

"""Why: three to five plain sentences, each resting on claims, probabilities or both."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from foundation.contracts import Statement
from foundation.language import tone
from stage_07_signal_extraction.view import SymbolView, clause

_DRAFTS = {"regenerated": "later draft", "fallback": "fallback: no draft passed validation"}
_OWN_WORDS = ("state", "movement", "path", "pattern", "tension")


def explain(view: SymbolView) -> tuple[str, ...]:
    """Return the rationale: today, tomorrow, all opinions' odds, what speaks against, the call."""
    sentences = (
        _today(view),
        _tomorrow(view),
        view.reconciliation.explanation,
        _against(view),
        _call(view),
    )
    return tuple(s for s in sentences if s)


def _today(view: SymbolView) -> str:
    sign = view.sign
    weighed = [(c.degree * tone(c.statement) * (sign or 1), c.statement) for c in view.claims]
    told = _strongest(
        (abs(weight) if sign == 0 else weight, said)
        for weight, said in weighed
        if said.kind in _OWN_WORDS
    )
    if not told and sign:
        return "Nothing that today's story tells speaks for it."
    return f"Today's story: {' and '.join(told)}." if told else ""


def _tomorrow(view: SymbolView) -> str:
    p = view.price / view.price.sum()
    up, down = float(p[3:].sum()), float(p[:2].sum())
    told = _strongest(
        (abs(tone(s)), s) for s in view.expected if s.kind in ("state", "pattern", "tension")
    )
    refused = "" if view.verdict.chosen.accepted else ", which validation refused,"
    said = f"; its continuation{refused} says that {' and '.join(told)}" if told else ""
    return (
        f"For the next session the story model gives a rise {up:.0%} and a fall {down:.0%}{said}."
    )


def _against(view: SymbolView) -> str:
    if view.sign == 0:
        return ""
    told = _strongest(
        (
            (-c.degree * tone(c.statement) * view.sign, c.statement)
            for c in view.claims
            if c.statement.kind in _OWN_WORDS
        ),
        most=1,
    )
    return f"Against it, {told[0]}." if told else ""


def _call(view: SymbolView) -> str:
    rise = view.reconciliation.rise
    draft = view.verdict.verdict
    text = "" if draft == "accepted" else f" The forecast text is a {_DRAFTS[draft]}."
    if not view.proven:
        return f"Past odds were not proven better than the past frequency: no call.{text}"
    if view.sign == 0:
        return f"No direction pays at these odds after costs.{text}"
    chance, way = (rise, "higher") if view.sign > 0 else (1 - rise, "lower")
    return (
        f"A {way} close has odds of {chance:.1%}; after costs they promise an information ratio "
        f"of {view.conviction:.2f} a year.{text}"
    )


def _strongest(weighed: Iterable[tuple[float, Statement]], most: int = 2) -> list[str]:
    """Return the clauses of the statements with the largest positive weights, one per subject."""
    ranked = sorted(
        ((weight, k, said) for k, (weight, said) in enumerate(weighed) if weight > 1e-9),
        key=lambda entry: (-np.round(entry[0], 9), entry[1]),
    )
    chosen: dict[str, Statement] = {}
    for _, _, said in ranked:
        chosen.setdefault(said.subject, said)
    return [clause(said) for said in list(chosen.values())[:most]]

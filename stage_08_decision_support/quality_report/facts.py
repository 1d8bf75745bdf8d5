"""What the report says, counted: rules, rows by month, the map of missing bars, rows set aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import (
    MARKET,
    MarketWindow,
    QualityFinding,
    RowVerdict,
    RowVerdicts,
    VerdictRule,
)

SEVERITIES: tuple[str, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class RuleFacts:
    """One rule: what it says, and how often and where it was broken."""

    text: str
    why: str
    remedy: str
    severity: str
    action: str
    rows: int
    findings: int
    symbols: int
    first: date | None
    last: date | None
    example: str


@dataclass(frozen=True)
class MissingMap:
    """Share of sessions without a bar, by symbol and month.

    Attributes
    ----------
    symbols : tuple of str, length S
    months : M8[M] array (M,)
    share : float array (S, M)
        0 to 1; NaN in months before the symbol's first bar.
    """

    symbols: tuple[str, ...]
    months: np.ndarray
    share: np.ndarray


def listed(window: MarketWindow) -> RowVerdicts:
    """Return the window's list of bars and events; those stored before version 3 have none."""
    told = [v for v in (window.verdicts, window.event_verdicts) if v is not None]
    return RowVerdicts(
        rules=tuple(rule for verdicts in told for rule in verdicts.rules),
        rows=tuple(row for verdicts in told for row in verdicts.rows),
    )


def rule_facts(window: MarketWindow) -> list[RuleFacts]:
    """Gather findings by rule and action, the gravest and most frequent first."""
    grouped: dict[tuple[str, str], list[QualityFinding]] = {}
    for finding in window.findings:
        grouped.setdefault((finding.rule, finding.action), []).append(finding)
    verdicts = listed(window)
    by_name = {rule.name: rule for rule in verdicts.rules}
    why = {rule.text: rule.why for rule in verdicts.rules}
    places: dict[tuple[str, str], list[RowVerdict]] = {}
    for row in verdicts.rows:
        rule = by_name[row.rule]
        places.setdefault((rule.text, rule.action), []).append(row)
    facts = []
    for (text, action), found in grouped.items():
        # Findings sum rows up; which symbols and days they are about is told row by row.
        rows = places.get((text, action), [])
        days = [r.session for r in (rows or found) if r.session is not None]
        facts.append(
            RuleFacts(
                text=text,
                why=why.get(text, ""),
                remedy=found[0].remedy,
                severity=found[0].severity,
                action=action,
                rows=sum(f.rows for f in found),
                findings=len(found),
                symbols=len({r.symbol for r in (rows or found)} - {MARKET}),
                first=min(days, default=None),
                last=max(days, default=None),
                example=found[0].value,
            )
        )
    return sorted(facts, key=lambda f: (SEVERITIES.index(f.severity), -f.rows, f.text))


def rows_by_month(window: MarketWindow) -> tuple[list[VerdictRule], np.ndarray, np.ndarray]:
    """Count rows by rule and month.

    Returns
    -------
    rules : list of VerdictRule
        The most frequent first.
    months : M8[M] array
        Every month of the window.
    count : int array (rules, months)
    """
    first, last = (np.datetime64(window.bars.sessions[i], "M") for i in (0, -1))
    months = np.arange(first, last + 1)
    verdicts = listed(window)
    place = {rule.name: n for n, rule in enumerate(verdicts.rules)}
    count = np.zeros((len(place), len(months)), dtype=int)
    days = np.array([row.session for row in verdicts.rows], dtype="M8[M]")
    rule = np.array([place[row.rule] for row in verdicts.rows], dtype=int)
    at = (days - first).astype(int)
    # Rows of sessions that the window left out at its beginning stand in its first month.
    at = np.where(np.isnat(days), -1, np.maximum(at, 0))
    inside = (at >= 0) & (at < len(months))
    np.add.at(count, (rule[inside], at[inside]), 1)
    order = np.argsort(-count.sum(axis=1), kind="stable")
    return [verdicts.rules[n] for n in order], months, count[order]


def missing_map(window: MarketWindow, most: int = 24) -> tuple[MissingMap, int]:
    """Return the symbols with the most missing bars, and how many others there are.

    The last row, where symbols are left out, is the mean of all others.
    """
    close = window.bars.field("close")
    months = np.array(window.bars.sessions, dtype="M8[M]")
    names, place = np.unique(months, return_inverse=True)
    begun = np.maximum.accumulate(~np.isnan(close), axis=0)
    absent = np.isnan(close) & begun

    def by_month(block: np.ndarray) -> np.ndarray:
        out = np.zeros((len(names), block.shape[1]))
        np.add.at(out, place, block)
        return out

    sessions = by_month(begun.astype(float))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(sessions > 0, by_month(absent.astype(float)) / sessions, np.nan).T
    order = np.argsort(-absent.sum(axis=0), kind="stable")
    worst = [int(n) for n in order[:most] if absent[:, n].any()]
    others = [n for n in range(len(window.bars.symbols)) if n not in set(worst)]
    labels = [window.bars.symbols[n] for n in worst]
    rows = [share[n] for n in worst]
    if others:
        rest = share[others]
        seen = np.isfinite(rest)
        total = np.where(seen, rest, 0.0).sum(axis=0)
        rows.append(np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan))
        labels.append(f"{len(others)} others" if worst else f"all {len(others)}")
    return MissingMap(tuple(labels), names, np.array(rows)), len(others)


def set_aside(window: MarketWindow) -> list[tuple[VerdictRule, list[tuple[str, list[str]]]]]:
    """List every row set aside or repaired: its rule, and symbols by session."""
    verdicts = listed(window)
    out = []
    for rule in verdicts.rules:
        if rule.action == "kept":
            continue
        by_day: dict[str, list[str]] = {}
        for row in verdicts.rows:
            if row.rule == rule.name:
                day = row.session.isoformat() if row.session else "no date"
                by_day.setdefault(day, []).append(row.symbol or row.location)
        out.append((rule, [(day, sorted(by_day[day])) for day in sorted(by_day)]))
    return out

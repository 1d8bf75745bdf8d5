"""What the report says, counted: findings by rule, month and symbol; the map of missing bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import MARKET, MarketWindow, QualityFinding
from stage_01_data_engine.rules import BAR_RULES

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES: tuple[str, ...] = ("error", "warning", "info")
RULES_BY_NAME = {rule.name: rule for rule in BAR_RULES}


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
class SymbolFacts:
    """One symbol: rows by severity, bars missing since its first, and the rules it broke."""

    symbol: str
    rows: dict[str, int]
    missing: int
    sessions: int
    rules: tuple[str, ...]


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


def rule_facts(findings: tuple[QualityFinding, ...]) -> list[RuleFacts]:
    """Gather findings by rule and action, the gravest and most frequent first."""
    grouped: dict[tuple[str, str], list[QualityFinding]] = {}
    for finding in findings:
        grouped.setdefault((finding.rule, finding.action), []).append(finding)
    why = {rule.text: rule.why for rule in BAR_RULES}
    facts = []
    for (text, action), found in grouped.items():
        days = [f.session for f in found if f.session is not None]
        facts.append(
            RuleFacts(
                text=text,
                why=why.get(text, ""),
                remedy=found[0].remedy,
                severity=found[0].severity,
                action=action,
                rows=sum(f.rows for f in found),
                findings=len(found),
                symbols=len({f.symbol for f in found} - {MARKET}),
                first=min(days, default=None),
                last=max(days, default=None),
                example=found[0].value,
            )
        )
    return sorted(facts, key=lambda f: (SEVERITIES.index(f.severity), -f.rows, f.text))


def rows_by_month(
    window: MarketWindow, verdicts: pd.DataFrame | None
) -> tuple[list[str], np.ndarray, np.ndarray, int]:
    """Count rows by rule and month.

    Returns
    -------
    rules : list of str
        Texts of the rules, the most frequent first.
    months : M8[M] array
        Every month of the window.
    count : int array (rules, months)
    undated : int
        Rows whose finding covers several sessions; none where ``verdicts`` are given.
    """
    first, last = (np.datetime64(window.bars.sessions[i], "M") for i in (0, -1))
    months = np.arange(first, last + 1)
    if verdicts is not None:
        texts = [RULES_BY_NAME[name].text for name in verdicts["rule"]]
        days = verdicts["session"].to_numpy().astype("M8[M]")
        weight = np.ones(len(texts), dtype=int)
    else:
        dated = [f for f in window.findings if f.session is not None and f.rows]
        texts = [f.rule for f in dated]
        days = np.array([f.session for f in dated], dtype="M8[M]")
        weight = np.array([f.rows for f in dated], dtype=int)
    undated = sum(f.rows for f in window.findings) - int(weight.sum()) if verdicts is None else 0
    names = sorted(set(texts))
    count = np.zeros((len(names), len(months)), dtype=int)
    at = (days - first).astype(int)
    inside = (at >= 0) & (at < len(months))
    row = np.array([names.index(t) for t in texts], dtype=int)
    np.add.at(count, (row[inside], at[inside]), weight[inside])
    order = np.argsort(-count.sum(axis=1), kind="stable")
    return [names[n] for n in order], months, count[order], undated


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


def symbol_facts(
    window: MarketWindow, verdicts: pd.DataFrame | None, most: int = 15
) -> list[SymbolFacts]:
    """Return the symbols with the most rows found wanting, errors before warnings before notes."""
    rows: dict[str, dict[str, int]] = {}
    rules: dict[str, dict[str, int]] = {}

    def note(symbol: str, severity: str, text: str, count: int) -> None:
        own = rows.setdefault(symbol, dict.fromkeys(SEVERITIES, 0))
        own[severity] += count
        of = rules.setdefault(symbol, {})
        of[text] = of.get(text, 0) + count

    if verdicts is not None:
        grouped = verdicts.groupby(["symbol", "severity", "rule"]).size()
        for key, times in zip(grouped.index.to_list(), grouped.to_list(), strict=True):
            symbol, severity, name = key
            note(symbol, severity, name.replace("-", " "), times)
    else:
        short = {rule.text: rule.name.replace("-", " ") for rule in BAR_RULES}
        for f in window.findings:
            if f.symbol != MARKET and f.rows:
                note(f.symbol, f.severity, short.get(f.rule, f.rule), f.rows)
    close = window.bars.field("close")
    begun = np.maximum.accumulate(~np.isnan(close), axis=0)
    lacking = (np.isnan(close) & begun).sum(axis=0)
    facts = []
    for symbol in {*rows, *(s for s, n in zip(window.bars.symbols, lacking, strict=True) if n)}:
        known = symbol in window.bars.symbols
        at = window.bars.symbols.index(symbol) if known else -1
        own = rules.get(symbol, {})
        facts.append(
            SymbolFacts(
                symbol=symbol,
                rows=rows.get(symbol, dict.fromkeys(SEVERITIES, 0)),
                missing=int(lacking[at]) if known else 0,
                sessions=int(begun[:, at].sum()) if known else 0,
                rules=tuple(sorted(own, key=lambda text: (-own[text], text))),
            )
        )
    facts.sort(
        key=lambda f: (*(-f.rows[s] for s in SEVERITIES[:2]), -f.missing, -f.rows["info"], f.symbol)
    )
    return facts[:most]


def listing(verdicts: pd.DataFrame) -> list[tuple[str, str, list[tuple[str, list[str]]]]]:
    """List every row set aside or repaired: rule, what was done, and symbols by session."""
    touched = verdicts[verdicts["action"] != "kept"]
    out = []
    for (name, action), rows in touched.groupby(["rule", "action"], sort=False):
        by_day = [
            (f"{day:%Y-%m-%d}", [str(s) for s in sorted(group["symbol"])])
            for day, group in rows.groupby("session", sort=True)
        ]
        out.append((RULES_BY_NAME[str(name)].text, str(action), by_day))
    return out

"""The report as sections of HTML: for a page of the dashboard, and as one self-contained file."""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from pathlib import Path

from foundation.contracts import MARKET, MarketWindow, RowCounts
from stage_08_decision_support.quality_report import facts as count
from stage_08_decision_support.quality_report.metrics import (
    DIMENSIONS,
    SymbolQuality,
    completeness,
    symbol_quality,
)
from stage_08_decision_support.quality_report.pictures import (
    calendar_picture,
    missing_picture,
    share_bar,
)
from stage_08_decision_support.rendering.templating import stylesheet

ABSENT = "\N{EN DASH}"
DONE = {"kept": "kept, reported", "repaired": "repaired", "quarantined": "set aside"}
WORST = 15
"""Symbols shown at once; the others unfold."""


def write_quality_report(window: MarketWindow, path: Path) -> Path:
    """Write the report and return where it is.

    Parameters
    ----------
    window : MarketWindow
    path : Path
        The file to write; its folder must exist.
    """
    path.write_text(quality_report_html(window), encoding="utf-8")
    return path


def quality_report_html(window: MarketWindow) -> str:
    """Return the report as one file that fetches nothing; the same input gives the same bytes."""
    title = f"Data quality, {window.source.name}, {window.session:%Y-%m-%d}"
    masthead = (
        '<header class="masthead"><span class="brand">Financial Story</span>'
        f'<span class="when">As of {window.as_of:%Y-%m-%d %H:%M} New York</span></header>'
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{stylesheet()}{quality_stylesheet()}</style></head>"
        f'<body><div class="page">{masthead}<main>{quality_sections(window)}</main>'
        f"{_foot(window)}</div></body></html>\n"
    )


def quality_stylesheet() -> str:
    """Return what the sections need beyond the house's style sheet."""
    return files(__package__).joinpath("quality.css").read_text(encoding="utf-8")


def quality_sections(window: MarketWindow) -> str:
    """Return the body of the report, every text of a source escaped."""
    rules = count.rule_facts(window)
    quality = symbol_quality(window)
    body = "".join(
        [
            _opening(window, rules),
            _strip(window, quality),
            _section("Where bars are missing", *_missing(window)),
            _section("When rules were broken", *_calendar(window)),
            _section("Rules", _rules(rules), f"{len(rules)} of them broken"),
            _section("Symbols, worst first", *_symbols(quality)),
            _listing(window),
            _findings(window),
        ]
    )
    return f'<div class="quality">{body}</div>'


def _section(title: str, inner: str, key: str = "") -> str:
    side = f'<span class="key">{key}</span>' if key else ""
    return f'<section><div class="head"><h2>{title}</h2>{side}</div>{inner}</section>'


def _opening(window: MarketWindow, rules: list[count.RuleFacts]) -> str:
    counts = window.counts
    if counts.quarantined:
        headline = f"{counts.quarantined:,} of {counts.received:,} rows are set aside"
    else:
        headline = f"All {counts.received:,} rows are used"
    told = [_broken(f) for f in rules if f.action == "quarantined"][:3]
    warned = [f for f in rules if f.severity == "warning" and f.rows]
    sentences = [f"{'; '.join(told)}." if told else ""]
    if warned:
        rows = sum(f.rows for f in warned)
        sentences.append(
            f"{rows:,} more {'row carries' if rows == 1 else 'rows carry'} a warning under "
            f"{len(warned)} {'rule' if len(warned) == 1 else 'rules'} and are used: "
            "look at those before trusting returns across them."
        )
    note = f'<p class="quiet small">{escape(window.source.note)}</p>' if window.source.note else ""
    prose = " ".join(s for s in sentences if s)
    return (
        f'<div class="eyebrow">Quality of the data from {escape(window.source.name)}</div>'
        f'<h1>{headline}</h1><p class="prose">{escape(prose)}</p>{note}'
    )


def _broken(rule: count.RuleFacts) -> str:
    """Say how many rows broke a rule, and what it says."""
    verb = "row breaks" if rule.rows == 1 else "rows break"
    return f"{rule.rows:,} {verb} the rule \u201c{rule.text[0].lower()}{rule.text[1:]}\u201d"


def _strip(window: MarketWindow, quality: list[SymbolQuality]) -> str:
    counts, bars = window.counts, window.bars
    missing = sum(q.missing for q in quality)
    whole = completeness(quality)
    events = window.event_counts or RowCounts(received=0, kept=0, quarantined=0)
    repaired = sum(f.rows for f in window.findings if f.action == "repaired")
    warned = sum(q.severity["warning"] for q in quality)
    tiles = [
        ("Rows read", f"{counts.received:,}", ""),
        ("Used", f"{counts.kept:,}", _percent(counts.kept, counts.received)),
        ("Set aside", f"{counts.quarantined:,}", "each is listed below"),
        ("Repaired", f"{repaired:,}", ""),
        ("Events used", f"{events.kept:,}", f"{events.quarantined:,} set aside"),
        ("With a warning", f"{warned:,}", "and used"),
        (
            "Complete",
            ABSENT if math.isnan(whole) else _floor_percent(whole),
            f"{missing:,} bars missing since each first",
        ),
        (
            "Symbols",
            f"{len(bars.symbols):,}",
            f"{len(bars.sessions):,} sessions from {bars.sessions[0]}",
        ),
    ]
    cells = "".join(
        f'<div><span class="label">{label}</span><span class="value num">{value}</span>'
        f'<span class="state">{extra}</span></div>'
        for label, value, extra in tiles
    )
    bar = share_bar([("used", counts.kept), ("aside", counts.quarantined)])
    return f'<div class="tiles">{cells}</div>{bar}'


def _percent(part: int, whole: int) -> str:
    """Return a share that reads 100% only where nothing is missing."""
    return _floor_percent(part / max(whole, 1))


def _floor_percent(share: float) -> str:
    """Return a share in percent, rounded down: as many digits as it takes not to read 100%."""
    digits = 2 if share == 1 or share < 0.9999 else 4
    return f"{math.floor(share * 10 ** (digits + 2)) / 10**digits:.{digits}f}%"


def _missing(window: MarketWindow) -> tuple[str, str]:
    found, _ = count.missing_map(window)
    key = (
        '<i class="swatch absent"></i>sessions without a bar, stronger is more '
        '<i class="swatch unborn"></i>before the first bar'
    )
    if not (found.share > 0).any():
        return '<p class="prose">No bar is missing after a symbol\u2019s first.</p>', ""
    return f'<div class="surface pad picture">{missing_picture(found)}</div>', key


def _calendar(window: MarketWindow) -> tuple[str, str]:
    rules, months, rows = count.rows_by_month(window)
    if not rows.any():
        said = (
            "No rule was broken."
            if window.verdicts is not None
            else "This window was stored before rows were listed one by one."
        )
        return f'<p class="quiet">{said}</p>', ""
    key = "".join(f'<i class="swatch {s}"></i>{s}' for s in count.SEVERITIES)
    key += '<span class="apart">larger is more rows in the month</span>'
    return f'<div class="surface pad picture">{calendar_picture(rules, months, rows)}</div>', key


def _rules(rules: list[count.RuleFacts]) -> str:
    if not rules:
        return '<p class="quiet">No rule was broken.</p>'
    lines = []
    for f in rules:
        span = (
            "" if f.first is None else f"{f.first}" + (f" to {f.last}" if f.last != f.first else "")
        )
        why = f" because {f.why}" if f.why else ""
        lines.append(
            f'<tr><td><i class="dot {f.severity}"></i></td>'
            f"<td><b>{escape(f.text)}</b><span class='name'>{escape(DONE[f.action])}{escape(why)}."
            f" To do: {escape(f.remedy)}.</span></td>"
            f'<td class="r num">{f.rows:,}</td><td class="r num">{f.symbols or ""}</td>'
            f'<td class="num">{span}</td><td class="example">{escape(f.example)}</td></tr>'
        )
    head = (
        "<tr><th></th><th>Rule</th><th class='r'>Rows</th><th class='r'>Symbols</th>"
        "<th>When</th><th>First example</th></tr>"
    )
    return (
        f'<div class="surface scroll"><table class="rules"><thead>{head}</thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _symbols(quality: list[SymbolQuality]) -> tuple[str, str]:
    if not quality:
        return '<p class="quiet">There are none.</p>', ""
    head = (
        "<tr><th scope='col'>Symbol</th><th scope='col' class='r'>Complete</th>"
        + "".join(f"<th scope='col' class='r'>{name.capitalize()}</th>" for name in DIMENSIONS)
        + "<th scope='col' class='r'>Set aside</th><th scope='col'>Rules</th></tr>"
    )
    shown, rest = quality[:WORST], quality[WORST:]
    inner = _table(head, "".join(_symbol(q) for q in shown))
    if rest:
        more = _table(head, "".join(_symbol(q) for q in rest))
        inner += f"<details><summary>Show the other {len(rest):,}</summary>{more}</details>"
    return inner, "sessions with a bar since the first, and rows that broke a rule, by kind"


def _symbol(q: SymbolQuality) -> str:
    whole = ABSENT if math.isnan(q.completeness) else _floor_percent(q.completeness)
    counts = [*(q.broken[name] for name in DIMENSIONS), q.aside]
    cells = "".join(
        f'<td class="r num">{n:,}</td>' if n else '<td class="r quiet">0</td>' for n in counts
    )
    names = [name.replace("-", " ") for name in q.rules]
    said = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return (
        f'<tr><th scope="row">{escape(q.symbol)}</th><td class="r num">{whole}</td>{cells}'
        f'<td class="example">{escape(said)}</td></tr>'
    )


def _table(head: str, lines: str) -> str:
    return (
        f'<div class="surface scroll"><table><thead>{head}</thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _listing(window: MarketWindow) -> str:
    groups = count.set_aside(window)
    if not groups:
        return _section("Rows set aside or repaired", '<p class="quiet">There are none.</p>')
    blocks = []
    for rule, days in groups:
        total = sum(len(symbols) for _, symbols in days)
        lines = "".join(
            f'<div class="listed"><b class="num">{day}</b>'
            f"<span>{escape(', '.join(symbols))}</span></div>"
            for day, symbols in days
        )
        blocks.append(
            f"<details><summary>{escape(rule.text)}: {total:,} {DONE[rule.action]}</summary>"
            f"{lines}</details>"
        )
    return _section("Rows set aside or repaired", "".join(blocks), "every one, by session")


def _findings(window: MarketWindow) -> str:
    if not window.findings:
        return ""
    lines = "".join(
        f'<tr><td><i class="dot {f.severity}"></i></td>'
        f"<th>{'all' if f.symbol == MARKET else escape(f.symbol)}</th>"
        f'<td class="num">{f.session or ""}</td><td>{escape(f.rule)}</td>'
        f'<td class="example">{escape(f.value)}</td><td class="r num">{f.rows:,}</td>'
        f'<td class="example">{escape(f.location)}</td></tr>'
        for f in window.findings
    )
    head = (
        "<tr><th></th><th>Symbol</th><th>Session</th><th>Rule</th><th>Value</th>"
        "<th class='r'>Rows</th><th>Place</th></tr>"
    )
    table = _table(head, lines)
    inner = f"<details><summary>Show all {len(window.findings):,}</summary>{table}</details>"
    return _section("Findings in full", inner)


def _foot(window: MarketWindow) -> str:
    source = window.source
    licence = f"Licence: {escape(source.licence)}" if source.licence else "Licence not stated"
    return (
        f'<footer class="foot"><span>{licence}</span>'
        f"<span>Fingerprint <code>{escape(source.fingerprint[:16])}</code></span></footer>"
    )

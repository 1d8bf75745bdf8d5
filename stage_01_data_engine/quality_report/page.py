"""The report as one self-contained HTML file: no script, no font or picture from elsewhere."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.contracts import MARKET, MarketWindow
from stage_01_data_engine.quality_report import facts as count
from stage_01_data_engine.quality_report.pictures import (
    calendar_picture,
    missing_picture,
    share_bar,
)

if TYPE_CHECKING:
    import pandas as pd

DONE = {"kept": "kept, reported", "repaired": "repaired", "quarantined": "set aside"}


def write_quality_report(
    window: MarketWindow, path: Path, verdicts: pd.DataFrame | None = None
) -> Path:
    """Write the report and return where it is.

    Parameters
    ----------
    window : MarketWindow
    path : Path
        The file to write; its folder must exist.
    verdicts : DataFrame, optional
        ``Gated.verdicts``: with it the report dates every row and lists each one that was set
        aside or repaired; without it, only what the window's findings say.
    """
    path.write_text(quality_report_html(window, verdicts), encoding="utf-8")
    return path


def quality_report_html(window: MarketWindow, verdicts: pd.DataFrame | None = None) -> str:
    """Return the report; the same input gives the same bytes."""
    style = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    rules = count.rule_facts(window.findings)
    body = "".join(
        [
            _opening(window, rules),
            _strip(window, verdicts),
            _section("Where bars are missing", *_missing(window)),
            _section("When rules were broken", *_calendar(window, rules, verdicts)),
            _section("Rules", _rules(rules), f"{len(rules)} of them broken"),
            _section("Symbols to look at first", _symbols(window, verdicts)),
            _listing(verdicts),
            _findings(window),
            _foot(window),
        ]
    )
    title = f"Data quality, {window.source.name}, {window.session:%Y-%m-%d}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f'<body><main class="page">{body}</main></body></html>\n'
    )


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
        '<header class="masthead"><span class="brand">Financial Story</span>'
        f'<span class="when">As of {window.as_of:%Y-%m-%d %H:%M} New York</span></header>'
        f'<div class="eyebrow">Quality of the data from {escape(window.source.name)}</div>'
        f'<h1>{headline}</h1><p class="prose">{escape(prose)}</p>{note}'
    )


def _broken(rule: count.RuleFacts) -> str:
    """Say how many rows broke a rule, and what it says."""
    verb = "row breaks" if rule.rows == 1 else "rows break"
    return f"{rule.rows:,} {verb} the rule \u201c{rule.text[0].lower()}{rule.text[1:]}\u201d"


def _strip(window: MarketWindow, verdicts: pd.DataFrame | None) -> str:
    counts, bars = window.counts, window.bars
    missing = sum(f.missing for f in count.symbol_facts(window, verdicts, most=10**9))
    possible = len(bars.sessions) * len(bars.symbols)
    repaired = sum(f.rows for f in window.findings if f.action == "repaired")
    warned = sum(f.rows for f in window.findings if f.severity == "warning")
    tiles = [
        ("Rows read", f"{counts.received:,}", ""),
        ("Used", f"{counts.kept:,}", _percent(counts.kept, counts.received)),
        (
            "Set aside",
            f"{counts.quarantined:,}",
            "each is listed below" if verdicts is not None else "",
        ),
        ("Repaired", f"{repaired:,}", ""),
        ("With a warning", f"{warned:,}", ""),
        ("Bars missing", f"{missing:,}", f"of {possible:,} places"),
        ("Symbols", f"{len(bars.symbols):,}", ""),
        ("Sessions", f"{len(bars.sessions):,}", f"{bars.sessions[0]} to {bars.sessions[-1]}"),
    ]
    cells = "".join(
        f'<div><span class="label">{label}</span><span class="value num">{value}</span>'
        f'<span class="state">{extra}</span></div>'
        for label, value, extra in tiles
    )
    bar = share_bar([("used", counts.kept), ("aside", counts.quarantined)])
    return f'<div class="strip">{cells}</div>{bar}'


def _percent(part: int, whole: int) -> str:
    """Return a share that reads 100% only where nothing is missing."""
    share = part / max(whole, 1)
    return f"{share:.2%}" if part == whole or share < 0.9999 else f"{share:.4%}"


def _missing(window: MarketWindow) -> tuple[str, str]:
    found, _ = count.missing_map(window)
    key = (
        '<i class="swatch absent"></i>sessions without a bar, darker is more '
        '<i class="swatch unborn"></i>before the first bar'
    )
    if not (found.share > 0).any():
        return '<p class="prose">No bar is missing after a symbol\u2019s first.</p>', ""
    return f'<div class="surface pad picture">{missing_picture(found)}</div>', key


def _calendar(
    window: MarketWindow, rules: list[count.RuleFacts], verdicts: pd.DataFrame | None
) -> tuple[str, str]:
    names, months, rows, undated = count.rows_by_month(window, verdicts)
    if not names:
        said = "No finding names a session." if undated else "No rule was broken."
        return f'<p class="quiet">{said}</p>', ""
    severity = {f.text: f.severity for f in rules}
    rest = (
        f'<p class="quiet small">{undated:,} rows stand in findings that cover several sessions '
        "and are not drawn.</p>"
        if undated
        else ""
    )
    key = "".join(f'<i class="swatch {s}"></i>{s}' for s in count.SEVERITIES)
    key += '<span class="apart">larger is more rows in the month</span>'
    picture = calendar_picture(names, severity, months, rows)
    return f'<div class="surface pad picture">{picture}{rest}</div>', key


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


def _symbols(window: MarketWindow, verdicts: pd.DataFrame | None) -> str:
    found = count.symbol_facts(window, verdicts)
    if not found:
        return '<p class="quiet">No symbol stands out.</p>'
    lines = []
    for f in found:
        cells = "".join(
            f'<td class="r num">{f.rows[s]:,}</td>' if f.rows[s] else '<td class="r quiet">0</td>'
            for s in count.SEVERITIES
        )
        share = f" ({f.missing / f.sessions:.1%})" if f.missing and f.sessions else ""
        said = ", ".join(f.rules[:4]) + (
            f" and {len(f.rules) - 4} more" if len(f.rules) > 4 else ""
        )
        lines.append(
            f"<tr><th>{escape(f.symbol)}</th>{cells}"
            f'<td class="r num">{f.missing:,}{share}</td><td>{escape(said)}</td></tr>'
        )
    head = (
        "<tr><th>Symbol</th><th class='r'>Errors</th><th class='r'>Warnings</th>"
        "<th class='r'>Notes</th><th class='r'>Bars missing</th><th>Rules</th></tr>"
    )
    return _table(head, "".join(lines))


def _table(head: str, lines: str) -> str:
    return (
        f'<div class="surface scroll"><table><thead>{head}</thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _listing(verdicts: pd.DataFrame | None) -> str:
    if verdicts is None:
        return ""
    groups = count.listing(verdicts)
    if not groups:
        return _section("Rows set aside or repaired", '<p class="quiet">There are none.</p>')
    blocks = []
    for text, action, days in groups:
        total = sum(len(symbols) for _, symbols in days)
        lines = "".join(
            f'<div class="day"><b class="num">{day}</b>'
            f"<span>{escape(', '.join(symbols))}</span></div>"
            for day, symbols in days
        )
        blocks.append(
            f"<details><summary>{escape(text)}: {total:,} {DONE[action]}</summary>{lines}</details>"
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

"""The jinja2 environment that the HTML brief and the dashboard share. Everything is escaped."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from stage_08_decision_support import caveats, clauses, instrument_pages, phrasing, track_record
from stage_08_decision_support.rendering import graphics

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "stage_08_decision_support"


def stylesheet() -> str:
    """Return the one style sheet of brief and dashboard."""
    return files(_PACKAGE).joinpath("rendering", "story.css").read_text(encoding="utf-8")


def environment() -> Environment:
    """Return a jinja2 environment with the templates of the brief and of the dashboard."""
    from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

    env = Environment(
        loader=PrefixLoader(
            {
                "brief": PackageLoader(_PACKAGE, "rendering/templates"),
                "web": PackageLoader(_PACKAGE, "adapters/web/templates"),
            }
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "price", "percent", "change", "log_change", "signed", "number", "cell", "long_date",
        "medium_date", "short_date", "horizon_title", "moment", "count", "listed", "sentence",
    ):  # fmt: skip
        env.filters[name] = getattr(phrasing, name)
    env.filters["told"] = clauses.told
    env.filters["statement_in_words"] = clauses.statement_in_words
    env.filters["by_conviction"] = instrument_pages.by_conviction
    env.filters["uncalled"] = instrument_pages.uncalled
    env.filters["is_called"] = instrument_pages.is_called
    env.filters["skill_lines"] = track_record.skill_lines
    env.filters["skill_verdict"] = track_record.skill_verdict
    env.filters["record_in_words"] = track_record.record_in_words
    env.filters["odds_in_words"] = caveats.odds_in_words
    env.filters["dumbbell"] = graphics.dumbbell
    env.filters["sparkline"] = graphics.sparkline
    env.globals["interval"] = graphics.interval
    env.globals["reach"] = graphics.reach
    return env

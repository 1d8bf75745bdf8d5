"""The brief as one self-contained HTML file: inline style, no script, no outside resource."""

from __future__ import annotations

from foundation.contracts import DecisionBrief
from stage_08_decision_support.rendering.templating import environment, stylesheet


def render_html(brief: DecisionBrief) -> str:
    """Return the brief as HTML for screen and print, light or dark as the reader prefers."""
    from markupsafe import Markup

    template = environment().get_template("brief/brief.html")
    return template.render(brief=brief, style=Markup(stylesheet()))

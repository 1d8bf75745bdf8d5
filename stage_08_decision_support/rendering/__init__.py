"""The brief as Markdown, as one self-contained HTML file, as JSON, and on a terminal."""

from stage_08_decision_support.rendering.document import render_json
from stage_08_decision_support.rendering.html import render_html
from stage_08_decision_support.rendering.markdown import render_markdown
from stage_08_decision_support.rendering.terminal import render_terminal

__all__ = ["render_html", "render_json", "render_markdown", "render_terminal"]

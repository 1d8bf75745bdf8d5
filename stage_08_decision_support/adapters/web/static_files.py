"""Files that the pages load, all from this machine: style, script, plotly.js and the mark."""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files

from foundation.kernel import DependencyError, hash_text, short
from stage_08_decision_support.rendering.templating import stylesheet

MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 22 22"><rect width="22" height="22" '
    'rx="4" fill="#1f5673"/><path d="M4 14.5 8 10l3.5 3L18 6" fill="none" stroke="#fff" '
    'stroke-width="2" stroke-linejoin="round"/></svg>'
)


def script() -> str:
    """Return the dashboard's one script."""
    place = files("stage_08_decision_support").joinpath("adapters", "web", "static", "app.js")
    return place.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def plotly_script() -> bytes:
    """Return plotly.js as the installed pip package bundles it, gzip-compressed.

    Raises
    ------
    DependencyError
        If the package no longer carries the file.
    """
    place = files("plotly").joinpath("package_data", "plotly.min.js")
    if not place.is_file():
        raise DependencyError(
            "Charts need the plotly.min.js that the plotly package bundles",
            value=str(place),
            remedy="pip install 'plotly>=6,<8'",
        )
    return gzip.compress(place.read_bytes(), compresslevel=6, mtime=0)


def addresses() -> dict[str, str]:
    """Return the address of each file; it changes with the content, so it can be kept for long."""
    return {
        "style": f"/static/{short(hash_text(stylesheet()))}/story.css",
        "script": f"/static/{short(hash_text(script()))}/app.js",
        "plotly": f"/static/{version('plotly')}/plotly.min.js",
    }

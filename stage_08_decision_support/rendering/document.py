"""The brief as JSON: the contract itself, nothing added and nothing lost."""

from __future__ import annotations

from foundation.contracts import DecisionBrief


def render_json(brief: DecisionBrief) -> str:
    """Return indented JSON; ``DecisionBrief.model_validate_json`` gives the brief back."""
    return brief.model_dump_json(indent=2) + "\n"

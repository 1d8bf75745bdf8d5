"""The gate for what happens rather than trades: texts, earnings, corporate actions, membership.

Each function takes one table in the columns it names (whatever the vendor calls them), judges every
row, and returns ``Judged``: rows that may be used, findings, and the complete list of verdicts.
What was not yet known at the as-of moment must not be handed in, except rows that claim to be from
later: those are what ``future-stamped`` finds.
"""

from stage_01_data_engine.event_rules.actions import judge_actions
from stage_01_data_engine.event_rules.earnings import judge_earnings
from stage_01_data_engine.event_rules.gate import GatedEvents, gate_events
from stage_01_data_engine.event_rules.membership import judge_membership, judge_snapshots
from stage_01_data_engine.event_rules.texts import judge_texts

__all__ = [
    "GatedEvents",
    "gate_events",
    "judge_actions",
    "judge_earnings",
    "judge_membership",
    "judge_snapshots",
    "judge_texts",
]

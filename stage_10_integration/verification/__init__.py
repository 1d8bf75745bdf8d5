"""Proofs on one's own data: nothing uses the future, and two runs write the same bytes.

``lookahead`` and ``replay`` are the two laws; ``verdict`` is what they say. ``known_rows`` cuts
and changes a market after a session, ``differences`` and ``restatement`` say where two runs part.
"""

from stage_10_integration.verification.lookahead import SOURCE, verify_no_lookahead
from stage_10_integration.verification.replay import verify_replay
from stage_10_integration.verification.verdict import Comparison, Verdict

__all__ = ["SOURCE", "Comparison", "Verdict", "verify_no_lookahead", "verify_replay"]

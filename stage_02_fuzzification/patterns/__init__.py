"""A library of named chart patterns with fuzzy match strength.

Four kinds: sequences of three price movements (``sequences``), conditions on levels and averages
(``conditions``, ``breakouts``, ``averages``), bars (``bars``), and shapes drawn through the
turning points known at the time (``turns``, ``reversals``, ``consolidations``; ``flags`` and
``exhaustion`` by windows). Every pattern states its definition, its thresholds and their reason
in the docstring of its function; all are graded and meet by the weakest of their parts.
"""

from stage_02_fuzzification.patterns.conditions import CROSS_MEMORY, conditions
from stage_02_fuzzification.patterns.library import FEATURES, PATTERNS, recognise
from stage_02_fuzzification.patterns.sequences import SEQUENCES, sequences

__all__ = [
    "CROSS_MEMORY",
    "FEATURES",
    "PATTERNS",
    "SEQUENCES",
    "conditions",
    "recognise",
    "sequences",
]

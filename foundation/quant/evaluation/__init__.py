"""How a forecast is judged: proper scores, calibration, reference forecasts, intervals, splits.

Every score here is negatively oriented (smaller is better) and every array program states its
shapes. Nothing in this room knows what is being forecast.
"""

from foundation.quant.evaluation.bootstrap import (
    MeanInterval,
    block_length,
    circular_block_bootstrap,
    smallest_detectable_effect,
)
from foundation.quant.evaluation.calibration import (
    ReliabilityBin,
    confidence_gap,
    expected_calibration_error,
    reliability_bins,
)
from foundation.quant.evaluation.references import climatology, first_order_markov, persistence
from foundation.quant.evaluation.scores import (
    brier_score,
    crps_from_quantiles,
    interval_coverage,
    log_score,
    pinball_loss,
    qlike,
    ranked_probability_score,
)
from foundation.quant.evaluation.slopes import brier_slope, pinball_slope, qlike_slope
from foundation.quant.evaluation.splits import TimeSplit, purged_split

__all__ = [
    "MeanInterval",
    "ReliabilityBin",
    "TimeSplit",
    "block_length",
    "brier_score",
    "brier_slope",
    "circular_block_bootstrap",
    "climatology",
    "confidence_gap",
    "crps_from_quantiles",
    "expected_calibration_error",
    "first_order_markov",
    "interval_coverage",
    "log_score",
    "persistence",
    "pinball_loss",
    "pinball_slope",
    "purged_split",
    "qlike",
    "qlike_slope",
    "ranked_probability_score",
    "reliability_bins",
    "smallest_detectable_effect",
]

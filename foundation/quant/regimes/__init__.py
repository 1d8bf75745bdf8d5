"""Regimes of the market: who names them, and how.

``own_window`` describes a stock's own past by rule.
"""

from foundation.quant.regimes.own_window import regime_probabilities

__all__ = ["regime_probabilities"]

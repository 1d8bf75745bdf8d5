"""Regimes: who names them, and how. ``named_regimes`` answers by the settings.

``market``
    One hidden regime of the whole market, by a Markov-switching autoregression of all stocks
    fitted to the past: ``session_sums`` (what a session says, boiled down), ``emissions`` (the law
    of a session within a regime), ``chain`` (filter and smoother), ``fitting``, ``naming``.
``own_window``
    A rule that describes a stock's own past window.

``telling`` says which of them is told of a session, and when a change is.
"""

from foundation.quant.regimes.named import NamedRegimes, named_regimes
from foundation.quant.regimes.telling import told_regimes

__all__ = ["NamedRegimes", "named_regimes", "told_regimes"]

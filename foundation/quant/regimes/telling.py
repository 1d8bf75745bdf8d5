"""Which regime is told of a session, and when a change of it is.

The likeliest regime of a session by itself flips to and fro while two are about as likely. Telling
a change is a decision under uncertainty: a session that goes by the wrong name costs one, a change
that was none costs ``false_change`` more, for it is told and has to be taken back. The regime told
before stays unless another costs less by its own probability (expected loss; Berger, 1985,
*Statistical Decision Theory and Bayesian Analysis*, section 1.3):

    (1 + false_change) (1 - p[other]) < 1 - p[told]

Of two regimes the other must pass (1 + false_change) / (2 + false_change): one half at no cost
(the likeliest, at every session anew), three quarters at two. The probabilities are filtered, so a
session's name rests on it and on the sessions before.
"""

from __future__ import annotations

import numpy as np


def told_regimes(probabilities: np.ndarray, false_change: float) -> np.ndarray:
    """Return the position of the regime that is told of every session.

    Parameters
    ----------
    probabilities : float64 array, shape (T, N, K)
        Filtered probabilities of K regimes; NaN where none is named.
    false_change : float
        What a change that was none costs, in sessions that go by the wrong name; not negative.

    Returns
    -------
    int array, shape (T, N)
        -1 where none is named. A gap does not end a regime. Row ``t`` uses rows ``<= t``.
    """
    known = ~np.isnan(probabilities).any(axis=-1)
    chance = np.nan_to_num(probabilities)
    likeliest = chance.argmax(axis=-1)
    wrong = 1 - chance.max(axis=-1)
    told = np.full(known.shape, -1)
    last = np.full(known.shape[1], -1)
    everyone = np.arange(known.shape[1])
    for t in range(len(known)):
        staying = 1 - chance[t, everyone, last]
        changes = known[t] & ((last < 0) | ((1 + false_change) * wrong[t] < staying))
        last = np.where(changes, likeliest[t], last)
        told[t] = np.where(known[t], last, -1)
    return told

"""GARCH(1,1) and GJR for many series at once, by Fisher scoring on a quasi-likelihood.

    h[t] = omega + (alpha + gamma * 1{e[t-1] < 0}) * e[t-1]^2 + beta * h[t-1]

Bollerslev (1986), J. Econometrics 31; Glosten, Jagannathan & Runkle (1993), J. Finance 48; the
normal likelihood as quasi-likelihood, Bollerslev & Wooldridge (1992), Econometric Reviews 11.
Recursions run over time with all series side by side; steps are those of Fiorentini, Calzolari &
Panattoni (1996, J. Applied Econometrics 11): analytic scores, expected information, damped as by
Levenberg and Marquardt where a step did not help.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

BACKCAST_SESSIONS, BACKCAST_DECAY = 75, 0.94
"""The variance before the first session: a weighted mean of the first squares, as ``arch``."""

STARTS: tuple[tuple[float, float], ...] = tuple(
    (persistence, shock / persistence)
    for persistence in (0.5, 0.7, 0.9, 0.98)
    for shock in (0.01, 0.05, 0.1, 0.2)
)
"""Persistence, and the share of it that is the shock's, from which scoring may begin."""

ITERATIONS = 60
TOLERANCE = 1e-8
"""Expected gain of the likelihood, relative to it, below which a series is done."""
MOST_DAMPED = 1e8
LEAST_SHARE = 1e-6
"""Parameters stay this far from the borders of what is allowed."""


@dataclass(frozen=True)
class GarchFit:
    """Quasi-maximum-likelihood estimates, one per series; NaN where nothing could be fitted.

    Attributes
    ----------
    omega, alpha, gamma, beta : float arrays (N,)
        In the units of the shocks squared, and pure numbers. ``gamma`` is zero without leverage.
    log_likelihood : float array (N,)
    next_variance : float array (N,)
        Forecast for the session after the last.
    converged : bool array (N,)
    """

    omega: np.ndarray
    alpha: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    log_likelihood: np.ndarray
    next_variance: np.ndarray
    converged: np.ndarray

    @property
    def persistence(self) -> np.ndarray:
        """``alpha + gamma / 2 + beta``: the weight that today's variance has in tomorrow's."""
        return self.alpha + self.gamma / 2 + self.beta


def fit_garch(shocks: np.ndarray, *, leverage: bool = False) -> GarchFit:
    """Fit every column by itself, all columns in one program.

    Parameters
    ----------
    shocks : float array, shape (T, N)
        Returns less their mean, in percent for well-scaled parameters. A shorter series stands at
        the end of its column, NaN before it; NaN within a series is not allowed.
    leverage : bool
        Fit ``gamma`` too (GJR), held at zero or above.

    Notes
    -----
    Parameters are searched as ``log omega``, the logit of the persistence and the logits of its
    shares, so that every step keeps ``omega > 0``, non-negative weights and a persistence below
    one. A series that never varies is not fitted.
    """
    shocks = np.asarray(shocks, dtype=float)
    if shocks.shape[1] == 1:
        # NumPy sums a single column in another order than one of several: never be single.
        both = fit_garch(np.repeat(shocks, 2, axis=1), leverage=leverage)
        return GarchFit(**{f.name: getattr(both, f.name)[:1] for f in fields(GarchFit)})
    series = _Series.of(shocks)
    count = shocks.shape[1]
    fitted = np.flatnonzero(series.usable)
    shape = 4 if leverage else 3
    theta = np.zeros((shape, count))
    value = np.full(count, np.nan)
    converged = np.zeros(count, dtype=bool)
    if len(fitted):
        # (The same again where only one column of several can be fitted.)
        chosen = series.of_columns(fitted if len(fitted) > 1 else np.repeat(fitted, 2))
        # The model without leverage is fitted first: leverage then starts where that one ended,
        # so that a further parameter never costs likelihood.
        found = _score(chosen, _best_start(chosen))
        if leverage:
            found = _score(chosen, _with_leverage(found[0]))
        theta[:, fitted], value[fitted], converged[fitted] = (
            part[..., : len(fitted)] for part in found
        )
    names = _natural(theta)
    last = np.full(count, np.nan)
    if len(fitted):
        last[fitted] = chosen.next_variance(_natural(found[0]))[: len(fitted)]
    omega, alpha, gamma, beta = (np.where(series.usable, p, np.nan) for p in names)
    return GarchFit(omega, alpha, gamma, beta, value, last, converged)


@dataclass(frozen=True)
class _Series:
    """Squared shocks, where each series begins, and the variance before it."""

    squares: np.ndarray
    falls: np.ndarray
    present: np.ndarray
    first: np.ndarray
    before: np.ndarray
    usable: np.ndarray

    @classmethod
    def of(cls, shocks: np.ndarray) -> _Series:
        present = np.isfinite(shocks)
        filled = np.where(present, shocks, 0.0)
        squares = filled**2
        first = np.where(present.any(axis=0), present.argmax(axis=0), len(shocks))
        rows = np.arange(len(shocks))[:, None]
        weights = np.where(
            present & (rows < first + BACKCAST_SESSIONS), BACKCAST_DECAY ** (rows - first), 0.0
        )
        total = weights.sum(axis=0)
        before = (weights * squares).sum(axis=0) / np.where(total > 0, total, 1.0)
        whole = present.sum(axis=0) == len(shocks) - first
        usable = whole & (before > 0) & (np.ptp(filled, axis=0) > 0) & (first < len(shocks) - 2)
        return cls(squares, squares * (filled < 0), present, first, before, usable)

    def of_columns(self, columns: np.ndarray) -> _Series:
        """Return some series."""
        return _Series(
            *(
                np.ascontiguousarray(a[:, columns])
                for a in (self.squares, self.falls, self.present)
            ),
            *(a[columns] for a in (self.first, self.before, self.usable)),
        )

    def _inputs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what enters the variance of each row: yesterday's square, its part after a fall,
        and whether yesterday's variance does (not at a series' first row)."""
        rows = np.arange(len(self.squares))[:, None]
        begins = rows == self.first
        lagged = np.concatenate([np.zeros((1, len(self.first))), self.squares[:-1]])
        fell = np.concatenate([np.zeros((1, len(self.first))), self.falls[:-1]])
        return (
            np.where(begins, self.before, lagged),
            np.where(begins, self.before / 2, fell),
            (rows > self.first).astype(float),
        )

    def variance(
        self, p: list[np.ndarray], inputs: tuple[np.ndarray, np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """Return h, shape (T, N), at natural parameters omega, alpha, gamma, beta."""
        omega, alpha, gamma, beta = p
        square, fell, carries = inputs
        h = omega + alpha * square + gamma * fell
        h += np.where(carries == 0, beta * self.before, 0.0)
        _accumulate(h, beta * carries)
        return h

    def next_variance(self, p: list[np.ndarray]) -> np.ndarray:
        """Return the forecast for the session after the last."""
        omega, alpha, gamma, beta = p
        h = self.variance(p, self._inputs())[-1]
        out: np.ndarray = omega + alpha * self.squares[-1] + gamma * self.falls[-1] + beta * h
        return out

    def log_likelihood(self, h: np.ndarray) -> np.ndarray:
        """Return the sum of normal log densities, (N,)."""
        density = np.log(2 * np.pi * h) + self.squares / h
        return -0.5 * np.where(self.present, density, 0.0).sum(axis=0)


def _accumulate(x: np.ndarray, weight: np.ndarray) -> None:
    """Turn ``x`` in place into ``x[t] + weight[t] * x[t-1]``, row by row, all columns at once."""
    carried = np.empty(x.shape[1:])
    for t in range(1, len(x)):
        np.multiply(weight[t], x[t - 1], out=carried)
        x[t] += carried


def _natural(theta: np.ndarray) -> list[np.ndarray]:
    """Return omega, alpha, gamma, beta of (log omega, logit persistence, shares...)."""
    omega = np.exp(np.clip(theta[0], -60, 60))
    persistence = _sigmoid(theta[1])
    shares = _shares(theta[2:])
    gamma = 2 * persistence * shares[1] if len(shares) == 3 else np.zeros_like(omega)
    return [omega, persistence * shares[0], gamma, persistence * shares[-1]]


def _shares(logits: np.ndarray) -> np.ndarray:
    """Return shares that sum to one; the last one's logit is zero."""
    padded = np.concatenate([logits, np.zeros((1, logits.shape[1]))])
    weights = np.exp(padded - padded.max(axis=0))
    return weights / weights.sum(axis=0)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _best_start(series: _Series) -> np.ndarray:
    """Return the best of a few starting points for each series, at its own long-run variance."""
    variance = np.where(series.present, series.squares, 0.0).sum(axis=0)
    variance /= series.present.sum(axis=0)
    inputs = series._inputs()
    best, theta = np.full(len(variance), -np.inf), np.zeros((3, len(variance)))
    for persistence, shock in STARTS:
        one = np.empty_like(theta)
        one[0] = np.log(variance * (1 - persistence))
        one[1] = np.log(persistence / (1 - persistence))
        one[2] = np.log(shock / (1 - shock))
        value = series.log_likelihood(series.variance(_natural(one), inputs))
        better = value > best
        best[better], theta[:, better] = value[better], one[:, better]
    return theta


def _with_leverage(theta: np.ndarray) -> np.ndarray:
    """Return the parameters with a fifth of the shock's share given to falls alone.

    ``gamma`` counts half in the persistence, so the long-run variance stays as it was.
    """
    shock = theta[2]
    return np.stack([theta[0], theta[1], shock + np.log(0.8), shock + np.log(0.2)])


def _score(series: _Series, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Climb until no series gains any more; return parameters, likelihoods and who arrived."""
    count = theta.shape[1]
    best, value = theta.copy(), np.full(count, -np.inf)
    arrived = np.zeros(count, dtype=bool)
    damping = np.full(count, 1e-2)
    slope, information = np.zeros(theta.shape), np.zeros((count, len(theta), len(theta)))
    active, some, trial = np.arange(count), series, theta
    inputs = some._inputs()
    for _ in range(ITERATIONS):
        h = some.variance(_natural(trial), inputs)
        found = some.log_likelihood(h)
        # A series that has arrived stays as it is, however long another one still climbs.
        better = np.isfinite(found) & (found > value[active]) & ~arrived[active]
        crawls = better & (found - value[active] <= TOLERANCE * (1 + np.abs(found)))
        moved = active[better]
        best[:, moved], value[moved] = trial[:, better], found[better]
        if len(moved):
            fresh = _derivatives(some, trial, h, inputs)
            slope[:, moved], information[moved] = fresh[0][:, better], fresh[1][better]
        damping[active] = np.where(better, damping[active] / 5, damping[active] * 8)
        step = _damped_step(slope[:, active], information[active], damping[active])
        # What the step would gain on the quadratic it was made from.
        expected = 0.5 * (slope[:, active] * step).sum(axis=0)
        nothing_left = expected <= TOLERANCE * (1 + np.abs(value[active]))
        done = nothing_left | crawls | (damping[active] > MOST_DAMPED)
        arrived[active] |= done
        if arrived[active].all():
            break
        trial = best[:, active] + np.clip(step, -3, 3)
        trial[1:] = np.clip(trial[1:], *_BORDERS)
        if arrived[active].mean() > 0.25 and len(active) > 2:
            keep = ~arrived[active]
            if keep.sum() == 1:
                keep[np.flatnonzero(~keep)[0]] = True
            active, trial = active[keep], trial[:, keep]
            some = series.of_columns(active)
            inputs = some._inputs()
    return best, value, arrived


_BORDERS = (np.log(LEAST_SHARE), -np.log(LEAST_SHARE))


def _damped_step(slope: np.ndarray, information: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Return Levenberg-Marquardt steps, (P, n)."""
    scale = np.einsum("npp->np", information)
    scale = np.maximum(scale, 1e-8 * scale.max(axis=1, keepdims=True) + 1e-12)
    damped = information + np.einsum("np,pq->npq", damping[:, None] * scale, np.eye(len(slope)))
    # Borders make directions flat: a touch on the diagonal keeps the system solvable.
    damped += 1e-10 * np.einsum("np,pq->npq", scale, np.eye(len(slope)))
    return np.linalg.solve(damped, slope.T[..., None])[..., 0].T


def _derivatives(
    series: _Series,
    theta: np.ndarray,
    h: np.ndarray,
    inputs: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Return score (P, n) and expected information (n, P, P)."""
    square, fell, carries = inputs
    size, count = theta.shape
    beta = _natural(theta)[3]
    natural = np.empty((len(h), size, count))
    natural[:, 0], natural[:, 1] = 1.0, square
    if size == 4:
        natural[:, 2] = fell
    natural[1:, -1] = h[:-1]
    natural[:, -1][carries == 0] = np.broadcast_to(series.before, h.shape)[carries == 0]
    _accumulate(natural, (beta * carries)[:, None, :])
    natural *= (series.present / h)[:, None, :]
    surprise = np.where(series.present, series.squares / h - 1, 0.0)
    slope, information = np.empty((size, count)), np.empty((count, size, size))
    for p in range(size):
        slope[p] = 0.5 * np.einsum("tn,tn->n", natural[:, p], surprise)
        for q in range(p + 1):
            shared = 0.5 * np.einsum("tn,tn->n", natural[:, p], natural[:, q])
            information[:, p, q] = information[:, q, p] = shared
    jacobian = _jacobian(theta)
    return (
        np.einsum("pkn,pn->kn", jacobian, slope),
        np.einsum("pkn,npq,qln->nkl", jacobian, information, jacobian, optimize=True),
    )


def _jacobian(theta: np.ndarray) -> np.ndarray:
    """Return d natural / d theta, shape (P, P, n): omega, alpha(, gamma), beta by theta."""
    size, count = theta.shape
    omega, alpha, gamma, beta = _natural(theta)
    persistence = _sigmoid(theta[1])
    shares = _shares(theta[2:])
    weights = [alpha, gamma, beta] if size == 4 else [alpha, beta]
    out = np.zeros((size, size, count))
    out[0, 0] = omega
    for i, weight in enumerate(weights):
        out[1 + i, 1] = weight * (1 - persistence)
        for j in range(size - 2):
            out[1 + i, 2 + j] = weight * ((1.0 if i == j else 0.0) - shares[j])
    return out

"""Rules for option chains: which contracts are left out, which prices are not believed, and why.

A contract breaks a rule and is *quarantined*, or only its price is set aside (*repaired*: the
contract keeps volume and open interest), or it is *kept* and reported. Received equals kept plus
quarantined.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from foundation.contracts import QualityFinding, RowCounts
from foundation.quant.options.chain import OptionChain
from foundation.quant.options.settings import OptionSettings
from foundation.quant.options.surface import parity_pairs, surface

LEAST_CLUSTER = 20
"""Pairs that must agree about another scale before it is believed; fewer are bad prices."""

NO_ASK = "A quote has an ask"
CROSSED = "A bid is not above its ask"
SAID_OF_ROWS = frozenset({NO_ASK, CROSSED})
"""Rules of single quotes, which a gate of rows may have reported before."""


@dataclass(frozen=True)
class JudgedChain:
    """A chain fit for features, what was found, and how many contracts came and stayed."""

    chain: OptionChain
    findings: tuple[QualityFinding, ...]
    counts: RowCounts


def judge(
    chain: OptionChain, settings: OptionSettings, before: OptionChain | None = None
) -> JudgedChain:
    """Judge a chain by itself and, where there is one, against the chain before it.

    Rules, in order; a contract is quarantined by the first that it breaks:

    - strike above zero; bid, ask, last price, volume and open interest not negative;
    - a contract stands once; of equal rows the first is kept, of rows that disagree none;
    - a contract has not expired;
    - a contract has a price, volume or open interest;
    - put and call of a strike imply a forward near the spot: where twenty pairs or more, and most
      of those that do not, agree on another one, they are of another scale, as contracts are
      that a split replaced.

    Prices are set aside where a quote has no ask, where bid exceeds ask, and where a price is below
    its intrinsic value or above its upper bound. Reported and kept: a chain that repeats the one
    before, a spot that disagrees with the chain's own forward, last trades that are old, days to
    expiry that disagree with the dates, and the source's implied volatilities that are absent or
    disagree with the price.
    """
    return _Judge(chain, settings).run(before)


class _Judge:
    def __init__(self, chain: OptionChain, settings: OptionSettings) -> None:
        self.chain, self.settings = chain, settings
        self.good = np.ones(len(chain), dtype=bool)
        self.price = chain.price.copy()
        self.findings: list[QualityFinding] = []

    def run(self, before: OptionChain | None) -> JudgedChain:
        self._numbers()
        self._once()
        self._leave("A contract has not expired", self.chain.years <= 0, "drop expired contracts")
        self._quotes()
        self._empty()
        self._scale()
        self._bounds()
        self._stale()
        self._days()
        left = replace(self.chain, price=self.price).only(self.good)
        self._spot(left)
        self._source(left)
        if before is not None:
            self._copies(left, before)
        counts = RowCounts(
            received=len(self.chain), kept=len(left), quarantined=int((~self.good).sum())
        )
        return JudgedChain(left, tuple(self.findings), counts)

    def _report(
        self,
        rule: str,
        rows: np.ndarray,
        remedy: str,
        *,
        action: str,
        severity: str,
        value: str = "",
    ) -> None:
        at = np.flatnonzero(rows)
        if len(at) == 0:
            return
        named = ", ".join(str(c) for c in self.chain.contract[at[:3]])
        self.findings.append(
            QualityFinding.model_validate(
                {
                    "rule": rule,
                    "severity": severity,
                    "action": action,
                    "symbol": self.chain.underlying,
                    "session": self.chain.session,
                    "field": "options",
                    "location": named + (" ..." if len(at) > 3 else ""),
                    "value": value or f"{len(at)} of {len(self.chain)} contracts",
                    "remedy": remedy,
                    "rows": len(at),
                }
            )
        )

    def _leave(self, rule: str, rows: np.ndarray, remedy: str) -> None:
        rows = rows & self.good
        self._report(rule, rows, remedy, action="quarantined", severity="error")
        self.good &= ~rows

    def _set_aside(self, rule: str, rows: np.ndarray, remedy: str) -> None:
        rows = rows & self.good & np.isfinite(self.price)
        self._report(rule, rows, remedy, action="repaired", severity="warning")
        self.price[rows] = np.nan

    def _numbers(self) -> None:
        c = self.chain
        bad = ~(c.strike > 0) | np.isnat(c.expiry)
        for values in (c.bid, c.ask, c.last, c.volume, c.open_interest):
            bad |= values < 0
        self._leave(
            "A contract has an expiry, a strike above zero and no negative number",
            bad,
            "correct or remove the row",
        )

    def _once(self) -> None:
        c = self.chain
        _, first, at = np.unique(c.contract.astype(str), return_index=True, return_inverse=True)
        repeats = first[at] != np.arange(len(c))
        same = np.ones(len(c), dtype=bool)
        for values in (c.strike, c.bid, c.ask, c.last, c.volume, c.open_interest):
            head = values[first[at]]
            same &= (values == head) | (np.isnan(values) & np.isnan(head))
        conflict = np.isin(at, at[repeats & ~same])
        self._leave(
            "A contract stands once in a chain, not several times in disagreement",
            conflict,
            "keep the right row; none was used",
        )
        self._leave(
            "A contract stands once in a chain", repeats & ~conflict, "remove the repeated row"
        )

    def _quotes(self) -> None:
        c = self.chain
        quoted = np.isfinite(c.bid) & np.isfinite(c.ask)
        self._set_aside(NO_ASK, quoted & (c.ask == 0), "use another snapshot; nobody offered")
        self._set_aside(
            CROSSED,
            quoted & (c.bid > c.ask) & (c.ask > 0),
            "use another snapshot; the quotes crossed",
        )
        # Zero is how vendors write that there is no price.
        self.price[self.price <= 0] = np.nan

    def _empty(self) -> None:
        c = self.chain
        says = np.isfinite(self.price) | (c.volume > 0) | (c.open_interest > 0)
        says |= np.isfinite(c.ask) & (c.ask > 0)
        self._leave(
            "A contract has a price, volume or open interest",
            ~says,
            "nothing to do; it was listed and nothing else",
        )

    def _scale(self) -> None:
        """Leave out pairs that agree with one another about a forward far from the spot."""
        c, years = replace(self.chain, price=self.price), self.chain.years
        rows: list[np.ndarray] = []
        ratios: list[float] = []
        for left in np.unique(years[self.good]):
            of_expiry = np.flatnonzero(self.good & (years == left))
            strikes, pairs = parity_pairs(c, of_expiry)
            ratio = (strikes + np.exp(c.rate * left) * pairs) / c.spot
            for strike, one in zip(strikes, ratio, strict=True):
                if abs(one - 1) > self.settings.scale_tolerance:
                    rows.append(of_expiry[c.strike[of_expiry] == strike])
                    ratios.append(float(one))
        if not ratios:
            return
        near = np.abs(np.array(ratios) / np.median(ratios) - 1) <= self.settings.scale_tolerance
        if near.sum() < LEAST_CLUSTER or near.mean() < 0.5:
            return
        off = np.zeros(len(c), dtype=bool)
        off[np.concatenate([r for r, n in zip(rows, near, strict=True) if n])] = True
        self._leave(
            "A contract is on the scale of its underlying",
            off,
            f"use what replaced it at the split of about {np.median(ratios):.3g} to 1",
        )

    def _bounds(self) -> None:
        c = self.chain
        years = np.maximum(c.years, 0)
        slack = self.settings.bound_tolerance * c.spot
        paid = c.strike * np.exp(-c.rate * years)
        sign = np.where(c.call, 1.0, -1.0)
        least = np.maximum(sign * (c.spot - paid), 0) - slack
        # American puts may be worth their undiscounted strike.
        most = np.where(c.call, c.spot, c.strike) + slack
        with np.errstate(invalid="ignore"):
            outside = (self.price < least) | (self.price > most)
        self._set_aside(
            "A price lies within its no-arbitrage bounds",
            outside,
            "compare with another snapshot; it may be stale or of another scale",
        )

    def _stale(self) -> None:
        from datetime import UTC

        now = np.datetime64(self.chain.moment.astimezone(UTC).replace(tzinfo=None), "s")
        days = (now - self.chain.last_trade).astype("m8[s]").astype(float) / 86_400
        old = np.isfinite(days) & ~np.isnat(self.chain.last_trade)
        old &= days > self.settings.stale_days
        self._report(
            "A last trade is recent",
            old & self.good,
            "do not use the last price; the middle of the quotes is used",
            action="kept",
            severity="info",
        )

    def _days(self) -> None:
        c = self.chain
        true = (c.expiry - np.datetime64(c.session, "D")).astype(float)
        with np.errstate(invalid="ignore"):
            off = np.isfinite(c.stated_days) & (c.stated_days != true)
        self._report(
            "Days to expiry agree with the dates",
            off & self.good,
            "nothing to do; the dates were used",
            action="repaired",
            severity="info",
        )

    def _spot(self, left: OptionChain) -> None:
        found = [e for e in surface(left).expiries if e.from_parity][:3]
        if not found:
            return
        implied = float(np.median([e.forward * np.exp(-left.rate * e.years) for e in found]))
        away = implied / left.spot - 1
        if abs(away) > self.settings.spot_tolerance:
            self._report(
                "The underlying's price agrees with its options",
                self.good,
                "take the underlying's price at the chain's moment",
                action="kept",
                severity="warning",
                value=f"spot {left.spot:g}, implied by put-call parity {implied:.2f} ({away:+.1%})",
            )

    def _source(self, left: OptionChain) -> None:
        theirs = left.source_volatility
        if not np.isfinite(theirs).any():
            return
        tiny = np.zeros(len(self.chain), dtype=bool)
        kept = np.flatnonzero(self.good)
        tiny[kept] = ~(theirs >= self.settings.tiny_volatility)
        self._report(
            "A source's implied volatility is there",
            tiny,
            "nothing to do; implied volatility is computed from prices",
            action="kept",
            severity="info",
        )
        with np.errstate(invalid="ignore"):
            apart = np.abs(theirs - surface(left).volatility) > self.settings.volatility_tolerance
        far = np.zeros(len(self.chain), dtype=bool)
        far[kept] = apart & (theirs >= self.settings.tiny_volatility)
        self._report(
            "A source's implied volatility agrees with the price",
            far,
            "nothing to do; implied volatility is computed from prices",
            action="kept",
            severity="info",
        )

    def _copies(self, left: OptionChain, before: OptionChain) -> None:
        _, now, then = np.intersect1d(
            left.contract.astype(str), before.contract.astype(str), return_indices=True
        )
        traded = (left.volume[now] > 0) | (before.volume[then] > 0)
        if not traded.any():
            return
        same = np.ones(len(now), dtype=bool)
        for name in ("bid", "ask", "last", "volume", "open_interest"):
            a, b = getattr(left, name)[now], getattr(before, name)[then]
            same &= (a == b) | (np.isnan(a) & np.isnan(b))
        share = float(same[traded].mean())
        if share >= self.settings.copied_share:
            self._report(
                "A chain is no copy of the chain before it",
                self.good,
                "ask the source again; the snapshot was repeated",
                action="kept",
                severity="error",
                value=f"{share:.0%} of {traded.sum()} traded contracts repeat {before.session}",
            )

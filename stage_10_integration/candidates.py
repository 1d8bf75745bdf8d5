"""Which instruments a portfolio may hold today, and why the others stay out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import Instrument, MarketWindow, Signal, SignalSet
from stage_10_integration.settings import PortfolioSettings
from stage_10_integration.wording import counted, listed


@dataclass(frozen=True)
class Candidates:
    """What may be held, and its past.

    Attributes
    ----------
    signals : tuple of Signal, length N
        Bullish ones of instruments that can be bought and have enough history.
    sectors : tuple of str or None, length N
    returns : array, shape (T, N)
        Simple daily returns on the sessions that all candidates have; no NaN.
    notes : tuple of str
        Who stays out, and why.
    """

    signals: tuple[Signal, ...]
    sectors: tuple[str | None, ...]
    returns: np.ndarray
    notes: tuple[str, ...]


def choose_candidates(
    signals: SignalSet, market: MarketWindow, settings: PortfolioSettings
) -> Candidates:
    """Return the candidates for a long position, in order of the universe."""
    instruments = {i.symbol: i for i in market.instruments}
    notes = [_on_indices(market.instruments)]
    buyable = [s for s in signals.signals if instruments[s.symbol].kind != "index"]
    bullish = [s for s in buyable if s.direction == "bullish"]
    notes.append(_on_directions(buyable))
    convinced = [s for s in bullish if s.conviction >= settings.smallest_conviction]
    notes.append(
        _stays_out(
            [s.symbol for s in bullish if s not in convinced],
            f"bullish, but with a conviction below {settings.smallest_conviction:.2f}",
        )
    )
    returns = _daily_returns(market, [s.symbol for s in convinced], settings.lookback_sessions)
    kept, short, still = _with_history(returns, settings.minimum_sessions)
    notes.append(
        _stays_out(
            [convinced[i].symbol for i in short],
            f"fewer than {settings.minimum_sessions} daily returns in common with the other "
            f"candidates over the past {settings.lookback_sessions} sessions",
        )
    )
    notes.append(_stays_out([convinced[i].symbol for i in still], "the price has not moved once"))
    common = returns[:, kept]
    return Candidates(
        signals=tuple(convinced[i] for i in kept),
        sectors=tuple(instruments[convinced[i].symbol].sector for i in kept),
        returns=common[np.isfinite(common).all(axis=1)],
        notes=tuple(n for n in notes if n),
    )


def _daily_returns(market: MarketWindow, symbols: list[str], lookback: int) -> np.ndarray:
    closes = market.bars.last(lookback + 1).select(symbols=symbols).field("close")
    return closes[1:] / closes[:-1] - 1.0


def _with_history(returns: np.ndarray, minimum: int) -> tuple[list[int], list[int], list[int]]:
    """Return positions with enough common history, with too little, and with no movement.

    The instrument with the fewest returns goes first (the later one of equals), until those
    that remain have ``minimum`` sessions in common.
    """
    finite = np.isfinite(returns)
    still = [i for i in range(returns.shape[1]) if not np.nan_to_num(returns[:, i]).any()]
    still = [i for i in still if finite[:, i].sum() >= minimum]
    kept = [i for i in range(returns.shape[1]) if i not in still]
    short: list[int] = []
    while kept and finite[:, kept].all(axis=1).sum() < minimum:
        worst = min(reversed(kept), key=lambda i: finite[:, i].sum())
        kept.remove(worst)
        short.append(worst)
    return kept, sorted(short), still


def _on_indices(instruments: tuple[Instrument, ...]) -> str:
    names = [i.symbol for i in instruments if i.kind == "index"]
    if not names:
        return ""
    if len(names) == 1:
        return f"{names[0]} is an index and cannot be bought directly, so it gets no weight."
    return f"{listed(names)} are indices and cannot be bought directly, so they get no weight."


def _on_directions(buyable: list[Signal]) -> str:
    ways = [s.direction for s in buyable]
    found = [counted(ways.count(w), w, w) for w in ("bullish", "neutral", "bearish") if w in ways]
    if not found:
        return "No instrument of this universe can be bought directly."
    if len(found) == 1:
        said = f"All {counted(len(ways), 'instrument')} that can be bought are {ways[0]}."
        said = said if len(ways) > 1 else f"The one instrument that can be bought is {ways[0]}."
    else:
        said = f"Of {counted(len(ways), 'instrument')} that can be bought, {_are(found)}."
    return said if set(ways) == {"bullish"} else said + " Only bullish ones may be held."


def _are(found: list[str]) -> str:
    """Put the verb after the first count: ``three are bullish, 12 neutral and ten bearish``."""
    number, way = found[0].split(" ")
    return listed([f"{number} {'is' if number == 'one' else 'are'} {way}", *found[1:]])


def _stays_out(symbols: list[str], why: str) -> str:
    if not symbols:
        return ""
    return f"{listed(symbols)} {'stays' if len(symbols) == 1 else 'stay'} out: {why}."

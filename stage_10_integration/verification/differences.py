"""Where two contracts part, in words, and what of a contract belongs to the past of a session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import zip_longest
from typing import Any

import numpy as np

from foundation.contracts import (
    FuzzyWindow,
    MarketWindow,
    QuantContext,
    StockCharacteristics,
    StoryBook,
    TokenBatch,
)
from foundation.kernel import Contract, Part
from foundation.market import close_of
from foundation.timeseries import Panel

_ABSENT = object()


def first_difference(one: Any, other: Any, where: str = "") -> str | None:
    """Return where and how two values first differ, or None where they are equal.

    Models are walked field by field, panels to the first cell (earliest session first), arrays
    to the first element. NaN equals NaN.
    """
    if isinstance(one, Panel) and isinstance(other, Panel):
        return _panel_difference(one, other, where)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return _array_difference(one, other, where)
    if type(one) is not type(other):
        return f"{where}: {_shown(one)} became {_shown(other)}"
    if isinstance(one, Part):
        one, other = dict(one), dict(other)
        return _first(first_difference(one[name], other[name], _join(where, name)) for name in one)
    if isinstance(one, Mapping):
        names = [*one, *(name for name in other if name not in one)]
        return _first(
            first_difference(one.get(n, _ABSENT), other.get(n, _ABSENT), _join(where, str(n)))
            for n in names
        )
    if isinstance(one, tuple | list):
        pairs = enumerate(zip_longest(one, other, fillvalue=_ABSENT))
        return _first(first_difference(a, b, f"{where}[{i}]") for i, (a, b) in pairs)
    if one == other or (one != one and other != other):
        return None
    return f"{where}: {_shown(one)} became {_shown(other)}"


def _first(found: Any) -> str | None:
    return next((text for text in found if text is not None), None)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    shown = repr(value)
    return shown if len(shown) <= 120 else f"{shown[:117]}..."


def _panel_difference(one: Panel, other: Panel, where: str) -> str | None:
    for axis in ("sessions", "symbols", "fields", "layers"):
        if getattr(one, axis) != getattr(other, axis):
            return first_difference(getattr(one, axis), getattr(other, axis), f"{where}.{axis}")
    at = _first_index(one.values, other.values)
    if at is None:
        return None
    labels = [str(one.sessions[at[0]]), one.symbols[at[1]], one.fields[at[2]]]
    if one.layers:
        labels.append(one.layers[at[3]])
    return f"{where}[{', '.join(labels)}]: {one.values[at]!s} became {other.values[at]!s}"


def _array_difference(one: np.ndarray, other: np.ndarray, where: str) -> str | None:
    if one.shape != other.shape or one.dtype != other.dtype:
        return f"{where}: shape {one.shape} of {one.dtype} became {other.shape} of {other.dtype}"
    at = _first_index(one, other)
    return None if at is None else f"{where}{list(at)}: {one[at]!s} became {other[at]!s}"


def _first_index(one: np.ndarray, other: np.ndarray) -> tuple[int, ...] | None:
    differs = one != other
    if one.dtype.kind == "f":
        differs &= ~(np.isnan(one) & np.isnan(other))
    found = np.argwhere(differs)
    return tuple(int(i) for i in found[0]) if len(found) else None


def as_known_by(contract: Contract, session: date) -> dict[str, Any]:
    """Return what a contract says about sessions up to ``session``.

    A later run must say the same about them, byte for byte. Trained models and what they
    predict are no part of it: a later run may train on more.
    """
    if isinstance(contract, MarketWindow):
        known = [e for e in contract.events if e.known_at <= close_of(session)]
        panels = {name: getattr(contract, name) for name in ("bars", "features")}
        # A later run may have series and option chains that nobody had seen yet.
        panels |= {
            f"market {f}": contract.market.select(fields=[f]) for f in contract.market.fields
        }
        options = contract.options
        if options is not None:
            panels |= {f"options of {s}": options.select(symbols=[s]) for s in options.symbols}
        return {**_until(panels, session), "events": tuple(known)}
    if isinstance(contract, FuzzyWindow):
        names = (
            "memberships", "movements", "strengths", "patterns", "inference",
            "events", "symbol_events", "positions",
        )  # fmt: skip
        panels = {name: getattr(contract, name) for name in names}
        market, options = contract.market_positions, contract.option_positions
        panels |= {f"position of {f}": market.select(fields=[f]) for f in market.fields}
        if options is not None:
            panels |= {
                f"option positions of {s}": options.select(symbols=[s]) for s in options.symbols
            }
        return _until(panels, session)
    if isinstance(contract, QuantContext):
        return {**_until({"values": contract.values}, session), **_regimes(contract, session)}
    if isinstance(contract, StockCharacteristics):
        return _until({"values": contract.values}, session)
    if isinstance(contract, StoryBook):
        return _stories(contract, session)
    if isinstance(contract, TokenBatch):
        return _windows(contract, session)
    return {}


def _until(panels: Mapping[str, Panel], session: date) -> dict[str, Panel]:
    return {name: panel.until(session) for name, panel in panels.items()}


def _regimes(context: QuantContext, session: date) -> dict[str, np.ndarray]:
    """Return the twins' regimes by session: a later report begins later."""
    told = None if context.report is None else context.report.regimes
    if told is None:
        return {}
    days = (day for day in told.sessions if day <= session)
    return {f"twins' regimes on {day}": told.values[t] for t, day in enumerate(days)}


def _stories(book: StoryBook, session: date) -> dict[str, Any]:
    texts = {
        f"text of {symbol} on {day}": text
        for day, row in zip(book.sessions, book.texts, strict=True)
        for symbol, text in zip(book.symbols, row, strict=True)
        if day <= session
    }
    full = {
        f"story of {story.symbol} on {story.session}": story
        for story in book.recent
        if story.session <= session
    }
    outcomes = {
        f"observed {series} of {symbol} on {day}": float(value)
        for t, day in enumerate(book.observed.sessions)
        if day <= session
        for n, symbol in enumerate(book.symbols)
        for series, value in zip(book.observed.fields, book.observed.values[t, n], strict=True)
    }
    return {**texts, **outcomes, **full}


def _windows(batch: TokenBatch, session: date) -> dict[str, Any]:
    """Return the text of every story in every window, newest first, by whose window it is.

    Ids are compared as the text that they spell: a later run learns its vocabulary from more
    stories, and may spell the same words in other tokens.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(batch.tokenizer_json)
    told: dict[str, str] = {}
    for split in batch.splits:
        for row, label in enumerate(split.labels):
            if (label.target or label.context_until) > session:
                continue
            index = split.story_index[row]
            # Where nothing is learnt the target is not written: the context's last comes last.
            target = int(index.max()) + (0 if split.loss_mask[row].any() else 1)
            for story in range(int(index.max()) + 1):
                whose = f"{label.symbol} up to {label.context_until}"
                name = f"{whose}, story {target - story} before the next"
                ids = split.ids[row][index == story].tolist()
                told[name] = tokenizer.decode(ids, skip_special_tokens=False)
    return told


def first_common_difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """Return the first difference among the names that both have."""
    return _first(
        first_difference(value, other[name], name) for name, value in one.items() if name in other
    )

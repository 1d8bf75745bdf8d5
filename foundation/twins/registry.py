"""Versions of every stock's twin on disk, and which of them is in use.

A folder per stock holds one weights file and one card per version; a version's name is the hash of
its weights, so that keeping the same twin twice changes nothing. ``in_use.json`` names the version
that answers; where it names none, the shared heads answer. Every file is replaced in one move.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import numpy as np
from pydantic import ValidationError

from foundation.kernel import ArtefactError, OperatorError, Part, hash_bytes, short
from foundation.storage.atomic import write_file
from foundation.twins.layout import Layout
from foundation.twins.promotion import Comparison
from foundation.twins.recipe import TwinSizes

if TYPE_CHECKING:
    from torch import Tensor

IN_USE = "in_use.json"
FORM = 2
"""Of a kept twin; 1 was before twins saw the observed inputs. Others are refused by name."""


class Characteristics(Part):
    """What a stock is like, as of its twin's training; None where it is not known.

    Attributes
    ----------
    beta : float
        Slope of the stock's returns on the market's.
    hurst : float
        Hurst exponent: 0.5 for a random walk.
    earnings_sensitivity : float
        Mean absolute log return on the sessions of past reports (0.05 is five per cent).
    sentiment_beta : float
        Slope of returns on the tone of the news.
    liquidity : str
        Third of dollar volume among equities.
    """

    sector: str | None = None
    beta: float | None = None
    hurst: float | None = None
    earnings_sensitivity: float | None = None
    sentiment_beta: float | None = None
    liquidity: str | None = None


class TwinCard(Part):
    """What is known of one version of a twin.

    Attributes
    ----------
    market_model : str
        Content hash of the market model whose embeddings it corrects.
    trained_until : date
        Last session that it learnt from.
    epoch : int
        Epoch whose weights were kept; 0 is the untrained twin.
    loss_untrained, loss : float
        On the sessions held back, before training and of the kept epoch.
    factors : tuple of float
        What its corrections had earned (``shrinkage.HEADS``) and are multiplied by: part of the
        weights already. Zero leaves a head to the shared model.
    """

    form: int = FORM
    symbol: str
    version: str
    market_model: str
    sizes: TwinSizes
    trained_until: date
    epoch: int
    loss_untrained: float | None
    loss: float | None
    factors: tuple[float, float, float, float]
    characteristics: Characteristics = Characteristics()


class Decision(Part):
    """Why a version came into use, or left it: the out-of-sample comparison it rests on."""

    version: str | None
    on: date
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    sessions: int = 0
    reason: str = ""


class TwinRegistry:
    """Every stock's twins below one folder.

    Parameters
    ----------
    root : Path
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def symbols(self) -> tuple[str, ...]:
        """Return the stocks that have a twin, in order of the alphabet."""
        if not self.root.is_dir():
            return ()
        return tuple(sorted(unquote(f.name) for f in self.root.iterdir() if f.is_dir()))

    def add(self, row: Tensor, card: TwinCard) -> TwinCard:
        """Keep a twin; return its card with the version that its weights name.

        Raises
        ------
        OperatorError
            If the weights are not those of a twin of the card's sizes.
        """
        from safetensors.torch import save

        layout = Layout(card.sizes)
        if row.shape != (layout.width,):
            raise OperatorError(
                f"A twin of these sizes has {layout.width} parameters",
                value=tuple(row.shape),
                remedy="save a twin together with the sizes it was trained with",
            )
        weights = np.ascontiguousarray(row.detach().cpu().numpy())
        version = short(hash_bytes(card.market_model.encode(), weights.tobytes()))
        kept = card.model_copy(update={"version": version})
        folder = self._folder(card.symbol)
        folder.mkdir(parents=True, exist_ok=True)
        named = {name: part[0].contiguous() for name, part in layout.views(row[None]).items()}
        write_file(folder / f"{version}.safetensors", save(named))
        # The card last: a version without its card does not exist yet.
        write_file(folder / f"{version}.json", kept.model_dump_json(indent=1).encode())
        return kept

    def versions(self, symbol: str) -> tuple[TwinCard, ...]:
        """Return the cards of a stock's twins, oldest training first."""
        cards = [
            self._card(path) for path in self._folder(symbol).glob("*.json") if path.name != IN_USE
        ]
        return tuple(sorted(cards, key=lambda card: (card.trained_until, card.version)))

    def row(self, symbol: str, version: str) -> Tensor:
        """Return a version's weights, (width,).

        Raises
        ------
        OperatorError
            If there is no such version.
        ArtefactError
            If its files are damaged.
        """
        import torch
        from safetensors.torch import load

        folder = self._folder(symbol)
        if not (folder / f"{version}.json").exists():
            raise OperatorError(
                f"There is such a version of {symbol}'s twin",
                value=version,
                remedy=f"choose one of {[c.version for c in self.versions(symbol)]}",
            )
        card = self._card(folder / f"{version}.json")
        try:
            named = load((folder / f"{version}.safetensors").read_bytes())
            layout = Layout(card.sizes)
            row = torch.cat([named[name].reshape(-1) for name in layout.shapes])
            content = np.ascontiguousarray(row.numpy()).tobytes()
            sound = short(hash_bytes(card.market_model.encode(), content)) == version
        except Exception as error:
            raise _damaged(symbol, version, f"{type(error).__name__}: {error}") from error
        if not sound:
            raise _damaged(symbol, version, "weights that are not those the version is named after")
        return row

    def in_use(self, symbol: str) -> Decision | None:
        """Return the decision that holds for a stock; None where none was ever taken."""
        history = self.decisions(symbol)
        return history[-1] if history else None

    def decisions(self, symbol: str) -> tuple[Decision, ...]:
        """Return all decisions on a stock, oldest first."""
        path = self._folder(symbol) / IN_USE
        if not path.exists():
            return ()
        try:
            return tuple(Decision.model_validate(d) for d in json.loads(path.read_bytes()))
        except (ValueError, ValidationError) as error:
            raise _damaged(symbol, IN_USE, str(error)) from error

    def decide(self, symbol: str, version: str, found: Comparison, on: date) -> Decision:
        """Let a version answer if it has earned it, else the shared heads; keep why.

        Raises
        ------
        OperatorError
            If there is no such version.
        """
        if version not in {card.version for card in self.versions(symbol)}:
            self.row(symbol, version)
        promoted = found.promotes
        return self._append(
            symbol,
            Decision(
                version=version if promoted else None,
                on=on,
                gain=_finite(found.gain),
                low=_finite(found.low),
                high=_finite(found.high),
                sessions=found.sessions,
                reason="beats the shared heads out of sample"
                if promoted
                else f"version {version} has not shown to beat the shared heads",
            ),
        )

    def roll_back(self, symbol: str, on: date, reason: str) -> Decision:
        """Let answer what answered before the last decision; the shared heads where nothing did."""
        history = self.decisions(symbol)
        before = history[-2].version if len(history) > 1 else None
        return self._append(symbol, Decision(version=before, on=on, reason=reason))

    def bank(
        self, symbols: tuple[str, ...], sizes: TwinSizes, market_model: str
    ) -> tuple[Tensor, np.ndarray]:
        """Return the rows in use, (N, width), and where a twin answers, bool (N,).

        A stock without a promoted twin of these sizes and of this market model gets an untrained
        row, which answers as the shared heads do.
        """
        import torch

        layout = Layout(sizes)
        rows = layout.untrained(len(symbols), torch.Generator().manual_seed(0))
        answers = np.zeros(len(symbols), dtype=bool)
        for n, symbol in enumerate(symbols):
            decision = self.in_use(symbol)
            if decision is None or decision.version is None:
                continue
            card = self._card(self._folder(symbol) / f"{decision.version}.json")
            if card.sizes == sizes and card.market_model == market_model:
                rows[n], answers[n] = self.row(symbol, decision.version), True
        return rows, answers

    def _append(self, symbol: str, decision: Decision) -> Decision:
        history = [*self.decisions(symbol), decision]
        content = [entry.model_dump(mode="json") for entry in history]
        write_file(self._folder(symbol) / IN_USE, json.dumps(content, indent=1).encode())
        return decision

    def _folder(self, symbol: str) -> Path:
        return self.root / quote(symbol, safe="")

    def _card(self, path: Path) -> TwinCard:
        symbol = unquote(path.parent.name)
        try:
            content = json.loads(path.read_bytes())
            form = content.get("form", 1)
            if form == FORM:
                return TwinCard.model_validate_json(path.read_bytes())
        except (OSError, ValueError, AttributeError) as error:
            raise _damaged(symbol, path.stem, str(error)) from error
        raise OperatorError(
            f"A kept twin is of form {FORM}",
            value=f"{symbol}, {path.stem}: form {form}",
            remedy=f"remove the folder {path.parent} and train it again: story train twins",
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _damaged(symbol: str, version: str, reason: str) -> ArtefactError:
    return ArtefactError(
        "A twin's folder holds its weights and the card that belongs to them",
        value=f"{symbol}, {version}: {reason[:200]}",
        remedy="train it again with `story train twins`, or remove the version's two files",
    )

"""Where trained models lie, which is in use, and what is told of them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.contracts import (
    Appointment,
    KeptVersion,
    ShelfReport,
    ShelvedTwin,
    Standing,
    StockCharacter,
)
from foundation.kernel import ArtefactError, OperatorError, short
from foundation.market_model.kept import KeptAnswers
from foundation.storage import ArtefactStore
from foundation.storage.atomic import write_file
from foundation.twins.registry import Decision, TwinRegistry

if TYPE_CHECKING:
    from foundation.market_model.checkpoint import TrainedModel

LATEST = "latest.json"
TRAIN = "train one first: story train market-model"


class ModelShelf:
    """The models below one folder.

    Parameters
    ----------
    root : Path

    Attributes
    ----------
    twins : TwinRegistry
    embeddings : KeptAnswers
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.twins = TwinRegistry(root / "twins")
        self.embeddings = KeptAnswers(root / "embeddings")

    @property
    def unfinished(self) -> Path:
        """Where a training of the market model keeps its state until it is over."""
        return self.root / "market-model" / "unfinished"

    def unfinished_there(self) -> bool:
        """Say whether a training was interrupted."""
        from foundation.market_model.checkpoint import PROGRESS

        return (self.unfinished / PROGRESS).exists()

    def forget_unfinished(self) -> None:
        """Give up a training that was interrupted."""
        from foundation.market_model.checkpoint import drop_progress

        drop_progress(self.unfinished)

    def put(self, model: TrainedModel, as_of: date) -> None:
        """Keep a market model and put it into use."""
        name = short(model.content_hash())
        model.save(self.root / "market-model" / name)
        entry = {"model": name, "as_of": as_of.isoformat()}
        write_file(self.root / "market-model" / LATEST, json.dumps(entry).encode())

    def market_model(self) -> tuple[TrainedModel, date]:
        """Return the market model in use and the session as of which it was trained.

        Raises
        ------
        OperatorError
            If none was trained yet.
        ArtefactError
            If what names it is damaged.
        """
        from foundation.market_model.checkpoint import TrainedModel

        pointer = self.root / "market-model" / LATEST
        if not pointer.exists():
            raise OperatorError(
                "A market model is on the shelf", value=str(pointer.parent), remedy=TRAIN
            )
        entry = _entry(pointer, "The shelf's pointer names a market model and its session")
        try:
            folder, as_of = pointer.parent / entry["model"], date.fromisoformat(entry["as_of"])
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(
                pointer, "The shelf's pointer names a market model and its session", error
            ) from error
        return TrainedModel.load(folder), as_of

    def keep_report(self, report: ShelfReport) -> None:
        """Keep what is told of the models as they stand now."""
        ref = ArtefactStore(self.root / "reports").put(report)
        pointer = self.root / "reports" / LATEST
        write_file(pointer, json.dumps({"report": ref.content_hash}).encode())

    def report(self) -> ShelfReport:
        """Return what the last training left to tell, with the twins as they stand now.

        Raises
        ------
        OperatorError
            If nothing was trained yet.
        ArtefactError
            If what was kept is damaged.
        """
        pointer = self.root / "reports" / LATEST
        if not pointer.exists():
            raise OperatorError("Something is on the shelf", value=str(self.root), remedy=TRAIN)
        rule = "The shelf's pointer names a report"
        entry = _entry(pointer, rule)
        try:
            key = str(entry["report"])
        except (KeyError, TypeError) as error:
            raise _damaged(pointer, rule, error) from error
        kept = ArtefactStore(self.root / "reports").get(key, ShelfReport)
        return kept.model_copy(update={"twins": self.shelved()})

    def shelved(self) -> tuple[ShelvedTwin, ...]:
        """Return every stock's versions and appointments, by symbol."""
        return tuple(
            _shelved(self.twins, symbol)
            for symbol in self.twins.symbols()
            if self.twins.versions(symbol)
        )


class LatestShelf:
    """What is told of a shelf, read anew only when something was trained.

    Parameters
    ----------
    shelf : ModelShelf
    """

    def __init__(self, shelf: ModelShelf) -> None:
        self._shelf = shelf
        self._seen: int | None = None
        self._report: ShelfReport | None = None

    def report(self) -> ShelfReport:
        """Return the shelf's report; see ``ModelShelf.report``."""
        pointer = self._shelf.root / "reports" / LATEST
        written = pointer.stat().st_mtime_ns if pointer.exists() else None
        if self._report is None or written != self._seen:
            self._report = self._shelf.report()
            self._seen = written
        return self._report


def _shelved(registry: TwinRegistry, symbol: str) -> ShelvedTwin:
    cards = registry.versions(symbol)
    return ShelvedTwin(
        symbol=symbol,
        versions=tuple(
            KeptVersion(**card.model_dump(include=set(KeptVersion.model_fields))) for card in cards
        ),
        appointments=tuple(map(_appointment, registry.decisions(symbol))),
        character=StockCharacter(**cards[-1].characteristics.model_dump()),
    )


def _appointment(decision: Decision) -> Appointment:
    return Appointment(
        on=decision.on,
        version=decision.version,
        standing=Standing(
            name="twins",
            gain=decision.gain,
            low=decision.low,
            high=decision.high,
            sessions=decision.sessions,
        ),
        reason=decision.reason,
    )


def _entry(pointer: Path, rule: str) -> Any:
    try:
        return json.loads(pointer.read_bytes())
    except ValueError as error:
        raise _damaged(pointer, rule, error) from error


def _damaged(pointer: Path, rule: str, error: Exception) -> ArtefactError:
    return ArtefactError(
        rule,
        value=f"{pointer}: {type(error).__name__}: {error}",
        remedy="train it again: story train market-model",
    )

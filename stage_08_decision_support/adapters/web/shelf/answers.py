"""Typed answers of the API on the models on the shelf."""

from __future__ import annotations

from datetime import date

import numpy as np

from foundation.contracts import (
    LearningEpoch,
    PastCalibration,
    ShelfReport,
    ShelvedTwin,
    TwinState,
)
from foundation.kernel import Part
from stage_08_decision_support.adapters.web.quantitative.regimes import REGIME_NAMES
from stage_08_decision_support.adapters.web.shelf.page import NotOnShelf


class ShelfAnswer(Part):
    """The market model in use, how its forecasts have held since, and the twins by symbol."""

    session: date
    market_model: str
    trained_as_of: date
    trained_until: date
    epochs: tuple[LearningEpoch, ...]
    calibration: tuple[PastCalibration, ...]
    twins: tuple[ShelvedTwin, ...]


class ShelvedTwinAnswer(Part):
    """One stock's twin.

    Attributes
    ----------
    state : TwinState, optional
        As of ``session``; None where the last training left the stock out.
    regime : dict of float
        By the twin's detector; empty where it names none.
    calibration : tuple of PastCalibration
        Of shared heads and twins, over all stocks.
    """

    session: date
    twin: ShelvedTwin
    state: TwinState | None
    regime: dict[str, float]
    calibration: tuple[PastCalibration, ...]


def shelf_answer(shelf: ShelfReport) -> ShelfAnswer:
    """Return the whole shelf."""
    return ShelfAnswer(
        session=shelf.session,
        market_model=shelf.report.market_model,
        trained_as_of=shelf.trained_as_of,
        trained_until=shelf.report.trained_until,
        epochs=shelf.epochs,
        calibration=shelf.report.calibration,
        twins=shelf.twins,
    )


def shelved_twin_answer(shelf: ShelfReport, symbol: str) -> ShelvedTwinAnswer:
    """Return one stock's twin; ``NotOnShelf`` where it has none."""
    twin = shelf.twin(symbol)
    if twin is None:
        raise NotOnShelf(symbol, shelf)
    told, regime = shelf.report.regimes, {}
    if told is not None and symbol in told.symbols:
        row = told.values[-1, told.index_of("symbols", symbol)]
        if np.isfinite(row).all():
            regime = dict(zip(REGIME_NAMES, row.tolist(), strict=True))
    return ShelvedTwinAnswer(
        session=shelf.session,
        twin=twin,
        state=shelf.report.twin(symbol),
        regime=regime,
        calibration=shelf.report.calibration,
    )

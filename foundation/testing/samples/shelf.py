"""A shelf of models that belongs to a market window: trained weeks ago, twins judged since."""

from __future__ import annotations

from foundation.contracts import (
    Appointment,
    KeptVersion,
    LearningEpoch,
    MarketWindow,
    ShelfReport,
    ShelvedTwin,
    Standing,
    StockCharacter,
)
from foundation.testing.samples.market import market_window
from foundation.testing.samples.quant import foundation_report


def shelf_report(market: MarketWindow | None = None) -> ShelfReport:
    """Return a shelf on which AAPL's second version answers; the last stock was never judged."""
    market = market or market_window()
    sessions, symbols = market.bars.sessions, market.bars.symbols
    report = foundation_report(market).model_copy(
        update={"market_model": "market-model-cpu feedc0ffee12", "rulings": ()}
    )
    report = report.model_copy(
        update={"calibration": tuple(c for c in report.calibration if c.name != "published")}
    )

    def twin(symbol: str) -> ShelvedTwin:
        answers, silent = symbol == "AAPL", symbol == symbols[-1]
        state = report.twin(symbol)
        assert state is not None
        none = Standing(name="twins", gain=None, low=None, high=None, sessions=0)
        earlier = Standing(name="twins", gain=0.002, low=-0.006, high=0.01, sessions=63)
        return ShelvedTwin(
            symbol=symbol,
            versions=tuple(
                KeptVersion(
                    version=f"{number}a{number}b{number}c{number}d{number}e{number}f",
                    market_model="feedc0ffee12" + 52 * "0",
                    trained_until=sessions[row],
                    epoch=epoch,
                    loss_untrained=None if silent else 0.521,
                    loss=None if silent else loss,
                )
                for number, row, epoch, loss in ((1, -15, 3, 0.518), (2, -10, 5, 0.511))
            ),
            appointments=(
                Appointment(
                    on=sessions[-10],
                    version=None,
                    standing=none if silent else earlier,
                    reason="version 1a1b1c1d1e1f has not shown to beat the shared heads",
                ),
                Appointment(
                    on=sessions[-5],
                    version="2a2b2c2d2e2f" if answers else None,
                    standing=state.standing,
                    reason="beats the shared heads out of sample"
                    if answers
                    else "version 2a2b2c2d2e2f has not shown to beat the shared heads",
                ),
            ),
            character=StockCharacter(
                sector="information technology" if answers else None,
                beta=1.2 if answers else None,
                hurst=0.48 if answers else None,
                earnings_sensitivity=0.045 if answers else None,
                sentiment_beta=None,
                liquidity="high" if answers else None,
            ),
        )

    return ShelfReport(
        as_of=market.as_of,
        produced_at=market.produced_at,
        session=market.session,
        trained_as_of=sessions[-75],
        epochs=(
            LearningEpoch(number=1, training=0.71, validation=0.69),
            LearningEpoch(number=2, training=0.68, validation=0.675),
            LearningEpoch(number=3, training=0.66, validation=0.679),
        ),
        report=report,
        twins=tuple(map(twin, symbols)),
    )

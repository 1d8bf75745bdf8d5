"""shelf -> 08, people: the models that were trained to be used, and why each of them is."""

from __future__ import annotations

from datetime import date

from foundation.contracts.foundation_report import FoundationReport, Standing
from foundation.kernel.model import Contract, Part


class LearningEpoch(Part):
    """One pass over the training sessions: loss learnt on, and on what was held back."""

    number: int
    training: float
    validation: float


class KeptVersion(Part):
    """One version of a twin.

    ``epoch`` is the one whose weights were kept, 0 where training bettered nothing. Losses are
    those on the sessions held back, before training and of that epoch; None where no outcome was
    known.
    """

    version: str
    market_model: str
    trained_until: date
    epoch: int
    loss_untrained: float | None
    loss: float | None


class Appointment(Part):
    """Who answers for a stock from a session on: a version, or the shared heads (None), and why."""

    on: date
    version: str | None
    standing: Standing
    reason: str


class StockCharacter(Part):
    """What a stock was like when its twin was trained; None where not known.

    ``beta`` is the slope on the market's returns, ``hurst`` 0.5 for a random walk,
    ``earnings_sensitivity`` the mean absolute log return on reports, ``sentiment_beta`` the slope
    on the tone of news, ``liquidity`` the third of dollar volume among equities.
    """

    sector: str | None
    beta: float | None
    hurst: float | None
    earnings_sensitivity: float | None
    sentiment_beta: float | None
    liquidity: str | None


class ShelvedTwin(Part):
    """One stock's twins on the shelf: versions and appointments, oldest first."""

    symbol: str
    versions: tuple[KeptVersion, ...]
    appointments: tuple[Appointment, ...]
    character: StockCharacter

    @property
    def in_use(self) -> str | None:
        """The version that answers; None where the shared heads do."""
        return self.appointments[-1].version if self.appointments else None

    @property
    def since(self) -> date | None:
        """Since when a twin, or the shared heads, answer without a break; None if never judged."""
        since = None
        for made in reversed(self.appointments):
            if (made.version is None) != (self.in_use is None):
                break
            since = made.on
        return since


class ShelfReport(Contract):
    """What is on the shelf: the market model in use, and the twins that correct it.

    Attributes
    ----------
    session : date
        Last session that any of it has seen.
    trained_as_of : date
        Session at whose close the market model was trained; twins are judged by later ones.
    epochs : tuple of LearningEpoch
        Of the market model's training.
    report : FoundationReport
        Weights, attention, regimes and calibration as of ``session``. There are no rulings in it:
        the shelf holds one market model, and who is believed for what is decided in runs.
    twins : tuple of ShelvedTwin
        By symbol; empty until twins are trained on this market model.
    """

    session: date
    trained_as_of: date
    epochs: tuple[LearningEpoch, ...]
    report: FoundationReport
    twins: tuple[ShelvedTwin, ...]

    def twin(self, symbol: str) -> ShelvedTwin | None:
        """Return a stock's twins; None where it has none."""
        return next((twin for twin in self.twins if twin.symbol == symbol), None)

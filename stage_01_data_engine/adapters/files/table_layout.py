"""What stands in which column of a table, and from when its rows count as known."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from foundation.contracts import ContinuousSeries
from foundation.kernel.model import Part
from stage_01_data_engine.raw import MARKET_SERIES

Kind = Literal["bars", "series", "chain", "flow", "custom"]
NEEDED: dict[Kind, tuple[str, ...]] = {
    "bars": ("date", "symbol", "close"),
    "series": ("date", "series", "value"),
    "chain": ("date", "underlying", "expiry", "strike", "right"),
    "flow": ("date",),
    "custom": ("date",),
}
"""Fields that a row of each kind cannot do without."""
OFFERED: dict[Kind, tuple[str, ...]] = {
    "bars": ("open", "high", "low", "volume"),
    "series": (),
    "chain": (
        "contract", "bid", "ask", "last", "volume", "open_interest", "implied_volatility", "spot",
        "delta", "gamma", "theta", "vega", "rho",
    ),
    "flow": ("symbol", "calls", "puts", "total", "put_call_ratio"),
    "custom": (),
}  # fmt: skip
"""Fields that it may have besides; a ``custom`` layout may name any."""
TEXTS = ("symbol", "underlying", "series", "contract", "right")


class TableLayout(Part):
    """What stands where in one file or sheet, and from when it is known."""

    file: str = Field(description="Name in the source's folder; a pattern such as chain_*.csv.")
    kind: Kind
    sheet: str | None = Field(default=None, description="Sheet of a workbook; None: the first.")
    header_row: int = Field(default=1, ge=1, description="Row of the column names, from 1.")
    columns: dict[str, str] = Field(description="Our field names to the file's column names.")
    constants: dict[str, str] = Field(
        default_factory=dict, description="Fields that are the same in every row, e.g. symbol."
    )
    date_format: str = Field(default="%Y-%m-%d", description="How dates are written as text.")
    series: dict[str, ContinuousSeries] = Field(
        default_factory=dict,
        description="Fields of flow and custom tables that become series of the window: by symbol "
        "where they say panel = features, else market-wide.",
    )
    known: Literal["close", "next session"] = Field(
        default="next session",
        description="Whether a row of a date is known at its close, or from the opening of the "
        "session after it (files made after the close).",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        told = set(self.columns) | set(self.constants)
        if lacking := set(NEEDED[self.kind]) - told:
            raise ValueError(f"a layout of {self.kind} names {', '.join(sorted(lacking))}")
        allowed = {*NEEDED[self.kind], *OFFERED[self.kind]}
        if self.kind != "custom" and (strange := told - allowed):
            raise ValueError(
                f"a layout of {self.kind} has no field {', '.join(sorted(strange))}; "
                f"it may have {', '.join(sorted(allowed))}"
            )
        if strange := set(self.constants) - set(TEXTS):
            raise ValueError(f"{', '.join(sorted(strange))} is no text and differs by row")
        if lost := set(self.series) - told:
            raise ValueError(f"{', '.join(sorted(lost))} becomes a series and is no column")
        if self.series and self.kind not in ("flow", "custom"):
            raise ValueError(f"columns of a table of {self.kind} have their place already")
        by_symbol = any(s.panel == "features" for s in self.series.values())
        if by_symbol and "symbol" not in told:
            raise ValueError("a series by symbol needs the column symbol")
        series = self.constants.get("series")
        if series is not None and series not in MARKET_SERIES:
            raise ValueError(f"a series is one of {', '.join(MARKET_SERIES)}, not {series}")
        return self

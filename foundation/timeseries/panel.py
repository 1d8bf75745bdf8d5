"""A panel: float64 values over sessions x symbols x fields (and, where named, layers).

A panel is what a whole market looks like to array code: one block, no loop over symbols.
Sessions are exchange dates in ascending order; NaN means "absent", never "zero".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import (
    ModelWrapValidatorHandler,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from foundation.kernel import OperatorError, Part, hash_bytes
from foundation.timeseries.array import Float64Array

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = "$panel"


class Panel(Part):
    """Values by session, symbol and field.

    Attributes
    ----------
    sessions : tuple of date, length T
        Strictly ascending exchange dates.
    symbols : tuple of str, length N
    fields : tuple of str, length F
    layers : tuple of str, length L
        Names of an optional fourth axis (five states, say); empty for a plain panel.
    values : float64 array, shape (T, N, F) or (T, N, F, L)
        Read-only. NaN means absent. Units are those of the field.

    Raises
    ------
    ValueError
        (as a Pydantic validation error) if labels repeat, sessions do not ascend, or the
        shape does not match the labels.
    """

    sessions: tuple[date, ...]
    symbols: tuple[str, ...]
    fields: tuple[str, ...]
    layers: tuple[str, ...] = ()
    values: Float64Array

    @model_validator(mode="wrap")
    @classmethod
    def _resolve(
        cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        if isinstance(data, dict) and set(data) == {REFERENCE}:
            store = (info.context or {}).get("panels")
            if store is None:
                raise ValueError("a panel reference needs its store in the validation context")
            return handler(store.get_panel(data[REFERENCE]))
        panel = handler(data)
        if panel is not data:
            panel._check()
        return panel

    @model_serializer(mode="wrap")
    def _refer(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        store = (info.context or {}).get("panels")
        if store is not None:
            return {REFERENCE: store.put_panel(self)}
        return handler(self)

    def _check(self) -> None:
        for name in ("symbols", "fields", "layers"):
            labels = getattr(self, name)
            if len(set(labels)) != len(labels):
                raise ValueError(f"panel {name} must be distinct")
        if any(a >= b for a, b in zip(self.sessions, self.sessions[1:], strict=False)):
            raise ValueError("panel sessions must ascend strictly")
        labelled = (len(self.sessions), len(self.symbols), len(self.fields))
        expected = (*labelled, len(self.layers)) if self.layers else labelled
        if self.values.shape != expected:
            raise ValueError(f"panel labels say shape {expected}, values have {self.values.shape}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Panel):
            return NotImplemented
        return self._labels() == other._labels() and np.array_equal(
            self.values, other.values, equal_nan=True
        )

    def __hash__(self) -> int:
        return hash(self.content_hash())

    def __repr__(self) -> str:
        span = f"{self.sessions[0]}..{self.sessions[-1]}" if self.sessions else "no sessions"
        return f"Panel({span}, {len(self.symbols)} symbols, fields={list(self.fields)})"

    __str__ = __repr__

    def _labels(self) -> tuple[tuple[object, ...], ...]:
        return (self.sessions, self.symbols, self.fields, self.layers)

    def content_hash(self) -> str:
        """Return the SHA-256 of labels and values; every NaN counts as the same NaN."""
        canonical = self.values + 0.0
        canonical[np.isnan(canonical)] = np.nan
        labels = repr(
            ([d.isoformat() for d in self.sessions], self.symbols, self.fields, self.layers)
        )
        block = np.ascontiguousarray(canonical).data.cast("B") if canonical.size else b""
        return hash_bytes(labels.encode(), block)

    def field(self, name: str) -> np.ndarray:
        """Return one field as a read-only view, shape (T, N) or (T, N, L)."""
        return self.values[:, :, self.index_of("fields", name)]

    def has(self, field: str) -> bool:
        """Say whether the panel has a field."""
        return field in self.fields

    def index_of(self, axis: str, label: object) -> int:
        """Return the position of a label on ``sessions``, ``symbols``, ``fields`` or ``layers``."""
        labels: tuple[object, ...] = getattr(self, axis)
        try:
            return labels.index(label)
        except ValueError:
            raise OperatorError(
                f"The panel has no such label on its axis {axis!r}",
                value=label,
                remedy=f"choose one of {[str(x) for x in labels[:12]]}"
                + (f" ... ({len(labels)} in all)" if len(labels) > 12 else ""),
            ) from None

    def until(self, session: date) -> Panel:
        """Return the panel as it stood after the close of ``session``: nothing later is kept."""
        stop = int(
            np.searchsorted(
                np.array(self.sessions, dtype="M8[D]"), np.datetime64(session), side="right"
            )
        )
        return self._cut(slice(None, stop))

    def last(self, count: int) -> Panel:
        """Return the last ``count`` sessions (all of them where there are fewer)."""
        return self._cut(slice(max(0, len(self.sessions) - count), None))

    def _cut(self, rows: slice) -> Panel:
        return Panel(
            sessions=self.sessions[rows],
            symbols=self.symbols,
            fields=self.fields,
            layers=self.layers,
            values=self.values[rows],
        )

    def select(
        self, *, symbols: Sequence[str] | None = None, fields: Sequence[str] | None = None
    ) -> Panel:
        """Return the panel of the named symbols and fields, in the order asked for."""
        values = self.values
        if symbols is not None:
            values = values[:, [self.index_of("symbols", s) for s in symbols]]
        if fields is not None:
            values = values[:, :, [self.index_of("fields", f) for f in fields]]
        return Panel(
            sessions=self.sessions,
            symbols=self.symbols if symbols is None else tuple(symbols),
            fields=self.fields if fields is None else tuple(fields),
            layers=self.layers,
            values=values,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a wide frame: rows are sessions, columns are ``field|symbol[|layer]``."""
        import pandas as pd

        names = [
            "|".join((f, s, *([layer] if layer else [])))
            for s in self.symbols
            for f in self.fields
            for layer in (self.layers or ("",))
        ]
        index = pd.DatetimeIndex(np.array(self.sessions, dtype="M8[ns]"), name="session")
        return pd.DataFrame(self.values.reshape(len(self.sessions), -1), index=index, columns=names)

    @classmethod
    def from_fields(
        cls, sessions: Sequence[date], symbols: Sequence[str], fields: dict[str, np.ndarray]
    ) -> Panel:
        """Stack one (T, N) array per field into a panel."""
        shape = (len(sessions), len(symbols))
        stacked = (
            np.stack([np.broadcast_to(a, shape) for a in fields.values()], axis=-1).astype(float)
            if fields
            else np.empty((*shape, 0))
        )
        return cls(
            sessions=tuple(sessions), symbols=tuple(symbols), fields=tuple(fields), values=stacked
        )

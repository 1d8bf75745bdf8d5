"""Hypothesis strategies for every contract, read from its annotations.

They are meant to be nasty, not plausible: unicode names, aware datetimes of any zone and
either side of a clock change, NaN and infinite numbers where the contract allows them, empty
tuples, panels without sessions, NaN panels. For plausible instances see
``foundation.testing.samples``.
"""

from __future__ import annotations

import types
import typing
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from foundation.kernel import OperatorError, Part
from foundation.timeseries import ArraySpec, Panel

Model = TypeVar("Model", bound=Part)

names = st.text(st.characters(codec="utf-8"), min_size=0, max_size=12)
"""Any text that UTF-8 can carry: Greek, emoji, quotes, line ends, the empty string."""

moments = st.datetimes(
    min_value=datetime(1975, 1, 1), max_value=datetime(2060, 1, 1), timezones=st.timezones()
)
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1))
cells = st.floats(width=64) | st.just(float("nan")) | st.sampled_from([0.0, -0.0, 1e-308, 1e308])


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Panels of any small shape, empty axes and layers included, NaN everywhere if drawn so."""
    labels = st.lists(names, max_size=3, unique=True)
    sessions = sorted(draw(st.sets(days, max_size=4)))
    symbols, fields, layers = draw(labels), draw(labels), draw(labels)
    shape = [len(sessions), len(symbols), len(fields)]
    if layers:
        shape.append(len(layers))
    return Panel(
        sessions=tuple(sessions),
        symbols=tuple(symbols),
        fields=tuple(fields),
        layers=tuple(layers),
        values=draw(st_numpy.arrays("float64", tuple(shape), elements=cells)),
    )


def instances(kind: type[Model]) -> st.SearchStrategy[Model]:
    """Return a strategy for valid instances of a contract or one of its parts.

    Raises
    ------
    OperatorError
        If a field has an annotation that this module does not know: teach it.
    """
    if kind is Panel:
        return typing.cast("st.SearchStrategy[Model]", panels())
    fields = {name: _field(kind, name, info) for name, info in kind.model_fields.items()}
    return st.builds(kind, **fields)


def _field(kind: type[Part], name: str, info: FieldInfo) -> st.SearchStrategy[Any]:
    strategy = _annotated(info.annotation, info.metadata)
    if strategy is None:
        raise OperatorError(
            "Every field of a contract has a strategy",
            value=f"{kind.__name__}.{name}: {info.annotation}",
            remedy="add its annotation to foundation/testing/strategies.py",
        )
    return strategy


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: names,
    bool: st.booleans(),
    date: days,
    datetime: moments,
    AwareDatetime: moments,
    type(None): st.none(),
}


def _annotated(annotation: Any, metadata: list[Any] | tuple[Any, ...] = ()) -> Any:
    """Return the strategy of an annotation; None where there is none."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if annotation in (int, float):
        return _number(annotation, metadata)
    if annotation is np.ndarray:
        return _array(next(m for m in metadata if isinstance(m, ArraySpec)))
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return st.deferred(lambda: instances(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    return _generic(get_origin(annotation), get_args(annotation), metadata)


def _generic(origin: Any, arguments: tuple[Any, ...], metadata: list[Any] | tuple[Any, ...]) -> Any:
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is typing.Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return st.one_of(*(_annotated(a, metadata) for a in arguments))
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(_annotated(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(_annotated(a) for a in arguments))
    if origin is dict:
        return st.dictionaries(_annotated(arguments[0]), _annotated(arguments[1]), max_size=3)
    return None


def _number(kind: type, metadata: list[Any] | tuple[Any, ...]) -> st.SearchStrategy[Any]:
    limits = {
        name: getattr(constraint, name)
        for constraint in metadata
        for name in ("ge", "le")
        if hasattr(constraint, name)
    }
    low, high = limits.get("ge"), limits.get("le")
    if kind is int:
        return st.integers(-(2**63) if low is None else low, 2**64 - 1 if high is None else high)
    if limits:
        return st.floats(low, high, allow_nan=False)
    return st.floats()


def _array(spec: ArraySpec) -> st.SearchStrategy[np.ndarray]:
    axes = 2 if spec.ndim is None else spec.ndim
    shapes = st_numpy.array_shapes(min_dims=axes, max_dims=axes, min_side=0, max_side=4)
    return st_numpy.arrays(spec.dtype, shapes)

"""NumPy arrays as fields of frozen Pydantic models.

In JSON an array is ``{"dtype", "shape", "data"}`` with base64 of its little-endian,
C-ordered bytes: every float comes back to the last bit, NaN included. When the caller
passes a store in the (de)serialisation context under ``"arrays"``, only a reference
``{"$array": key}`` is written and the bytes go to the store.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Protocol

import numpy as np
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

REFERENCE = "$array"


class ArrayStore(Protocol):
    """Where arrays go when a document only carries references to them."""

    def put_array(self, values: np.ndarray) -> str: ...

    def get_array(self, key: str) -> np.ndarray: ...


class ArraySpec:
    """Annotation that makes ``np.ndarray`` a validated, frozen field.

    Parameters
    ----------
    dtype : str
        NumPy dtype name. Input is converted only where no value changes ("same_kind" casts
        from wider types are refused).
    ndim : int, optional
        Number of axes; ``None`` accepts any.
    """

    def __init__(self, dtype: str, ndim: int | None = None) -> None:
        self.dtype = np.dtype(dtype)
        self.ndim = ndim

    def _freeze(self, values: np.ndarray) -> np.ndarray:
        if not np.can_cast(values.dtype, self.dtype, casting="safe"):
            raise ValueError(f"expected an array of {self.dtype}, received {values.dtype}")
        if self.ndim is not None and values.ndim != self.ndim:
            raise ValueError(f"expected {self.ndim} axes, received shape {values.shape}")
        frozen = np.ascontiguousarray(values, dtype=self.dtype)
        if frozen is values and values.flags.writeable:
            frozen = values.view()
        frozen.flags.writeable = False
        return frozen

    def _validate(self, value: Any, info: core_schema.ValidationInfo) -> np.ndarray:
        if isinstance(value, np.ndarray):
            return self._freeze(value)
        if isinstance(value, dict) and set(value) == {REFERENCE}:
            store = (info.context or {}).get("arrays")
            if store is None:
                raise ValueError("an array reference needs its store in the validation context")
            return self._freeze(store.get_array(value[REFERENCE]))
        if isinstance(value, dict) and set(value) == {"dtype", "shape", "data"}:
            raw = base64.b64decode(value["data"], validate=True)
            return self._freeze(
                np.frombuffer(raw, dtype=np.dtype(value["dtype"]).newbyteorder("<"))
                .reshape(value["shape"])
                .astype(value["dtype"])
            )
        if isinstance(value, list | tuple):
            return self._freeze(np.asarray(value, dtype=self.dtype))
        raise ValueError(f"expected an array, received {type(value).__name__}")

    def _serialize(self, values: np.ndarray, info: core_schema.SerializationInfo) -> Any:
        if info.mode == "python" and not info.context:
            return values
        store = (info.context or {}).get("arrays")
        if store is not None:
            return {REFERENCE: store.put_array(values)}
        little = values.astype(values.dtype.newbyteorder("<"), copy=False)
        return {
            "dtype": values.dtype.name,
            "shape": list(values.shape),
            "data": base64.b64encode(little.tobytes()).decode("ascii"),
        }

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self._serialize, info_arg=True
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "object",
            "description": f"Array of {self.dtype.name}, {self.ndim or 'any number of'} axes.",
            "properties": {
                "dtype": {"const": self.dtype.name},
                "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                "data": {"type": "string", "contentEncoding": "base64"},
            },
            "required": ["dtype", "shape", "data"],
            "additionalProperties": False,
        }


Float64Array = Annotated[np.ndarray, ArraySpec("float64")]
Int32Array = Annotated[np.ndarray, ArraySpec("int32")]

"""Panels: dense arrays over sessions, symbols and fields, with as-of views."""

from foundation.timeseries.array import ArraySpec, Float64Array, Int32Array
from foundation.timeseries.panel import Panel

__all__ = ["ArraySpec", "Float64Array", "Int32Array", "Panel"]

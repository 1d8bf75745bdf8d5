"""The content hash of a contract: the same facts give the same hash, on any machine."""

from __future__ import annotations

import numpy as np

from foundation.kernel import Contract, hash_bytes
from foundation.timeseries import Panel


class _HashOnly:
    """Stands in for a store: keeps nothing, answers with content hashes."""

    def put_panel(self, panel: Panel) -> str:
        return panel.content_hash()

    def put_array(self, values: np.ndarray) -> str:
        header = f"{values.dtype.str}{values.shape}".encode()
        return hash_bytes(header, np.ascontiguousarray(values).tobytes())


def content_hash(contract: Contract) -> str:
    """Return the SHA-256 of a contract's canonical JSON, panels and arrays by their own hash."""
    sink = _HashOnly()
    document = contract.model_dump_json(context={"panels": sink, "arrays": sink})
    return hash_bytes(type(contract).__name__.encode(), document.encode())

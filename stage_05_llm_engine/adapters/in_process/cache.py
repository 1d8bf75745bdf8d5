"""Keys and values of what was read: grown in place, spread over drafts, and peeked behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class GrowingCache:
    """Keys and values of all layers in buffers of their final size, so that nothing is copied.

    It answers the two calls that transformers' attention layers make of a cache.
    """

    def __init__(self, rows: int, capacity: int) -> None:
        self.rows, self.capacity = rows, capacity
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []
        self.lengths: list[int] = []

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append (B, heads, new, width) to a layer and return all it holds."""
        if layer == len(self.keys):
            shape = (self.rows, keys.shape[1], self.capacity, keys.shape[3])
            self.keys.append(keys.new_zeros(shape))
            self.values.append(values.new_zeros(shape))
            self.lengths.append(0)
        start = self.lengths[layer]
        stop = start + keys.shape[2]
        self.keys[layer][:, :, start:stop] = keys
        self.values[layer][:, :, start:stop] = values
        self.lengths[layer] = stop
        return self.keys[layer][:, :, :stop], self.values[layer][:, :, :stop]

    def get_seq_length(self, layer: int = 0) -> int:
        """Return how many positions a layer holds."""
        return self.lengths[layer] if layer < len(self.lengths) else 0

    def spread(self, rows: torch.Tensor, capacity: int) -> GrowingCache:
        """Return a cache whose row i holds what row ``rows[i]`` holds here."""
        wide = GrowingCache(len(rows), capacity)
        for layer, length in enumerate(self.lengths):
            wide.update(
                self.keys[layer][rows, :, :length], self.values[layer][rows, :, :length], layer
            )
        return wide


class Peek:
    """Some rows of a cache, to look ahead from: what is read behind it is kept nowhere."""

    def __init__(self, cache: GrowingCache, rows: torch.Tensor) -> None:
        self._cache, self._rows = cache, rows

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what the rows hold with (R, heads, new, width) behind it."""
        import torch

        held = self._cache.lengths[layer]
        before = (
            kept[layer][self._rows, :, :held] for kept in (self._cache.keys, self._cache.values)
        )
        both = zip(before, (keys, values), strict=True)
        all_keys, all_values = (torch.cat([old, new], dim=2) for old, new in both)
        return all_keys, all_values

    def get_seq_length(self, layer: int = 0) -> int:
        """Return how many positions stand before what is read now."""
        return self._cache.get_seq_length(layer)

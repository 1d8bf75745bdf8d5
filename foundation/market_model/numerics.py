"""What a training's numbers depend on besides its data: the seed and the threads of a product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int, threads: int) -> Iterator[None]:
    """Seed torch and fix how its sums are ordered; leave the outside as it was."""
    before = torch.get_num_threads()
    # This process's own GPU: asking after the others' would take up memory on them.
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        try:
            torch.set_num_threads(threads)
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(before)

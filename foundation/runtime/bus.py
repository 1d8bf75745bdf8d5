"""Where stage events are said and heard. They carry references, never the bulk data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from foundation.contracts import StageEvent

Handler = Callable[[StageEvent], None]


class EventBus(Protocol):
    """One interface for every engine that carries events.

    A handler may be called more than once for the same event (at-least-once delivery in
    engines that cross machines), so handlers are idempotent by ``StageEvent.key``.
    """

    def publish(self, event: StageEvent) -> None:
        """Say it to every subscriber."""
        ...

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Hear every later event; call what is returned to stop."""
        ...


class InProcessBus:
    """Calls handlers at once, in the order in which they subscribed.

    An exception of a handler reaches the publisher: a journal that cannot write must stop
    the run. Subscribe what must not be missed (the journal) first.
    """

    def __init__(self) -> None:
        self._handlers: list[Handler] = []

    def publish(self, event: StageEvent) -> None:
        for handler in tuple(self._handlers):
            handler(event)

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        self._handlers.append(handler)

        def stop() -> None:
            if handler in self._handlers:
                self._handlers.remove(handler)

        return stop

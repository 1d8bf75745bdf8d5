"""The way to a story model that answers from a server, and where its answers are kept."""

from __future__ import annotations

from config.environment import model_credentials
from config.settings import Settings
from foundation.connect import Connection, ResponseCache


def story_server(settings: Settings) -> tuple[Connection | None, ResponseCache | None]:
    """Return connection and kept answers where a server tells the stories, else neither.

    A server may answer differently twice; a kept answer makes a run repeatable.
    """
    server = settings.engine.server
    if settings.engine.engine != "openai" or server is None:
        return None, None
    connection = Connection(credentials=model_credentials(server.key_variable))
    return connection, ResponseCache(settings.store / "story-server")

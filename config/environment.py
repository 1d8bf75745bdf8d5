"""What is read from the environment besides settings: keys, and where a Redis server is.

With ``config.settings`` this is the only place that reads it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from foundation.connect import Credentials
from stage_01_data_engine.adapters import SOURCES


def key_variables() -> tuple[str, ...]:
    """Return the variables that may hold a key of some source, each vendor's first name first."""
    cards = [card.credential for card in SOURCES.values() if card.credential is not None]
    return tuple(variable for credential in cards for variable in credential.variables)


def credentials(environ: Mapping[str, str] | None = None) -> Credentials:
    """Return the keys of all sources that the environment holds.

    Parameters
    ----------
    environ : mapping, optional
        Environment variables; the process's own when None.
    """
    told = os.environ if environ is None else environ
    return Credentials({name: told[name] for name in key_variables() if name in told})


def model_credentials(
    variable: str | None, environ: Mapping[str, str] | None = None
) -> Credentials:
    """Return the key of a story model's server: what one named variable holds, or nothing."""
    told = os.environ if environ is None else environ
    return Credentials({variable: told[variable]} if variable and variable in told else {})


def redis_url(environ: Mapping[str, str] | None = None) -> str:
    """Return the address of a Redis server: ``REDIS_URL``, or the usual one of this machine."""
    told = os.environ if environ is None else environ
    return told.get("REDIS_URL", "redis://localhost:6379")

"""Keys: where they are read, and how they stay out of everything that is written.

A key goes by the name of its variable. It lives in a ``Secret``, which shows
its variable and never its value; ``Secret.redact`` takes the value out of a text.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from foundation.kernel import DependencyError

HIDDEN = "[hidden]"


class Secret:
    """A key that does not show itself.

    Parameters
    ----------
    variable : str
        The variable it was read from, which may be shown.
    value : str
        The key, which may not.
    """

    __slots__ = ("_value", "variable")

    def __init__(self, variable: str, value: str) -> None:
        self.variable, self._value = variable, value

    def reveal(self) -> str:
        """Return the key itself, for the request and nothing else."""
        return self._value

    def redact(self, text: str) -> str:
        """Return a text without the key, plain or URL-quoted."""
        for form in {self._value, quote(self._value, safe=""), quote_plus(self._value)}:
            text = text.replace(form, HIDDEN)
        return text

    def __repr__(self) -> str:
        return f"Secret({self.variable!r})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError(f"{self!r} is never written anywhere")


@dataclass(frozen=True)
class Credential:
    """What a vendor asks for: the variables that may hold its key, and where one gets it."""

    vendor: str
    variables: tuple[str, ...]
    obtain: str


class Credentials:
    """Keys by variable name.

    Parameters
    ----------
    values : mapping of str to str
        Variables and keys. A blank key counts as absent. Which of them come from the environment
        is for ``config`` to say, the one reader of it.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def has(self, credential: Credential) -> bool:
        """Say whether a key is there."""
        return any(self._values.get(name, "").strip() for name in credential.variables)

    def secret(self, credential: Credential) -> Secret:
        """Return the key of a vendor, from the first of its variables that is set.

        Raises
        ------
        DependencyError
            If none is set: names the variable and where to get a key.
        """
        for name in credential.variables:
            if value := self._values.get(name, "").strip():
                return Secret(name, value)
        others = " or ".join(credential.variables[1:])
        raise DependencyError(
            f"{credential.vendor} needs a key in the environment variable {credential.variables[0]}"
            + (f" (or {others})" if others else ""),
            value="not set",
            remedy=f"get a key at {credential.obtain} and set {credential.variables[0]}=<your key>",
        )


class RedactingFilter(logging.Filter):
    """Takes keys out of log records. HTTP libraries log whole addresses, keys included."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, Secret] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secret in tuple(self.secrets.values()):
            text = secret.redact(text)
        record.msg, record.args = text, None
        return True


_FILTER = RedactingFilter()
_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "foundation.connect",
)


def hide_from_logs(secret: Secret) -> None:
    """Keep a key out of what the HTTP libraries and this room log, for the life of the process."""
    _FILTER.secrets[secret.reveal()] = secret
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if _FILTER not in logger.filters:
            logger.addFilter(_FILTER)

"""Values that must never be shown: keys, tokens and the headers that carry them."""

from __future__ import annotations

from typing import Any, NoReturn, Self

__all__ = ["HIDDEN", "SECRET_HEADERS", "Secret", "is_secret_header"]

HIDDEN = "[secret]"
"""Stands where a secret stood."""

SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"}
)
"""Headers whose values are never shown, logged or stored; lower case."""


def is_secret_header(name: str) -> bool:
    """Return whether the value of the header `name` must not be shown."""
    return name.lower() in SECRET_HEADERS


class Secret:
    """A text that shows itself only to whoever calls `reveal`.

    `repr`, `str` and format strings give "[secret]". A copy keeps the value; a pickle does not:
    what is loaded from it refuses to be revealed.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself; call it only where the text is about to be sent."""
        return self._value

    @property
    def fits_a_header(self) -> bool:
        """Whether the text can be sent as a key: visible ASCII and nothing else."""
        value = self._value
        return bool(value) and value.isascii() and value.isprintable() and " " not in value

    def prefixed(self, prefix: str) -> Secret:
        """Return the secret with a text in front of it."""
        return Secret(f"{prefix}{self._value}")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Secret):
            return self._value == other._value
        return self._value == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return HIDDEN

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Secret], tuple[()]]:
        return LostSecret, ()


class LostSecret(Secret):
    """What a secret becomes in a pickle: nothing is left to reveal."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("")

    def reveal(self) -> NoReturn:
        """Refuse: the value was not stored.

        Raises:
            ValueError: always.
        """
        raise ValueError("the secret was left out when this object was pickled; set it anew")

"""The values that mean "not given", as distinct from `None`, which is sent as JSON null."""

from typing import Final, Literal

__all__ = ["NOT_GIVEN", "NotGiven", "Omit", "not_given", "omit"]


class NotGiven:
    """The type of `NOT_GIVEN`: the argument was left out, so nothing is sent for it."""

    __slots__ = ()

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


class Omit:
    """The type of `omit`: leave this out, even a header or field that would be sent by default."""

    __slots__ = ()

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "omit"


NOT_GIVEN: Final = NotGiven()
"""The default of every optional parameter."""

not_given: Final = NOT_GIVEN
"""`NOT_GIVEN` under its lower-case name."""

omit: Final = Omit()
"""Leaves out a field, or a header that the client would otherwise send."""


ABSENT: Final = (NotGiven, Omit)
"""The types of the sentinels, for an `isinstance` where a call of `is_absent` would cost more."""


def is_absent(value: object) -> bool:
    """Return whether `value` is a sentinel that stands for a parameter not given."""
    return isinstance(value, ABSENT)

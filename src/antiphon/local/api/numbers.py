"""Whole numbers that a query or a form holds as text, with the API's refusals."""

from __future__ import annotations

from .errors import invalid

__all__ = ["whole_number"]


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """Return the number in `text`.

    Raises:
        RequestRefusedError: it is no whole number from `least` to `most`.
    """
    try:
        number = int(text)
    except ValueError as error:
        raise invalid(
            f"{name}: Input should be a valid integer, unable to parse string as an integer"
        ) from error
    if number < least:
        raise invalid(f"{name}: Input should be greater than or equal to {least}")
    if number > most:
        raise invalid(f"{name}: Input should be less than or equal to {most}")
    return number

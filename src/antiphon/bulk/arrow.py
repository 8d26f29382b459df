"""pyarrow, which reads and writes Parquet: loaded when a run has such a file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["arrow", "parquet"]


def arrow() -> Any:
    """Return pyarrow.

    Raises:
        ImportError: it is not installed.
    """
    return _loaded("pyarrow")


def parquet() -> Any:
    """Return what pyarrow has for Parquet.

    Raises:
        ImportError: it is not installed.
    """
    return _loaded("pyarrow.parquet")


def _loaded(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow: install antiphon[parquet], or use .jsonl files"
        ) from error

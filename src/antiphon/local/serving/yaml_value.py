"""YAML, read as values alone."""

from __future__ import annotations

from typing import Any

__all__ = ["yaml_value"]


def yaml_value(content: bytes | str) -> Any:
    """Return the value of a YAML text.

    Raises:
        ValueError: it is none, names a class, or PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise ValueError(
            "YAML needs PyYAML: pip install 'antiphon[testing]', or write the file as JSON"
        ) from None
    try:
        # Values alone: no tag of the file makes an object of a class.
        return yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"not valid YAML: {error}") from error

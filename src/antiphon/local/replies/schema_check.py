"""Whether a value satisfies a JSON schema, by the judgement of `jsonschema`.

The sampler makes values that fit by construction, and understands what schemas of tools use. What
it does not follow (`not`, conditions, dependencies of properties) only a validator can tell. That
is `jsonschema`, of the extra `local`: it brings a compiled package, which most users of the server
do not need. Without it, values are taken as they are made.

Patterns are judged by our own rule: `jsonschema` would search with any pattern, and a search can
take years.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .regex_sample import search

__all__ = ["SchemaJudge"]

# Each reference may double the work: thirty of them can make some ten thousand steps, a hundred
# would never end.
_MAX_REFERENCES = 30


class SchemaJudge:
    """Judges values by one schema and its parts.

    Args:
        root: the whole schema; references point into it.
    """

    def __init__(self, root: object) -> None:
        self._root = root

    def accepts(self, schema: object, value: object) -> bool:
        """Return whether `value` is valid against a part of the root; True if nobody can tell.

        Formats count, as they do for structured outputs.
        """
        if self._validator is None:
            return True
        try:
            return bool(self._validator.evolve(schema=schema).is_valid(value))
        except Exception:  # a schema that is none: jsonschema raises many kinds of errors
            return True

    @cached_property
    def _validator(self) -> Any:
        make = _validator()
        try:
            is_small = json.dumps(self._root).count('"$ref"') <= _MAX_REFERENCES
        except (TypeError, ValueError, RecursionError):
            return None
        return make(self._root) if make and is_small else None


@lru_cache(maxsize=1)
def _validator() -> Callable[[object], Any] | None:
    if find_spec("jsonschema") is None:
        return None
    # Imported as `Any`: its types are known in part only.
    jsonschema: Any = import_module("jsonschema")
    registry: Any = import_module("referencing").Registry

    def check_pattern(_: object, pattern: str, value: object, __: object) -> Iterator[object]:
        if isinstance(value, str) and search(pattern, value) is False:
            yield jsonschema.ValidationError("the pattern is not found")

    draft = jsonschema.Draft202012Validator
    checked = jsonschema.validators.extend(draft, {"pattern": check_pattern})
    # An empty registry finds no schema elsewhere; the default one would fetch it from the network.
    return partial(checked, format_checker=draft.FORMAT_CHECKER, registry=registry())

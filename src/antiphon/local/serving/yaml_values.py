"""YAML as JSON values; what JSON does not have is a text or refused."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

__all__ = ["read_yaml"]

_PREFIX = "tag:yaml.org,2002:"
_MERGE = f"{_PREFIX}merge"
_TAGS = {f"{_PREFIX}{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map")}


class _Loader(yaml.SafeLoader):
    """Reads the types of JSON alone: a date without quotes is a text, as in YAML 1.2."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:  # YAML forbids it, and PyYAML would take the last one
                    problem = f"the key {key.value!r} stands here twice"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] in {*_TAGS, _MERGE}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: make
    for tag, make in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag in _TAGS
}


def read_yaml(content: bytes) -> Any:
    """Return what a document of YAML says.

    Raises:
        ValueError: it is no YAML; the text says where.
    """
    try:
        return yaml.load(content, _Loader)  # noqa: S506  makes fewer things than the safe loader
    except RecursionError:
        raise ValueError("not valid YAML: nested too deeply") from None
    # PyYAML lets the errors of Python through where a tag does not fit its value: !!bool x.
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise ValueError(f"not valid YAML: {error}") from error

"""The public API as data: modules and their names, classes and their members, what can be passed.

After a release `scripts/run python -m tests.support.public_api > tests/support/released_api.json`
lists its API.
"""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from typing import Any

import antiphon

# The modules that the documentation imports from.
MODULES = (
    "antiphon",
    "antiphon.async_client",
    "antiphon.client",
    "antiphon.errors",
    "antiphon.local",
    "antiphon.local.latency",
    "antiphon.local.limits",
    "antiphon.local.serve",
    "antiphon.responses",
    "antiphon.rules",
    "antiphon.types",
    "antiphon.types.content",
    "antiphon.types.events",
    "antiphon.types.messages",
    "antiphon.types.tools",
)


def public(names: Any) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def members(cls: type) -> set[str]:
    """Return what an object of a class has, without what other packages give it."""
    own = [base for base in cls.__mro__ if base.__module__.partition(".")[0] == "antiphon"]
    names: set[str] = set()
    for base in own:
        names |= {*vars(base), *vars(base).get("__annotations__", ()), *slots(base)}
    names |= {*getattr(cls, "__required_keys__", ()), *getattr(cls, "__optional_keys__", ())}
    return public(names)


def slots(cls: type) -> tuple[str, ...]:
    found = vars(cls).get("__slots__", ())
    return (found,) if isinstance(found, str) else tuple(found)


def arguments(thing: Any) -> set[str]:
    """Return the names of what can be passed; none for models, which are made of their members."""
    if hasattr(thing, "model_fields") or hasattr(thing, "__required_keys__"):
        return set()
    try:
        return public(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return set()


def described() -> dict[str, Any]:
    """Return the public API: the names of modules, and what classes and functions take."""
    modules: dict[str, list[str]] = {}
    things: dict[str, dict[str, list[str]]] = {}
    for path in MODULES:
        module = import_module(path)
        modules[path] = sorted(public(getattr(module, "__all__", None) or dir(module)))
        if path != "antiphon" and not path.startswith("antiphon.local"):
            continue  # `antiphon` has these names too
        for name in modules[path]:
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            things[f"{path}.{name}"] = {"arguments": sorted(arguments(thing))}
            if inspect.isclass(thing):
                things[f"{path}.{name}"]["members"] = sorted(members(thing))
    return {"version": antiphon.__version__, "modules": modules, "things": things}


def written(api: dict[str, Any]) -> str:
    """Return the JSON of an API, one line a module, class or function."""
    parts = [
        f'"{part}": {{\n'
        + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in api[part].items())
        + "\n}"
        for part in ("modules", "things")
    ]
    return f'{{\n"version": "{api["version"]}",\n' + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    print(written(described()), end="")

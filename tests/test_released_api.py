"""What a released version let users write still works: its modules, names, members and arguments.

`tests/support/released_api.json` is the list of the last release. After a release it is made anew.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from antiphon.compat.finder import OLD_MODULES
from tests.support.public_api import arguments, members

API = json.loads((Path(__file__).parent / "support" / "released_api.json").read_text())

# What was removed on purpose, and why nobody misses it: `module.Class.member` or
# `module.Class(argument)`.
REMOVED: dict[str, str] = {
    "antiphon.*Stream*(*)": "Streams and their managers are made by a client, not by users.",
    "antiphon.*Messages*(*)": "Made by a client, not by users.",
    "antiphon.APIResponse(*)": "Made by a client, not by users.",
    "antiphon.Rule.found": "Findings are made by the rules; users read them.",
    "antiphon.*Stream.more": "The inside of a stream; iterate over it.",
    "antiphon.local.limits.RateLimits*": "The inside of the server; its responses hold the limits.",
    "antiphon.local.Recorded.weight": "The journal's own measure; it was never documented.",
    "antiphon.local.serve.Front*": "The inside of the server; `serve` is its public function.",
}

# Modules that moved warn under their old names.
pytestmark = pytest.mark.filterwarnings("ignore:antiphon.*is now:DeprecationWarning")


@pytest.fixture(autouse=True, scope="module")
def _old_modules_are_forgotten() -> Iterator[None]:
    """Undo what an import leaves behind: `antiphon.local.serve` hides the function of that name."""
    yield
    for path in OLD_MODULES:
        if sys.modules.pop(path, None) is not None:
            package, _, name = path.rpartition(".")
            delattr(import_module(package), name)


def removed(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in REMOVED)


@pytest.mark.parametrize("path", API["modules"])
def test_the_names_of_a_module_are_still_there(path):
    module = import_module(path)
    gone = {name for name in API["modules"][path] if not hasattr(module, name)}
    assert {name for name in gone if not removed(f"{path}.{name}")} == set()


def thing(name: str) -> Any:
    path, _, last = name.rpartition(".")
    return getattr(import_module(path), last)


@pytest.mark.parametrize("name", [name for name in API["things"] if not removed(name)])
def test_the_members_and_arguments_of_a_thing_are_still_there(name):
    now, then = thing(name), API["things"][name]
    gone = {f"{name}.{each}" for each in then.get("members", ()) if not has(now, each)}
    gone |= {f"{name}({each})" for each in set(then["arguments"]) - arguments(now)}
    assert {each for each in gone if not removed(each)} == set()


def has(now: Any, member: str) -> bool:
    return hasattr(now, member) or (inspect.isclass(now) and member in members(now))


def test_removals_are_of_things_that_were_there():
    everything = {f"{path}.{name}" for path, names in API["modules"].items() for name in names}
    for name, then in API["things"].items():
        everything |= {f"{name}.{each}" for each in then.get("members", ())}
        everything |= {f"{name}({each})" for each in then["arguments"]}
    for pattern in REMOVED:
        assert any(fnmatch(each, pattern) for each in everything), pattern

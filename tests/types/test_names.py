"""Every name can be found, and is the same everywhere."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import is_typeddict

import antiphon.types

HOMES = [
    path.stem
    for path in Path(antiphon.types.__file__).parent.glob("*.py")
    if path.stem != "__init__"
]
NAMES = [
    (home, name)
    for home in HOMES
    for name in importlib.import_module(f"antiphon.types.{home}").__all__
]


@pytest.mark.parametrize(("home", "name"), NAMES)
def test_a_name_is_the_one_of_its_home(home: str, name: str) -> None:
    there = getattr(importlib.import_module(f"antiphon.types.{home}"), name)
    assert getattr(antiphon.types, name) is there
    assert not isinstance(there, type) or vars(there).get("__doc__")


def test_each_name_has_one_home() -> None:
    names = [name for _, name in NAMES]
    assert len(names) == len(set(names))
    assert dir(antiphon.types) == sorted(names)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="TextBlok"):
        _ = antiphon.types.TextBlok  # type: ignore[attr-defined]


def test_names_and_modules_are_found_from_the_package() -> None:
    program = """
import antiphon.types
assert antiphon.types.events.TextEvent is antiphon.types.TextEvent
from antiphon.types import *
assert Message is antiphon.types.message.Message
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_package_alone_loads_nothing() -> None:
    program = "import sys, antiphon.types; print('pydantic' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "False"


@pytest.mark.parametrize(("home", "name"), [n for n in NAMES if n[1].endswith("Param")])
def test_params_are_made_by_calling_them(home: str, name: str) -> None:
    param = getattr(antiphon.types, name)
    if is_typeddict(param):
        given = dict.fromkeys(param.__required_keys__, "x")
        assert param(**given) == given

"""Compare the official package's public names with ours.

``python tests/peers/names.py 2.12.0 0.75.0`` installs each version in an environment of its own and
prints how many of its names we have, have under another name, refuse with a sentence, or miss.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

from environments import environment  # beside this file

import antiphon
import antiphon.types
from antiphon.compat.refusals import Refused

HERE = Path(__file__).parent
KINDS = ("have", "alias", "refused", "missing")


def kind(path: str, name: str) -> str:
    """Return what we do with a name of the official package."""
    try:
        found = getattr(import_module(f"antiphon.{path}".rstrip(".")), name)
    except (ImportError, AttributeError):
        return "missing"
    if isinstance(found, Refused):
        return "refused"
    ours = antiphon.types if path == "types" else antiphon
    own = path in {"", "types"} and name in dir(ours)
    return "have" if own else "alias"


def compare(version: str) -> dict[str, list[str]]:
    """Return the names of an official version by what we do with them."""
    python = environment(f"official-{version}", f"anthropic=={version}")
    listed = subprocess.run(
        [python, str(HERE / "official_names.py")], check=True, capture_output=True
    )
    modules: dict[str, list[str]] = json.loads(listed.stdout)["modules"]
    found: dict[str, list[str]] = {each: [] for each in KINDS}
    for path, names in modules.items():
        for name in names:
            found[kind(path, name)].append(f"{path}.{name}".lstrip("."))
    return found


def main() -> None:
    """Print the table of each version, and the names that are missing."""
    missing = False
    for version in sys.argv[1:] or ["2.12.0", "0.75.0"]:
        found = compare(version)
        print(f"\nanthropic {version}: " + ", ".join(f"{len(found[k])} {k}" for k in KINDS))
        areas = Counter((area(name), k) for k in KINDS for name in found[k])
        for each in sorted({place for place, _ in areas}):
            counts = ", ".join(f"{areas[each, k]} {k}" for k in KINDS if areas[each, k])
            print(f"  {each or 'anthropic'}: {counts}")
        for name in found["missing"]:
            print(f"  missing: {name}")
        missing = missing or bool(found["missing"])
    sys.exit(missing)


def area(name: str) -> str:
    """Return the part of the package that a name belongs to."""
    parts = name.split(".")[:-1]
    return ".".join(parts[: 2 if parts[1:2] == ["beta"] or parts[:1] == ["lib"] else 1])


if __name__ == "__main__":
    main()

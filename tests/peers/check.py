"""Run the checks of one package with its own interpreter: ``python check.py NAME [--official]``.

The checks are the public functions of ``packages/NAME.py``. Without ``--official`` the package
finds antiphon when it imports `anthropic`. The result is a line of JSON for each check.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import traceback
import warnings
from pathlib import Path
from types import ModuleType

PACKAGES = Path(__file__).parent / "packages"


def loaded(name: str) -> ModuleType:
    """Return the module of checks, which has the name of the package that it checks."""
    # Under another name than its own: the package is imported by the checks.
    spec = importlib.util.spec_from_file_location(f"checks_of_{name}", PACKAGES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(check: str, failure: BaseException | None) -> None:
    """Print the result of one check, and the end of its traceback on standard error."""
    text = None if failure is None else f"{type(failure).__name__}: {failure}".split("\n", 1)[0]
    if failure is not None:
        traceback.print_exception(failure, limit=-8)
    print(json.dumps({"check": check, "failure": text}), flush=True)


def main() -> None:
    """Run all checks, each whatever the others did."""
    name, *options = sys.argv[1:]
    # The folder of this file holds modules with the names of the packages that are checked.
    sys.path.remove(str(Path(__file__).parent))
    if "--official" not in options:
        import antiphon

        antiphon.install_as_anthropic()
    warnings.simplefilter("ignore")
    try:
        module = loaded(name)
    except Exception as failure:
        report("import", failure)
        return
    for check, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != module.__name__ or function.__name__ != check:
            continue
        if inspect.signature(function).parameters or check in getattr(module, "HELPERS", ()):
            continue
        try:
            function()
        except BaseException as failure:
            report(check, failure)
        else:
            report(check, None)


if __name__ == "__main__":
    main()

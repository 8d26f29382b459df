"""What the wheel installs; `scripts/build` runs this where only the wheel is."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distribution
from pathlib import Path

import antiphon

INSTALLED = distribution("antiphon")
SHIPPED = [Path(str(INSTALLED.locate_file(f))) for f in INSTALLED.files or () if f.suffix != ".pyc"]


def test_the_package_comes_from_the_wheel():
    assert Path(antiphon.__file__).is_relative_to(sys.prefix)
    assert Path(antiphon.__file__) in SHIPPED


def test_it_brings_its_types_its_licence_and_its_command():
    names = {path.name for path in SHIPPED}
    assert names >= {"py.typed", "LICENSE", "antiphon"}


def test_it_brings_nothing_else():
    files = INSTALLED.files or ()
    inside = {file.parts[0] for file in files} - {".."}
    assert inside == {"antiphon", f"antiphon-{antiphon.__version__}.dist-info"}
    assert [file.stem for file in files if file.parts[0] == ".."] == ["antiphon"]


def test_it_is_small():
    assert sum(path.stat().st_size for path in SHIPPED) < 1_000_000


def test_it_is_the_version_it_says():
    assert INSTALLED.version == antiphon.__version__


def test_its_page_has_addresses_an_author_and_no_relative_links():
    metadata = INSTALLED.metadata
    assert metadata["Author"]
    assert {"Homepage", "Source", "Issues", "Changelog"} <= {
        address.partition(",")[0] for address in metadata.get_all("Project-URL") or ()
    }
    links = re.findall(r"\]\(([^)]+)\)", metadata.get_payload() or metadata["Description"])
    assert links
    assert all(link.startswith("https://") for link in links)

"""The picture of the limiter in the docs comes from a run of `scripts/limiter-picture`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parent.parent
SVG = "{http://www.w3.org/2000/svg}"


def said(path: Path) -> tuple[int, str]:
    picture = ET.parse(path).getroot()
    texts = " ".join(text.text or "" for text in picture.iter(f"{SVG}text"))
    return len([*picture.iter(f"{SVG}polyline")]), texts


@pytest.mark.slow
def test_a_run_is_drawn(tmp_path):
    drawn = tmp_path / "limiter.svg"
    words = ["--calls", "20", "--requests", "1200", "--to", str(drawn)]
    script = str(ROOT / "scripts/limiter-picture")
    done = subprocess.run(
        [sys.executable, script, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert said(drawn)[0] == 3
    assert "with a limiter: 0 refusals, 0 calls failed" in said(drawn)[1]


def test_the_picture_in_the_docs_shows_no_refusals_with_a_limiter():
    lines, texts = said(ROOT / "docs/limiter.svg")
    assert lines == 3
    assert "with a limiter: 0 refusals, 0 calls failed" in texts
    assert "without: 0 refusals" not in texts

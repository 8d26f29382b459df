"""A real browser without a window, where there is one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-extensions", "--disable-background-networking", "--user-data-dir={folder}"),
)
FIREFOX = ("--headless", "--no-remote", "--profile", "{folder}")
BROWSERS = {
    **dict.fromkeys(("chromium", "chromium-browser", "google-chrome", "chrome"), CHROMIUM),
    **dict.fromkeys(("firefox", "firefox-esr"), FIREFOX),
}
BROWSER = next(filter(shutil.which, BROWSERS), None)

needs_browser = pytest.mark.skipif(
    BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is on PATH"
)


@contextmanager
def browsing(url: str, folder: Path) -> Iterator[None]:
    """Let a browser show a page; what it keeps goes into the folder."""
    assert BROWSER is not None
    options = (option.format(folder=folder) for option in BROWSERS[BROWSER])
    browser = subprocess.Popen(
        [BROWSER, *options, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        browser.terminate()
        browser.wait(30)

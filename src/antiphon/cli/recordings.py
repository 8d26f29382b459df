"""`antiphon record` and `antiphon replay`: recordings of the API, made and played."""

from __future__ import annotations

import argparse
import sys

from ..local.scripting.cassette import STALE_AFTER
from ..local.scripting.cassette_app import Pace
from ..local.serving.listener import serve
from ..local.serving.recorder import cassette_app
from ..local.serving.upstream import check_upstream

__all__ = ["record", "replay"]


def record(options: argparse.Namespace) -> int:
    """Pass requests on to an API and record them, until interrupted; 1 if some were not written.

    Raises:
        OSError: the server cannot listen, or the file cannot be written.
        ValueError: the file is no cassette, or there is none.
    """
    if (options.file is None) == (options.cache is None):
        raise ValueError("give a FILE, or --cache DIR, one of them")
    check_upstream(options.upstream, options.host, options.port)
    caches = options.cache is not None
    file = options.cache / "replies.jsonl" if caches else options.file
    app = cassette_app(
        file,
        "new_episodes" if caches else options.mode,
        upstream=options.upstream,
        repeats=caches,
        raw=options.raw,
    )
    note = f"antiphon passes requests on to {options.upstream} and records them in {file}."
    serve(options.host, options.port, app, note=note)
    found, lost = app.cassette.interactions, app.cassette.unsaved
    there = f"{len(found) - len(lost)} interactions in {file}" if found else "Nothing was recorded."
    print(there, file=sys.stderr)
    if lost:
        print(f"{len(lost)} interactions could not be written there", file=sys.stderr)
    return 1 if lost else 0


def replay(options: argparse.Namespace) -> int:
    """Reply with what was recorded, until interrupted; say what was not asked for, and what is old.

    Raises:
        OSError: the server cannot listen, or the file cannot be read.
        ValueError: the file holds no recordings.
    """
    pace: Pace = "as recorded" if options.paced else "at once"
    app = cassette_app(options.file, pace=pace)
    note = f"antiphon replies here with what was recorded in {options.file}."
    serve(options.host, options.port, app, note=note)
    for unused in app.cassette.unused:
        print(f"not asked for: {unused.method} {unused.path}", file=sys.stderr)
    if stale := app.cassette.stale:
        old = (
            f"{len(stale)} interactions are older than {STALE_AFTER.days} days; record them again:"
        )
        print(old, file=sys.stderr)
    for number, each in enumerate(app.cassette.interactions, 1):
        if each in stale:
            date = f"{each.recorded_at:%Y-%m-%d}"
            print(f"  line {number}: {each.method} {each.path}, {date}", file=sys.stderr)
    return 0

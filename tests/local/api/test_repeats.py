"""How often requests came before."""

from __future__ import annotations

from antiphon.local.api import repeats
from antiphon.local.api.repeats import Repeats


def test_each_request_is_counted_alone():
    counts = Repeats()
    assert [counts.count(digest) for digest in (b"a", b"b", b"a", b"a", b"b")] == [0, 0, 1, 2, 1]


def test_longest_unused_requests_are_forgotten_beyond_the_bound(monkeypatch):
    monkeypatch.setattr(repeats, "_MAX_REQUESTS", 2)
    counts = Repeats()
    assert [counts.count(digest) for digest in (b"a", b"b", b"a", b"c")] == [0, 0, 1, 0]
    assert counts.count(b"a") == 2
    assert counts.count(b"b") == 0

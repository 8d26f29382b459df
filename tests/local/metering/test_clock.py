from __future__ import annotations

import pytest

from antiphon.local import SystemClock, VirtualClock


def test_virtual_clock_stands_still_until_it_is_moved():
    clock = VirtualClock(1000.0)
    assert (clock(), clock()) == (1000.0, 1000.0)
    clock.advance(2.5)
    assert clock() == 1002.5


def test_system_clock_runs_and_can_be_moved_on():
    clock = SystemClock()
    before = clock()
    clock.advance(3600)
    assert 3600 <= clock() - before < 3700


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e30, 10**400, 3e11])
def test_clock_refuses_to_go_back_or_beyond_its_end(seconds):
    with pytest.raises(ValueError, match="seconds"):
        VirtualClock().advance(seconds)


def test_watchers_are_called_after_every_move():
    clock, heard = VirtualClock(), []
    watcher = lambda: heard.append(clock())  # noqa: E731
    clock.watch(watcher)
    clock.advance(1)
    clock.unwatch(watcher)
    clock.advance(1)
    assert heard == [VirtualClock()() + 1]

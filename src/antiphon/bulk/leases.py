"""Limits that several workers have in common: one side leases units, the other spends them.

Strategy. About five times a second each worker reports, for each key and class of models, how many
units its calls wait for, how many it sent, and what the API told it. `Leases` puts the reports of a
round together in the buckets of the limiter, and gives each worker its part of what has come in.
`LeasedLimiter` is the limiter within a worker: its buckets fill from leases, not from the clock. So
no worker sends what it did not get, and a worker that dies takes away no more than one lease.

`Leases` keeps nothing that it could not learn again: when it begins anew, the next reports tell it.
"""

# This is the same limiter, spread over processes.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from ..limiter import _BUCKETS, Limiter, _Pool, _Shared, _Units

__all__ = [
    "PERIOD",
    "Lease",
    "LeasedLimiter",
    "Leases",
    "Need",
    "PoolReport",
    "Report",
    "fair_parts",
]

PERIOD: Final = 0.2
"""Seconds of a lease: short enough that a change is felt soon, long enough to cost nothing."""

# Units of a lease, 0 being the rate before the first one, and those that rounding may lose.
_LEAST = 1e-6
_SHORTEST_LOOK = 0.001

_PoolName: TypeAlias = tuple[str, str]


class Need(NamedTuple):
    """What a worker says of one bucket."""

    want: float
    """Units that it wants; below 0 it gives units back."""
    sent: float
    """Units that it sent since its last report."""
    limit: float
    """Units per minute; 0 if it does not know."""
    left: int | None
    """What the API said is left, if it did since the last report."""


class PoolReport(NamedTuple):
    """What a worker says of one pool."""

    needs: dict[str, Need]
    held_for: float
    """Seconds for which the API wants no calls, if it said so since the last report."""


class Lease(NamedTuple):
    """What a worker gets of one pool."""

    units: dict[str, float]
    limits: dict[str, float]
    """Units per minute; 0 while nobody knows."""
    held_for: float


Report: TypeAlias = dict[_PoolName, PoolReport]
PoolLeases: TypeAlias = dict[_PoolName, Lease]


class Leases:
    """What all workers have in common."""

    def __init__(self) -> None:
        self._pools: dict[_PoolName, _Shared] = {}

    def round(self, reports: Mapping[str, Report], now: float) -> dict[str, PoolLeases]:
        """Give each worker that reported its part of what there is.

        Args:
            reports: by worker.
            now: seconds on a clock that never goes back.
        """
        leases: dict[str, PoolLeases] = {worker: {} for worker in reports}
        for name in {name for report in reports.values() for name in report}:
            told = {worker: report[name] for worker, report in reports.items() if name in report}
            shared = self._pools.setdefault(name, _Shared())
            for each in told.values():
                shared.held_until = max(shared.held_until, now + each.held_for)
            held_for = max(0.0, shared.held_until - now)
            parts = {
                bucket: _parts_of(
                    shared.buckets[bucket],
                    [each.needs[bucket] for each in told.values()],
                    rounded,
                    now,
                    held=held_for > 0,
                )
                for bucket, rounded in _BUCKETS.items()
            }
            limits = {bucket: each.limit for bucket, each in shared.buckets.items()}
            for place, worker in enumerate(told):
                units = {bucket: each[place] for bucket, each in parts.items()}
                leases[worker][name] = Lease(units, limits, held_for)
        return leases

    def state(self, now: float) -> dict[str, Any]:
        """Return what is known of the limits of each class of models; see `Limiter.state`."""
        return {
            name: {
                **{
                    bucket: {
                        "limit": units.limit or None,
                        "left": units.granted - units.sent if units.limit else None,
                    }
                    for bucket, units in shared.buckets.items()
                },
                "held_for": max(0.0, shared.held_until - now),
            }
            for (_, name), shared in self._pools.items()
        }


def _parts_of(
    bucket: _Units, needs: Sequence[Need], rounded: int, now: float, *, held: bool
) -> list[float]:
    """Learn from the needs of a round, and return what each of them gets."""
    bucket.fill(now)
    first = not bucket.limit
    bucket.sent += sum(need.sent for need in needs)
    bucket.limit = max((need.limit for need in needs if need.limit), default=bucket.limit)
    if not bucket.limit:
        return [0.0 for _ in needs]
    if first:
        bucket.taken = bucket.sent  # what was sent before needed no lease
        bucket.granted = bucket.sent
    left = [need.left for need in needs if need.left is not None]
    if left:
        # What came in and was sent since the API said so is in one number and not in the other.
        late = 0 if first else math.ceil(bucket.limit * PERIOD / 60)
        bucket.correct(min(left), rounded + late, alone=first)
    bucket.taken += sum(min(0.0, need.want) for need in needs)
    available = 0.0 if held else max(0.0, bucket.granted - bucket.taken)
    parts = fair_parts(available, [max(0.0, need.want) for need in needs])
    bucket.taken += sum(parts)
    return parts


def fair_parts(available: float, wants: Sequence[float]) -> list[float]:
    """Divide what there is: nobody gets more than it wants, nor less than another that wants more.

    Args:
        available: what there is.
        wants: what each wants, none below 0.
    """
    parts = [0.0] * len(wants)
    modest_first = sorted(range(len(wants)), key=wants.__getitem__)
    for before, place in enumerate(modest_first):
        parts[place] = min(wants[place], available / (len(wants) - before))
        available -= parts[place]
    return parts


@dataclass(slots=True)
class _LeasedUnits(_Units):
    """One limit of the API, of which this worker has what was leased to it."""

    coming: float = 0.0
    """What is left of the present lease. It comes in evenly, so that calls do not go in bursts."""
    rate: float = 0.0
    """Units a second that come in."""
    left: int | None = None
    saved: float = 0.0
    """How much of `sent` was not used in fact."""
    reported: float = 0.0
    """How much of what was used is in a report."""

    def fill(self, now: float) -> None:
        """Take in what has come of the lease."""
        if not self.rate:  # before the first lease calls go without
            self.granted = self.sent
        came = min(self.coming, max(0.0, now - self.at) * self.rate)
        self.granted += came
        self.coming -= came
        self.at = now

    def wait(self, mark: float) -> float:
        """Return the seconds until another look; 0 if `granted` has reached `mark`."""
        missing = mark - self.granted
        if not self.limit or missing <= _LEAST:
            return 0.0
        if missing <= self.coming:
            return max(_SHORTEST_LOOK, missing / self.rate)
        return PERIOD / 4

    def settle(self, expected: float, used: float) -> None:
        """Put what a call used in place of what was expected of it; report that, too."""
        self.granted += expected - used
        self.saved += expected - used

    def correct(self, remaining: int, rounded: int, *, alone: bool) -> None:  # noqa: ARG002
        """Pass on what the API says: only all workers together can judge it."""
        self.left = remaining

    def need(self, now: float) -> Need:
        """Return what is to be reported."""
        self.fill(now)
        used = self.sent - self.saved
        recent = used - self.reported
        # More than of late, so that calls that are slow only for want of leases get faster.
        want = self.taken - self.granted - self.coming + 2 * max(0.0, recent)
        if want < 0:  # units are given back: first those that have not come yet
            self.coming += want
            self.granted += min(0.0, self.coming)
            self.coming = max(0.0, self.coming)
        need = Need(want if self.limit else 0.0, recent, self.limit, self.left)
        self.reported, self.left = used, None
        return need

    def lease(self, units: float, limit: float, now: float) -> None:
        """Take a lease."""
        if not limit:
            return
        self.fill(now)
        self.limit = limit
        self.coming += units
        self.rate = max(self.coming, _LEAST) / PERIOD


class LeasedLimiter(Limiter):
    """The limiter of one worker."""

    def __init__(self) -> None:
        super().__init__()
        self._known_holds: dict[_PoolName, float] = {}

    def _new_pool(self) -> _Pool:
        pool = super()._new_pool()
        pool.shared.buckets = {name: _LeasedUnits() for name in _BUCKETS}
        return pool

    def report(self, now: float) -> Report:
        """Return what the common side has to know.

        Args:
            now: seconds on the clock of the calls.
        """
        found: Report = {}
        with self._lock:
            for name, pool in self._pools.items():
                held_until = pool.shared.held_until
                # A hold that came with a lease is no news: it would grow with each round.
                news = held_until > self._known_holds.get(name, 0.0)
                self._known_holds[name] = held_until
                found[name] = PoolReport(
                    {each: _leased(pool, each).need(now) for each in _BUCKETS},
                    max(0.0, held_until - now) if news else 0.0,
                )
        return found

    def take(self, leases: PoolLeases, now: float) -> None:
        """Take the leases of a round."""
        with self._lock:
            for name, lease in leases.items():
                pool = self._pools[name]
                for each in _BUCKETS:
                    _leased(pool, each).lease(lease.units[each], lease.limits[each], now)
                if lease.held_for:
                    held = max(pool.shared.held_until, now + lease.held_for)
                    pool.shared.held_until = self._known_holds[name] = held


def _leased(pool: _Pool, bucket: str) -> _LeasedUnits:
    units = pool.shared.buckets[bucket]
    assert isinstance(units, _LeasedUnits)
    return units

"""Which model of the catalogue serves a request, whatever name the request gives.

The catalogue is as old as this package, and programs name newer models: such a name is served as
the newest model of its family, with a warning. Retired and misspelt names get the API's 404,
unless the app was told to serve any name.
"""

from __future__ import annotations

import logging
import re
from typing import Literal, NamedTuple, TypeAlias

from ...catalog.models import CATALOG, ModelCard, find
from ..metering.clock import Clock
from .steps import HeaderPairs

__all__ = ["ModelNames", "ServedModel", "ServedModels"]

ModelNames: TypeAlias = Literal["known", "any"]
"""Which names of models an app serves."""

_log = logging.getLogger("antiphon.local")

# `claude-opus-6`, `claude-opus-6-1`, `claude-opus-6-1-20270301`; older names put the family last.
_NAME = re.compile(r"claude-([a-z]+)-(\d{1,3})(?:-(\d{1,3}))?(?:-\d{8})?")
_FAMILY = re.compile(r"haiku|sonnet|opus|fable|mythos")
# A bound on memory: a program may send any number of names.
_MAX_WARNINGS = 1_000


class ServedModel(NamedTuple):
    """A model of the catalogue, and the name under which it serves a request."""

    name: str
    """The `model` of the message."""
    card: ModelCard
    """The facts by which the request is treated."""

    @property
    def headers(self) -> HeaderPairs:
        """The header that names the model of the catalogue, if it stands in for another."""
        if self.name == self.card.id:
            return ()
        return (("x-antiphon-served-as", self.card.id),)


class ServedModels:
    """Finds the model that serves a request.

    Args:
        clock: the server's; models are retired by its day.
        names: "known" for the API's behaviour; "any" to serve every name, also those of retired
            models and of other providers.
    """

    def __init__(self, clock: Clock, names: ModelNames = "known") -> None:
        self._clock = clock
        self._any = names == "any"
        self._warned: set[str] = set()

    def find(self, name: object) -> ServedModel | None:
        """Return the model that serves requests for `name`; None if the API answers 404."""
        if not isinstance(name, str):
            return None
        card = find(name)
        if card is not None and (self._any or not self._retired(card)):
            return ServedModel(card.id, card)
        stand_in = self._newest_of_family(name) or (self._substitute(name) if self._any else None)
        if stand_in is None:
            return None
        self._warn(name, stand_in)
        return ServedModel(name, stand_in)

    def _retired(self, card: ModelCard) -> bool:
        return card.lifecycle(self._clock.today()) == "retired"

    def _newest_of_family(self, name: str) -> ModelCard | None:
        """Return the newest model of the family if `name` is a version after it."""
        version = _version(name)
        newest = next((card for card in CATALOG if version and card.line == version[0]), None)
        known = newest and _version(newest.id)
        return newest if version and known and version > known else None

    def _substitute(self, name: str) -> ModelCard:
        """Return the model that refuses least of what programs send to a model named so.

        Programs that name an old model of a family use the parameters of its time, which the
        oldest known model takes. For other names it is the newest model with sampling parameters.
        """
        family = _FAMILY.search(name)
        of_family = [card for card in CATALOG if family and card.line == family[0]]
        if of_family:
            return of_family[-1]
        return next(card for card in CATALOG if card.sampling)

    def _warn(self, name: str, card: ModelCard) -> None:
        """Log once for each name that another model stands in for it."""
        if name not in self._warned and len(self._warned) < _MAX_WARNINGS:
            self._warned.add(name)
            _log.warning(
                "model %r is not in this version's catalogue and is served as %s; its limits, "
                "prices and rules may differ",
                name,
                card.id,
            )


def _version(name: str) -> tuple[str, int, int] | None:
    """Return family and version of a model's name; None if it does not have the usual form."""
    found = _NAME.fullmatch(name)
    return (found[1], int(found[2]), int(found[3] or 0)) if found else None

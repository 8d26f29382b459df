"""Checks of the sampling parameters: their range, the models that take them, and thinking."""

from __future__ import annotations

from collections.abc import Iterator

from .registry import Checks, Violation, at
from .request_view import NEWER_VERSION, RequestView

__all__ = ["CHECKS"]

# A model without sampling still accepts these values, which change nothing.
_DEFAULTS = {"temperature": 1, "top_p": 1, "top_k": 0}
_LEAST_TOP_P = 0.95
"""The least `top_p` beside thinking, from the documentation of extended thinking."""

CHECKS = Checks()


@CHECKS.add("sampling.version", "temperature", "top_p", "top_k")
def sampling_by_version(request: RequestView) -> Iterator[Violation]:
    """Find sampling parameters, which the newer version refuses."""
    if request.version == NEWER_VERSION:
        for name in _DEFAULTS:
            if name in request.body:
                yield at(name)


@CHECKS.add("sampling.range", "temperature")
def temperature_range(request: RequestView) -> Iterator[Violation]:
    """Find a temperature that is out of range."""
    temperature = request.body.get("temperature")
    if temperature is not None and not 0 <= temperature <= 1:
        yield at("temperature")


@CHECKS.add("sampling.model", "temperature", "top_p", "top_k")
def sampling_by_model(request: RequestView) -> Iterator[Violation]:
    """Find values that are not the default, for a model that takes no other."""
    if request.card is not None and not request.card.sampling:
        for name, default in _DEFAULTS.items():
            if request.body.get(name) not in (None, default):
                yield at(name)


@CHECKS.add("sampling.both", "temperature")
def sampling_twice(request: RequestView) -> Iterator[Violation]:
    """Find both kinds of sampling in one request, for a model that takes one."""
    given = request.body.get("temperature") is not None and request.body.get("top_p") is not None
    if given and request.card is not None and request.card.sampling:
        yield at("top_p")


@CHECKS.add("sampling.thinking.temperature", "temperature")
def temperature_while_thinking(request: RequestView) -> Iterator[Violation]:
    """Find a temperature that is not the default, while thinking."""
    if _asks_for_thinking(request) and request.body.get("temperature") not in (None, 1):
        yield at("temperature")


@CHECKS.add("sampling.thinking.top_k", "top_k")
def top_k_while_thinking(request: RequestView) -> Iterator[Violation]:
    """Find `top_k` while thinking."""
    if _asks_for_thinking(request) and request.body.get("top_k") is not None:
        yield at("top_k")


@CHECKS.add("sampling.thinking.top_p", "top_p")
def top_p_while_thinking(request: RequestView) -> Iterator[Violation]:
    """Find a low `top_p` while thinking."""
    top_p = request.body.get("top_p")
    if _asks_for_thinking(request) and top_p is not None and top_p < _LEAST_TOP_P:
        yield at("top_p")


def _asks_for_thinking(request: RequestView) -> bool:
    """Return whether the request itself turns thinking on; thinking by default does not count."""
    return request.thinking in ("enabled", "adaptive")

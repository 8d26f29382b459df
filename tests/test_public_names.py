"""The names people type: `import antiphon`, or `import antiphon as anthropic`."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import antiphon
import antiphon.local

CLIENTS = (
    "client",
    "messages",
    "responses",
    "streams",
    "batches",
    "models",
    "files",
    "pages",
    "beta",
    "threads",
    "tool_runner",
    "beta_tool_runner",
    "conversation",
)
HOMES = (
    "_wire.sentinels",
    "_wire.http",
    "errors",
    "responses",
    *(f"{world}.{name}" for world in ("_sync", "_async") for name in CLIENTS),
    "costs",
    "inputs",
    "tools",
    "compat.install",
    "rules",
    "types",
    "middleware",
    "_sync.middleware",
    "_async.middleware",
)
NAMES = [(home, name) for home in HOMES for name in import_module(f"antiphon.{home}").__all__]
OFFICIAL = [
    "Anthropic",
    "AsyncAnthropic",
    "NOT_GIVEN",
    "NotGiven",
    "Omit",
    "omit",
    "not_given",
    "Timeout",
    "Stream",
    "AsyncStream",
    "MessageStream",
    "AsyncMessageStream",
    "MessageStreamManager",
    "AsyncMessageStreamManager",
    "AnthropicError",
    "APIError",
    "APIStatusError",
    "APIConnectionError",
    "APITimeoutError",
    "APIResponseValidationError",
    "BadRequestError",
    "AuthenticationError",
    "PermissionDeniedError",
    "NotFoundError",
    "ConflictError",
    "UnprocessableEntityError",
    "RateLimitError",
    "InternalServerError",
    "types",
]


@pytest.mark.parametrize(("home", "name"), NAMES)
def test_every_public_name_is_found_from_the_package(home, name):
    there = getattr(import_module(f"antiphon.{home}"), name)
    assert getattr(antiphon, name) is there
    assert name in dir(import_module(f"antiphon.{home}"))


def test_the_package_shows_what_people_type():
    shown = dir(antiphon)
    assert all(hasattr(antiphon, name) for name in shown)
    assert len(shown) <= 75


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_names_of_the_official_package_are_there(name):
    assert hasattr(antiphon, name)


def test_the_clients_have_both_names():
    assert antiphon.Anthropic is antiphon.Client
    assert antiphon.AsyncAnthropic is antiphon.AsyncClient
    assert antiphon.AnthropicError is antiphon.AntiphonError


@pytest.mark.parametrize(("home", "name"), NAMES)
def test_every_public_class_and_function_says_what_it_is(home, name):
    thing = getattr(antiphon, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert (thing.__doc__ or "").strip()


@pytest.mark.parametrize("name", dir(antiphon.local))
def test_the_names_of_the_local_server_are_found(name):
    assert getattr(antiphon.local, name).__name__ == name


@pytest.mark.parametrize("package", [antiphon, antiphon.local, antiphon.types])
def test_an_unknown_name_is_an_attribute_error_that_says_it(package):
    with pytest.raises(AttributeError, match="nonsense"):
        _ = package.nonsense


def test_the_client_takes_the_place_of_the_official_one():
    program = """
import antiphon as anthropic
from antiphon import Anthropic, RateLimitError
from antiphon.types import Message, MessageParam, TextBlock, ToolParam
assert issubclass(RateLimitError, anthropic.APIStatusError)
client = Anthropic(api_key="k")
for method in ("create", "stream", "count_tokens"):
    assert callable(getattr(client.messages, method))
for view in (client.messages.with_raw_response, client.messages.with_streaming_response):
    assert callable(view.create)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


@pytest.mark.parametrize(
    ("method", "required"),
    [
        ("create", {"model", "messages", "max_tokens"}),
        ("stream", {"model", "messages", "max_tokens"}),
        ("count_tokens", {"model", "messages"}),
    ],
)
def test_signatures_show_every_keyword(method, required):
    parameters = inspect.signature(getattr(antiphon.Messages, method)).parameters
    named = {name for name, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    assert {n for n in named if parameters[n].default is inspect.Parameter.empty} == required
    assert named >= {"system", "tools", "tool_choice", "thinking", "extra_headers", "timeout"}
    asynchronous = inspect.signature(getattr(antiphon.AsyncMessages, method)).parameters
    assert list(asynchronous) == list(parameters)

"""Keyword arguments that are the keys of a TypedDict: checked, and shown to people."""

from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys

import pytest

from antiphon import NOT_GIVEN, AsyncClient, Client
from antiphon._core.arguments import check_names
from antiphon.types.params import CountTokensParams, CreateParams, StreamOutputParams

METHODS = {"create": CreateParams, "stream": StreamOutputParams, "count_tokens": CountTokensParams}
SHOWN = [(client, name) for client in (Client, AsyncClient) for name in METHODS]


def method(client: type[Client | AsyncClient], name: str) -> object:
    return getattr(client(api_key="k").messages, name)


def keys(params: type) -> set[str]:
    return params.__required_keys__ | params.__optional_keys__  # type: ignore[attr-defined]


@pytest.mark.parametrize(("client", "name"), SHOWN)
def test_help_shows_every_parameter_with_its_type_and_text(client, name):
    shown = pydoc.plain(pydoc.render_doc(method(client, name)))
    head, _, text = shown.partition("Args:")
    for key in keys(METHODS[name]):
        assert f"{key}: " in head
        assert f"\n        {key}: " in text or f"\n    {key}: " in text
    assert "model: Model," in head
    assert "messages: Iterable[MessageLike]," in head
    assert "tools: Iterable[ToolLike] = NOT_GIVEN" in head
    assert "system: str | Iterable[TextBlockParam]" in head


@pytest.mark.parametrize(("client", "name"), SHOWN)
def test_the_signature_is_that_of_the_parameters(client, name):
    params = METHODS[name]
    for signature, bound in (
        (inspect.signature(method(client, name)), True),
        (inspect.signature(getattr(type(client(api_key="k").messages), name)), False),
    ):
        names = [*signature.parameters]
        assert ("self" in names) is not bound
        assert set(names) - {"self"} == keys(params)
        given = {key: signature.parameters[key] for key in names if key != "self"}
        required = [key for key, one in given.items() if one.default is inspect.Parameter.empty]
        assert set(required) == params.__required_keys__
        assert [*given][: len(required)] == required
        optional = set(given) - set(required)
        assert all(given[key].default is NOT_GIVEN for key in optional)
        assert {one.kind for one in given.values()} == {inspect.Parameter.KEYWORD_ONLY}


def test_a_signature_binds_compares_and_is_changed_like_any_other():
    signature = inspect.signature(method(Client, "count_tokens"))
    assert signature.bind(model="m", messages=[]).arguments == {"model": "m", "messages": []}
    with pytest.raises(TypeError, match="'messages'"):
        signature.bind(model="m")
    changed = signature.replace(return_annotation=int)
    assert (changed.return_annotation, changed.parameters) == (int, signature.parameters)
    assert signature == inspect.signature(method(Client, "count_tokens"))


@pytest.mark.parametrize("params", METHODS.values())
def test_each_typeddict_of_parameters_describes_all_of_them(params):
    doc = inspect.getdoc(params) or ""
    described = [line.partition(":")[0] for line in doc.splitlines()[2:] if line[0] != " "]
    assert sorted(described) == sorted(keys(params))


def test_without_the_source_the_names_are_shown():
    program = """
import inspect
import antiphon._core.arguments as arguments
def no_source(_):
    raise OSError
arguments.getsource = no_source
from antiphon import Client
print(*inspect.signature(Client(api_key="k").messages.count_tokens).parameters)
"""
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(shown.stdout.split()) == keys(CountTokensParams)


def test_a_misspelt_argument_is_named_with_the_nearest():
    with pytest.raises(
        TypeError, match=r"f\(\) got an unexpected keyword argument 'modle'; did you mean 'model'"
    ):
        check_names("f", ["modle"], {"model"}, {"model"})
    with pytest.raises(
        TypeError, match=r"f\(\) missing 2 required keyword-only arguments: 'a' and 'b'"
    ):
        check_names("f", [], {"a", "b"}, {"b", "a"})

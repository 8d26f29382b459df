"""The list of models, and how lists get their next pages."""

from __future__ import annotations

import asyncio
import inspect
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from antiphon import APIResponseValidationError, AsyncClient, Client
from antiphon.types import ModelInfo
from tests.support.scripted import Answer, AsyncScripted, Scripted

JSON = ("content-type", "application/json")


def page(*names: str, **fields) -> Answer:
    items = [{"type": "model", "id": name, "display_name": name} for name in names]
    ends = {"first_id": names[0], "last_id": names[-1]} if names else {}
    return Answer(json.dumps({"data": items, **ends, **fields}).encode(), headers=(JSON,))


def queries(transport: Scripted) -> list[dict[str, list[str]]]:
    return [parse_qs(urlsplit(request.url).query) for request in transport.requests]


def test_a_model_and_its_capabilities(server):
    models = Client(base_url=server.url, api_key="k").models
    model = models.retrieve("claude-haiku-4-5")
    assert isinstance(model, ModelInfo)
    assert model.capabilities.batch.supported is True
    assert model.capabilities.thinking.types.enabled.supported is True
    assert model.to_dict()["capabilities"]["effort"].keys() >= {"low", "max", "supported"}
    everything = list(models.list())
    assert everything == list(models.list(limit=2))
    assert models.with_raw_response.list(limit=1).parse().data == everything[:1]


def test_pages_follow_one_another_forwards():
    transport = Scripted(page("a", "b", has_more=True), page("c", has_more=False))
    models = Client(api_key="k", http_client=transport).models.list(limit=2)
    assert models.has_next_page()
    assert [model.id for model in models] == ["a", "b", "c"]
    assert queries(transport) == [{"limit": ["2"]}, {"limit": ["2"], "after_id": ["b"]}]


def test_a_page_knows_its_response():
    transport = Scripted(page("a"))
    first = Client(api_key="k", http_client=transport).models.list()
    assert first._request_id == "req_s"
    assert first._workspace_id is None


def test_pages_follow_one_another_backwards():
    transport = Scripted(page("c", "d", has_more=True), page("a", "b", has_more=False))
    models = Client(api_key="k", http_client=transport).models.list(before_id="e")
    assert [len(each.data) for each in models.iter_pages()] == [2, 2]
    assert queries(transport) == [{"before_id": ["e"]}, {"before_id": ["c"]}]


def test_pages_that_name_the_next_one():
    transport = Scripted(page("a", next_page="page_2"), page("b", next_page=None))
    models = Client(api_key="k", http_client=transport).models.list()
    following = models.get_next_page()
    assert [model.id for model in following] == ["b"]
    assert queries(transport) == [{}, {"page": ["page_2"]}]
    with pytest.raises(RuntimeError, match="has_next_page"):
        following.get_next_page()


@pytest.mark.parametrize(
    "last",
    [
        page("a", has_more=False),
        page(has_more=True),
        page("a", has_more=True, last_id=None),
        page("a", next_page=None, has_more=True),
    ],
)
def test_the_last_page_is_known(last):
    models = Client(api_key="k", http_client=Scripted(last)).models.list()
    assert not models.has_next_page()
    assert len(list(models)) == len(models.data)


def test_async_lists_are_iterated_and_awaited():
    async def main() -> None:
        transport = AsyncScripted(*[page("a", has_more=True), page("b", has_more=False)] * 3)
        models = AsyncClient(api_key="k", http_client=transport).models
        assert [model.id async for model in models.list()] == ["a", "b"]
        first = await models.list()
        assert [model.id async for model in first] == ["a", "b"]
        raw = await models.with_raw_response.list()
        assert [len(each.data) async for each in raw.parse().iter_pages()] == [1, 1]

    asyncio.run(main())


def test_lists_in_the_query_have_brackets():
    transport = Scripted(page("a"))
    Client(api_key="k", http_client=transport).models.list(lifecycle=["active", "retired"])
    assert queries(transport) == [{"lifecycle[]": ["active", "retired"]}]


@pytest.mark.parametrize("body", [b'{"data": 3}', b"{}", b"[]", b"<html>"])
def test_what_is_no_page_is_an_error(body):
    models = Client(api_key="k", http_client=Scripted(Answer(body, headers=(JSON,)))).models
    with pytest.raises(APIResponseValidationError):
        models.list()


def test_signatures_show_what_is_given_by_position():
    parameters = list(inspect.signature(Client(api_key="k").models.retrieve).parameters)
    assert parameters[0] == "model_id"
    assert "workspace_id" in parameters

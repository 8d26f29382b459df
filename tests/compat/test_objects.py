"""What programs written for the official package do with our objects."""

from __future__ import annotations

import httpx2

import antiphon
from antiphon.types import Message, TextBlock, Usage


def test_objects_of_the_api_are_made_of_dicts_for_tests():
    values = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": "Hi"}],
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    for make in (Message.construct, Message.model_construct):
        message = make(**values)
        assert isinstance(message.content[0], TextBlock)
        assert message.usage == Usage(input_tokens=1, output_tokens=2)
        assert message.to_dict() == values


def test_values_that_do_not_fit_are_kept():
    message = Message.model_construct(content="not a list", more=1)
    assert message.to_dict() == {"content": "not a list", "more": 1}


def test_the_set_of_given_fields_can_be_chosen():
    usage = Usage.model_construct({"input_tokens"}, input_tokens=1, output_tokens=2)
    assert usage.to_dict() == {"input_tokens": 1}


def test_printing_names_the_class():
    printed = "TextBlock(citations=None, text='Hi', type='text')"
    assert str(TextBlock(type="text", text="Hi")) == printed


def test_users_own_models_are_lenient_as_well():
    class Inner(antiphon.BaseModel):
        n: int

    class Outer(antiphon.BaseModel):
        inner: Inner
        many: list[Inner]

    outer = Outer.construct(inner={"n": 1}, many=[{"n": 2}, {"n": "three"}])
    assert (outer.inner.n, outer.many[0].n, outer.many[1].n) == (1, 2, "three")


def test_tracers_find_the_client_of_a_resource():
    client = antiphon.Client(api_key="k", base_url="http://localhost:1/x")
    assert str(client.messages._client.base_url) == "http://localhost:1/x"
    assert client.messages._client.api_key == "k"


def test_the_client_of_httpx_is_found():
    with httpx2.Client() as given:
        assert antiphon.Client(api_key="k", http_client=given)._client is given
    assert antiphon.Client(api_key="k")._client is None


def test_the_client_of_httpx_can_be_replaced(server):
    seen = []
    client = antiphon.Client(api_key="k", base_url=server.url)
    messages = client.messages
    for each in ("first", "second"):
        with httpx2.Client(
            event_hooks={"request": [lambda _, each=each: seen.append(each)]}
        ) as own:
            client._client = own
            messages.count_tokens(
                model="claude-haiku-4-5", messages=[{"role": "user", "content": "Hi"}]
            )
    assert seen == ["first", "second"]


def test_any_endpoint_gives_a_response_of_httpx(server):
    client = antiphon.Client(api_key="k", base_url=server.url)
    response = client.get("/v1/models", cast_to=httpx2.Response)
    assert type(response) is httpx2.Response
    assert response.status_code == 200
    assert response.headers["request-id"].startswith("req_")
    assert response.json()["data"]


def test_bodies_have_the_order_in_which_recordings_hold_them():
    seen = []

    def reply(request):
        seen.append(request.content)
        return httpx2.Response(200, json={"input_tokens": 1})

    with httpx2.Client(transport=httpx2.MockTransport(reply)) as mock:
        client = antiphon.Client(api_key="k", http_client=mock)
        client.messages.count_tokens(
            tools=[], system="s", model="m", messages=[], thinking={"type": "disabled"}
        )
    assert seen == [
        b'{"messages":[],"model":"m","system":"s","thinking":{"type":"disabled"},"tools":[]}'
    ]


def test_a_default_client_of_httpx_without_settings_leaves_sending_to_us(server):
    def connections(client):
        return client._transport._pool.connections

    with antiphon.DefaultHttpxClient(timeout=3) as plain:
        client = antiphon.Client(api_key="k", base_url=server.url, http_client=plain)
        assert client.models.list().data
        assert not connections(plain)
    with antiphon.DefaultHttpxClient(headers={"x-a": "1"}) as own:
        client = antiphon.Client(api_key="k", base_url=server.url, http_client=own)
        assert client.models.list().data
        assert connections(own)


def test_objects_are_dumped_in_the_order_in_which_recordings_hold_them():
    block = TextBlock.from_value({"type": "text", "text": "Hi", "more": 1, "citations": None})
    assert list(block.to_dict()) == ["citations", "text", "type", "more"]
    message = Message.from_value({"type": "message", "role": "assistant", "id": "m", "content": []})
    assert list(message.to_dict()) == ["id", "content", "role", "type"]


def test_users_own_models_keep_the_order_of_their_fields():
    class Mine(antiphon.BaseModel):
        name: str
        age: int

    assert str(Mine.construct(age=1, name="Ada")) == "Mine(name='Ada', age=1)"

"""Settings: defaults < environment < client < call; one credential; nothing secret shown."""

from __future__ import annotations

import pickle
import re

import pytest

from antiphon import AsyncClient, Client, CredentialsError, Timeout, omit
from antiphon._core.options import DEFAULT_BASE_URL, Options, resolve_options

KEY = {"ANTHROPIC_API_KEY": "key-from-env"}


def headers(given, environ=(), extra=()):
    return resolve_options(given, dict(environ)).request_headers(dict(extra))


def test_the_environment_fills_in():
    options = resolve_options({}, {**KEY, "ANTHROPIC_BASE_URL": "http://127.0.0.1:1/"})
    assert options.base_url == "http://127.0.0.1:1"
    assert options.request_headers({})["x-api-key"] == "key-from-env"
    assert headers({}, {"ANTHROPIC_AUTH_TOKEN": "t"})["authorization"] == "Bearer t"
    assert resolve_options({}, {"ANTHROPIC_BASE_URL": ""}).base_url == DEFAULT_BASE_URL


@pytest.mark.parametrize(
    ("given", "header", "value"),
    [
        ({"api_key": "mine"}, "x-api-key", "mine"),
        ({"auth_token": "mine"}, "authorization", "Bearer mine"),
    ],
)
def test_explicit_credentials_win_entirely(given, header, value):
    environ = {**KEY, "ANTHROPIC_AUTH_TOKEN": "token-from-env"}
    sent = headers(given, environ)
    assert sent[header] == value
    assert len({"x-api-key", "authorization"} & sent.keys()) == 1


def test_a_credential_among_the_headers_is_the_only_one():
    sent = headers({"default_headers": {"Authorization": "Bearer own"}}, KEY)
    assert sent["authorization"] == "Bearer own"
    assert "x-api-key" not in sent
    sent = headers({}, KEY, {"x-api-key": omit})
    assert not {"x-api-key", "authorization"} & sent.keys()


def test_without_any_the_first_call_says_what_to_do(monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    client = Client()
    with pytest.raises(CredentialsError) as raised:
        client.messages.create(model="m", max_tokens=1, messages=[])
    for way in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "antiphon serve"):
        assert way in str(raised.value)


def test_headers_of_client_and_call():
    options = resolve_options({"api_key": "k", "default_headers": {"X-One": "1", "X-Two": "2"}}, {})
    sent = options.request_headers({"x-two": "3", "user-agent": "me"})
    assert (sent["x-one"], sent["x-two"], sent["user-agent"]) == ("1", "3", "me")
    assert sent["anthropic-version"] == "2023-06-01"


def test_urls_carry_the_query():
    options = resolve_options({"default_query": {"a": 1}}, {})
    assert options.url("/v1/x", {"b": "ü"}) == f"{DEFAULT_BASE_URL}/v1/x?a=1&b=%C3%BC"


@pytest.mark.parametrize(
    ("base_url", "sent_to"),
    [
        ("http://h/?api-version=1", "http://h/v1/x?api-version=1"),
        ("http://h/base/?a=1&b=2", "http://h/base/v1/x?a=1&b=2"),
        ("http://h/base//", "http://h/base/v1/x"),
    ],
)
def test_the_query_of_a_base_url_stands_behind_the_path(base_url, sent_to):
    options = resolve_options({"base_url": base_url}, {})
    assert options.url("/v1/x", {}) == sent_to
    more = resolve_options({"base_url": base_url, "default_query": {"c": 3}}, {})
    assert more.url("/v1/x", {}) == f"{sent_to}{'&' if '?' in sent_to else '?'}c=3"


@pytest.mark.parametrize(
    "base_url", ["https://h/base/v1", "https://h/base/v1/", "https://h/base/v1/messages"]
)
def test_a_base_url_that_holds_the_path_of_an_endpoint_is_used_with_a_warning(base_url):
    with pytest.warns(UserWarning, match=r"using 'https://h/base'") as caught:
        options = resolve_options({"base_url": base_url}, {})
    assert len(caught) == 1
    assert options.url("/v1/messages", {}) == "https://h/base/v1/messages"


def test_query_parameters_are_written_as_urls_have_them():
    options = resolve_options({"default_query": {"a": None, "b": True, "c": [1, 2], "d": omit}}, {})
    assert options.url("/x", {"e": False}) == f"{DEFAULT_BASE_URL}/x?b=true&c=1&c=2&e=false"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x:y", "1"),
        ("x user", "1"),
        ("", "1"),
        ("x-title", "日本"),
        ("x-title", "a\nb"),
        ("content-length", "3"),
        ("Host", "example.org"),
        ("transfer-encoding", "chunked"),
    ],
)
def test_a_header_that_cannot_be_sent_is_named_without_the_key(name, value):
    client = Client(api_key="sk-secret")
    with pytest.raises(ValueError, match=re.escape(f"extra_headers[{name!r}]")) as raised:
        client.messages.create(model="m", max_tokens=1, messages=[], extra_headers={name: value})
    assert "sk-secret" not in f"{raised.value!r} {pickle.dumps(raised.value)!r}"
    with pytest.raises(ValueError, match=re.escape(f"default_headers[{name!r}]")):
        Client(api_key="k", default_headers={name: value})


def test_a_parameter_that_is_sent_as_a_header_is_named_too():
    client = Client(api_key="sk-secret")
    with pytest.raises(ValueError, match=r"^user_profile_id"):
        client.messages.create(model="m", max_tokens=1, messages=[], user_profile_id="日本")


@pytest.mark.parametrize(
    ("setting", "value", "kind"),
    [
        ("base_url", "http://h/#x", ValueError),
        ("base_url", "api.example.org", ValueError),
        ("base_url", "ftp://example.org", ValueError),
        ("base_url", "http://", ValueError),
        ("base_url", "http://[::1", ValueError),
        ("base_url", "http://host:99999", ValueError),
        ("base_url", "http://a..b", ValueError),
        ("base_url", "http://" + "a" * 64 + ".org", ValueError),
        ("base_url", "https://exa mple.org", ValueError),
        ("timeout", "soon", TypeError),
        ("timeout", 0, ValueError),
        ("timeout", Timeout(read=-1), ValueError),
        ("max_retries", -1, ValueError),
        ("max_retries", 1.5, ValueError),
        ("api_key", "with space", ValueError),
        ("api_key", "line\n", ValueError),
        ("api_key", "", ValueError),
        ("auth_token", 3, TypeError),
        ("default_headers", {"a": "b\r\nc: d"}, ValueError),
        ("default_headers", {"a": 1}, TypeError),
        ("large_responses", "slow", ValueError),
    ],
)
def test_impossible_settings_are_named(setting, value, kind):
    with pytest.raises(kind, match=setting):
        resolve_options({setting: value}, {})


def test_a_bad_key_is_not_shown():
    with pytest.raises(ValueError) as raised:
        resolve_options({"api_key": "secret\n"}, {})
    assert "secret" not in str(raised.value)


def test_credentials_in_the_url_are_refused_and_not_shown():
    with pytest.raises(ValueError, match=r"base_url: .*default_headers") as raised:
        resolve_options({"base_url": "https://me:secret@example.org/"}, {})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://[::1]:80/", "https://münchen.example", "http://10.0.0.1/a@b"]
)
def test_other_urls_are_taken(url):
    assert resolve_options({"base_url": url}, {}).base_url == url.rstrip("/")


def test_two_credentials_are_refused():
    with pytest.raises(ValueError, match="api_key and auth_token"):
        Client(api_key="a", auth_token="b")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_repr_shows_where_the_key_came_from_and_not_the_key(kind, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    shown = repr(kind(base_url="http://localhost:1"))
    assert "http://localhost:1" in shown
    assert "ANTHROPIC_API_KEY" in shown
    assert "secret" not in shown
    assert "sk-" not in repr(kind(api_key="sk-other")) + repr(Options())


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_with_options_changes_what_it_says_and_shares_the_rest(kind):
    client = kind(api_key="k", base_url="http://localhost:1", default_headers={"a": "1"})
    twin = client.with_options(timeout=3, max_retries=0, default_headers={"b": "2"})
    assert type(twin) is kind
    assert (twin.timeout, twin.max_retries) == (Timeout.of(3), 0)
    assert (client.timeout, client.max_retries) == (Timeout(), 2)
    assert {name: twin.default_headers[name] for name in "ab"} == {"a": "1", "b": "2"}
    assert (
        twin.copy(auth_token="t")._session.options.request_headers({})["authorization"]
        == "Bearer t"
    )
    with pytest.raises(TypeError, match=r"'time_out'; did you mean 'timeout'"):
        client.with_options(time_out=3)


def test_timeouts_of_other_libraries_are_understood():
    import httpx2

    timeout = Timeout.of(httpx2.Timeout(30, connect=2))
    assert (timeout.total, timeout.connect, timeout.read) == (None, 2, 30)
    assert Timeout.of(None).read is None
    assert Timeout().within(3) == Timeout(3, 3, 3, 3, 3, None)
    assert Timeout(stall=7).stall_limit == 7
    assert Timeout(read=7).stall_limit == 7

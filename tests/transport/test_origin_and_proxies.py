"""Where a request goes: its place, the proxy on the way, and redirects."""

from __future__ import annotations

import pytest

from antiphon._transport.origin import Origin, target_of
from antiphon._transport.proxies import UnusableProxyError, proxy_for
from antiphon._transport.redirects import redirected
from antiphon._wire.http import Headers, Request, ResponseHead, Timeout
from tests.support.tracebacks import shown_with_locals


@pytest.mark.parametrize(
    ("url", "origin", "target", "host"),
    [
        ("https://api.test/v1?a=b", Origin("https", "api.test", 443), "/v1?a=b", "api.test"),
        ("http://API.test:8080", Origin("http", "api.test", 8080), "/", "api.test:8080"),
        ("http://[::1]:80/x", Origin("http", "::1", 80), "/x", "[::1]"),
        ("https://u:p@api.test/#f", Origin("https", "api.test", 443), "/", "api.test"),
        (
            "https://bücher.test/ä?b=ü%20",
            Origin("https", "xn--bcher-kva.test", 443),
            "/%C3%A4?b=%C3%BC%20",
            "xn--bcher-kva.test",
        ),
    ],
)
def test_places(url, origin, target, host):
    place = target_of(url)
    assert place == (origin, target)
    assert place.origin.host_header == host


@pytest.mark.parametrize("url", ["ftp://a.test/", "/v1", "http:///x", "api.test:80"])
def test_urls_that_name_no_place(url):
    with pytest.raises(ValueError, match="base_url"):
        target_of(url)


@pytest.fixture(autouse=True)
def no_proxy_variables(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


API = Origin("https", "api.test", 443)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_the_environment_names_a_proxy(monkeypatch, variable):
    monkeypatch.setenv(variable, "http://me:p%40ss@proxy.test:3128/")
    proxy = proxy_for(API)
    assert proxy is not None
    assert proxy.url == "http://proxy.test:3128"
    assert proxy.headers == {"proxy-authorization": "Basic bWU6cEBzcw=="}
    assert "bWU6" not in repr(proxy)


def test_a_proxy_without_scheme_is_an_http_proxy(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "proxy.test:3128")
    proxy = proxy_for(API)
    assert proxy is not None
    assert (proxy.url, proxy.headers) == ("http://proxy.test:3128", {})


@pytest.mark.parametrize("listed", ["*", "api.test", ".test", "other.test, api.test:443"])
def test_no_proxy_wins(monkeypatch, listed):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", listed)
    assert proxy_for(API) is None


@pytest.mark.parametrize(
    ("listed", "host", "excepted"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("192.168.1.7", "192.168.1.7", True),
        ("192.168.1.7:443", "192.168.1.7", True),
        ("192.168.1.7:444", "192.168.1.7", False),
        ("a.test, 2001:db8::/32", "2001:db8::5", True),
        ("2001:db8::/32", "2001:db9::5", False),
        ("2001:db8::5", "2001:db8::5", True),
        ("2001:0db8:0:0::5", "2001:db8::5", True),
        ("[2001:db8::5]", "2001:db8::5", True),
        ("[2001:db8::5]:443", "2001:db8::5", True),
        ("[2001:db8::5]:444", "2001:db8::5", False),
        ("10.0.0.0/8", "10.test", False),
        ("10.0.0.0/99,", "10.1.2.3", False),
    ],
)
def test_no_proxy_lists_addresses_and_networks(monkeypatch, listed, host, excepted):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", listed)
    assert (proxy_for(Origin("https", host, 443)) is None) is excepted


@pytest.mark.parametrize("url", ["http://me:secret@h:abc", "http://me:secret@[::1", "h:99999"])
def test_a_proxy_url_that_cannot_be_read_is_refused_without_showing_it(monkeypatch, url):
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(UnusableProxyError, match="HTTPS_PROXY") as caught:
        proxy_for(API)
    assert "me:secret" not in shown_with_locals(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "api.localhost"])
def test_loopback_is_never_proxied(monkeypatch, host):
    monkeypatch.setenv("ALL_PROXY", "http://proxy.test:3128")
    assert proxy_for(Origin("http", host, 8000)) is None


def test_a_proxy_of_one_scheme_is_not_for_the_other(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    assert proxy_for(API) is None


def test_other_kinds_of_proxy_are_refused_with_a_way_out(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://me:secret@proxy.test:1080")
    with pytest.raises(UnusableProxyError, match=r"socks5.*http_client") as caught:
        proxy_for(API)
    assert "secret" not in str(caught.value)


def onward(location: str, status: int = 307, method: str = "POST") -> Request | None:
    headers = {
        "x-api-key": "k",
        "authorization": "a",
        "cookie": "c",
        "x-auth-token": "t",
        "x-mine": "1",
        "accept": "*/*",
    }
    request = Request(method, "https://api.test/v1/messages?a=b", headers, b"{}", Timeout())
    return redirected(request, ResponseHead(status, Headers([("location", location)])))


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/v2", "https://api.test/v2"),
        ("other", "https://api.test/v1/other"),
        ("https://api.test:443/v2", "https://api.test:443/v2"),
    ],
)
def test_at_home_a_redirect_keeps_everything(location, url):
    request = onward(location)
    assert request is not None
    assert (request.url, request.method, request.body) == (url, "POST", b"{}")
    assert request.headers["x-api-key"] == "k"


@pytest.mark.parametrize(
    "location", ["https://other.test/", "https://api.test:444/", "//other.test/"]
)
def test_away_from_home_only_the_clients_own_headers_follow(location):
    request = onward(location)
    assert request is not None
    assert request.headers == {"accept": "*/*"}


@pytest.mark.parametrize(
    "location",
    ["http://api.test/", "ftp://api.test/", "https://api.test:x/", "http://[::1/", "//[x]/", ""],
)
def test_redirects_that_are_not_followed(location):
    assert onward(location) is None


@pytest.mark.parametrize("status", [301, 302, 303])
def test_only_a_get_follows_a_redirect_that_may_change_the_method(status):
    assert onward("/v2", status) is None
    assert onward("/v2", status, "GET") is not None


def test_a_200_is_no_redirect():
    assert onward("/v2", 200) is None

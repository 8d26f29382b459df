"""pytest-socket, and `block_network` of pytest-recording."""

import asyncio

import pytest
from counter import async_call, call, start

import antiphon

ELSEWHERE = "http://10.255.255.1"


def refused(url):
    with pytest.raises(antiphon.APIConnectionError, match=r"(?i)socket|network") as caught:
        call(url)
    assert len(caught.value.attempts) == 1


def test_pytest_socket_disabled(socket_disabled):
    refused("http://127.0.0.1:9")


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_pytest_socket_allows_hosts():
    assert call(start())
    assert asyncio.run(async_call(start()))
    refused(ELSEWHERE)
    with pytest.raises(antiphon.APIConnectionError, match="socket"):
        asyncio.run(async_call(ELSEWHERE))


@pytest.mark.block_network
def test_pytest_recording_blocks_the_network():
    refused(ELSEWHERE)


@pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
def test_pytest_recording_allows_hosts():
    assert call(start())

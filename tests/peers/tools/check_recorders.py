"""vcrpy and pytest-recording."""

import asyncio

import pytest
import vcr
from counter import Counter, async_call, call, start

import antiphon


def test_vcrpy(tmp_path):
    url, tape = start(), str(tmp_path / "tape.yaml")
    with vcr.use_cassette(tape):
        first = call(url)
    assert call(url) == first + 1
    sent = Counter.requests
    with vcr.use_cassette(tape, record_mode="none"):
        assert call(url) == first
    with vcr.use_cassette(tape, record_mode="none"):
        assert asyncio.run(async_call(url)) == first
    assert Counter.requests == sent


@pytest.mark.vcr
def test_pytest_recording(vcr):
    with pytest.raises(antiphon.APIConnectionError, match="recorded"):
        call("http://api.test")


@pytest.fixture(scope="module")
def vcr_config():
    return {"record_mode": "none"}

"""What clients count, and what the ledger makes of it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from antiphon import Client
from antiphon.costs.tally import PROCESS
from tests.support.scripted import Answer, Scripted

ASK = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
BODY = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1000, "output_tokens": 100},
}
PRICE = Decimal("0.0015")
JSON = (("content-type", "application/json"),)


@pytest.fixture(autouse=True)
def _an_empty_process():
    PROCESS.clear()


def whole(**changes: object) -> Answer:
    return Answer(json.dumps({**BODY, **changes}).encode(), headers=JSON)


def refused(status: int) -> Answer:
    error = {"type": "error", "error": {"type": "api_error", "message": "no"}}
    return Answer(json.dumps(error).encode(), status=status, headers=JSON)


def client(*answers: object, **settings: object) -> Client:
    return Client(api_key="k", http_client=Scripted(*answers), **settings)

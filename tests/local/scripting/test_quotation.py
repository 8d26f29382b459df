"""Citations in scripted replies: the server says where they stand."""

from __future__ import annotations

import base64

import pytest

from antiphon import Client
from antiphon.local import InProcess
from antiphon.local.scripting.quotation import located
from antiphon.testing import citation, text
from tests.support.media_samples import pdf

TEXT = {
    "type": "document",
    "title": "Pets",
    "source": {"type": "text", "media_type": "text/plain", "data": "Dogs bark. Cats sleep."},
    "citations": {"enabled": True},
}
BLOCKS = {
    "type": "document",
    "source": {"type": "content", "content": [text("Dogs bark."), text("Cats sleep.")]},
    "citations": {"enabled": True},
}
PDF = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": ""},
    "citations": {"enabled": True},
}


def cited(made, *content):
    transport = InProcess()
    transport.reply(text("They sleep.", made))
    client = Client(http_client=transport, api_key="test")
    message = client.messages.create(
        model="claude-haiku-4-5",
        max_tokens=100,
        messages=[{"role": "user", "content": [*content, text("Who sleeps?")]}],
    )
    [block] = message.content
    [found] = block.citations
    return found


def test_the_place_in_a_text_is_found():
    found = cited(citation("Cats sleep."), TEXT)
    assert (found.type, found.document_title) == ("char_location", "Pets")
    assert (found.start_char_index, found.end_char_index) == (11, 22)


def test_the_block_of_a_document_of_blocks_is_found():
    found = cited(citation("Cats sleep.", document=1), TEXT, BLOCKS)
    assert (found.type, found.document_index) == ("content_block_location", 1)
    assert (found.start_block_index, found.end_block_index) == (1, 2)


def test_a_pdf_is_cited_by_pages():
    source = {**PDF["source"], "data": base64.b64encode(pdf()).decode()}
    found = cited(citation("Anything."), {**PDF, "source": source})
    assert (found.type, found.start_page_number) == ("page_location", 1)


@pytest.mark.parametrize("document", [0, 7])
def test_a_wrong_quotation_stays_wrong(document):
    found = cited(citation("Birds sing.", document=document), TEXT)
    assert (found.cited_text, found.start_char_index) == ("Birds sing.", 0)
    assert (found.document_index, found.end_char_index) == (document, 11)


def test_what_is_given_stays():
    found = cited(citation("Cats sleep.", title="Mine", start_char_index=3), TEXT)
    assert (found.document_title, found.start_char_index, found.end_char_index) == ("Mine", 3, 22)
    page = citation("x", type="page_location", start_page_number=2, end_page_number=3)
    assert cited(page, TEXT).start_page_number == 2


def test_documents_in_results_of_tools_are_found():
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [TEXT]}
    body = {"messages": [{"role": "user", "content": [result]}, {"role": "user", "content": "a"}]}
    [found] = located(text("a", citation("Cats sleep.")), body)["citations"]
    assert found["start_char_index"] == 11

"""Citations quote what is really in the documents and search results."""

from __future__ import annotations

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.replies import WITH_CITATIONS, document, image, kinds, reply, words


def a_pdf(words):
    pypdf = pytest.importorskip("pypdf")
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 300)
    writer.add_blank_page(300, 300)
    named = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(key): NameObject(name) for key, name in named.items()})
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 20 200 Td ({words}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    file = io.BytesIO()
    writer.write(file)
    data = base64.b64encode(file.getvalue()).decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": data}
    return {"type": "document", "source": source}


def test_pdf_is_described_by_pages_and_first_words_and_cited():
    block = a_pdf("Whales sing at night. They do.")
    told = reply([block, {"type": "text", "text": "What is this?"}])
    assert "document ×1 (PDF, 2 p., “Whales sing at night.…”)" in words(told)
    assert kinds(told) == ["text"]
    cited = reply([{**block, "citations": {"enabled": True}}])
    assert cited.content[-1]["citations"] == [
        {
            "type": "page_location",
            "cited_text": "Whales sing at night.",
            "document_index": 0,
            "document_title": None,
            "start_page_number": 1,
            "end_page_number": 2,
            "file_id": None,
        }
    ]


def citations_of(*blocks):
    given = reply([*blocks, {"type": "text", "text": "What does it say?"}])
    return [citation for block in given.content for citation in block.get("citations", ())]


def test_document_citation_has_the_position_of_its_first_sentence():
    text = "  Grass is green. The sky is blue."
    plain, titled = document("unmarked"), document(text, title="Colours", **WITH_CITATIONS)
    (citation,) = citations_of(plain, titled)
    assert citation == {
        "type": "char_location",
        "cited_text": "Grass is green.",
        "document_index": 1,
        "document_title": "Colours",
        "start_char_index": 2,
        "end_char_index": 17,
        "file_id": None,
    }


@given(st.text(min_size=1))
def test_cited_positions_hold_the_cited_text(text):
    for citation in citations_of(document(text, **WITH_CITATIONS)):
        assert text[citation["start_char_index"] : citation["end_char_index"]]
        assert (
            text[citation["start_char_index"] : citation["end_char_index"]]
            == citation["cited_text"]
        )


def test_content_documents_and_search_results_are_cited_by_block():
    content = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    chunks = {
        "type": "document",
        "source": {"type": "content", "content": content},
        **WITH_CITATIONS,
    }
    found = {
        "type": "search_result",
        "source": "s",
        "title": "t",
        "content": content,
        **WITH_CITATIONS,
    }
    result = {"type": "tool_result", "tool_use_id": "t", "content": [found]}
    one, two = citations_of(chunks, found)
    assert (one["type"], one["start_block_index"], one["end_block_index"]) == (
        "content_block_location",
        0,
        1,
    )
    assert (two["type"], two["search_result_index"], two["cited_text"]) == (
        "search_result_location",
        0,
        "One.",
    )
    assert [each["type"] for each in citations_of(result)] == ["search_result_location"]


def test_nothing_is_cited_unless_citations_are_enabled():
    assert citations_of(document("Grass is green.")) == []


def test_documents_that_cannot_be_read_here_are_not_cited():
    unseen = {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}
    broken = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    pictures = {"type": "content", "content": [image(4, 4)]}
    blocks = [unseen, {"type": "document", "source": broken}]
    blocks += [{"type": "document", "source": pictures}]
    assert citations_of(*({**block, **WITH_CITATIONS} for block in blocks)) == []


@pytest.mark.parametrize(("documents", "citations"), [(1, 1), (3, 3), (5, 3)])
def test_at_most_three_sources_are_cited(documents, citations):
    blocks = [document(f"Number {n}. More.", **WITH_CITATIONS) for n in range(documents)]
    cited = citations_of(*blocks)
    assert [citation["document_index"] for citation in cited] == [*range(citations)]

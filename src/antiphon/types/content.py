"""What a message is made of: text, thinking, images and documents, where they come from and what they cite.

Blocks that use tools are in `tools`; the unions of all blocks are in `messages`.
"""

from typing import Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, Unknown, WireModel
from .._wire.json import is_list, is_object
from .._wire.validation import FileData, Many, Param, TextOr

__all__ = [
    "Base64ImageSource",
    "Base64ImageSourceParam",
    "Base64PDFSource",
    "Base64PDFSourceParam",
    "Block",
    "CacheControlEphemeral",
    "CacheControlEphemeralParam",
    "CitationCharLocation",
    "CitationCharLocationParam",
    "CitationContentBlockLocation",
    "CitationContentBlockLocationParam",
    "CitationPageLocation",
    "CitationPageLocationParam",
    "CitationSearchResultLocationParam",
    "CitationWebSearchResultLocationParam",
    "CitationsConfig",
    "CitationsConfigParam",
    "CitationsSearchResultLocation",
    "CitationsWebSearchResultLocation",
    "ContentBlockSourceContentParam",
    "ContentBlockSourceParam",
    "DocumentBlock",
    "DocumentBlockParam",
    "DocumentPDFSource",
    "DocumentTextSource",
    "FileDocumentSourceParam",
    "FileImageSourceParam",
    "ImageBlockParam",
    "ImageTransformationsParam",
    "PlainTextSource",
    "PlainTextSourceParam",
    "RedactedThinkingBlock",
    "RedactedThinkingBlockParam",
    "SearchResultBlockParam",
    "TextBlock",
    "TextBlockParam",
    "TextCitation",
    "TextCitationParam",
    "ThinkingBlock",
    "ThinkingBlockParam",
    "URLImageSource",
    "URLImageSourceParam",
    "URLPDFSource",
    "URLPDFSourceParam",
    "UnknownBlock",
]


class CacheControlEphemeral(Param, total=False):
    """Marks the end of a prefix to cache.

    type: always "ephemeral".
    ttl: how long the prefix stays cached after its last use, "5m" (the default) or "1h".
    """

    type: Required[Literal["ephemeral"]]
    ttl: Literal["5m", "1h"]


CacheControlEphemeralParam: TypeAlias = CacheControlEphemeral


class CitationCharLocation(WireModel):
    """A citation of a span of characters in a plain text document.

    cited_text: the words cited; they are not counted as output tokens.
    document_index: which document of the request, from 0.
    start_char_index, end_char_index: where they stand, from 0, end exclusive.
    document_title: the title given with the document.
    file_id: the uploaded file the document came from.
    """

    type: Literal["char_location"]
    cited_text: str
    document_index: int
    start_char_index: int
    end_char_index: int
    document_title: str | None = None
    file_id: str | None = None


class CitationPageLocation(WireModel):
    """A citation of pages of a PDF.

    cited_text: the words cited; they are not counted as output tokens.
    document_index: which document of the request, from 0.
    start_page_number, end_page_number: the pages, from 1, end exclusive.
    document_title: the title given with the document.
    file_id: the uploaded file the document came from.
    """

    type: Literal["page_location"]
    cited_text: str
    document_index: int
    start_page_number: int
    end_page_number: int
    document_title: str | None = None
    file_id: str | None = None


class CitationContentBlockLocation(WireModel):
    """A citation of blocks of a document that was given as a list of blocks.

    cited_text: the words cited; they are not counted as output tokens.
    document_index: which document of the request, from 0.
    start_block_index, end_block_index: the blocks, from 0, end exclusive.
    document_title: the title given with the document.
    file_id: the uploaded file the document came from.
    """

    type: Literal["content_block_location"]
    cited_text: str
    document_index: int
    start_block_index: int
    end_block_index: int
    document_title: str | None = None
    file_id: str | None = None


class CitationsWebSearchResultLocation(WireModel):
    """A citation of a page that web search found.

    cited_text: the words cited.
    url, title: the page.
    encrypted_index: a reference to send back unchanged in later turns.
    """

    type: Literal["web_search_result_location"]
    cited_text: str
    encrypted_index: str
    url: str
    title: str | None = None


class CitationsSearchResultLocation(WireModel):
    """A citation of a search result block.

    cited_text: the words cited; they are not counted as output tokens.
    source, title: as given with the search result.
    search_result_index: which search result of the request, from 0.
    start_block_index, end_block_index: the blocks in it, from 0, end exclusive.
    """

    type: Literal["search_result_location"]
    cited_text: str
    source: str
    search_result_index: int
    start_block_index: int
    end_block_index: int
    title: str | None = None


TextCitation: TypeAlias = Annotated[
    CitationCharLocation
    | CitationPageLocation
    | CitationContentBlockLocation
    | CitationsWebSearchResultLocation
    | CitationsSearchResultLocation,
    Discriminator("type"),
    OrUnknown(),
]
"""What a text block cites; told apart by `type`."""


class CitationCharLocationParam(Param):
    """A citation of a span of characters, sent back; fields as in `CitationCharLocation`."""

    type: Literal["char_location"]
    cited_text: str
    document_index: int
    document_title: str | None
    start_char_index: int
    end_char_index: int


class CitationPageLocationParam(Param):
    """A citation of pages of a PDF, sent back; fields as in `CitationPageLocation`."""

    type: Literal["page_location"]
    cited_text: str
    document_index: int
    document_title: str | None
    start_page_number: int
    end_page_number: int


class CitationContentBlockLocationParam(Param):
    """A citation of blocks, sent back; fields as in `CitationContentBlockLocation`."""

    type: Literal["content_block_location"]
    cited_text: str
    document_index: int
    document_title: str | None
    start_block_index: int
    end_block_index: int


class CitationWebSearchResultLocationParam(Param):
    """A citation of a web page, sent back; fields as in `CitationsWebSearchResultLocation`."""

    type: Literal["web_search_result_location"]
    cited_text: str
    encrypted_index: str
    url: str
    title: str | None


class CitationSearchResultLocationParam(Param):
    """A citation of a search result, sent back; fields as in `CitationsSearchResultLocation`."""

    type: Literal["search_result_location"]
    cited_text: str
    source: str
    search_result_index: int
    start_block_index: int
    end_block_index: int
    title: str | None


TextCitationParam: TypeAlias = Annotated[
    CitationCharLocationParam
    | CitationPageLocationParam
    | CitationContentBlockLocationParam
    | CitationWebSearchResultLocationParam
    | CitationSearchResultLocationParam,
    Discriminator("type"),
]
"""A citation sent back with the text it belongs to; told apart by `type`."""


class CitationsConfig(WireModel):
    """Whether a fetched document may be cited.

    enabled: true if it may.
    """

    enabled: bool


class CitationsConfigParam(Param, total=False):
    """Whether Claude may cite this document or search result.

    enabled: true to allow it; off by default. Must agree for all documents of a request.
    """

    enabled: bool


class Block(WireModel):
    """One part of what Claude answered."""

    @property
    def complete(self) -> bool:
        """Whether the block arrived whole; never run a tool call that is not complete.

        In a message so far the last block may not be complete. A tool call is neither if its input
        is not valid JSON.
        """
        return not self._kept

    def mark_incomplete(self, raw_input: str, input_error: str) -> None:
        """Record that the block did not arrive whole; `raw_input` is a tool call's input as text."""
        self._keep(raw_input=raw_input, input_error=input_error)

    def to_param(self) -> Any:
        """This block as it is sent back: as it was received, less what only answers may hold.

        Raises:
            ValueError: the block is a tool call whose input did not arrive whole.
        """
        return self.to_dict()


class UnknownBlock(Unknown, Block):
    """A block of a kind this version does not know: `type` names it, its fields are attributes.

    It may stand wherever a block may, though type checkers do not see it in `ContentBlock`: as a
    member it would keep checks of `type` from narrowing the union. `isinstance` finds it.
    """

    def to_param(self) -> Any:
        """This block as it was received."""
        return self.to_dict()


class TextBlock(Block):
    """Text that Claude wrote.

    text: the words.
    citations: what they cite; null or absent when citations are off.
    """

    type: Literal["text"]
    text: str
    citations: list[TextCitation] | None = None

    def to_param(self) -> "TextBlockParam":
        """This block as it is sent back: as it was received, less the file ids of its citations."""
        param = self.to_dict()
        citations = param.get("citations")
        for citation in filter(is_object, citations if is_list(citations) else ()):
            citation.pop("file_id", None)
        return cast("TextBlockParam", param)


class ThinkingBlock(Block):
    """What Claude thought before answering.

    thinking: the words, or a summary of them; empty when thinking is not displayed.
    signature: proves that the block is unchanged when it is sent back; opaque.
    """

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinkingBlock(Block):
    """Thinking that is only readable to the API.

    data: opaque; send it back unchanged.
    """

    type: Literal["redacted_thinking"]
    data: str


class TextBlockParam(Param, total=False):
    """Text in a message or in the system prompt.

    type: always "text".
    text: the words; not empty.
    cache_control: caches the prompt up to the end of this block.
    citations: what the text cites, when it is Claude's own text sent back.
    """

    type: Required[Literal["text"]]
    text: Required[str]
    cache_control: CacheControlEphemeral | None
    citations: Many[TextCitationParam] | None


class ThinkingBlockParam(Param):
    """Thinking sent back, unchanged.

    type: always "thinking".
    thinking, signature: as received in `ThinkingBlock`.
    """

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinkingBlockParam(Param):
    """Redacted thinking sent back, unchanged.

    type: always "redacted_thinking".
    data: as received in `RedactedThinkingBlock`.
    """

    type: Literal["redacted_thinking"]
    data: str


class Base64ImageSource(Param):
    """An image sent in the request itself.

    type: always "base64".
    media_type: what the bytes are.
    data: the image base64-encoded, or a path or open binary file to encode.
    """

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: FileData


class URLImageSource(Param):
    """An image that the API fetches.

    type: always "url".
    url: a public address.
    """

    type: Literal["url"]
    url: str


class FileImageSourceParam(Param):
    """An image uploaded before.

    type: always "file".
    file_id: the id the Files API gave it.
    """

    type: Literal["file"]
    file_id: str


Base64ImageSourceParam: TypeAlias = Base64ImageSource
URLImageSourceParam: TypeAlias = URLImageSource


class ImageTransformationsParam(Param, total=False):
    """What the API may do to an image before Claude sees it.

    oversized_image: "downsize" it or answer with an "error".
    """

    oversized_image: Literal["downsize", "error"]


class ImageBlockParam(Param, total=False):
    """An image for Claude to look at.

    type: always "image".
    source: where it is.
    cache_control: caches the prompt up to the end of this block.
    transformations: what the API may do to it first.
    """

    type: Required[Literal["image"]]
    source: Required[
        Annotated[Base64ImageSource | URLImageSource | FileImageSourceParam, Discriminator("type")]
    ]
    cache_control: CacheControlEphemeral | None
    transformations: ImageTransformationsParam | None


class DocumentPDFSource(WireModel):
    """A PDF that web fetch brought.

    media_type: always "application/pdf".
    data: the file, base64-encoded.
    """

    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: str


class DocumentTextSource(WireModel):
    """A text that web fetch brought.

    media_type: always "text/plain".
    data: the text.
    """

    type: Literal["text"]
    media_type: Literal["text/plain"]
    data: str


class DocumentBlock(Block):
    """A document that web fetch brought.

    source: what it says.
    title: what it is called.
    citations: whether it may be cited.
    """

    type: Literal["document"]
    source: Annotated[DocumentPDFSource | DocumentTextSource, Discriminator("type"), OrUnknown()]
    title: str | None = None
    citations: CitationsConfig | None = None


class Base64PDFSource(Param):
    """A PDF sent in the request itself.

    type: always "base64".
    media_type: always "application/pdf".
    data: the file base64-encoded, or a path or open binary file to encode.
    """

    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: FileData


class URLPDFSource(Param, total=False):
    """A PDF that the API fetches.

    type: always "url".
    url: a public address.
    media_type: "application/pdf"; accepted and not sent, for the API has no such field.
    """

    type: Required[Literal["url"]]
    url: Required[str]
    media_type: Literal["application/pdf"]


class PlainTextSource(Param):
    """A plain text document.

    type: always "text".
    media_type: always "text/plain".
    data: the text itself.
    """

    type: Literal["text"]
    media_type: Literal["text/plain"]
    data: str


class FileDocumentSourceParam(Param):
    """A document uploaded before.

    type: always "file".
    file_id: the id the Files API gave it.
    """

    type: Literal["file"]
    file_id: str


ContentBlockSourceContentParam: TypeAlias = Annotated[
    TextBlockParam | ImageBlockParam, Discriminator("type")
]
"""A block of a document that is given as a list of blocks."""


class ContentBlockSourceParam(Param):
    """A document given as blocks, each of which can be cited by its index.

    type: always "content".
    content: one text, or the blocks.
    """

    type: Literal["content"]
    content: TextOr[ContentBlockSourceContentParam]


Base64PDFSourceParam: TypeAlias = Base64PDFSource
URLPDFSourceParam: TypeAlias = URLPDFSource
PlainTextSourceParam: TypeAlias = PlainTextSource


class DocumentBlockParam(Param, total=False):
    """A document for Claude to read.

    type: always "document".
    source: where it is.
    cache_control: caches the prompt up to the end of this block.
    citations: whether Claude may cite it.
    context: what Claude should know about it; never cited.
    title: what it is called; never cited.
    """

    type: Required[Literal["document"]]
    source: Required[
        Annotated[
            Base64PDFSource
            | PlainTextSource
            | ContentBlockSourceParam
            | URLPDFSource
            | FileDocumentSourceParam,
            Discriminator("type"),
        ]
    ]
    cache_control: CacheControlEphemeral | None
    citations: CitationsConfigParam | None
    context: str | None
    title: str | None


class SearchResultBlockParam(Param, total=False):
    """Something your own search found, for Claude to read and cite.

    type: always "search_result".
    source: where it was found, a URL or any other name.
    title: what it is called.
    content: what it says.
    cache_control: caches the prompt up to the end of this block.
    citations: whether Claude may cite it.
    """

    type: Required[Literal["search_result"]]
    source: Required[str]
    title: Required[str]
    content: Required[Many[TextBlockParam]]
    cache_control: CacheControlEphemeral | None
    citations: CitationsConfigParam

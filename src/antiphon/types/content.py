"""Content blocks of text, thinking, images and documents, with their sources and citations.

The blocks of tools are in `tools` and `server_tools`, the unions of all blocks in `content_blocks`.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, Unknown, WireModel, have_same_fields
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
    """A mark: the prompt up to here is to be cached.

    type: always "ephemeral".
    ttl: how long it stays cached after its last use, "5m" (the default) or "1h".
    """

    type: Required[Literal["ephemeral"]]
    ttl: Literal["5m", "1h"]


CacheControlEphemeralParam: TypeAlias = CacheControlEphemeral


class CitationCharLocation(WireModel):
    """A citation of a span of characters in a plain text document.

    cited_text: the cited text; it does not count as output tokens.
    document_index: the index of the document among those of the request.
    start_char_index, end_char_index: its first character and the one after its last, from 0.
    document_title: the title of the document.
    file_id: the id of the uploaded file that holds the document.
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

    cited_text: the cited text; it does not count as output tokens.
    document_index: the index of the document among those of the request.
    start_page_number, end_page_number: its first page and the one after its last, from 1.
    document_title: the title of the document.
    file_id: the id of the uploaded file that holds the document.
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

    cited_text: the cited text; it does not count as output tokens.
    document_index: the index of the document among those of the request.
    start_block_index, end_block_index: its first block and the one after its last, from 0.
    document_title: the title of the document.
    file_id: the id of the uploaded file that holds the document.
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

    cited_text: the cited text.
    url, title: the address and the title of the page.
    encrypted_index: a reference for the API; send it back unchanged.
    """

    type: Literal["web_search_result_location"]
    cited_text: str
    encrypted_index: str
    url: str
    title: str | None = None


class CitationsSearchResultLocation(WireModel):
    """A citation of a search result block.

    cited_text: the cited text; it does not count as output tokens.
    source, title: those of the search result.
    search_result_index: the index of the search result among those of the request.
    start_block_index, end_block_index: its first block and the one after its last, from 0.
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
"""What a text block cites. `type` tells the kinds apart."""


class CitationCharLocationParam(Param):
    """A citation of a span of characters, sent back. Fields: see `CitationCharLocation`."""

    type: Literal["char_location"]
    cited_text: str
    document_index: int
    document_title: str | None
    start_char_index: int
    end_char_index: int


class CitationPageLocationParam(Param):
    """A citation of pages of a PDF, sent back. Fields: see `CitationPageLocation`."""

    type: Literal["page_location"]
    cited_text: str
    document_index: int
    document_title: str | None
    start_page_number: int
    end_page_number: int


class CitationContentBlockLocationParam(Param):
    """A citation of blocks, sent back. Fields: see `CitationContentBlockLocation`."""

    type: Literal["content_block_location"]
    cited_text: str
    document_index: int
    document_title: str | None
    start_block_index: int
    end_block_index: int


class CitationWebSearchResultLocationParam(Param):
    """A citation of a web page, sent back. Fields: see `CitationsWebSearchResultLocation`."""

    type: Literal["web_search_result_location"]
    cited_text: str
    encrypted_index: str
    url: str
    title: str | None


class CitationSearchResultLocationParam(Param):
    """A citation of a search result, sent back. Fields: see `CitationsSearchResultLocation`."""

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
"""A citation, sent back with its text. `type` tells the kinds apart."""


class CitationsConfig(WireModel):
    """Whether a fetched document may be cited.

    enabled: true if it may be cited.
    """

    enabled: bool


class CitationsConfigParam(Param, total=False):
    """Whether Claude may cite this document or search result.

    enabled: true to allow it; false by default. All documents of a request must agree.
    """

    enabled: bool


class Block(WireModel):
    """A content block of a message of Claude: the base class of all kinds."""

    @property
    def complete(self) -> bool:
        """Whether the block was received completely. Never run a tool call that is not complete.

        The last block of a partial message may be incomplete. A tool call is incomplete, too, if
        its input is not valid JSON.
        """
        return "input_error" not in self._kept

    def mark_incomplete(self, raw_input: str, input_error: str) -> None:
        """Record that the block was not received completely.

        Args:
            raw_input: the text of the input, if the block is a tool call.
            input_error: what is wrong with the block.
        """
        self._keep(raw_input=raw_input, input_error=input_error)

    # The kinds of blocks say more exactly what they return; where they do nothing else, only type
    # checkers see their `to_param`.
    def to_param(self) -> Any:
        """Return this block as it is sent back: without fields that only responses may have.

        Raises:
            ValueError: the block is a tool call that was not received completely.
        """
        return self.to_dict()


class UnknownBlock(Unknown, Block):
    """A block of a type that this version of the package does not know.

    Its fields are attributes. It may stand wherever a block may, but `ContentBlock` does not list
    it: type checkers could then no longer narrow the union by `type`. Use `isinstance` to find it.
    """

    def to_param(self) -> Any:
        """Return this block as it was received."""
        return self.to_dict()


class TextBlock(Block):
    """Text that Claude wrote.

    text: the text.
    citations: what the text cites; None if citations are not enabled.
    """

    type: Literal["text"]
    text: str
    citations: list[TextCitation] | None = None

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same fields, even if only one knows its output."""
        return cast("bool", have_same_fields(self, other))

    __hash__ = None  # type: ignore[assignment]

    def to_param(self) -> "TextBlockParam":
        """Return this block as it is sent back: without the file ids of its citations."""
        param = self.to_dict()
        citations = param.get("citations")
        for citation in filter(is_object, citations if is_list(citations) else ()):
            citation.pop("file_id", None)
        return cast("TextBlockParam", param)


class ThinkingBlock(Block):
    """What Claude thought before it answered.

    thinking: the thinking, or a summary of it; empty if thinking is not displayed.
    signature: opaque; it proves to the API that the block is unchanged when it is sent back.
    """

    type: Literal["thinking"]
    thinking: str
    signature: str

    if TYPE_CHECKING:

        def to_param(self) -> "ThinkingBlockParam":
            """Return this block as it is sent back."""
            ...


class RedactedThinkingBlock(Block):
    """Thinking that only the API can read.

    data: opaque; send it back unchanged.
    """

    type: Literal["redacted_thinking"]
    data: str

    if TYPE_CHECKING:

        def to_param(self) -> "RedactedThinkingBlockParam":
            """Return this block as it is sent back."""
            ...


class TextBlockParam(Param, total=False):
    """Text in a message or in the system prompt.

    type: always "text".
    text: the text; it must not be empty.
    cache_control: caches the prompt up to the end of this block.
    citations: what the text cites, if Claude wrote it and it is sent back.
    """

    type: Required[Literal["text"]]
    text: Required[str]
    cache_control: CacheControlEphemeral | None
    citations: Many[TextCitationParam] | None


class ThinkingBlockParam(Param):
    """Thinking, sent back unchanged.

    type: always "thinking".
    thinking, signature: as received in `ThinkingBlock`.
    """

    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinkingBlockParam(Param):
    """Redacted thinking, sent back unchanged.

    type: always "redacted_thinking".
    data: as received in `RedactedThinkingBlock`.
    """

    type: Literal["redacted_thinking"]
    data: str


class Base64ImageSource(Param):
    """An image that is a part of the request.

    type: always "base64".
    media_type: the format of the image.
    data: the image in base64, or the path of its file, or the open binary file.
    """

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: FileData


class URLImageSource(Param):
    """An image that the API fetches.

    type: always "url".
    url: its public address.
    """

    type: Literal["url"]
    url: str


class FileImageSourceParam(Param):
    """An image that was uploaded before.

    type: always "file".
    file_id: its id in the Files API.
    """

    type: Literal["file"]
    file_id: str


Base64ImageSourceParam: TypeAlias = Base64ImageSource
URLImageSourceParam: TypeAlias = URLImageSource


class ImageTransformationsParam(Param, total=False):
    """What the API does to an image before Claude sees it.

    oversized_image: what happens to an image that is too large: "downsize" or "error".
    """

    oversized_image: Literal["downsize", "error"]


class ImageBlockParam(Param, total=False):
    """An image for Claude to look at.

    type: always "image".
    source: the image itself, or where it is.
    cache_control: caches the prompt up to the end of this block.
    transformations: what the API does to the image first.
    """

    type: Required[Literal["image"]]
    source: Required[
        Annotated[Base64ImageSource | URLImageSource | FileImageSourceParam, Discriminator("type")]
    ]
    cache_control: CacheControlEphemeral | None
    transformations: ImageTransformationsParam | None


class DocumentPDFSource(WireModel):
    """A PDF that was fetched from the web.

    media_type: always "application/pdf".
    data: the file in base64.
    """

    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: str


class DocumentTextSource(WireModel):
    """A text that was fetched from the web.

    media_type: always "text/plain".
    data: the text.
    """

    type: Literal["text"]
    media_type: Literal["text/plain"]
    data: str


class DocumentBlock(Block):
    """A document that was fetched from the web.

    source: the content of the document.
    title: its title.
    citations: whether it may be cited.
    """

    type: Literal["document"]
    source: Annotated[DocumentPDFSource | DocumentTextSource, Discriminator("type"), OrUnknown()]
    title: str | None = None
    citations: CitationsConfig | None = None


class Base64PDFSource(Param):
    """A PDF that is a part of the request.

    type: always "base64".
    media_type: always "application/pdf".
    data: the file in base64, or its path, or the open binary file.
    """

    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: FileData


class URLPDFSource(Param, total=False):
    """A PDF that the API fetches.

    type: always "url".
    url: its public address.
    media_type: "application/pdf"; it is not sent, because the API has no such field.
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
    """A document that was uploaded before.

    type: always "file".
    file_id: its id in the Files API.
    """

    type: Literal["file"]
    file_id: str


ContentBlockSourceContentParam: TypeAlias = Annotated[
    TextBlockParam | ImageBlockParam, Discriminator("type")
]
"""A block of a document that is made of blocks."""


class ContentBlockSourceParam(Param):
    """A document that is made of blocks, each of which can be cited by its index.

    type: always "content".
    content: one text, or a list of blocks.
    """

    type: Literal["content"]
    content: TextOr[ContentBlockSourceContentParam]


Base64PDFSourceParam: TypeAlias = Base64PDFSource
URLPDFSourceParam: TypeAlias = URLPDFSource
PlainTextSourceParam: TypeAlias = PlainTextSource


class DocumentBlockParam(Param, total=False):
    """A document for Claude to read.

    type: always "document".
    source: the document itself, or where it is.
    cache_control: caches the prompt up to the end of this block.
    citations: whether Claude may cite it.
    context: what Claude should know about the document; it is never cited.
    title: the title of the document; it is never cited.
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
    """A result of your own search, for Claude to read and cite.

    type: always "search_result".
    source: where it was found: a URL or any other name.
    title: its title.
    content: its text, as text blocks.
    cache_control: caches the prompt up to the end of this block.
    citations: whether Claude may cite it.
    """

    type: Required[Literal["search_result"]]
    source: Required[str]
    title: Required[str]
    content: Required[Many[TextBlockParam]]
    cache_control: CacheControlEphemeral | None
    citations: CitationsConfigParam

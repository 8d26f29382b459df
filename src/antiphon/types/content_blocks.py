"""The unions of all content blocks, received and sent."""

from typing import (
    Annotated,
    TypeAlias,
    TypeVar,
)

from pydantic import Discriminator

from .._wire.decoding import OrUnknown
from .._wire.validation import OrReceived, TextOr
from .content import (
    Block,
    DocumentBlockParam,
    ImageBlockParam,
    RedactedThinkingBlock,
    RedactedThinkingBlockParam,
    SearchResultBlockParam,
    TextBlock,
    TextBlockParam,
    ThinkingBlock,
    ThinkingBlockParam,
    UnknownBlock,
)
from .server_tools import (
    BashCodeExecutionToolResultBlock,
    BashCodeExecutionToolResultBlockParam,
    CodeExecutionToolResultBlock,
    CodeExecutionToolResultBlockParam,
    ContainerUploadBlock,
    ContainerUploadBlockParam,
    ServerToolUseBlock,
    ServerToolUseBlockParam,
    TextEditorCodeExecutionToolResultBlock,
    TextEditorCodeExecutionToolResultBlockParam,
    ToolSearchToolResultBlock,
    ToolSearchToolResultBlockParam,
    WebFetchToolResultBlock,
    WebFetchToolResultBlockParam,
    WebSearchToolResultBlock,
    WebSearchToolResultBlockParam,
)
from .tools import (
    ToolResultBlockParam,
    ToolUseBlock,
    ToolUseBlockParam,
)

__all__ = [
    "ContentBlock",
    "ContentBlockParam",
    "MessageContentParam",
]
BlockT = TypeVar("BlockT", bound=Block)

ContentBlock: TypeAlias = Annotated[
    TextBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ServerToolUseBlock
    | WebSearchToolResultBlock
    | WebFetchToolResultBlock
    | CodeExecutionToolResultBlock
    | BashCodeExecutionToolResultBlock
    | TextEditorCodeExecutionToolResultBlock
    | ToolSearchToolResultBlock
    | ContainerUploadBlock,
    Discriminator("type"),
    OrUnknown(UnknownBlock),
]
"""A part of a message of Claude. `type` tells the kinds apart.

A block of an unknown type is an `UnknownBlock`.
"""

ContentBlockParam: TypeAlias = Annotated[
    TextBlockParam
    | ImageBlockParam
    | DocumentBlockParam
    | SearchResultBlockParam
    | ThinkingBlockParam
    | RedactedThinkingBlockParam
    | ToolUseBlockParam
    | ToolResultBlockParam
    | ServerToolUseBlockParam
    | WebSearchToolResultBlockParam
    | WebFetchToolResultBlockParam
    | CodeExecutionToolResultBlockParam
    | BashCodeExecutionToolResultBlockParam
    | TextEditorCodeExecutionToolResultBlockParam
    | ToolSearchToolResultBlockParam
    | ContainerUploadBlockParam,
    Discriminator("type"),
]
"""A part of a message that you send. `type` tells the kinds apart."""

MessageContentParam: TypeAlias = TextOr[
    Annotated[ContentBlockParam | ContentBlock, OrReceived(Block)]
]
"""The content of a message that you send: one text, or a list of blocks, sent or received ones."""

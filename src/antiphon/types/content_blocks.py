"""The unions of all content blocks, received and sent."""

from typing import (
    Annotated,
    TypeAlias,
    TypeVar,
)

from pydantic import Discriminator

from .._wire.decoding import Decoder, OrUnknown, with_literals
from .._wire.json import is_list
from .._wire.validation import OrReceived, TextOr
from .beta_blocks import (
    AdvisorToolResultBlock,
    AdvisorToolResultBlockParam,
    CompactionBlock,
    CompactionBlockParam,
    FallbackBlock,
    FallbackBlockParam,
    MCPToolListingBlock,
    MCPToolListingBlockParam,
    MCPToolResultBlock,
    MCPToolUseBlock,
    MCPToolUseBlockParam,
    RequestMCPToolResultBlockParam,
    RequestToolAdditionBlockParam,
    RequestToolRemovalBlockParam,
)
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

OtherContentBlock: TypeAlias = (
    ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ServerToolUseBlock
    | WebSearchToolResultBlock
    | WebFetchToolResultBlock
    | CodeExecutionToolResultBlock
    | BashCodeExecutionToolResultBlock
    | TextEditorCodeExecutionToolResultBlock
    | ToolSearchToolResultBlock
    | ContainerUploadBlock
    | MCPToolUseBlock
    | MCPToolResultBlock
    | MCPToolListingBlock
    | AdvisorToolResultBlock
    | CompactionBlock
    | FallbackBlock
)
"""A part of a message of Claude that is not text."""

ContentBlock: TypeAlias = Annotated[
    TextBlock | OtherContentBlock,
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
    | ContainerUploadBlockParam
    | MCPToolUseBlockParam
    | RequestMCPToolResultBlockParam
    | MCPToolListingBlockParam
    | AdvisorToolResultBlockParam
    | CompactionBlockParam
    | FallbackBlockParam
    | RequestToolAdditionBlockParam
    | RequestToolRemovalBlockParam,
    Discriminator("type"),
]
"""A part of a message that you send. `type` tells the kinds apart."""

_block: Decoder[ContentBlock] = Decoder(ContentBlock)

# They hold no numbers, and are most of the blocks.
_WITHOUT_NUMBERS: frozenset[type] = frozenset({TextBlock, ThinkingBlock})


def decode_block(raw: bytes) -> ContentBlock:
    """Return the content block that a JSON text describes.

    Raises:
        ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
    """
    block = _block.decode(raw)
    return with_literals(block, raw) if may_hold_numbers([block]) else block


def may_hold_numbers(content: object) -> bool:
    """Return whether a list of content blocks may hold numbers that are sent back."""
    # Every message passes here, so this is a loop and not a call of `any`.
    for block in content if is_list(content) else ():
        if type(block) not in _WITHOUT_NUMBERS:
            return True
    return False


MessageContentParam: TypeAlias = TextOr[
    Annotated[ContentBlockParam | ContentBlock, OrReceived(Block)]
]
"""The content of a message that you send: one text, or a list of blocks, sent or received ones."""

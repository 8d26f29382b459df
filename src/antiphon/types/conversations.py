"""The parameters of a conversation that the program keeps."""

from collections.abc import Iterable
from typing import Required, TypeAlias

from .._wire.validation import Param, with_inherited_keys
from .content_blocks import ContentBlock, ContentBlockParam
from .message import Model
from .params import GenerationOptions, PromptOptions, SpendingParams
from .tool_runs import LoopOptions

__all__ = ["AskParams", "ConversationParams", "TurnParams", "UserContent"]

UserContent: TypeAlias = (
    str | ContentBlockParam | ContentBlock | Iterable[str | ContentBlockParam | ContentBlock]
)
"""What the user says: a text, a content block, or several of both."""


@with_inherited_keys
class _ConversationOptions(
    PromptOptions, GenerationOptions, SpendingParams, LoopOptions, Param, total=False
):
    """What a conversation takes for all turns, and each turn for itself."""


@with_inherited_keys
class ConversationParams(_ConversationOptions, total=False):
    """The parameters of a conversation.

    model: the name of the model, such as "claude-haiku-4-5".
    max_tokens: the maximum number of tokens to generate in a message, thinking included.
    """

    model: Required[Model]
    max_tokens: Required[int]


@with_inherited_keys
class TurnParams(_ConversationOptions, total=False):
    """The parameters that hold for one turn of a conversation.

    model: another model.
    max_tokens: another limit of the tokens to generate in a message.
    """

    model: Model
    max_tokens: int


@with_inherited_keys
class AskParams(TurnParams, total=False):
    """The parameters of `Conversation.ask`.

    output_format: the type of the value that Claude's last message is to be; see `messages.parse`.
    """

    output_format: object

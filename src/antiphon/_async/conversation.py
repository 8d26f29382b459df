"""`AsyncConversation`: turns with Claude, all of which the program keeps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack, overload

from .._core.arguments import keywords
from .._core.cache_marks import with_marks
from .._core.call import check_params
from .._core.conversation import is_asked, restored, saved, user_message
from .._core.message_values import json_values, plain_messages
from .._transport.files import async_read_file, async_save_json, read_file
from .._wire.awaitable import async_result
from .._wire.literals import read_exactly
from .._wire.sentinels import is_absent
from ..base_client import BaseClient
from ..errors import UsageError
from ..rules import Finding, repair
from ..types.conversations import AskParams, ConversationParams, TurnParams, UserContent
from ..types.message import Usage
from ..types.outputs import OutputT, ParsedMessage
from ..types.params import MessageLike
from ..types.tool_runs import LoopOptions
from .any_endpoint import AsyncAnyEndpoint
from .tool_runner import AsyncStreamingToolRunner, AsyncToolRunner

if TYPE_CHECKING:
    from .client import AsyncClient

__all__ = ["AsyncConversation"]

_Runner: TypeAlias = AsyncToolRunner[Any] | AsyncStreamingToolRunner[Any]


class AsyncConversation:
    """A conversation with Claude that your program keeps: each turn sends all of it.

    A turn that fails or is interrupted leaves it as it was.
    """

    messages: list[Any]
    """What was said. You may change it between turns."""
    params: dict[str, Any]
    """The parameters of every turn. You may change them between turns."""
    unfinished: list[Any]
    """The messages of the last turn if it failed. They are not sent again; tools may have run."""
    usage: Usage | None
    """The tokens that all turns have cost; None before the first."""
    tokens: int
    """How long the conversation was at the end of the last turn, in tokens."""

    def __init__(
        self,
        client: AsyncClient,
        *,
        messages: Iterable[MessageLike] = (),
        compact: Callable[[list[Any], int], Any] | None = None,
        **params: Unpack[ConversationParams],
    ) -> None:
        """Begin a conversation; nothing is sent now.

        Args:
            client: the client that sends.
            messages: the beginning of the conversation, if there is one.
            compact: called before each turn with the messages so far and with `tokens`; returns the
                messages that take their place, or None if they stay.
            params: the parameters of every turn: those of `messages.run_tools`.

        Raises:
            TypeError: a parameter is missing or unknown, or `client` is none of this kind.
        """
        _check_client(client)
        check_params("Conversation", params, ConversationParams)
        if compact is not None and not callable(compact):
            raise TypeError(f"compact: expected a function, got {compact!r}")
        given = {name: value for name, value in params.items() if not is_absent(value)}
        self.params = {"cache_control": {"type": "ephemeral"}, **given}
        if "tools" in given:
            self.params["tools"] = [*self.params["tools"]]  # for every turn, not only for the first
        self.messages, self.unfinished = [*messages], []
        self.usage, self.tokens = None, 0
        self._client, self._compact = client, compact
        self._is_busy = False

    @overload
    async def ask(
        self, content: UserContent, *, output_format: type[OutputT], **changes: Unpack[TurnParams]
    ) -> ParsedMessage[OutputT]: ...
    @overload
    async def ask(
        self, content: UserContent, **changes: Unpack[AskParams]
    ) -> ParsedMessage[Any]: ...
    @keywords(AskParams)
    async def ask(self, content: UserContent, **changes: Any) -> ParsedMessage[Any]:
        """Say something and return Claude's last message, after all tools that it called.

        The parameters hold for this turn only.

        Raises:
            UsageError: another turn is in progress.
            TypeError: a parameter is unknown, or the content is none.
            OutputError: a message has no output of the type that was asked for.
            APIError: the API refused or failed.
        """
        async with self._turn(content, changes) as runner:
            message: ParsedMessage[Any] = await runner.until_done()
            return message

    @overload
    def stream(
        self, content: UserContent, *, output_format: type[OutputT], **changes: Unpack[TurnParams]
    ) -> AbstractAsyncContextManager[AsyncStreamingToolRunner[OutputT]]: ...
    @overload
    def stream(
        self, content: UserContent, **changes: Unpack[AskParams]
    ) -> AbstractAsyncContextManager[AsyncStreamingToolRunner[Any]]: ...
    @keywords(AskParams)
    def stream(
        self, content: UserContent, **changes: Any
    ) -> AbstractAsyncContextManager[AsyncStreamingToolRunner[Any]]:
        """Say something and follow what Claude says. The turn is kept if all of it is received.

        Use it as a context manager::

            async with chat.stream("Hello") as turn:
                async for text in turn.text_stream:
                    print(text, end="", flush=True)
        """
        return self._turn(content, changes, stream=True)

    def check(self, content: UserContent | None = None) -> list[Finding]:
        """Return what the API would refuse of the next turn, with this content; nothing is sent."""
        request = self._request(_with_content(self.messages, content), {})
        params = {
            name: request[name] for name in request if name not in LoopOptions.__annotations__
        }
        return self._client.messages.check(**params)

    def fork(self) -> Self:
        """Return a conversation that goes on from here by itself; its usage begins anew."""
        other = type(self)(
            self._client, messages=self.messages, compact=self._compact, **self.params
        )
        other.tokens = self.tokens
        return other

    def undo(self) -> list[Any]:
        """Take the last turn out of the conversation and return its messages.

        Raises:
            UsageError: there is none, or a turn is in progress.
        """
        asked = [place for place, message in enumerate(self.messages) if is_asked(message)]
        if self._is_busy or not asked:
            raise UsageError("a turn is in progress" if self._is_busy else "no turn to undo")
        gone = self.messages[asked[-1] :]
        del self.messages[asked[-1] :]
        return gone

    async def save(self, path: str | PathLike[str]) -> None:
        """Write the conversation to a file as JSON, with all parameters but functions and headers.

        Raises:
            OSError: the file cannot be written.
        """
        await async_save_json(path, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return what `save` writes, as JSON values."""
        return saved(self.params, json_values(self.messages, read_file), self.usage, self.tokens)

    def __repr__(self) -> str:
        model = self.params.get("model")
        return f"<{type(self).__name__} with {model}, {len(self.messages)} messages>"

    @classmethod
    async def load(
        cls,
        client: AsyncClient,
        source: str | PathLike[str] | Mapping[str, Any],
        *,
        compact: Callable[[list[Any], int], Any] | None = None,
        **changes: Unpack[TurnParams],
    ) -> Self:
        """Return a conversation that was saved.

        Args:
            client: the client that sends.
            source: the path of its file, or what `to_dict` returned.
            compact: as for a new conversation: a function cannot be saved.
            changes: parameters that replace the saved ones. Tools that are functions must be given.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds no conversation, or one of another version; or tools are missing.
        """
        if not isinstance(source, Mapping):
            content = await async_read_file(Path(source))
            try:
                source = read_exactly(content)
            except ValueError as error:
                raise ValueError(f"{source} holds no saved conversation: {error}") from error
        params, messages, usage, tokens = restored(source, changes)
        made = cls(client, messages=messages, compact=compact, **params)
        made.usage, made.tokens = usage, tokens
        return made

    @asynccontextmanager
    async def _turn(
        self, content: Any, changes: Mapping[str, Any], *, stream: bool = False
    ) -> AsyncGenerator[Any]:
        """Run a turn in the block, and keep it if it came to its end."""
        if self._is_busy:
            raise UsageError("a turn is in progress; `fork()` gives a conversation beside this one")
        self._is_busy, self.unfinished = True, []
        try:
            messages = _with_content(await self._compacted(), content)
            run: Any = self._client.messages.run_tools  # typed for literal arguments
            runner: _Runner = run(**self._request(messages, changes), stream=stream)
            try:
                yield runner
            finally:
                if isinstance(runner, AsyncStreamingToolRunner):
                    await runner.close_stream()
                self.unfinished = runner.messages[len(messages) :]
                if runner.usage is not None:
                    self.usage = runner.usage if self.usage is None else self.usage + runner.usage
            if runner.stop_reason not in (None, "closed"):
                usage: Usage | None = (await runner.until_done()).usage
                self.messages[:] = [*messages, *plain_messages(self.unfinished, read_file)]
                self.unfinished = []
                self.tokens = usage.total_input_tokens + usage.output_tokens if usage else 0
        finally:
            self._is_busy = False

    def _request(self, messages: list[Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a request that sends these messages."""
        check_params("Conversation.ask", changes, AskParams)
        given = {name: value for name, value in changes.items() if not is_absent(value)}
        return with_marks({**self.params, **given, "messages": messages})

    async def _compacted(self) -> list[Any]:
        """Return the messages so far, after the user's rule."""
        if self._compact is None:
            return self.messages
        shorter = await async_result(self._compact([*self.messages], self.tokens))
        return self.messages if shorter is None else [*shorter]


def _check_client(client: object) -> None:
    """Refuse a client of the other kind, whose calls could not be waited for here."""
    other = isinstance(client, BaseClient) and not isinstance(client, AsyncAnyEndpoint)
    if other or not hasattr(client, "messages"):
        raise TypeError(f"client: expected an antiphon.AsyncClient, got {client!r}")


def _with_content(messages: list[Any], content: Any) -> list[Any]:
    """Return messages, repaired, with one of the user behind them."""
    added = [] if content is None else [user_message(content)]
    return [*repair(plain_messages([*messages, *added], read_file))]

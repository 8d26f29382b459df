"""The methods that make rules, shared by scripts and by the servers that follow one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from ..._wire.json import is_list, is_object
from ..api.direction import Fault
from .failure import failure
from .matchers import ANY, Matcher, Predicate, matcher
from .rule import ScriptRule, renewed
from .scripted_reply import Content, ScriptedReply

__all__ = ["Scriptable", "quoted"]

_MOST_SHOWN = 60


class Scriptable:
    """Something that takes rules: a script, or a server that follows one."""

    @abstractmethod
    def add(self, rule: ScriptRule) -> ScriptRule:
        """Add a rule behind the others, and return it."""

    def reply(
        self,
        *content: Content,
        when: Predicate | None = None,
        times: int | None = None,
        delay: float = 0.0,
        faults: Iterable[Fault] | None = None,
        stop_reason: str | None = None,
        usage: Mapping[str, int] | None = None,
    ) -> ScriptRule:
        """Add a rule that replies.

        Args:
            *content: what is said: texts, content blocks (see the makers in `antiphon.testing`), a
                whole message, functions, sync or async, from the request to any of these, or lists
                of all this.
            when: which requests it answers; by default all.
            times: how often it answers; by default always.
            delay: seconds before the response, on the server's clock.
            faults: what goes wrong with the response: functions from steps to steps; by default
                the faults of the server, and with ``[]`` nothing.
            stop_reason: why the message ends; by default what the content means.
            usage: counts of the usage, e.g. ``{"input_tokens": 10}``; the others follow from the
                request and the reply.

        Returns:
            The rule; `used` tells how often it has answered.

        Raises:
            TypeError: a content cannot be said, or an argument is of another kind.
            ValueError: `times`, `delay` or a count is out of range, or the API has no such stop
                reason or count.
        """
        rule = _reply(content, when, times, delay, _given(faults), stop_reason, usage)
        return self.add(rule)

    def replies(
        self,
        *contents: Content,
        when: Predicate | None = None,
        delay: float = 0.0,
        faults: Iterable[Fault] | None = None,
    ) -> list[ScriptRule]:
        """Add rules that reply one after the other, each once.

        Args:
            *contents: what each of them says; a list for a reply of several parts.
            when: which requests they answer; by default all.
            delay: seconds before each response, on the server's clock.
            faults: what goes wrong with each response; see `reply`.

        Returns:
            The rules.

        Raises:
            TypeError: a content cannot be said, or there is none.
            ValueError: `delay` is out of range.
        """
        if not contents:
            raise TypeError("replies: there are none; give what each reply says")
        # Shared: else each rule would begin with the same chance, and all would do the same.
        broken = _given(faults)
        rules = [_reply((content,), when, 1, delay, broken) for content in contents]
        return [self.add(rule) for rule in rules]

    def fail(
        self,
        error: int | str,
        message: str | None = None,
        *,
        retry_after: float | str | None = None,
        when: Predicate | None = None,
        times: int | None = None,
        delay: float = 0.0,
        faults: Iterable[Fault] | None = None,
    ) -> ScriptRule:
        """Add a rule that refuses.

        Args:
            error: an HTTP status, such as 529, or the `type` of an error of the API, such as
                "rate_limit_error".
            message: what the error says; by default the API's words.
            retry_after: the header `retry-after`: seconds, or a text such as an HTTP date.
            when: which requests it refuses; by default all.
            times: how often it does so; by default always.
            delay: seconds before the response, on the server's clock.
            faults: what goes wrong with the response; see `reply`.

        Returns:
            The rule; `used` tells how often it has answered.

        Raises:
            TypeError: an argument is of another kind.
            ValueError: there is no such error, or `times`, `delay` or `retry_after` is out of
                range.
        """
        outcome = failure(error, message, retry_after=retry_after)
        rule = ScriptRule(f"fail({error!r})", outcome, _matcher(when), times, delay, _given(faults))
        return self.add(rule)


def _reply(
    content: Sequence[Content],
    when: Predicate | None,
    times: int | None,
    delay: float,
    faults: Sequence[Fault] | None,
    stop_reason: str | None = None,
    usage: Mapping[str, int] | None = None,
) -> ScriptRule:
    """Return a rule that replies."""
    outcome = ScriptedReply(tuple(_flat(content)), stop_reason, {} if usage is None else usage)
    says = f"reply({', '.join(map(_shown, content))})"
    return ScriptRule(says, outcome, _matcher(when), times, delay, faults)


def _flat(contents: Iterable[Content]) -> Iterator[Content]:
    """Yield contents without the lists around them: a function may stand in a list, too."""
    for content in contents:
        if is_list(content) or isinstance(content, tuple):
            yield from _flat(cast("Sequence[Content]", content))
        else:
            yield content


def _given(faults: Iterable[Fault] | None) -> Sequence[Fault] | None:
    return None if faults is None else renewed(faults)


def _matcher(when: Predicate | None) -> Matcher:
    return ANY if when is None else matcher(when)


def _shown(content: Content) -> str:
    """Return a content in a few words."""
    if isinstance(content, str):
        return quoted(content)
    if is_list(content):
        return ", ".join(map(_shown, content))
    if not is_object(content):
        return str(getattr(content, "__name__", type(content).__name__))
    kind = str(content.get("type"))
    shown = content.get("name") or content.get(kind)
    return f"{kind}({quoted(shown) if isinstance(shown, str) else '…'})"


def quoted(text: str) -> str:
    """Return a text as Python writes it, shortened."""
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")

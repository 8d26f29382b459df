"""Asking again for an output that did not fit: what is sent, and what becomes of the failures.

The next request has the whole conversation: the message with the output that did not fit, as it
was received, and a message of the user that says what is wrong with it. Only a misfit is asked for
again: after a refusal, or within the same `max_tokens`, the same would happen once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._wire.sentinels import is_absent
from ..errors import OutputError, OutputValidationError
from .request_body import is_iterable

if TYPE_CHECKING:
    from ..outputs import OutputType
    from ..types.outputs import ParsedMessage
    from .call import Call

__all__ = ["OutputRetries"]

_AGAIN = "This output does not fit: {}. Give the whole output again, corrected."


class OutputRetries:
    """The calls of one `messages.parse`: the first, and one for each output that did not fit."""

    def __init__(
        self,
        output: OutputType[Any],
        params: Mapping[str, Any],
        make_call: Callable[[Mapping[str, Any]], Call[Any]],
    ) -> None:
        """Prepare the calls.

        Args:
            output: how the output is read.
            params: the parameters, and `retries`.
            make_call: makes a call of the parameters.

        Raises:
            TypeError: `retries` is not a whole number.
            ValueError: it is negative.
        """
        self.params = {**params}
        """The parameters of the next call."""
        given = self.params.pop("retries", 0)
        retries = 0 if is_absent(given) else given
        if not isinstance(retries, int) or isinstance(retries, bool):
            raise TypeError(f"retries: expected a whole number, got {retries!r}")
        if retries < 0:
            raise ValueError(f"retries: expected at least 0, got {retries}")
        if retries and is_iterable(self.params.get("messages")):
            # What can be read only once is read once for all calls.
            self.params["messages"] = [*self.params["messages"]]
        self._output = output
        self._make_call = make_call
        self._left = retries
        self._failures: list[OutputValidationError] = []

    def equipped(self, call: Call[Any]) -> Call[Any]:
        """Return a call of the parameters, with what reads its output and what follows it."""
        read = call.decode
        call.decode = lambda body: self._finish(self._output.read(read(body)))
        call.output, call.finish = self._output, self._finish
        call.follow_up = self._follow_up if self._left else None
        return call

    def _finish(self, message: ParsedMessage[Any]) -> ParsedMessage[Any]:
        """Return the message with the failures before it.

        Raises:
            OutputError: it should have an output, and has none.
        """
        failures = tuple(self._failures)
        if message.output_error is not None:
            error: Any = message.output_error
            error.failures = failures
            raise error
        return message.after(failures) if failures else message

    def _follow_up(self, parse: Callable[[], object]) -> Call[Any] | None:
        """Return the call that asks again, if the output that `parse` reads does not fit."""
        try:
            parse()
        except OutputValidationError as failure:
            self._failures.append(failure)
            self._left -= 1
            self.params["messages"] = [*self.params["messages"], *_turns(failure)]
            return self.equipped(self._make_call(self.params))
        except OutputError:
            return None
        return None


def _turns(failure: OutputValidationError) -> list[Any]:
    """Return the turns of the conversation that a failure adds."""
    turn = failure.message.to_param()
    # The API accepts no turn of Claude without content.
    own = [turn] if turn["content"] else []
    return [*own, {"role": "user", "content": _AGAIN.format(failure.reason)}]

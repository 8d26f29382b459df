"""The endpoints of message batches, each as a function; `endpoints` says how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from .._wire.decoding import Decoder
from .._wire.secret import Secret
from .._wire.sentinels import is_absent
from .._wire.url import URL
from ..errors import AntiphonError
from ..types.batches import (
    BatchCreateParams,
    BatchListParams,
    DeletedMessageBatch,
    MessageBatch,
    MessageBatchIndividualResponse,
    MessageBatchParsedResponse,
)
from .call import Call, check_params, get, of_one, post, with_id
from .endpoints import with_format
from .options import Options
from .pages import PageContent, list_call
from .request_body import is_iterable, is_mapping

__all__ = [
    "batch_results",
    "cancel_batch",
    "create_batch",
    "delete_batch",
    "list_batches",
    "retrieve_batch",
]

T = TypeVar("T")

_BATCHES = "/v1/messages/batches"

_batch: Decoder[MessageBatch] = Decoder(MessageBatch)
_read_batch = with_id(_batch.decode)


def create_batch(options: Options, params: Mapping[str, Any]) -> Call[MessageBatch]:
    """Make the call of `messages.batches.create`: `POST /v1/messages/batches`."""
    check_params("messages.batches.create", params, BatchCreateParams)
    requests = params["requests"]
    given = {**params, "requests": _formatted(requests)} if is_iterable(requests) else params
    return post(options, _BATCHES, given, _read_batch)


def _formatted(requests: Iterable[Any]) -> Iterator[Any]:
    """Give the requests of a batch as they are sent: with a schema in the place of each type.

    Raises:
        TypeError: a type has no schema; the message begins with its path.
    """
    for index, request in enumerate(requests):
        params = request.get("params") if is_mapping(request) else None
        if is_mapping(params) and "output_format" in params:
            try:
                yield {**request, "params": with_format(params)[0]}
            except TypeError as fault:
                raise TypeError(f"requests[{index}].params.{fault}") from fault
        else:
            yield request


def retrieve_batch(options: Options, params: Mapping[str, Any]) -> Call[MessageBatch]:
    """Make the call of `messages.batches.retrieve`: `GET /v1/messages/batches/{id}`."""
    return of_one(options, "GET", "messages.batches.retrieve", _BATCHES, params, _read_batch)


def cancel_batch(options: Options, params: Mapping[str, Any]) -> Call[MessageBatch]:
    """Make the call of `messages.batches.cancel`: `POST /v1/messages/batches/{id}/cancel`."""
    path = f"{_BATCHES}/{{}}/cancel"
    return of_one(options, "POST", "messages.batches.cancel", path, params, _read_batch)


def delete_batch(options: Options, params: Mapping[str, Any]) -> Call[DeletedMessageBatch]:
    """Make the call of `messages.batches.delete`: `DELETE /v1/messages/batches/{id}`."""
    decode = with_id(DeletedMessageBatch.decode)
    return of_one(options, "DELETE", "messages.batches.delete", _BATCHES, params, decode)


def list_batches(options: Options, params: Mapping[str, Any]) -> Call[PageContent[MessageBatch]]:
    """Make the call of `messages.batches.list`: `GET /v1/messages/batches`."""
    return list_call(options, "messages.batches.list", _BATCHES, params, BatchListParams, _batch)


def batch_results(
    options: Options, params: Mapping[str, Any]
) -> Call[MessageBatchIndividualResponse]:
    """Make the call that gets the results of a batch, line by line.

    Args:
        options: the settings of the client.
        params: `batch`, as it was retrieved, `output_format`, and those of every call.

    Raises:
        AntiphonError: the batch has no results yet.
    """
    # The URL comes from a response and may name any host: `_redirected_to` decides about the key.
    batch: MessageBatch = params["batch"]
    if not batch.results_url:
        raise AntiphonError(
            f"batch {batch.id} has no results: it is {batch.processing_status!r};"
            " wait until it has ended"
        )
    own = {**params}
    del own["batch"]
    decode = _lines_of(own.pop("output_format", None))
    call = get(options, f"{_BATCHES}/{batch.id}/results", own, decode)
    call.lazy = "lines"
    return _redirected_to(call, options, batch.results_url)


def _lines_of(kinds: Any) -> Callable[[bytes], MessageBatchIndividualResponse]:
    """Return what reads a line of results.

    Args:
        kinds: the type of the outputs, or the types by `custom_id`; None for results without.
    """
    if kinds is None or is_absent(kinds):
        return MessageBatchIndividualResponse.decode
    from ..outputs import output_type  # most batches ask for text alone

    every = output_type(None if is_mapping(kinds) else kinds)
    by_id = {name: output_type(kind) for name, kind in kinds.items()} if is_mapping(kinds) else {}

    def decode(body: bytes) -> MessageBatchIndividualResponse:
        line = MessageBatchIndividualResponse.decode(body)
        return MessageBatchParsedResponse.of(line, by_id.get(line.custom_id, every).read)

    return decode


def _redirected_to(call: Call[T], options: Options, url: str) -> Call[T]:
    """Return `call` for the URL that the API named, without giving the key to a stranger.

    A gateway leaves the API's own URL in the response: the call then stays on the base URL. Any
    other origin gets no credential.
    """
    # A relative URL stays on the base URL, and so does the API's own path behind a gateway.
    here, there = urlsplit(options.base_url), urlsplit(url)
    if not there.netloc or (here.scheme, here.netloc) == (there.scheme, there.netloc):
        path = f"{there.path}?{there.query}" if there.query else there.path
        base = f"{here.scheme}://{here.netloc}"
        call.url = URL(f"{base}{path}" if path.startswith("/") else f"{options.base_url}/{path}")
    elif not there.path.endswith(urlsplit(call.url).path.removeprefix(here.path)):
        call.url = URL(url)
        call.headers = {k: v for k, v in call.headers.items() if not isinstance(v, Secret)}
    return call

"""Each endpoint as a function: settings and parameters in, a `Call` out.

A method of a client is one line that names a function of this module; everything the endpoint is
(its path, its parameters, how its response is read) stands here, once for both worlds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from .._transport.files import FileInput
from .._wire.decoding import Decoder
from .._wire.secret import Secret
from .._wire.url import URL
from ..errors import AntiphonError
from ..types.batches import (
    BatchCreateParams,
    BatchListParams,
    DeletedMessageBatch,
    MessageBatch,
    MessageBatchIndividualResponse,
)
from ..types.files import DeletedFile, FileListParams, FileMetadata, FileUploadParams
from ..types.message import Message, MessageTokensCount
from ..types.models import ModelInfo, ModelListParams
from ..types.params import CountTokensParams, CreateParams, StreamParams, WorkspaceParams
from .call import (
    Call,
    Endpoint,
    check_params,
    get,
    make_call,
    path_segment,
    post,
    split_params,
)
from .multipart import PendingUpload, UploadedFile
from .options import Credential, Options
from .pages import PageContent, decode_page
from .request_body import PendingBody

if TYPE_CHECKING:
    from ..rules import Finding

__all__ = [
    "Call",
    "Endpoint",
    "batch_results",
    "cancel_batch",
    "check",
    "count_tokens",
    "create",
    "create_batch",
    "delete_batch",
    "delete_file",
    "download_file",
    "list_batches",
    "list_files",
    "list_models",
    "retrieve_batch",
    "retrieve_file",
    "retrieve_model",
    "stream",
    "upload_file",
]

T = TypeVar("T")

# `max_tokens` above which a message may take more than ten minutes, the longest that routers leave
# a silent connection open: 128,000 tokens an hour are 21,333 in ten minutes.
_LARGE = 21_333

_NOBODY = Credential("x-api-key", Secret(""), "nobody")

_IDENTIFIERS = frozenset({"file_id", "message_batch_id", "model_id"})

_BATCHES = "/v1/messages/batches"
_FILES = "/v1/files"
_MODELS = "/v1/models"

_batch: Decoder[MessageBatch] = Decoder(MessageBatch)
_file: Decoder[FileMetadata] = Decoder(FileMetadata)
_model: Decoder[ModelInfo] = Decoder(ModelInfo)


def create(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """Make the call of `messages.create`: `POST /v1/messages`.

    Raises:
        TypeError: a parameter is missing or unknown.
        RequestEncodingError: a value is not JSON.
    """
    check_params("messages.create", params, CreateParams)
    # `is True`: any other value is sent as it is, and refused by the API.
    if params.get("stream") is True:
        return _messages_call(options, params, streamed=True)
    if options.large_responses == "stream" and _is_large(params):
        call = _messages_call(options, {**params, "stream": True}, streamed=True)
        call.whole = True
        return call
    return _messages_call(options, params)


def stream(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """Make the call of `messages.stream`: `POST /v1/messages` with ``"stream": true``."""
    check_params("messages.stream", params, StreamParams)
    return _messages_call(options, {**params, "stream": True}, streamed=True)


def count_tokens(options: Options, params: Mapping[str, Any]) -> Call[MessageTokensCount]:
    """Make the call of `messages.count_tokens`: `POST /v1/messages/count_tokens`."""
    check_params("messages.count_tokens", params, CountTokensParams)
    return post(options, "/v1/messages/count_tokens", params, MessageTokensCount.decode)


def check(
    options: Options, params: Mapping[str, Any], read_file: Callable[[FileInput], bytes]
) -> list[Finding]:
    """Return what the API would refuse of a message, found without sending it."""
    from ..rules import findings

    check_params("messages.check", params, CreateParams)
    call = _messages_call(replace(options, credential=_NOBODY), params)
    if isinstance(call.body, PendingBody):
        call.body = call.body.filled(map(read_file, call.body.files))
    body = json.loads(call.request(call.timeout).buffered_body())
    version, betas = call.headers["anthropic-version"], call.headers.get("anthropic-beta", "")
    return list(findings(body, version=str(version), betas=str(betas).split(",")))


def _is_large(params: Mapping[str, Any]) -> bool:
    """Return whether the response may take so long that a silent connection would be cut."""
    max_tokens = params.get("max_tokens")
    return isinstance(max_tokens, int) and max_tokens > _LARGE


def _messages_call(
    options: Options, params: Mapping[str, Any], *, streamed: bool = False
) -> Call[Message]:
    call = post(options, "/v1/messages", params, _message)
    call.streamed = streamed
    return call


def _message(body: bytes) -> Message:
    """Return the message in `body`, which may lack anything but must not be something else."""
    message = Message.decode(body)
    if message.type != "message" and "content" not in message.model_fields_set:
        raise ValueError("a JSON object that is no message")
    return message


def create_batch(options: Options, params: Mapping[str, Any]) -> Call[MessageBatch]:
    """Make the call of `messages.batches.create`: `POST /v1/messages/batches`."""
    check_params("messages.batches.create", params, BatchCreateParams)
    return post(options, _BATCHES, params, _batch.decode)


def retrieve_batch(options: Options, params: Mapping[str, Any]) -> Call[MessageBatch]:
    """Make the call of `messages.batches.retrieve`: `GET /v1/messages/batches/{id}`."""
    return _of_one(options, "GET", "messages.batches.retrieve", _BATCHES, params, _batch.decode)


def cancel_batch(options: Options, params: Mapping[str, Any]) -> Call[MessageBatch]:
    """Make the call of `messages.batches.cancel`: `POST /v1/messages/batches/{id}/cancel`."""
    path = f"{_BATCHES}/{{}}/cancel"
    return _of_one(options, "POST", "messages.batches.cancel", path, params, _batch.decode)


def delete_batch(options: Options, params: Mapping[str, Any]) -> Call[DeletedMessageBatch]:
    """Make the call of `messages.batches.delete`: `DELETE /v1/messages/batches/{id}`."""
    decode = DeletedMessageBatch.decode
    return _of_one(options, "DELETE", "messages.batches.delete", _BATCHES, params, decode)


def list_batches(options: Options, params: Mapping[str, Any]) -> Call[PageContent[MessageBatch]]:
    """Make the call of `messages.batches.list`: `GET /v1/messages/batches`."""
    return _list(options, "messages.batches.list", _BATCHES, params, BatchListParams, _batch)


def batch_results(
    options: Options, params: Mapping[str, Any]
) -> Call[MessageBatchIndividualResponse]:
    """Make the call that gets the results of a batch, line by line.

    Args:
        options: the settings of the client.
        params: `batch`, as it was retrieved, and those of every call.

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
    own = {name: value for name, value in params.items() if name != "batch"}
    decode = MessageBatchIndividualResponse.decode
    call = get(options, f"{_BATCHES}/{batch.id}/results", own, decode)
    call.lazy = "lines"
    return _redirected_to(call, options, batch.results_url)


def _redirected_to(call: Call[T], options: Options, url: str) -> Call[T]:
    """Return `call` for the URL that the API named, without giving the key to a stranger.

    A gateway leaves the API's own URL in the response: the call then stays on the base URL. Any
    other origin gets no credential.
    """
    here, there = urlsplit(options.base_url), urlsplit(url)
    if not there.netloc or (here.scheme, here.netloc) == (there.scheme, there.netloc):
        path = f"{there.path}?{there.query}" if there.query else there.path
        base = f"{here.scheme}://{here.netloc}"
        call.url = URL(f"{base}{path}" if path.startswith("/") else f"{options.base_url}/{path}")
    elif not there.path.endswith(urlsplit(call.url).path.removeprefix(here.path)):
        call.url = URL(url)
        call.headers = {k: v for k, v in call.headers.items() if not isinstance(v, Secret)}
    return call


def list_models(options: Options, params: Mapping[str, Any]) -> Call[PageContent[ModelInfo]]:
    """Make the call of `models.list`: `GET /v1/models`."""
    return _list(options, "models.list", _MODELS, params, ModelListParams, _model)


def retrieve_model(options: Options, params: Mapping[str, Any]) -> Call[ModelInfo]:
    """Make the call of `models.retrieve`: `GET /v1/models/{id}`."""
    return _of_one(options, "GET", "models.retrieve", _MODELS, params, _model.decode)


def upload_file(options: Options, params: Mapping[str, Any]) -> Call[FileMetadata]:
    """Make the call of `files.upload`: `POST /v1/files`.

    Raises:
        TypeError: `file` is no file.
    """
    check_params("files.upload", params, FileUploadParams)
    given, own = split_params(params)
    file, progress = UploadedFile.of(given.pop("file")), given.pop("progress", None)
    more: Mapping[str, object] = own.get("extra_body") or {}
    fields = {name: str(value) for name, value in {**given, **more}.items()}
    body = PendingUpload(file, fields, progress)
    return make_call(options, "POST", _FILES, own, _file.decode, body=body)


def list_files(options: Options, params: Mapping[str, Any]) -> Call[PageContent[FileMetadata]]:
    """Make the call of `files.list`: `GET /v1/files`."""
    return _list(options, "files.list", _FILES, params, FileListParams, _file)


def retrieve_file(options: Options, params: Mapping[str, Any]) -> Call[FileMetadata]:
    """Make the call of `files.retrieve_metadata`: `GET /v1/files/{id}`."""
    return _of_one(options, "GET", "files.retrieve_metadata", _FILES, params, _file.decode)


def download_file(options: Options, params: Mapping[str, Any]) -> Call[bytes]:
    """Make the call of `files.download`: `GET /v1/files/{id}/content`."""
    path = f"{_FILES}/{{}}/content"
    call = _of_one(options, "GET", "files.download", path, params, bytes)
    call.lazy = "bytes"
    return call


def delete_file(options: Options, params: Mapping[str, Any]) -> Call[DeletedFile]:
    """Make the call of `files.delete`: `DELETE /v1/files/{id}`."""
    return _of_one(options, "DELETE", "files.delete", _FILES, params, DeletedFile.decode)


def _of_one(
    options: Options,
    method: str,
    name: str,
    path: str,
    params: Mapping[str, Any],
    decode: Callable[[bytes], T],
) -> Call[T]:
    """Make a call about one thing, named by one of `_IDENTIFIERS`."""
    identifier = next(param for param in params if param in _IDENTIFIERS)
    check_params(name, params, WorkspaceParams, [identifier])
    segment = path_segment(params, identifier)
    path = path.format(segment) if "{}" in path else f"{path}/{segment}"
    own = {param: value for param, value in params.items() if param != identifier}
    return get(options, path, own, decode, method)


def _list(
    options: Options,
    name: str,
    path: str,
    params: Mapping[str, Any],
    known: type,
    decoder: Decoder[T],
) -> Call[PageContent[T]]:
    check_params(name, params, known)
    call = get(options, path, params, lambda body: decode_page(decoder, body))
    call.paged = True
    return call

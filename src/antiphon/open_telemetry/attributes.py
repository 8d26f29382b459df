"""The attributes of spans, by OpenTelemetry's conventions or as the official package names them.

Pure: facts of a call in, a dict of attributes out. The conventions are those for generative AI as
of 2026-09-24 (status: development). A value of a type that nobody expects, from a user or a
gateway, is left out: OpenTelemetry would log a warning for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .._core.call import Call
from .._wire.http import Headers
from ..errors import APIConnectionError, APIError, StreamInterruptedError
from ..types.message import Usage
from .methods import CREATE, TracedMethod
from .settings import TelemetrySettings

__all__ = [
    "error_type",
    "message_attributes",
    "metric_attributes",
    "request_attributes",
    "response_attributes",
    "token_counts",
]

_PORTS = {"http": 80, "https": 443}


def metric_attributes(call: Call[Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that each metric of a call of `messages.create` has."""
    return _known(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": body.get("model"),
            "server.address": call.url.host,
            "server.port": call.url.port or _PORTS.get(call.url.scheme),
        }
    )


def request_attributes(
    call: Call[Any], body: Mapping[str, Any], method: TracedMethod, settings: TelemetrySettings
) -> dict[str, Any]:
    """Return what is known of a call before it is sent.

    Args:
        call: the call.
        body: the JSON of its body; empty if it has another one.
        method: the method of the client that makes it.
        settings: which names to use.
    """
    is_message = method.name == CREATE
    found: dict[str, Any] = {
        "gen_ai.provider.name": "anthropic",
        "gen_ai.conversation.id": settings.conversation_id,
        "server.address": call.url.host,
        "server.port": call.url.port or _PORTS.get(call.url.scheme),
        "http.request.method": call.method,
    }
    if is_message:
        config = _object(body, "output_config")
        found |= {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": body.get("model"),
            "gen_ai.request.max_tokens": body.get("max_tokens"),
            "gen_ai.request.stream": True if body.get("stream") is True else None,
            "gen_ai.request.reasoning.level": config.get("effort"),
            "gen_ai.output.type": "json" if config.get("format") else None,
        }
        if settings.content or not settings.official_names:
            found["gen_ai.request.stop_sequences"] = body.get("stop_sequences")
    found |= _official(call, body, method) if settings.official_names else _sampling(body)
    return _known(found)


def _sampling(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "gen_ai.request.temperature": body.get("temperature"),
        "gen_ai.request.top_p": body.get("top_p"),
        "gen_ai.request.top_k": body.get("top_k"),
    }


def _official(call: Call[Any], body: Mapping[str, Any], method: TracedMethod) -> dict[str, Any]:
    thinking, betas = _object(body, "thinking"), call.headers.get("anthropic-beta")
    requests: object = body.get("requests") if method.name == "messages.batches.create" else None
    return {
        "anthropic.request.service_tier": body.get("service_tier"),
        "anthropic.thinking.type": thinking.get("type"),
        "anthropic.thinking.budget_tokens": thinking.get("budget_tokens"),
        "anthropic.beta": betas.split(",") if isinstance(betas, str) and betas else None,
        "anthropic.message.batch.request_count": (
            len(cast("list[object]", requests)) if isinstance(requests, list) else None
        ),
        "anthropic.message.batch.id": method.ids.get("message_batch_id"),
        "anthropic.file.id": method.ids.get("file_id"),
        "http.route": method.template,
        "url.scheme": call.url.scheme,
        "url.path": call.url.path,
        "url.full": str(call.url),
    }


def response_attributes(status: int, headers: Headers, resent: int) -> dict[str, Any]:
    """Return what the head of the last response tells.

    Args:
        status: its status.
        headers: its headers.
        resent: how often the request was sent again before it.
    """
    return _known(
        {
            "http.response.status_code": status,
            "http.request.resend_count": resent or None,
            "anthropic.request.id": headers.get("request-id"),
            "anthropic.organization.id": headers.get("anthropic-organization-id"),
            "anthropic.workspace.id": headers.get("anthropic-workspace-id"),
        }
    )


def message_attributes(
    result: Any, method: TracedMethod, settings: TelemetrySettings
) -> dict[str, Any]:
    """Return what the result of a call tells, or what was received of it."""
    official = settings.official_names
    if method.name != CREATE:
        kept = {"messages.batches.create": "anthropic.message.batch.id"}
        kept |= {"files.upload": "anthropic.file.id"}
        name = kept.get(method.name)
        return _known({name: getattr(result, "id", None)}) if official and name else {}
    stop, usage = getattr(result, "stop_reason", None), getattr(result, "usage", None)
    found: dict[str, Any] = {
        "gen_ai.response.id": getattr(result, "id", None),
        "gen_ai.response.model": getattr(result, "model", None),
    }
    if official:
        found["anthropic.message.stop_reason"] = stop
    else:
        found["gen_ai.response.finish_reasons"] = [stop] if isinstance(stop, str) else None
    if isinstance(usage, Usage):
        found |= _usage(usage)
        if official:
            found |= {
                f"anthropic.usage.cache_creation.ephemeral_{ttl}_input_tokens": getattr(
                    usage.cache_creation, f"ephemeral_{ttl}_input_tokens", None
                )
                for ttl in ("5m", "1h")
            }
            found["anthropic.response.service_tier"] = usage.service_tier
    return _known(found)


def _usage(usage: Usage) -> dict[str, Any]:
    counts, details = token_counts(usage), usage.output_tokens_details
    return {
        **{f"gen_ai.usage.{kind}_tokens": count for kind, count in counts.items()},
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read_input_tokens,
        "gen_ai.usage.cache_write.input_tokens": usage.cache_creation_input_tokens,
        "gen_ai.usage.reasoning.output_tokens": getattr(details, "thinking_tokens", None),
    }


def token_counts(usage: Usage) -> dict[str, int]:
    """Return all tokens of input, cached ones included, and those of output."""
    output = usage.output_tokens
    # A gateway may send anything in the place of a count.
    counted = isinstance(output, int)  # pyright: ignore[reportUnnecessaryIsInstance]
    return {"input": usage.total_input_tokens, "output": output if counted else 0}


def error_type(error: BaseException, *, official: bool) -> str:
    """Return the kind of an error: the API's word for it, or else a word of few values.

    Args:
        error: what ended a call.
        official: whether to use the words of the official package.
    """
    told = getattr(error, "type", None) if isinstance(error, APIError) else None
    if isinstance(told, str):
        return told
    if official and isinstance(error, StreamInterruptedError) and error.__cause__ is None:
        return "api_error"  # the body ended well, and the message had no end
    if official and isinstance(error, APIConnectionError):
        return "connection_error"
    return type(error).__name__


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value: object = body.get(name)
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _known(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if _fits(value)}


def _fits(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)  # pyright: ignore[reportUnknownVariableType]
    return isinstance(value, (str, int, float))

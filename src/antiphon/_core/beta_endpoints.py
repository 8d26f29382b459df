"""The endpoints of messages with the parameters that only betas have: see `endpoints`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..types.beta_params import (
    BetaCountTokensParams,
    BetaCreateParams,
    BetaParseParams,
    BetaStreamOutputParams,
)
from ..types.message import Message
from . import endpoints
from .call import Call
from .options import Options

__all__ = ["count_tokens", "create", "parse", "send", "stream"]

create = partial(endpoints.create, known=BetaCreateParams)
parse = partial(endpoints.parse, known=BetaParseParams, one_format=True)
stream = partial(endpoints.stream, known=BetaStreamOutputParams, one_format=True)
count_tokens = partial(endpoints.count_tokens, known=BetaCountTokensParams)


def send(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """Make the call of `create` with a type of output, which is sent and not read."""
    if "output_format" in params:
        params, _ = endpoints.with_format(params, one_format=True)
    return create(options, params)

"""The endpoints of models, each as a function; `endpoints` says how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .._wire.decoding import Decoder
from ..types.models import ModelInfo, ModelListParams
from .call import Call, of_one, with_id
from .options import Options
from .pages import PageContent, list_call

__all__ = [
    "list_models",
    "retrieve_model",
]

T = TypeVar("T")

_MODELS = "/v1/models"

_model: Decoder[ModelInfo] = Decoder(ModelInfo)
_read_model = with_id(_model.decode)


def list_models(options: Options, params: Mapping[str, Any]) -> Call[PageContent[ModelInfo]]:
    """Make the call of `models.list`: `GET /v1/models`."""
    return list_call(options, "models.list", _MODELS, params, ModelListParams, _model)


def retrieve_model(options: Options, params: Mapping[str, Any]) -> Call[ModelInfo]:
    """Make the call of `models.retrieve`: `GET /v1/models/{id}`."""
    return of_one(options, "GET", "models.retrieve", _MODELS, params, _read_model)

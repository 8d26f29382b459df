"""The official package's names: what they stand for, and what those that we lack say."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pydantic
import pytest

import antiphon
import antiphon.mcp
import antiphon.types
from antiphon.compat.names import FREE_DICTS, REFUSED, RENAMED
from tests.support.imports import loaded_by


def official(path: str) -> Any:
    """Return what a user gets who imports `path`, written with the official package's name."""
    module, _, name = path.replace("anthropic", "antiphon", 1).rpartition(".")
    return getattr(import_module(module), name)


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("anthropic.types.message_param.MessageParam", antiphon.types.MessageParam),
        (
            "anthropic.types.tool_choice_any_param.ToolChoiceAnyParam",
            antiphon.types.ToolChoiceAnyParam,
        ),
        ("anthropic.types.beta.BetaMessage", antiphon.types.Message),
        ("anthropic.types.beta.message_count_tokens_params.Tool", object),
        ("anthropic.types.beta.beta_text_block.BetaTextBlock", antiphon.types.TextBlock),
        (
            "anthropic.types.beta.message_create_params.MessageCreateParams",
            antiphon.types.CreateParams,
        ),
        (
            "anthropic.types.message_create_params.MessageCreateParamsNonStreaming",
            antiphon.types.CreateParamsNonStreaming,
        ),
        ("anthropic.types.messages.MessageBatch", antiphon.types.MessageBatch),
        (
            "anthropic.types.messages.message_batch_succeeded_result.MessageBatchSucceededResult",
            antiphon.types.MessageBatchSucceededResult,
        ),
        ("anthropic.types.RateLimitError", antiphon.types.RateLimitErrorObject),
        (
            "anthropic.types.shared.rate_limit_error.RateLimitError",
            antiphon.types.RateLimitErrorObject,
        ),
        ("anthropic.types.parsed_message.ParsedMessage", antiphon.types.ParsedMessage),
        ("anthropic.types.beta.ParsedBetaMessage", antiphon.types.ParsedMessage),
        ("anthropic.types.ParsedTextBlock", antiphon.types.ParsedTextBlock),
        ("anthropic.types.beta.ParsedBetaContentBlock", antiphon.types.ParsedContentBlock),
        ("anthropic.transform_schema", antiphon.outputs.transform_schema),
        ("anthropic.lib.streaming.MessageStream", antiphon.MessageStream),
        ("anthropic.lib.streaming.BetaAsyncMessageStream", antiphon.AsyncMessageStream),
        ("anthropic.lib.streaming.MessageStopEvent", antiphon.types.ParsedMessageStopEvent),
        ("anthropic.resources.messages.Messages", antiphon.Messages),
        ("anthropic.resources.messages.messages.AsyncMessages", antiphon.AsyncMessages),
        ("anthropic._exceptions.OverloadedError", antiphon.OverloadedError),
        ("anthropic._types.NOT_GIVEN", antiphon.NOT_GIVEN),
        ("anthropic._client.Anthropic", antiphon.Anthropic),
        ("anthropic._base_client.SyncAPIClient", antiphon.Client),
        ("anthropic.PaymentRequiredError", antiphon.BillingError),
        ("anthropic.beta_tool", antiphon.tool),
        ("anthropic.beta_async_tool", antiphon.tool),
        ("anthropic.lib.tools.beta_tool", antiphon.tool),
        ("anthropic.lib.tools.BetaFunctionTool", antiphon.FunctionTool),
        ("anthropic.lib.tools.BetaAsyncFunctionTool", antiphon.AsyncFunctionTool),
        ("anthropic.lib.tools.BetaBuiltinFunctionTool", antiphon.Tool),
        ("anthropic.lib.tools._beta_functions.ToolError", antiphon.ToolError),
        ("anthropic.tools.ToolError", antiphon.ToolError),
        ("anthropic.tools.memory.BetaAbstractMemoryTool", antiphon.MemoryTool),
        ("anthropic.lib.tools.BetaAsyncAbstractMemoryTool", antiphon.AsyncMemoryTool),
        (
            "anthropic.types.beta.BetaMemoryTool20250818ViewCommand",
            antiphon.types.MemoryTool20250818ViewCommand,
        ),
        ("anthropic.lib.tools.mcp.async_mcp_tool", antiphon.mcp.async_mcp_tool),
        ("anthropic.lib.tools.mcp.UnsupportedMCPValueError", antiphon.InputError),
        ("anthropic.lib.tools.BetaToolLike", antiphon.types.ToolLike),
        ("anthropic.OpenTelemetryOptions", antiphon.OpenTelemetryOptions),
        ("anthropic.ResolvedOpenTelemetryTraces", antiphon.OpenTelemetryTraces),
        ("anthropic.types.ThreadNotFoundError", antiphon.errors.ThreadNotFoundError),
    ],
)
def test_a_name_of_the_official_package_is_the_thing_itself(path, ours):
    assert official(path) is ours


def test_modules_are_found_without_an_import_of_their_own():
    assert antiphon.resources.messages.Messages is antiphon.Messages
    assert antiphon.types.beta.BetaUsage is antiphon.types.Usage
    assert antiphon.lib.streaming is import_module("antiphon.lib.streaming")


@pytest.mark.parametrize(
    "path",
    [
        "antiphon.types.mesage_param",
        "antiphon.resource",
        "antiphon.lib.x",
        "antiphon.types.Message",
    ],
)
def test_a_module_that_neither_package_has_is_not_found(path):
    with pytest.raises(ModuleNotFoundError):
        import_module(path)


@pytest.mark.parametrize(
    "path",
    ["anthropic.MesageStream", "anthropic.types.MesageParam", "anthropic.types.beta.BetaMesage"],
)
def test_a_name_that_neither_package_has_is_an_attribute_error(path):
    with pytest.raises(AttributeError, match=path.rpartition(".")[2]):
        official(path)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("anthropic.AnthropicBedrock", "base_url"),
        ("anthropic.lib.vertex.AsyncAnthropicVertex", "base_url"),
        ("anthropic.tools.memory.BetaLocalFilesystemMemoryTool", "docs/server-tools.md"),
        ("anthropic.lib.tools.agent_toolset.beta_bash_tool", "docs/tools.md"),
        ("anthropic.lib.credentials.WorkloadIdentityCredentials", "auth_token"),
        ("anthropic.types.BrowserKeyInput", "dict"),
        ("anthropic.types.beta.BetaManagedAgentsAgent", "official package"),
        ("anthropic.types.organization.APIKey", "official package"),
        ("anthropic.types.completion.Completion", "messages.create"),
        ("anthropic.HUMAN_PROMPT", "messages.create"),
    ],
)
def test_what_we_lack_can_be_mentioned_and_refuses_when_it_is_called(path, advice):
    thing = official(path)
    assert not isinstance(object(), thing)
    assert thing[int] is thing
    subclass = type("Mine", (thing,), {})
    for cls in (thing, subclass):
        with pytest.raises(NotImplementedError, match=re.escape(advice)) as refusal:
            cls("anything", key=1)
        assert path.rpartition(".")[2] in str(refusal.value)


def test_parameters_that_we_do_not_describe_are_dicts():
    pdf = antiphon.types.beta.BetaBase64PDFBlockParam
    assert pdf(type="document", keep=1) == {
        "type": "document",
        "keep": 1,
    }
    kept = pydantic.TypeAdapter(pdf).validate_python({"type": "x", "more": [1]})
    assert kept == {"type": "x", "more": [1]}


def test_the_same_name_gives_the_same_thing():
    for path in ("types.beta.BetaMCPToolsetParam", "AnthropicVertex"):
        assert official(f"anthropic.{path}") is official(f"anthropic.{path}")


def test_base_model_is_the_base_of_what_is_received():
    assert issubclass(antiphon.Message, antiphon.BaseModel)


def own_names() -> set[str]:
    """Return the names of the package that are its own, not those of the official one."""
    homes = (import_module(f"antiphon.{home}") for home in antiphon._HOMES)
    return {name for home in homes for name in home.__all__} | {*dir(antiphon)}


def test_the_tables_hold_no_name_that_we_have():
    assert not own_names() & {*RENAMED, *FREE_DICTS}


@pytest.mark.parametrize("target", sorted(set(RENAMED.values())))
def test_what_a_name_is_renamed_to_exists(target):
    module, _, name = target.rpartition(".")
    if module:
        assert hasattr(import_module(module), name)
    else:
        assert name in {*own_names(), *FREE_DICTS}


def test_the_sentences_are_sentences():
    for _, _, sentence in REFUSED:
        assert not sentence.endswith(".")
        assert len(sentence) < 200


def test_aliases_cost_nothing_and_are_hidden():
    loaded = loaded_by(
        "import antiphon; antiphon.Client; antiphon.types.MessageParam; dir(antiphon)"
    )
    assert "antiphon.compat.names" not in loaded
    assert not {"AnthropicBedrock", "beta_tool", "resources", "DEFAULT_TIMEOUT"} & set(
        dir(antiphon)
    )
    assert not {"beta", "BetaMessage"} & set(dir(antiphon.types))


def test_a_patch_of_a_method_under_the_official_path_is_seen_by_clients(monkeypatch):
    monkeypatch.setattr("antiphon.resources.messages.Messages.create", lambda *_, **__: "patched")
    assert antiphon.Client(api_key="k").messages.create() == "patched"


def test_constants_and_clients_of_httpx():
    fresh = antiphon.Client(api_key="k")
    assert (fresh.max_retries, fresh.timeout) == (
        antiphon.DEFAULT_MAX_RETRIES,
        antiphon.DEFAULT_TIMEOUT,
    )
    with antiphon.DefaultHttpxClient(headers={"x-a": "1"}) as client:
        assert client.timeout.connect == antiphon.DEFAULT_TIMEOUT.connect
        assert client.timeout.read == antiphon.DEFAULT_TIMEOUT.read
        assert client.headers["x-a"] == "1"
        assert client.follow_redirects
        antiphon.Client(api_key="k", http_client=client)

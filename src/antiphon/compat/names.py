"""The official package's names that are not ours: what each of them stands for here.

The official package keeps every type in a module of its own, and has a second copy of most for its
beta. We keep one class for each thing, so most names follow from rules: a module under `types` has
the names of `types`, and ``Beta`` is left out of a name if there is no class of the full name.
`RENAMED` holds what no rule tells. A name of something that we do not have is one of two things:

* a ``…Param``, which is a dict of any keys (`FREE_DICTS`): what you send is not ours to judge;
* a class that can be imported, used in annotations and in `isinstance`, and subclassed, and that
  raises one sentence when it is called (`REFUSED`): the sentence says what to do instead.

Nothing here runs before somebody uses such a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from .. import errors
from .refusals import free_dict, refused

__all__ = ["FREE_DICTS", "REFUSED", "RENAMED", "find", "is_module"]

# Names that stand for a part of one class, and are used in annotations alone.
_PARTS = """
    AppliedEdit Checkout ClientToolResults Config Content Edit Effort FallbackCreditToken
    InitialEvent Keep Networking PermissionPolicy Resource Rubric ServerToolResults Source Status
    Thinking ToolChange Trigger UserInput
"""

_MCP = """
    async_mcp_tool mcp_content mcp_message mcp_resource_to_content mcp_resource_to_file mcp_tool
"""

RENAMED = {
    "APIWebhookValidationError": "APIResponseValidationError",
    "AbstractMemoryTool": "MemoryTool",
    "AnthropicBetaParam": "builtins.str",
    "AsyncAbstractMemoryTool": "AsyncMemoryTool",
    "AsyncBuiltinFunctionTool": "Tool",
    "AsyncPageCursor": "AsyncPage",
    "BaseModel": "antiphon._wire.decoding.WireModel",
    "BetaAsyncStreamingToolRunner": "AsyncBetaStreamingToolRunner",
    "BetaAsyncToolRunner": "AsyncBetaToolRunner",
    "BashCodeExecutionToolResultErrorCode": "BashCodeExecutionErrorCode",
    "BuiltinFunctionTool": "Tool",
    "Citation": "TextCitation",
    "CitationConfig": "CitationsConfig",
    "CitationSearchResultLocation": "CitationsSearchResultLocation",
    "CitationWebSearchResultLocation": "CitationsWebSearchResultLocation",
    "CitationsConfigParamParam": "CitationsConfigParam",
    "CodeExecutionToolResultErrorCode": "CodeExecutionErrorCode",
    "Error": "ErrorObject",
    "ErrorType": "builtins.str",
    "FunctionToolResultType": "builtins.object",
    "GenericModel": "antiphon._wire.decoding.WireModel",
    "InputJsonDelta": "InputJSONDelta",
    "MessageCountTokensToolParam": "ToolUnionParam",
    "MessageCreateParamsBase": "CreateParams",
    "MessageCreateParamsContainerParam": "ContainerParams",
    "MessageCreateParamsNonStreaming": "CreateParamsNonStreaming",
    "MessageCreateParamsStreaming": "CreateParamsStreaming",
    "Metadata": "MetadataParam",
    "DefaultAsyncHttpxClient": "antiphon.compat.httpx_clients.DefaultAsyncHttpxClient",
    "DefaultHttpxClient": "antiphon.compat.httpx_clients.DefaultHttpxClient",
    "DEFAULT_CONNECTION_LIMITS": "antiphon.compat.httpx_clients.DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RETRIES": "antiphon.compat.shims.DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT": "antiphon.compat.shims.DEFAULT_TIMEOUT",
    "DEPRECATED_MODELS": "antiphon.compat.shims.DEPRECATED_MODELS",
    "ERROR_CLASSES": "antiphon.compat.shims.ERROR_CLASSES",
    "NoneType": "types.NoneType",
    "OpenTelemetryClientOption": "builtins.object",
    "OutputFormat": "JSONOutputFormatParam",
    "ParsedMessageStreamEvent": "MessageStreamEvent",
    "ParsedTextEvent": "TextEvent",
    "Request": "BatchRequestParam",
    "RequestDocumentBlockParam": "DocumentBlockParam",
    "RequestParamsOutputFormat": "JSONOutputFormatParam",
    "ResolvedOpenTelemetryOptions": "OpenTelemetryOptions",
    "ResolvedOpenTelemetryTraces": "OpenTelemetryTraces",
    "ResponseToolUseBlockUnion": "ToolUseBlock",
    "StreamAlreadyConsumed": "UsageError",
    "SyncPageCursor": "SyncPage",
    "TextEditorCodeExecutionToolResultErrorCode": "TextEditorCodeExecutionErrorCode",
    "ThreadUnsupportedFeatureName": "builtins.str",
    "ToolChoiceToolChoiceAny": "ToolChoiceAnyParam",
    "ToolChoiceToolChoiceAuto": "ToolChoiceAutoParam",
    "ToolChoiceToolChoiceTool": "ToolChoiceToolParam",
    "ToolSearchToolResultErrorCode": "builtins.str",
    "ToolUseCaller": "Caller",
    "UserLocation": "UserLocationParam",
    "transform_schema": "antiphon.output_schema.transform_schema",
    "WebFetchToolResultErrorCode": "WebFetchErrorCode",
    "WebSearchToolResultErrorCode": "WebSearchErrorCode",
    "UnsupportedMCPValueError": "InputError",
    **{name: f"antiphon.mcp.{name}" for name in _MCP.split()},
    "beta_async_tool": "antiphon.tools.tool",
    "beta_tool": "antiphon.tools.tool",
    **dict.fromkeys(_PARTS.split(), "builtins.object"),
}
"""Our name for a thing, or the module and the name of something else."""

# What the private modules have.
_PRIVATE = {
    "AsyncAPIClient": "AsyncClient",
    "BaseAPIResponse": "antiphon.responses.BaseResponse",
    "BaseClient": "antiphon.base_client.BaseClient",
    "AsyncStreamedBinaryAPIResponse": "AsyncStreamedResponse",
    "LegacyAPIResponse": "APIResponse",
    "StreamedBinaryAPIResponse": "StreamedResponse",
    "SyncAPIClient": "Client",
    "FinalRequestOptions": "antiphon._core.any_endpoint.FinalRequestOptions",
}

# Streams have two events of one name: those of the wire, and those that `stream` makes of them.
_IN_STREAMING = {
    "ContentBlockStopEvent": "ParsedContentBlockStopEvent",
    "MessageStopEvent": "ParsedMessageStopEvent",
}

_FREE_DICTS = """
    Base64PDFBlockParam CodeExecutionToolResultBlockParamContentParam RequestOptions
    WebSearchToolResultBlockParamContentParam
"""

FREE_DICTS = frozenset(_FREE_DICTS.split())
"""Parameters that we do not describe, without ``Beta``: they are dicts, sent as you write them."""

_CLOUD = (
    "antiphon has no client for this cloud yet; use the official package for it, or"
    " Client(base_url=…)"
    " with a gateway that has the paths of the Messages API"
)
_TOOLS = (
    "antiphon has no such toolset; make tools of your own functions with antiphon.tool, as"
    " docs/tools.md shows"
)
_AGENTS = "managed agents are not a part of antiphon; use the official package for them"
_ADMIN = "the Admin API is not a part of antiphon; use the official package for it"
_SKILLS = (
    "the API of skills is not a part of antiphon; a message uses a skill by its id:"
    " container={'skills': […]}"
)
_PROFILES = (
    "the API of user profiles is not a part of antiphon; a call names its profile:"
    " user_profile_id=…"
)
_INSIDE = "this is an inside of the official package, and antiphon has nothing for it"
_BLOCKS = "it is received with all its fields, as a block or object whose `type` tells its kind"
_TYPES = r"types(\.\w+)*"
_ANY = r".*"

REFUSED: tuple[tuple[str, str, str], ...] = (
    (_ANY, r"(Async)?Anthropic(Bedrock|BedrockMantle|AWS|Vertex|GoogleCloud|Foundry)", _CLOUD),
    (r"lib\.(bedrock|aws|vertex|google_cloud|foundry)(\.\w+)?", _ANY, _CLOUD),
    (
        r"(lib\.)?tools(\.\w+)*",
        r"Beta(Async)?LocalFilesystemMemoryTool",
        "make a subclass of antiphon.MemoryTool; docs/server-tools.md has one that keeps a folder",
    ),
    (r"(lib\.)?tools(\.\w+)*", _ANY, _TOOLS),
    (
        r"lib\.credentials(\.\w+)?|",
        (
            r"IdentityTokenFileError|AccessToken\w*|.*Credential.*|.*Token|TokenCache|EnvToken"
            r"|InMemoryConfig"
            r"|WorkloadIdentity\w+|.*Provider|exchange_\w+|IdentityTokenFile|default_credentials"
        ),
        (
            "antiphon takes a key (api_key=) or a token (auth_token=); exchange the credential"
            " yourself"
        ),
    ),
    (r"lib\.(environments|sessions)(\.\w+)?", _ANY, _AGENTS),
    (
        (
            r"(types|resources)\.beta\.(agents|deployments|environments|memory_stores|sessions"
            r"|tunnels|vaults|dreams|webhooks|deployment_runs)(\.\w+)*"
        ),
        _ANY,
        _AGENTS,
    ),
    (
        r"(types|resources)\.beta(\.\w+)*",
        (
            r".*(ManagedAgents|Dream|Tunnel|Vault|Webhook|Deployment|Environment|MemoryStore"
            r"|SelfHosted"
            r"|CloudConfig|Packages|LimitedNetwork|UnrestrictedNetwork|OutputBehavior|WorkLease).*"
            r"|(Async)?(Beta)?(Agent|Session)s?(\w+Params|With\w+)?|BetaInvalidConfigTypeChange\w+"
        ),
        _AGENTS,
    ),
    (r"(types|resources)\.(beta\.)?organization(\.\w+)*", _ANY, _ADMIN),
    (r"(types|resources)(\.\w+)*", r".*(Organization|RBACRole).*", _ADMIN),
    (r"(types|resources)\.(beta\.)?user_profiles(\.\w+)*", _ANY, _PROFILES),
    (
        r"(types|resources)(\.\w+)*",
        r".*UserProfile.*|(Beta)?(MonetaryAmount\w*|Currency|BillTo)",
        _PROFILES,
    ),
    (r"(types|resources)\.(beta\.)?skills(\.\w+)*", _ANY, _SKILLS),
    (
        r"(types|resources)(\.\w+)*",
        r"(Async)?(Beta)?(Deleted)?Skills?(With\w+|Source|(List|Create|Delete|Retrieve)\w+)?",
        _SKILLS,
    ),
    (
        _TYPES,
        (
            r"(Beta)?(Response)?(Browser|Computer)\w+|(Beta)?ToolsetToolUseBlock"
            r"|(BETA_)?(BROWSER|COMPUTER)_MEMBER_NAME_VALUES"
        ),
        (
            "send the toolset as a dict, {'type': 'browser_toolset_20260801'}; its calls are"
            " received as"
            " ToolUseBlock, whose input is a dict"
        ),
    ),
    (
        _TYPES,
        (
            r"Beta(ToolBash|ToolComputerUse|ToolTextEditor|CodeExecutionTool|MemoryTool"
            r"|WebFetchTool|WebSearchTool|ToolSearchTool(Bm25_?|Regex)|AdvisorTool|MCPToolset"
            r"|MCPToolParam)\d*(Command"
            r"|\w+Command)?|BetaWebFetchURLSource\w*|BetaUserLocation|BetaMCPTool"
            r"|BetaResponseTool\w*"
        ),
        "tools are sent as dicts; the class with Param in its name describes them",
    ),
    (
        _TYPES,
        (
            r"(Beta)?(CapabilitySupport|(Effort|Thinking|ServerTools|ContextManagement"
            r"|Compaction)Capability"
            r"|ThinkingTypes|ModelLine)"
        ),
        "ModelInfo.capabilities holds it, as the API sends it",
    ),
    (
        _TYPES,
        (
            r"(Beta)?(Advisor|Fallback|Compaction|MCPTool)\w+|Beta(IterationsUsage(Item)?"
            r"|\w+IterationUsage"
            r"|FileScope|ThinkingPrefixMismatchBehavior|\w*InputTransformation"
            r"|ToolChangeToolDefinition"
            r"|(CountTokens)?ContextManagementResponse|Clear\w+EditResponse|CapabilitySupport)"
        ),
        _BLOCKS,
    ),
    (
        _ANY,
        r"(Async)?Completion\w*|HUMAN_PROMPT|AI_PROMPT",
        "the Text Completions API is retired; call client.messages.create",
    ),
    (
        r"(_middleware|lib\.middleware(\.\w+)?|_request|)",
        (r"Beta(Fallback|Refusal)\w+"),
        (
            "antiphon does not ask other models after a refusal by itself; look at"
            " message.stop_reason, or write a middleware, as docs/middleware.md shows"
        ),
    ),
    (
        r"pagination",
        r"(Sync|Async)(TokenPage|BidirectionalPageCursor|ReportPageCursor)",
        "no list of antiphon has pages of this kind; SyncPage and AsyncPage are the others",
    ),
    (
        r"lib|",
        r"(async_)?files_from_dir|file_from_path",
        "pass the path itself: client.files.upload(file=Path(…))",
    ),
    (
        r"|_base_client",
        r"DefaultAioHttpClient",
        "leave http_client= out: antiphon's own async transport is as fast, and needs no aiohttp",
    ),
    (
        r"",
        r"Transport|ProxiesTypes",
        "pass http_client=httpx2.Client(transport=…, proxy=…)",
    ),
)
"""What we do not have: the modules and the names (both as patterns), and what to do instead.

The first row that fits wins. The patterns are broad where whole APIs are missing.
"""

_BELOW = r"(\.[a-z0-9_]+)*"
_NAMESPACES = (
    r"lib(\.(streaming|tools|threads|middleware|credentials|environments|sessions|bedrock|aws"
    r"|vertex"
    rf"|google_cloud|foundry|_[a-z_]+){_BELOW})?"
    r"|resources(\.(messages|models|files|beta|completions|skills|user_profiles|organization)"
    rf"{_BELOW})?"
    r"|pagination|tools(\.(browser|computer|memory))?"
    r"|types\.(beta|messages|beta\.messages|shared|shared_params)"
    r"|types\.(beta\.)?(agents|environments|memory_stores|organization|sessions|skills|tunnels"
    rf"|user_profiles|vaults){_BELOW}"
    r"|_(base_client|client|compat|constants|error_classes|exceptions|files|legacy_response"
    r"|middleware|models|qs|request|resource|response|streaming|types)"
    rf"|_(data|tracing|utils)(\._[a-z_]+)*|_decoders(\.[a-z_]+)?"
)
# A name of ours in these modules is that of another class: a client of a cloud has `Messages` too.
_NOT_OURS = (
    r"lib\.(bedrock|aws|vertex|google_cloud|foundry|environments|sessions|credentials"
    rf"|middleware){_BELOW}"
)
_TYPE_PACKAGES = {
    "types",
    "types.beta",
    "types.messages",
    "types.beta.messages",
    "types.shared",
    "types.shared_params",
}


def is_module(path: str) -> bool:
    """Return whether the official package has a module `path`, without the package's name."""
    if path != path.lower():
        return False
    if re.fullmatch(_NAMESPACES, path):
        return True
    package, _, last = path.rpartition(".")
    return package in _TYPE_PACKAGES and _names_a_type(package, last.replace("_", ""))


def _names_a_type(package: str, squashed: str) -> bool:
    """Return whether a module's name, lower case without underscores, is that of a type."""
    if {squashed, squashed.replace("beta", "", 1)} & _squashed_types():
        return True
    return any(
        re.fullmatch(modules, package) and re.fullmatch(names, squashed, re.IGNORECASE)
        for modules, names, _ in REFUSED
    )


@cache
def _squashed_types() -> frozenset[str]:
    types: list[str] = import_module("antiphon.types").__all__
    details = {f"{name}Details" for name in errors.CODED_CLASSES}
    known = {*types, *RENAMED, *FREE_DICTS, *errors.CODED_CLASSES, *details}
    return frozenset(
        name.replace("_", "").lower()
        for each in known
        for name in (each, each.removesuffix("Object"))
    )


def find(path: str, name: str) -> object:
    """Return what the official package's `name` in its module `path` stands for.

    Args:
        path: the module, without the package's name: `""` for the package itself.
        name: the name in it.

    Raises:
        AttributeError: there is no such name.
    """
    if not name.startswith("__"):
        for ours in _candidates(path, name):
            found = _ours(path, ours)
            if found is not None:
                return found
        if name.replace("Beta", "", 1) in FREE_DICTS:
            return free_dict(name)
        for modules, names, sentence in REFUSED:
            if re.fullmatch(modules, path) and re.fullmatch(names, name):
                return refused(name, sentence)
    if _is_private(path) and not name.startswith("__"):
        return refused(name, _INSIDE)
    module = f"antiphon.{path}".rstrip(".")
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def _is_private(path: str) -> bool:
    return any(part.startswith("_") for part in path.split("."))


def _candidates(path: str, name: str) -> Iterator[str]:
    """Give the names that we may have for `name`, the likeliest first."""
    if re.fullmatch(_NOT_OURS, path):
        return
    if path.startswith("resources.beta"):
        yield re.sub(r"^(Async)?(?!Beta)", r"\1Beta", name)
        if "Messages" in name:  # a tracer patches both classes, and must not patch one twice
            return
    # The full name first: a few classes exist for the beta alone. The dict drops repetitions.
    for known in dict.fromkeys((name, name.replace("Beta", "", 1))):
        if path.startswith("lib.streaming") and known in _IN_STREAMING:
            yield _IN_STREAMING[known]
        if path.startswith("types") and known == "Tool":
            yield "builtins.object"  # a part of one class, as those above are; ours is another
        if path.startswith("_") and known in _PRIVATE:
            yield _PRIVATE[known]
        yield known
        if known in RENAMED:
            yield RENAMED[known]
        if path.startswith("types") and known.endswith("Error"):
            yield f"{known}Object"
        if known in errors.CODED_CLASSES:
            yield f"antiphon.errors.{known}"
        if path.startswith("types") and known.endswith("ErrorDetails"):
            yield "ErrorDetails"


def _ours(path: str, name: str) -> object:
    """Return the thing that we call `name`; None if there is none."""
    module, _, last = name.rpartition(".")
    if module:
        return getattr(import_module(module), last)
    found: object = import_module("antiphon.types")._find(name)
    if found is None and not path.startswith("types"):
        found = import_module("antiphon")._find(name)
    if found is None and _is_private(path):
        shims = import_module("antiphon.compat.shims")
        found = getattr(shims, name) if name in shims.__all__ else None
    return found

"""The table of rules: what the API refuses, in its own words.

The order of the table is the order of checking. It matters: the API reports one problem per
response, so of two problems the user is told the one that stands first. From responses of the API
this much is known: the form of the body comes first, then the model, then what fields mean
together, then the length of the prompt. Inside these steps the order is ours: as fields stand in
the documentation, a special case before its general one, and what is costly to look at last.

The rules `depth` and `shape.…` are about the form of a body: `validators` finds what breaks them.
Each other rule has a check in a chapter (`conversation`, `tools`, `thinking` …), registered under
its id. To add a rule, add an entry here, a check there, and a request that breaks it to the table
of the tests.
"""

from __future__ import annotations

from .rule import Rule

__all__ = ["RULES"]

_DOCS = (
    "Please consult our documentation at"
    " https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
)
_IMPORTANT = f"{_DOCS}#important-considerations-when-using-extended-thinking"
_TAG = (
    "{path}: Input tag '{found}' found using 'type' does not match any of the expected tags:"
    " {expected}"
)

# A table: the formatter would give each argument a line of its own.
# fmt: off
RULES: tuple[Rule, ...] = (
    # The form of the body: depth, fields, types. Only if it is right, the rest is looked at.
    Rule("depth", "The request body is nested too deeply",
         source="Errors", evidence="C 2026-08", remedy="Flatten it."),
    Rule("shape.required", "{path}: Field required",
         source="Errors", evidence="A 2026-07", remedy="Add the field."),
    Rule("shape.unknown", "{path}: Extra inputs are not permitted",
         source="Errors", evidence="A 2026-06",
         remedy="Leave the field out, or correct its name."),
    Rule("shape.string", "{path}: Input should be a valid string",
         source="Errors", evidence="B 2025-08", remedy="Send text."),
    Rule("shape.integer", "{path}: Input should be a valid integer",
         source="Errors", evidence="B 2025-08", remedy="Send a whole number."),
    Rule("shape.number", "{path}: Input should be a valid number",
         source="Errors", evidence="B 2025-08", remedy="Send a number."),
    Rule("shape.boolean", "{path}: Input should be a valid boolean",
         source="Errors", evidence="B 2025-08", remedy="Send true or false."),
    Rule("shape.list", "{path}: Input should be a valid list",
         source="Errors", evidence="B 2025-08", remedy="Send a list."),
    Rule("shape.object", "{path}: Input should be a valid dictionary",
         source="Errors", evidence="B 2025-08", remedy="Send an object."),
    Rule("shape.enum", "{path}: Input should be {expected}",
         source="Errors", evidence="B 2025-09", remedy="Use one of the values listed."),
    Rule("shape.tag", _TAG,
         source="Errors", evidence="A 2026-10", remedy="Use one of the types listed."),
    Rule("shape.small", "{path}: Input should be greater than or equal to {least}",
         source="Errors", evidence="A 2026-03", remedy="Send a larger number."),
    Rule("shape.large", "{path}: Input should be less than or equal to {most}",
         source="Errors", evidence="C 2026-08", remedy="Send a smaller number."),
    Rule("shape.short", "{path}: String should have at least {least} character{s}",
         source="Errors", evidence="B 2025-08", remedy="Send a longer text."),
    Rule("shape.long", "{path}: String should have at most {most} character{s}",
         source="Errors", evidence="A 2026-09", remedy="Send a shorter text."),
    Rule("shape.pattern", "{path}: String should match pattern '{pattern}'",
         source="Errors", evidence="A 2026-07", remedy="Use only the characters allowed."),
    Rule("shape.url", "{path}: Input should be a valid URL, {what}",
         source="Vision", evidence="C 2026-11", remedy="Send a whole URL."),
    Rule("shape.url.scheme", "{path}: URL scheme should be 'http' or 'https'",
         source="Vision", evidence="C 2026-11",
         remedy="Send the URL of a public page, or the data in base64."),
    Rule("shape.list.short",
         "{path}: List should have at least {least} item{s} after validation, not {found}",
         source="Errors", evidence="C 2026-08", remedy="Send more items."),
    Rule("shape.list.long",
         "{path}: List should have at most {most} item{s} after validation, not {found}",
         source="Errors", evidence="C 2026-08", remedy="Send fewer items."),

    # The ids of a batch, and the model: most of the rules below depend on what the model can do.
    Rule("batches.custom_id", "{path}: custom_id must be unique in a batch",
         source="Batch processing", evidence="C 2026-08",
         remedy="Give every request an id of its own."),
    Rule("metadata.user_id.email",
         "{path}: user_id appears to contain an email address. Please send a uuid or hash value"
         " instead.",
         source="Messages", evidence="B 2025-04",
         remedy="Send an opaque id: a UUID, or a hash of the address."),
    Rule("metadata.user_id.phone",
         "{path}: user_id appears to contain a phone number. Please send a uuid or hash value"
         " instead.",
         source="Messages", evidence="C 2025-04",
         remedy="Send an opaque id: a UUID, or a hash of the number."),
    Rule("model", "model: {name}",
         source="Errors", evidence="A 2026-07", remedy="Use a model of GET /v1/models.",
         status=404, type="not_found_error"),

    # Messages: roles and content. An empty text with `cache_control` has a text of its own, so
    # `cache.empty_text` stands before `text.empty`.
    Rule("messages.none", "messages: at least one message is required",
         source="Messages", evidence="B 2025-06", remedy="Send at least one message."),
    Rule("messages.role",
         'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant"',
         source="Messages", evidence="B 2024-01", remedy="Use the roles user and assistant."),
    Rule("messages.system.model", "role 'system' is not supported on this model",
         source="Mid-conversation system messages", evidence="A 2026-05",
         remedy="Use the top-level `system`, or another model."),
    Rule("messages.system.place",
         "{path}: a 'system' message must follow a user message, or an assistant message that"
         " ends with a server tool result, and must be the last message or be followed by an"
         " assistant message",
         source="Mid-conversation system messages", evidence="C 2026-08",
         remedy="Move the system message right behind a user message."),
    Rule("messages.system.content", "{path}: 'system' messages cannot contain `{type}` blocks",
         source="Mid-conversation system messages", evidence="C 2026-08", remedy="Keep to text."),
    Rule("messages.beta", _TAG,
         source="Beta headers", evidence="A 2026-10",
         remedy="Send the `anthropic-beta` header of the feature."),
    Rule("messages.empty",
         "{path}: all messages must have non-empty content except for the optional final"
         " assistant message",
         source="Messages", evidence="A 2026-01", remedy="Give every message content."),
    Rule("cache.empty_text", "{path}: cache_control cannot be set for empty text blocks",
         source="Prompt caching", evidence="A 2026-08",
         remedy="Move cache_control to a block with text."),
    Rule("text.empty", "{where}: text content blocks must be non-empty",
         source="Messages", evidence="A 2026-09", remedy="Leave the block out."),
    Rule("text.blank", "messages: text content blocks must contain non-whitespace text",
         source="Messages", evidence="B 2026-08", remedy="Leave the block out."),
    Rule("prefill.unsupported",
         "This model does not support assistant message prefill. The conversation must end with"
         " a user message.",
         source="Errors", evidence="C 2026-10",
         remedy="End the conversation with a user message."),
    Rule("prefill.space", "messages: final assistant content cannot end with trailing whitespace",
         source="Messages", evidence="B 2025-08", remedy="Strip the end of the last message."),
    Rule("prefill.format",
         "Assistant message prefill is not supported with `output_config.format`.",
         source="Structured outputs", evidence="C 2026-08",
         remedy="End the conversation with a user message."),
    Rule("version.documents", "{path}: `document` blocks are not allowed in `assistant` messages",
         source="API versions", evidence="C 2026-10", remedy="Send documents in user messages."),
    Rule("version.citations", "{path}: citations are not allowed in `user` messages",
         source="API versions", evidence="C 2026-10",
         remedy="Leave citations out of what the user says."),

    # Tools: their definitions, then the choice among them, then calls and their results.
    Rule("tools.unique", "tools: Tool names must be unique.",
         source="Tool use", evidence="A 2026-05", remedy="Rename one of the tools."),
    Rule("tools.root_union",
         "{path}: input_schema does not support oneOf, allOf, or anyOf at the top level",
         source="Tool use", evidence="A 2026-07", remedy="Put the union into a property."),
    Rule("tools.property_keys", "{path}: Property keys should match pattern '{pattern}'",
         source="Tool use", evidence="A 2026-09",
         remedy="Rename the inputs of the tool: letters, digits, `_`, `.` and `-`, at most 64."),
    Rule("tools.schema",
         "{path}: JSON schema is invalid. It must match JSON Schema draft 2020-12"
         " (https://json-schema.org/draft/2020-12). Learn more about tool use at"
         " https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview.",
         source="Tool use", evidence="A 2026-08",
         remedy="Correct the schema; see JSON Schema draft 2020-12."),
    Rule("tools.model",
         "'{model}' does not support tool types: {type}. Did you mean one of {others}?",
         source="Errors", evidence="C 2026-10", remedy="Use a newer kind of the tool."),
    Rule("tools.domains",
         "{path}: only one of `allowed_domains` and `blocked_domains` may be given",
         source="Server tools", evidence="C 2026-08", remedy="Keep one of the two lists."),
    Rule("tools.deferred",
         "At least one tool must have defer_loading=false. All tools cannot be deferred.",
         source="Tool search", evidence="C 2026-08",
         remedy="Leave defer_loading out of one tool."),
    Rule("tools.deferred.cached",
         "{path}: `cache_control` cannot be set together with `defer_loading`",
         source="Tool search", evidence="C 2026-08", remedy="Mark another tool."),
    Rule("tools.reference", "Tool reference '{name}' not found in available tools",
         source="Tool search", evidence="A 2026-10",
         remedy="Define the tool, or drop the reference."),
    Rule("tool_choice.tools", "tool_choice may only be specified while providing tools",
         source="Tool use", evidence="B 2026-09",
         remedy="Send tools, or leave tool_choice out."),
    Rule("tool_choice.name", "Tool '{name}' not found in provided tools",
         source="Tool use", evidence="B 2026-09", remedy="Choose one of the tools sent."),
    Rule("tool_choice.model",
         'tool_choice: type "tool" and "any" are not supported for this model.',
         source="Errors", evidence="C 2026-10",
         remedy="Use tool_choice auto, and ask for the tool in the prompt."),
    Rule("tool_choice.thinking", "Thinking may not be enabled when tool_choice forces tool use.",
         source="Extended thinking", evidence="A 2026-03",
         remedy="Switch thinking off, or leave the choice free."),
    Rule("blocks.use_role", "`tool_use` blocks can only be in `assistant` messages",
         source="Tool use", evidence="A 2026-01", remedy="Put tool_use into assistant messages."),
    Rule("blocks.result_role", "`tool_result` blocks can only be in `user` messages",
         source="Tool use", evidence="A 2026-01", remedy="Put tool_result into user messages."),
    Rule("tool_use.ids", "{path}: `tool_use` ids must be unique",
         source="Tool use", evidence="A 2026-02", remedy="Give every call an id of its own."),
    Rule("tool_use.unanswered",
         "{path}: `tool_use` ids were found without `tool_result` blocks immediately after:"
         " {ids}. Each `tool_use` block must have a corresponding `tool_result` block in the"
         " next message.",
         source="Tool use", evidence="A 2026-07",
         remedy="Answer every call in the next message, results first."),
    Rule("tool_result.orphan",
         "{path}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each"
         " `tool_result` block must have a corresponding `tool_use` block in the previous"
         " message.",
         source="Tool use", evidence="A 2026-10",
         remedy="Send the call before its result, or drop the result."),
    Rule("tool_result.duplicate",
         "{path}: each tool_use must have a single result. Found multiple `tool_result` blocks"
         " with id: {id}",
         source="Tool use", evidence="A 2026-06", remedy="Keep one result for each call."),
    Rule("server_tools.orphan",
         "{path}: unexpected `tool_use_id` found in `{kind}` blocks: {id}. Each `{kind}` block"
         " must have a corresponding `server_tool_use` block before it.",
         source="Server tools", evidence="A 2026-10",
         remedy="Send the server_tool_use block before its result."),
    Rule("programmatic.results",
         "{path}: only `tool_result` blocks may follow tool uses generated by code execution,"
         " found `{type}`",
         source="Programmatic tool calling", evidence="C 2026-08",
         remedy="Send the results alone."),
    Rule("server_tools.unanswered",
         "{path}: `{name}` tool use with id `{id}` was found without a corresponding `{result}`"
         " block",
         source="Server tools", evidence="C 2026-08",
         remedy="Send the blocks of the assistant back as they were received."),
    Rule("server_tools.missing",
         "{path}: `server_tool_use` block found, but no `{name}` tool was provided",
         source="Server tools", evidence="C 2026-08",
         remedy="Send the tools with which the conversation was had."),
    Rule("programmatic.source", "source tool `{source}` not found for tool use block `{id}`",
         source="Programmatic tool calling", evidence="A 2026-10",
         remedy="Send the blocks of the assistant back as they were received."),
    Rule("programmatic.container",
         "container_id is required when there are pending tool uses generated by code execution"
         " with tools.",
         source="Programmatic tool calling", evidence="A 2026-08",
         remedy="Send the id of the `container` of the last response."),

    # Sampling. What the API version rules out comes before what the model rules out.
    Rule("sampling.version", "{path}: Extra inputs are not permitted",
         source="API versions", evidence="C 2026-10",
         remedy="Leave sampling parameters out, or send version 2023-06-01."),
    Rule("sampling.range", "temperature: range: 0..1",
         source="Messages", evidence="B 2025-03", remedy="Send a temperature from 0 to 1."),
    Rule("sampling.model", "`{path}` is deprecated for this model.",
         source="Models", evidence="A 2026-08", remedy="Leave the parameter out."),
    Rule("sampling.both",
         "`temperature` and `top_p` cannot both be specified for this model. Please use only"
         " one.",
         source="Messages", evidence="A 2026-01", remedy="Give temperature or top_p, not both."),
    Rule("sampling.thinking.temperature",
         "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode. "
         + _IMPORTANT,
         source="Extended thinking", evidence="A 2026-08",
         remedy="Leave temperature out while thinking."),
    Rule("sampling.thinking.top_k",
         "`top_k` must be unset when thinking is enabled. "
         + _IMPORTANT,
         source="Extended thinking", evidence="B 2025-09",
         remedy="Leave top_k out while thinking."),
    Rule("sampling.thinking.top_p",
         ("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or"
          " in adaptive mode. ")
         + _IMPORTANT,
         source="Extended thinking", evidence="C 2026-08",
         remedy="Leave top_p out while thinking."),

    # Thinking. Two refusals have texts of their own; `thinking.type` is for the other ones.
    Rule("thinking.adaptive", "adaptive thinking is not supported on this model",
         source="Errors", evidence="C 2026-10",
         remedy='Use {"type": "enabled", "budget_tokens": …}.'),
    Rule("thinking.off",
         'To turn thinking off on this model, send "thinking": {{"type": "between_tools"}}'
         ' instead of {{"type": "disabled"}}.',
         source="Errors", evidence="C 2026-10", remedy="Use the type between_tools."),
    Rule("thinking.type",
         '"thinking.type.{type}" is not supported for this model. Use "thinking.type.adaptive"'
         ' and "output_config.effort" to control thinking behavior.',
         source="Errors", evidence="C 2026-10",
         remedy="Use a type of thinking that the model has."),
    Rule("thinking.budget",
         "`max_tokens` must be greater than `thinking.budget_tokens`. "
         + _DOCS + "#max-tokens-and-context-window-size",
         source="Extended thinking", evidence="A 2026-02",
         remedy="Raise max_tokens, or lower the budget."),
    Rule("thinking.first",
         "{path}: If an assistant message contains any thinking blocks, the first block must be"
         " `thinking` or `redacted_thinking`. Found `{type}`.",
         source="Extended thinking", evidence="A 2026-01",
         remedy="Send the thinking block first, as it was received."),
    Rule("thinking.expected",
         ("{path}.type: Expected `thinking` or `redacted_thinking`, but found `{type}`. When"
          " `thinking` is enabled, a final `assistant` message must start with a thinking block"
          " (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend"
          " you include thinking blocks from previous turns. To avoid this requirement, disable"
          " `thinking`. ") + _DOCS,
         source="Extended thinking", evidence="A 2026-01",
         remedy="Send back the thinking that came before the call."),
    Rule("thinking.final",
         "{path}: When thinking is disabled, an `assistant` message in the final position cannot"
         " contain `{type}`. To use thinking blocks, enable `thinking` in your request.",
         source="Extended thinking", evidence="B 2025-11",
         remedy="Enable thinking, or leave the block out."),
    Rule("thinking.clearing",
         "`{type}` strategy requires `thinking` to be enabled or adaptive",
         source="Context editing", evidence="A 2026-04",
         remedy="Enable thinking, or leave the edit out."),
    Rule("thinking.empty", "{path}: each thinking block must contain thinking",
         source="Extended thinking", evidence="B 2025-06",
         remedy="Send the block as it was received, or leave it out."),

    # Effort: whether the model has it at all, then its level.
    Rule("effort.model", "This model does not support the effort parameter.",
         source="Effort", evidence="A 2026-06", remedy="Leave the effort out."),
    Rule("effort.level",
         "This model does not support effort level '{effort}'. Supported levels: {levels}.",
         source="Effort", evidence="A 2026-04", remedy="Use one of the levels listed."),
    Rule("effort.thinking",
         "output_config.effort '{effort}' is not supported when thinking is disabled on this"
         " model. Use effort 'high' or below, or enable thinking.",
         source="Errors", evidence="C 2026-10", remedy="Lower the effort, or leave thinking on."),

    # Prompt caching.
    Rule("cache.most", "A maximum of 4 blocks with cache_control may be provided. Found {found}.",
         source="Prompt caching", evidence="A 2026-05",
         remedy="Keep four cache_control marks at most."),
    Rule("cache.order",
         "{path}: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control"
         " block. Note that blocks are processed in the following order: `tools`, `system`,"
         " `messages`.",
         source="Prompt caching", evidence="A 2026-07",
         remedy="Put marks of one hour before those of five minutes."),
    Rule("cache.automatic",
         "cache_control: the last block already has a cache_control with another ttl",
         source="Prompt caching", evidence="C 2026-08",
         remedy="Give both the same ttl, or remove one."),

    # Images and PDFs: size before content, because content is only decoded up to a size.
    Rule("images.bytes", "{path}: image exceeds 5 MB maximum: {found} bytes > {most} bytes",
         source="Vision", evidence="B 2025-11", remedy="Send a smaller image."),
    Rule("images.broken", "Could not process image",
         source="Vision", evidence="A 2026-05",
         remedy="Send the whole image, in base64 without line breaks."),
    Rule("images.type",
         "{path}: The image was specified using the {told} media type, but the image appears to"
         " be a {seen} image",
         source="Vision", evidence="A 2026-06", remedy="Send the true media type."),
    Rule("images.pixels",
         "{path}: At least one of the image dimensions exceed max allowed size: 8000 pixels",
         source="Vision", evidence="B 2025-08", remedy="Send a smaller image."),
    Rule("images.pixels.many",
         "{path}: At least one of the image dimensions exceed max allowed size for many-image"
         " requests: 2000 pixels",
         source="Vision", evidence="A 2026-02", remedy="Send smaller images, or at most twenty."),
    Rule("images.oversized",
         "{path}: image dimensions {size} exceed the maximum image size of a model named on this"
         " request and would be downsized to {fitting}; scale the image to at most {fitting} or"
         " set the image's oversized_image setting to \"downsize\"",
         source="Vision", evidence="C 2026-08",
         remedy="Send a smaller image, or let it be downsized."),
    Rule("pdfs.broken", "{path}: The PDF specified was not valid.",
         source="PDF support", evidence="B 2025-08",
         remedy="Send a whole PDF, in base64 without line breaks."),
    Rule("pdfs.locked", "{path}: The PDF specified is password protected",
         source="PDF support", evidence="A 2026-01", remedy="Remove the password."),
    Rule("pdfs.pages", "{path}: A maximum of {most} PDF pages may be provided.",
         source="PDF support", evidence="B 2025-08", remedy="Send fewer pages."),
    Rule("media.most", "Too much media: {pages} document pages + {images} images > {most}",
         source="Vision", evidence="A 2026-02", remedy="Send fewer images and pages."),

    # Citations.
    Rule("citations.all", "citations must be enabled on all documents or on none of them",
         source="Citations", evidence="C 2026-08",
         remedy="Enable citations on all documents, or on none."),
    Rule("citations.format",
         "output_config.format: citations cannot be enabled together with a JSON schema",
         source="Structured outputs", evidence="C 2026-08",
         remedy="Switch citations off, or leave the format out."),

    # Output: its length, its end, the place and speed of its making, its format.
    Rule("beta.fields", "{path}: Extra inputs are not permitted",
         source="Beta headers", evidence="C 2026-08",
         remedy="Send the `anthropic-beta` header of the feature."),
    Rule("max_tokens.large",
         "max_tokens: {found} > {most}, which is the maximum allowed number of output tokens for"
         " {model}",
         source="Models", evidence="A 2026-02",
         remedy="Lower max_tokens to what the model can write."),
    Rule("max_tokens.zero", "max_tokens: 0 cannot be combined with `{field}`",
         source="Prompt caching", evidence="C 2026-08",
         remedy="Send max_tokens: 0 alone, or a larger number."),
    Rule("batch.fields", "{path}: not supported in the requests of a batch",
         source="Batch processing", evidence="C 2026-08",
         remedy="Leave it out, or send the request on its own."),
    Rule("stop_sequences.empty", "stop_sequences: each stop sequence must be non-empty",
         source="Messages", evidence="B 2025-03", remedy="Give every stop sequence text."),
    Rule("stop_sequences.blank", "stop_sequences: each stop sequence must contain non-whitespace",
         source="Messages", evidence="B 2024-04",
         remedy="Give every stop sequence more than white space."),
    Rule("inference_geo.model", "inference_geo: not supported for this model",
         source="Data residency", evidence="C 2026-08", remedy="Leave inference_geo out."),
    Rule("speed.model", "speed: 'fast' is not supported for this model",
         source="Fast mode", evidence="C 2026-10",
         remedy="Leave speed out, or use a model that has it."),
    Rule("speed.beta", "speed: Extra inputs are not permitted",
         source="Fast mode", evidence="C 2026-10", remedy="Send the beta fast-mode-2026-02-01."),
    Rule("structured.open",
         "{path}: For 'object' type, 'additionalProperties' must be explicitly set to false",
         source="Structured outputs", evidence="A 2026-08",
         remedy='Set "additionalProperties": false on every object.'),
    Rule("structured.opened",
         "{path}: For 'object' type, 'additionalProperties: {value}' is not supported. Please set"
         " 'additionalProperties' to false",
         source="Structured outputs", evidence="A 2026-08",
         remedy='Set "additionalProperties": false on every object.'),
    Rule("structured.keyword", "{path}: For '{type}' type, property '{name}' is not supported",
         source="Structured outputs", evidence="B 2025-12",
         remedy="Say the bound in the description instead."),
    Rule("structured.keywords", "{path}: For '{type}' type, properties {names} are not supported",
         source="Structured outputs", evidence="A 2026-08",
         remedy="Say the bounds in the description instead."),
    Rule("structured.min_items",
         "{path}: For 'array' type, 'minItems' values other than 0 or 1 are not supported"
         " (got: {found})",
         source="Structured outputs", evidence="A 2026-08",
         remedy="Say the length in the description instead."),
    Rule("structured.recursive", "{path}: recursive schemas are not supported",
         source="Structured outputs", evidence="C 2026-08",
         remedy="Write the levels out that are needed."),
    Rule("structured.external", "{path}: external references are not supported",
         source="Structured outputs", evidence="C 2026-08",
         remedy="Put the definition under $defs."),
    Rule("structured.tools",
         "Too many strict tools ({found}). The maximum number of strict tools supported is {most}."
         " Try reducing the number of tools marked as strict.",
         source="Structured outputs", evidence="A 2026-10",
         remedy="Mark fewer tools as strict."),
    Rule("structured.optional",
         "Schemas contains too many optional parameters ({found}), which would make grammar"
         " compilation inefficient. Reduce the number of optional parameters in your tool schemas"
         " (limit: {most}).",
         source="Structured outputs", evidence="A 2026-10",
         remedy="Make more properties required, or mark fewer tools as strict."),
    Rule("structured.unions",
         "Schemas contains too many parameters with union types ({found} parameters with type"
         " arrays or anyOf). This causes exponential compilation cost. Reduce the number of"
         " nullable or union-typed parameters (limit: {most} parameters with unions).",
         source="Structured outputs", evidence="A 2026-10",
         remedy="Use fewer unions, or mark fewer tools as strict."),

    # Last, because it counts the tokens of the whole prompt.
    Rule("context", "prompt is too long: {tokens} tokens > {most} maximum",
         source="Context windows", evidence="A 2026-08", remedy="Shorten the conversation."),
)
# fmt: on
"""Every rule, in the order of checking."""

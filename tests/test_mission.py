"""The examples of the specification, as written, against the local server; and awaited."""

from __future__ import annotations

import ast
import asyncio
import base64
import io
import textwrap
from contextlib import redirect_stdout

import pytest

import antiphon
from tests.support.media_samples import JPEG, pdf

EXAMPLES = {
    "basic": """
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    messages=[
        {"role": "user", "content": "Hello"}
    ]
)
print(message.content[0].text)
""",
    "system": """
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    system="You are a helpful assistant.",
    messages=[
        {"role": "user", "content": "Hello"}
    ]
)
""",
    "conversation": """
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    messages=[
        {"role": "user", "content": "My name is Alice."},
        {"role": "assistant", "content": "Hello Alice! Nice to meet you."},
        {"role": "user", "content": "What's my name?"}
    ]
)
""",
    "image": """
import base64
with open("image.jpg", "rb") as f:
    image_data = base64.standard_b64encode(f.read()).decode()
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    messages=[{
        "role": "user",
        "content": [
            {
                "type": "image",
                "source": {
                    "type": "base64",
                    "media_type": "image/jpeg",
                    "data": image_data
                }
            },
            {"type": "text", "text": "What's in this image?"}
        ]
    }]
)
""",
    "document": """
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    messages=[{
        "role": "user",
        "content": [
            {
                "type": "document",
                "source": {
                    "type": "base64",
                    "media_type": "application/pdf",
                    "data": pdf_base64_data
                }
            },
            {"type": "text", "text": "Summarize this document."}
        ]
    }]
)
""",
    "temperature": """
# Deterministic (temperature = 0)
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    temperature=0.0,
    messages=[{"role": "user", "content": "What is 2+2?"}]
)
# Creative (temperature = 1)
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    temperature=1.0,
    messages=[{"role": "user", "content": "Write a creative story."}]
)
""",
    "caching": """
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    system=[
        {
            "type": "text",
            "text": "You are an expert on Shakespeare.",
            "cache_control": {"type": "ephemeral"}
        }
    ],
    messages=[
        {"role": "user", "content": "Tell me about Hamlet."}
    ]
)
# Check cache usage
print(f"Cache creation: {message.usage.cache_creation_input_tokens}")
print(f"Cache read: {message.usage.cache_read_input_tokens}")
""",
    "count": """
token_count = client.messages.count_tokens(
    model="claude-sonnet-4-5-20250929",
    messages=[
        {"role": "user", "content": "What is the capital of France?"}
    ]
)
print(f"Input tokens: {token_count.input_tokens}")
""",
    "metadata": """
message = client.messages.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=1024,
    metadata={"user_id": "user_12345"},
    messages=[{"role": "user", "content": "Hello"}]
)
""",
    "raw": """
# Get raw HTTP response
response = client.messages.with_raw_response.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=100,
    messages=[{"role": "user", "content": "Hello"}]
)
# Access HTTP response details
print(f"Status: {response.http_response.status_code}")
print(f"Headers: {response.http_response.headers}")
print(f"Request ID: {response.http_response.headers.get('request-id')}")
# Access parsed message object
message = response.parse()
print(message.content[0].text)
""",
    "raw streaming": """
# Get raw streaming response
with client.messages.with_streaming_response.stream(
    model="claude-sonnet-4-5-20250929",
    max_tokens=100,
    messages=[{"role": "user", "content": "Hello"}]
) as response:
    # Access response object before streaming
    print(f"Status: {response.http_response.status_code}")
    # Stream normally
    for text in response.text_stream:
        print(text, end="", flush=True)
""",
    "rate limits": """
response = client.messages.with_raw_response.create(
    model="claude-sonnet-4-5-20250929",
    max_tokens=100,
    messages=[{"role": "user", "content": "Hello"}]
)
headers = response.http_response.headers
print(f"Rate limit: {headers.get('anthropic-ratelimit-requests-limit')}")
print(f"Remaining: {headers.get('anthropic-ratelimit-requests-remaining')}")
print(f"Reset: {headers.get('anthropic-ratelimit-requests-reset')}")
""",
    "stream": """
with client.messages.stream(
    model="claude-sonnet-4-5-20250929",
    max_tokens=100,
    messages=[{"role": "user", "content": "Hello"}]
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
""",
}

# The examples of the mission name a model that has been deprecated since.
pytestmark = pytest.mark.filterwarnings("ignore:the model .* is deprecated:DeprecationWarning")


@pytest.fixture
def names(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.jpg").write_bytes(JPEG)
    return {
        "client": antiphon.Anthropic(base_url=server.url, api_key="test"),
        "pdf_base64_data": base64.b64encode(pdf()).decode(),
    }


def check(ran: dict[str, object], printed: str) -> None:
    if "message" in ran:
        message = ran["message"]
        assert isinstance(message, antiphon.types.Message)
        assert message.type == "message"
        assert message.text
        assert message.usage.output_tokens > 0
    else:
        assert printed.strip()
    assert "None" not in printed


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run_as_written(name, names):
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(EXAMPLES[name], name, "exec"), names)
    check(names, out.getvalue())


class Awaiting(ast.NodeTransformer):
    """Turns a sync example into an async one: awaits calls, and enters and loops asynchronously."""

    def visit_Assign(self, node):
        call = node.value
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("client.messages"):
            node.value = ast.Await(call)
        return node

    def visit_With(self, node):
        self.generic_visit(node)
        if "client.messages" not in ast.unparse(node.items[0]):
            return node
        return ast.AsyncWith(items=node.items, body=node.body)

    def visit_For(self, node):
        return ast.AsyncFor(target=node.target, iter=node.iter, body=node.body, orelse=[])


def awaited(example: str) -> str:
    tree = Awaiting().visit(ast.parse(example))
    body = textwrap.indent(ast.unparse(ast.fix_missing_locations(tree)), "    ")
    return f"async def example():\n{body}\n    return locals()"


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run_awaited(name, names, server):
    names["client"] = antiphon.AsyncAnthropic(base_url=server.url, api_key="test")
    exec(compile(awaited(EXAMPLES[name]), name, "exec"), names)
    out = io.StringIO()
    with redirect_stdout(out):
        ran = asyncio.run(names["example"]())
    check(ran, out.getvalue())


ERRORS = [
    "BadRequestError",
    "AuthenticationError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTooLargeError",
    "InternalServerError",
    "OverloadedError",
]
TYPES = [
    "Message",
    "ContentBlock",
    "TextBlock",
    "ToolUseBlock",
    "Usage",
    "StopReason",
    "MessageParam",
    "ContentBlockParam",
    "TextBlockParam",
    "ImageBlockParam",
    "DocumentBlockParam",
    "ToolUseBlockParam",
    "ToolResultBlockParam",
    "Base64ImageSource",
    "URLImageSource",
    "Base64PDFSource",
    "URLPDFSource",
    "PlainTextSource",
    "MetadataParam",
    "CacheControlEphemeral",
    "MessageTokensCount",
    "ToolParam",
    "ToolChoice",
    "ThinkingConfigParam",
]


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_the_specification_names_is_there(name):
    assert issubclass(getattr(antiphon, name), antiphon.APIStatusError)


@pytest.mark.parametrize("name", TYPES)
def test_every_type_the_specification_names_is_there(name):
    assert getattr(antiphon.types, name) is getattr(antiphon, name)

"""Parts of requests that several tests send."""

from typing import Any

from hypothesis import strategies as st

PARAMS: dict[str, Any] = {
    "model": "m",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Hi"}],
}
WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "input_schema": {
        "type": "object",
        "properties": {
            "location": {
                "type": "string",
                "description": "The city and state, e.g. San Francisco, CA",
            }
        },
        "required": ["location"],
    },
}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
BLOCKS = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, st.text()),
    st.builds(
        lambda name, given: {"type": "tool_use", "id": "t", "name": name, "input": given},
        st.text("ab_", min_size=1, max_size=8),
        st.dictionaries(st.text(), JSON, max_size=3),
    ),
    st.builds(
        lambda content: {"type": "tool_result", "tool_use_id": "t", "content": content},
        st.text()
        | st.none()
        | st.lists(st.builds(lambda t: {"type": "text", "text": t}, st.text())),
    ),
    st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "s"}, st.text()),
    st.builds(lambda value: {"type": "from_the_future", "value": value}, JSON),
)
MESSAGES = st.lists(
    st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(["user", "assistant"]),
        st.text() | st.lists(BLOCKS, max_size=4),
    ),
    max_size=6,
)

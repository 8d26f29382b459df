"""Count the tokens before sending, and read the rate limits afterwards."""

import antiphon
from antiphon.types import MessageParam
from simulator import use_simulator_without_key

use_simulator_without_key()
client = antiphon.Client()
messages: list[MessageParam] = [{"role": "user", "content": "Hello, Claude"}]
count = client.messages.count_tokens(model="claude-haiku-4-5", messages=messages)
print("input tokens:", count.input_tokens)
response = client.messages.with_raw_response.create(
    model="claude-haiku-4-5", max_tokens=100, messages=messages
)
print("request:", response.request_id, "after", response.retries_taken, "retries")
print("requests left:", response.rate_limits.requests.remaining)
print(response.parse().text)

"""One question, one answer."""

import antiphon

client = antiphon.Client()
message = client.messages.create(
    model="claude-haiku-4-5",
    max_tokens=1024,
    messages=[{"role": "user", "content": "Hello, Claude"}],
)
print(message.text)
print(message.usage.total_input_tokens, "tokens in,", message.usage.output_tokens, "out")

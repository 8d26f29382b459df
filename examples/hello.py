"""Send one prompt and print the reply."""

import antiphon
from simulator import use_simulator_without_key

use_simulator_without_key()
client = antiphon.Client()
message = client.messages.create(
    model="claude-haiku-4-5",
    max_tokens=1024,
    messages=[{"role": "user", "content": "Hello, Claude"}],
)
print(message.text)
print(message.usage.total_input_tokens, "tokens in,", message.usage.output_tokens, "out")

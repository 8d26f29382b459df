"""Print a reply while it is received; if the connection breaks, keep what was received."""

import antiphon
from simulator import use_simulator_without_key

use_simulator_without_key()
client = antiphon.Client()
try:
    with client.messages.stream(
        model="claude-haiku-4-5",
        max_tokens=1024,
        messages=[{"role": "user", "content": "Tell me a story."}],
    ) as stream:
        for text in stream.text_stream:
            print(text, end="", flush=True)
        print("\nstop reason:", stream.get_final_message().stop_reason)
except antiphon.APIError as error:
    print("\nfailed:", error)
    if error.partial is not None:
        print("received so far:", error.partial.text)

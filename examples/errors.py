"""Handle what can go wrong, and see what each error says."""

import antiphon
from simulator import use_simulator_without_key

use_simulator_without_key()
client = antiphon.Client(max_retries=2, timeout=60)
for model in ("claude-haiku-4-5", "claude-nonesuch"):
    try:
        message = client.messages.create(
            model=model, max_tokens=100, messages=[{"role": "user", "content": "Hello"}]
        )
    except antiphon.RateLimitError as error:
        print("Rate limit reached; try again in", error.retry_after, "seconds.")
    except antiphon.APIStatusError as error:
        print(f"Refused with {error.status_code}: {error.message} (request {error.request_id})")
    except antiphon.APIConnectionError as error:
        print(f"No response from {error.host}, phase {error.phase}: {error}")
        for attempt in error.attempts:
            print(f"  attempt at {attempt.started:.1f} s, took {attempt.elapsed:.1f} s")
    else:
        print(message.text)

"""What can go wrong, and what each error tells."""

import antiphon

client = antiphon.Client(max_retries=2, timeout=60)
for model in ("claude-haiku-4-5", "claude-nonesuch"):
    try:
        message = client.messages.create(
            model=model, max_tokens=100, messages=[{"role": "user", "content": "Hello"}]
        )
    except antiphon.RateLimitError as error:
        print("too much at once; come back in", error.retry_after, "seconds")
    except antiphon.APIStatusError as error:
        print(f"refused with {error.status_code}: {error.message} (request {error.request_id})")
    except antiphon.APIConnectionError as error:
        print(f"no answer from {error.host}, at {error.phase}: {error}")
        for attempt in error.attempts:
            print(f"  tried at {attempt.started:.1f} s for {attempt.elapsed:.1f} s")
    else:
        print(message.text)

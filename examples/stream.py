"""An answer while it arrives; if it breaks off, what had arrived is still there."""

import antiphon

client = antiphon.Client()
try:
    with client.messages.stream(
        model="claude-haiku-4-5",
        max_tokens=1024,
        messages=[{"role": "user", "content": "Tell me a story."}],
    ) as stream:
        for text in stream.text_stream:
            print(text, end="", flush=True)
        print("\n", stream.get_final_message().stop_reason)
except antiphon.APIError as error:
    print("\nfailed:", error)
    if error.partial is not None:
        print("so far:", error.partial.text)

"""Test your own code with no key and no network: its tool loop, and its retries."""

import antiphon
from antiphon.local import InProcess
from antiphon.testing import has_result, tool_use, user_text


@antiphon.tool
def weather(city: str) -> str:
    """Get the weather of a city."""
    return f"sunny in {city}"


def ask(client: antiphon.Client, question: str) -> str:
    """Return the reply to a question; this is the code under test."""
    runner = client.messages.run_tools(
        model="claude-haiku-4-5",
        max_tokens=200,
        tools=[weather],
        messages=[{"role": "user", "content": question}],
    )
    return runner.until_done().text


# Waits and retries take no time on this transport; `LocalServer` has the same methods and a URL.
server = InProcess()
client = antiphon.Client(http_client=server, api_key="any")

server.fail(529, times=1)  # overloaded once; the client tries again
server.reply(tool_use("weather", city="Oslo"), when=user_text("weather"))
server.reply(lambda request: f"It is {request.results[0]['content']}.", when=has_result("weather"))

assert ask(client, "How is the weather in Oslo?") == "It is sunny in Oslo."
server.requests.assert_sent(has_result("weather"))
server.verify()
print("The test passed; a simulator replied, not Claude.")

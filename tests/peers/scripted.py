"""One script for everybody: programs with other clients, led to a server by the environment.

Each program is told nothing of the server, as in somebody's tests. What it prints is what it made
of the scripted replies.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from antiphon.local import LocalServer
from antiphon.testing import has_result, tool_use, user_text
from antiphon.testing.server_setup import environment as variables
from tests.peers.environments import environment

OFFICIAL = """
import anthropic

client = anthropic.Anthropic()
params = {"model": "claude-haiku-4-5", "max_tokens": 200}

def says(text):
    return {**params, "messages": [{"role": "user", "content": text}]}

print(client.messages.create(**says("overload me")).content[0].text)
with client.messages.stream(**says("hello")) as stream:
    print("".join(stream.text_stream))

@anthropic.beta_tool
def weather(city: str) -> str:
    '''Get the weather of a city.

    Args:
        city: the city.
    '''
    return f"sunny in {city}"

runner = client.beta.messages.tool_runner(**says("How is the weather?"), tools=[weather])
print(runner.until_done().content[0].text)
"""

LANGCHAIN = """
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool

model = ChatAnthropic(model="claude-haiku-4-5", max_tokens=200)
print(model.invoke("overload me").content)
print("".join(chunk.text for chunk in model.stream("hello")))

@tool
def weather(city: str) -> str:
    '''Get the weather of a city.'''
    return f"sunny in {city}"

asked = HumanMessage("How is the weather?")
call = model.bind_tools([weather]).invoke([asked])
answer = weather.invoke(call.tool_calls[0])
print(model.bind_tools([weather]).invoke([asked, call, answer]).content)
"""

INSTRUCTOR = """
import anthropic, instructor
from pydantic import BaseModel

class Person(BaseModel):
    name: str
    age: int

client = instructor.from_anthropic(anthropic.Anthropic())
messages = [{"role": "user", "content": "Who is it?"}]
person = client.messages.create(
    model="claude-haiku-4-5", max_tokens=200, messages=messages, response_model=Person
)
print(person.name, person.age)
"""

NODE = """
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic();
const says = (content) => ({
  model: "claude-haiku-4-5", max_tokens: 200, messages: [{ role: "user", content }],
});
console.log((await client.messages.create(says("overload me"))).content[0].text);
console.log(await client.messages.stream(says("hello")).finalText());
"""

TALK = ["after the overload", "Hello, stream!"]


def python_program(program: str, *packages: str) -> list[str]:
    """Return the command that runs a program with the packages it needs, and without ours."""
    return [environment(f"scripted-{packages[0]}", *packages), "-c", program]


def node_program(place: Path) -> list[str]:
    """Return the command that runs a program with the npm package, installed in `place`."""
    (place / "package.json").write_text('{"private": true, "type": "module"}')
    (place / "program.js").write_text(NODE)
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "@anthropic-ai/sdk"]
    subprocess.run(install, cwd=place, check=True)
    return ["node", str(place / "program.js")]


def talk(server: LocalServer) -> None:
    """Script what all programs but instructor's say."""
    server.fail(529, when=user_text("overload"), times=1)
    server.replies("after the overload", when=user_text("overload"))
    server.replies("Hello, stream!", when=user_text("hello"))


def talk_with_tools(server: LocalServer) -> None:
    """Script a tool call, too."""
    talk(server)
    server.reply(tool_use("weather", city="Oslo"), when=user_text("weather"), times=1)
    server.reply("It is sunny.", when=has_result("weather"), times=1)


def person(server: LocalServer) -> None:
    """Script a call of instructor's tool: the first input is wrong, and it asks again."""
    server.reply(tool_use("Person", name="Ada", age="unknown"), times=1)
    server.reply(tool_use("Person", name="Ada", age=36), times=1)


def check(
    name: str, command: list[str], script: Callable[[LocalServer], None], said: list[str]
) -> None:
    """Run a program against a scripted server, and compare what it prints."""
    with LocalServer() as server:
        script(server)
        environ = {**os.environ, **variables(server.url)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == said, done.stdout
        server.verify()
    print(f"{name}: followed the script")


def main() -> None:
    """Check all programs, or those that are named."""
    tools = [*TALK, "It is sunny."]
    with tempfile.TemporaryDirectory() as directory:
        checks: dict[str, Callable[[], tuple[list[str], Callable[[LocalServer], None], list[str]]]]
        checks = {
            "anthropic": lambda: (
                python_program(OFFICIAL, "anthropic"),
                talk_with_tools,
                tools,
            ),
            "langchain": lambda: (
                python_program(LANGCHAIN, "langchain-anthropic"),
                talk_with_tools,
                tools,
            ),
            "instructor": lambda: (
                python_program(INSTRUCTOR, "instructor", "anthropic"),
                person,
                ["Ada 36"],
            ),
            "node": lambda: (node_program(Path(directory)), talk, TALK),
        }
        for name in sys.argv[1:] or checks:
            check(name, *checks[name]())


if __name__ == "__main__":
    main()

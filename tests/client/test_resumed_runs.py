"""Runs that were killed half-way, and go on from their saved state."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon import AsyncClient, Client
from antiphon.local import App, InProcess, LocalServer, VirtualClock

# Pays bills, one call after another. Where the environment says so it stops in the middle of a
# call: when the bill is paid, and nobody has been told yet.
PROGRAM = """
import asyncio, os, sys
import antiphon

@antiphon.tool
def pay_bill(location: str) -> str:
    '''Pay the bill of a place.'''
    with open("paid", "a") as paid:
        print(location, file=paid)
    if location == os.environ.get("STOP_AT"):
        print("stopped", flush=True)
        sys.stdin.read()
    return f"paid: {location}"

arguments = dict(
    model="claude-haiku-4-5", max_tokens=300, tools=[pay_bill], concurrency=1,
    messages=[{"role": "user", "content": "Use pay_bill for Paris and Rome and Bern."}],
    save="run.json", state="run.json", rerun=os.environ.get("RERUN", "").split(),
)
if sys.argv[1] == "async":
    runner = antiphon.AsyncClient().messages.run_tools(**arguments)
    message = asyncio.run(runner.until_done())
else:
    runner = antiphon.Client().messages.run_tools(**arguments)
    message = runner.until_done()
print(message.text)
print([block.get("is_error", False) for block in runner.messages[2]["content"]])
"""


class Killed:
    """A program in a folder of its own, which was killed while it paid the bill of Rome."""

    def __init__(self, world: str, folder: Path, server: LocalServer) -> None:
        self.command = [sys.executable, "-c", PROGRAM, world]
        self.folder = folder
        here = {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k"}
        self.environ = {**os.environ, **here}
        process = subprocess.Popen(
            self.command,
            cwd=folder,
            env=self.environ | {"STOP_AT": "Rome"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        process.kill()
        process.communicate()

    def again(self, **environ: str) -> list[str]:
        """Run the program again; return what it prints."""
        done = subprocess.run(
            self.command,
            cwd=self.folder,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    @property
    def paid(self) -> list[str]:
        return (self.folder / "paid").read_text().split()


@pytest.fixture(params=["sync", "async"])
def killed(request, tmp_path, server):
    return Killed(request.param, tmp_path, server)


def test_a_killed_run_goes_on_and_pays_nothing_twice(killed):
    *_, errors = killed.again()
    assert killed.paid == ["Paris", "Rome", "Bern"]
    assert errors == "[False, True, False]"
    state = json.loads((killed.folder / "run.json").read_text())
    [_, rome, _] = state["messages"][2]["content"]
    assert "outcome is unknown" in rome["content"]


def test_an_interrupted_call_is_run_again_if_it_may_be(killed):
    *_, errors = killed.again(RERUN="pay_bill")
    assert killed.paid == ["Paris", "Rome", "Rome", "Bern"]
    assert errors == "[False, False, False]"


def test_a_run_that_has_ended_asks_and_does_nothing_more(killed, server):
    first = killed.again()
    requests = len(server.requests)
    assert killed.again() == first
    assert len(server.requests) == requests
    assert len(killed.paid) == 3


@antiphon.tool
def get_weather(location: str) -> str:
    """Tell the weather at a place."""
    return f"Sunny in {location}"


RUN: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "tools": [get_weather],
    "messages": [{"role": "user", "content": "Use get_weather for Paris and Rome."}],
}


def client_here() -> Client:
    return Client(api_key="k", http_client=InProcess(App(VirtualClock())))


def test_the_state_is_saved_at_each_step():
    states: list[dict[str, Any]] = []
    client_here().messages.run_tools(**RUN, save=states.append).until_done()
    calls = [[call["result"] is not None for call in state["calls"].values()] for state in states]
    begun, ended = [False], [True]
    assert calls[:6] == [[], [], begun, ended, ended + begun, ended + ended]
    assert states[-1]["last"]["stop_reason"] == "end_turn"


def test_a_run_goes_on_from_each_of_its_states():
    """Whenever it is killed, each call is run at most once, and Claude is told of it."""
    states: list[str] = []
    whole = client_here().messages.run_tools(**RUN, save=lambda s: states.append(json.dumps(s)))
    whole.until_done()
    for state in states:
        ran: list[Any] = []
        runner = client_here().messages.run_tools(
            **RUN, state=json.loads(state), on_call=lambda call, ran=ran: ran.append(call.id)
        )
        assert runner.until_done().stop_reason == "end_turn"
        assert not {*json.loads(state)["calls"]} & {*ran}
        assert len(ran) == len({*ran})
        assert [message["role"] for message in as_params(runner.messages)] == [
            "user", "assistant", "user", "assistant",
        ]  # fmt: skip
        assert client_here().messages.check(**{**RUN, "messages": runner.messages[:3]}) == []


def as_params(messages: Any) -> list[Any]:
    return [each if isinstance(each, dict) else each.to_param() for each in messages]


def test_an_async_function_may_save():
    states: list[Any] = []

    async def save(state: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        states.append(state)

    async def main() -> None:
        from antiphon.local import AsyncInProcess

        async with AsyncClient(api_key="k", http_client=AsyncInProcess(App())) as client:
            await client.messages.run_tools(**RUN, save=save).until_done()

    asyncio.run(main())
    assert len(states) > 3


def test_usage_and_turns_are_those_of_the_whole_run():
    first = client_here().messages.run_tools(**RUN, max_turns=1)
    first.until_done()
    second = client_here().messages.run_tools(**RUN, state=first.state(), max_turns=2)
    second.until_done()
    assert second.turns == 2
    assert second.usage.output_tokens > first.usage.output_tokens


def test_a_path_without_a_file_begins_anew(tmp_path):
    path = tmp_path / "state.json"
    client_here().messages.run_tools(**RUN, state=path, save=path).until_done()
    assert json.loads(path.read_text())["turns"] == 2
    without = {name: value for name, value in RUN.items() if name != "messages"}
    runner = client_here().messages.run_tools(**without, state=str(path))
    assert "Sunny in Rome" in runner.until_done().text
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'messages'"):
        client_here().messages.run_tools(**without, state=tmp_path / "other").until_done()


def test_an_approval_may_come_in_another_process(tmp_path):
    class NotYet(Exception):
        pass

    def ask_somebody(call: Any) -> bool:
        raise NotYet

    kept: dict[str, Any] = {"save": tmp_path / "state.json", "state": tmp_path / "state.json"}
    ran: list[Any] = []
    for _ in range(2):
        with pytest.raises(NotYet):
            client_here().messages.run_tools(
                **RUN, **kept, approve=ask_somebody, on_call=ran.append
            ).until_done()
    assert ran == []
    runner = client_here().messages.run_tools(**RUN, **kept, approve=lambda call: True)
    assert "Sunny in Rome" in runner.until_done().text
    assert runner.turns == 2


@pytest.mark.parametrize("as_file", [False, True])
def test_what_is_appended_before_the_run_goes_on_is_kept(as_file, tmp_path):
    first = client_here().messages.run_tools(**RUN, max_turns=1, save=tmp_path / "state.json")
    first.until_done()
    state: Any = tmp_path / "state.json" if as_file else first.state()
    runner = client_here().messages.run_tools(**RUN, state=state)
    assert len(runner.messages) == (1 if as_file else 2)
    runner.messages.append({"role": "user", "content": "And be brief."})
    runner.until_done()
    assert [message["role"] for message in as_params(runner.messages)] == [
        "user", "assistant", "user", "user", "assistant",
    ]  # fmt: skip
    assert runner.messages[3] == {"role": "user", "content": "And be brief."}


@pytest.mark.parametrize("state", [3, []])
def test_other_things_are_no_state(state):
    with pytest.raises(TypeError, match="state: expected"):
        client_here().messages.run_tools(**RUN, state=state)


def test_a_file_that_holds_something_else_is_refused(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("[]")
    with pytest.raises(ValueError, match="no state that a runner"):
        client_here().messages.run_tools(**RUN, state=path).until_done()


def test_the_old_state_stays_if_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    path = tmp_path / "state.json"
    client_here().messages.run_tools(**RUN, save=path, max_turns=1).until_done()
    before = path.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError):
        client_here().messages.run_tools(**RUN, save=path, state=path, max_turns=2).until_done()
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]

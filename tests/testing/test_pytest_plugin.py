"""The pytest plugin, in runs of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon import Client
from antiphon.local import App, LocalServer
from antiphon.local.scripting.cassette import MODES

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parent.parent.parent / "docs"

ASK = """
import antiphon, os, pytest, urllib.request
from antiphon.testing import user_text

def ask(client, prompt="Hi"):
    messages = [{"role": "user", "content": prompt}]
    return client.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=messages)

"""


@pytest.fixture
def run(pytester):
    """Return a function that runs a module of tests with the plugin, and gives the outcome."""

    def run(tests: str, *arguments: str):
        pytester.makepyfile(ASK + tests)
        plugin = ("-p", "antiphon.testing.pytest_plugin", "-p", "no:antiphon")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *plugin, *arguments)

    return run


def test_the_fixtures_are_a_scripted_server_and_its_clients(run):
    result = run(
        """
def test_sync(antiphon_server, antiphon_client):
    antiphon_server.reply("Hello!")
    assert ask(antiphon_client).text == "Hello!"

async def talk(client):
    messages = [{"role": "user", "content": "Hi"}]
    return await client.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=messages)

def test_async(antiphon_server, antiphon_async_client):
    import asyncio
    antiphon_server.reply("Hello!")
    assert asyncio.run(talk(antiphon_async_client)).text == "Hello!"

def test_own_client(antiphon_server):
    antiphon_server.reply("Hello!")
    assert ask(antiphon.Client()).text == "Hello!"
"""
    )
    result.assert_outcomes(passed=3)


def test_each_test_has_a_fresh_server_at_the_same_url(run):
    result = run(
        """
urls = set()

@pytest.mark.parametrize("number", [1, 2])
def test_fresh(antiphon_server, antiphon_client, number):
    urls.add(antiphon_server.url)
    assert antiphon_server.requests == []
    assert "simulated" in ask(antiphon_client).text.lower()
    antiphon_server.clock.advance(1e9)
    antiphon_server.reply("Hello!")

def test_one_socket(antiphon_server):
    import time
    assert urls == {antiphon_server.url}
    assert abs(antiphon_server.clock() - time.time()) < 1e6

def test_environment_is_left_as_it_was():
    assert "ANTHROPIC_BASE_URL" not in os.environ
"""
    )
    result.assert_outcomes(passed=4)


def test_a_script_that_was_not_followed_fails_the_test(run):
    result = run(
        """
def test_unused(antiphon_server):
    antiphon_server.replies("never")

def test_unexpected(antiphon_server, antiphon_client):
    antiphon_server.reply("Sunny.", when=user_text("weather"))
    with pytest.raises(antiphon.BadRequestError):
        ask(antiphon_client, "joke")
"""
    )
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*reply('never'): used 0 of 1 times*"])
    result.stdout.fnmatch_lines(["*user_text('weather'): the user wrote 'joke'*"])


def test_the_marker_scripts_the_server(run, pytester):
    pytester.path.joinpath("script.yaml").write_text("- {reply: from a file, times: 1}")
    result = run(
        """
@pytest.mark.antiphon(script=["one", "two"], seed=7)
def test_list():
    client = antiphon.Client()
    assert [ask(client).text, ask(client).text] == ["one", "two"]

@pytest.mark.antiphon(script="script.yaml")
def test_file(antiphon_client, antiphon_server):
    assert ask(antiphon_client).text == "from a file"
    antiphon_server.reply("added")
    assert ask(antiphon_client).text == "added"

def greet(server):
    server.reply("Hello!")

@pytest.mark.antiphon(script=greet)
class TestMany:
    def test_function(self, antiphon_client):
        assert ask(antiphon_client).text == "Hello!"

    @pytest.mark.antiphon(script=["nearer"])
    def test_nearest(self, antiphon_client):
        assert ask(antiphon_client).text == "nearer"
"""
    )
    result.assert_outcomes(passed=4)


def test_the_server_of_a_marked_test_comes_before_its_other_fixtures(run):
    result = run(
        """
import unittest

@pytest.fixture(autouse=True)
def program():
    return ask(antiphon.Client()).text

@pytest.mark.antiphon(script=["one"])
def test_fixture(program):
    assert program == "one"

@pytest.mark.antiphon(script=["one"])
def test_named(program, antiphon_server):
    assert program == "one"

@pytest.mark.antiphon(script=["one", "two"])
class TestMethod:
    def setup_method(self):
        self.text = ask(antiphon.Client()).text

    def test_method(self, program):
        assert {self.text, program} == {"one", "two"}

@pytest.mark.antiphon(script=["one", "two"])
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = ask(antiphon.Client()).text

    def test_case(self):
        assert self.text in ("one", "two")
"""
    )
    result.assert_outcomes(passed=4)


def test_a_parameter_without_the_marker_has_no_server(run):
    result = run(
        """
marked = pytest.mark.antiphon(script=["one"])

@pytest.mark.parametrize("text", [pytest.param("one", marks=marked), None])
def test_parameters(text):
    if text is None:
        assert "ANTHROPIC_BASE_URL" not in os.environ
    else:
        assert ask(antiphon.Client()).text == text
"""
    )
    result.assert_outcomes(passed=2)


def test_the_nearest_marker_says_where_replies_come_from(run, pytester):
    with (
        LocalServer() as api,
        LocalServer(cassette=pytester.path / "talk.jsonl", mode="once", upstream=api.url) as server,
        Client(base_url=server.url, api_key="any") as client,
    ):
        hello = [{"role": "user", "content": "Hi"}]
        client.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=hello)
    result = run(
        """
pytestmark = pytest.mark.antiphon(cassette="talk.jsonl", seed=7)

def test_module(antiphon_client):
    assert "imulated" in ask(antiphon_client).text

@pytest.mark.antiphon(script=["class"])
class TestScript:
    def test_class(self, antiphon_client):
        assert ask(antiphon_client).text == "class"

    @pytest.mark.antiphon(cassette="talk.jsonl")
    def test_cassette(self, antiphon_client):
        assert "imulated" in ask(antiphon_client).text

    @pytest.mark.antiphon(seed=8)
    def test_seed(self, antiphon_client):
        assert ask(antiphon_client).text == "class"

@pytest.mark.antiphon(script=["sub"])
class TestSub(TestScript):
    def test_class(self, antiphon_client):
        assert ask(antiphon_client).text == "sub"

    test_seed = None

    @pytest.mark.antiphon(script=None)
    def test_none(self, antiphon_client, antiphon_server):
        antiphon_server.reply("own")
        assert ask(antiphon_client).text == "own"

by_parameter = pytest.param("parameter", marks=pytest.mark.antiphon(script=["parameter"]))

@pytest.mark.antiphon(script=["test"])
@pytest.mark.parametrize("text", ["test", by_parameter])
def test_parameter(text, antiphon_client):
    assert ask(antiphon_client).text == text
"""
    )
    result.assert_outcomes(passed=9)


CASSETTE = """
@pytest.mark.antiphon(cassette="talk.jsonl")
def test_talk(antiphon_client):
    assert "imulated" in ask(antiphon_client).text

@pytest.mark.antiphon(cassette="talk.jsonl")
def test_own_client():
    assert "imulated" in ask(antiphon.Client()).text
"""


@pytest.mark.parametrize("option", ["--antiphon-record", "--antiphon-record=new_episodes"])
def test_the_option_to_record_may_stand_before_a_path(run, pytester, monkeypatch, option):
    with LocalServer(App(keys={"key-of-the-user"})) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-user")
        name = test_the_option_to_record_may_stand_before_a_path.__name__
        run(CASSETTE, option, f"{name}.py").assert_outcomes(passed=2)
        assert len(api.requests) == 1
        recorded = (pytester.path / "talk.jsonl").read_text()
    assert recorded.count("\n") == 1
    assert "key-of-the-user" not in recorded
    run(CASSETTE).assert_outcomes(passed=2)


SHARED = """
@pytest.mark.antiphon(cassette="cassettes/{test}.jsonl")
@pytest.mark.parametrize("prompt", ["one", "a/b"])
class TestShared:
    def test_client(self, antiphon_client, prompt):
        assert prompt in ask(antiphon_client, prompt).text

    def test_own(self, prompt):
        assert prompt in ask(antiphon.Client(), prompt).text
"""


def test_each_test_can_have_a_cassette_of_its_own(run, pytester, monkeypatch):
    with LocalServer() as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-user")
        run(SHARED, "--antiphon-record").assert_outcomes(passed=4)
    names = sorted(path.stem for path in (pytester.path / "cassettes").iterdir())
    assert names == ["test_client-a-b", "test_client-one", "test_own-a-b", "test_own-one"]
    run(SHARED).assert_outcomes(passed=4)


def test_a_cassette_that_tests_share_in_vain_is_told(run, pytester, monkeypatch):
    with LocalServer() as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key-of-the-user")
        shared = SHARED.replace("{test}", "all")
        run(shared, "--antiphon-record=new_episodes")
    result = run(shared)
    result.assert_outcomes(passed=4, errors=4)
    result.stdout.fnmatch_lines(['*Each test plays all of its cassette.*cassette="{test}.jsonl"*'])


def test_a_mode_of_recording_that_does_not_exist_is_told_with_those_that_do(run):
    result = run(CASSETTE, "--antiphon-record=bogus")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--antiphon-record=new_episodes*bogus*"])


def test_the_modes_of_recording_are_those_of_cassettes(run):
    help_text = run("", "--help").stdout.str()
    assert set(re.findall(r"--antiphon-record=(\w+)", help_text)) == set(MODES)


def test_a_wrong_marker_says_what_it_takes(run):
    result = run(
        """
@pytest.mark.antiphon(scripts=["one"])
def test_misspelt():
    pass

@pytest.mark.antiphon(cassette="talk.jsonl", script=["one"])
def test_cassette():
    pass

@pytest.mark.antiphon(script="Hello!")
def test_text():
    pass

@pytest.mark.antiphon(script="Hello! " * 100)
def test_long_text():
    pass

@pytest.mark.antiphon(cassette="none.jsonl")
def test_nothing_recorded():
    pass
"""
    )
    result.assert_outcomes(errors=5)
    advice = 'give its path, or, as a reply, a list: script=*Hello!"*'
    result.stdout.fnmatch_lines([f"*script: there is no file *Hello!; {advice}"])
    result.stdout.fnmatch_lines(["*cassette: there is no file *none.jsonl;*--antiphon-record,*"])
    result.stdout.fnmatch_lines(
        ["*takes the keywords script, cassette, faults, seed only*scripts*"]
    )
    result.stdout.fnmatch_lines(["*cassette: give a cassette or a script, not both*"])


def test_pytest_does_not_rewrite_the_asserts_of_antiphon(run):
    result = run(
        """
def test_loader(antiphon_server):
    import sys
    loader = type(sys.modules["antiphon.local.api.app"].__spec__.loader)
    assert "Rewriting" not in loader.__name__
"""
    )
    result.assert_outcomes(passed=1)


def test_processes_of_xdist_have_servers_of_their_own(run):
    result = run(
        """
@pytest.mark.parametrize("number", range(8))
def test_alone(antiphon_server, antiphon_client, number):
    antiphon_server.replies(str(number))
    assert ask(antiphon_client).text == str(number)
""",
        "-n2",
    )
    result.assert_outcomes(passed=8)


def test_the_plugin_loads_nothing_of_antiphon_before_it_is_used():
    program = """
import sys, pytest
before = set(sys.modules)
import antiphon.testing.pytest_plugin
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "antiphon",
        "antiphon._version",
        "antiphon.testing",
        "antiphon.testing.pytest_plugin",
    ]


def test_the_page_about_pytest_holds_tests(run, pytester):
    page = (DOCS / "pytest.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    result = run("\n".join(blocks), "--antiphon-offline", "-W", "error")
    result.assert_outcomes(passed=7)


def test_the_page_about_testing_holds_a_test(run):
    page = (DOCS / "testing.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    run(blocks[0]).assert_outcomes(passed=1)

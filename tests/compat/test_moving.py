"""`antiphon moving-over`: what it finds in programs, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from antiphon.compat.moving import differences

CLIENT = "import anthropic\nclient = anthropic.Anthropic()\n"


@pytest.mark.parametrize(
    "line",
    [
        "client.messages.create(model='m', max_tokens=1, messages=[], temperature=0.5, betas=[])",
        "with self.client.messages.stream(model='m', max_tokens=1, messages=[]) as stream: pass",
        "anthropic.AsyncAnthropic(api_key='k', timeout=3, max_retries=2, default_headers={})",
        "client.messages.batches.create(requests=[])",
        "client.models.list(limit=3)",
        "client.messages.with_raw_response.create(model='m', max_tokens=1, messages=[])",
        "from anthropic.types import Message, MessageParam",
        "from anthropic.types.beta import BetaMessage, BetaMCPToolsetParam",
        "from anthropic import *",
        "print(anthropic.types.Message.content, anthropic.RateLimitError.status_code)",
        "state.messages.append(1); state.messages.create",
        "create(model='m')",
        "client.messages.create(**params)",
    ],
)
def test_what_works_is_not_listed(line):
    assert differences(CLIENT + line) == []


@pytest.mark.parametrize(
    ("line", "what", "advice"),
    [
        ("from anthropic import AnthropicBedrock", "anthropic.AnthropicBedrock", "base_url"),
        ("from anthropic.types import Mesage", "anthropic.types.Mesage", "has no Mesage"),
        ("import anthropic.lib.vertex as v; v.AnthropicVertex()", "AnthropicVertex", "base_url"),
        ("self.api.beta.agents.create()", "beta.agents.create", "client.post"),
        ("client.completions.create()", "completions.create", "messages.create"),
        ("client.messages.create(model='m', nonsense=1)", "nonsense", "extra_body"),
        ("anthropic.Anthropic(webhook_key='x')", "webhook_key", "takes no webhook_key"),
        ("if 'Error code: 400' in str(error): pass", "Error code: 400", "status_code"),
    ],
)
def test_what_differs_is_listed_with_advice(line, what, advice):
    [found] = differences(CLIENT + line)
    assert found.line == 3
    assert what in found.what
    assert advice in found.advice


def test_other_programs_are_left_alone():
    assert differences("from openai import OpenAI\nOpenAI().completions.create(x=1)") == []


def moving_over(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "antiphon", "moving-over", *words], capture_output=True, text=True
    )


def test_the_command_lists_places_and_exits_with_1(tmp_path):
    (tmp_path / "app.py").write_text("from anthropic import AnthropicVertex\n")
    (tmp_path / "fine.py").write_text("from anthropic import Anthropic\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "skipped.py").write_text("from anthropic import AnthropicVertex\n")
    done = moving_over(str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith(f"{tmp_path / 'app.py'}:1: anthropic.AnthropicVertex: ")
    assert done.stderr == "1 difference in 2 files\n"


def test_the_command_exits_with_0_when_nothing_differs(tmp_path):
    (tmp_path / "fine.py").write_text("from anthropic import Anthropic\n")
    (tmp_path / "broken.py").write_text("from anthropic import (\n")
    done = moving_over(str(tmp_path))
    assert done.returncode == 0
    assert done.stdout == ""
    assert "broken.py:1: not read" in done.stderr


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path):
    done = moving_over(str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert "no such file or folder" in done.stderr

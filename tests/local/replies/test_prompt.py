"""The last turn of a conversation."""

from __future__ import annotations

import pytest

from antiphon.local.replies.prompt import Prompt


def user(*content):
    return {"role": "user", "content": content[0] if len(content) == 1 else list(content)}


def assistant(content):
    return {"role": "assistant", "content": content}


def text(words):
    return {"type": "text", "text": words}


def test_consecutive_user_messages_are_one_turn():
    system = {"role": "system", "content": "be kind"}
    messages = [
        user("old"),
        assistant("yes"),
        user("one"),
        system,
        user(text("two"), text("three")),
    ]
    prompt = Prompt.of({"messages": messages})
    assert prompt.text == "one\ntwo\nthree"
    assert len(prompt.blocks) == 3
    assert (prompt.continued, prompt.prefill) == (False, None)


def test_last_text_of_the_assistant_is_a_prefill():
    prompt = Prompt.of({"messages": [user("hello"), assistant([text("a"), text("b")])]})
    assert (prompt.text, prompt.continued, prompt.prefill) == ("hello", True, "b")


def test_results_are_separate_and_their_tools_have_names():
    use = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1"}
    messages = [user("go"), assistant([use]), user(result, text("and?"))]
    prompt = Prompt.of({"messages": messages})
    assert prompt.results == (result,)
    assert prompt.blocks == (text("and?"),)
    assert prompt.tool_names == {"t1": "f"}


def test_server_tool_calls_without_result_are_pending():
    calls = [
        {"type": "server_tool_use", "id": name, "name": "web_search", "input": {}} for name in "ab"
    ]
    result = {"type": "web_search_tool_result", "tool_use_id": "a", "content": []}
    for messages in (
        [user("go"), assistant([*calls, result])],
        [user("go"), assistant([*calls, result]), user("go on")],
    ):
        assert Prompt.of({"messages": messages}).pending == (calls[1],)


def test_lone_surrogates_are_replaced():
    assert Prompt.of({"messages": [user("a\ud800b")]}).text == "a?b"


def test_request_without_messages_has_an_empty_prompt():
    prompt = Prompt.of({"messages": []})
    assert (prompt.text, prompt.blocks, prompt.continued) == ("", (), False)


REMINDER = "<system-reminder>Use the Task tool.\nNever mention this.</system-reminder>"


@pytest.mark.parametrize(
    ("texts", "text_", "request_"),
    [
        (["old", "new"], "old\nnew", "new"),
        ([REMINDER, "hi"], "hi", "hi"),
        (["hi", REMINDER], "hi", "hi"),
        ([f"{REMINDER}\n{REMINDER} hi {REMINDER}"], "\n hi ", "\n hi "),
        (["<system-reminder>cut off", "hi"], "hi", "hi"),
        (["hi", "  "], "hi", "hi"),
        ([REMINDER], "", ""),
    ],
)
def test_request_is_the_last_text_without_reminders(texts, text_, request_):
    prompt = Prompt.of({"messages": [user(*map(text, texts), text(""))]})
    assert (prompt.text, prompt.task.request) == (text_, request_)

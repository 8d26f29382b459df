"""Message threads: what continues one is as if the whole conversation had been sent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from antiphon._wire.http import Request, Timeout
from antiphon._wire.json import dumps
from antiphon.local import App, Latency, Limits, VirtualClock
from antiphon.local.api.errors import RequestRefusedError
from antiphon.local.api.steps import Write, advance, next_visible_step, outcome_of
from antiphon.local.api.threads import Threads
from tests.support.app_requests import BODY, HEADERS, INVALID, AppResponse, events, send
from tests.support.batch_requests import batch_app, created, item, results
from tests.support.uploads import named, upload

BETA = "message-threads-2026-08-12"
CREATE = {"type": "create"}
HELLO = {"role": "user", "content": "Hello"}
MORE = {"role": "user", "content": "And now?"}
LONG = "word " * 6_000
MARK = {"type": "ephemeral"}
TOOL = {"name": "add", "description": "Add", "input_schema": {"type": "object"}}
OTHER_WORKSPACE = "wrkspc_01other"


def after(message: dict[str, Any]) -> dict[str, Any]:
    return {"type": "continue", "previous_message_id": message["id"]}


def ask(
    app: App, *messages: Any, thread: Any = CREATE, headers: Any = (), **more: Any
) -> AppResponse:
    body = {**BODY, "messages": list(messages), "thread": thread, **more}
    return send(app, body=body, anthropic_beta=BETA, **dict(headers))


def asked(app: App, *messages: Any, **more: Any) -> dict[str, Any]:
    """Return the message that a request of a thread gets; a streamed one as it begins."""
    response = ask(app, *messages, **more)
    assert response.status == 200, response.json
    return response.json


def said(message: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": message["content"]}


def error_code(response: AppResponse) -> tuple[int, str]:
    details = response.json["error"]["details"]
    assert response.error[1] == (INVALID if response.status == 400 else "not_found_error")
    return response.status, details["error_code"]


NOT_FOUND = (404, "thread_not_found")


# As if all had been sent


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"system": "Be brief."},
        {"system": [{"type": "text", "text": LONG, "cache_control": MARK}]},
        {"tools": [TOOL]},
        {"tools": [{**TOOL, "description": LONG, "cache_control": MARK}], "system": "S"},
    ],
)
def test_continued_thread_gets_the_words_and_usage_of_the_whole_conversation(app, kept):
    first = asked(app, HELLO, **kept)
    second = asked(app, MORE, thread=after(first))
    third = asked(app, HELLO, thread=after(second))
    whole = App(VirtualClock())
    turns = [HELLO]
    for message in (first, second, third):
        twin = send(whole, body={**BODY, "messages": turns, **kept}).json
        assert (message["content"], message["usage"]) == (twin["content"], twin["usage"])
        turns = [*turns, said(message), MORE if message is first else HELLO]
    assert third["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    if "cache_control" in str(kept):
        assert first["usage"]["cache_creation_input_tokens"] > 5_000
        assert third["usage"]["cache_read_input_tokens"] > 5_000


@pytest.mark.parametrize("marks", ["automatic", "block"])
def test_earlier_messages_are_read_from_the_cache(app, marks):
    more: dict[str, Any] = {"cache_control": MARK} if marks == "automatic" else {}
    marked = {} if marks == "automatic" else {"cache_control": MARK}
    long = {"role": "user", "content": [{"type": "text", "text": LONG, **marked}]}
    first = asked(app, long, **more)
    second = asked(app, MORE, thread=after(first), **more)
    assert first["usage"]["cache_creation_input_tokens"] > 5_000
    assert second["usage"]["cache_read_input_tokens"] > 5_000


def test_client_may_mark_each_of_many_messages(app):
    marked = {"role": "user", "content": [{"type": "text", "text": LONG, "cache_control": MARK}]}
    message = asked(app, marked)
    for _ in range(6):
        message = asked(app, marked, thread=after(message))
        assert message["usage"]["cache_read_input_tokens"] > 5_000
        assert message["usage"]["input_tokens"] < 100


def test_call_is_continued_by_its_result_alone(app):
    request = {"role": "user", "content": "Use the add tool for 1 and 2"}
    first = asked(app, request, tools=[TOOL])
    assert first["stop_reason"] == "tool_use"
    [call] = [block for block in first["content"] if block["type"] == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "3"}
    second = asked(app, {"role": "user", "content": [result]}, thread=after(first))
    assert "add: “3”" in second["content"][0]["text"]


def test_paused_turn_is_continued_by_no_message(app):
    search = {"type": "web_search_20250305", "name": "web_search"}
    first = asked(app, {"role": "user", "content": "[[pause_turn]]"}, tools=[search])
    assert first["stop_reason"] == "pause_turn"
    second = asked(app, thread=after(first))
    assert second["content"][0]["type"] == "web_search_tool_result"


def test_empty_refusal_can_be_continued(app):
    first = asked(app, {"role": "user", "content": "[[refusal]]"})
    assert first["content"] == []
    assert ask(app, MORE, thread=after(first)).status == 200


def test_thread_keeps_the_ids_of_files(app):
    file = upload(app)["id"]
    first = asked(app, {"role": "user", "content": [named("document", file)]})
    assert ask(app, MORE, thread=after(first)).status == 200
    send(app, f"/v1/files/{file}", method="DELETE")
    first = asked(app, HELLO)
    using = {"role": "user", "content": [named("document", file)]}
    assert ask(app, using, thread=after(first)).error[2] == f"File `{file}` not found."


def test_null_is_no_thread(app):
    assert ask(app, HELLO, thread=None).status == 200


def test_rules_judge_the_whole_conversation(app):
    request = {"role": "user", "content": "Use the add tool for 1 and 2"}
    first = asked(app, request, tools=[TOOL])
    message = ask(app, MORE, thread=after(first)).error[2]
    assert message.startswith("messages.1: `tool_use` ids were found without `tool_result` blocks")
    # A refused request leaves the thread as it was.
    [call] = [block for block in first["content"] if block["type"] == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "3"}
    assert ask(app, {"role": "user", "content": [result]}, thread=after(first)).status == 200


# Streams


def stream(app: App, *messages: Any, thread: Any = CREATE) -> Any:
    """Return the steps of a streamed response, not yet performed."""
    body = {**BODY, "messages": list(messages), "thread": thread, "stream": True}
    headers = {**HEADERS, "anthropic-beta": BETA}
    return app(Request("POST", "http://local/v1/messages", headers, dumps(body), Timeout()))


@pytest.mark.parametrize("latency", [None, Latency(first_token=1, tokens_per_second=50)])
def test_streamed_messages_create_and_continue_threads(latency):
    app = App(VirtualClock(), latency=latency)
    thread: Any = CREATE
    inputs = []
    for _ in range(3):
        received = events(ask(app, HELLO, thread=thread, stream=True).content)
        message = received[0]["message"]
        inputs.append(message["usage"]["input_tokens"])
        thread = after(message)
    assert inputs == sorted(set(inputs))


def until_stop(steps: Any) -> dict[str, Any]:
    """Perform the steps of a stream up to its last event; return the message as it began."""
    content = b""
    while b"message_stop" not in content:
        step = next_visible_step(steps)
        content += step.content if isinstance(step, Write) else b""
    return events(content)[0]["message"]


def test_client_need_not_wait_for_more_than_the_last_event(app):
    message = until_stop(stream(app, HELLO))
    assert ask(app, MORE, thread=after(message)).status == 200


def test_message_is_continued_by_one_request_at_a_time(app):
    first = asked(app, HELLO)
    steps = stream(app, MORE, thread=after(first))
    next_visible_step(steps)
    in_flight = (400, "thread_continue_in_flight")
    assert error_code(ask(app, HELLO, thread=after(first))) == in_flight
    second = until_stop(steps)
    assert error_code(ask(app, HELLO, thread=after(first))) == (400, "thread_already_continued")
    assert ask(app, HELLO, thread=after(second)).status == 200


def test_of_two_requests_that_are_checked_at_once_one_continues(app):
    first = asked(app, HELLO)
    large = {"role": "user", "content": "word " * 10_000}  # small ones are checked in one go
    steps = stream(app, large, thread=after(first))
    checking = advance(steps, outcome_of(advance(steps)))
    checked = outcome_of(checking)
    asked(app, MORE, thread=after(first))
    assert advance(steps, checked).status == 400
    assert b"thread_already_continued" in advance(steps).content


def test_abandoned_stream_leaves_the_thread_as_it_was(app):
    first = asked(app, HELLO)
    steps = stream(app, MORE, thread=after(first))
    next_visible_step(steps)
    next_visible_step(steps)
    steps.close()
    assert ask(app, MORE, thread=after(first)).status == 200


def test_request_over_the_limit_leaves_the_thread_as_it_was():
    app = App(VirtualClock(), limits=Limits(requests=1))
    first = asked(app, HELLO)
    assert ask(app, MORE, thread=after(first)).status == 429
    app.clock.advance(60)
    assert ask(app, MORE, thread=after(first)).status == 200


# Refusals


def test_message_is_continued_once(app):
    first = asked(app, HELLO)
    asked(app, MORE, thread=after(first))
    response = ask(app, MORE, thread=after(first))
    assert error_code(response) == (400, "thread_already_continued")
    assert "already been continued" in response.error[2]


def test_unknown_and_unthreaded_messages_are_not_found(app):
    assert error_code(ask(app, MORE, thread=after({"id": "msg_none"}))) == NOT_FOUND
    plain = send(app, body=BODY).json
    assert error_code(ask(app, MORE, thread=after(plain))) == NOT_FOUND


def test_thread_of_another_workspace_is_not_found(app):
    first = asked(app, HELLO, headers={"anthropic_workspace_id": OTHER_WORKSPACE})
    assert error_code(ask(app, MORE, thread=after(first))) == NOT_FOUND


def test_reset_forgets_threads(app):
    first = asked(app, HELLO)
    app.reset()
    assert error_code(ask(app, MORE, thread=after(first))) == NOT_FOUND


def test_each_response_gives_a_thread_five_minutes(app):
    message = asked(app, HELLO)
    for _ in range(3):
        app.clock.advance(299)
        message = asked(app, MORE, thread=after(message))
    app.clock.advance(300)
    response = ask(app, MORE, thread=after(message))
    assert error_code(response) == NOT_FOUND
    assert "thread_not_found" in response.error[2]


KEPT = {"system": "S", "tools": [TOOL], "output_config": {"effort": "low"}}


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({"model": "claude-opus-5"}, "model"),
        ({"system": "T"}, "system"),
        ({"tools": []}, None),
        ({"tools": [{**TOOL, "name": "other"}]}, "tools"),
        ({"output_config": {"effort": "high"}}, "output_config"),
        ({"output_config": None}, "output_config"),
        ({"system": "T", "tools": [{**TOOL, "name": "b"}]}, "system, tools"),
        ({"system": "S", "tools": [TOOL]}, None),
    ],
)
def test_thread_keeps_model_system_tools_and_output(app, changes, differing):
    model = "claude-sonnet-4-6"
    first = asked(app, HELLO, model=model, **KEPT)
    more = {"model": model, "output_config": KEPT["output_config"], **changes}
    response = ask(app, MORE, thread=after(first), **more)
    if differing is None:
        assert response.status == 200
    else:
        assert error_code(response) == (400, "thread_fingerprint_mismatch")
        assert response.error[2].endswith(f"differing field(s): {differing}")


def test_model_may_be_named_in_two_ways(app):
    first = asked(app, HELLO, model="claude-haiku-4-5")
    assert ask(app, MORE, thread=after(first), model="claude-haiku-4-5-20251001").status == 200


def test_thread_begun_without_system_takes_none_later(app):
    first = asked(app, HELLO)
    response = ask(app, MORE, thread=after(first), system="S")
    assert error_code(response) == (400, "thread_fingerprint_mismatch")


FIVE_MARKS = [{"type": "text", "text": str(n), "cache_control": MARK} for n in range(5)]
EDITS = {"edits": [{"type": "clear_tool_uses_20250919"}]}


@pytest.mark.parametrize("continues", [False, True])
@pytest.mark.parametrize(
    ("changes", "unsupported"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, ["thinking"]),
        ({"context_management": EDITS}, ["context_management"]),
        ({"fallbacks": "default"}, ["fallbacks"]),
        (
            {"context_management": EDITS, "thinking": {"type": "enabled", "budget_tokens": 1024}},
            ["context_management", "thinking"],
        ),
        ({"messages": [{"role": "user", "content": FIVE_MARKS}]}, ["cache_control"]),
        (
            {"messages": [{"role": "user", "content": FIVE_MARKS[:4]}], "cache_control": MARK},
            ["cache_control"],
        ),
    ],
)
def test_what_threads_do_not_support_is_named(app, changes, unsupported, continues):
    thread = after(asked(app, HELLO)) if continues else CREATE
    response = ask(app, MORE, thread=thread, max_tokens=2000, **changes)
    assert error_code(response) == (400, "thread_unsupported_request")
    assert response.json["error"]["details"]["unsupported"] == unsupported


@pytest.mark.parametrize(
    "changes",
    [
        {"thinking": {"type": "disabled"}},
        {"context_management": None, "fallbacks": None, "thinking": None},
        {"cache_control": MARK, "system": FIVE_MARKS[:3]},
    ],
)
def test_what_asks_for_nothing_special_is_supported(app, changes):
    assert ask(app, HELLO, **changes).status == 200


def test_thread_without_its_beta_is_an_unknown_field(app):
    error = (400, INVALID, "thread: Extra inputs are not permitted")
    for thread in (CREATE, after(asked(app, HELLO))):
        assert send(app, body={**BODY, "thread": thread}).error == error


def test_items_of_batches_have_no_threads():
    app = batch_app()
    batch = created(app, item("a", thread=CREATE), item("b"), anthropic_beta=BETA)
    app.clock.advance(100)
    ended = results(app, batch)
    assert ended["a"]["type"] == "errored"
    message = ended["a"]["error"]["error"]["message"]
    assert message == "thread: not supported in the requests of a batch"
    assert ended["b"]["type"] == "succeeded"


# Bounds


@pytest.mark.parametrize("bounds", [{"max_messages": 4}, {"max_bytes": 2_500}])
def test_oldest_threads_go_first(bounds):
    threads = Threads(VirtualClock(), **bounds)

    def keep(name: str, size: int = 1_000) -> None:
        messages = [{"role": "user", "content": "x" * size}]
        body = {"model": "m", "messages": messages, "thread": CREATE}
        _, request = threads.completed(body, "m", "w")
        list(threads.keeping(request, {"id": name, "content": []}, iter(())))

    def is_kept(name: str) -> bool:
        body = {"model": "m", "messages": [], "thread": after({"id": name})}
        with suppress(RequestRefusedError):
            return bool(threads.completed(body, "m", "w"))
        return False

    names = [f"msg_{n}" for n in range(6)]
    for name in names:
        keep(name)
    kept = [name for name in names if is_kept(name)]
    assert kept == names[-len(kept) :]
    assert len(kept) == (4 if "max_messages" in bounds else 2)

"""How rows become the parameters of calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from antiphon.bulk.prompts import Prompts

PARAMS: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 10}


def params(value: Any, template: Any = None, **more: Any) -> dict[str, Any]:
    return Prompts({**PARAMS, **more}, template).params_of(value)


def user(text: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    "row", ["Hello", {"prompt": "Hello", "id": "a"}, {"messages": user("Hello")}]
)
def test_a_row_is_a_text_a_prompt_or_parameters(row: Any) -> None:
    assert params(row) == {**PARAMS, "messages": user("Hello")}


def test_what_a_row_says_goes_before_what_all_have() -> None:
    assert params({"prompt": "Hi", "max_tokens": 5, "system": None}, system="Be kind") == {
        **PARAMS,
        "max_tokens": 5,
        "system": "Be kind",
        "messages": user("Hi"),
    }


def test_a_line_of_a_batch_is_a_row() -> None:
    line = {"custom_id": "7", "params": {"messages": user("Hi"), "max_tokens": 3}}
    prompts = Prompts(PARAMS, None)
    assert prompts.params_of(line) == {**PARAMS, "max_tokens": 3, "messages": user("Hi")}
    assert prompts.id_of(line) == "7"


def test_columns_are_put_into_a_template() -> None:
    row = {"text": "Sum {it}", "n": 3, "id": 9}
    assert params(row, "Take {n}: {text} {{}}")["messages"] == user("Take 3: Sum {it} {}")
    template = {"system": "You count to {n}.", "prompt": "{text}"}
    assert params(row, template) == {
        **PARAMS,
        "system": "You count to 3.",
        "messages": user("Sum {it}"),
    }


def test_a_whole_text_that_is_a_column_keeps_its_type() -> None:
    row = {"turns": user("Hi"), "most": 7, "tools": [{"name": "x"}]}
    template = {"messages": "{turns}", "max_tokens": "{most}", "tools": "{tools}"}
    assert params(row, template) == {
        **PARAMS,
        "max_tokens": 7,
        "tools": [{"name": "x"}],
        "messages": user("Hi"),
    }


def test_a_number_as_prompt_is_its_text() -> None:
    assert params({"n": 5}, "{n}")["messages"] == user("5")


def test_files_are_attached_by_their_paths(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("A note")
    template = {"prompt": "What does {name} say?", "attach": ["{path}"]}
    content = params({"path": str(note), "name": "it"}, template)["messages"][0]["content"]
    assert [block["type"] for block in content] == ["document", "text"]
    assert content[0]["source"]["data"] == "A note"
    assert (
        params({"prompt": "Read", "attach": str(note)})["messages"][0]["content"][0] == content[0]
    )


def test_the_type_of_the_output_is_asked_for() -> None:
    class Answer(BaseModel):
        n: int

    found = Prompts({**PARAMS, "output_config": {"effort": "low"}}, None, Answer).params_of("Hi")
    assert found["output_config"]["effort"] == "low"
    assert found["output_config"]["format"]["schema"]["required"] == ["n"]


@pytest.mark.parametrize(
    ("row", "template", "says"),
    [
        ({"text": "a"}, "Say {txt}", "the column 'txt' is missing; there are 'text'"),
        ({"text": "a"}, None, "no parameter 'text'.*'Summarize: {text}'"),
        ({"max_tokens": 3}, None, "messages is missing"),
        ({"text": None}, "Say {text}", "the column 'text' is empty"),
        ({"prompt": "a", "stream": True}, None, "stream: a run receives whole messages"),
        ([1], None, "a row is a dict or a text, not list"),
        ({"prompt": "a", "attach": 5}, None, "attach: 5 is not a path"),
    ],
)
def test_a_row_that_cannot_be_asked_says_why(row: Any, template: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        params(row, template)


def test_a_model_must_come_from_somewhere() -> None:
    with pytest.raises(ValueError, match="model is missing: neither the row nor params= has it"):
        Prompts({"max_tokens": 3}, None).params_of("Hi")


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"params": {"modle": "x"}}, TypeError, "params: messages.create has no parameter 'modle'"),
        ({"template": {"promt": "x"}}, TypeError, "template: .* 'promt'"),
        ({"template": 5}, TypeError, "template: 5; give a text"),
        ({"template": "Say {text"}, ValueError, "write {{ and }} for braces"),
        ({"output_format": {"type": "object"}}, TypeError, "output_format takes a type"),
    ],
)
def test_a_wrong_template_is_refused_at_once(
    given: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        Prompts(**{"params": PARAMS, "template": None, **given})


def test_equal_rows_have_the_same_substance() -> None:
    plain, filled = Prompts(PARAMS, None), Prompts(PARAMS, "{text}")
    one, two = {"id": 1, "prompt": "a"}, {"prompt": "a", "id": 2}
    assert plain.substance(one) == plain.substance(two)
    assert plain.substance(one) != plain.substance({"prompt": "b"})
    # Columns that the template does not use make no difference.
    assert filled.substance({"text": "a", "n": 1}) == filled.substance({"text": "a", "n": 2})


def test_the_prefix_up_to_the_first_mark_is_what_rows_share() -> None:
    system = [{"type": "text", "text": "Long", "cache_control": {"type": "ephemeral"}}]

    def prefix(row: Any, **more: Any) -> bytes | None:
        prompts = Prompts({**PARAMS, **more}, None)
        return prompts.marked_prefix(row, prompts.params_of(row))

    assert prefix("a") is None
    assert prefix("a", system="Long") is None
    shared = prefix("a", system=system)
    assert shared is not None
    assert shared == prefix("b", system=system)
    assert shared == prefix({"prompt": "c", "system": system})
    assert shared != prefix("a", system=system, model="claude-opus-5")
    assert shared != prefix("a", system=[{**system[0], "text": "Other"}])


def test_what_a_run_directory_says_of_it_holds_no_key() -> None:
    headers = {"X-Api-Key": "sk-ant-1", "x-mine": "shown"}
    template = {"prompt": "{text}", "extra_headers": headers}
    identity = Prompts({**PARAMS, "extra_headers": headers}, template).identity
    for part in ("params", "template"):
        assert identity[part]["extra_headers"] == {"X-Api-Key": "[secret]", "x-mine": "shown"}


def test_an_id_that_no_file_can_hold_is_made_one_that_can() -> None:
    assert Prompts(PARAMS, None).id_of({"id": "a\ud800"}) == "a?"

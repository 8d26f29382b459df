"""Findings of a whole request: their order, what is skipped, and bodies of any form."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.rules import RULES, findings
from antiphon.rules.evaluation import CHECKS
from antiphon.rules.request_view import RequestView
from tests.support.imports import loaded_by
from tests.support.rule_samples import GOOD, TABLE, body, image, text

OF_MESSAGES = CHECKS.keys() - {"batches.custom_id"}
MESSAGE_BODIES = [
    sample
    for _, wrong, _, right in TABLE
    for sample in (wrong, right)
    if isinstance(sample, dict)
    and len(str(sample)) < 10_000  # hypothesis makes hundreds of requests of them
    and all(finding.rule in CHECKS for finding in findings(sample))
]


def mixed(bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one body with the fields of all of them, and their messages one after the other."""
    merged = {name: value for each in bodies for name, value in each.items()}
    return {**merged, "messages": [message for each in bodies for message in each["messages"]]}


mixtures = st.lists(st.sampled_from(MESSAGE_BODIES), min_size=1, max_size=4).map(mixed)


@given(mixtures, st.sampled_from(["2023-06-01", "2026-10-21"]), st.sampled_from([0, 10**9]))
def test_a_check_that_is_skipped_would_find_nothing(request_body, version, tokens):
    options = {"version": version, "betas": (), "count": lambda _: tokens}
    found = {finding.rule for finding in findings(request_body, **options)}
    view = partial(RequestView, request_body, "create", today=date(2026, 11, 25))
    searches = {rule: check.search for rule, check in CHECKS.items() if rule in OF_MESSAGES}
    broken = {rule for rule, search in searches.items() if any(search(view(**options)))}
    assert found == broken


@given(mixtures)
def test_findings_come_in_the_order_of_the_table(request_body):
    order = [rule.id for rule in RULES]
    found = [order.index(finding.rule) for finding in findings(request_body)]
    assert found == sorted(found)


def test_a_wrong_form_hides_what_fields_mean():
    assert [f.rule for f in findings(body(messages=[], temperature=1.5))] == [
        "messages.none",
        "sampling.range",
    ]
    assert [f.rule for f in findings(body(messages=[], temperature="hot"))] == ["shape.number"]


def test_counting_needs_no_max_tokens():
    count = {name: value for name, value in GOOD.items() if name != "max_tokens"}
    assert not list(findings(count, endpoint="count_tokens"))


def test_a_retired_model_is_unknown():
    old = body(model="claude-sonnet-4-5")
    assert not list(findings(old))
    (finding,) = findings(old, today=date(2026, 12, 1))
    assert finding.status == 404


def test_findings_are_lazy():
    def count(_: Any) -> int:
        raise AssertionError

    found = findings(body(messages=[], stop_sequences=[""]), count=count)
    assert next(found).rule == "messages.none"


def test_the_rules_load_no_pydantic():
    assert "pydantic" not in loaded_by("import antiphon.rules")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
TYPES = "text image document tool_use tool_result thinking search_result web_search_tool_result x"
NAMES = "type text source content id name input tool_use_id cache_control citations data media_type"
FIELDS = (
    "system tools tool_choice thinking output_config cache_control stream stop_sequences"
    " temperature top_p top_k metadata max_tokens model"
)
odd_blocks = st.dictionaries(
    st.sampled_from(NAMES.split()), json_values | st.sampled_from(TYPES.split()), max_size=6
)
odd_messages = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "system", "x"]) | json_values,
            "content": st.text(max_size=5) | st.lists(odd_blocks, max_size=3) | json_values,
        }
    ),
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=400)
@given(odd_messages, st.dictionaries(st.sampled_from(FIELDS.split()), json_values, max_size=4))
def test_no_json_breaks_the_rules(messages, fields):
    for finding in findings({**GOOD, "messages": messages, **fields}):
        assert finding.message


LEAVES = st.sampled_from([None, "", "a", 0, [], {}, [None], {"type": "x"}, ["a"], [[]], [{}]])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a body."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [place for key, part in inner for place in ((*path, key), *places(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a copy of a body with another value at a path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@settings(max_examples=400)
@given(st.data())
def test_no_odd_value_in_a_real_request_breaks_the_rules(data):
    real = data.draw(st.sampled_from(MESSAGE_BODIES))
    path = data.draw(st.sampled_from(places(real)))
    for finding in findings(replaced(real, path, data.draw(LEAVES))):
        assert finding.message


def test_deep_nesting_is_refused_and_not_followed():
    deep: Any = "end"
    for _ in range(10_000):
        deep = [deep]
    (finding,) = findings(body(metadata=deep))
    assert (finding.rule, finding.message) == ("depth", "The request body is nested too deeply")


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else "end"


@pytest.mark.parametrize(("levels", "rules"), [(190, ["shape.object"]), (210, ["depth"])])
def test_a_body_of_two_hundred_levels_is_deep_enough(levels, rules):
    assert [finding.rule for finding in findings(body(metadata=nested(levels)))] == rules


def test_the_text_of_a_body_that_is_no_object_begins_with_the_problem():
    (finding,) = findings([])  # type: ignore[arg-type]
    assert (finding.message, finding.path) == ("Input should be a valid dictionary", None)


def test_long_values_are_cut_in_texts():
    (finding,) = findings(body(model="m" * 250))
    assert finding.message == f"model: {'m' * 200}…"


def test_an_image_in_a_tool_result_counts_as_one_in_a_message():
    use = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
    seen = {"type": "tool_result", "tool_use_id": "a", "content": [image("AAAA")] * 100}
    talk = [("user", "a"), ("assistant", [use]), ("user", [seen, image("AAAA"), text("b")])]
    found = findings(body(messages=[{"role": role, "content": said} for role, said in talk]))
    assert "Too much media: 0 document pages + 101 images > 100" in {f.message for f in found}

"""The steps of a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.replies.task_steps import split_steps


@pytest.mark.parametrize(
    ("request_", "steps"),
    [
        (
            "First look up the weather in Oslo, then write it to notes.txt",
            ["look up the weather in Oslo", "write it to notes.txt"],
        ),
        ("I need a report. First, read a.txt. Next, read b.txt", ["read a.txt", "read b.txt"]),
        (
            "Find user 7. After that, delete it and finally stop",
            ["Find user 7", "delete it", "stop"],
        ),
        (
            "1. find user 7\n2. write report.md\n3) say so",
            ["find user 7", "write report.md", "say so"],
        ),
        (
            "What's the weather in Oslo? Email it to ann@example.org",
            ["What's the weather in Oslo", "Email it to ann@example.org"],
        ),
        ("Step 1: read a.txt. Step 2: write b.txt", ["read a.txt.", "write b.txt"]),
        ("Before writing a.txt, look up b", ["look up b", "writing a.txt"]),
        ("Write a.txt after looking up b", ["looking up b", "Write a.txt"]),
        ("After looking up b, write a.txt", ["looking up b", "write a.txt"]),
        (
            "add 2 and 3 and multiply the result by 4",
            ["add 2 and 3", "multiply the result by 4"],
        ),
    ],
)
def test_words_that_order_or_refer_back_part_steps(request_, steps):
    assert split_steps(request_) == steps


@pytest.mark.parametrize(
    "request_",
    [
        "What is the weather in Oslo and what time is it?",
        "Is it raining? And is it cold?",
        "next week's weather in Rome",
        "the next 3 days in Rome",
        "Compare cats and dogs",
        "",
    ],
)
def test_other_requests_are_one_step(request_):
    assert split_steps(request_) == [request_]


def test_condition_and_consequence_are_one_step():
    assert len(split_steps("If it rains, then take an umbrella")) == 1


@given(st.text("a 1.,;\nthenfirst", max_size=60))
def test_every_request_has_at_least_one_step_and_at_most_ten(request_):
    assert 1 <= len(split_steps(f"{request_} then go" * 20)) <= 10

"""Values that are told by their form."""

from __future__ import annotations

import pytest

from antiphon.local.replies.patterns import (
    currencies,
    dates,
    enumerated,
    first_list,
    found,
    is_date,
    numbers,
    parsed_number,
    people,
    places,
    tables_in,
)


@pytest.mark.parametrize(
    ("form", "text", "values"),
    [
        (
            "url",
            "https://a.example/b?c=1, (http://d.example).",
            ["https://a.example/b?c=1", "http://d.example"],
        ),
        ("email", "ann@example.org, bob.b@x.example", ["ann@example.org", "bob.b@x.example"]),
        (
            "path",
            "./a/b.py, notes.txt, https://x.example/y.html and 3.5",
            ["./a/b.py", "notes.txt"],
        ),
        ("quoted", "say “a b”, \"c\", 'd e' and `f`; it's Ann's", ["a b", "c", "d e", "f"]),
        ("code", "order A-17, #18 and INV-2026-3", ["A-17", "18", "INV-2026-3"]),
        ("sql", "run `SELECT a FROM b WHERE c = 1;` now", ["SELECT a FROM b WHERE c = 1"]),
        ("phone", "call +47 22 33 44 55 or 5", ["+47 22 33 44 55"]),
    ],
)
def test_values_are_found_in_their_order(form, text, values):
    assert found(form, text) == values


@pytest.mark.parametrize(
    ("form", "text", "values"),
    [
        ("path", "read a.txt, b.txt and c.txt", ["a.txt", "b.txt", "c.txt"]),
        ("path", "copy a.txt to b.txt", []),
        ("path", "read a.txt", []),
        (
            "url",
            "- http://a.example/1\n- http://a.example/2",
            ["http://a.example/1", "http://a.example/2"],
        ),
        (
            "url",
            "1. http://a.example/1\n2. http://a.example/2",
            ["http://a.example/1", "http://a.example/2"],
        ),
        ("quoted", "find “a”, “b” or “a”", ["a", "b"]),
        ("number", "orders 17, 18, and 19", ["17", "18", "19"]),
        ("number", "in 3 days, 4 times", []),
    ],
)
def test_only_neighbours_are_a_list(form, text, values):
    assert first_list(form, text) == values


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("the weather in Oslo, Paris and Rome", ["Oslo", "Paris", "Rome"]),
        ("in San Francisco, CA?", ["San Francisco, CA"]),
        ("in Paris, France and Rome, Italy", ["Paris, France", "Rome, Italy"]),
        ("from San Francisco, CA to go", ["San Francisco, CA"]),
        ("between Oslo and New York", ["Oslo", "New York"]),
        ("for Oslo, Paris, Rome", ["Oslo", "Paris", "Rome"]),
        ("in Oslo or in Oslo", ["Oslo"]),
        ("in the morning", []),
    ],
)
def test_commas_part_places_only_in_lists(text, named):
    assert places(text) == named


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("cats, dogs and birds please", ["cats", "dogs", "birds"]),
        ("Ann Lee and Bob", ["Ann Lee", "Bob"]),
        ("salt and pepper", []),
        ("nothing", []),
    ],
)
def test_enumerations(text, items):
    assert enumerated(text) == items


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Anna is 34 and lives in Oslo.", ["Anna"]),
        ("Extract: Ann Lee, 34", ["Ann Lee"]),
        ("I'm Ann Lee-Smith from Rome", ["Ann Lee-Smith"]),
        ("Please ask Marco on December 3", ["Marco"]),
        ("What is it?", []),
    ],
)
def test_people_are_no_places_months_or_first_words(text, named):
    assert people(text) == named


def test_dates_are_written_in_many_ways():
    assert dates("2026-11-03 or 3 May 2026") == ["2026-11-03"]
    assert dates("on 3 May 2026, May 31st, 2026 and 30 Feb 2026") == ["2026-05-03", "2026-05-31"]
    assert is_date("2026-02-28")
    assert not is_date("2026-02-30")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("34", 34),
        ("-4.5", -4.5),
        ("EUR 1,234.50", 1234.5),
        ("1.234,50 €", 1234.5),
        ("1,234", 1234),
        ("9,5", 9.5),
        ("34 years", 34),
        ("A-17", None),
        ("1 of 2", None),
        ("none", None),
        ("7 " + "x" * 60, None),
    ],
)
def test_numbers_with_units_and_separators(text, number):
    assert parsed_number(text) == number


def test_numbers_of_a_text_leave_out_dates_phones_and_codes():
    text = "on 2026-11-03 at 12:30 call +47 22 33 44 55 about A-17: 1,234.5 or -3"
    assert numbers(text) == [1234.5, -3]


def test_currencies_beside_amounts_come_first():
    assert currencies("VAT and PDF; total: EUR 5, or 6 $") == ["EUR", "USD", "VAT", "PDF"]


@pytest.mark.parametrize(
    ("texts", "tables"),
    [
        (("CREATE TABLE IF NOT EXISTS a (b); create table c", ""), ["a", "c"]),
        (("", '["customers", "orders"]'), ["customers", "orders"]),
        (("", "customers, orders"), ["customers", "orders"]),
        (("The tables are: a, b and c.", ""), ["are"]),
        (("Tables: a, b and c.", "no list, at all!"), ["a", "b", "c"]),
        (("nothing", ""), []),
    ],
)
def test_tables_are_named_by_statements_lists_and_texts(texts, tables):
    assert tables_in(*texts) == tables

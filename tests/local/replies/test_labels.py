"""What stands behind, or before, a name."""

from __future__ import annotations

import pytest

from antiphon.local.replies.labels import counted, labelled


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("age", "name: Anna, age: 34, city: Oslo", "34"),
        ("name", "My name is Anna and I am 34.", "Anna"),
        ("customer", "Customer: Berg, Sons & Co\nTotal: 3", "Berg, Sons & Co"),
        ("due_date", "Date: 1 May\nDue date: 3 May", "3 May"),
        ("dueDate", "due-date = 3 May; paid", "3 May"),
        ("invoice_number", "Invoice No. INV-7 of today", "INV-7"),
        ("order_id", "Where is order #1042?", "1042"),
        ("order_id", "an order of lamps", None),
        ("id", "with id 17", "17"),
        ("total", "a total of 119 EUR", "119 EUR"),
        ("city", "the city is in the north", None),
        ("x", "x: 3", None),
        ("title", "untitled: a", None),
        ("name", "nothing", None),
        ("name", "name:", None),
    ],
)
def test_values_behind_a_name(name, text, value):
    assert labelled(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("days", "for 3 days", "3"),
        ("nights", "2.5 long nights", "2.5"),
        ("guest_count", "2 guests", None),
        ("guests", "a 2-guest room", "2"),
        ("days", "A-3 days", None),
        ("total", "total EUR 92.34, paid", "92.34"),
        ("total", "Total 1,092", "1,092"),
        ("age", "Anna, age 7", "7"),
        ("invoice", "invoice 2026-117", None),
        ("n", "3 n", None),
    ],
)
def test_numbers_before_a_name(name, text, number):
    assert counted(name, text) == number

"""Rows of values in a text."""

from __future__ import annotations

import pytest

from antiphon.local.replies.records import records

PERSON = {"name": "string", "age": "integer", "city": "string"}
ANNA = {"name": "Anna", "age": "34", "city": "Oslo"}


@pytest.mark.parametrize(
    "text",
    [
        "Anna, 34, Oslo",
        "Extract: Anna, 34, Oslo.",
        "- Anna | 34 | Oslo",
        "Anna\t34\tOslo",
        "name,age,city\nAnna,34,Oslo",
        "| City | Age | Name |\n|---|---|---|\n| Oslo | 34 | Anna |",
    ],
)
def test_fields_find_their_properties(text):
    assert records(text, PERSON) == [ANNA]


@pytest.mark.parametrize(
    "text",
    ["First do this, then that", "Anna, 34", "Anna, 34, Oslo, Norway, Europe", "Anna", "a, b, c"],
)
def test_sentences_and_other_rows_are_none(text):
    assert records(text, PERSON | {"country": "number"}) in ([], [{"name": "Anna", "age": "34"}])


def test_rows_of_a_table_without_signs():
    line = {"what": "string", "quantity": "integer", "price": "number", "sum": "number"}
    text = "Lamp 2 9.50 19.00\nBlue paint 1 €100.00 €100.00\nTotal: 119.00"
    assert records(text, line) == [
        {"what": "Lamp", "quantity": "2", "price": "9.50", "sum": "19.00"},
        {"what": "Blue paint", "quantity": "1", "price": "€100.00", "sum": "€100.00"},
    ]


def test_quantities_are_fields():
    line = {"text": "string", "count": "integer", "price": "number"}
    assert records("2 x lamp Luna, 40.00 each\n1× cable, 5.50", line) == [
        {"text": "Lamp Luna", "count": "2", "price": "40.00 each"},
        {"text": "Cable", "count": "1", "price": "5.50"},
    ]


def test_counted_things_are_rows():
    kinds = {"product": "string", "quantity": "integer"}
    assert records("Order 2 lamps and 1 chair", kinds) == [
        {"product": "lamps", "quantity": "2"},
        {"product": "chair", "quantity": "1"},
    ]
    assert records("Order 2 lamps", {**kinds, "price": "number"}) == []


def test_empty_fields_make_no_record():
    assert records("Dear Sir or Madam,", {"a": "string", "b": "string"}) == []


def test_one_property_makes_no_record():
    assert records("Anna, 34", {"name": "string"}) == []


def test_rows_are_bounded():
    assert len(records("Anna, 34, Oslo\n" * 500, PERSON)) == 20

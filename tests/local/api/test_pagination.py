"""Pages of lists."""

from __future__ import annotations

import pytest

from tests.support.app_requests import (
    INVALID,
    send,
)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "limit: Input should be greater than or equal to 1"),
        ("limit=1001", "limit: Input should be less than or equal to 1000"),
        ("limit=x", "limit: Input should be a valid integer, unable to parse string as an integer"),
        ("after_id=nobody", "after_id: no item of this list has the id 'nobody'"),
    ],
)
def test_page_that_does_not_exist_is_refused(app, query, message):
    assert send(app, f"/v1/models?{query}").error == (400, INVALID, message)

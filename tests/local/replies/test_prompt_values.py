"""Values found in prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.replies.prompt_values import PromptValues


@given(st.text(max_size=300))
def test_any_prompt_gives_text_or_none_for_a_name(prompt):
    values = PromptValues(prompt)
    for name in ("location", "url", "email", "date", "path", "expression", "symbol", "query"):
        assert values.value_for(name) is None or isinstance(values.value_for(name), str)

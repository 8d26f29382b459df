"""The prompt cache on a clock that tests move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.catalog.prompt_prefixes import PromptPrefixes
from antiphon.catalog.tokens import PromptTokens
from antiphon.local.metering import prompt_cache
from antiphon.local.metering.clock import VirtualClock
from antiphon.local.metering.prompt_cache import CacheUsage, PromptCache

MODEL = "claude-sonnet-4-6"
FIVE = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
LONG = "word " * 1_100
TOOL = {"name": "f", "description": LONG, "input_schema": {"type": "object"}}


def count(body):
    return PromptTokens(body).total


def text(words, control=None):
    block = {"type": "text", "text": words}
    return {**block, "cache_control": control} if control else block


def said(*blocks, **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": list(blocks)}], **more}


class Requests:
    """A cache and its clock; a call looks a request up and commits it."""

    def __init__(self):
        self.clock = VirtualClock()
        self.cache = PromptCache(self.clock)

    def __call__(self, body, workspace="w"):
        lookup = self.cache.lookup(PromptPrefixes.of(PromptTokens(body), workspace))
        self.cache.commit(lookup)
        assert lookup.usage.total == count(body)
        return lookup.usage


@pytest.fixture
def usage_of():
    return Requests()


MARKED = said(text(LONG, FIVE), text("and now?"))


def test_prompt_without_a_breakpoint_is_not_cached(usage_of):
    body = said(text(LONG))
    assert usage_of(body) == usage_of(body) == CacheUsage(0, 0, 0, count(body))
    assert len(usage_of.cache) == 0


def test_prefix_is_written_then_read(usage_of):
    written, read = usage_of(MARKED), usage_of(MARKED)
    assert written.write_5m > 1_024
    assert written == CacheUsage(0, written.write_5m, 0, written.uncached)
    assert read == CacheUsage(written.write_5m, 0, 0, written.uncached)
    assert read.limited == written.uncached


def test_entry_is_usable_only_after_commit():
    cache = PromptCache(VirtualClock())
    first, second = (
        cache.lookup(PromptPrefixes.of(PromptTokens(MARKED))),
        cache.lookup(PromptPrefixes.of(PromptTokens(MARKED))),
    )
    assert first.usage == second.usage
    cache.commit(first)
    assert cache.lookup(PromptPrefixes.of(PromptTokens(MARKED))).usage.read == first.usage.write_5m


def test_only_the_prefix_before_the_breakpoint_must_be_equal(usage_of):
    written = usage_of(MARKED)
    assert usage_of(said(text(LONG, FIVE), text("another question"))).read == written.write_5m
    assert usage_of(said(text("x" + LONG, FIVE), text("and now?"))).read == 0


@pytest.mark.parametrize(("control", "seconds"), [(FIVE, 300), (HOUR, 3_600)])
def test_entry_lives_for_its_lifetime_and_each_hit_starts_it_again(usage_of, control, seconds):
    body = said(text(LONG, control))
    usage_of(body)
    for _ in range(3):
        usage_of.clock.advance(seconds - 1)
        assert usage_of(body).read > 0
    usage_of.clock.advance(seconds)
    assert usage_of(body).read == 0


def test_lifetime_counts_from_the_request():
    clock = VirtualClock()
    cache = PromptCache(clock)
    lookup = cache.lookup(PromptPrefixes.of(PromptTokens(MARKED)))
    clock.advance(299)
    cache.commit(lookup)
    clock.advance(1)
    assert cache.lookup(PromptPrefixes.of(PromptTokens(MARKED))).usage.read == 0


@pytest.mark.parametrize(
    ("model", "minimum"),
    [("claude-opus-5", 512), ("claude-sonnet-4-6", 1_024), ("claude-haiku-4-5", 4_096)],
)
def test_prefixes_below_the_minimum_are_not_cached(usage_of, model, minimum):
    for words, cached in ((minimum // 2, False), (minimum * 11 // 10, True)):
        body = {**said(text("word " * words, FIVE)), "model": model}
        assert (usage_of(body).write_5m > 0) is cached


def test_mixed_lifetimes_split_as_documented(usage_of):
    one, two, three = text(LONG, HOUR), text("b" + LONG, HOUR), text("c" + LONG, FIVE)
    first = usage_of(said(one))
    a = first.write_1h
    usage = usage_of(said(one, two, three, text("tail")))
    assert usage.read == a
    assert usage.write_1h > 0 < usage.write_5m
    assert usage_of(said(one, two, three, text("tail"))) == CacheUsage(
        usage.total - usage.uncached, 0, 0, usage.uncached
    )


@pytest.mark.parametrize(("blocks_between", "found"), [(18, True), (19, True), (20, False)])
def test_lookup_goes_twenty_blocks_back(usage_of, blocks_between, found):
    usage_of(said(text(LONG, FIVE)))
    more = [text(f"block {number}") for number in range(blocks_between - 1)]
    later = said(text(LONG), *more, text("end", FIVE))
    assert (usage_of(later).read > 0) is found


def test_prefix_is_found_only_where_a_breakpoint_stood(usage_of):
    usage_of(said(text(LONG), text("b" + LONG, FIVE)))
    assert usage_of(said(text(LONG, FIVE), text("other"))).read == 0


def test_growing_conversation_reads_what_it_wrote(usage_of):
    messages, written = [], 0
    for turn in range(5):
        question = [text(f"{turn} {LONG}", FIVE)]
        messages = [
            *({**each, "content": [text(b["text"]) for b in each["content"]]} for each in messages),
            {"role": "user", "content": question},
        ]
        usage = usage_of({"model": MODEL, "messages": messages})
        assert usage.read == written
        written = usage.read + usage.write_5m
        messages.append({"role": "assistant", "content": [text("fine")]})


def test_tools_and_system_come_first(usage_of):
    body = said(text("hello"), tools=[{**TOOL, "cache_control": FIVE}], system="be kind")
    written = usage_of(body)
    assert written.write_5m > 1_024
    other = {**body, "system": "be brief", "messages": [{"role": "user", "content": "bye"}]}
    assert usage_of(other).read == written.write_5m


SYSTEM = [text(LONG, FIVE)]
ALL_MARKED = said(
    text("m" + LONG, FIVE), tools=[{**TOOL, "cache_control": FIVE}], system=SYSTEM, max_tokens=9
)
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/i.png"}}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"tools": [{**TOOL, "name": "g", "cache_control": FIVE}]}, 0),
        ({"model": "claude-sonnet-4-5"}, 0),
        ({"speed": "fast"}, 0),
        ({"system": [text("s" + LONG, FIVE)]}, 1),
        ({"tool_choice": {"type": "any"}}, 2),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, 2),
        ({"thinking": {"type": "enabled", "budget_tokens": 2_000}}, 2),
        ({"output_config": {"effort": "low"}}, 2),
        ({"messages": [{"role": "user", "content": [text("m" + LONG, FIVE), IMAGE]}]}, 2),
        ({"max_tokens": 10, "metadata": {"user_id": "u"}, "stop_sequences": ["x"]}, 3),
        ({"tool_choice": {"type": "auto"}}, 3),
        ({"output_config": {"effort": "high"}}, 3),
        ({"thinking": {"type": "disabled"}}, 3),
        ({"stream": True, "temperature": 0.5}, 3),
    ],
)
def test_change_invalidates_its_section_and_the_following_ones(usage_of, change, kept):
    body = {**ALL_MARKED, "model": "claude-sonnet-4-6"}
    usage_of(body)
    usage = usage_of({**body, **change})
    sections = [0, *(total for total in _prefix_totals(body))]
    if change.get("tool_choice", {}).get("type") == "any":
        assert usage.read > 0 < usage.write_5m
    elif kept == 0:
        assert usage.read == 0
    else:
        assert usage.read == sections[kept]


def _prefix_totals(body):
    """The tokens up to the end of the tools, the system prompt and the message."""
    cache = PromptCache(VirtualClock())
    tools = {**body, "system": None, "messages": [{"role": "user", "content": "x"}]}
    system = {**body, "messages": [{"role": "user", "content": "x"}]}
    return [
        cache.lookup(PromptPrefixes.of(PromptTokens(each))).usage.write_5m
        for each in (tools, system, body)
    ]


def test_citations_invalidate_system_and_messages(usage_of):
    source = {"type": "text", "media_type": "text/plain", "data": "Grass is green."}
    document = {"type": "document", "source": source, "citations": {"enabled": True}}
    tools = [{**TOOL, "cache_control": FIVE}]
    first = usage_of(said({**document, "citations": None}, tools=tools, system=SYSTEM))
    second = usage_of(said(document, tools=tools, system=SYSTEM))
    assert 0 < second.read < first.write_5m


def test_workspaces_share_nothing(usage_of):
    usage_of(MARKED, "one")
    assert usage_of(MARKED, "two").read == 0
    assert usage_of(MARKED, "one").read > 0


def test_order_of_keys_in_tool_input_matters(usage_of):
    def called(given):
        use = {"type": "tool_use", "id": "t", "name": "f", "input": given, "cache_control": FIVE}
        turn = {"role": "assistant", "content": [text(LONG), use]}
        return {"model": MODEL, "messages": [{"role": "user", "content": "go"}, turn]}

    usage_of(called({"a": 1, "b": 2}))
    assert usage_of(called({"a": 1, "b": 2})).read > 0
    assert usage_of(called({"b": 2, "a": 1})).read == 0


def test_automatic_caching_marks_the_last_block_that_can_be_marked(usage_of):
    body = said(text(LONG), text("last"), cache_control=FIVE)
    usage = usage_of(body)
    assert usage == CacheUsage(0, count(body) - 3, 0, 3)
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    turns = [body["messages"][0], {"role": "assistant", "content": [thought]}]
    later = usage_of({**body, "messages": turns})
    assert later.read == usage.write_5m
    assert later.uncached > 0


def test_last_server_tool_result_is_cached_without_a_breakpoint(usage_of):
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    turns = [
        {"role": "user", "content": [text(LONG, HOUR)]},
        {"role": "assistant", "content": [result]},
        {"role": "user", "content": "more"},
    ]
    usage = usage_of({"model": MODEL, "messages": turns})
    assert usage.write_1h > 0
    assert usage.write_5m > 0


def test_expired_entries_are_dropped(usage_of):
    for number in range(50):
        usage_of(said(text(f"{number} {LONG}", FIVE)))
    assert len(usage_of.cache) == 50
    usage_of.clock.advance(301)
    usage_of(MARKED)
    assert len(usage_of.cache) == 1


def test_longest_unused_entries_are_dropped_beyond_the_bound(usage_of, monkeypatch):
    monkeypatch.setattr(prompt_cache, "_MAX_ENTRIES", 3)
    bodies = [said(text(f"{number} {LONG}", FIVE)) for number in range(4)]
    for body in (*bodies[:3], bodies[0], bodies[3]):
        usage_of(body)
    assert len(usage_of.cache) == 3
    assert usage_of(bodies[0]).read > 0
    assert usage_of(bodies[1]).read == 0


CONTROLS = st.sampled_from([None, None, FIVE, HOUR])
BLOCKS = st.builds(text, st.sampled_from(["a ", "b "]).map(lambda each: each * 800), CONTROLS)


@given(
    st.lists(st.tuples(st.lists(BLOCKS, min_size=1, max_size=6), st.integers(0, 400)), max_size=6)
)
def test_parts_of_the_usage_add_up_to_the_prompt(requests):
    usage_of = Requests()
    for blocks, seconds in requests:
        usage = usage_of(said(*blocks))
        assert min(usage) >= 0
        assert usage_of(said(*blocks)).read == usage.total - usage.uncached
        usage_of.clock.advance(seconds)


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_input_tokens_are_never_zero(usage_of, role):
    messages = [
        {"role": "user", "content": [text(LONG, FIVE)]},
        {"role": "assistant", "content": [text("b" + LONG, FIVE)]},
        {"role": "user", "content": [text("c" + LONG, FIVE)]},
    ]
    body = {"model": MODEL, "messages": messages if role == "user" else messages[:2]}
    assert usage_of(body).uncached > 0
    again = usage_of(body)
    assert again.read > 0 < again.uncached
    assert again.write_5m == 0

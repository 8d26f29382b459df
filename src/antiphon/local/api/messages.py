"""What a messages request gets: the rules first, then the cost of its prompt, then the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import NamedTuple

from ..._wire.json import JSONObject
from ...catalog.canonical_json import canonical
from ...catalog.prompt_prefixes import PromptPrefixes
from ...catalog.request_parts import content_blocks
from ...catalog.tokens import PromptTokens
from ...rules import Endpoint as RuleEndpoint
from ...rules.evaluation import form_findings, meaning_findings
from ...rules.request_view import RequestView
from ..metering.clock import Clock
from ..metering.context_edits import EditedPrompt, edited
from ..metering.prompt_cache import CacheLookup, PromptCache
from ..metering.rate_limits import Limits, RateLimitBuckets
from ..replies.compaction import Summary, summarize
from ..replies.reply import make_reply, reply_random, request_digest
from ..replies.server_tools import OUTPUT_CONTENT, OUTPUT_NAME, output_files
from ..replies.signatures import Signatures
from .answer import Answer
from .direction import SIMULATED, Direction, Director, MessageRequest, Writing, Written
from .errors import RequestRefusedError, broken_rule, invalid
from .file_sources import with_files
from .file_store import FileStore
from .journal import Recorded
from .repeats import Repeats
from .served_models import ModelNames, ServedModel, ServedModels
from .steps import Flow, HeaderPairs, work
from .threads import ThreadRequest, Threads

__all__ = [
    "ORGANIZATION",
    "Caller",
    "CountResult",
    "MessageResult",
    "PreparedRequest",
    "Simulation",
]

_THREADS_BETA = "message-threads-"

ORGANIZATION = "00000000-0000-4000-8000-000000000000"
"""The id of the only organization of a server."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and the version of the API that it uses."""

    workspace: str
    version: str
    betas: frozenset[str]
    headers: Mapping[str, str] = field(repr=False)
    """All headers of the request, secrets included, by their lower-case names."""
    request_id: str


class PreparedRequest(NamedTuple):
    """A request that passed every rule, and what was measured of it."""

    body: JSONObject
    """The body with all that it names: the conversation of its thread, the content of its files.

    Its model is the one of the catalogue.
    """
    model: ServedModel
    named: str
    """The name of the model in the request."""
    caller: Caller
    prefixes: PromptPrefixes
    digest: bytes
    """The same for equal requests."""
    original_tokens: int
    """The tokens of the prompt as it was sent."""
    edits: EditedPrompt
    """The prompt as Claude reads it, and what was removed from it."""
    summary: Summary | None
    """The summary of the conversation that is written first, if the request asks for one."""
    thread: ThreadRequest | None
    """What its thread has to remember; None if it belongs to none."""


class MessageResult(NamedTuple):
    """A message, and what is needed besides to send it."""

    message: JSONObject
    output_tokens: int
    raw_inputs: Mapping[int, str]
    """The JSON text of a tool's input where it was cut, by the index of its block."""
    headers: HeaderPairs
    """The headers about rate limits and the model."""


class CountResult(NamedTuple):
    """The count of a prompt's tokens, and what is needed besides to send it."""

    content: JSONObject
    headers: HeaderPairs


class Simulation:
    """Makes messages and counts tokens, by the API's rules and limits.

    Args:
        clock: the server's.
        seed: changes every id and every opaque value.
        limits: what each class of models may use in a minute; None for no limit.
        models: which names of models are served.
    """

    def __init__(self, clock: Clock, seed: int, limits: Limits | None, models: ModelNames) -> None:
        self._clock = clock
        self.models: ServedModels = ServedModels(clock, models)
        """Finds the model of a request."""
        # To serve retired models, the rules have to look at a day before any was retired.
        self._rules_day = date.min if models == "any" else None
        self._seed = seed
        self._limits = limits
        self._signatures = Signatures(f"antiphon {seed}".encode())
        self.files: FileStore = FileStore(clock, Random(f"files {seed}"))
        """The files that requests may name."""
        self.threads: Threads = Threads(clock)
        """The conversations that requests may continue."""
        self.script: Director | None = None
        """Says what requests get; without one, all get simulated replies."""
        self.clear()

    def clear(self) -> None:
        """Forget files, threads, cached prompts, used-up limits and which requests came before."""
        self.files.clear()
        self.threads.clear()
        self._repeats = Repeats()
        self._cache = PromptCache(self._clock)
        self._rates = RateLimitBuckets(self._limits, self._clock, ORGANIZATION)
        if self.script is not None:
            self.script.reset()

    def prepare(self, body: JSONObject, caller: Caller, endpoint: RuleEndpoint) -> PreparedRequest:
        """Check a request by all rules and measure its prompt.

        This takes nearly all of the time of a request, and uses nothing that requests change: files
        and conversations stay as they were kept.

        Raises:
            RequestRefusedError: a rule forbids the request; the error is the API's first.
        """
        named = body.get("model")
        model = self.models.find(named)
        if model is not None and model.card.id != named:
            body = {**body, "model": model.card.id}
        if (first := next(form_findings(body, endpoint), None)) is not None:
            raise broken_rule(first)
        thread = None
        if model is not None and endpoint == "create" and _is_threaded(body, caller):
            body, thread = self.threads.completed(body, model.name, caller.workspace)
        original = PromptTokens(
            with_files(body, lambda name: self.files.find_content(name, caller.workspace))
        )
        edits = edited(original)
        view = RequestView(
            original.body,
            endpoint,
            caller.version,
            caller.betas,
            count=lambda _: edits.prompt.total,
            today=self._rules_day or self._clock.today(),
        )
        if (first := next(meaning_findings(view), None)) is not None:
            raise broken_rule(first)
        # The rules refuse names that no model serves.
        assert model is not None and isinstance(named, str)  # noqa: PT018  one fact
        if (block := self._signatures.verify(view.turns)) is not None:
            raise invalid(block.message)
        summary = None
        if endpoint != "count_tokens" and (summary := _summary(edits)) is not None:
            edits = edits._replace(prompt=summary.behind(edits.prompt))
        return PreparedRequest(
            original.body,
            model,
            named,
            caller,
            PromptPrefixes.of(edits.prompt, caller.workspace),
            request_digest(original.body),
            original.total,
            edits,
            summary,
            thread,
        )

    def admit(self, request: PreparedRequest) -> CacheLookup:
        """Take a create request out of the rate limits; return what it finds in the cache.

        Raises:
            RequestRefusedError: a limit forbids the request.
        """
        model = request.model.card.id
        lookup = self._cache.lookup(request.prefixes)
        over = self._rates.admit(model, lookup.usage.limited)
        if over is not None:
            wait = ("retry-after", str(over.retry_after))
            headers = (wait, *self._rates.headers(model))
            raise RequestRefusedError(429, "rate_limit_error", over.message, headers=headers)
        return lookup

    def direct(self, request: PreparedRequest) -> Direction:
        """Return what the script says about a request, which uses up one of its rules.

        Raises:
            RequestRefusedError: the script expects no such request.
        """
        if self.script is None:
            return SIMULATED
        body = {**request.body, "model": request.named}
        caller = request.caller
        served = (request.model.name, request.model.card.id)
        return self.script.direct(MessageRequest(body, caller.headers, caller.request_id, served))

    def create(
        self, request: PreparedRequest, lookup: CacheLookup, direction: Direction
    ) -> Flow[MessageResult]:
        """Return the message for a create request that was admitted.

        Raises:
            RequestRefusedError: the script lets the request fail.
        """
        model = request.model
        written = yield from self._written(request, lookup, direction)
        message = written.message(lookup.usage, model.name)
        output_tokens = message["usage"]["output_tokens"]
        self._rates.produced(model.card.id, output_tokens)
        headers = (*self._rates.headers(model.card.id), *model.headers)
        return MessageResult(message, output_tokens, written.reply.raw_inputs, headers)

    def count(self, request: PreparedRequest) -> CountResult:
        """Return the input tokens for a count_tokens request."""
        tokens = request.prefixes.total
        content: JSONObject = {"input_tokens": tokens}
        if request.body.get("context_management"):
            content["context_management"] = {"original_input_tokens": request.original_tokens}
        return CountResult(content, request.model.headers)

    def batch_result(
        self, params: JSONObject, caller: Caller, item: int, recorded: Recorded | None
    ) -> Flow[JSONObject]:
        """Return the result of an item of a batch; batches have rate limits of their own.

        Args:
            params: those of the item.
            caller: who sent the batch.
            item: the number of the item, from 0.
            recorded: the entry of the batch in the journal, where the answer is noted.
        """
        answer = Answer(item=item)
        try:
            size = len(canonical(params))
            request = yield from work(lambda: self.prepare(params, caller, "batch_item"), size)
            lookup = self._cache.lookup(request.prefixes)
            direction = self.direct(request)
            if recorded is not None:
                recorded.answers.append(answer)
            written = yield from self._written(request, lookup, direction)
        except RequestRefusedError as refusal:
            answer.outcome = refusal.bare()
            error = {"type": "error", "error": {"details": None, **refusal.error()}}
            return {"type": "errored", "error": error}
        message = written.message(lookup.usage, request.model.name, service_tier="batch")
        answer.outcome = message
        return {"type": "succeeded", "message": message}

    def _written(
        self, request: PreparedRequest, lookup: CacheLookup, direction: Direction
    ) -> Flow[Written]:
        """Return the reply to a request: that of the script, or else a simulated one."""
        if direction.failure is not None:
            raise direction.failure
        repeat = self._repeats.count(request.digest)
        rng = reply_random(request.digest, self._seed, repeat)
        now, tokens = self._clock(), lookup.usage.total
        if direction.write is None:
            reply = yield from work(
                lambda: make_reply(
                    request.edits.prompt.body,
                    rng=rng,
                    signatures=self._signatures,
                    now=now,
                    input_tokens=tokens,
                    summary=request.summary,
                ),
                4 * tokens,  # about the bytes of the prompt
            )
            written = Written(reply)
        else:
            written = yield from direction.write(Writing(request.body, self._signatures, rng, now))
        if applied := request.edits.applied:
            written = written._replace(reply=written.reply._replace(applied_edits=applied))
        self._cache.commit(lookup)
        for identifier in output_files(written.reply.content):
            workspace = request.caller.workspace
            self.files.add_output(identifier, workspace, OUTPUT_NAME, OUTPUT_CONTENT)
        return written


def _summary(edits: EditedPrompt) -> Summary | None:
    """Return the summary that a request asks for, or that its prompt is large enough for.

    Raises:
        RequestRefusedError: there is nothing to summarize.
    """
    body, tokens = edits.prompt.body, edits.prompt.total
    if (config := body.get("compaction")) is not None:
        blocks = (block for each in body["messages"] for block in content_blocks(each["content"]))
        if all(block["type"] == "compaction" for block in blocks):
            raise invalid(
                "compaction: there is nothing to summarize after the last compaction block.",
                error_code="compaction_nothing_to_summarize",
            )
        return summarize(body, tokens, config, is_all=True)
    if (edit := edits.compaction) is None:
        return None
    return summarize(body, tokens, edit, is_all=edit.get("pause_after_compaction") is True)


def _is_threaded(body: JSONObject, caller: Caller) -> bool:
    """Return whether a request belongs to a thread; without the beta it is refused later."""
    has_beta = any(beta.startswith(_THREADS_BETA) for beta in caller.betas)
    return has_beta and body.get("thread") is not None

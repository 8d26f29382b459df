"""Bulk: one `run` from one prompt to millions, which loses no result and pays for none twice.

What lives here: the rows of a run, how they become calls, the journal that keeps what came of them,
and the engines that perform them. It stands on the async client, its limiter and its budget. It
never holds all rows or results in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from .._async.client import AsyncClient
from .._sync.client import Client
from .batches import Batched
from .engines import Engine, Local
from .job import Job
from .plans import RunPlan
from .prompts import TemplateInput
from .ray import Ray
from .results import KINDS, Result
from .rows import RowsInput
from .runs import AsyncRun, Run, RunProgress, RunSummary, Setup

__all__ = [
    "KINDS",
    "AsyncRun",
    "Batched",
    "Engine",
    "Job",
    "Local",
    "Ray",
    "Result",
    "Run",
    "RunPlan",
    "RunProgress",
    "RunSummary",
    "arun",
    "run",
]


def run(
    rows: RowsInput,
    *,
    out: str | PathLike[str] | None = None,
    params: Mapping[str, Any] | None = None,
    template: TemplateInput | None = None,
    output_format: Any = None,
    tag: str | None = None,
    budget: Any = None,
    engine: Engine | str = "local",
    via: str = "live",
    client: Client | AsyncClient | None = None,
    ordered: bool = True,
    confirm_above: float | None = None,
    dedupe: bool = False,
) -> Run:
    """Ask many prompts, as fast as the limits of the account allow.

    The run begins when you iterate over what is returned, or call its `wait`. With `out`, a run
    that was stopped or killed goes on when the same call is made again; no row is paid twice.

    Args:
        rows: the path of a .jsonl, .csv or .parquet file, an iterable of dicts or texts, or a table
            of pandas, polars, Arrow or Hugging Face. A row is a text, a dict of parameters of
            `messages.create` (with `prompt` for a single text of the user), or the columns of
            `template`. `id` or `custom_id` tells results apart.
        out: where the results go once all are there: .jsonl, .csv or .parquet. What is needed to go
            on stands beside it, in a directory with `.run` after the name.
        params: parameters for all rows that do not have them, such as `model` and `max_tokens`.
        template: a text with columns in braces, such as "Summarize: {text}", or a dict of
            parameters whose texts have them; in it, `prompt` is the text of the user and `attach`
            a path, or a list of paths, of images and documents.
        output_format: a type, as for `messages.parse`; `result.output` is a value of it.
        tag: the tag under which `client.costs` counts the calls.
        budget: US dollars for the whole run, all sessions together, or an `antiphon.Budget`.
        engine: "local", "ray", "ray://HOST:PORT", or an engine such as ``Local(concurrency=50)``.
        via: "batch" sends the rows through the Batches API, at half the price, within a day.
        client: the client; by default a new one, whose key comes from the environment. Without a
            limiter of its own, the run has one.
        ordered: whether results come, and stand in `out`, in the order of the rows, or as they are
            completed.
        confirm_above: ask on the terminal before a run that could cost more US dollars than this;
            without a terminal such a run is refused.
        dedupe: ask equal rows once, and give them the same message.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument has an impossible value.
        OSError: the input cannot be read, or there is no folder for `out`.
        ImportError: a format needs a package that is not installed.
    """
    return Run(Setup(**locals()))


def arun(
    rows: RowsInput,
    *,
    out: str | PathLike[str] | None = None,
    params: Mapping[str, Any] | None = None,
    template: TemplateInput | None = None,
    output_format: Any = None,
    tag: str | None = None,
    budget: Any = None,
    engine: Engine | str = "local",
    via: str = "live",
    client: Client | AsyncClient | None = None,
    ordered: bool = True,
    confirm_above: float | None = None,
    dedupe: bool = False,
) -> AsyncRun:
    """Do as `run`, in the event loop that awaits the results (asyncio).

    Its arguments and errors are those of `run`.
    """
    return AsyncRun(Setup(**locals()))

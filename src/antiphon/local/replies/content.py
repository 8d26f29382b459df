"""The content of a simulated reply, before anything cuts it short.

Most requests get words. What takes a plan of the prompt (calls of tools, output by a schema) is
made by `planned_content`, which is loaded when the first request needs it: it loads much.
"""

from __future__ import annotations

from random import Random

from ..._wire.json import JSONObject
from .prompt import Prompt
from .words import PAUSE, Composer, Draft, output_schema

__all__ = ["draft"]


def draft(body: JSONObject, prompt: Prompt, rng: Random, now: float) -> Draft:
    """Return the content of a reply and its stop reason.

    Args:
        body: the request.
        prompt: its last turn.
        rng: makes ids and values that only the API can read.
        now: the server's time in seconds since 1970.
    """
    if _takes_a_plan(body, prompt):
        from .planned_content import PlanningComposer

        return PlanningComposer(body, prompt, rng, now).draft()
    return Composer(body, prompt).draft()


def _takes_a_plan(body: JSONObject, prompt: Prompt) -> bool:
    """Return whether the reply may be more than words."""
    has_tools = body.get("tools") or body.get("mcp_servers") or prompt.pending
    return bool(has_tools or output_schema(body) or PAUSE in prompt.text)

"""Grade 200 replies of a support team with a rubric, sixteen at a time, and print a table."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import Field

import antiphon
from antiphon.types import Usage
from simulator import use_simulator_without_key

MODEL = "claude-haiku-4-5"


class Tone(Enum):
    KIND = "kind"
    NEUTRAL = "neutral"
    RUDE = "rude"


@dataclass
class Grade:
    """How good a reply of our support is."""

    tone: Tone
    correct: Annotated[int, Field(ge=1, le=5, description="1 is wrong, 5 is right.")]
    solved: Annotated[bool, Field(description="Whether the customer needs no further help.")]


@dataclass
class Row:
    number: int
    reply: str
    grade: Grade | None = None
    failure: str = ""
    usage: Usage | None = None


REPLIES = (
    "We are sorry about the broken lamp; a new one is on its way. (The customer found it kind.)",
    "Read the manual. (The customer found it rude.)",
    "Your order was delivered on Monday. (The customer found it neutral.)",
    "We do not know, please call again. (The customer found it neutral.)",
)


async def grade(client: antiphon.AsyncClient, free: asyncio.Semaphore, row: Row) -> None:
    async with free:
        try:
            message = await client.messages.parse(
                model=MODEL,
                max_tokens=200,
                output_format=Grade,
                retries=1,
                system="You grade the replies of a support team.",
                messages=[{"role": "user", "content": f"Reply {row.number}: {row.reply}"}],
            )
        except antiphon.OutputError as error:  # the message was paid for all the same
            row.failure, row.usage = type(error).__name__, error.usage
        except antiphon.APIError as error:
            row.failure = error.summary
        else:
            row.grade, row.usage = message.output, message.total_usage


async def main() -> None:
    rows = [Row(number, REPLIES[number % len(REPLIES)]) for number in range(200)]
    free = asyncio.Semaphore(16)
    async with antiphon.AsyncClient() as client, asyncio.TaskGroup() as tasks:
        for row in rows:
            tasks.create_task(grade(client, free, row))
    graded = [row.grade for row in rows if row.grade]
    print(f"{'tone':10}{'rows':>6}{'correct':>10}{'solved':>10}")
    for tone in Tone:
        some = [each for each in graded if each.tone is tone]
        if some:
            correct = sum(each.correct for each in some) / len(some)
            solved = sum(each.solved for each in some) / len(some)
            print(f"{tone.value:10}{len(some):6}{correct:10.2f}{solved:10.0%}")
    for failure, count in Counter(row.failure for row in rows if row.failure).items():
        print(f"{count} failed: {failure}")
    usage = sum(row.usage for row in rows if row.usage)
    if isinstance(usage, Usage):
        print(f"{len(rows)} rows, {usage.input_tokens} tokens in, {usage.output_tokens} out")


use_simulator_without_key()
asyncio.run(main())

"""Send many prompts, five at a time; one that fails does not stop the others."""

import asyncio

import antiphon
from simulator import use_simulator_without_key

PROMPTS = [f"What is {n} times {n}?" for n in range(20)]


async def reply(client: antiphon.AsyncClient, five: asyncio.Semaphore, prompt: str) -> str:
    async with five:
        try:
            message = await client.messages.create(
                model="claude-haiku-4-5",
                max_tokens=100,
                messages=[{"role": "user", "content": prompt}],
            )
        except antiphon.APIError as error:
            return f"failed: {error}"
        return message.text


async def main() -> None:
    five = asyncio.Semaphore(5)
    async with antiphon.AsyncClient() as client:
        replies = await asyncio.gather(*(reply(client, five, prompt) for prompt in PROMPTS))
    for prompt, text in zip(PROMPTS, replies, strict=True):
        print(prompt, "→", text)


use_simulator_without_key()
asyncio.run(main())

"""Many questions at once, a few at a time, one failure not spoiling the rest."""

import asyncio

import antiphon

QUESTIONS = [f"What is {n} times {n}?" for n in range(20)]


async def answer(client: antiphon.AsyncClient, turn: asyncio.Semaphore, question: str) -> str:
    async with turn:
        try:
            message = await client.messages.create(
                model="claude-haiku-4-5",
                max_tokens=100,
                messages=[{"role": "user", "content": question}],
            )
        except antiphon.APIError as error:
            return f"failed: {error}"
        return message.text


async def main() -> None:
    turn = asyncio.Semaphore(5)
    async with antiphon.AsyncClient() as client:
        answers = await asyncio.gather(*(answer(client, turn, question) for question in QUESTIONS))
    for question, text in zip(QUESTIONS, answers, strict=True):
        print(question, "→", text)


asyncio.run(main())

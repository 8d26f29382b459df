"""A chat in a web page: the words appear while Claude writes them.

    python examples/fastapi_chat.py     # then open http://127.0.0.1:8000

Each page has a conversation of its own. If the page is closed while Claude writes, the turn ends,
and the conversation is as it was before.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel

import antiphon
from simulator import use_simulator_without_key

use_simulator_without_key()
app = FastAPI()
client = antiphon.AsyncClient()
# A real service would store them (`to_dict`), and forget them some day.
chats: dict[str, antiphon.AsyncConversation] = {}


class Question(BaseModel):
    chat: str
    text: str


@app.get("/")
async def page() -> FileResponse:
    return FileResponse(Path(__file__).with_suffix(".html"))


@app.post("/ask")
async def ask(question: Question) -> StreamingResponse:
    chat = chats.setdefault(
        question.chat, antiphon.AsyncConversation(client, model="claude-haiku-4-5", max_tokens=1024)
    )
    return StreamingResponse(lines(chat, question.text), media_type="application/jsonl")


async def lines(chat: antiphon.AsyncConversation, question: str) -> AsyncIterator[str]:
    """Give each piece of text as a line of JSON; line breaks stay inside the quotes."""
    try:
        async with chat.stream(question) as turn:
            async for text in turn.text_stream:
                yield json.dumps({"text": text}) + "\n"
    except (antiphon.APIError, antiphon.UsageError) as error:
        # The status was sent long ago. The text of the error may name hosts of your network.
        yield json.dumps({"error": type(error).__name__}) + "\n"


if __name__ == "__main__":
    uvicorn.run(app, port=8000)

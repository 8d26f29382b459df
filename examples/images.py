"""Describe images and PDFs named on the command line, or a red square drawn here."""

import sys

from PIL import Image

import antiphon
from antiphon.types import ContentBlockParam
from simulator import use_simulator_without_key


def block(path: str) -> ContentBlockParam:
    """Return a file as part of a message."""
    if path.endswith(".pdf"):
        return antiphon.document(path)
    return antiphon.image(path, resize=True)


use_simulator_without_key()
drawn = antiphon.image(Image.new("RGB", (64, 64), "red"))
blocks = [block(path) for path in sys.argv[1:]] or [drawn]
message = antiphon.Client().messages.create(
    model="claude-haiku-4-5",
    max_tokens=1024,
    messages=[
        {"role": "user", "content": [*blocks, {"type": "text", "text": "What do you see?"}]},
    ],
)
print(message.text)

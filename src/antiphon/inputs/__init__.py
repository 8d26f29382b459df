"""Images and documents as content blocks, from whatever a program has of them.

`image` and `document` give plain dicts that stand anywhere content goes; `cached` marks one of them
for the prompt cache, `input_tokens` tells its price, `split_pdf` makes several documents of a large
PDF. Files are read here and at once, so what a block holds no longer changes. Nothing here sends.
"""

from __future__ import annotations

from .caching import cached
from .costs import input_tokens
from .documents import document, split_pdf
from .images import image

__all__ = ["cached", "document", "image", "input_tokens", "split_pdf"]

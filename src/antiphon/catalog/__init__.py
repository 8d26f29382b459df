"""Facts about the models, about images and PDFs, and what follows from them: prices, tokens.

`models` holds what each model takes, gives and costs; `pricing` makes dollars of a usage; `tokens`
estimates the tokens of a request, and `image_tokens` those of an image; `media` reads sizes and
pages from bytes. The rules, the local server, the ledger and the command line share these facts.
Nothing here needs pydantic or asks the API.
"""

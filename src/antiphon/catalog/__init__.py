"""Facts about the models, and about the images and PDFs they are sent.

`models` holds what each model takes, gives and costs; `image_tokens` the price of an image in
tokens; `media` reads sizes and pages from bytes. The rules, the local server and the command line
share these facts. Nothing here needs pydantic, asks the API, or knows what a request is.
"""

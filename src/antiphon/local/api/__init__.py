"""The simulated API as functions: a request in, the steps of its response out.

`app.App` is the whole of it; beside it stand the endpoints, a file for each group, and what they
share (headers, errors, pagination). Nothing here opens a socket or waits: the steps say what is to
be sent and when, and `antiphon.local.serving` performs them.
"""

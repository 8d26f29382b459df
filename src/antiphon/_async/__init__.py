"""The async client. Everything here performs what the core decides; nothing here holds a policy.

It may import everything below it: the base client, raw responses, streams, the core, the
transports. It never looks at a status code, a header or JSON. `_sync` is made from this package by
`scripts/unasync`, word for word, so write each method here only.
"""

"""What stands between the simulated API and its clients: sockets, a thread, or nothing at all.

This is the only part of `antiphon.local` that waits: it performs the steps that `api.app.App`
yields. It knows HTTP framing and the event loop, and nothing of messages.
"""

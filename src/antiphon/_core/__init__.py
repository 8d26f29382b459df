"""The core: what a call sends, when it is tried again, and what its response means.

It may import the transports' protocols, errors, types and wire code. It never opens a socket, never
waits, and reads no file, no clock and no environment: these come in as arguments or as steps.
"""

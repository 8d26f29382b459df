"""A message as a stream: bytes to events to a message, and back.

It may import the core, the types and the wire code below it, and nothing that opens a socket. It
never waits: what it needs from the network it asks for as steps of a flow.
"""

"""The ground: values and texts that cross the wire, and how they are read and written.

HTTP messages as plain values, JSON with and without models, event streams as frames. Everything may
import from here; nothing here imports from the rest of the package, opens a socket or waits.
"""

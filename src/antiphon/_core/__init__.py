"""The pure core: no I/O, no clock of its own, no transport."""

"""Faults: what may go wrong with a response, made on purpose.

`catalogue` has what people name, `changes` the functions from steps to steps behind it.
`antiphon.testing.faults` exports both to users. Nothing here waits.
"""

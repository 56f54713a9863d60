"""The verbs as plain functions: what the command line does, without a terminal.

One module a verb, imported one by one, so that a command loads only what it needs. This is the one room
that knows all the others.
"""

__all__: list[str] = []

"""Adapters: small changes of a frozen language model, fitted to the owner's replies. One file a method."""

__all__: list[str] = []

"""Ways into a vault besides typing: a process that holds its key in memory, and the system's keyring.

This room knows neither the vault nor the cipher: a key is 32 bytes for a vault of some id.
"""

__all__: list[str] = []

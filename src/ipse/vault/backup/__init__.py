"""Copies of a vault elsewhere: incremental, verified, opened by the recovery key alone.

A folder of packs (ciphertext by its SHA-256), and for each backup a signed manifest, a sealed index of what
stood in the catalog, and the sealed keys. Deleting a backup deletes its keys.
"""

__all__: list[str] = []

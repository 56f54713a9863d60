"""What may be kept: recognizers find personal data, operators replace it, the gate clears a record.

``recognizers`` finds structured identifiers, ``operators`` writes placeholders, ``roster`` remembers who and
what stands behind them, ``gate`` is the one door. It knows no source, no key and no vault. Nothing is
re-exported here, so that whoever needs the gate names it and the import contract sees it.
"""

__all__: list[str] = []

"""What must not come out of a clone: copies, personal data, planted secrets, membership. Knows no card."""

__all__: list[str] = []

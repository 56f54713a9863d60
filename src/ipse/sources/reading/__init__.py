"""What sources read with: tables, JSON, times, repaired text, counts. It knows forms, no export."""

__all__: list[str] = []

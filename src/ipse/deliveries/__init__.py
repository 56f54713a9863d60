"""Channels that hand out approved drafts, one file each. They know no vault and no draft but what they take.

Each takes an :class:`~ipse.drafts.Approved` and nothing else, so what was not approved cannot be handed out.
"""

__all__: list[str] = []

"""Shapes that cross the wire.

:class:`WireMessage` is one row of every export of messages (JSON lines, CSV, Parquet). It knows nothing of
how a row is made; ``ipse.pipeline.exporting`` fills it.
"""

from typing import Literal

import msgspec

__all__ = ["WIRE_FIELDS", "WireMessage"]


class WireMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message on the wire; names and order are the published schema.

    ``timestamp_ms`` is ms since the epoch in UTC, ``date_iso`` the local time with its offset. People are
    pseudonyms; ``body_raw`` is null unless the owner keeps it. ``token_est`` is ``ceil(bytes / 4)``, the
    usual estimate for byte-pair vocabularies. ``thread_index`` counts from 0 inside the conversation.
    """

    conversation_id: str
    message_id: str
    timestamp_ms: int
    date_iso: str
    sender: str
    direction: Literal["inbound", "outbound"]
    participants: list[str]
    body_raw: str | None
    body_text: str
    subject: str | None
    subject_norm: str | None
    reply_to_message_id: str | None
    account: str | None
    sender_domain: str | None
    partner_id: str | None
    is_reply: bool
    turn_role: Literal["you", "partner"]
    content_type: str
    lang: str | None
    char_len: int
    token_est: int
    has_emoji: bool
    thread_index: int
    thread_len: int
    platform: str


WIRE_FIELDS: tuple[str, ...] = WireMessage.__struct_fields__

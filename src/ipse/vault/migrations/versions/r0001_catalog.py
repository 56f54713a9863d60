"""The first catalog."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0001"
down_revision: str | None = None

_ID = sa.LargeBinary(16)


def upgrade() -> None:
    """Make the tables."""
    _records()
    op.create_table(
        "documents",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("token", _ID, nullable=False, unique=True),
        sa.Column("key_id", _ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("label", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("object", _ID),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key_id", _ID, index=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
    )
    op.create_table("shreds", sa.Column("key_id", _ID, primary_key=True))


def _records() -> None:
    op.create_table(
        "sources",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("token", _ID, nullable=False, unique=True),
        sa.Column("key_id", _ID, nullable=False, unique=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "conversations",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("source", sa.Integer, sa.ForeignKey("sources.position"), nullable=False, index=True),
        sa.Column("token", _ID, nullable=False, unique=True),
        sa.Column("key_id", _ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "segments",
        sa.Column("conversation", sa.Integer, sa.ForeignKey("conversations.position"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "seen",
        sa.Column("token", _ID, primary_key=True),
        sa.Column("source", sa.Integer, sa.ForeignKey("sources.position"), nullable=False),
        sqlite_with_rowid=False,
    )

"""The audit log is cut into epochs, each ended by a signed checkpoint."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Make the table; the first epoch begins when the vault is opened, for it needs a key."""
    op.create_table(
        "epochs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("key_id", sa.LargeBinary(16)),
        sa.Column("checkpoint", sa.LargeBinary),
    )

"""What Alembic runs: the steps on the connection it was handed. It opens none and reads no file."""

from alembic import context

__all__ = ["run"]


def run() -> None:
    """Run the steps inside the transaction that the connection is in."""
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()


if __name__ == "env_py":  # the name Alembic loads this file under
    run()

"""``python -m ipse`` is ``ipse``."""

from ipse.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()

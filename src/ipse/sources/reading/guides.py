"""The guide page of a source, in Markdown; the terminal and the documentation show it."""

from importlib.resources import files

__all__ = ["guide"]


def guide(name: str) -> str:
    """The page of the source ``name``: ``ipse/sources/guides/NAME.md``."""
    return files("ipse.sources").joinpath("guides", f"{name}.md").read_text(encoding="utf-8")

"""A vault of Markdown: three days of their own, and one file with days as headings."""

from pathlib import Path

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions()

_DAYS = {
    "2024-03-01.md": "---\ntags: [garden]\n---\nThe beans are up. Two *odd* rows.\n\n![[beans.jpg]]\n",
    "2024-03-02 rain.md": "# Rain\n\n> a line from the almanac\n\nNothing to do; I sharpened the spades.\n",
    "2024_03_03.md": "- went to the market\n- TODO find string\n\n```\nprint('not prose')\n```\n",
    "Years.md": "# Years\n\n## 2022-12-31\nA dry one.\n\n## 2023-12-31 - the wet one\nSlugs, mostly.\n",
}


def write(folder: Path) -> Path:
    """Write the vault and return its folder."""
    vault = folder / "Garden"
    vault.mkdir()
    for name, text in _DAYS.items():
        (vault / name).write_text(text, encoding="utf-8")
    return vault

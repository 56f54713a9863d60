"""What a collector saw, as far as its owner lets anybody know: before any queue, log or disk.

An excluded app or path leaves no trace but a count. Of texts (titles, paths, messages of logs) the mode says
what stays: nothing, the category they fall in, a keyed digest that tells equal ones, or all. The gate comes
after it, as for everything that is kept.
"""

import fnmatch
import hmac
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ipse.config import CollectSettings, PrivacySettings
from ipse.records import Sample

__all__ = ["CATEGORIES", "OTHER", "Guard"]

APPS: Final = ("app", "exe", "process", "name", "unit")
TEXTS: Final = ("title", "url", "document", "path", "folder", "message")
LOOKED_AT: Final = ("app", "title", "url", "document", "path")  # for a category
OTHER: Final = "other"
DIGEST: Final = 16  # hex digits

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "vim", "emacs", "terminal", "konsole", "xterm", "pycharm", "idea", "jupyter", "github"),
    "communication": (
        "mail",
        "thunderbird",
        "outlook",
        "slack",
        "teams",
        "zoom",
        "telegram",
        "signal",
        "chat",
    ),
    "writing": ("writer", "word", "docs", "latex", "obsidian", "notes", "libreoffice"),
    "numbers": ("calc", "excel", "sheet", "table"),
    "design": ("gimp", "inkscape", "figma", "blender", "photoshop", "krita"),
    "media": ("youtube", "netflix", "spotify", "vlc", "mpv", "video", "music"),
    "social": ("facebook", "instagram", "twitter", "reddit", "mastodon", "tiktok"),
    "games": ("steam", "game", "minecraft"),
    "files": ("nautilus", "dolphin", "thunar", "finder", "explorer"),
    "browsing": ("firefox", "chrome", "chromium", "safari", "edge", "browser"),
}
"""Words in an app's name or a title, in this order; the owner's own come before them."""


class Guard:
    """The rules of one run. ``key`` makes the digests: another vault's are others."""

    def __init__(self, privacy: PrivacySettings, collect: CollectSettings, key: bytes) -> None:
        self._apps = [name.casefold() for name in privacy.exclude_apps]
        self._paths = _written(privacy.exclude_paths)
        told = privacy.titles in ("full", "hmac")  # a digest tells equal titles
        self._titles = "category" if told and privacy.anonymize_sensitive_data else privacy.titles
        self._key = key
        rules = {**collect.categories, **{f"\0{name}": words for name, words in CATEGORIES.items()}}
        self._rules = [(name.strip("\0"), _any_of(words)) for name, words in rules.items() if words]

    def passed(self, sample: Sample, *, texts_too: bool = True) -> Sample | None:
        """What may be known of it; None where it is excluded. Of a table, texts stay (not ``texts_too``)."""
        named = {"app": sample.stream} if sample.stream else {}  # a program may name a stream after an app
        if self._excluded(sample.data) or self._excluded(named):
            return None
        if not texts_too:
            return sample
        data = {name: value for name, value in sample.data.items() if name not in TEXTS}
        texts = {
            name: value for name, value in sample.data.items() if name in TEXTS and isinstance(value, str)
        }
        if self._titles == "full":
            data |= texts
        elif self._titles == "hmac":
            data |= {name: self._digest(text) for name, text in texts.items()}
        elif self._titles == "category" and texts:
            if "category" not in data:
                data["category"] = self.category(sample.data)
            if "message" in texts:  # equal errors are told from others, and not what they say
                data["message"] = self._digest(_shape(texts["message"]))
        return replace(sample, data=data)

    def category(self, data: Mapping[str, object]) -> str:
        """The category that an app and what is shown in it fall in by the rules; ``other`` by none."""
        said = " ".join(str(data.get(name, "")) for name in LOOKED_AT).casefold()
        return next((name for name, words in self._rules if words.search(said)), OTHER)

    def _excluded(self, data: Mapping[str, object]) -> bool:
        for name, value in data.items():
            if not isinstance(value, str):
                continue
            if name in APPS and self._is_app(value):
                return True
            if self._paths and any(one in value for one in self._paths):
                return True
            if self._paths and os.sep in value and self._below(os.path.realpath(_home(value))):
                return True
        return False

    def _is_app(self, name: str) -> bool:
        base = name.rpartition(os.sep)[2].casefold()
        return any(
            fnmatch.fnmatchcase(one, rule)
            for rule in self._apps
            for one in (name.casefold(), base, base.removesuffix(".exe").removesuffix(".desktop"))
        )

    def _below(self, path: str) -> bool:
        return any(path == one or path.startswith(one.rstrip(os.sep) + os.sep) for one in self._paths)

    def _digest(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:DIGEST]


def _written(paths: Sequence[str]) -> list[str]:
    """Excluded paths in each way that they may be written: in full, from home, and where links lead."""
    found: dict[str, None] = {}
    home = str(Path.home())
    for path in paths:
        if path.strip():
            full = os.path.normpath(Path(_home(path)).absolute())
            found |= dict.fromkeys([full, os.path.realpath(full)])
            found |= {"~" + full.removeprefix(home): None} if full.startswith(home + os.sep) else {}
    return list(found)


def _home(path: str) -> str:
    return str(Path.home()) + path[1:] if path == "~" or path.startswith("~/") else path


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<!\w){re.escape(word.casefold())}" for word in words))


def _shape(message: str) -> str:
    """A message of a log without what changes from one to the next."""
    return re.sub(r"0x[0-9a-f]+|\d+|[0-9a-f]{8,}", "#", message.casefold())

"""What a request may set for the work that it asks for: nothing that reaches beyond this machine.

A token to train with is not one to send prompts elsewhere, or to write a file where it likes.
"""

from collections.abc import Mapping
from typing import Any, Final

from ipse.errors import SettingsError

__all__ = ["allowed"]

SECTIONS: Final = ("imports", "dataset", "retrieval", "lora", "ensemble", "scorecard", "voice")
BARRED: Final = ("allow_network", "monitors", "monitor_folder")


def allowed(settings: Mapping[str, Any]) -> dict[str, object]:
    """The same settings; raises ``SettingsError`` for one that only a settings file can hold."""
    for section, held in settings.items():
        barred = sorted(set(held) & set(BARRED)) if isinstance(held, Mapping) else []
        if section not in SECTIONS or barred:
            name = f"{section}.{barred[0]}" if barred else section
            raise SettingsError(f"`{name}` cannot be set by a request.", hint="Set it in a settings file.")
    return {str(section): held for section, held in settings.items()}

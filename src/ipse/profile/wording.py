"""Figures of a profile as people say them."""

from ipse.lengths import Quartiles

__all__ = ["language", "percent", "quarter_name", "signed", "wait", "words"]

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_TONGUES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "it": "Italian", "ja": "Japanese", "ka": "Georgian", "ko": "Korean", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


def wait(seconds: float | None) -> str:
    """A length of time."""
    if seconds is None:
        return "–"
    if seconds < 0.75 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 0.75 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 1.5 * _DAY:
        return f"{seconds / _HOUR:.1f} h".replace(".0 h", " h")
    return f"{seconds / _DAY:.1f} days".replace(".0 days", " days")


def language(code: str) -> str:
    """The English name of an ISO 639-1 code, or the code."""
    return _TONGUES.get(code, code)


def percent(share: float | None) -> str:
    """A share in per cent, with as many digits as mean something."""
    if share is None:
        return "–"
    return f"{100 * share:.1f} %" if 0.0005 <= share < 0.0995 else f"{100 * share:.0f} %"


def signed(points: float) -> str:
    """A difference with its sign."""
    return f"{points:+.1f}".replace("-", "−")


def words(quartiles: Quartiles) -> str:
    """A median with its quartiles."""
    return f"{quartiles.median:.0f} ({quartiles.low:.0f}–{quartiles.high:.0f})"


def quarter_name(label: str | None) -> str:
    """``2024-Q1`` as its months and year."""
    year, _, number = (label or "").partition("-Q")
    if not number:
        return label or ""
    return f"{('January–March', 'April–June', 'July–September', 'October–December')[int(number) - 1]} {year}"

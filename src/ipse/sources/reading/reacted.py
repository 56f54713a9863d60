"""Reactions that arrive as a text because the other phone had no other way: ``Loved “see you at six”``.

It knows what phones write, and no export. Where no phrase is known in a language, the text passes for typed.
"""

import re
from typing import Final

__all__ = ["is_reaction"]

LONGEST: Final = 4096  # characters that are looked at; phones shorten what they quote

_VERBS: Final = (
    # English, from iPhones; what they removed again
    r"Loved|Liked|Disliked|Laughed at|Emphasi[sz]ed|Questioned|Reacted \S{1,16} to|Reacted with a sticker to",
    r"Removed (?:a|an) (?:heart|like|dislike|laugh|exclamation|question mark|reaction|\S{1,16}) from",
    r"Removed \S{1,16} from",
    # German, French, Spanish, Portuguese, Italian, Dutch
    r"Liebt|Gefällt|Gefällt nicht|Hat gelacht über|Lacht über|Betont|Hinterfragt",
    r"A adoré|A aimé|N[’']a pas aimé|A ri de|A ri à|A mis en avant|A souligné|A questionné",
    r"Le encanta|Le encantó|Le gusta|Le gustó|No le gusta|No le gustó|Se rió de|Se ríe de|Enfatizó|Cuestionó",
    r"Se ha reaccionado con \S{1,16} a",
    r"Amou|Adorou|Gostou de|Não gostou de|Riu de|Enfatizou|Questionou",
    r"Ha adorato|Ha amato|Ha apprezzato|Non ha apprezzato|Ha riso a|Ha enfatizzato|Ha messo in dubbio",
    r"Vond|Vindt|Moest lachen om|Benadrukte|Trok in twijfel",
)
_THINGS: Final = (
    r"(?:an?|one|the|\d+) (?:image|photo|picture|movie|video|audio message|attachment|sticker|contact"
    r"|location|link|file|message)s?"
)
_QUOTED: Final = r"(?:“.*”|„.*[“”]|«.*»|\".*\")"
_BY_WORD: Final = re.compile(rf"(?:{'|'.join(_VERBS)})\s+(?:{_QUOTED}|{_THINGS})\.?", re.DOTALL)
# Google's Messages: an emoji, then the text it answers between hair spaces.
_BY_EMOJI: Final = re.compile(
    r"\s*[^\w\s\"“„«]{1,16}\s*(?:to|en réponse à|zu|a|para|en|auf) “\u200a.*”\s*", re.DOTALL
)
_JOINERS: Final = str.maketrans("", "", "\u200b\u200c\u200d")


def is_reaction(text: str) -> bool:
    """Whether a phone wrote all of this text to tell of a reaction."""
    if len(text) > LONGEST:
        return False
    text = text.translate(_JOINERS)
    return bool(_BY_WORD.fullmatch(text.strip()) or _BY_EMOJI.fullmatch(text))

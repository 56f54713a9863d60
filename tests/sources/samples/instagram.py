"""A small Instagram export: two conversations and a profile whose fields are named in German."""

import json
from pathlib import Path

from ipse.interfaces import ReadOptions

from .messenger import EMRE, NORA, PETRA, conversation, said, spoilt

OPTIONS = ReadOptions(me=("Nora Vale",))


def write(folder: Path) -> Path:
    root = folder / "instagram-noravale-2024"
    inbox = root / "your_instagram_activity" / "messages" / "inbox"
    conversation(
        inbox / "petraholm_17890000000000001",
        [PETRA, NORA],
        [
            [
                said(0, PETRA, "Did you see the heron?"),
                said(1, NORA, "Yes!! On the roof of the school 🙂"),
                said(2, PETRA, "Liked a message"),
                said(3, NORA, "Nora sent an attachment.", share={"link": "https://www.instagram.com/p/abc/"}),
                said(4, PETRA, "Beautiful, où est-ce ?"),
            ]
        ],
    )
    conversation(
        inbox / "emre_17890000000000002",
        [EMRE, NORA],
        [[said(10, EMRE, "Are we on for Friday?"), said(11, NORA, "Friday is fine")]],
    )
    profile = root / "personal_information" / "personal_information"
    profile.mkdir(parents=True)
    fields = {
        "Benutzername": {"href": "", "value": "noravale", "timestamp": 0},
        "Name": {"value": spoilt(NORA)},
    }
    document = {"profile_user": [{"title": "", "media_map_data": {}, "string_map_data": fields}]}
    (profile / "personal_information.json").write_text(json.dumps(document), encoding="utf-8")
    return root

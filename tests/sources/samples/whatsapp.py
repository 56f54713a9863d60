"""A chat as an iPhone exports it, in a folder with a photo and a contact: two people, and the app itself."""

from pathlib import Path

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("Nora Feld",))
LRM = "\u200e"  # the app puts it before its own words
CHAT = f"""[13/06/2024, 21:25:15] Ilka Brandt: {LRM}Messages and calls are end-to-end encrypted.
[13/06/2024, 21:25:15] Ilka Brandt: are you coming tomorrow?
[13/06/2024, 21:26:02] Nora Feld: yes
with the two big bags
[13/06/2024, 21:26:40] Nora Feld: ok
[13/06/2024, 21:26:41] Nora Feld: ok
{LRM}[13/06/2024, 21:27:09] Ilka Brandt: {LRM}<attached: 00000005-PHOTO-2024-06-13-21-27-09.jpg>
{LRM}[13/06/2024, 21:28:00] Nora Feld: {LRM}Ilka Brandt.vcf <attached: 00000006-Ilka Brandt.vcf>
[14/06/2024, 08:02:11] Nora Feld: {LRM}You deleted this message.
[14/06/2024, 08:02:30] Ilka Brandt: the bakery opens at eight 🙂 {LRM}<This message was edited>
[14/06/2024, 08:03:30] Ilka Brandt: {LRM}Missed voice call
[14/06/2024, 09:15:00] Nora Feld: {LRM}POLL:
Bread?
{LRM}OPTION: rye (1 vote)
{LRM}OPTION: wheat (0 votes)
"""


def write(folder: Path) -> Path:
    """The folder of an unpacked zip."""
    root = folder / "WhatsApp Chat - Ilka Brandt"
    root.mkdir(parents=True)
    (root / "_chat.txt").write_text(CHAT.replace("\n", "\r\n"), encoding="utf-8", newline="")
    (root / "00000005-PHOTO-2024-06-13-21-27-09.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (root / "00000006-Ilka Brandt.vcf").write_text(
        "BEGIN:VCARD\nFN:Ilka Brandt\nEND:VCARD\n", encoding="utf-8"
    )
    return root

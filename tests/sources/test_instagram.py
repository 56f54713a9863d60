"""Instagram: what differs from Messenger, and how the two are told apart."""

import json
from pathlib import Path

import pytest

from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.pipeline.finding import find
from ipse.records import Message, Person
from ipse.sources.instagram import Instagram
from ipse.sources.messenger import Messenger

from .samples import instagram, messenger
from .samples.messenger import NORA, PETRA, conversation, said


def messages(path: Path) -> list[Message]:
    found = list(Instagram().read(ExportPath.at(path), ReadOptions()))
    assert all(isinstance(one, Message) for one in found)
    return [one for one in found if isinstance(one, Message)]


def whose(path: Path) -> list[str]:
    return [source.name for source in (Messenger(), Instagram()) if source.recognizes(ExportPath.at(path))]


def test_the_sample_is_read(tmp_path: Path) -> None:
    export = instagram.write(tmp_path)
    found = messages(export)
    assert [(one.content_type, one.text) for one in found if one.conversation == "17890000000000001"] == [
        ("text", "Did you see the heron?"),
        ("text", "Yes!! On the roof of the school 🙂"),
        ("system", "Liked a message"),
        ("link", ""),
        ("text", "Beautiful, où est-ce ?"),
    ]
    assert {one.platform for one in found} == {"instagram"}


def test_the_profile_says_whose_it_is_in_any_language(tmp_path: Path) -> None:
    survey = Instagram().survey(ExportPath.at(instagram.write(tmp_path)), ReadOptions())
    assert survey.owner == (Person(NORA),)


def test_a_file_without_participants_and_title_is_read(tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    rows = [
        {"sender_name": name, "timestamp_ms": 1577186580000 + n, "content": "hi"}
        for n, name in enumerate("AB")
    ]
    file.write_text(json.dumps({"messages": rows[::-1]}))
    assert whose(file) == ["instagram"]
    found = messages(file)
    assert [one.sender.name for one in found] == ["A", "B"]
    assert {one.conversation for one in found} == {"A, B"}
    assert {len(one.participants) for one in found} == {2}


@pytest.mark.parametrize(
    "name", ["Instagram User", "Instagram-Nutzer", "Utilisateur d’Instagram", "Instagram User 123"]
)
def test_whose_account_is_gone_has_no_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "your_instagram_activity/messages/inbox/gone_17890000000000009"
    conversation(folder, [name, NORA], [[said(0, name, "hello")]])
    assert [one.sender for one in messages(tmp_path)] == [Person("")]


def test_the_two_apps_do_not_read_each_others_exports(tmp_path: Path) -> None:
    facebook, insta = messenger.write(tmp_path / "a"), instagram.write(tmp_path / "b")
    for export, name in ((facebook, "messenger"), (insta, "instagram")):
        places = [export, *(file for file in export.rglob("message_*.json")), *export.rglob("inbox")]
        assert {tuple(whose(place)) for place in places} == {(name,)}


@pytest.mark.parametrize(
    ("sibling", "name"),
    [("followers_and_following", "instagram"), ("likes_and_reactions", "messenger"), (None, "messenger")],
)
def test_the_roots_of_old_exports_have_one_name(tmp_path: Path, sibling: str | None, name: str) -> None:
    root = tmp_path / "export"
    conversation(root / "messages/inbox/petra_7012345678", [PETRA, NORA], [[said(0, PETRA, "hello")]])
    if sibling:
        (root / sibling).mkdir()
    assert whose(root) == [name]


def test_the_archive_around_names_the_app(tmp_path: Path) -> None:
    root = tmp_path / "instagram-nora-2021"
    folder = conversation(
        root / "messages/inbox/petra_7012345678", [PETRA, NORA], [[said(0, PETRA, "hello")]]
    )
    assert whose(root) == whose(folder) == whose(folder / "message_1.json") == ["instagram"]


def test_both_in_one_folder_are_two_exports(tmp_path: Path) -> None:
    inbox = "messages/inbox/petra_7012345678"
    for app in ("instagram", "facebook"):
        conversation(tmp_path / f"your_{app}_activity" / inbox, [PETRA, NORA], [[said(0, PETRA, app)]])
    found = find([tmp_path], [Messenger(), Instagram()])
    assert sorted((one.source.name, one.path.name) for one in found.exports) == [
        ("instagram", "your_instagram_activity"),
        ("messenger", "your_facebook_activity"),
    ]

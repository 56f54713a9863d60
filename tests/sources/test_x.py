"""X archives: posts as their writer meant them, threads, long posts, direct messages, and what is broken."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.enrichment import PostArchive
from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Unreadable
from ipse.sources.x.lookup import tweets_by_id
from ipse.sources.x.source import X
from tests.soak import rounds
from tests.sources.samples import x as sample

NORA, PETRA = Person("Nora Vale", "noravale"), Person("Petra Holm", "petraholm")


def read(path: Path) -> list[Message]:
    items = list(X().read(ExportPath.at(path), ReadOptions()))
    assert X().survey(ExportPath.at(path), ReadOptions()).units == len(items)
    assert all(isinstance(item, Message) for item in items)
    return [item for item in items if isinstance(item, Message)]


def archive(folder: Path, name: str = "tweets.js", kind: str = "tweets", entries: object = ()) -> Path:
    data = folder / "archive" / "data"
    data.mkdir(parents=True, exist_ok=True)
    account = {"accountId": sample.OWNER, "username": "noravale", "accountDisplayName": "Nora Vale"}
    (data / "account.js").write_text(sample.js("account", [{"account": account}]))
    (data / name).write_text(sample.js(kind, entries))
    return data.parent


def one(folder: Path, text: str, **more: Any) -> Message:
    [message] = read(archive(folder, entries=[sample.tweet(5, text, **more)]))
    return message


def test_the_sample_is_read(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    found = read(root)
    assert X().recognizes(ExportPath.at(root))
    assert X().recognizes(ExportPath.at(root / "data"))
    assert len(found) == 11
    assert sum(one.direction == "outbound" for one in found) == 8
    survey = X().survey(ExportPath.at(root), ReadOptions())
    assert survey.owner == (NORA,)
    assert survey.senders[PETRA] == 1


def test_links_are_expanded_and_entities_unescaped(tmp_path: Path) -> None:
    link = {"url": "https://t.co/a", "expanded_url": "https://example.org/x?a=1&b=2"}
    message = one(tmp_path, "R&amp;D &lt;3 https://t.co/a", urls=[link])
    assert message.text == "R&D <3 https://example.org/x?a=1&b=2"
    assert message.raw == "R&amp;D &lt;3 https://t.co/a"
    assert message.at == datetime(2023, 5, 3, 12, 5, 7, tzinfo=UTC)
    assert message.sender == NORA


def test_the_link_of_an_own_picture_is_an_attachment_and_no_text(tmp_path: Path) -> None:
    media = [{"url": "https://t.co/p", "media_url_https": f"https://pbs.twimg.com/{n}.jpg"} for n in "ab"]
    message = one(tmp_path, "https://t.co/p", extended_entities={"media": media})
    assert (message.text, message.content_type) == ("", "media")
    assert message.attachments == ("https://pbs.twimg.com/a.jpg", "https://pbs.twimg.com/b.jpg")


def test_a_post_of_nothing_but_links_is_one(tmp_path: Path) -> None:
    assert one(tmp_path, "https://example.org/a https://example.org/b").content_type == "link"


def test_a_repost_is_not_the_owners_words(tmp_path: Path) -> None:
    assert one(tmp_path, "RT @petraholm: slugs", mentions=[sample.PETRA]).forwarded
    assert not one(tmp_path / "b", "I RT @petraholm rarely").forwarded


def test_a_reply_loses_the_handles_the_app_put_before_it(tmp_path: Path) -> None:
    more = {"in_reply_to_status_id_str": "900", "in_reply_to_user_id_str": sample.FRIEND}
    message = one(tmp_path, "@petraholm @other yes, @petraholm is right", mentions=[sample.PETRA], **more)
    assert message.text == "yes, @petraholm is right"
    assert message.mentions == (PETRA,)
    assert message.participants == (NORA, PETRA)
    assert message.raw.startswith("@petraholm @other")
    assert one(tmp_path / "b", "@petraholm look at this").text == "@petraholm look at this"


def test_a_thread_is_one_conversation_and_a_post_its_own(tmp_path: Path) -> None:
    found = {message.text: message for message in read(sample.write(tmp_path))}
    first, last = found["Beans & peas are up https://example.org/beans"], found["so it goes"]
    assert first.conversation == last.conversation == "post 1001"
    assert last.reply_to == found["and the slugs have found them"].id
    assert found["try beer traps"].conversation == "post 900"


def test_a_thread_that_bites_its_tail_ends(tmp_path: Path) -> None:
    posts = [sample.tweet(7, "a", **sample.answer(8)), sample.tweet(8, "b", **sample.answer(7))]
    assert {message.conversation for message in read(archive(tmp_path, entries=posts))} == {"post 7"}


def test_a_long_post_is_whole_and_told_once(tmp_path: Path) -> None:
    found = [message for message in read(sample.write(tmp_path)) if message.text.startswith("Today I want")]
    assert [message.text for message in found] == [sample.LONG.strip()]


def test_a_long_post_without_its_short_form_is_a_message(tmp_path: Path) -> None:
    note = {"noteTweetId": "5", "createdAt": "2023-05-03T12:46:07.000Z", "core": {"text": "a &gt; b"}}
    [message] = read(archive(tmp_path, "note-tweet.js", "note_tweet", [{"noteTweet": note}]))
    assert (message.text, message.direction) == ("a > b", "outbound")


def test_a_deleted_post_keeps_no_word(tmp_path: Path) -> None:
    posts = [sample.tweet(5, "I regret this", deleted_at="Thu May 04 12:00:00 +0000 2023")]
    [message] = read(archive(tmp_path, "deleted-tweets.js", "deleted_tweets", posts))
    assert (message.content_type, message.text, message.raw) == ("deleted", "", "")


def test_an_edited_post_says_so(tmp_path: Path) -> None:
    assert one(tmp_path, "b", edit_info={"initial": {"editTweetIds": ["4", "5"]}}).edited
    assert not one(tmp_path / "b", "b", edit_info={"initial": {"editTweetIds": ["5"]}}).edited


def test_posts_without_the_wrapper_of_before_2020(tmp_path: Path) -> None:
    [message] = read(archive(tmp_path, "tweet.js", "tweet", [sample.tweet(5, "old")["tweet"]]))
    assert message.text == "old"


def test_direct_messages_name_those_whom_posts_mention(tmp_path: Path) -> None:
    found = [message for message in read(sample.write(tmp_path)) if message.conversation.startswith("dm")]
    by_text = {message.text: message for message in found}
    assert by_text["On Sunday?"].direction == "outbound"
    assert by_text["When do you bring the seedlings?"].sender == PETRA
    assert by_text["On Sunday?"].participants == (NORA, PETRA)
    # A number alone would be taken for a telephone's.
    assert by_text["I have spare tomatoes"].sender == Person("", f"x:{sample.STRANGER}")
    assert by_text["I have spare tomatoes"].conversation == "dm 88001"
    [joined] = [message for message in found if message.content_type == "system"]
    assert (joined.text, joined.sender) == ("", Person(""))


def test_what_a_direct_message_holds_besides_text(tmp_path: Path) -> None:
    picture = {"url": "https://t.co/m", "expanded": "https://twitter.com/messages/media/1", "display": "pic"}
    more = {
        "mediaUrls": ["https://ton.twitter.com/1.jpg"],
        "urls": [picture],
        "reactions": [{"senderId": sample.OWNER, "reactionKey": "funny", "eventId": "1"}],
    }
    renamed = {"initiatingUserId": "1", "name": "The plot", "createdAt": "2023-06-02T07:00:00Z"}
    entries = [sample.dm(3, "9", "https://t.co/m", **more), {"conversationNameUpdate": renamed}]
    talk = [{"dmConversation": {"conversationId": "88", "messages": entries}}]
    message, _ = read(archive(tmp_path, "direct-messages-group.js", "direct_messages_group", talk))
    assert (message.text, message.content_type) == ("", "media")
    assert message.attachments == ("https://ton.twitter.com/1.jpg",)
    assert message.subject == "The plot"
    assert [(one.emoji, one.by) for one in message.reactions] == [("funny", NORA)]


def test_the_same_messages_have_the_same_ids_in_a_later_larger_archive(tmp_path: Path) -> None:
    posts = [sample.tweet(number, f"post {number}") for number in range(1, 9)]
    early = read(archive(tmp_path / "a", entries=posts[:5]))
    late = read(archive(tmp_path / "b", "tweet.js", "tweet", list(reversed(posts))))
    assert {message.id for message in early} < {message.id for message in late}
    assert len({message.id for message in late}) == 8


def test_a_zip_gives_what_its_folder_gives(tmp_path: Path) -> None:
    root = sample.write(tmp_path)
    with zipfile.ZipFile(tmp_path / "twitter-2023.zip", "w") as packed:
        for file in root.rglob("*.js"):
            packed.write(file, file.relative_to(root))
    assert X().recognizes(ExportPath.at(tmp_path / "twitter-2023.zip"))
    assert read(tmp_path / "twitter-2023.zip") == read(root)


def test_posts_alone_are_the_owners_though_nobody_says_who_that_is(tmp_path: Path) -> None:
    (tmp_path / "tweets.js").write_text(sample.js("tweets", [sample.tweet(5, "hello")]))
    [message] = read(tmp_path / "tweets.js")
    assert (message.sender, message.direction) == (Person(""), "outbound")
    assert X().survey(ExportPath.at(tmp_path / "tweets.js"), ReadOptions()).owner == ()


def test_direct_messages_alone_leave_the_owner_open(tmp_path: Path) -> None:
    talk = {"dmConversation": {"conversationId": "8-9", "messages": [sample.dm(3, "9", "hi")]}}
    (tmp_path / "direct-messages.js").write_text(sample.js("direct_messages", [talk]))
    assert X().survey(ExportPath.at(tmp_path / "direct-messages.js"), ReadOptions()).owner is None


def test_a_broken_entry_is_counted_and_the_rest_read(tmp_path: Path) -> None:
    broken = sample.tweet(6, "b")
    broken["tweet"]["created_at"] = "yesterday"
    root = archive(tmp_path, entries=[sample.tweet(5, "a"), 7, {"tweet": {}}, broken, sample.tweet(8, "c")])
    items = list(X().read(ExportPath.at(root), ReadOptions()))
    assert [item.text for item in items if isinstance(item, Message)] == ["a", "c"]
    lost = [item for item in items if isinstance(item, Unreadable)]
    assert [item.position for item in lost] == ["post 2", "post 3", "post 6"]


def test_a_file_cut_short_gives_what_came_before(tmp_path: Path) -> None:
    root = archive(tmp_path, entries=[sample.tweet(number, "a" * 50) for number in range(9)])
    file = root / "data" / "tweets.js"
    file.write_bytes(file.read_bytes()[:-300])
    items = list(X().read(ExportPath.at(root), ReadOptions()))
    assert [type(item) for item in items] == [Message] * 8 + [Unreadable]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tweets.js", "const tweets = []"),
        ("app.js", "window.YTD = {}"),
        ("like.js", "window.YTD.like.part0 = []"),
        ("tweets.json", "window.YTD.tweets.part0 = []"),
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert not X().recognizes(ExportPath.at(tmp_path / name))


def test_a_folder_in_which_an_archive_lies_is_none(tmp_path: Path) -> None:
    sample.write(tmp_path)
    assert not X().recognizes(ExportPath.at(tmp_path))
    assert not X().recognizes(ExportPath.at(tmp_path / "nothing"))


def test_an_archive_without_messages_says_what_to_do(tmp_path: Path) -> None:
    root = archive(tmp_path, "like.js", "like", [])
    with pytest.raises(SourceError, match="whole archive"):
        list(X().read(ExportPath.at(root), ReadOptions()))


def test_posts_are_found_by_number_without_network(tmp_path: Path) -> None:
    root = archive(
        tmp_path,
        entries=[
            sample.tweet(
                5,
                "see https://t.co/a &amp; weep",
                urls=[{"url": "https://t.co/a", "expanded_url": "https://example.org"}],
                extended_entities={
                    "media": [{"url": "https://t.co/p", "media_url_https": "https://p.example/1.jpg"}]
                },
            ),
            sample.tweet(6, "not asked for"),
        ],
    )
    liked = {"tweetId": "1700000000000000000", "fullText": "good &amp; short https://t.co/z"}
    (root / "data" / "like.js").write_text(sample.js("like", [{"like": liked}, {"like": {"tweetId": "7"}}]))
    deleted = sample.js("deleted_tweets", [sample.tweet(9, "gone")])
    (root / "data" / "deleted-tweets.js").write_text(deleted)
    found = tweets_by_id(ExportPath.at(root), ["5", "1700000000000000000", "9", "404"])
    assert found.keys() == {"5", "1700000000000000000"}
    mine, other = found["5"], found["1700000000000000000"]
    assert (mine.text, mine.author) == ("see https://example.org & weep", "noravale")
    assert mine.created_at == datetime(2023, 5, 3, 12, 5, 7, tzinfo=UTC)
    assert [image.url for image in mine.images] == ["https://p.example/1.jpg"]
    assert mine.links == ("https://example.org",)
    assert isinstance(X(), PostArchive)
    assert (other.text, other.author, other.links) == ("good & short https://t.co/z", "", ("https://t.co/z",))
    assert other.created_at is not None
    assert other.created_at.year == 2023  # the number itself holds the time


@settings(max_examples=rounds(30, 10_000), deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "tweet",
                        "id_str",
                        "full_text",
                        "entities",
                        "urls",
                        "created_at",
                        "dmConversation",
                        "messages",
                        "messageCreate",
                        "id",
                        "noteTweet",
                        "core",
                        "text",
                        "createdAt",
                    ]
                ),
                s,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_gives_records_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    folder = tmp_path_factory.mktemp("x")
    for kind in ("tweets", "direct_messages", "note_tweet"):
        (folder / f"{kind}.js").write_text(
            f"window.YTD.{kind}.part0 = [{json.dumps(value)}]", "utf-8", "surrogatepass"
        )
    try:
        items = list(X().read(ExportPath.at(folder), ReadOptions()))
    except IpseError:
        return
    assert all(isinstance(item, Message | Unreadable) for item in items)

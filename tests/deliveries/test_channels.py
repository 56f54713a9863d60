"""What each channel makes of what was approved, and when it says that nothing left."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ipse import plugins
from ipse.config import Settings, load_settings
from ipse.deliveries.mails import address
from ipse.errors import DeliveryError, DraftError, PluginError, SettingsError
from ipse.interfaces import Delivery

from ..drafts.making import claimed, draft
from .servers import Hook, Mailbox, Posted, hook, mailbox

LABEL = "[Drafted by AI; I approved it.]"
NAMES = ["copy", "eml", "mailto", "smtp", "webhook"]
NOWHERE = "http://127.0.0.1:1/drafts"


def settings(**sections: Any) -> Settings:
    return load_settings(sections, environment={})


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as running:
        yield running


@pytest.fixture
def web() -> Iterator[Hook]:
    with hook() as running:
        yield running


def smtp(port: int, **more: Any) -> Delivery:
    held = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "nora@example.org", "timeout": 5}
    return plugins.delivery("smtp").configure(settings(smtp={**held, **more}))


def webhook(url: str, **more: Any) -> Delivery:
    held = {"url": url, "secret": "a key for tests", "timeout": 5}
    return plugins.delivery("webhook").configure(settings(webhook={**held, **more}))


def test_they_are_found_by_entry_point_and_fit_their_seam() -> None:
    assert list(plugins.deliveries()) == NAMES
    assert all(isinstance(plugins.delivery(name), type) for name in NAMES)
    with pytest.raises(PluginError, match="no delivery `pigeon`"):
        plugins.delivery("pigeon")


def test_copy_hands_the_text_back_with_its_label() -> None:
    receipt = plugins.delivery("copy").configure(settings()).deliver(claimed(draft()))
    assert receipt.content.decode() == f"ooh yes!!\n\n{LABEL}"


def test_a_link_opens_the_text_and_nothing_else_can_be_put_in_it() -> None:
    one = draft(text="yes & no?\nbcc=eve", subject="Re: soup & co", recipient="ilka+a@example.org")
    channel = plugins.delivery("mailto").configure(settings())
    channel.check(one.recipient)
    parts = urlsplit(channel.deliver(claimed(one)).content.decode())
    assert (parts.scheme, unquote(parts.path)) == ("mailto", "ilka+a@example.org")
    assert parse_qs(parts.query) == {
        "subject": ["Re: soup & co"],
        "body": [f"yes & no?\r\nbcc=eve\r\n\r\n{LABEL}"],
    }


def test_a_mail_file_says_what_made_it() -> None:
    one = draft(subject="Re: S\u00fcppchen", reply_to="<1@example.org>", text="ja \u2764\n.\nFrom me")
    channel = plugins.delivery("eml").configure(settings(smtp={"sender": "Nora@example.org"}))
    receipt = channel.deliver(claimed(one))
    mail: Any = message_from_bytes(receipt.content, policy=policy.default)
    assert (receipt.media_type, receipt.file_name) == ("message/rfc822", "draft-0123456789abcdef.eml")
    assert (mail["to"], mail["from"]) == ("ilka@example.org", "Nora@example.org")
    assert (mail["subject"], mail["in-reply-to"]) == ("Re: S\u00fcppchen", "<1@example.org>")
    assert mail["ai-disclosure"].startswith('mode=ai-modified, provider="ipse", reviewed-by="sender", date=@')
    told = json.loads("".join(mail["x-ipse-provenance"].split("\n")))
    assert (told["ai_generated"], told["edited"], told["model"]) == (True, True, "v1")
    said = "\n".join(mail.get_content().splitlines())
    assert said == f"ja \u2764\n.\nFrom me\n\n{LABEL}"
    assert told["text_sha256"] == hashlib.sha256(said.encode()).hexdigest()


@pytest.mark.parametrize(
    "written",
    ["", "ilka", "a@b@c", "Ilka <ilka@example.org>", "a@b.org, eve@example.org", "a@b.org\nBcc: e@x.org"],
)
def test_what_is_no_single_address_is_refused(written: str) -> None:
    for name in ("mailto", "eml"):
        with pytest.raises(DraftError, match="no mail address"):
            plugins.delivery(name).configure(settings()).check(written)
    assert address(" ilka@example.org ") == "ilka@example.org"


def test_mail_goes_to_one_server_once(box: Mailbox) -> None:
    approved = claimed(draft(subject="Re: soup"))
    receipt = smtp(box.port).deliver(approved)
    (mail,), (to,) = box.mails, box.to
    assert receipt.told == "taken by 127.0.0.1"
    assert to == ["ilka@example.org"]
    assert (mail["from"], mail["subject"]) == ("nora@example.org", "Re: soup")
    assert mail["ai-disclosure"].startswith("mode=ai-originated")
    assert mail["x-unsent"] is None
    assert mail.get_content().splitlines()[-1] == LABEL
    with pytest.raises(DraftError, match="holds once"):
        smtp(box.port).deliver(approved)
    assert len(box.mails) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # of the server here
def test_it_signs_in_before_the_approval_is_opened() -> None:
    with mailbox(sign_in=True) as box:
        smtp(box.port, user="nora", password="open sesame").deliver(claimed(draft()))
        assert box.signed_in == [(b"nora", b"open sesame")]
        approved = claimed(draft())
        with pytest.raises(DeliveryError, match="did not take it") as raised:
            smtp(box.port, user="nora", password="wrong", timeout=1).deliver(approved)
        assert raised.value.refused
        assert not approved.taken
        assert len(box.mails) == 1


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_what_the_server_refuses_did_not_leave(box: Mailbox, step: str) -> None:
    box.refuses = {step: "550 no such thing here"}
    with pytest.raises(DeliveryError) as raised:
        smtp(box.port).deliver(claimed(draft()))
    assert raised.value.refused
    assert "no such thing" not in str(raised.value)  # its words may quote the mail
    assert box.mails == []


def test_where_it_hangs_up_nobody_knows(box: Mailbox) -> None:
    box.hangs_up = True
    with pytest.raises(DeliveryError) as raised:
        smtp(box.port).deliver(claimed(draft()))
    assert not raised.value.refused
    assert len(box.mails) == 1


def test_where_nobody_answers_it_did_not_leave() -> None:
    approved = claimed(draft())
    with pytest.raises(DeliveryError) as raised:
        smtp(1).deliver(approved)
    assert raised.value.refused
    assert not approved.taken


def test_mail_in_the_clear_stays_on_this_machine() -> None:
    with pytest.raises(SettingsError, match="in the clear"):
        smtp(25, host="mail.example.org")
    with pytest.raises(SettingsError, match="No mail server"):
        plugins.delivery("smtp").configure(settings())


def test_a_server_that_cannot_be_trusted_is_told_nothing(box: Mailbox) -> None:
    """It offers no STARTTLS, which is the default."""
    approved = claimed(draft())
    with pytest.raises(DeliveryError) as raised:
        smtp(box.port, security="starttls").deliver(approved)
    assert raised.value.refused
    assert not approved.taken
    with pytest.raises(DeliveryError):
        smtp(box.port, security="tls").deliver(claimed(draft()))


def test_a_request_is_signed_and_says_what_made_it(web: Hook) -> None:
    receipt = webhook(web.url).deliver(claimed(draft()))
    (posted,) = web.posted
    assert receipt.told == f"taken by {urlsplit(web.url).netloc}"
    at, name = posted.headers["webhook-timestamp"], posted.headers["webhook-id"]
    mac = hmac.new(b"a key for tests", f"{name}.{at}.".encode() + posted.body, hashlib.sha256).digest()
    assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    told = json.loads(posted.body)
    assert (told["type"], told["data"]["recipient"]) == ("ipse.draft", "ilka@example.org")
    assert told["data"]["text"].endswith(LABEL)
    assert told["data"]["provenance"]["ai_generated"] is True
    webhook(web.url, secret="whsec_" + base64.b64encode(b"other").decode()).deliver(claimed(draft()))
    posted = web.posted[1]
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    mac = hmac.new(b"other", signed, hashlib.sha256).digest()
    assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


@pytest.mark.parametrize(
    ("status", "refused"), [(400, True), (410, True), (302, True), (500, False), (503, False)]
)
def test_what_a_receiver_answers(web: Hook, status: int, refused: bool) -> None:  # noqa: FBT001
    web.status = status
    with pytest.raises(DeliveryError, match=f"answered {status}") as raised:
        webhook(web.url).deliver(claimed(draft()))
    assert raised.value.refused == refused
    assert len(web.posted) == 1  # a redirect is not followed


def test_a_receiver_that_is_slow_or_not_there(web: Hook) -> None:
    import threading

    gate = threading.Event()

    def wait(_posted: Posted) -> None:
        gate.wait(10)

    web.before = wait
    with pytest.raises(DeliveryError, match="did not answer") as raised:
        webhook(web.url, timeout=0.2).deliver(claimed(draft()))
    gate.set()
    assert not raised.value.refused
    with pytest.raises(DeliveryError) as raised:
        webhook(NOWHERE).deliver(claimed(draft()))
    assert raised.value.refused


def test_requests_elsewhere_are_encrypted_and_signed() -> None:
    with pytest.raises(SettingsError, match="in the clear"):
        webhook("http://example.org/drafts")
    with pytest.raises(SettingsError, match="needs a key"):
        webhook(NOWHERE, secret="")
    with pytest.raises(SettingsError, match="No webhook"):
        plugins.delivery("webhook").configure(settings())
    assert webhook("https://example.org/drafts").name == "webhook"

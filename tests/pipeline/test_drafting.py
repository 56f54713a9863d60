"""Drafts: proposed beside what they answer, decided on, handed out once, gone with what they were of."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.config import load_settings
from ipse.drafts import Draft, digest
from ipse.errors import (
    ConsentError,
    DeliveryError,
    DraftError,
    NotFoundError,
    PluginError,
    PrivacyError,
    RegistryError,
    SettingsError,
)
from ipse.pipeline.channels import channels, keep_secret
from ipse.pipeline.consents import withdraw
from ipse.pipeline.contacts import conversations
from ipse.pipeline.delivering import FOLDER, hand_out, notice_cut_short, settle
from ipse.pipeline.derived import reached
from ipse.pipeline.drafting import (
    KIND,
    approve,
    draft_named,
    edit,
    held,
    keep,
    propose,
    propose_to,
    reject,
    reopen,
    revoke,
    shown,
)
from ipse.pipeline.forgetting import carry_out, forget
from ipse.pipeline.objecting import object_to
from ipse.pipeline.plans import plan_for
from ipse.pipeline.retention import plan_purge
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault.documents import Change

from ..deliveries.servers import hook, mailbox
from .drafted import KEY, approved, copied, made, opened


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("drafted") / "made")


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Iterator[Workspace]:
    with opened(copied(template, tmp_path / "vault")) as workspace:
        yield workspace


@pytest.fixture
def draft(workspace: Workspace) -> Draft:
    return held(workspace)[0]


def ready(workspace: Workspace, draft: Draft) -> Draft:
    return approve(workspace, draft.id, seen=shown(workspace, draft.id).digest)


def actions(workspace: Workspace) -> list[str]:
    return [row.action for row in workspace.vault.audit_rows()]


def test_a_draft_names_its_contact_and_nobody_else(workspace: Workspace, draft: Draft) -> None:
    assert (draft.state, draft.model, draft.method, draft.channel) == ("proposed", "v1", "retrieval", "copy")
    assert draft.asked.contact is not None
    assert draft.text == draft.proposal != ""
    assert "Ilka" not in msgspec.json.encode(draft.asked).decode()  # what it answers is kept pseudonymized
    one = shown(workspace, draft.id)
    assert (one.contact, one.message) == ("Ilka Brandt", "who brings the soup on friday?")
    assert one.leaves == f"{draft.text}\n\n{workspace.settings.drafts.label}"
    assert (one.hidden, one.barred) == ((), "")
    assert actions(workspace)[-2:] == ["draft.list", "draft.show"]


def test_a_message_of_the_vault_is_answered_by_what_was_said_before(workspace: Workspace) -> None:
    talk = next(conversations(workspace, {"whatsapp"}, why="a test"))
    inbound = [one for one in talk.messages if one.direction == "inbound"]
    draft = propose_to(workspace, inbound[20].id, channel="mailto", recipient="ilka@example.org")
    assert draft.asked.message == inbound[20].id
    assert draft.asked.turns[-1].text == inbound[20].text == draft.asked.text
    assert len(draft.asked.turns) > 1
    assert (draft.channel, draft.recipient) == ("mailto", "ilka@example.org")
    assert {turn.role for turn in draft.asked.turns} == {"owner", "partner"}
    one = shown(workspace, draft.id)
    assert one.before[0].speaker in ("me", "Ilka Brandt")
    mine = next(one for one in talk.messages if one.direction == "outbound")
    with pytest.raises(DraftError, match="wrote that message yourself"):
        propose_to(workspace, mine.id)
    with pytest.raises(NotFoundError, match="no message `nothing`"):
        propose_to(workspace, "nothing")


def test_what_cannot_be_proposed_is_said(workspace: Workspace) -> None:
    with pytest.raises(PluginError, match="no delivery `pigeon`"):
        propose(workspace, "soup?", channel="pigeon")
    with pytest.raises(RegistryError, match="no model `v9`"):
        propose(workspace, "soup?", model="v9")
    with pytest.raises(RegistryError, match="Nobody called"):
        propose(workspace, "soup?", contact="Zora")


def test_lists_are_filtered(workspace: Workspace, draft: Draft) -> None:
    other = approved(workspace, draft, asked=msgspec.structs.replace(draft.asked, contact=None))
    assert [one.id for one in held(workspace)] == [other.id, draft.id]
    assert [one.id for one in held(workspace, states=["approved"])] == [other.id]
    assert [one.id for one in held(workspace, contact="Ilka")] == [draft.id]
    assert held(workspace, model="v2") == []
    with pytest.raises(DraftError, match="Nobody called"):
        held(workspace, contact="Zora")
    assert draft_named(workspace, draft.id[:6]) == draft
    for name in ("", "zz", draft.id[:2]):
        with pytest.raises(NotFoundError, match="no draft"):
            draft_named(workspace, name)


def test_approved_it_is_handed_out_once_with_its_label(workspace: Workspace, draft: Draft) -> None:
    with pytest.raises(DraftError, match="is proposed"):
        hand_out(workspace, draft.id)
    ready(workspace, draft)
    with pytest.raises(DraftError, match="is approved; it cannot be approved"):
        ready(workspace, draft)  # a second reviewer
    done = hand_out(workspace, draft.id)
    assert done.receipt.content.decode() == f"{draft.text}\n\n{workspace.settings.drafts.label}"
    assert done.draft.state == draft_named(workspace, draft.id).state == "sent"
    assert [step.what for step in done.draft.steps] == ["propose", "approve", "claim", "sent"]
    for again in (lambda: hand_out(workspace, draft.id), lambda: ready(workspace, draft)):
        with pytest.raises(DraftError, match="was sent already"):
            again()
    assert [one for one in actions(workspace) if one in ("draft.claim", "draft.sent")] == [
        "draft.claim", "draft.sent",
    ]  # fmt: skip
    assert list((workspace.vault.folder / FOLDER).iterdir()) == []


def test_any_change_voids_the_approval(workspace: Workspace, draft: Draft) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"text": "no"},
        {"recipient": "eve@example.org"},
        {"channel": "eml"},
        {"subject": "x"},
    )
    for change in changes:
        if draft_named(workspace, draft.id).channel == "eml":
            edit(workspace, draft.id, channel="copy")
        ready(workspace, draft)
        changed = edit(workspace, draft.id, **change)
        assert (changed.state, changed.approval) == ("edited" if changed.text == "no" else "proposed", None)
        with pytest.raises(DraftError, match="Approve it first"):
            hand_out(workspace, draft.id)
        edit(workspace, draft.id, text=draft.text)


def test_what_was_changed_since_it_was_seen_is_not_approved(workspace: Workspace, draft: Draft) -> None:
    seen = shown(workspace, draft.id).digest
    edit(workspace, draft.id, text="something else", by="another")
    with pytest.raises(DraftError, match="not what you saw"):
        approve(workspace, draft.id, seen=seen)


def test_hidden_characters_are_shown_and_cleaned(workspace: Workspace, draft: Draft) -> None:
    edit(workspace, draft.id, text="yes\u200b, sure\u202e")
    one = shown(workspace, draft.id)
    assert [found.kind for found in one.hidden] == ["invisible", "direction"]
    assert (
        "yes\u27e6U+200B ZERO WIDTH SPACE\u27e7, sure\u27e6U+202E RIGHT-TO-LEFT OVERRIDE\u27e7" in one.marked
    )
    with pytest.raises(DraftError, match="hidden or deceptive"):
        approve(workspace, draft.id, seen=one.digest)
    assert edit(workspace, draft.id, clean=True).text == "yes, sure"
    edit(workspace, draft.id, text="yes\u200b")
    approve(workspace, draft.id, seen=shown(workspace, draft.id).digest, hidden=True)
    assert hand_out(workspace, draft.id).receipt.content.decode().startswith("yes\u200b")


def test_decisions_can_be_taken_back(workspace: Workspace, draft: Draft) -> None:
    ready(workspace, draft)
    assert revoke(workspace, draft.id).state == "proposed"
    no = reject(workspace, draft.id, reason="too loud", about="style", by="ana")
    assert (no.state, no.reason, no.steps[-1].by) == ("rejected", "too loud", "ana")
    assert reopen(workspace, draft.id).state == "proposed"
    row = next(row for row in workspace.vault.audit_rows() if row.action == "draft.reject")
    assert row.details == {"draft": draft.id, "model": "v1", "channel": "copy", "by": "ana", "about": "style"}


def test_a_withdrawn_consent_stops_sending_at_once(workspace: Workspace, draft: Draft) -> None:
    ready(workspace, draft)
    withdraw(workspace, workspace.vault.ids("consent")[0])
    with pytest.raises(ConsentError):
        hand_out(workspace, draft.id)
    assert draft_named(workspace, draft.id).state == "approved"
    assert "draft.claim" not in actions(workspace)
    assert "consent" in shown(workspace, draft.id).barred
    with pytest.raises(ConsentError):
        approve(workspace, revoke(workspace, draft.id).id, seen=digest(draft))
    with pytest.raises(ConsentError):
        propose(workspace, "soup?")


def test_a_consent_withdrawn_while_it_is_sent_stops_it(
    workspace: Workspace, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the claim, before the approval is opened: as while a mail server is spoken with."""
    from ipse.deliveries.copy import Copy

    deliver = Copy.deliver

    def slow(self: Copy, given: object) -> object:
        withdraw(workspace, workspace.vault.ids("consent")[0])
        return deliver(self, given)  # type: ignore[arg-type]

    monkeypatch.setattr(Copy, "deliver", slow)
    ready(workspace, draft)
    with pytest.raises(ConsentError):
        hand_out(workspace, draft.id)
    assert draft_named(workspace, draft.id).state == "proposed"  # it did not leave, and must be approved anew


def test_whoever_objected_is_sent_nothing(workspace: Workspace, draft: Draft) -> None:
    ready(workspace, draft)
    object_to(workspace, "Ilka Brandt")
    with pytest.raises(PrivacyError):
        hand_out(workspace, draft.id)


@pytest.mark.parametrize(
    ("what", "name"), [("contact", "Ilka Brandt"), ("source", "whatsapp"), ("model", "v1"), ("all", "")]
)
def test_drafts_go_with_what_they_were_made_of(
    workspace: Workspace, draft: Draft, what: str, name: str
) -> None:
    ready(workspace, draft)
    plan = plan_for(workspace, what, name)  # type: ignore[arg-type]
    assert ("draft", draft.id) in plan.documents
    forget(workspace, plan)
    assert workspace.vault.ids(KIND) == []
    with pytest.raises(NotFoundError):
        hand_out(workspace, draft.id)


def test_an_erased_conversation_or_message_takes_its_draft(workspace: Workspace) -> None:
    talk = next(conversations(workspace, {"whatsapp"}, why="a test"))
    inbound = [one for one in talk.messages if one.direction == "inbound"]
    mine = propose_to(workspace, inbound[3].id)
    assert ("draft", mine.id) in plan_for(workspace, "message", inbound[3].id).documents
    assert ("draft", mine.id) in reached(workspace, people=[str(mine.asked.contact)])


def test_old_drafts_are_let_go(workspace: Workspace, draft: Draft) -> None:
    from datetime import timedelta

    limited = Workspace(workspace.vault, load_settings({"retention": {"drafts": 30}}, environment={}))
    assert plan_purge(limited, draft.at + timedelta(days=29)) is None
    edit(workspace, draft.id, text="changed")  # which makes it no younger
    plan = plan_purge(limited, draft.at + timedelta(days=31))
    assert plan is not None
    carry_out(limited, plan)
    assert workspace.vault.ids(KIND) == []
    assert Registry(workspace.vault).champion() == "v1"


def test_what_certainly_did_not_leave_waits_for_a_new_approval(workspace: Workspace, draft: Draft) -> None:
    sections = {"smtp": {"host": "127.0.0.1", "port": 1, "security": "none", "sender": "nora@example.org"}}
    own = Workspace(workspace.vault, load_settings(sections, environment={}))
    edit(own, draft.id, channel="smtp", recipient="ilka@example.org")
    ready(own, draft)
    with pytest.raises(DeliveryError, match="did not take it"):
        hand_out(own, draft.id)
    back = draft_named(own, draft.id)
    assert (back.state, back.approval, back.steps[-1].what) == ("proposed", None, "failed")
    with mailbox() as box:
        sections["smtp"]["port"] = box.port
        own = Workspace(workspace.vault, load_settings(sections, environment={}))
        ready(own, back)
        hand_out(own, draft.id)
    assert len(box.mails) == 1


@pytest.mark.parametrize("sent", [True, False])
def test_of_what_perhaps_left_the_owner_decides(workspace: Workspace, draft: Draft, sent: bool) -> None:  # noqa: FBT001
    with mailbox() as box:
        box.hangs_up = True
        smtp = {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "nora@example.org"}
        own = Workspace(workspace.vault, load_settings({"smtp": smtp}, environment={}))
        edit(own, draft.id, channel="smtp", recipient="ilka@example.org")
        ready(own, draft)
        with pytest.raises(DeliveryError):
            hand_out(own, draft.id)
        assert [one.state for one in held(own)] == ["perhaps"]
        with pytest.raises(DraftError, match="was perhaps sent"):
            hand_out(own, draft.id)
        assert len(box.mails) == 1
    settled = settle(own, draft.id, sent=sent)
    assert settled.state == ("sent" if sent else "proposed")
    with pytest.raises(DraftError):
        settle(own, draft.id, sent=True)


def test_a_sender_that_died_leaves_word(workspace: Workspace, draft: Draft) -> None:
    gone = ready(workspace, draft)
    keep(
        workspace,
        msgspec.structs.replace(gone, state="sending", spent=gone.approval, approval=None),
        Change("draft.claim", {}),
    )
    assert [one.state for one in held(workspace)] == ["perhaps"]
    assert notice_cut_short(workspace) == []
    assert "draft.lost" in actions(workspace)


def test_what_was_erased_while_it_was_sent_stays_so(
    workspace: Workspace, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.deliveries.copy import Copy

    deliver = Copy.deliver

    def slow(self: Copy, given: object) -> object:
        receipt = deliver(self, given)  # type: ignore[arg-type]
        workspace.vault.remove(KIND, draft.id, action="draft.remove", details={})
        return receipt

    monkeypatch.setattr(Copy, "deliver", slow)
    ready(workspace, draft)
    assert hand_out(workspace, draft.id).draft.state == "sent"
    assert workspace.vault.ids(KIND) == []
    assert actions(workspace)[-1] == "draft.sent"


def test_a_channel_that_lacks_something_spends_no_approval(workspace: Workspace, draft: Draft) -> None:
    with pytest.raises(DraftError, match="no mail address"):
        ready(workspace, edit(workspace, draft.id, channel="mailto", recipient="somebody"))
    with pytest.raises(SettingsError, match="No mail server"):
        ready(workspace, edit(workspace, draft.id, channel="smtp", recipient="ilka@example.org"))
    assert {one.name: bool(one.lacks) for one in channels(workspace)} == {
        "copy": False, "eml": False, "mailto": False, "smtp": True, "webhook": True,
    }  # fmt: skip


def test_passwords_are_sealed_and_never_in_a_file(workspace: Workspace, draft: Draft, tmp_path: Path) -> None:
    with hook() as web:
        own = Workspace(workspace.vault, load_settings({"webhook": {"url": web.url}}, environment={}))
        with pytest.raises(SettingsError, match="needs a key"):
            ready(own, edit(own, draft.id, channel="webhook"))
        keep_secret(own, "webhook", KEY)
        ready(own, draft)
        hand_out(own, draft.id)
        assert json.loads(web.posted[0].body)["data"]["draft"] == draft.id
        assert all(
            KEY.encode() not in file.read_bytes() for file in own.vault.folder.rglob("*") if file.is_file()
        )
        keep_secret(own, "webhook", "")
        keep_secret(own, "webhook", "")
        assert own.vault.ids("secret") == []
    with pytest.raises(NotFoundError, match="needs a secret"):
        keep_secret(workspace, "copy", "x")
    file = tmp_path / "settings.yaml"
    file.write_text("smtp:\n  host: mail.example.org\n  password: hunter22\n")
    with pytest.raises(SettingsError, match=r"settings.yaml:3: smtp.password: no password stands in a file"):
        load_settings(user_file=file, environment={})
    held = load_settings(environment={"IPSE_SMTP__PASSWORD": "hunter22"})
    assert held.smtp.password.get_secret_value() == "hunter22"
    assert "hunter22" not in repr(held)

"""Every order of decisions: what is allowed happens as told, what is not is refused and changes nothing."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ipse import drafts as room
from ipse.drafts import Approved, Draft
from ipse.errors import DraftError

from ..soak import rounds
from .making import NOW, approved, claimed, draft

TEXTS = st.sampled_from(["ooh yes!!", "no", "maybe", "se\u200bcret"])


class Life(RuleBasedStateMachine):
    """A draft and a model of it: what its state must be, and how often it can have left."""

    draft: Draft
    state: str
    text: str
    seen: str | None
    out: list[Approved]
    claims: int
    approvals: int

    @initialize()
    def begin(self) -> None:
        self.draft, self.state, self.text = draft(), "proposed", draft().text
        self.seen, self.out, self.claims, self.approvals = None, [], 0, 0

    def attempt(self, allowed: object, work: Callable[[], Draft], becomes: str) -> None:
        before = self.draft
        if not allowed:
            with pytest.raises(DraftError):
                work()
            assert self.draft is before
            return
        self.draft = work()
        self.state = becomes
        assert self.draft.revision == before.revision + 1
        assert len(self.draft.steps) == len(before.steps) + 1

    @property
    def rest(self) -> str:
        return "proposed" if self.text == self.draft.proposal else "edited"

    @rule(text=TEXTS)
    def edit(self, text: str) -> None:
        allowed = self.state in ("proposed", "edited", "approved")
        if allowed:
            self.text = text
        self.attempt(allowed, lambda: room.edit(self.draft, text=text, at=NOW, by="o"), self.rest)

    @rule(to=st.sampled_from(["eve@example.org", "ilka@example.org"]))
    def address(self, to: str) -> None:
        allowed = self.state in ("proposed", "edited", "approved")
        self.attempt(allowed, lambda: room.edit(self.draft, recipient=to, at=NOW, by="o"), self.rest)

    @rule()
    def look(self) -> None:
        self.seen = room.digest(self.draft)

    @rule(hidden=st.booleans())
    def approve(self, *, hidden: bool) -> None:
        fresh = self.seen == room.digest(self.draft)
        allowed = self.state in ("proposed", "edited") and fresh and (hidden or "\u200b" not in self.text)
        self.attempt(
            allowed,
            lambda: room.approve(self.draft, seen=self.seen or "", at=NOW, by="o", hidden=hidden),
            "approved",
        )
        self.approvals += allowed

    @rule()
    def reject(self) -> None:
        allowed = self.state in ("proposed", "edited", "approved")
        work = lambda: room.reject(self.draft, reason="no", about="style", at=NOW, by="o")  # noqa: E731
        self.attempt(allowed, work, "rejected")

    @rule()
    def revoke(self) -> None:
        self.attempt(self.state == "approved", lambda: room.revoke(self.draft, at=NOW, by="o"), self.rest)

    @rule()
    def reopen(self) -> None:
        self.attempt(self.state == "rejected", lambda: room.reopen(self.draft, at=NOW, by="o"), self.rest)

    @rule()
    def claim(self) -> None:
        kept: list[Draft] = []

        def work() -> Draft:
            self.out.append(room.claim(self.draft, at=NOW, keep=kept.append, check=lambda: None))
            return kept[0]

        self.claims += self.state == "approved"
        self.attempt(self.state == "approved", work, "sending")

    @rule(how=st.sampled_from(["done", "failed", "lost"]))
    def answer(self, how: str) -> None:
        work = getattr(room, how)
        becomes = {"done": "sent", "failed": self.rest, "lost": "perhaps"}[how]
        self.attempt(self.state == "sending", lambda: work(self.draft, told="x", at=NOW), becomes)

    @rule(sent=st.booleans())
    def settle(self, *, sent: bool) -> None:
        work = lambda: room.settle(self.draft, sent=sent, at=NOW, by="o")  # noqa: E731
        self.attempt(self.state == "perhaps", work, "sent" if sent else self.rest)

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "draft"):
            return
        assert self.draft.state == self.state
        assert (self.draft.approval is not None) == (self.state == "approved")
        assert (self.draft.spent is not None) == (self.state in ("sending", "perhaps", "sent"))
        assert len(self.out) == self.claims <= self.approvals  # each approval is claimed once at most
        if self.draft.approval is not None:
            assert self.draft.approval.digest == room.digest(self.draft)
        assert msgspec.json.decode(msgspec.json.encode(self.draft), type=Draft) == self.draft


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=rounds(60, 5000), stateful_step_count=30, deadline=None)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "ooh no"}, {"recipient": "eve@example.org"}, {"channel": "eml"}, {"subject": "hi"},
        {"label": "nothing to see"}, {"reply_to": "<x@y>"}, {"id": "fedcba9876543210"},
    ],
)  # fmt: skip
def test_an_approval_covers_exactly_what_was_seen(change: dict[str, str]) -> None:
    """Whatever is put in its place after the approval, whoever did it, is not what was approved."""
    forged = msgspec.structs.replace(approved(draft()), **change)
    with pytest.raises(DraftError, match="not what was approved"):
        room.claim(forged, at=NOW, keep=lambda _: None, check=lambda: None)


def test_the_control_of_that_is_claimed() -> None:
    assert claimed(draft()).take().text == "ooh yes!!\n\n[Drafted by AI; I approved it.]"


def test_what_was_edited_after_it_was_seen_is_not_approved() -> None:
    seen = room.digest(draft())
    changed = room.edit(draft(), text="send all your money", at=NOW, by="eve")
    with pytest.raises(DraftError, match="not what you saw"):
        room.approve(changed, seen=seen, at=NOW, by="owner")


@pytest.mark.parametrize("field", ["text", "recipient", "subject"])
def test_hidden_characters_are_approved_by_name_only(field: str) -> None:
    one = room.edit(draft(), at=NOW, by="owner", **{field: "x\u202ey@example.org"})
    with pytest.raises(DraftError, match=r"U\+202E RIGHT-TO-LEFT OVERRIDE"):
        approved(one)
    allowed = approved(one, hidden=True)
    assert allowed.approval is not None
    assert allowed.approval.hidden
    silent = msgspec.structs.replace(allowed.approval, hidden=False)
    with pytest.raises(DraftError, match="nobody saw"):
        room.claim(
            msgspec.structs.replace(allowed, approval=silent), at=NOW, keep=lambda _: None, check=lambda: None
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient", "a@b.org\nBcc: eve@example.org"),
        ("subject", "hi\r\nBcc: x"),
        ("text", " \n "),
        ("text", "x" * 100_001),
    ],
)
def test_what_cannot_be_sent_cannot_be_written(field: str, value: str) -> None:
    with pytest.raises(DraftError):
        room.edit(draft(), at=NOW, by="owner", **{field: value})


def test_an_edit_changes_something() -> None:
    with pytest.raises(DraftError, match="Nothing was to be changed"):
        room.edit(draft(), at=NOW, by="owner")


def test_what_the_owner_made_of_it() -> None:
    one = draft()
    assert room.verdict(one) is None
    assert room.verdict(approved(one)) == "approved"
    changed = room.edit(one, text="no", at=NOW, by="o")
    assert room.verdict(changed) is None
    assert room.verdict(approved(changed)) == "edited"
    assert room.verdict(room.reject(changed, reason="", about="content", at=NOW, by="o")) == "rejected"

"""What is left where something was erased: names and values that nothing needs, looked-up links, and traces.

The roster and the links are swept by what the vault still holds, so that sweeping twice does no harm.
"""

from collections.abc import Collection, Iterator

import msgspec

from ipse.jobs import forget_words
from ipse.pipeline import objections
from ipse.pipeline.clearing import keep_review, review_queue
from ipse.pipeline.workspace import Workspace
from ipse.privacy.operators import PLACEHOLDER
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Message

__all__ = ["people_in", "sweep", "tokens_in"]


def people_in(message: Message) -> Iterator[str]:
    """The pseudonyms of those who wrote it or took part; not of those only mentioned."""
    if message.direction != "outbound" and message.sender.name:
        yield message.sender.name
    yield from (person.name for person in message.participants)


def tokens_in(message: Message) -> Iterator[str]:
    """Every pseudonym, placeholder and conversation that a message speaks of."""
    yield message.conversation
    yield from people_in(message)
    yield from (person.name for person in message.mentions)
    yield from (reaction.by.name for reaction in message.reactions)
    written = (message.text, message.raw, message.subject, message.account, message.sender_domain)
    for text in (*written, *message.attachments, *(one.emoji for one in message.reactions)):
        if text and "<" in text:
            yield from PLACEHOLDER.findall(text)


def sweep(workspace: Workspace, people: Collection[str]) -> dict[str, int]:
    """Let go of these people, of every name and value that nothing kept needs, and of links that went.

    Returns how many of each.
    """
    used = _used(workspace)
    vault = workspace.vault
    with vault.exclusive():
        roster = workspace.roster()
        kept = roster.excluded | objections.frozen(workspace, roster) | {OWNER}
        needed = {roster.now(token) for token in used} | kept
        gone = {label for label in roster.people() if label not in needed} | {*people} - {OWNER}
        before = len(roster.people())
        roster.forget(gone)
        counts = {"names": before - len(roster.people()), "values": roster.keep_only(used)}
        if any(counts.values()):
            roster.erasures.touch()  # so that an import that read the names before does not write them back
            workspace.keep_erasures()
            vault.put("roster", "roster", roster.dumps(), action="forget.names", details=counts)
    forget_words(vault)
    return counts | {"links": _links(workspace, roster, used), "doubts": _doubts(workspace)}


def _used(workspace: Workspace) -> set[str]:
    used: set[str] = set()
    for talk in workspace.vault.scan():
        used.add(talk.id)
        for message in talk.messages:
            used.update(tokens_in(message))
    for event in workspace.vault.events():
        for text in (*event.data, *event.data.values()):
            if isinstance(text, str) and "<" in text:
                used.update(PLACEHOLDER.findall(text))
    return used


def _doubts(workspace: Workspace) -> int:
    """Let go of doubtful words, and of what surrounds them, that stood in messages that went."""
    with workspace.vault.exclusive():
        queue = review_queue(workspace)
        if not len(queue):
            return 0
        gone = queue.keep_only({one.id for talk in workspace.vault.scan() for one in talk.messages})
        if queue.changed:
            keep_review(workspace, queue)
    return gone


def _links(workspace: Workspace, roster: Roster, used: Collection[str]) -> int:
    """Let go of what was found behind links that nothing has any more; returns how many."""
    urls = (roster.restore(f"<{token}>") for token in used if token.startswith("URL_"))
    kept = {url if "://" in url else f"https://{url}" for url in urls}
    vault, gone = workspace.vault, 0
    for shard in vault.ids("links"):
        held = msgspec.json.decode(vault.get("links", shard), type=dict[str, msgspec.Raw])
        left = {url: found for url, found in held.items() if url in kept}
        if len(left) < len(held):
            gone += len(held) - len(left)
            details = {"links": len(held) - len(left)}
            if left:
                payload = msgspec.json.encode(left)
                vault.put("links", shard, payload, action="forget.links", details=details)
            else:
                vault.remove("links", shard, action="forget.links", details=details)
    return gone

"""Events as they come in: merged, cleared and kept by the batch, for as long as a process takes them in.

What comes many times a second shares a commit. The owner's leave is asked for anew as soon as anything
happened that could have changed it. The audit log is told at the first batch of a source and then every ten
minutes, of all that was kept since.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from ipse.consent import Permit
from ipse.errors import PrivacyError
from ipse.heartbeats import Heartbeats, Pulse
from ipse.pipeline.clearing import Clearing
from ipse.pipeline.watching import Watch
from ipse.pipeline.workspace import Workspace
from ipse.privacy.gate import Cleared, Gate
from ipse.privacy.guard import Guard
from ipse.records import Event
from ipse.vault import Kept
from ipse.vault.columns import DAY
from ipse.vault.scanning import Period

__all__ = ["Intake", "guard_of"]

TOLD_EVERY = 600.0


def guard_of(workspace: Workspace) -> Guard:
    """The guard of this vault and these settings."""
    key = msgspec.msgpack.encode(("guard", workspace.vault.signing_key()))
    return Guard(workspace.settings.privacy, workspace.settings.collect, key)


class Intake:
    """Takes in what was guarded already; used by one thread, with a workspace of its own."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._beats = Heartbeats()
        self._looked: set[tuple[str, str]] = set()
        self._watch = Watch(workspace.vault)
        self._permits: dict[str, tuple[object, Permit]] = {}
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = defaultdict(int)
        self._begin()

    def close_states(self) -> None:
        """Nothing that comes extends what came before."""
        self._beats.close()

    def keep(self, source: str, events: Sequence[Event], pulses: Sequence[Pulse] = ()) -> Kept:
        """Keep events of a source, and merge heartbeats into its states; durable when this returns.

        Raises ``ConsentError`` where its owner does not allow it (any more).
        """
        return self.take(source, events, pulses)[0]

    def take(
        self, source: str, events: Sequence[Event], pulses: Sequence[Pulse] = ()
    ) -> tuple[Kept, list[Event]]:
        """:meth:`keep`, and each of the events as it was cleared: which is among those that it tells of."""
        permit = self._permit(source)
        try:
            return self._kept(permit, events, pulses)
        except PrivacyError:  # somebody changed the contacts meanwhile: once more, by what they are now
            self._begin()
            return self._kept(permit, events, pulses)

    def _begin(self) -> None:
        self._roster = self._workspace.roster()
        self._clearing = Clearing(self._workspace, self._roster)
        self._open: dict[tuple[str, str], Cleared[Event]] = {}  # the open state of each stream

    def _kept(
        self, permit: Permit, events: Sequence[Event], pulses: Sequence[Pulse]
    ) -> tuple[Kept, list[Event]]:
        source, known = permit.source, len(self._roster)
        gate = self._clearing.gate(permit)
        added = gate.clear_events(events)
        states = self._merged(gate, source, pulses)
        if len(self._roster) != known:
            self._workspace.keep_roster(self._roster)
        told = self._due(source)
        kept = self._workspace.vault.keep_events(added, source=source, became=states, told=told)
        if told is None:
            self._untold[source] += kept.kept
        return kept, [one.record for one in added]

    def _merged(self, gate: Gate, source: str, pulses: Sequence[Pulse]) -> list[Cleared[Event]]:
        """The states that heartbeats leave, each as it is after the last of them."""
        left: dict[tuple[str, int, str], Cleared[Event]] = {}
        for pulse in pulses:
            cleared = gate.clear(pulse.beat)
            beat = cleared.record
            self._look(source, beat.stream, beat.ts)
            state, extended = self._beats.take(Pulse(beat, pulse.pulse))
            at = (source, beat.stream)
            if extended and at in self._open:
                shown = gate.lengthened(self._open[at], state.dur)
            else:
                shown = gate.clear(state, again=True) if extended else cleared
            self._open[at] = left[state.stream, state.ts, state.key] = shown
        return list(left.values())

    def _look(self, source: str, stream: str, now: int) -> None:
        """Take up the state that was open when this process began."""
        if (source, stream) in self._looked:
            return
        self._looked.add((source, stream))
        period = Period(source, stream, now - DAY, None)
        last: Event | None = None
        for found in self._workspace.vault.event_blocks(period):
            for block in found.blocks:
                for event in block.records(source, stream):
                    if event.kind == "state" and (last is None or event.ts >= last.ts):
                        last = event
        if last is not None:
            self._beats.begin(last)

    def _permit(self, source: str) -> Permit:
        rights = self._watch.look().rights
        as_of, permit = self._permits.get(source, (None, None))
        ended = permit and permit.expires_at is not None and datetime.now(UTC) >= permit.expires_at
        if permit is None or ended or as_of is not rights:
            permit = self._workspace.permit(source, "archive")
            self._permits[source] = (rights, permit)
        return permit

    def _due(self, source: str) -> dict[str, object] | None:
        now = time.monotonic()
        if source in self._told and now - self._told[source] < TOLD_EVERY:
            return None
        self._told[source] = now
        return {"before": self._untold.pop(source, 0)}

    def finish(self) -> None:
        """Tell the audit log of what it was not told yet."""
        for source, count in self._untold.items():
            if count:
                self._workspace.vault.keep_events([], source=source, told={"before": count})
        self._untold.clear()

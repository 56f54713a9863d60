"""Events in the vault: partitions of blocks, known by time and key, extended, joined, read."""

import random
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ipse.errors import DamagedVaultError, PrivacyError
from ipse.privacy import gate
from ipse.privacy.gate import Cleared
from ipse.records import Event
from ipse.vault import Cut, Vault, events
from ipse.vault.columns import BLOCK_ROWS, DAY, pack_events, partition, time_key, unpacked
from ipse.vault.scanning import Period
from ipse.vault.sources import Home
from ipse.vault.streams import Stream

from .conftest import Sql

NOON = 20_000 * DAY + DAY // 2
SECOND = 1_000_000


def event(second: int, *, dur: int = 0, stream: str = "", key: str | None = None, app: str = "mail") -> Event:
    ts = NOON + second * SECOND
    name = time_key(ts) if key is None else key
    return Event(
        source="window",
        stream=stream,
        kind="state",
        ts=ts,
        dur=dur * SECOND,
        rx=ts + 7,
        tz=-90,
        key=name,
        data={"app": app, "n": second, "x": 0.5, "idle": False, "none": None},
    )


def cleared(some: Sequence[Event]) -> list[Cleared[Event]]:
    return [Cleared(one, gate._SEAL) for one in some]


def keep(vault: Vault, some: Sequence[Event], became: Sequence[Event] = ()) -> tuple[int, int, int]:
    kept = vault.keep_events(cleared(some), source="window", became=cleared(became), told={})
    return kept.kept, kept.duplicates, kept.extended


def parts(vault: Vault, stream: str) -> list[int]:
    """How many rows each block has, of the only partition of a stream."""
    (blocks,) = vault.event_blocks(Period("window", stream))
    return [block.rows for block in blocks.blocks]


def test_a_block_gives_back_what_was_packed() -> None:
    some = [event(n, dur=n % 3, key="" if n % 2 else None, app=f"app {n % 5}") for n in range(BLOCK_ROWS + 3)]
    packed = list(pack_events(some, 5))
    assert [(part.number, part.rows, part.size) for part, _ in packed] == [
        (5, BLOCK_ROWS, len(packed[0][1])),
        (6, 3, len(packed[1][1])),
    ]
    assert [one for _, plain in packed for one in unpacked(plain).records("window", "")] == some
    assert packed[1][0].end == max(one.ts + one.dur for one in some[BLOCK_ROWS:])
    for bad in (b"no", zlib.compress(b"no")):
        with pytest.raises(DamagedVaultError, match="unknown way"):
            unpacked(bad)


def test_keys_that_are_times_take_no_room() -> None:
    some = [event(n) for n in range(1000)]
    ((_, plain),) = pack_events(some, 0)
    assert unpacked(plain).keys is None
    assert [one.key for one in unpacked(plain).records("window", "")] == [one.key for one in some]
    ((_, named),) = pack_events([msgspec.structs.replace(one, key=one.key[::-1]) for one in some], 0)
    assert len(named) > len(plain) + 1000


def test_an_event_is_kept_once_whatever_it_comes_with(vault: Vault) -> None:
    assert keep(vault, [event(3), event(1), event(3), event(1, stream="b")]) == (3, 1, 0)
    assert keep(vault, [event(1), event(2), event(1, key="other")]) == (2, 1, 0)
    assert keep(vault, [event(1, app="changed")]) == (0, 1, 0)
    assert {(one.stream, one.ts, one.key, one.data["app"]) for one in vault.events()} == {
        (one.stream, one.ts, one.key, "mail")
        for one in (event(1), event(2), event(3), event(1, key="other"), event(1, stream="b"))
    }
    assert vault.counts()["window"]["records"] == 5
    assert vault.keep([*cleared([event(1), event(9)])], source="window")[:2] == (1, 1)


def test_what_an_event_became_takes_its_place(vault: Vault) -> None:
    assert keep(vault, [event(1), event(2)]) == (2, 0, 0)
    assert keep(vault, [event(4)], [event(2, dur=5), event(3, dur=1)]) == (2, 0, 1)
    assert keep(vault, [], [event(2, dur=8)]) == (0, 0, 1)
    assert list(vault.events()) == [event(1), event(2, dur=8), event(3, dur=1), event(4)]
    (found,) = vault.event_blocks(Period("window"))
    assert not found.whole
    assert vault.counts()["window"]["records"] == 4
    assert vault.read_all() == 4


def test_small_blocks_are_joined_and_nothing_is_lost(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MANY", 5)
    monkeypatch.setattr("ipse.vault.columns.BLOCK_ROWS", 40)
    monkeypatch.setattr(events, "BLOCK_ROWS", 40)
    monkeypatch.setattr(events, "REMEMBERED", 100)
    expected: dict[int, Event] = {}
    rng = random.Random(7)
    for n in range(120):
        new = event(rng.randrange(1000)) if n % 3 else event(n + 2000)
        became = [
            event((one.ts - NOON) // SECOND, dur=n)
            for one in rng.sample(list(expected.values()), min(2, n // 20))
        ]
        keep(vault, [new], became)
        expected.setdefault(new.ts, new)
        expected.update((one.ts, one) for one in became)
    assert list(vault.events()) == [expected[ts] for ts in sorted(expected)]
    rows = parts(vault, "")
    assert len(rows) < 40
    assert 40 in rows
    assert vault.counts()["window"]["records"] == len(expected)
    assert keep(vault, list(expected.values())) == (0, len(expected), 0)
    assert not vault.inspect().faults


def test_a_batch_may_span_days_and_streams(vault: Vault) -> None:
    some = [event(n * 10_000, stream=stream) for n in range(30) for stream in ("a", "b")]
    assert keep(vault, some) == (60, 0, 0)
    found = [one.stream for one in vault.event_blocks(Period("window"))]
    assert set(found) == {"a", "b"}
    assert len(found) == len({partition(one.ts // DAY, one.stream) for one in some})
    assert sorted(vault.events(), key=lambda one: (one.ts, one.stream)) == some


def test_only_what_meets_a_span_is_opened(vault: Vault) -> None:
    keep(vault, [event(0, dur=2), event(86_400), event(2 * 86_400), event(0, stream="b")])

    def days(**given: object) -> list[list[int]]:
        found = vault.event_blocks(Period("window", **given))  # type: ignore[arg-type]
        return [[(ts - NOON) // SECOND for block in one.blocks for ts in block.times()] for one in found]

    assert days(stream="", until=NOON + 1) == [[0]]
    assert days(stream="", since=NOON + 3 * SECOND) == [[86_400], [172_800]]
    assert days(stream="", since=NOON + 2 * SECOND, until=NOON + 86_400 * SECOND) == [[0]]
    assert days(stream="c") == []
    assert len(days()) == 4


def test_a_source_is_read_while_its_blocks_are_joined(
    vault: Vault, folder: Path, recovery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MANY", 3)
    keep(vault, [event(0), event(0, stream="b")])
    keep(vault, [event(1)])
    keep(vault, [event(2)])
    with Vault.open(folder, recovery) as other:
        page, meantime = other._scanner._page, [event(3)]

        def slow(home: Home, streams: Sequence[Stream]) -> Iterator[tuple[Stream, list[bytes]]]:
            if meantime:
                keep(vault, [meantime.pop()])
            return page(home, streams)

        monkeypatch.setattr(other._scanner, "_page", slow)
        found = [one for one in other.events() if not one.stream]
    assert found == [event(n) for n in range(4)]
    assert parts(vault, "") == [4]


def test_damaged_blocks_are_found_and_can_be_erased(
    vault: Vault, sql: Sql, folder: Path, recovery: str
) -> None:
    keep(vault, [event(0), event(1)])
    vault.close()
    sql("UPDATE segments SET sealed = zeroblob(99)")
    with Vault.open(folder, recovery) as again:
        with pytest.raises(DamagedVaultError):
            list(again.events())
        assert again.erase("window") == 2
        keep(again, [event(0)])
    sql("UPDATE conversations SET sealed = zeroblob(99)")
    with Vault.open(folder, recovery) as again:
        assert again.erase("window") == 0
        assert again.counts() == {}


def test_days_that_are_over_go_and_the_rest_is_sealed_anew(vault: Vault) -> None:
    keep(vault, [event(n * 3600) for n in range(72)])
    keep(vault, [], [event(71 * 3600, dur=9)])
    before = datetime.fromtimestamp((NOON + 30 * 3600 * SECOND) / SECOND, UTC)
    removed = vault.remove_records(Cut(source="window", events_before=before), action="purge.remove")
    assert removed.events == 30
    assert [one.ts for one in vault.events()] == [event(n * 3600).ts for n in range(30, 72)]
    assert vault.counts()["window"]["records"] == 42
    keep(vault, [event(0)], [event(40 * 3600, dur=1)])
    assert vault.counts()["window"]["records"] == 43
    assert not vault.inspect().faults
    vault.reencrypt(lambda *_: None)
    assert vault.counts()["window"]["records"] == len(list(vault.events())) == 43


def test_the_audit_log_is_told_when_it_is_to_be(vault: Vault) -> None:
    vault.keep_events(cleared([event(0)]), source="window")
    vault.keep_events(cleared([event(1)]), source="window", told={"before": 1})
    rows = [row.details for row in vault.audit_rows() if row.action == "events.keep"]
    assert rows == [{"source": "window", "kept": 1, "duplicates": 0, "before": 1}]


def test_nothing_but_cleared_events_is_kept(vault: Vault) -> None:
    with pytest.raises(PrivacyError, match="only what the gate cleared"):
        vault.keep_events([event(0)], source="window")  # type: ignore[list-item]
    with pytest.raises(PrivacyError, match="only what the gate cleared"):
        vault.keep_events([], became=[event(0)], source="window")  # type: ignore[list-item]
    assert vault.counts() == {}

"""Files of events by the browser: read in whole, once, only with leave, and never a traceback."""

import json

import httpx2
import pytest

from .conftest import Running
from .test_events import allow, client

ROWS = "when,kw\n" + "".join(f"2026-04-01T{hour:02d}:00:00,{hour / 2}\n" for hour in range(24))
WATCHED = {
    "buckets": {
        "aw-watcher-window_laptop": {
            "id": "aw-watcher-window_laptop",
            "type": "currentwindow",
            "events": [
                {"timestamp": "2026-04-01T10:00:00Z", "duration": 60, "data": {"app": "mail", "title": "x"}}
            ],
        }
    }
}
ROUTE = "/api/events/files"


def read_in(sender: httpx2.Client, name: str, held: str | bytes, **more: str) -> httpx2.Response:
    """Hand a file over and read it in."""
    made = sender.post("/api/uploads", files={"files": (name, held)})
    assert made.status_code == 201, made.text
    return sender.post(ROUTE, json={"upload": made.json()["id"], **more})


def test_a_table_is_read_in_once_in_the_zone_it_is_of(service: Running) -> None:
    allow(service, "power")
    with client(service, "import") as sender, client(service, "read") as reader:
        told = read_in(sender, "Power.csv", ROWS, tz="Europe/Berlin")
        assert told.status_code == 201
        assert told.json() == {
            "source": "power",
            "kept": 24,
            "duplicates": 0,
            "excluded": 0,
            "unreadable": 0,
            "streams": [""],
        }
        again = read_in(sender, "Power.csv", ROWS, tz="Europe/Berlin").json()
        assert (again["kept"], again["duplicates"]) == (0, 24)
        first = reader.get("/api/events", params={"source": "power", "limit": "1"}).json()["items"][0]
        assert first["at"] == "2026-03-31T22:00:00Z"
        assert sender.get("/api/uploads").json()["items"] == []


def test_an_export_of_activitywatch_is_known_by_what_is_in_it(service: Running) -> None:
    allow(service, "activitywatch")
    with client(service, "import") as sender:
        told = read_in(sender, "aw-export.json", json.dumps(WATCHED)).json()
    assert (told["source"], told["kept"]) == ("activitywatch", 1)


def test_without_leave_nothing_is_kept_and_the_upload_stays(service: Running) -> None:
    with client(service, "import") as sender:
        refused = read_in(sender, "never.csv", ROWS)
        assert refused.status_code == 409
        assert "never" in refused.json()["detail"]
        (held,) = sender.get("/api/uploads").json()["items"]
        assert sender.delete(f"/api/uploads/{held['id']}").status_code == 204
        assert sender.post(ROUTE, json={"upload": held["id"]}).status_code == 404


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet", "exe"])
@pytest.mark.parametrize("held", [b"\x00\xff\xfe{]", b"[1, 2]", b'{"buckets": 3}', b"a,b\n1,2\n"])
def test_what_is_no_table_is_refused_with_a_reason(service: Running, ending: str, held: bytes) -> None:
    allow(service, "odd")
    with client(service, "import") as sender:
        told = read_in(sender, f"odd.{ending}", held, source="odd")
        assert 400 <= told.status_code < 500, told.text
        assert told.json()["hint"]
        for one in sender.get("/api/uploads").json()["items"]:
            sender.delete(f"/api/uploads/{one['id']}")

"""Base models and what of them fits; everything of a vault as one download."""

import io
import time
import zipfile
from collections.abc import Iterator

import httpx2
import pytest

from .conftest import Running


@pytest.fixture
def owner(service: Running) -> Iterator[httpx2.Client]:
    with service.client(service.token()) as client:
        yield client


def test_a_base_that_is_not_there_is_said_so(owner: httpx2.Client) -> None:
    answer = owner.get("/api/bases/no-such-base/preflight")
    assert answer.status_code == 404
    assert "no-such-base" in answer.json()["detail"]


@pytest.mark.llm
def test_what_fits_is_told_by_method(owner: httpx2.Client) -> None:
    import torch

    found = owner.get("/api/bases/seedling/preflight", timeout=60).json()
    assert {one["method"] for one in found["fits"]} == {"lora", "qlora", "full"}
    assert all(one["total"] > 0 for one in found["fits"])
    assert found["device"]["free"] > 0
    assert found["device"]["why"]
    refused = {one["method"]: one["why_not"] for one in found["fits"] if not one["fits"]}
    assert set(refused) == (set() if torch.cuda.is_available() else {"qlora"})
    assert all(why and one["batch"] == 0 for one in found["fits"] if (why := refused.get(one["method"])))
    assert (found["epochs"], found["ends_after_tokens"], found["ends_because"]) == (3.0, 200_000, "preset")


def test_what_is_offered_can_be_asked_for_and_nothing_else(owner: httpx2.Client, service: Running) -> None:
    offered = owner.get("/api/bases/offered").json()["items"]
    assert [(one["name"], one["there"]) for one in offered] == [("smollm2-135m", False)]
    for name in ("owner/model", "/etc", "../smollm2-135m"):
        assert owner.post("/api/bases", json={"name": name}).status_code == 404
    with service.client(service.token("train")) as trainer:
        assert trainer.post("/api/bases", json={"name": "smollm2-135m"}).status_code == 403
    assert owner.get("/api/jobs").json()["total"] == 0


def test_everything_is_one_download_and_nothing_of_it_stays(owner: httpx2.Client, service: Running) -> None:
    answer = owner.post("/api/archive", json={"form": "jsonl"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "manifest.json" in archive.namelist()
        assert b'"ipse-archive"' in archive.read("manifest.json")
    for _ in range(200):  # it is deleted behind the answer, not before it
        if not (left := list(service.folder.rglob("archive-*"))):
            break
        time.sleep(0.05)
    assert not left

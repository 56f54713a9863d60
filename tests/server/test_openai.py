"""OpenAI's own Python client, and the program `llm`, talk to the clone unchanged."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from ipse.voices.retrieval import RetrievalVoice

from ..soak import rounds
from .conftest import Running
from .spoken import learned, served

SOUP: list[Any] = [{"role": "user", "content": "who brings the soup on friday?"}]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(learned(tmp_path_factory.mktemp("spoken"))) as started:
        yield started


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{service.address}/v1", api_key=service.token("read"), max_retries=0) as made:
        yield made


def test_models_are_listed_champion_first(client: OpenAI) -> None:
    assert [one.id for one in client.models.list()] == ["champion", "v1"]


def test_a_completion_has_an_answer_a_reason_and_usage(client: OpenAI) -> None:
    for model in ("champion", "v1"):
        made = client.chat.completions.create(model=model, messages=SOUP, temperature=0.2)
        assert made.model == "v1"
        assert made.choices[0].finish_reason == "stop"
        assert made.choices[0].message.role == "assistant"
        assert made.choices[0].message.content
        assert made.usage is not None
        assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens
        assert made.usage.completion_tokens > 0
        assert made.model_extra is not None
        assert made.model_extra["ipse"]["label"].startswith("AI-written")


def test_a_stream_is_the_same_answer_in_pieces(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="v1", messages=SOUP)
    for _ in range(rounds(2, 50)):
        chunks = list(
            client.chat.completions.create(
                model="v1",
                messages=SOUP,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
        assert text == whole.choices[0].message.content
        assert len(chunks) > 4
        assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] == "stop"
        assert chunks[-1].usage == whole.usage


def test_the_conversation_is_what_the_client_sends(client: OpenAI) -> None:
    """The clone does not say again what it said in this conversation."""
    said = list(SOUP)
    answers = []
    for _ in range(3):
        made = client.chat.completions.create(model="v1", messages=said)
        answers.append(made.choices[0].message.content or "")
        said += [{"role": "assistant", "content": answers[-1]}, *SOUP]
    assert len(set(answers)) == 3


def test_an_answer_ends_where_it_is_told_to(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="v1", messages=SOUP).choices[0].message.content or ""
    short = client.chat.completions.create(model="v1", messages=SOUP, max_tokens=2)
    assert short.choices[0].finish_reason == "length"
    assert short.usage is not None
    assert short.usage.completion_tokens == 2
    assert whole.startswith(short.choices[0].message.content or "-")
    word = whole.split()[2]
    stopped = client.chat.completions.create(model="v1", messages=SOUP, stop=[word])
    assert stopped.choices[0].message.content == whole[: whole.index(word)]


def test_errors_are_those_that_its_client_knows(service: Running, client: OpenAI) -> None:
    with pytest.raises(openai.APIStatusError, match="no model `v9`"):
        client.chat.completions.create(model="v9", messages=SOUP)
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="v1", messages=[])
    with pytest.raises(openai.UnprocessableEntityError, match="not a question"):
        client.chat.completions.create(model="v1", messages=[{"role": "assistant", "content": "hi"}])
    address = f"{service.address}/v1"
    for key, wrong in (
        ("ipse_x", openai.AuthenticationError),
        (service.token("train"), openai.PermissionDeniedError),
    ):
        with OpenAI(base_url=address, api_key=key, max_retries=0) as other:
            with pytest.raises(wrong):
                other.models.list()
            with pytest.raises(wrong):
                other.chat.completions.create(model="v1", messages=SOUP)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_stop_is_never_heard_in_whatever_pieces_it_comes(
    client: OpenAI, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    said = "soup at noon, ENnnEND and more END"

    def stream(self: RetrievalVoice, context: Any, **more: Any) -> Iterator[str]:
        yield from (said[at : at + size] for at in range(0, len(said), size))

    monkeypatch.setattr(RetrievalVoice, "stream", stream)
    for stops, heard in (
        (["END"], "soup at noon, ENnn"),
        (["ENDING", "more END."], said),  # begun, and not what it was
        (["nn", "END"], "soup at noon, EN"),
    ):
        chunks = client.chat.completions.create(model="v1", messages=SOUP, stream=True, stop=stops)
        assert "".join(one.choices[0].delta.content or "" for one in chunks) == heard
        whole = client.chat.completions.create(model="v1", messages=SOUP, stop=stops)
        assert whole.choices[0].message.content == heard


def test_what_is_refused_at_the_door_is_told_in_its_form(service: Running, client: OpenAI) -> None:
    long: list[Any] = [{"role": "user", "content": "soup " * 300_000}]
    with pytest.raises(openai.APIStatusError, match="larger than") as large:
        client.chat.completions.create(model="v1", messages=long)
    other = client.with_options(default_headers={"Host": "evil.example"})
    with pytest.raises(openai.APIStatusError, match="another name") as elsewhere:
        other.models.list()
    with pytest.raises(openai.APIStatusError) as unknown:
        client.embeddings.create(model="v1", input="soup")
    for found, status in ((large, 413), (elsewhere, 421), (unknown, 405)):
        told = found.value
        assert told.status_code == status
        assert isinstance(told.body, dict)
        assert set(told.body) == {"message", "type", "param", "code"}


def test_the_program_llm_works_unchanged(service: Running, tmp_path: Path) -> None:
    (tmp_path / "extra-openai-models.yaml").write_text(
        "- model_id: clone\n  model_name: champion\n  api_key_name: clone\n"
        f"  api_base: {service.address}/v1\n"
    )
    (tmp_path / "keys.json").write_text(f'{{"clone": "{service.token("read")}"}}')
    found = shutil.which("llm", path=str(Path(sys.executable).parent))
    assert found is not None
    for more in ([], ["--no-stream"]):
        done = subprocess.run(
            [found, "-m", "clone", "--no-log", *more, "who brings the soup on friday?"],
            env={**os.environ, "LLM_USER_PATH": str(tmp_path), "NO_PROXY": "127.0.0.1"},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()

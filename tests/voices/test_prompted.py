"""The voice that prompts a server: what it asks, what it takes, what it refuses. The server has no model."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ipse.config import ServerSettings, Settings, load_settings
from ipse.errors import LearnerError, ServerError
from ipse.interfaces import ConfigurableVoice, RecallingVoice
from ipse.learners.prompted import PromptedLearner
from ipse.plugins import speaking
from ipse.records import Example, Turn
from ipse.voices.chatserver import ChatServer
from ipse.voices.prompted import PERSONA, PromptedVoice

from .chat_server import ChatStub, serving
from .test_retrieval import SAID, START, asks


def settings(url: str, **server: object) -> Settings:
    return load_settings({"server": {"url": url, **server}, "voice": {"examples": 3}}, environment={})


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    train = [
        Example(
            id=str(number), conversation=f"c{number}", contact=contact, platform="whatsapp",
            at=START + timedelta(days=number), context=(Turn("partner", contact, asked),), reply=reply,
        )
        for number, (contact, asked, reply) in enumerate(SAID)
    ]  # fmt: skip
    learner = PromptedLearner.configure(Settings())
    with pytest.raises(LearnerError, match="not trained"):
        learner.artefact()
    learner.fit(train, [], lambda _done, _total, _figures: None)
    assert learner.report()["pairs"] == len(SAID)
    return learner.artefact() | {PERSONA: b'{"themes": [{"terms": ["climbing"], "share": 0.2}]}'}


@pytest.fixture
def server() -> Iterator[ChatStub]:
    with serving() as stub:
        yield stub


@pytest.fixture
def voice(files: dict[str, bytes], server: ChatStub) -> PromptedVoice:
    made = speaking("prompted", files, settings(server.url))
    assert isinstance(made, PromptedVoice)
    return made


def said(voice: PromptedVoice, text: str = "Is the invoice for May ready?") -> str:
    return "".join(voice.stream(asks(text), contact="PERSON_2", seed=5))


def test_it_takes_settings_and_recalls(voice: PromptedVoice) -> None:
    assert isinstance(voice, ConfigurableVoice)
    assert isinstance(voice, RecallingVoice)


def test_it_shows_the_model_past_exchanges_and_says_what_it_answers(
    voice: PromptedVoice, server: ChatStub
) -> None:
    assert said(voice) == "Klar, bin dabei"
    asked = server.asked[0]
    assert asked["model"] == "small-model"
    assert (asked["stream"], asked["seed"], asked["temperature"], asked["top_p"]) == (True, 5, 0.7, 0.9)
    assert (asked["top_k"], asked["repetition_penalty"], asked["repeat_penalty"]) == (50, 1.1, 1.1)
    assert asked["max_tokens"] < 256
    roles = [message["role"] for message in asked["messages"]]
    assert roles == ["system", *("user", "assistant") * 3, "user"]
    assert "climbing" in asked["messages"][0]["content"]
    shown = [(asked["messages"][n]["content"], asked["messages"][n + 1]["content"]) for n in (1, 3, 5)]
    assert shown[-1] == SAID[3][1:]  # the most alike stands last
    assert asked["messages"][-1]["content"] == "Is the invoice for May ready?"


def test_what_is_unwanted_is_not_shown(voice: PromptedVoice, server: ChatStub) -> None:
    voice.leave_out(lambda platform, reply: platform == "whatsapp" and reply == SAID[3][2])
    said(voice)
    assert SAID[3][2] not in str(server.asked[0]["messages"])


def test_replies_are_ranked_by_the_memory(voice: PromptedVoice) -> None:
    scores = voice.score(asks("Is the invoice for May ready?"), [SAID[3][2], SAID[4][2]])
    assert scores[0] > scores[1]
    assert voice.nearest(asks("invoice for April"), 1)[0].reply == SAID[3][2]


@pytest.mark.parametrize(
    ("pieces", "heard"),
    [
        (["<think>", "hm", "</think>", "\n\nJa"], "Ja"),
        (["<th", "ink>a <b", "> c</thi", "nk> so", " it is"], "so it is"),
        (["1 <", " 2"], "1 < 2"),
        (["a\x1b[2J", "b\x07"], "a[2Jb"),
        (["<think>never ends"], ""),
        ([" ", "\n", "Hi <"], "Hi <"),
    ],
)
def test_thoughts_and_control_characters_are_left_out(
    voice: PromptedVoice, server: ChatStub, pieces: list[str], heard: str
) -> None:
    server.says = pieces
    assert said(voice) == heard


def test_a_server_that_knows_the_protocol_alone_is_asked_again_without_more(
    voice: PromptedVoice, server: ChatStub
) -> None:
    server.refuses = ("top_k", "repeat_penalty")
    assert said(voice) == "Klar, bin dabei"
    assert said(voice) == "Klar, bin dabei"
    assert ["top_k" in asked for asked in server.asked] == [True, False, False]  # it is remembered
    assert all("repetition_penalty" not in asked for asked in server.asked[1:])
    server.status = 400
    with pytest.raises(ServerError, match="400"):
        said(voice)


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "server.key"), (404, "server.model"), (500, ""), (422, "")]
)
def test_a_refusal_is_told_in_one_line(
    voice: PromptedVoice, server: ChatStub, status: int, hint: str
) -> None:
    server.status = status
    with pytest.raises(ServerError, match=f"answered {status}: .*no,.*not now") as caught:
        said(voice)
    assert hint in caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"data: what\n\n", b"data: [1]\n\n"])
def test_another_protocol_is_told(voice: PromptedVoice, server: ChatStub, raw: bytes) -> None:
    server.raw = raw
    with pytest.raises(ServerError, match="does not speak the chat protocol"):
        said(voice)


def test_an_error_in_the_midst_is_told(voice: PromptedVoice, server: ChatStub) -> None:
    server.raw = b'data: {"choices": [{"delta": {"content": "Ja"}}]}\n\ndata: {"error": "out of memory"}\n\n'
    pieces = voice.stream(asks("well?"), contact=None, seed=1)
    assert next(pieces) == "Ja"
    with pytest.raises(ServerError, match="broke off: out of memory"):
        next(pieces)


def test_no_server_and_no_model_are_told(files: dict[str, bytes], server: ChatStub) -> None:
    server.models = []
    with pytest.raises(ServerError, match="has no model"):
        ChatServer(settings(server.url).server).model()
    with pytest.raises(ServerError, match=r"No chat server answers at http://127\.0\.0\.1:1/v1"):
        said(speaking("prompted", files, settings("http://127.0.0.1:1/v1")))  # type: ignore[arg-type]


def test_the_key_and_the_model_of_the_settings_are_sent(server: ChatStub) -> None:
    chat = ChatServer(settings(server.url, key="s3cret", model="other-model").server)
    assert "".join(chat.stream([{"role": "user", "content": "hi"}])) == "Klar, bin dabei"
    assert server.headers[0]["Authorization"] == "Bearer s3cret"
    assert server.asked[0]["model"] == "other-model"


def test_nothing_leaves_this_machine_unless_allowed(
    monkeypatch: pytest.MonkeyPatch, server: ChatStub
) -> None:
    for url in ("http://192.168.1.5:8080/v1", "https://api.example.com/v1", "http://0.0.0.0:1/v1"):
        with pytest.raises(ServerError, match="another machine") as caught:
            ChatServer(ServerSettings(url=url))
        assert "allow_network" in caught.value.hint
        ChatServer(ServerSettings(url=url, allow_network=True))
    for url in ("127.0.0.1:8080", "file:///etc/passwd", "http://"):
        with pytest.raises(ServerError, match="no address"):
            ChatServer(ServerSettings(url=url, allow_network=True))
    for url in ("http://localhost:8080/v1", "http://[::1]:8080/v1"):
        ChatServer(ServerSettings(url=url))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # it would take the prompt elsewhere
    assert ChatServer(settings(server.url).server).model() == "small-model"


def test_what_is_not_whole_is_no_voice(files: dict[str, bytes]) -> None:
    for broken in ({**files, "manner.json": b"{"}, {n: f for n, f in files.items() if n != "manner.json"}):
        with pytest.raises(LearnerError, match="not whole"):
            PromptedVoice.load(broken)


def test_a_slow_server_is_not_waited_for(server: ChatStub) -> None:
    from socket import create_server

    with create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with pytest.raises(ServerError, match=r"did not answer within 0\.05 s"):
            ChatServer(settings(url, timeout=0.05).server).model()

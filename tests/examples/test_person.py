"""The made-up person of the demo: reproducible, readable by the real sources, harmless, and worth judging."""

import ast
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Example, Message, Turn, Unreadable
from ipse.sources.mail.source import Gmail
from ipse.sources.reflections import Reflections
from ipse.sources.whatsapp.source import WhatsApp

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo"
EXPORTS = DEMO / "exports"
ME = ("Tilda Marwede", "tilda.marwede@example.org", "tilda")
OPTIONS = ReadOptions(me=ME, tz=ZoneInfo("Europe/London"))
SOURCES = (WhatsApp(), Gmail(), Reflections())


@cache
def items() -> tuple[Message | Unreadable, ...]:
    found: list[Message | Unreadable] = []
    for file in sorted(EXPORTS.iterdir()):
        export = ExportPath.at(file)
        (source,) = [source for source in SOURCES if source.recognizes(export)]
        found += source.read(export, OPTIONS)
    return tuple(found)


@cache
def messages() -> tuple[Message, ...]:
    return tuple(item for item in items() if isinstance(item, Message))


def is_own(message: Message) -> bool:
    return message.sender.name in ME


def authored() -> list[Message]:
    return [m for m in messages() if m.content_type == "text" and not m.automatic and not m.forwarded]


def own_texts() -> list[str]:
    return [m.text for m in authored() if is_own(m)]


@cache
def pairs() -> tuple[Example, ...]:
    """What Tilda answered to what, oldest first."""
    talks = defaultdict(list)
    for message in authored():
        talks[message.platform, message.conversation].append(message)
    found = []
    for (platform, talk), held in talks.items():
        turns = [(own, list(run)) for own, run in groupby(sorted(held, key=lambda m: m.at), key=is_own)]
        for (_, asked), (own, said) in pairwise(turns):
            if own:
                context = tuple(Turn("partner", m.sender.name, m.text) for m in asked)
                reply = "\n".join(m.text for m in said)
                found.append(
                    Example(id=said[0].id, conversation=talk, contact=talk, platform=platform, at=said[0].at,
                            context=context, reply=reply)
                )  # fmt: skip
    return tuple(sorted(found, key=lambda example: (example.at, example.id)))


def test_the_script_writes_the_exports_byte_for_byte(tmp_path: Path) -> None:
    subprocess.run([sys.executable, DEMO / "person.py", tmp_path], check=True, capture_output=True)
    written = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    shipped = {file.name: file.read_bytes() for file in EXPORTS.iterdir()}
    assert written.keys() == shipped.keys()
    assert [name for name in shipped if written[name] != shipped[name]] == []
    assert sum(map(len, shipped.values())) < 1_500_000


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    names = ("grammar", "people", "chats", "mails", "journal", "person")
    for name in names:
        tree = ast.parse((DEMO / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                modules = (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                )
                assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names | {*names}


def test_every_export_is_read_by_its_source_without_loss() -> None:
    assert {m.platform for m in messages()} == {"whatsapp", "gmail", "reflections"}
    assert 2_700 <= len(messages()) <= 3_300
    unreadable = [item for item in items() if isinstance(item, Unreadable)]
    assert [(item.file, item.reason) for item in unreadable] == [
        ("reflections.csv", "the answer is empty")
    ] * 2
    assert len({m.id for m in messages()}) == len(messages())


def test_the_exports_hold_what_real_ones_do() -> None:
    kinds = Counter(m.content_type for m in messages())
    assert kinds.keys() >= {"text", "media", "deleted", "system", "call", "location", "poll"}
    assert any(m.edited for m in messages())
    assert any(m.group for m in messages())
    assert sum(m.automatic for m in messages()) == 35
    assert sum(bool(m.reply_to) for m in messages() if m.platform == "gmail") > 150
    assert not any("wrote:" in m.text or "Reedworks –" in m.text for m in messages() if m.platform == "gmail")
    assert any(m.text.startswith("Hi love,") and "\nFrom Thursday on" in m.text for m in messages())


def test_the_owner_writes_a_lot_and_says_little_twice() -> None:
    long = [text.casefold() for text in own_texts() if len(text.split()) > 4]
    assert len(long) > 1_200
    assert len(set(long)) / len(long) > 0.95
    words = [len(m.text.split()) for m in authored() if is_own(m) and m.platform == "reflections"]
    assert len(words) == 150
    assert sum(count >= 50 for count in words) / len(words) > 0.9


def test_family_is_written_to_in_german() -> None:
    chats = [m for m in authored() if m.platform == "whatsapp" and is_own(m)]
    german = [m.text for m in chats if m.conversation in ("Mama", "Jannis")]
    english = [m.text for m in chats if m.conversation not in ("Mama", "Jannis")]
    marked = re.compile(r"\b(ich|und|nicht|das|die|der|mit|auf|ist)\b")
    assert sum(bool(marked.search(text)) for text in german) / len(german) > 0.6
    assert not any(marked.search(text) for text in english if "die" not in text)
    assert all(text == text.lower() for text in english)


def test_numbers_addresses_and_accounts_are_those_set_aside_for_examples() -> None:
    text = "\n".join(m.raw + "\n" + m.sender.name + " " + m.sender.address for m in messages())
    for address in re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text):
        assert re.search(r"(^|[@.])example(\.(org|com|net|de))?$", address), address
    for host in re.findall(r"https?://([^/\s?]+)", text):
        assert re.search(r"(^|\.)(example(\.(org|com))?|maps\.google\.com)$", host), host
    allowed = r"(\+44 7700 900|07700 900|(0|\+44 )117 496 0|020 7946 0|030 23125 |\+49 30 23125 "
    allowed += r"|0221 4710 |\+49 89 99998 |\+49 171 39200|0152 28817386|\+49 172 9925904)"
    numbers = re.findall(
        r"(?<![\w.])(?:\+\d{2} ?|0)\d{2,4} \d[\d ]{2,}\d", re.sub(r"\b[A-Z]{2}\d\d[A-Z0-9 ]+", "", text)
    )
    assert len(numbers) > 20
    for number in numbers:
        assert re.match(allowed, number), number
    accounts = {"GB82WEST12345698765432", "GB33BUKB20201555555555", "GB94BARC10201530093459"}
    accounts |= {"DE89370400440532013000", "DE02120300000000202051"}
    found = {
        re.sub(r"\s", "", a)
        for a in re.findall(r"\b(?:GB|DE)\d\d(?:\s{0,2}[A-Z0-9]{2,4}){4,6}\b", text.replace("\n> ", "\n"))
    }
    assert found
    assert found <= accounts


def blocks(texts: list[str]) -> list[str]:
    """Joined to a hundred words and more."""
    out, held = [], list[str]()
    for text in texts:
        held.append(text)
        if sum(len(piece.split()) for piece in held) >= 100:
            out.append("\n".join(held))
            held = []
    return out


@pytest.mark.parametrize("platform", ["whatsapp", "gmail"])
def test_the_owner_can_be_told_from_the_contacts_by_style(platform: str) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    written = defaultdict(list)
    for message in authored():
        if message.platform == platform:
            written["me" if is_own(message) else message.sender.name].append(message.text)
    texts, labels = list[str](), list[bool]()
    for name, said in written.items():
        texts += (pieces := blocks(said))
        labels += [name == "me"] * len(pieces)
    features = TfidfVectorizer(
        analyzer="char", ngram_range=(2, 3), lowercase=False, max_features=4000
    ).fit_transform(texts)
    even, odd = slice(0, None, 2), slice(1, None, 2)
    judge = LogisticRegression(C=10, class_weight="balanced").fit(features[even], labels[even])
    assert roc_auc_score(labels[odd], judge.predict_proba(features[odd])[:, 1]) > 0.95


def test_contacts_have_habits_of_their_own() -> None:
    said = defaultdict(list)
    for message in authored():
        if message.platform == "whatsapp" and not message.group:
            said[message.sender.name].append(message.text)
    joined = {name: "\n".join(texts) for name, texts in said.items()}
    marks = {name: sum(joined[name].count(mark) for mark in "!?.,;") / len(said[name]) for name in joined}
    assert marks["Gareth Pennywell"] < 0.3 < marks["Tilda Marwede"] < marks["Oksana Veltrik"]
    assert joined["Priya Ashdown"].count("!!") > 200
    assert not re.search(r"[\U0001F300-\U0001FAFF]|n't|'(m|re|ll|ve)\b", joined["Oksana Veltrik"])
    assert joined["Jannis"] == joined["Jannis"].lower() != joined["Mama"]


def test_answers_depend_on_what_is_asked_beyond_shared_words() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    known, later = pairs()[: len(pairs()) * 3 // 4], pairs()[len(pairs()) * 3 // 4 :]
    words = TfidfVectorizer(sublinear_tf=True).fit(text for e in known for text in (asked(e), e.reply))
    past_asked, past_said = words.transform(map(asked, known)), words.transform(e.reply for e in known)
    rng = random.Random(5)
    alike, shared = [], []
    for example in rng.sample(later, 150):
        others = rng.sample([other.reply for other in later if other.reply != example.reply], 99)
        replies, situation = words.transform([example.reply, *others]), words.transform([asked(example)])
        # Like what she said when she was asked something like it, or merely like the question?
        near = np.asarray((past_asked @ situation.T).todense()).ravel() ** 3
        alike.append(np.argmax((replies @ past_said.T) @ near) == 0)
        shared.append(np.argmax(np.asarray((replies @ situation.T).todense()).ravel()) == 0)
    assert np.mean(alike) > 0.15
    assert np.mean(alike) > 1.5 * np.mean(shared)


def asked(example: Example) -> str:
    return "\n".join(turn.text for turn in example.context)

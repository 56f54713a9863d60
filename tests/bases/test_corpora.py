"""Files as documents: every kind that is read, what is held out, and what is wrong with a file."""

import gzip
from pathlib import Path

import pytest

from ipse.bases.corpora import read_corpora
from ipse.errors import BaseModelError


def test_every_document_is_in_one_of_the_two_sets_and_groups_stay_together(text: Path) -> None:
    prose, talk = read_corpora([text])
    assert (prose.name, talk.name) == ("prose", "talk")
    assert len(talk.train) + len(talk.held) == 300
    held = {document.group for document in talk.held}
    assert held
    assert held.isdisjoint({document.group for document in talk.train})
    roles = {said.role for document in talk.train for said in document.messages}
    assert roles == {"system", "user", "assistant"}
    assert {said.role for document in prose.train for said in document.messages} == {"text"}


def test_what_is_held_out_does_not_depend_on_what_else_is_read(text: Path) -> None:
    both, alone = read_corpora([text]), read_corpora([text / "talk.jsonl.gz"])
    assert alone == (both[1],)


def test_a_plain_text_is_cut_between_paragraphs_and_loses_no_word(text: Path) -> None:
    (prose,) = read_corpora([text / "prose.txt"])
    pieces = [document.messages[0].content for document in (*prose.train, *prose.held)]
    whole = (text / "prose.txt").read_text(encoding="utf-8")
    assert sorted("\n\n".join(pieces).split()) == sorted(whole.split())
    assert max(map(len, pieces)) < 6000
    assert len(pieces) > 10


def test_a_line_that_is_no_document_is_named_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_text('{"text": "one"}\n\n{"messages": [{"role": "robot", "content": "?"}]}\n')
    with pytest.raises(BaseModelError, match=r"talk\.jsonl:3"):
        read_corpora([file])


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", gzip.compress(b"x" * 1000, mtime=0)[:20]], ids=["bytes", "gzip"]
)
def test_what_is_not_utf8_or_not_gzip_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ("a.txt.gz" if content[:1] == b"\x1f" else "a.txt")
    file.write_bytes(content)
    with pytest.raises(BaseModelError, match="cannot be read"):
        read_corpora([file])


def test_nothing_to_read_and_two_of_a_name_are_said(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="no text"):
        read_corpora([tmp_path])
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.txt").write_text("words")
    with pytest.raises(BaseModelError, match="called same"):
        read_corpora([tmp_path])

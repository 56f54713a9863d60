"""JSON walked in constant memory: lists within lists, lines, and documents made to burst."""

import json
from pathlib import Path

import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Unreadable
from ipse.sources.reading.jsons import BLOCK, elements, lines, parts


def at(folder: Path, text: str) -> ExportPath:
    (folder / "a.json").write_text(text)
    return ExportPath.at(folder / "a.json")


def test_values_and_lists_come_in_the_order_of_the_document(tmp_path: Path) -> None:
    talks = [{"about": {"n": n, "about": {"n": -n}}, "said": [n, {"said": [9]}]} for n in (1, 2)]
    file = at(tmp_path, json.dumps({"talks": talks, "said": []}, indent=2))
    assert list(parts(file, values=("about",), lists=("said",))) == [
        ("about", talks[0]["about"]),
        ("said", 1),
        ("said", {"said": [9]}),
        ("about", talks[1]["about"]),
        ("said", 2),
        ("said", {"said": [9]}),
    ]


def test_a_key_inside_a_text_is_text(tmp_path: Path) -> None:
    file = at(tmp_path, json.dumps({"text": '"said": [1]', "said": [2]}))
    assert list(parts(file, lists=("said",))) == [("said", 2)]


@pytest.mark.parametrize("before", range(BLOCK - 12, BLOCK + 4))
def test_a_key_on_the_edge_of_a_block_is_found(tmp_path: Path, before: int) -> None:
    file = at(tmp_path, json.dumps({"a": "x" * (before - 9), "said": [1, 2]}))
    assert [value for _, value in parts(file, lists=("said",))] == [1, 2]


def test_a_list_cut_short_gives_what_came_before(tmp_path: Path) -> None:
    found = parts(at(tmp_path, '{"said": [1, 2, {"a"'), lists=("said",))
    assert [next(found), next(found)] == [("said", 1), ("said", 2)]
    with pytest.raises(SourceError, match=r"after 16 characters"):
        next(found)


def test_lines_are_objects_or_say_why_not(tmp_path: Path) -> None:
    file = at(tmp_path, '\ufeff{"a": 1}\r\n\n[1]\n{"b": \n{"c": 2}')
    found = list(lines(file))
    assert [(number, line) for number, line in found if isinstance(line, dict)] == [
        (1, {"a": 1}),
        (5, {"c": 2}),
    ]
    assert [line.position for _, line in found if isinstance(line, Unreadable)] == ["line 3", "line 4"]


@pytest.mark.parametrize("bomb", ["[" * 100_000, "1" * 100_000, '{"a":' * 100_000])
def test_what_was_made_to_burst_is_refused(tmp_path: Path, bomb: str) -> None:
    with pytest.raises(SourceError, match=r"a\.json"):
        list(elements(at(tmp_path, f'{{"said": [{bomb}'), "said"))
    assert isinstance(next(lines(at(tmp_path, bomb)))[1], Unreadable)

"""Reading files of questions: qa/evaluation/datasets.py."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from index.errors import FootnoteError
from qa.evaluation.datasets import GoldAnswer, read_dataset

CONTEXT = "Ada Lovelace wrote notes. Ada 🙂 died in 1852."


def squad(**changes: Any) -> dict[str, Any]:
    question = {
        "id": "q1",
        "question": "When did Ada die?",
        "answers": [{"text": "1852", "answer_start": 40}],
        **changes,
    }
    return {"data": [{"title": "Ada_L", "paragraphs": [{"context": CONTEXT, "qas": [question]}]}]}


def write(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data), "utf-8")
    return path


def test_squad(tmp_path: Path) -> None:
    """A SQuAD file gives contexts with titles, and questions that know their context."""
    dataset = read_dataset(write(tmp_path / "dev.json", squad()))
    (context,) = dataset.contexts
    (question,) = dataset.questions
    assert (dataset.name, context.title, context.text) == ("dev.json", "Ada L", CONTEXT)
    assert question.keys == (context.key,)
    assert question.gold == (GoldAnswer("1852", 40),)
    assert question.answerable


def test_gzip(tmp_path: Path) -> None:
    """A compressed file reads as the plain one."""
    plain = write(tmp_path / "dev.json", squad())
    packed = tmp_path / "dev.json.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_dataset(str(packed)).questions == read_dataset(plain).questions


def test_unanswerable(tmp_path: Path) -> None:
    """SQuAD 2.0's impossible questions have no accepted answer."""
    data = squad(is_impossible=True, answers=[], plausible_answers=[{"text": "Ada"}])
    (question,) = read_dataset(write(tmp_path / "dev.json", data)).questions
    assert not question.answerable
    assert question.answers == ()


def test_equal_contexts(tmp_path: Path) -> None:
    """The same text twice is one context, also from another file."""
    twice = {"data": squad()["data"] * 2}
    dataset = read_dataset(write(tmp_path / "a.json", twice))
    other = read_dataset(write(tmp_path / "b.json", squad()))
    assert len(dataset.questions) == 2
    assert dataset.contexts == other.contexts


def test_golden(tmp_path: Path) -> None:
    """A golden file gives each line's question; follow-up chains are left out."""
    lines = [
        {
            "id": "g1",
            "question": "Who?\u2028",
            "answers": ["Ada", "Ada L."],
            "articles": ["ada"],
            "answerable": True,
            "kind": "who",
        },
        {
            "id": "g2",
            "question": "Where?",
            "answers": [],
            "articles": [],
            "answerable": False,
            "kind": "near",
        },
        {"id": "c1", "chain": []},
    ]
    path = tmp_path / "golden.jsonl"
    path.write_text(
        "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n", "utf-8"
    )
    first, second = read_dataset(path).questions
    assert (first.answers, first.keys, first.kind) == (("Ada", "Ada L."), ("ada",), "who")
    assert first.gold[0].start is None
    assert not second.answerable
    assert read_dataset(path).contexts == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[1, 2]"),
        ("a.json", "not JSON"),
        ("a.json", '{"data": []}'),
        ("a.json", json.dumps(squad(answers=[{"text": "1852", "answer_start": 3}]))),
        ("a.json", json.dumps(squad(question=None))),
        ("a.jsonl", '{"question": "Who?"}'),
        ("a.jsonl", '{"id":1,"question":"?","answers":[],"articles":[],"answerable":true}'),
        ("a.jsonl", ""),
    ],
)
def test_other_layouts(tmp_path: Path, name: str, text: str) -> None:
    """A file of another layout is one FootnoteError that says what is expected."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(FootnoteError, match="not a file of questions as expected"):
        read_dataset(path)


@pytest.mark.parametrize("content", [None, b"\x1f\x8b broken"])
def test_unreadable(tmp_path: Path, content: bytes | None) -> None:
    """A missing or damaged file is one FootnoteError."""
    path = tmp_path / "a.json.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FootnoteError, match="cannot read"):
        read_dataset(path)

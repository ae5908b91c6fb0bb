"""Questions with known answers, from SQuAD-layout JSON or golden JSONL; contexts as articles.

Knows files only: no index, no model.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import FootnoteError
from index.values import text_sha256


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """An accepted answer; `start` is its code point in the context where the file says so."""

    text: str
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its accepted answers; several `keys` mean that each source answers it."""

    id: str
    text: str
    gold: tuple[GoldAnswer, ...]  # empty when not answerable
    answerable: bool
    keys: tuple[str, ...]  # of contexts in a SQuAD file, file stems of articles in a golden one
    kind: str = ""

    @property
    def answers(self) -> tuple[str, ...]:
        """The accepted answers' texts."""
        return tuple(answer.text for answer in self.gold)


@dataclass(frozen=True, slots=True)
class Context:
    """A passage that questions were asked about; equal texts have equal keys."""

    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A file of questions; a golden file's articles lie elsewhere, so it has no contexts."""

    name: str
    questions: tuple[Question, ...]
    contexts: tuple[Context, ...]


def read_dataset(path: Path | str) -> Dataset:
    """Read a file of questions: golden when its name ends in .jsonl, else SQuAD layout."""
    path = Path(path)
    try:
        if path.suffix == ".jsonl":
            return _golden(path)
        return _squad(path)
    except (OSError, EOFError, zlib.error) as error:
        raise FootnoteError(f"cannot read {path}: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FootnoteError(
            f"{path} is not a file of questions as expected ({type(error).__name__}: {error});"
            " give a SQuAD-layout .json or .json.gz, or a golden .jsonl with id, question,"
            " answers, articles and answerable on each line"
        ) from error


def _squad(path: Path) -> Dataset:
    raw = path.read_bytes()
    data = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    contexts: dict[str, Context] = {}
    questions: list[Question] = []
    for article in data["data"]:
        title = str(article.get("title") or "").replace("_", " ").strip()
        for paragraph in article["paragraphs"]:
            text = paragraph["context"]
            key = text_sha256(text)[:20]
            contexts.setdefault(key, Context(key, title, text))
            questions.extend(_squad_question(entry, key, text) for entry in paragraph["qas"])
    if not questions:
        raise ValueError("it holds no question")
    return Dataset(path.name, tuple(questions), tuple(contexts.values()))


def _squad_question(entry: Mapping[str, Any], key: str, context: str) -> Question:
    gold = tuple(GoldAnswer(a["text"], a["answer_start"]) for a in entry["answers"])
    answerable = not entry.get("is_impossible", not gold)
    for answer in gold:
        if context[answer.start :][: len(answer.text)] != answer.text:
            raise ValueError(f"answer of question {entry['id']} is not at its answer_start")
    return Question(
        id=str(entry["id"]),
        text=_text(entry["question"]),
        gold=gold if answerable else (),
        answerable=answerable,
        keys=(key,),
    )


def _golden(path: Path) -> Dataset:
    questions = tuple(_golden_questions(path.read_text("utf-8")))
    if not questions:
        raise ValueError("it holds no question")
    return Dataset(path.name, questions, ())


def _golden_questions(text: str) -> Iterator[Question]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        entry = json.loads(line)
        if "chain" in entry:  # follow-ups: kept for the conversation's own evaluation
            continue
        question = Question(
            id=str(entry["id"]),
            text=_text(entry["question"]),
            gold=tuple(GoldAnswer(_text(answer)) for answer in entry["answers"]),
            answerable=bool(entry["answerable"]),
            keys=tuple(_text(stem) for stem in entry["articles"]),
            kind=str(entry.get("kind", "")),
        )
        if question.answerable != bool(question.gold):
            raise ValueError(f"line {number}: answerable and answers do not fit each other")
        yield question


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {value!r:.80}")
    return value


def write_contexts(contexts: Iterable[Context], path: Path) -> Path:
    """Write contexts as a JSONL file of articles, with their keys as ids; return its path."""
    with path.open("w", encoding="utf-8") as file:
        for context in contexts:
            entry = {"id": context.key, "title": context.title, "text": context.text}
            file.write(json.dumps(entry) + "\n")
    return path

"""What the reader is trained on: one JSON line an example, gzip-compressed."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

EXAMPLES = "examples.jsonl.gz"  # in the folder of a training


@dataclass(frozen=True, slots=True)
class Example:
    """A question with a passage, and where the passage answers it.

    `spans` are code points (start, end) of the passage; none means that it does not answer.
    `kind` says where the example comes from: "answer", or one of `negatives`' kinds.
    """

    id: str
    kind: str
    title: str
    question: str
    passage: str
    spans: tuple[tuple[int, int], ...] = ()


def held_out(title: str) -> bool:
    """Say whether an article of the training data is kept for fitting: every tenth."""
    return hashlib.sha256(title.encode()).digest()[0] % 10 == 0


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Write a file of examples; the same examples give the same bytes."""
    part = path.with_suffix(".part")
    with part.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for example in examples:
            file.write(json.dumps(asdict(example), ensure_ascii=False).encode() + b"\n")
    part.replace(path)


def read_examples(path: Path) -> Iterator[Example]:
    """Yield the examples of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            row["spans"] = tuple((start, end) for start, end in row["spans"])
            yield Example(**row)

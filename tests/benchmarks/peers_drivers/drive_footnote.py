"""Footnote: `build_index`, then one `Assistant.ask` after the other; defaults but for two things.

Passages stay whole as for everybody (by default those of over 200 word pieces are cut), and the
best span is given also where Footnote would rather refuse, as in `footnote evaluate`, since every
question has an answer. The index is built from a file and written to disk, and that time counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from driver import Ask, Job, drive

from index import Chunking, build_index
from index.embedder import SentenceTransformerEmbedder
from qa import Assistant
from qa.scoring import Confidence

WHOLE = Chunking(max_tokens=100_000, overlap_tokens=0)


class Footnote:
    """See `driver.Side`."""

    packages = ("footnote-qa", "torch", "transformers", "sentence-transformers", "faiss-cpu")

    def __init__(self, job: Job) -> None:
        self._path = Path(job.scratch) / "index"
        self._articles = Path(job.scratch) / "articles.jsonl"
        with self._articles.open("w", encoding="utf-8") as file:
            for passage in job.passages:
                entry = {"id": passage["key"], "title": passage["title"], "text": passage["text"]}
                file.write(json.dumps(entry) + "\n")
        self._embedder = SentenceTransformerEmbedder.load(job.encoder)

    def index(self) -> None:
        """Index the passages."""
        build_index([self._articles], path=self._path, embedder=self._embedder, chunking=WHOLE)

    def ways(self) -> Iterator[tuple[str, Ask]]:
        """Yield the one way of asking."""
        always = replace(Confidence.load(), found=0.0)
        with Assistant.open(self._path, confidence=always) as assistant:

            def ask(question: str) -> tuple[str, float | None]:
                answer = assistant.ask(question)
                return answer.text, answer.confidence

            yield "Footnote", ask


if __name__ == "__main__":
    drive(Footnote)

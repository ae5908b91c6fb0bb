"""txtai: its hybrid embeddings database, and a question-answering model behind its `RAG` pipeline.

`Embeddings(hybrid=True, content=True)`, the encoder cut at its own length (`maxlength=True`), each
passage with its title before it; `RAG`, which was `Extractor`, with as many passages as we read.
It joins these to one text, best first, of which its `Questions` reads what the model holds, some
three passages. So its questions are asked a second time with `Questions` reading one passage
after the other, up to as many as we read, until one answers: it tells no confidence to choose by.

`Questions` fails with a TypeError where the model's best span is no span of the passage, which is
how a reader that knows "no answer" says so; that counts as no answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from driver import Ask, Job, drive
from txtai import RAG, Embeddings
from txtai.pipeline import Questions


class Txtai:
    """See `driver.Side`."""

    packages = ("txtai", "torch", "transformers", "faiss-cpu")

    def __init__(self, job: Job) -> None:
        self._job = job
        self._embeddings = Embeddings(
            path=job.encoder, hybrid=True, content=True, maxlength=True, gpu=False
        )
        self._questions = Questions(job.reader, gpu=False)
        self._rag = RAG(self._embeddings, job.reader, gpu=False, context=job.read, output="flatten")

    def index(self) -> None:
        """Index the passages."""
        self._embeddings.index(
            (one["key"], f"{one['title']}\n{one['text']}", None) for one in self._job.passages
        )

    def ways(self) -> Iterator[tuple[str, Ask]]:
        """Yield the way as documented, and passage by passage."""
        yield "txtai", lambda question: (self._rag(question) or "", None)
        yield "txtai, passage by passage", self._one_by_one

    def _one_by_one(self, question: str) -> tuple[str, float | None]:
        for found in self._embeddings.search(question, self._job.read):
            try:
                (answer,) = self._questions([question], [found["text"]])
            except TypeError:
                continue
            if answer:
                return answer, None
        return "", None


if __name__ == "__main__":
    drive(Txtai)

"""Haystack 2: its hybrid retrieval pipeline, as in its tutorial, with its `ExtractiveReader`.

In-memory store, BM25 and embedding retriever, joined by reciprocal rank; titles are embedded with
the passages (`meta_fields_to_embed`). Of its defaults only these are changed: each retriever
gives as many candidates as ours do, the joiner hands on as many passages as we read, and the
reader gives no "no answer", since every question has one.

`ExtractiveReader` passes a BERT model no token types, though BERT readers are trained with them.
So its questions are asked a second time with the types given, which no user could by an option.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from driver import Ask, Job, drive
from haystack import Document, Pipeline
from haystack.components.embedders import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack.components.joiners import DocumentJoiner
from haystack.components.readers import ExtractiveReader
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore


class Haystack:
    """See `driver.Side`."""

    packages = ("haystack-ai", "torch", "transformers", "sentence-transformers")

    def __init__(self, job: Job) -> None:
        self._documents = [
            Document(id=one["key"], content=one["text"], meta={"title": one["title"]})
            for one in job.passages
        ]
        store = InMemoryDocumentStore()
        self._indexing = Pipeline()
        embedder = SentenceTransformersDocumentEmbedder(
            model=job.encoder, meta_fields_to_embed=["title"], progress_bar=False
        )
        self._indexing.add_component("embedder", embedder)
        self._indexing.add_component("writer", DocumentWriter(store))
        self._indexing.connect("embedder", "writer")
        self._indexing.warm_up()

        self._reader = ExtractiveReader(model=job.reader, no_answer=False)
        self._asking = Pipeline()
        for name, component in {
            "question": SentenceTransformersTextEmbedder(model=job.encoder, progress_bar=False),
            "dense": InMemoryEmbeddingRetriever(store, top_k=job.depth),
            "bm25": InMemoryBM25Retriever(store, top_k=job.depth),
            "joiner": DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=job.read),
            "reader": self._reader,
        }.items():
            self._asking.add_component(name, component)
        self._asking.connect("question.embedding", "dense.query_embedding")
        self._asking.connect("dense", "joiner")
        self._asking.connect("bm25", "joiner")
        self._asking.connect("joiner", "reader.documents")
        self._asking.warm_up()

    def index(self) -> None:
        """Index the passages."""
        self._indexing.run({"embedder": {"documents": self._documents}})

    def ways(self) -> Iterator[tuple[str, Ask]]:
        """Yield the way as documented, and the one with token types."""
        yield "Haystack", self._ask
        _give_token_types(self._reader)
        yield "Haystack, token types given", self._ask

    def _ask(self, question: str) -> tuple[str, float | None]:
        given = {
            "question": {"text": question}, "bm25": {"query": question},
            "reader": {"query": question},
        }  # fmt: skip
        answers = self._asking.run(given)["reader"]["answers"]
        return (answers[0].data or "", answers[0].score) if answers else ("", None)


def _give_token_types(reader: Any) -> None:
    """Let the reader's model know question from passage: all after the first [SEP] is of type 1."""
    plain, separator = reader.model.forward, reader.tokenizer.sep_token_id

    def forward(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        ends = (input_ids == separator).long()  # (n, length)
        types = (ends.cumsum(1) - ends > 0).long() * attention_mask
        return plain(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=types)

    reader.model.forward = forward


if __name__ == "__main__":
    drive(Haystack)

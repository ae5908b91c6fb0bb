"""The promise of every answer: the words stand in the article where the citation says."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stand_ins import HashEmbedder, StandInReader

from index import build_index, open_index
from index.articles import normalise
from index.values import text_sha256
from qa import Answer, Assistant
from qa.scoring import FEATURES, Confidence

EAGER = Confidence(0.0, dict.fromkeys(FEATURES, 0.0), answered=0.4, found=0.1, retrieval=40.0)

# Letters of several scripts, combining marks, emoji sequences, right-to-left marks, odd spaces.
WORDS = ["Ada", "won.", "e\u0301", "नमस्ते", "👩\u200d👩\u200d👧", "\u200fשלום\u200e", "𝒳", "ﬁ", "İ"]
PIECES = st.sampled_from([*WORDS, "—", "\u00a0", "\n\n"])
TEXTS = st.one_of(
    st.lists(st.one_of(PIECES, st.text(max_size=8)), min_size=1, max_size=60).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300),
)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.text("who is adawon", min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_citation_is_exact(texts: list[str], question: str) -> None:
    """Whatever Unicode the articles hold, quote, sentence, hash and id agree with the index."""
    texts = [text for text in texts if normalise(text)]
    if not texts or not question.strip():
        return
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "articles.jsonl")
        source.write_text(
            "\n".join(json.dumps({"title": "T", "text": text}) for text in texts), encoding="utf-8"
        )
        embedder = HashEmbedder()
        build_index([source], path=Path(name, "index"), embedder=embedder)
        with (
            open_index(Path(name, "index"), embedder=embedder) as index,
            Assistant(index, StandInReader(), EAGER) as assistant,
        ):
            answer = assistant.ask(question)
            _check(answer, assistant)
            assert Answer.from_dict(answer.to_dict()) == answer


def _check(answer: Answer, assistant: Assistant) -> None:
    cited = [*answer.citations, *(c for a in answer.alternatives for c in a.citations)]
    for citation in cited:
        article = assistant.index.article(citation.article.id)
        assert article.text[citation.start : citation.end] == citation.quote != ""
        first = citation.sentence_start
        assert article.text[first:].startswith(citation.sentence)
        assert first <= citation.start <= citation.end <= first + len(citation.sentence)
        assert text_sha256(article.text) == article.sha256 == citation.article.sha256
        assert citation.verify()
        assert citation.verify(assistant.index)
    if answer.citations:
        assert answer.citations[0].quote == answer.text
    for passage in answer.closest:
        article = assistant.index.article(passage.article.id)
        assert article.text[passage.start : passage.end] == passage.text
    assert answer.generation == assistant.index.generation

"""No quote leaves that does not stand in its article as it was indexed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fault_tools import encoder, scramble
from stand_ins import StandInReader

import qa.assistant
from index import build_index, open_index
from index.errors import IndexDamaged
from index.home import Home
from index.values import Article, text_sha256
from qa import Answer, Assistant, Outcome
from qa.proof import proved, still_standing
from qa.scoring import Confidence
from qa.values import Alternative, Citation, ClosestPassage

TEXT = "The bridge opened in 1932. It carries trains."
ARTICLE = Article("b1", "Bridge", TEXT, "/b.txt", text_sha256(TEXT))
CITATION = Citation(ARTICLE, 21, 25, "1932", "The bridge opened in 1932.", 0, 1)
ANSWER = Answer(
    question="a question that no log may hold",
    outcome=Outcome.ANSWERED,
    text="1932",
    confidence=0.9,
    citations=(CITATION,),
    alternatives=(
        Alternative("trains", 0.2, (replace(CITATION, start=38, end=44, quote="trains"),)),
    ),
    closest=(ClosestPassage(ARTICLE, 0, 26, TEXT[:26], 1.0),),
    interpreted_question="a question that no log may hold",
    generation=7,
)
ALTERED = replace(ARTICLE, text=TEXT.replace("1932", "1923"))


def cited(**changes: Any) -> Answer:
    """Return the answer with another citation."""
    return replace(ANSWER, citations=(replace(CITATION, **changes),))


WRONG = {
    "another quote": cited(quote="1923"),
    "another place": cited(start=20),
    "another text": cited(article=ALTERED, quote="1923"),
    "another sentence": cited(sentence="The bridge opened in 1923."),
    "another article's hash": cited(article=replace(ARTICLE, sha256="0" * 64)),
    "no citation": replace(ANSWER, citations=()),
    "another answer": replace(ANSWER, text="1933"),
    "alternative": replace(
        ANSWER, alternatives=(Alternative("x", 0.1, (replace(CITATION, quote="x"),)),)
    ),
    "closest": replace(ANSWER, closest=(replace(ANSWER.closest[0], text="The bridge fell."),)),
}


def test_what_stands_there_leaves() -> None:
    """An answer whose quotes stand where they should is returned as it is."""
    assert proved(ANSWER) is ANSWER


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_is_withheld(what: str, caplog: pytest.LogCaptureFixture) -> None:
    """An answer with a quote that does not is an error, and the log says where and no more."""
    with (
        caplog.at_level(logging.ERROR, "qa.proof"),
        pytest.raises(IndexDamaged, match=r"an answer was found .*; run `footnote index check"),
    ):
        proved(WRONG[what])
    [line] = caplog.messages
    assert "withheld" in line
    assert "generation 7" in line
    assert not {"question", "1932", "1923"} & set(line.replace(",", " ").split())


def test_an_article_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many quotes an answer has of an article, its text is hashed once."""
    hashed: list[str] = []

    def count(text: str) -> str:
        hashed.append(text)
        return text_sha256(text)

    monkeypatch.setattr("qa.proof.text_sha256", count)
    proved(ANSWER)
    assert hashed == [TEXT]


def test_reply_quotes_what_still_stands() -> None:
    """A reply about an earlier answer leaves out what is no longer in the articles, and says so."""
    assert still_standing(ANSWER, {"b1": ARTICLE}) is ANSWER
    for now in ({}, {"b1": replace(ALTERED, sha256=text_sha256(ALTERED.text))}):
        left = still_standing(ANSWER, now)
        assert (left.citations, left.alternatives, left.closest) == ((), (), ())
        assert left.notice == "What was quoted no longer stands in your articles."


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    """Yield an assistant over one article, with the stand-ins."""
    (tmp_path / "bridge.txt").write_text(TEXT)
    build_index(tmp_path / "bridge.txt", path=tmp_path / "index", embedder=encoder())
    library = open_index(tmp_path / "index", embedder=encoder())
    with Assistant(library, StandInReader(), replace(Confidence.load(), found=0.0)) as opened:
        yield opened


ASKS: dict[str, Callable[[Assistant], object]] = {
    "ask": lambda assistant: assistant.ask("When did the bridge open?"),
    "ask_many": lambda assistant: assistant.ask_many(["When did the bridge open?"]),
    "retrieve": lambda assistant: assistant.retrieve(["bridge"]),
}


@pytest.mark.parametrize("how", ASKS)
def test_altered_text_is_never_quoted(assistant: Assistant, how: str) -> None:
    """A text altered on the disk under an open assistant is refused, not quoted."""
    ASKS[how](assistant)
    path = Home(assistant.index.path).current()
    scramble(path, "UPDATE articles SET text = replace(text, '1932', '1923')")
    with pytest.raises(IndexDamaged, match=r"the text of “Bridge” .* is not the one indexed"):
        ASKS[how](assistant)


def test_wrong_offset_is_never_quoted(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that is one off anywhere on an answer's way is an error, not a wrong quote."""
    from qa.selector import select

    def off(*arguments: Any) -> Answer:
        answer = select(*arguments)
        moved = tuple(replace(c, start=c.start + 1) for c in answer.citations)
        return replace(answer, citations=moved)

    question = "When did the bridge open?"
    assert assistant.ask(question).citations
    monkeypatch.setattr(qa.assistant, "select", off)
    with pytest.raises(IndexDamaged, match="its words do not stand there as they were indexed"):
        assistant.ask(question)

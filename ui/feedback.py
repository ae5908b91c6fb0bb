"""What users say of answers: which fault one has, and the golden questions made of that.

A judged turn becomes a line of golden JSONL that `footnote evaluate` reads, where the right
answer is known: the answer was right, or there is none, or the user marked the right words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.errors import ArticleMissing, FootnoteError
from index.sentences import sentence_around
from qa.values import ArticleLookup, Citation, Outcome
from ui.conversation import Turn
from ui.history import History
from ui.render import exact


class Fault(StrEnum):
    """What is wrong with an answer, or that nothing is."""

    RIGHT = "right"
    WORDS = "wrong_words"  # the right place, cut wrongly
    ARTICLE = "wrong_article"
    NOTHING = "nothing_there"  # it should have said that the articles do not answer
    MISSING = "missing"  # the articles do answer, and it said that they do not


NAMES = {
    Fault.RIGHT: "Right",
    Fault.WORDS: "Wrong words",
    Fault.ARTICLE: "Wrong article",
    Fault.NOTHING: "Should have said “not found”",
    Fault.MISSING: "The answer is there",
}
_OFFERED = {
    Outcome.NOT_FOUND: (Fault.RIGHT, Fault.MISSING),
    Outcome.UNSURE: (Fault.RIGHT, Fault.WORDS, Fault.ARTICLE, Fault.NOTHING),
    Outcome.ANSWERED: (Fault.RIGHT, Fault.WORDS, Fault.ARTICLE, Fault.NOTHING),
}
_TO_MARK = (Fault.WORDS, Fault.ARTICLE, Fault.MISSING)


@dataclass(frozen=True, slots=True)
class Judged:
    """A turn with feedback, and where it stands."""

    conversation: str
    number: int
    turn: Turn


def feedback_bar(turn: Turn, number: int) -> str:
    """Return what stands under an answer: the question whether it is right, or what was said."""
    if turn.answer is None or turn.answer.outcome not in _OFFERED:
        return ""
    if not turn.fault:
        buttons = "".join(
            _button(f"f{number}-{fault}", NAMES[fault]) for fault in _OFFERED[turn.answer.outcome]
        )
        return (
            '<div class="fn-feedback"><details><summary>Was this right?</summary>'
            f'<div class="fn-faults">{buttons}</div></details></div>'
        )
    said = f"You said: {NAMES[Fault(turn.fault)].lower()}."
    undo = _button(f"f{number}-", "Undo")
    if turn.right is not None:
        quote = f'<span class="fn-text" dir="auto">{exact(turn.right.quote)}</span>'
        return f'<div class="fn-feedback">{said} What is right: “{quote}”. {undo}</div>'
    if turn.fault not in _TO_MARK:
        return f'<div class="fn-feedback">{said} {undo}</div>'
    return (
        f'<div class="fn-feedback">{said} To say what is right, mark the words in their article'
        f" and press {_button(f'w{number}', 'These are right')} {undo}</div>"
    )


def _button(name: str, word: str) -> str:
    return f'<button class="fn-fault" id="{name}">{word}</button>'


def marked_place(articles: ArticleLookup, article_id: str, *, before: int, quote: str) -> Citation:
    """Return the place of words that a user marked, with so many code points before them.

    Raises `FootnoteError` when the article does not read so.
    """
    article = articles.article(article_id)
    lead = len(quote) - len(quote.lstrip())
    start, quote = before + lead, quote.strip()
    end = start + len(quote)
    if not quote or before < 0 or article.text[start:end] != quote:
        raise FootnoteError("Mark the right words in the text of an article first.")
    first, last = sentence_around(article.text, start, end)
    return Citation(article, start, end, quote, article.text[first:last], first, 1)


def judged(history: History) -> list[Judged]:
    """Return all turns with feedback, by conversation."""
    return [
        Judged(kept.id, number, turn)
        for kept in history.all()
        for number, turn in enumerate(map(Turn.from_dict, history.turns(kept.id)))
        if turn.fault and turn.answer
    ]


def golden_lines(feedback: Iterable[Judged], articles: ArticleLookup) -> list[str]:
    """Return the lines of golden JSONL of what can be made one.

    Left out are answers whose right words nobody marked, and those whose article has changed or
    gone since.
    """
    entries = (_golden(each, articles) for each in feedback)
    return [json.dumps(entry, ensure_ascii=False) for entry in entries if entry is not None]


def _golden(each: Judged, articles: ArticleLookup) -> Mapping[str, Any] | None:
    answer, fault = each.turn.answer, Fault(each.turn.fault)
    assert answer is not None
    citations: tuple[Citation, ...] = (each.turn.right,) if each.turn.right else ()
    if fault is Fault.RIGHT:
        citations = answer.citations
    elif not citations and fault is not Fault.NOTHING:
        return None
    if not all(_stands(citation, articles) for citation in citations):
        return None
    return {
        "id": f"feedback-{each.conversation[:8]}-{each.number}",
        "question": answer.interpreted_question,
        "answers": list(dict.fromkeys(citation.quote for citation in citations)),
        "articles": list(dict.fromkeys(_stem(c.article.source) for c in citations)),
        "answerable": bool(citations),
        "kind": "feedback",
        "fault": str(fault),
        "places": [
            {
                "article": c.article.id, "start": c.start, "end": c.end, "hash": c.article.sha256
            }
            for c in citations
        ],
        "given": {"outcome": str(answer.outcome), "text": answer.text},
    }  # fmt: skip


def _stands(citation: Citation, articles: ArticleLookup) -> bool:
    try:
        return citation.verify(articles)
    except ArticleMissing:
        return False


def _stem(source: str) -> str:
    """Return the name that golden questions know an article by, as the evaluation does."""
    return source.rpartition("#")[2] if "#" in source else Path(source).stem

"""What can be asked, and what there is to say about a question before its answer."""

from __future__ import annotations

import unicodedata

from index.errors import QuestionError
from qa.selector import Evidence

LONGEST_QUESTION = 2000  # characters


def check_question(question: object) -> str:
    """Return the question on one line, without control characters.

    Raises:
        QuestionError: it is not text, empty, too long, or holds neither letter nor digit.

    """
    if not isinstance(question, str):
        raise QuestionError(f"a question is text; this is a {type(question).__name__}")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(question):,} characters; ask it in at most {LONGEST_QUESTION:,}"
        )
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in question)
    plain = " ".join(plain.split())
    if not plain:
        raise QuestionError("the question is empty; type a question about your articles")
    if not any(character.isalnum() for character in plain):
        raise QuestionError(f"the question {plain[:40]!r} holds no words; ask in words")
    return plain


def question_notice(evidence: Evidence) -> str:
    """Return a sentence to show with an answer, or an empty one.

    It says that there is nothing to search, or that the question is in letters that the reader
    does not know.
    """
    if not evidence.hits:
        return "There are no articles in the index; add some with `footnote index add FOLDER`."
    question = evidence.question
    letters = [character for character in question if character.isalpha()]
    foreign = [c for c in letters if not unicodedata.name(c, "").startswith("LATIN")]
    if 2 * len(foreign) <= len(letters):
        return ""
    script = unicodedata.name(foreign[0], "another").split()[0].capitalize()
    return (
        f"The question is written in {script} letters, and the reader knows English;"
        " ask in English for a better answer."
    )

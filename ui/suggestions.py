"""Questions to begin with, formed from what the index holds."""

from __future__ import annotations

from collections.abc import Sequence

from index.values import ArticleInfo

EXAMPLES = 4
_CLAUSES = frozenset(("how", "why", "what", "when", "where", "who"))  # begin no name


def questions_from(infos: Sequence[ArticleInfo]) -> list[str]:
    """Form a few plain questions from titles short enough to be the name of one thing."""
    questions = []
    for info in infos:
        head = info.title.split(":")[0].strip()
        words = head.casefold().split()
        if not 0 < len(words) <= 4 or words[0] in _CLAUSES or head.endswith(("s", "?", ".")):
            continue
        name = head[0].lower() + head[1:] if head.startswith(("The ", "A ", "An ")) else head
        questions.append(f"What is {name}?")
    return questions[:EXAMPLES]

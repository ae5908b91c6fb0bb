"""Question → answer in the articles' own words.

assistant.py  the whole way        reader.py    passages → candidate spans
retriever.py  question → hits      scoring.py   features → probability
selector.py   spans → answer       values.py    Answer, Citation, Outcome

A question after others:
conversation.py  what it may mean  context.py   what was spoken of
pronouns.py filling.py             pronouns, and the names for them
wording.py       surgery on questions           mentions.py gender.py spelling.py tokens.py
followup.py      the readings, weighed          small_talk.py  what is no question
"""

from qa.assistant import Assistant, answer
from qa.values import Alternative, Answer, Citation, ClosestPassage, Hit, Outcome, Span

__all__ = [
    "Alternative",
    "Answer",
    "Assistant",
    "Citation",
    "ClosestPassage",
    "Hit",
    "Outcome",
    "Span",
    "answer",
]

"""Question → answer in the articles' own words.

assistant.py  the whole way        scoring.py   features → probability
retriever.py  question → hits      selector.py  spans → answer
reading.py    hits → spans         values.py    Answer, Citation, Outcome
reader.py     a text → its spans

conversation/ a question that leans on what came before → whole questions
evaluation/   how well it does, on questions of known answer
training/     fits what is shipped; nothing at run time imports it
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

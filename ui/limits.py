"""How much the server takes at once, each with its reason. What is more is refused, not dropped."""

from __future__ import annotations

from index.formats.limits import MAX_BYTES
from qa.questions import LONGEST_QUESTION

__all__ = [
    "ANSWERS_AT_ONCE",
    "LARGEST_BODY",
    "LARGEST_FILE",
    "LARGEST_UPLOAD",
    "LONGEST_QUESTION",
    "MOST_EVENTS",
    "MOST_FILES",
    "MOST_WAITING",
]

LARGEST_FILE = MAX_BYTES  # of an upload; a larger one is not read anyway
MOST_FILES = 500  # of one upload; more are a folder, which `footnote index` reads where it lies
LARGEST_UPLOAD = 500_000_000  # bytes, all files together: they lie on the disk a second time
LARGEST_BODY = 1_000_000  # bytes of any other request: ids of some 10,000 chosen articles
ANSWERS_AT_ONCE = 2  # an answer keeps a core busy; more at once would all be slower
MOST_WAITING = 32  # questions behind those; at a second each, the last waits a quarter of a minute
MOST_EVENTS = 100  # threads; more than can be waiting, so that waiting never stops the page

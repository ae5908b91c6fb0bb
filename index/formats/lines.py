"""Lines of pages, as a PDF has them, to running text.

A PDF knows lines and no paragraphs: lines are joined and words that were divided at a line's end
made whole; headers, footers and page numbers that return on the pages are taken out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

MIN_REPEATS = 3  # pages that must carry a header, footer or page number alike
MAX_RUNNING_LENGTH = 200  # characters of such a line with a number in it
MAX_RUNNING_LINES = 2  # lines of a page's header, and of its footer
_SENTENCE_END = re.compile(r"[.!?…:][\"'”’»)\]]*$")
_ITEM = re.compile(r"[•‣▪◦●-]\s|\(?(?:\d{1,3}|[a-z])[.)]\s")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|p\.|seite)\s*)?\d{1,5}(?:\s*(?:of|/|von)\s*\d{1,5})?\W*", re.IGNORECASE
)
_DIVIDED = re.compile(r"[^\W\d_]-$")


class Break(StrEnum):
    """What stands between a line and the one before it; its value is that text."""

    JOIN = " "
    LINE = "\n"
    PARAGRAPH = "\n\n"
    UNKNOWN = ""  # a new page or column: the words decide


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page and how it goes on from the line before."""

    text: str
    before: Break = Break.UNKNOWN


def guessed_lines(text: str) -> list[Line]:
    """Return the lines of a page whose geometry is not known.

    Where the next line's first word had room on a line, the break was meant: a paragraph's end
    after a sentence, else a line's. A line is taken to be as wide as the page's longest.
    """
    rows = [row.strip() for row in text.split("\n")]
    width = max(map(len, rows), default=0)
    lines: list[Line] = []
    for last, row in pairwise(["", *rows]):
        if not row:
            continue
        before = Break.JOIN
        if not last:
            before = Break.PARAGRAPH if lines else Break.UNKNOWN
        elif len(last) + 1 + len(row.split(None, 1)[0]) < 0.8 * width:
            before = Break.PARAGRAPH if _SENTENCE_END.search(last) else Break.LINE
        lines.append(Line(row, before))
    return lines


def joined(pages: Sequence[Sequence[Line]]) -> str:
    """Return the running text of a document's pages."""
    pieces: list[str] = []
    last = ""
    for page in _without_running_lines(pages):
        for place, line in enumerate(page):
            before = Break.UNKNOWN if place == 0 else line.before
            if before is Break.UNKNOWN:
                goes_on = line.text[0].islower() and not _SENTENCE_END.search(last)
                before = Break.JOIN if goes_on else Break.PARAGRAPH
            elif before is Break.JOIN and _ITEM.match(line.text):
                before = Break.LINE
            separator: str = before.value
            if before is Break.JOIN and last.endswith(("-", "\xad")) and not last.endswith(" -"):
                separator = ""
                if last.endswith("\xad") or (_DIVIDED.search(last) and line.text[0].islower()):
                    pieces[-1] = pieces[-1][:-1]
            pieces += [separator, line.text] if pieces else [line.text]
            last = line.text
    return "".join(pieces)


def _without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages without what returns at their heads and feet.

    A header stays where it comes first and a footer where it comes last, so that no words are
    lost; bare page numbers go everywhere.
    """
    heads = _returning([[line.text for line in page] for page in pages], kept=min)
    feet = _returning([[line.text for line in reversed(page)] for page in pages], kept=max)
    return [
        [
            line
            for place, line in enumerate(page)
            if place not in head and len(page) - 1 - place not in foot
        ]
        for page, head, foot in zip(pages, heads, feet, strict=True)
    ]


def _returning(edges: Sequence[Sequence[str]], kept: Callable[[list[int]], int]) -> list[set[int]]:
    """Return for each page the places of its returning lines, counted from the edge.

    `kept` chooses the page that keeps a line of words.
    """
    pages_of: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for page, edge in enumerate(edges):
        for place, text in enumerate(edge[:MAX_RUNNING_LINES]):
            for key in _keys(text, page):
                pages_of[place, key].append(page)
    dropped: list[set[int]] = [set() for _ in edges]
    for page, edge in enumerate(edges):
        for place, text in enumerate(edge[:MAX_RUNNING_LINES]):
            alike = max((pages_of[place, key] for key in _keys(text, page)), key=len)
            if len(alike) < MIN_REPEATS:
                break
            if page != kept(alike) or _PAGE_NUMBER.fullmatch(text):
                dropped[page].add(place)
    return dropped


def _keys(text: str, page: int) -> list[str]:
    """Return what must be alike for a line to return on other pages.

    That is the line itself, or the line with its number counted from the page's, where that is a
    bare page number or stands before or after two words or more ("Chapter 1" and "Chapter 2" may
    be headings).
    """
    keys = [text]
    if len(text) > MAX_RUNNING_LENGTH:
        return keys
    if _PAGE_NUMBER.fullmatch(text) or len(re.findall(r"[^\W\d_]{2,}", text)) >= 2:
        for number in re.finditer(r"[0-9]{1,5}", text):
            rest = f"{text[: number.start()]}\0{text[number.end() :]}"
            keys.append(f"{rest}\0{int(number[0]) - page}")
    return keys

"""How the command line shows things: answers, tables, progress. Knows no index and no model.

Results go to stdout, everything else to stderr. Text from articles and file names loses its
control characters before it is shown, so that it cannot steer the terminal.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from index.values import Progress as IndexProgress
    from qa.values import Alternative, Answer, Citation

PLAIN_SECONDS = 10.0  # between two progress lines where stderr is no terminal

_CONTROLS = {code: "�" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
_ESCAPED = {code: f"\\u{code:04x}" for code in range(127, 160)}  # JSON escapes the others itself


def printable(text: str) -> str:
    """Return the text with control characters replaced."""
    return text.translate(_CONTROLS)


def one_line(text: str) -> str:
    """Return the text on one line, its controls replaced."""
    return re.sub(r"\s+", " ", printable(text))


def say(line: Text | str = "", *, indent: int = 0) -> None:
    """Print one result line, wrapped on a terminal and left whole elsewhere."""
    console = Console(file=sys.stdout, highlight=False)
    text = Text(printable(line)) if isinstance(line, str) else line
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent), expand=False))
    else:
        _print(" " * indent + text.plain)


def warn(line: str) -> None:
    """Print one line on stderr; where that cannot be written to, nobody is told."""
    with suppress(OSError):
        print(printable(line), file=sys.stderr, flush=True)  # noqa: T201


def _print(text: str) -> None:
    """Print on stdout; where that cannot be written to, say so and leave the program."""
    try:
        print(text)  # noqa: T201
    except BrokenPipeError:  # the command line ends without a word
        raise
    except OSError as error:
        _give_up_output(error)
        raise SystemExit(1) from error


def end_output() -> bool:
    """Write what stdout still holds; say whether it could be. Why not goes to stderr."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _give_up_output(error)
        return False
    return True


def _give_up_output(error: OSError) -> None:
    """Tell what is wrong with stdout, and lead it nowhere: Python would try again at its end."""
    if not isinstance(error, BrokenPipeError):  # its reader has what it wanted
        warn(
            f"footnote: the output cannot be written: {error.strerror}; what was done before stands"
        )
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say_json(data: Any) -> None:
    """Print plain data as JSON, in ASCII where stdout cannot show more."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    _print(json.dumps(data, ensure_ascii=not unicode, indent=2).translate(_ESCAPED))


def say_rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: with columns on a terminal, else one tab-separated line a row."""
    from rich.table import Table

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        for row in rows:
            _print("\t".join(map(one_line, row)))
        return
    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(one_line(cell), overflow="fold") for cell in row))
    console.print(table)


def say_answer(answer: Answer) -> None:
    """Print an answer with its citations, or what came nearest to one."""
    from qa.values import Outcome

    if answer.outcome is Outcome.REPLY:
        say(one_line(answer.notice))
    elif answer.notice:
        warn(answer.notice)
    if answer.outcome is Outcome.NOT_FOUND:
        say(Text("Not in your articles.", style="bold"))
        for passage in answer.closest:
            say(f"closest: {one_line(passage.article.title)}", indent=2)
            say(Text(one_line(passage.text)[:200], style="dim"), indent=6)
            say(_place(passage.article.source, passage.start, passage.end), indent=6)
        return
    if answer.outcome in (Outcome.AMBIGUOUS, Outcome.REPLY):
        for reading in answer.readings:
            say(one_line(reading), indent=2)
        for number, citation in enumerate(answer.citations, 1):
            _say_citation(number, citation)
        return
    head = Text.assemble((one_line(answer.said), "bold"), (f"  ({answer.confidence:.0%})", "dim"))
    say(
        head
        if answer.outcome is Outcome.ANSWERED
        else Text("Not sure. Perhaps: ").append_text(head)
    )
    for number, citation in enumerate(answer.sources, 1):
        _say_citation(number, citation)


def _say_citation(number: int, citation: Citation) -> None:
    article = citation.article
    date = f" · {article.date}" if article.date else ""
    say(Text.assemble((f"[{number}] ", "cyan"), one_line(f"{article.title}{date}")), indent=2)
    start = citation.start - citation.sentence_start
    end = citation.end - citation.sentence_start
    sentence = citation.sentence
    quote = (one_line(sentence[start:end]), "bold black on yellow")
    parts = ("“", one_line(sentence[:start]), quote, one_line(sentence[end:]), "”")
    say(Text.assemble(*parts), indent=6)
    say(_place(article.source, citation.start, citation.end), indent=6)


def _place(source: str, start: int, end: int) -> Text:
    return Text(f"{one_line(source)}:{start}–{end}", style="dim")


def say_alternatives(alternatives: Sequence[Alternative]) -> None:
    """Print the other spans that may be the answer, each with its first place."""
    for other in alternatives:
        say(f"or: {one_line(other.text)}  ({other.confidence:.0%})", indent=2)
        for citation in other.citations[:1]:
            say(_place(citation.article.source, citation.start, citation.end), indent=6)


class ProgressLine:
    """Progress on stderr: a bar on a terminal, else now and then a line, or nothing at all.

    A context manager; `on_index` and `on_questions` are callbacks for long work.
    """

    def __init__(self, *, shown: bool) -> None:
        console = Console(file=sys.stderr)
        columns = (
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[item]}", markup=False),
        )
        on_terminal = shown and console.is_terminal
        self._bars = Progress(*columns, console=console, transient=True) if on_terminal else None
        self._plain = shown and not on_terminal
        self._label = ""
        self._said = 0.0

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars:
            self._bars.stop()

    def on_index(self, progress: IndexProgress) -> None:
        """Show how far a change to the index is."""
        self.show(str(progress.stage), progress.done, progress.total, progress.item)

    def on_questions(self, done: int, total: int) -> None:
        """Show how many questions were asked."""
        self.show("asking", done, total)

    def show(self, label: str, done: int, total: int, item: str = "") -> None:
        """Show `done` of `total` steps of the stage `label`."""
        new = label != self._label
        self._label = label
        if self._bars:
            self._show_bar(new, label, done, total, item)
        elif self._plain:
            now = time.monotonic()
            if new or done == total or now - self._said >= PLAIN_SECONDS:
                self._said = now
                warn(f"{label} {done}/{total}")

    def _show_bar(self, new: bool, label: str, done: int, total: int, item: str) -> None:
        assert self._bars
        if new:
            self._bars.add_task(label, item="")
        self._bars.update(
            self._bars.task_ids[-1], completed=done, total=total, item=one_line(item)[-40:]
        )

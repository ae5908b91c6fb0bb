"""The process that reads files: bytes come in, articles go out, and nothing else is within reach.

`Parser` starts it, one for an ingest, and talks to it over its standard input and output: a line
of JSON with the file's name and size, then the file's bytes; back comes a length of eight bytes,
then JSON. It is given a file's content and never its path: it may open nothing but modules.

It imports what parsing needs and no more, so that it starts fast and stays small.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from index.articles import read_articles
from index.errors import UnreadableFile
from index.formats.limits import Limits

NO_MEMORY = 77  # the exit status for want of memory
LENGTH = 8  # bytes of the number that an answer begins with
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main(limits: Limits) -> None:
    """Read files until the input ends."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what a library prints must not be taken for an answer
        os.dup2(nothing, stream)
    os.close(nothing)
    begin_file, end_file = _bounded(limits)
    sys.addaudithook(_guard)
    try:
        _send(answers, b"{}")  # ready
        while line := requests.readline():
            request = json.loads(line)
            begin_file()
            data = requests.read(request["size"])
            _send(answers, _answer(data, request["name"], limits))
            end_file()
    except MemoryError:
        os._exit(NO_MEMORY)
    os._exit(0)  # at once, whatever libraries hold


def _send(answers: BinaryIO, answer: bytes) -> None:
    """Write an answer."""
    answers.write(len(answer).to_bytes(LENGTH) + answer)
    answers.flush()


def _answer(data: bytes, name: str, limits: Limits) -> bytes:
    """Return what became of a file, as JSON."""
    try:
        articles, notices = read_articles(data, name=name)
        if sum(len(article.text) for article in articles) > limits.characters:
            raise UnreadableFile(too_long(limits))
    except UnreadableFile as error:
        answer: dict[str, Any] = {"refused": str(error)}
    else:
        answer = {
            "articles": [[a.source, a.title, a.text, a.date, dict(a.metadata)] for a in articles],
            "notices": [[notice.path, notice.reason] for notice in notices],
        }
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")


def too_long(limits: Limits) -> str:
    """Return the reason for skipping a file that gives too much text."""
    return (
        f"it gives more than {limits.characters:,} characters of text or an overlong answer;"
        " split it into smaller files"
    )


def _bounded(limits: Limits) -> tuple[Callable[[], None], Callable[[], None]]:
    """Set this process's limits, and return what to call before each file and after it.

    Limits that the system does not know are left out: Windows knows none, and macOS does not
    keep that on memory. The parent's limits on time and on the answer hold everywhere.
    """
    try:
        import resource
    except ImportError:
        return (lambda: None), (lambda: None)

    def bound(name: str, value: int) -> None:
        with suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))

    bound("RLIMIT_AS", limits.memory_bytes)
    bound("RLIMIT_FSIZE", 0)  # no file is written
    bound("RLIMIT_CORE", 0)
    bound("RLIMIT_NPROC", 0)  # no process or thread is started
    bound("RLIMIT_NOFILE", limits.open_files)

    def begin_file() -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = seconds if most == resource.RLIM_INFINITY else min(seconds, most)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, most))
        signal.alarm(int(limits.wall_seconds) + 5)  # should the parent be gone

    def end_file() -> None:
        signal.alarm(0)

    return begin_file, end_file


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to Python code what no parser needs: files other than modules, sockets, programs.

    It stops a library that was misled, not code that has taken the process over.
    """
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, int):
            return
        place = Path(os.fsdecode(path)).resolve()
        roots = (Path(root).resolve() for root in sys.path)
        if flags & _WRITES or not any(place.is_relative_to(root) for root in roots):
            raise PermissionError(f"a parser may not open {place}")
    elif event.startswith(_REFUSED):
        raise PermissionError(f"a parser may not use {event}")

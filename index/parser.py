"""Files' bytes → articles, by a process that can be killed: `Parser`.

A file that crashes its parser, or costs more than `Limits` allows, is refused with the reason, and
the next file gets a fresh process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self

from index.articles import article_id
from index.errors import FootnoteError, UnreadableFile
from index.formats.limits import Limits
from index.values import Article, Notice, text_sha256
from index.worker import LENGTH, NO_MEMORY, too_long

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1])\n"
    "from index.formats.limits import Limits; from index.worker import main\n"
    "main(Limits(**json.loads(sys.argv[2])))"
)
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")  # what finds libraries
_START_SECONDS = 60.0  # starting takes a third of a second, and longer on a busy machine
_PATIENCE = 10.0  # seconds for a process to end by itself once its pipe is closed
_LESS = "split it into smaller files, or save its text alone"


class _LostError(Exception):
    """The process died over a file, for the reason that the text gives."""

    def __init__(self, reason: str, *, certain: bool = True) -> None:
        super().__init__(reason)
        self.certain = certain  # False where what was read before may have caused it


class Parser:
    """Reads files in a process of its own, which is started when it is first needed.

    Use it as a context manager, from one thread at a time.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._end(self._process, patience=_PATIENCE)

    def read(self, data: bytes, *, name: str, source: str) -> tuple[list[Article], list[Notice]]:
        """Return what `read_articles` does of a file's content.

        Raises:
            UnreadableFile: the file was refused, crashed its parser or exceeded a limit.
            FootnoteError: no process can be started.

        """
        fresh = self._process is None
        try:
            try:
                return self._asked(data, name, source)
            except _LostError as error:
                if fresh or error.certain:
                    raise
                return self._asked(data, name, source)
        except _LostError as error:
            raise UnreadableFile(str(error)) from error

    def _command(self) -> list[str]:
        """Return what starts the process, without its arguments.

        It takes nothing from the folder that it is started in, runs no start-up files of
        installed packages, and writes no bytecode.
        """
        return [sys.executable, "-I", "-S", "-B", "-c", _START]

    def _asked(self, data: bytes, name: str, source: str) -> tuple[list[Article], list[Notice]]:
        """Have the process read a file; `_LostError` says why it gave no answer."""
        process = self._process or self._started()
        request = json.dumps({"name": name, "size": len(data)}).encode() + b"\n"
        answer = self._answer(
            process, (request, data), PurePath(name).suffix.lower(), self.limits.wall_seconds
        )
        try:
            return _decoded(json.loads(answer), source)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            self._end(process)
            raise _LostError("its parser gave an answer that makes no sense") from error

    def _started(self) -> subprocess.Popen[bytes]:
        """Start the process and wait until it is ready."""
        root = str(Path(__file__).resolve().parents[1])
        paths = [str(Path(path).absolute()) for path in sys.path if path]
        paths += [] if root in paths else [root]
        arguments = [json.dumps(paths), json.dumps(asdict(self.limits))]
        try:
            process = self._process = subprocess.Popen(  # noqa: S603 - our own module
                [*self._command(), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=Path(sys.executable).anchor,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,  # a group of its own: Ctrl-C is the parent's to handle
            )
            self._answer(process, (), "any", max(_START_SECONDS, self.limits.wall_seconds))
        except (OSError, _LostError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FootnoteError(
                f"the process that reads files cannot be started ({reason}); free some memory, or"
                " install Footnote again"
            ) from error
        return process

    def _answer(
        self, process: subprocess.Popen[bytes], request: Iterable[bytes], kind: str, seconds: float
    ) -> bytes:
        """Pass a request on and return the answer, within `seconds` and the other limits."""
        self._late = False
        try:
            with self._watched(process, seconds):
                answer = _exchanged(process, request, self.limits.answer_bytes)
        except (OSError, EOFError):
            answer = b""
        except BaseException:
            self._end(process)
            raise
        if self._late or not answer:
            status = self._end(process, patience=_PATIENCE)
            raise self._lost(status, kind)
        if len(answer) > self.limits.answer_bytes:
            self._end(process)
            raise _LostError(too_long(self.limits))
        return answer

    @contextmanager
    def _watched(self, process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
        """Kill the process when the block takes too long."""

        def stop() -> None:
            self._late = True
            _kill(process)

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # from here on it can kill no more

    def _lost(self, status: int, kind: str) -> _LostError:
        """Return the reason for the death of the process with an exit status."""
        limits = self.limits
        try:
            how = signal.Signals(-status).name
        except ValueError:
            how = f"exit status {status}"
        if self._late or how == "SIGALRM":
            return _LostError(
                f"reading it takes more than {limits.wall_seconds:g} seconds; {_LESS}"
            )
        if how == "SIGXCPU":
            return _LostError(
                f"reading it takes more than {limits.cpu_seconds} seconds of processor time;"
                f" {_LESS}"
            )
        if how == "SIGKILL" or status == NO_MEMORY:
            megabytes = limits.memory_bytes // 1024**2
            return _LostError(
                f"reading it takes more memory than the {megabytes:,} MB that a file may have, or"
                f" than there is; {_LESS}",
                certain=False,
            )
        return _LostError(
            f"the parser of {kind} files crashed on it ({how}); open it in its own program and"
            " save it again",
            certain=False,
        )

    def _end(self, process: subprocess.Popen[bytes], *, patience: float = 0.0) -> int:
        """End the process, by force where it does not end by itself; return its status."""
        self._process = None
        assert process.stdin is not None
        assert process.stdout is not None
        if patience:
            with suppress(OSError):
                process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
        _kill(process)
        status = process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe.close()
        return status


def _exchanged(process: subprocess.Popen[bytes], request: Iterable[bytes], limit: int) -> bytes:
    """Send a request and return its answer; of one over the limit, `limit` + 1 bytes.

    Raises `EOFError` or `OSError` when the process is gone.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    for piece in request:
        process.stdin.write(piece)
    process.stdin.flush()
    length = process.stdout.read(LENGTH)
    size = min(int.from_bytes(length), limit + 1)
    answer = process.stdout.read(size)
    if len(length) < LENGTH or len(answer) < size:
        raise EOFError
    return answer


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it may have started, where it has not been waited for."""
    if process.returncode is None:
        with suppress(OSError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def _decoded(answer: Any, source: str) -> tuple[list[Article], list[Notice]]:
    """Return what an answer says; nothing in it is taken on trust."""
    if "refused" in answer:
        raise UnreadableFile(str(answer["refused"]))
    articles = []
    for part, title, text, date, metadata in answer["articles"]:
        fields = (part, title, text, date or "", *metadata, *metadata.values())
        if not all(isinstance(field, str) for field in fields) or not text:
            raise TypeError
        place = source + part
        articles.append(
            Article(article_id(place), title, text, place, text_sha256(text), date, metadata)
        )
    return articles, [Notice(source + part, str(reason)) for part, reason in answer["notices"]]

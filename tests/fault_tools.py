"""What the fault tests share: a small index, changes to it, and processes that die within them.

Changes run in processes forked from a server that has everything imported, so that a trial costs
milliseconds. A failpoint is the n-th call of a C function that touches a disk: the child counts
them by `sys.setprofile`, and no hook stands in the code that is shipped.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import FrameType
from typing import Any

import apsw
import faiss  # noqa: F401 - imported once, before the forks
import langchain_text_splitters  # noqa: F401
import sentencex  # noqa: F401
import tantivy  # noqa: F401
from stand_ins import HashEmbedder

from index import Chunking, FootnoteError, build_index, open_index, rebuild_index

ROOT = Path(__file__).resolve().parents[1]
WORDS = ("bridge", "frogs", "moon", "tea", "comet", "trains")
TEXTS = {
    "bridge.txt": "The bridge opened in 1932.\n\nIt carries trains over the wide river.",
    "frogs.md": "---\ntitle: On frogs\ndate: 2020-05-06\n---\n\nFrogs sleep in mud all winter.",
    "moon.txt": "The moon is far away. " * 12,
    "train.txt": "Trains stop at the bridge. " * 8,
}
REFUSED, BROKEN = 3, 4  # exit codes of a child: one of Footnote's errors, or any other
_DISK = {  # names of C functions that change a disk, or ask SQLite or tantivy to
    *("open", "write", "close", "flush", "fsync", "rename", "replace", "unlink", "mkdir", "rmdir"),
    *("execute", "executemany", "wal_checkpoint", "flock", "sendfile", "copy_file_range"),
    *("add_document", "delete_documents_by_query", "commit", "wait_merging_threads"),
}


def encoder() -> HashEmbedder:
    """Return the encoder of the tests' indexes."""
    return HashEmbedder(dimension=32)


def _update(path: Path, folder: Path) -> None:
    with open_index(path, embedder=encoder()) as library:
        library.update()


def _add(path: Path, folder: Path) -> None:
    with open_index(path, embedder=encoder()) as library:
        library.add(folder.with_name("more"))


def _remove(path: Path, folder: Path) -> None:
    with open_index(path, embedder=encoder()) as library:
        library.remove(str(folder / "train.txt"))


def _rebuild(path: Path, folder: Path) -> None:
    rebuild_index(path, embedder=encoder(), chunking=Chunking(12, 3))


def _build(path: Path, folder: Path) -> None:
    build_index(folder, path=path, embedder=encoder())


VERBS: dict[str, Callable[[Path, Path], None]] = {
    "add": _add,
    "update": _update,
    "remove": _remove,
    "rebuild": _rebuild,
    "build": _build,
}


@dataclass(frozen=True)
class Place:
    """A folder of articles with an index of how it was before it changed."""

    root: Path

    @property
    def index(self) -> Path:
        """The index."""
        return self.root / "index"

    @property
    def folder(self) -> Path:
        """The folder that it was made of."""
        return self.root / "articles"

    def make(self) -> None:
        """Build the index, then change the folder."""
        for name, text in TEXTS.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        build_index(self.folder, path=self.index, embedder=encoder())
        (self.folder / "moon.txt").write_text("A comet passed the moon.", encoding="utf-8")
        (self.folder / "frogs.md").unlink()
        (self.folder / "tea.txt").write_text("Tea needs hot water. " * 9, encoding="utf-8")
        (self.root / "more").mkdir()
        (self.root / "more" / "more.txt").write_text("A comet drinks tea.", encoding="utf-8")

    def reset(self, index: Path) -> None:
        """Put a copy of an index in the index's place.

        The old one is renamed first: a tantivy reader of this process that still watches it may
        put a lock file beside what it watches, in the middle of a removal.
        """
        if self.index.exists():
            gone = self.index.rename(self.root / f"gone-{uuid.uuid4().hex}")
            shutil.rmtree(gone, ignore_errors=True)
        shutil.copytree(index, self.index)

    def change(self, verb: str) -> None:
        """Make a change in this process."""
        VERBS[verb](self.index, self.folder)


def state(path: Path) -> list[Any]:
    """Return all that an index answers: articles, their passages, and what searches find."""
    with open_index(path, embedder=encoder()) as library, library.snapshot() as snapshot:
        infos = library.articles()
        found = snapshot.search_lexical(WORDS, 50)
        dense = snapshot.search_dense(encoder().encode_questions(WORDS), 50)
        held = snapshot.articles(info.id for info in infos)
        hits = [
            sorted((p.article_id, p.start, p.end, p.text) for p in snapshot.passages(ids))
            for ids in ([hit.passage_id for hit in row] for row in (*found, *dense))
        ]
        for row in hits:
            for article_id, start, end, text in row:
                assert held[article_id].text[start:end] == text
        return [sorted((i.id, i.title, i.passages, held[i.id].text) for i in infos), hits]


def sound(path: Path) -> bool:
    """Say whether a check finds nothing."""
    with open_index(path, embedder=encoder()) as library:
        return library.check().sound


def tell(counts: str) -> None:
    """Print the counts of a long form; `pytest -s` shows them."""
    sys.stdout.write(f"\n{counts}\n")


# Processes


def server() -> ForkServerContext:
    """Return the context whose processes are forked with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fault_tools"])
    paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return context


def start(
    context: ForkServerContext, place: Place, verb: str, **how: Any
) -> tuple[ForkServerProcess, Connection]:
    """Start a change in a process of its own; it sends one list when it is done."""
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(place, verb, theirs), kwargs=how)
    process.start()
    theirs.close()
    return process, ours


def child(
    place: Place,
    verb: str,
    report: Connection,
    *,
    point: int | None = None,
    limit: int | None = None,
    fatal: bool = False,
) -> None:
    """Make a change, and die at the `point`-th call, or where a file grows past `limit` bytes.

    Past the limit the kernel refuses to write, as on a full disk, or, when `fatal`, kills.
    """
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if fatal else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    steps: list[str] = []

    def profile(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__name__ in _DISK:
            steps.append(function.__name__)
            if len(steps) == point:
                os.kill(os.getpid(), signal.SIGKILL)

    code = 0
    if limit is None:
        sys.setprofile(profile)
    try:
        place.change(verb)
    except FootnoteError as error:
        code, steps = REFUSED, [type(error).__name__, str(error)]
    except BaseException as error:
        code, steps = BROKEN, [type(error).__name__, str(error)]
    sys.setprofile(None)
    report.send(steps)
    report.close()
    os._exit(code)


def leave_log(place: Place, verb: str, report: Connection) -> None:
    """Make a change and die with it in the store's log only."""
    from index.store import Store

    setattr(Store, "shorten_log", lambda _: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010
    place.change(verb)


# Refusals


@contextmanager
def bound_by_rights() -> Iterator[None]:
    """Let the rights of files hold for this thread, where it is the system's administrator's."""
    if os.geteuid() != 0:
        yield
        return
    library = ctypes.CDLL(None, use_errno=True)
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)  # the version of the call, this thread
    rights = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    assert library.capget(head, rights) == 0
    before, rights[0] = rights[0], rights[0] & ~0b110  # to pass by the rights of a file
    assert library.capset(head, rights) == 0
    try:
        yield
    finally:
        rights[0] = before
        assert library.capset(head, rights) == 0


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Take the right to write from a folder and all in it, and hold this thread to it."""
    modes = {place: place.stat().st_mode for place in (path, *path.rglob("*"))}
    for place, mode in modes.items():
        place.chmod(mode & ~0o222)
    try:
        with bound_by_rights():
            yield
    finally:
        for place, mode in modes.items():
            if place.exists():
                place.chmod(mode)


@contextmanager
def few_files(free: int) -> Iterator[None]:
    """Let this process open so many more files, and none beyond."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, before[0]), before[1]))
    held: list[int] = []
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(free):
            os.close(held.pop())
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


# Damage


def flip(file: Path, bit: int) -> None:
    """Turn one bit of a file over; by a new file, since the old one may be mapped."""
    content = bytearray(file.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    put(file, bytes(content))


def put(file: Path, content: bytes) -> None:
    """Put a file of this content in a file's place."""
    passing = file.with_name(file.name + ".passing")
    passing.write_bytes(content)
    passing.replace(file)


def scramble(path: Path, statement: str) -> None:
    """Change a store behind its back."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(statement)
    connection.close()

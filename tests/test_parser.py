"""The process that parses files: what it reads, what it may not do, and how it dies alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_ins import HashEmbedder

from index import FootnoteError, build_index, ingest, open_index
from index.articles import article_id, read_articles
from index.errors import UnreadableFile
from index.formats.limits import Limits
from index.parser import Parser
from index.values import Notice, Progress, text_sha256

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.md"))
SMALL = Limits(
    cpu_seconds=1,
    wall_seconds=60,
    memory_bytes=300 * 1024**2,
    characters=10_000,
    answer_bytes=20_000,
)
LESS = "split it into smaller files, or save its text alone"
CRASHED = (
    "the parser of .txt files crashed on it ({}); open it in its own program and save it again"
)
TOO_LONG = (
    "it gives more than 10,000 characters of text or an overlong answer;"
    " split it into smaller files"
)
SENSELESS = "its parser gave an answer that makes no sense"
BROKEN = "it cannot be read as a .txt file ({}); open it in its own program and save it again"


class HostileParser(Parser):
    """A parser whose process does the harm that text files ask for; it knows its processes."""

    def __init__(self, limits: Limits = SMALL) -> None:
        super().__init__(limits)
        self.processes: list[subprocess.Popen[bytes]] = []

    def _command(self) -> list[str]:
        script = Path(__file__).with_name("hostile_worker.py")
        return [sys.executable, "-I", "-S", "-B", str(script)]

    def _started(self) -> subprocess.Popen[bytes]:
        self.processes.append(super()._started())
        return self.processes[-1]

    def text(self, order: str) -> str:
        """Return what comes of an order."""
        [article], _ = self.read(order.encode(), name="a.txt", source="s")
        return article.text

    def refusal(self, order: str) -> str:
        """Return the reason for which an order's file is refused."""
        with pytest.raises(UnreadableFile) as error:
            self.text(order)
        return str(error.value)


@pytest.fixture
def parser() -> Iterator[HostileParser]:
    """Yield a parser; afterwards none of its processes is left."""
    with HostileParser() as parser:
        yield parser
    assert all(process.returncode is not None for process in parser.processes)


def test_same_as_in_this_process() -> None:
    """The articles that come back are those that the same code gives in this process."""
    many = b'{"id": "x", "text": "One. \\u00e9\\ud83d\\ude00"}\nbad\n{"text": "Two."}'
    files = [(path.name, path.read_bytes()) for path in SEEDS[:4]] + [("m.jsonl", many)]
    with Parser() as parser:
        for name, data in files:
            articles, notices = parser.read(data, name=name, source=f"/a/{name}")
            here, told = read_articles(data, name=name, source=f"/a/{name}")
            assert list(map(repr, articles)) == list(map(repr, here))
            assert [a.text for a in articles] == [a.text for a in here]
            assert [(a.metadata, a.date) for a in articles] == [(a.metadata, a.date) for a in here]
            assert notices == told
            assert all(a.sha256 == text_sha256(a.text) for a in articles)
            assert all(a.id == article_id(a.source) for a in articles)


def test_one_process_for_many_files(parser: HostileParser) -> None:
    """The process starts with the first file, stays for the next, and ends by itself at the end."""
    assert parser.processes == []
    first, second = parser.text("state"), parser.text("state")
    assert first.startswith("1 files, process ")
    assert second == first.replace("1 files", "2 files")
    [process] = parser.processes
    parser.close()
    assert process.returncode == 0
    assert parser.text("state").startswith("1 files, ")


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("segfault", CRASHED.format("SIGSEGV")),
        ("exit", CRASHED.format("exit status 0")),
        ("spin", f"reading it takes more than 1 seconds of processor time; {LESS}"),
        (
            "memory",
            "reading it takes more memory than the 300 MB that a file may have, or than there is;"
            f" {LESS}",
        ),
        ("long 10001", TOO_LONG),
        ("flood 20001", TOO_LONG),
        ("flood 20000", SENSELESS),
        ("answer []", SENSELESS),
        ("answer {}", SENSELESS),
        ("answer " + "[" * 9_000, SENSELESS),
        ('answer {"articles": [["", "T", "", null, {}]], "notices": []}', SENSELESS),
        ('answer {"articles": [["", "T", "\\ud800", null, {}]], "notices": []}', SENSELESS),
        ('answer {"articles": [["", "T", "Text.", null, {"a": 1}]], "notices": []}', SENSELESS),
    ],
    ids=lambda value: value.split(";")[0][:30],
)
def test_harm_is_that_file_s_alone(parser: HostileParser, order: str, reason: str) -> None:
    """Whatever a file does to its parser is its reason to be skipped; the next one is read."""
    assert parser.text("fine") == "done"
    assert parser.refusal(order) == reason
    assert parser.text("fine") == "done"


def test_parser_that_waits() -> None:
    """A parser that uses no processor time and never ends is killed."""
    with HostileParser(Limits(wall_seconds=3)) as parser:
        assert parser.refusal("sleep") == f"reading it takes more than 3 seconds; {LESS}"
        [process] = parser.processes
        assert process.returncode == -9
        assert parser.text("fine") == "done"


def test_file_that_harms_the_next(parser: HostileParser) -> None:
    """A file that dies of what an earlier one left behind is read again in a fresh process."""
    assert parser.text("poison") == "done"
    assert parser.text("state").startswith("1 files, ")


def test_longest_text(parser: HostileParser) -> None:
    """A text of just the allowed length is read."""
    assert len(parser.text("long 10000")) == 10_000


def test_noise(parser: HostileParser) -> None:
    """What a parser prints is not taken for its answer."""
    assert parser.text("print") == "done"
    assert parser.text("fine") == "done"


def test_nothing_is_within_reach(
    parser: HostileParser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process opens no file, starts no program, reaches no one and knows no secret."""
    canary = tmp_path / "canary.txt"
    canary.write_text("secret")
    reason = BROKEN.format(f"a parser may not open {canary}")
    assert parser.refusal(f"open {canary}") == reason
    assert parser.refusal(f"write {tmp_path / 'new'}").startswith("it cannot be read as a .txt")
    assert parser.refusal("fork") == BROKEN.format("a parser may not use os.fork")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "a parser may not use socket." in parser.refusal(f"connect {port}")
    assert list(tmp_path.iterdir()) == [canary]
    monkeypatch.setenv("FOOTNOTE_PASSWORD", "secret")
    parser.close()
    assert "FOOTNOTE_PASSWORD" not in parser.text("environment")


def test_process_that_does_not_start() -> None:
    """Where no process can be started one sentence says so, and no file is blamed."""

    class Broken(Parser):
        def _command(self) -> list[str]:
            return [sys.executable, "-c", "raise SystemExit(3)"]

    class Absent(Parser):
        def _command(self) -> list[str]:
            return ["/nowhere/python"]

    for parser in (Broken(), Absent()):
        with pytest.raises(
            FootnoteError, match=r"^the process that reads files cannot be sta"
        ) as e:
            parser.read(b"x", name="a.txt", source="s")
        assert not isinstance(e.value, UnreadableFile)


def test_ingest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: HostileParser
) -> None:
    """An ingest lists the files that harmed their parser, and reads the others."""
    monkeypatch.setattr(ingest, "Parser", lambda: parser)
    for name, order in {
        "a": "fine",
        "b": "segfault",
        "c": "spin",
        "d": "long 20",
        "e": "x",
    }.items():
        (tmp_path / f"{name}.txt").write_text(order)
    (tmp_path / "e.txt").unlink()
    os.mkfifo(tmp_path / "e.txt")
    files = [(f"{name}.txt", tmp_path / f"{name}.txt") for name in "abcde"]
    reading = ingest.read_files(files)
    assert [read.file for read in reading.reads] == ["a.txt", "d.txt"]
    assert reading.skipped == (
        Notice("b.txt", CRASHED.format("SIGSEGV")),
        Notice("c.txt", f"reading it takes more than 1 seconds of processor time; {LESS}"),
        Notice("e.txt", "it is not a regular file but a folder, a device or a pipe"),
    )
    assert all(process.returncode is not None for process in parser.processes)


def test_ingest_that_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: HostileParser
) -> None:
    """An ingest that is stopped leaves no process behind."""
    monkeypatch.setattr(ingest, "Parser", lambda: parser)
    (tmp_path / "a.txt").write_text("fine")

    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest.read_files([("a", tmp_path / "a.txt")], progress=stop)
    [process] = parser.processes
    assert process.returncode == 0


def test_file_called_as_an_article_in_another(tmp_path: Path) -> None:
    """Of a file and an article inside another that share a name, the first to come stays."""
    folder, path = tmp_path / "articles", tmp_path / "index"
    folder.mkdir()
    lines, text = folder / "x.jsonl", folder / "x.jsonl#a.txt"
    lines.write_text('{"id": "a.txt", "text": "One."}')
    text.write_text("Two.")
    reason = "an article in it and one in {} would both be called {}; rename one of the files"
    report = build_index(folder, path=path, embedder=HashEmbedder())
    assert report.skipped == (Notice(str(text), reason.format(lines, text)),)
    assert report.articles == 1
    lines.unlink()
    with open_index(path, embedder=HashEmbedder()) as index:
        report = index.update()
        assert [info.source for info in index.articles()] == [str(text)]
        lines.write_text('{"id": "a.txt", "text": "Three."}\n')
        report = index.update()
        assert report.skipped == (Notice(str(lines), reason.format(text, text)),)
        text.unlink()
        report = index.update()
        assert report.skipped == ()
        assert [index.article(info.id).text for info in index.articles()] == ["Three."]

"""Files made to harm, through the process that parses them, up to an ingest's report."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from hostile_files import ATTACKS, mutated, tokens
from stand_ins import HashEmbedder

from index import build_index, ingest, open_index
from index.articles import normalise
from index.errors import UnreadableFile
from index.formats.limits import Limits
from index.parser import Parser

STRICT = Limits(cpu_seconds=2, memory_bytes=700 * 1024**2)
CANARY = "canary-7f3a91"
FAULTS = {  # beginning of a reason → what it counts as
    "the parser of ": "crashed",
    "its parser gave an answer": "crashed",
    "reading it takes more than ": "too slow",
    "reading it takes more memory": "too large",
    "it gives more than": "too large",
}


def test_one_bad_file_never_stops_an_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a folder of attacks each is read or skipped with its reason, and the rest is indexed."""
    monkeypatch.setattr(ingest, "Parser", lambda: Parser(STRICT))
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, content, _ in ATTACKS:
        (folder / name).write_bytes(content())
    os.mkfifo(folder / "pipe.txt")
    outside = tmp_path / "outside.txt"
    outside.write_text(CANARY)
    (folder / "link.txt").symlink_to(outside)
    (folder / "zz.txt").write_text("The last one is good.")

    report = build_index(folder, path=tmp_path / "index", embedder=HashEmbedder())
    reasons = {Path(notice.path).name: notice.reason for notice in report.skipped}
    expected = {name: part for name, _, part in ATTACKS if part} | {
        "pipe.txt": "a device, a pipe or a socket",
        "link.txt": "it is a symbolic link out of the folder",
    }
    assert {
        name: part for name, part in expected.items() if part not in reasons.get(name, "")
    } == {}
    assert reasons.keys() - expected.keys() <= {"laughs.html", "xref.pdf", "blank.pdf"}
    assert all("\n" not in reason for reason in reasons.values())
    warned = {Path(notice.path).name: notice.reason for notice in report.warnings}
    assert warned["latin.txt"] == "it is not valid UTF-8; it was read as Windows-1252"
    with open_index(tmp_path / "index", embedder=HashEmbedder()) as index:
        sources = {Path(info.source).name for info in index.articles()}
        assert {"zz.txt", "latin.txt", "line.txt", "table.md", "table.html"} <= sources
        assert index.check().sound


def outcomes(count: int, canary: Path) -> Counter[str]:
    """Read so many hostile files and return how many came to what."""
    canary.write_text(CANARY)
    pieces = tokens(canary)
    found: Counter[str] = Counter()
    with Parser(STRICT) as parser:
        for number in range(count):
            name, data = mutated(number, pieces)
            try:
                articles, notices = parser.read(data, name=name, source=name)
            except UnreadableFile as error:
                reason = str(error)
                kind = next((k for start, k in FAULTS.items() if reason.startswith(start)), "")
                found[kind or "refused"] += 1
                assert reason, number
                assert CANARY not in reason, number
                continue
            found["read"] += 1
            assert CANARY not in f"{notices}", number
            for article in articles:
                assert CANARY not in f"{article.text}{article.title}{article.metadata}", number
                assert article.text == normalise(article.text) != "", number
    assert sum(found.values()) == count
    return found


def test_hostile_files(tmp_path: Path) -> None:
    """Damaged and misleading files of each format are read or refused; no parser crashes."""
    found = outcomes(150, tmp_path / "canary.txt")
    assert found["crashed"] == 0
    assert min(found["read"], found["refused"]) > 10


@pytest.mark.slow
def test_many_hostile_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same of 10,000 files, with their counts."""
    found = outcomes(10_000, tmp_path / "canary.txt")
    with capsys.disabled():
        counts = ", ".join(f"{number:,} {kind}" for kind, number in found.most_common())
        sys.stdout.write(f"\n10,000 hostile files: {counts}\n")
    assert found["crashed"] == 0

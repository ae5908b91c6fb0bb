"""Files → the change that an index needs: which articles to put, drop, or leave as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from index.articles import article_id
from index.errors import UnreadableFile
from index.formats import read_bytes
from index.parser import Parser
from index.rows import SourceRow
from index.values import Article, Notice, Progress, ProgressCallback, Stage

UPLOAD = "upload:"  # what the source of an article that came without a path begins with
KEPT = "; the version indexed before is kept"  # what a reason for skipping a known file ends in


@dataclass(frozen=True, slots=True)
class FileRead:
    """The articles of one file, and the file's hash."""

    file: str
    sha256: str
    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading some files."""

    reads: tuple[FileRead, ...]  # files that are new or changed
    same: tuple[str, ...]  # files whose content is the one indexed
    skipped: tuple[Notice, ...]
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A change: after it, exactly `rows` say where the index's articles come from."""

    put: tuple[Article, ...]  # new, or replacing an article of the same id
    delete: tuple[str, ...]  # ids to delete first; those of replaced articles among them
    rows: tuple[SourceRow, ...]
    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    duplicates: tuple[Notice, ...]


def read_files(
    files: Sequence[tuple[str, Path]],
    known: Iterable[SourceRow] = (),
    progress: ProgressCallback | None = None,
) -> Reading:
    """Read `(name, place)` files whose content differs from the `known` one.

    The name is the file's path, or `UPLOAD` and a name; the place is a path without links.
    A file that cannot be read is skipped with its reason; what the index holds of it stays.
    """
    known = list(known)
    hashes = {row.file: row.file_sha256 for row in known}
    holders = {row.source: row.file for row in known}
    reads: list[FileRead] = []
    same: list[str] = []
    skipped: list[Notice] = []
    warnings: list[Notice] = []
    with Parser() as parser:
        for number, (name, place) in enumerate(files, 1):
            called = PurePath(name.removeprefix(UPLOAD)).name
            try:
                data = read_bytes(place)
                sha256 = hashlib.sha256(data).hexdigest()
                if hashes.get(name) == sha256:
                    same.append(name)
                else:
                    articles, notices = parser.read(data, name=called, source=name)
                    _take(holders, name, articles)
                    reads.append(FileRead(name, sha256, tuple(articles)))
                    warnings += (replace(notice, path=name) for notice in notices)
            except UnreadableFile as error:
                skipped.append(Notice(name, f"{error}{KEPT if name in hashes else ''}"))
            if progress is not None:
                progress(Progress(Stage.READ, number, len(files), called))
    return Reading(tuple(reads), tuple(same), tuple(skipped), tuple(warnings))


def _take(holders: dict[str, str], file: str, articles: Sequence[Article]) -> None:
    """Note that the articles' sources are now this file's, in `holders` by source.

    Raises `UnreadableFile` when one is another file's: the name of an article inside a file can
    be that of a file beside it.
    """
    for article in articles:
        holder = holders.get(article.source, file)
        if holder != file:
            raise UnreadableFile(
                f"an article in it and one in {holder} would both be called {article.source};"
                " rename one of the files"
            )
    for source in [source for source, holder in holders.items() if holder == file]:
        del holders[source]
    holders.update((article.source, file) for article in articles)


def plan(
    heads: Mapping[str, Article],
    rows: Sequence[SourceRow],
    reading: Reading,
    dropped: Iterable[str] = (),
    *,
    stored: Callable[[str], Article],
) -> Plan:
    """Work out the change that makes the index hold what was read.

    Args:
        heads: the index's articles by id; their texts are not looked at.
        rows: where the index's articles come from.
        reading: the files that were read.
        dropped: files whose articles go.
        stored: gives the text of an article that the index holds.

    An article is held once however many places it comes from. Its id is that of its first
    place, so it stays the same when the text there changes.

    """
    replaced = {read.file for read in reading.reads}.union(dropped)
    groups: dict[str, list[SourceRow]] = {}  # hash of a text → the places that it stands at
    texts: dict[str, Article] = {}  # hash of a text → the article as just read
    for row in rows:
        if row.file not in replaced:
            groups.setdefault(heads[row.article_id].sha256, []).append(row)
    for read in reading.reads:
        for article in read.articles:
            row = SourceRow(article.source, "", read.file, read.sha256)
            groups.setdefault(article.sha256, []).append(row)
            texts.setdefault(article.sha256, article)

    by_hash = {head.sha256: head for head in heads.values()}
    final: dict[str, str] = {}  # article id → hash
    put: list[Article] = []
    new_rows: list[SourceRow] = []
    duplicates: list[Notice] = []
    for sha256, places in groups.items():
        head = by_hash.get(sha256)
        names = [place.source for place in places]
        primary = head.source if head and head.source in names else names[0]
        identity = article_id(primary)
        fresh = texts.get(sha256)
        if head is None or head.id != identity:  # new, or no longer at its first place
            article = fresh if fresh is not None else stored(by_hash[sha256].id)
            put.append(replace(article, id=identity, source=primary))
        elif fresh is not None and fresh.source == primary and not _same_head(fresh, head):
            put.append(fresh)
        final[identity] = sha256
        new_rows += (replace(place, article_id=identity) for place in places)
        duplicates += (
            Notice(place.source, f"the same text as {primary}")
            for place in places
            if place.source != primary and place.file in replaced
        )

    put_ids = {article.id for article in put}
    touched = replaced.union(reading.same)
    return Plan(
        put=tuple(put),
        delete=tuple(i for i in heads if i in put_ids or i not in final),
        rows=tuple(new_rows),
        added=tuple(article.id for article in put if article.id not in heads),
        updated=tuple(article.id for article in put if article.id in heads),
        removed=tuple(i for i in heads if i not in final),
        unchanged=tuple(
            dict.fromkeys(
                row.article_id
                for row in new_rows
                if row.file in touched and row.article_id not in put_ids
            )
        ),
        duplicates=tuple(duplicates),
    )


def _same_head(one: Article, other: Article) -> bool:
    return (one.title, one.date, dict(one.metadata)) == (
        other.title,
        other.date,
        dict(other.metadata),
    )

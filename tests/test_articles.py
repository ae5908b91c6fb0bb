"""The canonical form of texts, the search for files, and the articles made of them."""

from __future__ import annotations

import os
import socket
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index import articles
from index.articles import article_id, normalise
from index.errors import UnreadableFile
from index.formats import read_bytes
from index.values import Article, Notice, text_sha256

UNKNOWN = (
    "it is not an article format; supported are .docx, .htm, .html, .jsonl, .markdown, .md,"
    " .ndjson, .pdf, .text, .txt"
)
DENIED = "permission denied; allow this user to read it"


def put(path: Path, text: str = "Text.") -> Path:
    """Write a file, its folders too, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def find_files(sources: Iterable[Path]) -> tuple[list[Path], list[Notice]]:
    """Return the files that `find_files` finds, without their places."""
    files, notices = articles.find_files(sources)
    return list(files), notices


def read_articles(path: Path, *, source: str | None = None) -> tuple[list[Article], list[Notice]]:
    """Return what `read_articles` gives of a file, under its path where no source is named."""
    place = str(path) if source is None else source
    return articles.read_articles(read_bytes(path), name=path.name, source=place)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\x00b\x1bc\x9fd\ufeffe", "abcde"),
        ("e\x00\u0301", "\u00e9"),
        ("a\ud800b", "a\ufffdb"),
        ("a\tb\u00a0c\u202fd", "a b c d"),
        ("a  b\u2003c", "a  b\u2003c"),
        ("a \t\n  b", "a\n  b"),
        ("a\n\n \n\nb", "a\n\nb"),
        (" \n a \n ", "a"),
        ("", ""),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    """A text gets the one form that offsets count in."""
    assert normalise(text) == canonical


@given(
    st.text(st.characters(exclude_categories=()) | st.sampled_from("\n\r\t \u0301e\u00a0\u2028"))
)
@example("\u0301 \n\u0301")
def test_canonical_form_is_final(text: str) -> None:
    """A canonical text is NFC, can be stored, and normalising it again changes nothing."""
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once.encode("utf-8").decode("utf-8") == once


def test_id_of_a_source() -> None:
    """An id is the head of the SHA-256 that sha256sum prints for the source."""
    assert article_id("abc") == "ba7816bf8f01cfea"


def test_article_of_a_file(tmp_path: Path) -> None:
    """A file becomes one article whose text is canonical and whose hash is that of its text."""
    path = put(tmp_path / "sea_level.txt", "Seas\u00a0rise.  \r\nYes.\n")
    [article], notices = read_articles(path)
    assert notices == []
    assert article.text == "Seas rise.\nYes."
    assert article.title == "Sea level"
    assert article.source == str(path)
    assert article.id == article_id(str(path))
    assert article.sha256 == text_sha256("Seas rise.\nYes.")


def test_source_can_be_named(tmp_path: Path) -> None:
    """A source that is given stands for the path, also before the names of parts."""
    path = put(tmp_path / "a.jsonl", '{"id": "x", "text": "One."}\n{"text": "Two."}\n')
    articles, _ = read_articles(path, source="upload:a.jsonl")
    assert [article.source for article in articles] == ["upload:a.jsonl#x", "upload:a.jsonl#line 2"]


def test_parts_of_the_same_name(tmp_path: Path) -> None:
    """Articles of one file never share a source, whatever names their lines give them."""
    lines = ['{"id": "a", "text": "One."}', '{"id": "a (2)", "text": "Two."}'] * 2
    articles, _ = read_articles(put(tmp_path / "a.jsonl", "\n".join(lines)), source="s")
    assert [article.source for article in articles] == [
        "s#a",
        "s#a (2)",
        "s#a (3)",
        "s#a (2) (2)",
    ]


def test_many_of_one_name_cost_as_much_as_many_of_many() -> None:
    """Articles of one file that all have the same name are numbered in one go."""

    class Counted(dict[str, int]):
        looks = 0

        def __contains__(self, key: object) -> bool:
            self.looks += 1
            return super().__contains__(key)

    taken = Counted()
    names = [articles._unused("a", taken) for _ in range(500)]
    assert names == ["a", *(f"a ({n})" for n in range(2, 501))]
    assert taken.looks < 3 * 500


def test_fields_can_be_stored(tmp_path: Path) -> None:
    """Lone surrogates, line ends and overlong titles do not get into an article's fields."""
    line = '{"id": "i\\ud800", "title": "T\\n %s", "text": "One.", "k\\u0000": "v\\udfff"}'
    [article], _ = read_articles(put(tmp_path / "a.jsonl", line % ("x" * 400)), source="s")
    assert article.source == "s#i\ufffd"
    assert article.title == "T " + "x" * 297 + "…"
    assert article.metadata == {"k": "v\ufffd"}


def test_text_of_nothing_but_control_characters(tmp_path: Path) -> None:
    """An article without visible text is left out with a notice."""
    path = put(tmp_path / "a.txt", "\x01\x02")
    assert read_articles(path, source="s") == (
        [],
        [Notice("s", "it holds no text after control characters are removed")],
    )


def test_warnings_become_notices(tmp_path: Path) -> None:
    """What was done to read a file is told under the file's source."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"caf\xe9")
    articles, notices = read_articles(path)
    assert [article.text for article in articles] == ["caf\u00e9"]
    reason = "it is not valid UTF-8; it was read as Windows-1252"
    assert notices == [Notice(str(path), reason)]
    assert str(notices[0]) == f"{path}: {reason}"


def test_unreadable_file_is_an_error(tmp_path: Path) -> None:
    """A file that cannot be read is the caller's to skip."""
    with pytest.raises(UnreadableFile, match=r"^the file holds no text$"):
        read_articles(put(tmp_path / "a.txt", "\n"))


def test_folder_is_searched(tmp_path: Path) -> None:
    """Files at any depth are found, sorted and absolute; hidden and machine-made ones are not."""
    found = [put(tmp_path / name) for name in ("B.TXT", "a.md", "sub/deep/c.html")]
    for name in (".x.txt", ".git/a.txt", "node_modules/a.md", "__pycache__/a.txt"):
        put(tmp_path / name)
    assert find_files([tmp_path]) == (found, [])


def test_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths come out absolute, and however many ways lead to a file it is found once."""
    path = put(tmp_path / "sub" / "a.txt")
    monkeypatch.chdir(tmp_path)
    sources = [Path("sub"), Path("sub/../sub/a.txt"), Path(), path]
    assert find_files(sources) == ([path], [])


def test_hidden_file_that_is_named(tmp_path: Path) -> None:
    """A hidden file or folder is read when it is named itself."""
    file, inside = put(tmp_path / ".a.txt"), put(tmp_path / ".folder" / "b.txt")
    assert find_files([file, inside.parent]) == ([file, inside], [])


def test_unknown_suffix(tmp_path: Path) -> None:
    """Files of other formats are named with the formats that are read."""
    inside, named = put(tmp_path / "in" / "a.png"), put(tmp_path / "b.doc")
    files, notices = find_files([tmp_path / "in", named])
    assert files == []
    assert notices == [Notice(str(inside), UNKNOWN), Notice(str(named), UNKNOWN)]


def test_missing_source(tmp_path: Path) -> None:
    """A source that is not there is told once, and the others are searched."""
    path = put(tmp_path / "a.txt")
    missing = tmp_path / "b"
    reason = "there is no such file or folder"
    assert find_files([missing, path, missing]) == ([path], [Notice(str(missing), reason)])


def test_impossible_name(tmp_path: Path) -> None:
    """A name that no file can have is told like any other fault."""
    files, notices = find_files([Path("a\0.txt"), tmp_path / ("x" * 300 + ".txt")])
    assert files == []
    assert [notice.reason for notice in notices] == [
        "it cannot be opened (embedded null byte)",
        "it cannot be opened (File name too long)",
    ]


def test_links_that_stay_inside(tmp_path: Path) -> None:
    """A link is followed inside its folder, and what it leads to is found once, loops or not."""
    path = put(tmp_path / "sub" / "a.txt")
    (tmp_path / "b.txt").symlink_to(path)
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert find_files([tmp_path]) == ([path], [])


def test_links_that_lead_out(tmp_path: Path) -> None:
    """A link out of the folder is not followed, whether to a file or to a folder."""
    outside = put(tmp_path / "outside" / "a.txt")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file.txt").symlink_to(outside)
    (folder / "sub").symlink_to(outside.parent, target_is_directory=True)
    reason = f"it is a symbolic link out of the folder {folder}"
    assert find_files([folder]) == (
        [],
        [Notice(str(folder / "file.txt"), reason), Notice(str(folder / "sub"), reason)],
    )


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    """Broken links and links to themselves are told, and the search goes on."""
    (tmp_path / "a.txt").symlink_to(tmp_path / "gone.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "b.txt")
    path = put(tmp_path / "c.txt")
    files, notices = find_files([tmp_path])
    assert files == [path]
    assert [Path(notice.path).name for notice in notices] == ["a.txt", "b.txt"]
    assert all("a symbolic link that leads nowhere" in notice.reason for notice in notices)


def test_link_that_is_named(tmp_path: Path) -> None:
    """A link that is named is read under its own name, wherever it leads."""
    link = tmp_path / "folder" / "link.txt"
    link.parent.mkdir()
    link.symlink_to(put(tmp_path / "outside" / "a.txt"))
    assert articles.find_files([link]) == ({link: link.resolve()}, [])


def test_a_link_put_in_the_way_later_is_not_followed(tmp_path: Path) -> None:
    """A file found in a folder, or a folder above it, that is a link by now is not read."""
    outside = put(tmp_path / "outside" / "a.txt", "secret")
    paths = [put(tmp_path / "in" / name) for name in ("a.txt", "deep/a.txt", "link/a.txt")]
    (tmp_path / "in" / "named.txt").symlink_to(outside)
    named = tmp_path / "in" / "named.txt"
    files, _ = articles.find_files([tmp_path / "in", named])
    paths[0].unlink()
    paths[0].symlink_to(outside)
    for path in paths[1:]:
        path.parent.rename(path.parent.with_suffix(".old"))
        path.parent.symlink_to(outside.parent, target_is_directory=True)
    assert list(files) == sorted([*paths, named])
    for path in paths:
        with pytest.raises(UnreadableFile, match="it is a symbolic link, or below one, that was"):
            read_bytes(files[path])
    assert read_bytes(files[named]) == b"secret"


def test_pipes_and_sockets(tmp_path: Path) -> None:
    """What is no regular file is never opened."""
    pipe, place = tmp_path / "pipe.txt", tmp_path / "socket.txt"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        files, notices = find_files([tmp_path, pipe])
    reason = "it is not a regular file but a device, a pipe or a socket"
    assert files == []
    assert notices == [Notice(str(pipe), reason), Notice(str(place), reason)]


def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this user may not read is told."""
    path = put(tmp_path / "a.txt")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert find_files([tmp_path]) == ([], [Notice(str(path), DENIED)])


def test_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that this user may not list is told, and the others are searched."""
    path, closed = put(tmp_path / "a.txt"), put(tmp_path / "closed" / "b.txt").parent
    scandir = os.scandir

    def scan(folder: Path) -> object:
        if folder == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", scan)
    assert find_files([tmp_path]) == ([path], [Notice(str(closed), DENIED)])


def test_folder_that_may_be_listed_and_not_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be looked at is not called a link."""
    path = put(tmp_path / "a.txt")

    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_symlink", refuse)
    assert find_files([tmp_path]) == ([], [Notice(str(path), DENIED)])


def test_name_that_is_not_utf8(tmp_path: Path) -> None:
    """A file name of other bytes than UTF-8 is told in a form that can be shown."""
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("Text.")
    notice = Notice(f"{tmp_path}/caf\\udce9.txt", "its name is not valid UTF-8; rename it")
    assert find_files([tmp_path]) == ([], [notice])

"""An index on disk: made, changed, damaged, interrupted; with a stand-in for the encoder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from stand_ins import HashEmbedder

import index.home
from index import (
    ArticleIndex,
    ArticleInfo,
    BuildReport,
    Chunking,
    FootnoteError,
    Notice,
    Progress,
    Stage,
    build_index,
    derived,
    open_index,
    rebuild_index,
    repair_index,
)
from index.articles import article_id
from index.errors import (
    ArticleMissing,
    IndexDamaged,
    IndexIncompatible,
    IndexLocked,
    IndexMissing,
    NothingToIndex,
)
from index.home import Home
from index.store import Store
from index.values import text_sha256

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ["bridge", "frogs", "moon", "tea", "comet", "zebra"]
TEXTS = {
    "bridge.txt": "The bridge opened in 1932.\n\nIt carries trains.",
    "frogs.md": "---\ntitle: On frogs\ndate: 2020-05-06\n---\n\nFrogs sleep in mud all winter.",
    "moon.txt": "The moon is far away.",
}


def put(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files into a folder and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def build(folder: Path, path: Path) -> BuildReport:
    """Build an index of a folder with the stand-in."""
    return build_index(folder, path=path, embedder=HashEmbedder())


def answers(library: ArticleIndex) -> dict[str, list[tuple[str, int, int]]]:
    """Return what both searches find for QUESTIONS, checked against the texts, without scores."""
    with library.snapshot() as snapshot:
        vectors = HashEmbedder().encode_questions(QUESTIONS)
        dense = snapshot.search_dense(vectors, 3)
        lexical = snapshot.search_lexical(QUESTIONS, 10)
        found = {}
        for question, one, other in zip(QUESTIONS, dense, lexical, strict=True):
            best = [hit.passage_id for hit in one if hit.score > 0.2]
            passages = snapshot.passages([*best, *sorted(hit.passage_id for hit in other)])
            assert len(passages) == len(best) + len(other)
            articles = snapshot.articles(passage.article_id for passage in passages)
            for passage in passages:
                text = articles[passage.article_id].text
                assert text[passage.start : passage.end] == passage.text
                assert text_sha256(text) == articles[passage.article_id].sha256
            found[question] = [(p.text, p.start, p.end) for p in passages]
        return found


def texts(library: ArticleIndex) -> list[str]:
    """Return the articles' texts, sorted."""
    return sorted(library.article(info.id).text for info in library.articles())


def finds(library: ArticleIndex, word: str) -> list[str]:
    """Return the ids of the articles that hold a word, by lexical search."""
    with library.snapshot() as snapshot:
        [hits] = snapshot.search_lexical([word], 10)
        return [passage.article_id for passage in snapshot.passages(hit.passage_id for hit in hits)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of three articles."""
    return put(tmp_path / "articles", TEXTS)


@pytest.fixture
def path(tmp_path: Path, folder: Path) -> Path:
    """Return the path of an index of the folder."""
    build(folder, tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def embedder() -> HashEmbedder:
    """Return the encoder that the open index uses."""
    return HashEmbedder()


@pytest.fixture
def library(path: Path, embedder: HashEmbedder) -> Iterator[ArticleIndex]:
    """Yield the index, open."""
    with open_index(path, embedder=embedder) as opened:
        yield opened


def ids(folder: Path, *names: str) -> tuple[str, ...]:
    """Return the ids of articles by their files' names."""
    return tuple(article_id(str(folder / name)) for name in names)


# Building


def test_build_report(tmp_path: Path, folder: Path) -> None:
    """A build reports what was added, embedded, skipped and found twice."""
    put(folder, {"copy.txt": TEXTS["moon.txt"], "empty.txt": " \n", "data.csv": "1,2"})
    report = build(folder, tmp_path / "index")
    assert (report.generation, report.articles, report.passages, report.embedded) == (1, 3, 3, 3)
    assert report.added == ids(folder, "bridge.txt", "copy.txt", "frogs.md")
    assert report.updated == report.removed == report.unchanged == ()
    skipped = {Path(notice.path).name: notice.reason for notice in report.skipped}
    assert skipped["empty.txt"] == "the file holds no text"
    assert skipped["data.csv"].startswith("it is not an article format; supported are .docx")
    assert len(skipped) == 2
    same = Notice(str(folder / "moon.txt"), f"the same text as {folder / 'copy.txt'}")
    assert report.duplicates == (same,)
    assert str(report).startswith("3 articles, 3 passages (3 added, 2 skipped, 1 duplicates) in ")


def test_built_index(library: ArticleIndex, folder: Path) -> None:
    """What was built lists its articles, says what it is, and answers."""
    bridge, frogs, moon = library.articles()
    assert [info.source for info in (bridge, frogs, moon)] == [
        str(folder / name) for name in ("bridge.txt", "frogs.md", "moon.txt")
    ]
    assert (frogs.title, frogs.date, frogs.characters) == ("On frogs", "2020-05-06", 30)
    info = library.info()
    assert (info.path, info.generation, info.articles) == (str(library.path), 1, 3)
    assert (info.model, info.dimension, info.sources) == ("words-by-hash", 256, (str(folder),))
    assert info.bytes > 4096
    assert answers(library) == {
        "bridge": [("The bridge opened in 1932.\n\nIt carries trains.", 0, 46)] * 2,
        "frogs": [("Frogs sleep in mud all winter.", 0, 30)] * 2,
        "moon": [("The moon is far away.", 0, 21)] * 2,
        "tea": [],
        "comet": [],
        "zebra": [],
    }
    assert library.check().sound


def test_passages_see_their_title(tmp_path: Path, folder: Path) -> None:
    """The encoder reads a passage under its article's title."""
    encoder = HashEmbedder()
    build_index(folder / "frogs.md", path=tmp_path / "index", embedder=encoder)
    assert encoder.encoded == ["On frogs\nFrogs sleep in mud all winter."]


def test_chunking_is_kept(tmp_path: Path) -> None:
    """An index cuts what is added as it cut what it was built of."""
    folder = put(tmp_path / "a", {"one.txt": "One two. Three four. Five six."})
    encoder = HashEmbedder()
    build_index(folder, path=tmp_path / "index", embedder=encoder, chunking=Chunking(2, 0))
    put(folder, {"two.txt": "Seven eight. Nine ten."})
    with open_index(tmp_path / "index", embedder=encoder) as library:
        library.update()
        assert [info.passages for info in library.articles()] == [3, 2]
        library.rebuild()
        assert [info.passages for info in library.articles()] == [1, 1]


def test_articles_are_listed_from_the_file_once_a_change(
    library: ArticleIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page asks for them with every answer it shows; a change of another process is seen."""
    read = []
    real = Store.article_infos

    def article_infos(store: Store) -> list[ArticleInfo]:
        read.append(store)
        return real(store)

    monkeypatch.setattr(Store, "article_infos", article_infos)
    before = library.articles()
    library.articles().clear()
    assert library.articles() == before
    assert len(read) == 1
    with open_index(library.path, embedder=HashEmbedder()) as other:
        other.add(put(tmp_path / "more", {"new.txt": "News of the day."}))
    assert len(library.articles()) == len(before) + 1
    assert len(library.articles()) == len(before) + 1
    assert len(read) == 2


@pytest.mark.parametrize("files", [{}, {"empty.txt": "", "photo.jpg": "x"}])
def test_nothing_to_index(library: ArticleIndex, tmp_path: Path, files: dict[str, str]) -> None:
    """Where nothing can be read, a build says why and leaves the index that is there."""
    other = put(tmp_path / "other", files)
    other.mkdir(exist_ok=True)
    with pytest.raises(NothingToIndex, match=r"no article could be read from .*other"):
        build(other, library.path)
    with pytest.raises(NothingToIndex, match=r"no article could be read from .*other"):
        library.add(other)
    assert (library.generation, len(library.articles())) == (1, 3)


def test_nothing_to_index_makes_nothing(tmp_path: Path) -> None:
    """A build of a folder that is not there makes no index."""
    with pytest.raises(NothingToIndex, match="there is no such file or folder"):
        build(tmp_path / "none", tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_build_replaces(library: ArticleIndex, tmp_path: Path) -> None:
    """A build in an index's place replaces all of it and counts the generation on."""
    before = answers(library)
    report = build(put(tmp_path / "b", {"tea.txt": "Tea needs hot water."}), library.path)
    assert (report.generation, report.articles) == (2, 1)
    assert texts(library) == ["Tea needs hot water."]
    assert answers(library) != before
    assert len(list(library.path.glob("store-*.sqlite"))) == 1
    assert len(list((library.path / "derived").iterdir())) == 1


def test_progress(tmp_path: Path, folder: Path) -> None:
    """Progress goes through the stages, each up to its total."""
    seen: list[Progress] = []
    build_index(folder, path=tmp_path / "index", embedder=HashEmbedder(), progress=seen.append)
    assert seen == [
        Progress(Stage.READ, 1, 3, "bridge.txt"),
        Progress(Stage.READ, 2, 3, "frogs.md"),
        Progress(Stage.READ, 3, 3, "moon.txt"),
        Progress(Stage.EMBED, 3, 3),
        Progress(Stage.WRITE, 0, 1),
        Progress(Stage.WRITE, 1, 1),
    ]


# Changing


def test_add_embeds_only_what_is_new(
    library: ArticleIndex, folder: Path, embedder: HashEmbedder
) -> None:
    """Adding the folder again embeds the new file and leaves the others as they are."""
    put(folder, {"tea.txt": "Tea needs hot water."})
    report = library.add(folder)
    assert embedder.encoded == ["Tea\nTea needs hot water."]
    assert report.added == ids(folder, "tea.txt")
    assert report.unchanged == ids(folder, "bridge.txt", "frogs.md", "moon.txt")
    assert (report.generation, report.articles, report.passages, report.embedded) == (2, 4, 4, 1)
    assert finds(library, "tea") == [*report.added]
    assert library.check().sound


def test_nothing_changed(library: ArticleIndex, folder: Path, embedder: HashEmbedder) -> None:
    """Where all is as it was, there is no new generation."""
    for report in (library.add(folder), library.update()):
        assert report.generation == 1
        assert report.unchanged == ids(folder, "bridge.txt", "frogs.md", "moon.txt")
        assert report.added == report.updated == report.removed == ()
    assert embedder.encoded == []


def test_unchanged_file_is_known_by_its_content(library: ArticleIndex, folder: Path) -> None:
    """A file that was touched but not changed is not read again."""
    os.utime(folder / "moon.txt", (1, 1))
    assert library.update().generation == 1


def test_changed_file_keeps_its_id(library: ArticleIndex, folder: Path) -> None:
    """A changed file's article has its old id and the new text; the old text is gone."""
    put(folder, {"moon.txt": "A comet came by."})
    report = library.update()
    assert report.updated == ids(folder, "moon.txt")
    assert (report.added, report.removed, report.embedded) == ((), (), 1)
    assert library.article(report.updated[0]).text == "A comet came by."
    assert finds(library, "comet") == [*report.updated]
    assert finds(library, "far") == []
    assert library.check().sound


def test_changed_title_is_an_update(library: ArticleIndex, folder: Path) -> None:
    """A new title over the same text is an update, and is searched."""
    put(folder, {"frogs.md": TEXTS["frogs.md"].replace("On frogs", "Walrus or frog")})
    report = library.update()
    assert report.updated == ids(folder, "frogs.md")
    assert library.article(report.updated[0]).title == "Walrus or frog"
    assert finds(library, "walrus") == [*report.updated]


def test_changed_bytes_of_the_same_text(
    library: ArticleIndex, folder: Path, embedder: HashEmbedder
) -> None:
    """Another spelling of the same article is remembered and embeds nothing."""
    put(folder, {"moon.txt": "The  moon is far away.\n\n".replace("  ", " ")})
    report = library.update()
    assert report.unchanged == ids(folder, "bridge.txt", "frogs.md", "moon.txt")
    assert (report.updated, report.embedded, embedder.encoded) == ((), 0, [])
    assert library.update().generation == report.generation


def test_copies_are_held_once(library: ArticleIndex, folder: Path) -> None:
    """A second place of a text is listed with the first, and stays when the first goes away."""
    put(folder, {"zz.txt": TEXTS["moon.txt"]})
    report = library.update()
    assert (report.articles, report.embedded) == (3, 0)
    assert report.duplicates == (
        Notice(str(folder / "zz.txt"), f"the same text as {folder / 'moon.txt'}"),
    )
    assert library.articles()[2].copies == (str(folder / "zz.txt"),)
    (folder / "moon.txt").unlink()
    report = library.update()
    assert (report.added, report.removed) == (ids(folder, "zz.txt"), ids(folder, "moon.txt"))
    assert finds(library, "moon") == [*report.added]
    assert library.articles()[2].copies == ()
    assert library.check().sound


def test_copy_can_go_away(library: ArticleIndex, folder: Path) -> None:
    """When a copy goes away the article stays as it is."""
    put(folder, {"zz.txt": TEXTS["moon.txt"]})
    library.update()
    (folder / "zz.txt").unlink()
    report = library.update()
    assert (report.added, report.updated, report.removed) == ((), (), ())
    assert [info.copies for info in library.articles()] == [(), (), ()]
    assert finds(library, "moon") == [*ids(folder, "moon.txt")]


def test_moved_file(library: ArticleIndex, folder: Path) -> None:
    """A moved file is gone at its old place and there at the new one."""
    (folder / "deep").mkdir()
    (folder / "moon.txt").rename(folder / "deep" / "luna.txt")
    report = library.update()
    assert report.removed == ids(folder, "moon.txt")
    assert report.added == ids(folder, "deep/luna.txt")
    assert library.article(report.added[0]).source == str(folder / "deep" / "luna.txt")
    assert report.articles == 3


def test_vanished_file(library: ArticleIndex, folder: Path) -> None:
    """A file that went away takes its article along, at the next update and not before."""
    (folder / "moon.txt").unlink()
    assert finds(library, "moon") == [*ids(folder, "moon.txt")]
    assert library.update().removed == ids(folder, "moon.txt")
    assert finds(library, "moon") == []
    with pytest.raises(ArticleMissing, match="there is no article"):
        library.article(*ids(folder, "moon.txt"))


def test_vanished_file_in_a_linked_folder(tmp_path: Path, folder: Path) -> None:
    """A folder given by a symbolic link is looked at again as any other."""
    (tmp_path / "link").symlink_to(folder)
    build(tmp_path / "link", tmp_path / "index")
    (folder / "moon.txt").unlink()
    with open_index(tmp_path / "index", embedder=HashEmbedder()) as library:
        assert library.update().removed == ids(folder, "moon.txt")


def test_all_files_vanished(library: ArticleIndex, folder: Path) -> None:
    """An index may become empty; then nothing is found, until something comes again."""
    put(folder, {"of/another.kind": "Not an article."})
    for file in folder.glob("*.*"):
        file.unlink()
    assert library.update().articles == 0
    assert set(map(tuple, answers(library).values())) == {()}
    assert library.check().sound
    put(folder, {"moon.txt": TEXTS["moon.txt"]})
    assert library.update().added == ids(folder, "moon.txt")
    assert finds(library, "moon") == [*ids(folder, "moon.txt")]


def test_vanished_root_is_kept(library: ArticleIndex, folder: Path) -> None:
    """A folder that is not there at all keeps its articles, with a warning."""
    folder.rename(folder.with_name("elsewhere"))
    report = library.update()
    assert report.warnings == (Notice(str(folder), "is no longer there; its articles are kept"),)
    assert (report.generation, report.articles) == (1, 3)


def test_empty_root_is_kept(library: ArticleIndex, folder: Path) -> None:
    """A folder without anything in it, as where a drive is not mounted, keeps its articles."""
    shutil.rmtree(folder)
    folder.mkdir()
    report = library.update()
    why = "is empty, as where a drive is not mounted; its articles are kept"
    assert report.warnings == (Notice(str(folder), why),)
    assert (report.generation, report.articles) == (1, 3)


@pytest.mark.parametrize("fault", [PermissionError(13, "Permission denied"), OSError(5, "I/O")])
def test_unreadable_root_is_kept(
    library: ArticleIndex, folder: Path, fault: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be listed, or whose disk fails, keeps its articles, with a warning."""
    real = os.scandir

    def scandir(place: Path) -> object:
        if Path(place).is_relative_to(folder):
            raise fault
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    report = library.update()
    why = f"cannot be read ({fault.strerror}); its articles are kept"
    assert report.warnings == (Notice(str(folder), why),)
    assert (report.generation, report.articles) == (1, 3)


def test_vanished_root_inside_another(library: ArticleIndex, folder: Path) -> None:
    """A file that was also added by itself goes like the others of its folder."""
    library.add(folder / "moon.txt")
    (folder / "moon.txt").unlink()
    report = library.update()
    assert report.removed == ids(folder, "moon.txt")
    assert report.warnings == ()


def test_unreadable_file_keeps_its_old_version(library: ArticleIndex, folder: Path) -> None:
    """A file that can no longer be read is skipped with its reason; what it held stays."""
    put(folder, {"moon.txt": "%PDF-1.7", "tea.txt": "Tea."})
    report = library.update()
    [notice] = report.skipped
    assert notice.path == str(folder / "moon.txt")
    assert notice.reason.startswith("it is a PDF file named .txt")
    assert notice.reason.endswith("; the version indexed before is kept")
    assert report.added == ids(folder, "tea.txt")
    assert finds(library, "moon") == [*ids(folder, "moon.txt")]


def test_forbidden_file_keeps_its_old_version(
    library: ArticleIndex, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that this user may no longer read is not taken for one that went away."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: Path(p).stem != "moon" and real(p, mode))
    report = library.update()
    [notice] = report.skipped
    assert notice.reason.startswith("permission denied")
    assert notice.reason.endswith("; the version indexed before is kept")
    assert (report.removed, report.articles) == ((), 3)
    assert finds(library, "moon") == [*ids(folder, "moon.txt")]


def test_a_source_that_leads_elsewhere_now(tmp_path: Path, folder: Path) -> None:
    """Of a link that leads to another folder now, what it led to before goes; uploads stay."""
    other = put(tmp_path / "other", {"tea.txt": "Tea needs hot water."})
    link = tmp_path / "link"
    link.symlink_to(folder)
    alone = put(tmp_path / "alone", {"comet.txt": "A comet."})
    build_index([link, alone], path=tmp_path / "index", embedder=HashEmbedder())
    link.unlink()
    link.symlink_to(other)
    with open_index(tmp_path / "index", embedder=HashEmbedder()) as library:
        library.add_uploads([("up.txt", put(tmp_path, {"up.txt": "A zebra."}) / "up.txt")])
        alone.rename(tmp_path / "away")  # a drive that is not mounted may be what a link led to
        assert library.update().removed == ()
        (tmp_path / "away").rename(alone)
        assert set(library.update().removed) == {*ids(folder, *TEXTS)}
        assert texts(library) == ["A comet.", "A zebra.", "Tea needs hot water."]


def test_forbidden_folder_keeps_its_articles(
    library: ArticleIndex, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder inside that this user may no longer list keeps its articles."""
    put(folder, {"deep/tea.txt": "Tea."})
    library.update()
    real = os.scandir

    def scandir(place: Path) -> object:
        if Path(place).name == "deep":
            raise PermissionError(13, "Permission denied")
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    report = library.update()
    assert [notice.path for notice in report.skipped] == [str(folder / "deep")]
    assert (report.removed, report.articles) == ((), 4)


def test_uploads_replace_by_name(library: ArticleIndex, tmp_path: Path) -> None:
    """What is uploaded under a name takes the place of what was uploaded under it before."""
    put(tmp_path, {"1": "", "a.txt": "Tea needs hot water.", "b.txt": "A comet came by."})
    first = library.add_uploads([("notes.txt", tmp_path / "a.txt")])
    assert first.added == (article_id("upload:notes.txt"),)
    assert library.article(first.added[0]).source == "upload:notes.txt"
    second = library.add_uploads([("notes.txt", tmp_path / "b.txt")])
    assert second.updated == first.added
    assert (finds(library, "tea"), finds(library, "comet")) == ([], [*first.added])
    (tmp_path / "a.txt").unlink()
    (tmp_path / "b.txt").unlink()
    assert library.update().removed == ()


def test_names_that_begin_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `~` is a home folder where there is one, and part of the name where that is there."""
    home = put(tmp_path / "home", {"a.txt": "At home."})
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(put(tmp_path / "here", {"~$a.txt": "A lock.", "~/b.txt": "Here."}))
    paths = ["~/a.txt", "~/b.txt", "~$a.txt", "~nobody-knows/c.txt"]
    (tmp_path / "here" / "~" / "index").mkdir()
    report = build_index(paths, path="~/index", embedder=HashEmbedder())
    assert [(notice.path, notice.reason) for notice in report.skipped] == [
        (str(tmp_path / "here" / "~nobody-knows/c.txt"), "there is no such file or folder")
    ]
    with open_index(tmp_path / "here" / "~" / "index", embedder=HashEmbedder()) as library:
        assert texts(library) == ["A lock.", "At home.", "Here."]
    with pytest.raises(IndexMissing, match=r"there is no index at .*here/~nobody-knows/index;"):
        open_index("~nobody-knows/index")


def test_commands_that_are_suggested_can_be_typed(tmp_path: Path, folder: Path) -> None:
    """A path with spaces stands in quotes where a message says what to run."""
    place = tmp_path / "my index"
    with pytest.raises(IndexMissing, match=f"FOLDER --index '{place}'`"):
        open_index(place)
    build(folder, place)
    with pytest.raises(IndexIncompatible, match=f"rebuild --index '{place}'`"):
        open_index(place, embedder=HashEmbedder(fingerprint="f" * 64))


def test_a_link_put_in_place_of_a_file_is_skipped(
    library: ArticleIndex, folder: Path, tmp_path: Path
) -> None:
    """A file that becomes a link out of the folder before it is read keeps its old version."""
    outside = put(tmp_path, {"secret.txt": "A comet came by."}) / "secret.txt"
    *_, last = sorted(folder.glob("*.txt"))
    last.write_text("It changed.")

    def swap(progress: Progress) -> None:
        if progress.stage is Stage.READ and progress.done == 1:
            last.unlink()
            last.symlink_to(outside)

    report = library.update(progress=swap)
    assert [notice.path for notice in report.skipped] == [str(last)]
    assert "a symbolic link" in report.skipped[0].reason
    assert (report.removed, report.updated, finds(library, "comet")) == ((), (), [])


def test_upload_that_cannot_be_read(library: ArticleIndex, tmp_path: Path) -> None:
    """An upload goes by the name that its owner gave it, not by where it lies for the moment."""
    place = put(tmp_path, {"7f3a": "\n", "8c21": "# Tea\n\nTea needs water."})
    with pytest.raises(NothingToIndex, match=r"read from upload:mine\.txt \(upload:mine\.txt: the"):
        library.add_uploads([("mine.txt", place / "7f3a")])
    [tea] = library.add_uploads([("My tea.md", place / "8c21")]).added
    assert library.article(tea).title == "Tea"


def test_uploads_of_one_name_at_once(library: ArticleIndex, tmp_path: Path) -> None:
    """Of two uploads of one name in one go the last stays; one that differs is told of."""
    put(tmp_path, {"a.txt": "Tea needs hot water.", "b.txt": "A comet came by."})
    files = [("notes.txt", tmp_path / "a.txt"), ("notes.txt", tmp_path / "b.txt")]
    report = library.add_uploads(files)
    assert report.added == (article_id("upload:notes.txt"),)
    ((path, reason),) = [(notice.path, notice.reason) for notice in report.skipped]
    assert path == "notes.txt"
    assert "another file of this name" in reason
    assert (finds(library, "tea"), finds(library, "comet")) == ([], [*report.added])
    report = library.add_uploads([("twice.txt", tmp_path / "a.txt")] * 2)
    assert report.added == (article_id("upload:twice.txt"),)
    assert report.skipped == ()


def test_a_collection_that_outgrows_the_exact_index(
    library: ArticleIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound dense search is approximate, below it exact; the cosines are the same."""
    more = put(tmp_path / "more", {f"tea{n}.txt": f"Tea number {n} is hot." for n in range(6)})

    def dense() -> tuple[bool, list[list[tuple[int, float]]]]:
        with library.snapshot() as snapshot:
            found = snapshot.search_dense(HashEmbedder().encode_questions(QUESTIONS), 20)
            scores = [[(hit.passage_id, round(hit.score, 5)) for hit in hits] for hits in found]
            return snapshot._indexes.vectors.approximate, [sorted(each) for each in scores]

    first = dense()
    library.add(more)
    exact = dense()
    library.remove([info.id for info in library.articles() if "tea" in info.source])
    monkeypatch.setattr("index.vectors.EXACT", 4)
    library.add(more)
    grown = dense()
    assert [first[0], exact[0], grown[0]] == [False, False, True]
    assert [[score for _, score in each] for each in grown[1]] == [
        [score for _, score in each] for each in exact[1]
    ]
    library.remove([info.id for info in library.articles() if "tea" in info.source])
    assert dense() == first


def test_removed_article_is_not_found(library: ArticleIndex, folder: Path) -> None:
    """A removed article is found by nothing; its file stays, and an update brings it back."""
    [moon] = ids(folder, "moon.txt")
    report = library.remove(moon)
    assert (report.removed, report.articles, report.generation) == ((moon,), 2, 2)
    assert answers(library)["moon"] == []
    assert moon not in [info.id for info in library.articles()]
    assert library.check().sound
    assert library.update().added == (moon,)


def test_remove_by_path(
    library: ArticleIndex, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Articles can be named by their files, also by a path from the working directory."""
    monkeypatch.chdir(folder)
    report = library.remove(["moon.txt", str(folder / "frogs.md")])
    assert set(report.removed) == {*ids(folder, "moon.txt", "frogs.md")}
    put(folder, {"many.jsonl": '{"id": "a/b", "text": "Tea."}'})
    library.update()
    folder.with_name("link").symlink_to(folder)
    report = library.remove(["../articles/bridge.txt", "../link/many.jsonl#a/b"])
    assert len(report.removed) == 2
    with pytest.raises(ArticleMissing, match="there is no article"):
        library.remove("a\0b")


def test_remove_is_all_or_nothing(library: ArticleIndex, folder: Path) -> None:
    """Where one of the articles is not there, none is removed."""
    with pytest.raises(ArticleMissing, match="there is no article nope in the index"):
        library.remove([*ids(folder, "moon.txt"), "nope"])
    assert library.info().articles == 3


def test_removed_part_of_a_file_comes_back(library: ArticleIndex, folder: Path) -> None:
    """An update finds a removed article again also where others of its file stayed."""
    rows = [{"title": "Tea", "text": "Tea needs water."}, {"title": "Walrus", "text": "A walrus."}]
    put(folder, {"many.jsonl": "\n".join(map(json.dumps, rows))})
    library.update()
    [walrus] = finds(library, "walrus")
    assert library.remove(walrus).articles == 4
    assert library.update().added == (walrus,)


def test_generation_counts_changes(library: ArticleIndex, folder: Path) -> None:
    """Each published change is one generation more, also a rebuild."""
    put(folder, {"tea.txt": "Tea."})
    assert library.update().generation == 2
    assert library.remove(ids(folder, "tea.txt")).generation == 3
    assert library.rebuild().generation == 4
    assert library.generation == 4


def test_order_of_articles_after_rebuild(library: ArticleIndex, folder: Path) -> None:
    """A rebuild embeds everything again and changes neither articles nor their places."""
    put(folder, {"zz.txt": TEXTS["moon.txt"]})
    library.update()
    before, found = library.articles(), answers(library)
    (folder / "moon.txt").unlink()
    report = library.rebuild()
    assert (report.embedded, report.articles) == (3, 3)
    assert report.updated == tuple(info.id for info in before)
    assert library.articles() == before
    assert answers(library) == found


# One state for a question


@pytest.mark.parametrize("change", ["update", "remove", "rebuild", "build"])
def test_pinned_snapshot_keeps_answering(
    library: ArticleIndex, folder: Path, change: str, tmp_path: Path
) -> None:
    """A snapshot taken before a change answers from the old state to its end."""
    with library.snapshot() as snapshot:
        [[hit]] = snapshot.search_lexical(["moon"], 5)
        put(folder, {"moon.txt": "A comet came by."})
        if change == "update":
            library.update()
        elif change == "remove":
            library.remove(ids(folder, "moon.txt"))
        elif change == "rebuild":
            library.rebuild()
        else:
            build(folder, library.path)
        assert library.generation == 2
        assert snapshot.generation == 1
        assert snapshot.search_lexical(["moon"], 5) == [[hit]]
        assert snapshot.search_lexical(["comet"], 5) == [[]]
        [passage] = snapshot.passages([hit.passage_id])
        assert snapshot.articles([passage.article_id])[passage.article_id].text == passage.text
        vectors = HashEmbedder().encode_questions(["moon"])
        assert snapshot.search_dense(vectors, 1)[0][0].passage_id == hit.passage_id
    with library.snapshot() as snapshot:
        assert snapshot.generation == 2


def test_change_by_another_process_is_seen(library: ArticleIndex, folder: Path) -> None:
    """The next question sees what another open index has published."""
    assert finds(library, "tea") == []
    put(folder, {"tea.txt": "Tea."})
    with open_index(library.path, embedder=HashEmbedder()) as other:
        other.update()
    assert finds(library, "tea") == [*ids(folder, "tea.txt")]
    build(folder / "moon.txt", library.path)
    assert finds(library, "tea") == []


def test_folder_replaced_by_a_copy_of_itself(library: ArticleIndex, folder: Path) -> None:
    """An open index whose folder was put back from a copy answers from what lies there now."""
    path = library.path
    copy = path.with_name("copy")
    shutil.copytree(path, copy)
    put(folder, {"moon.txt": "A comet came by."})
    library.update()
    assert finds(library, "comet") == [*ids(folder, "moon.txt")]
    path.rename(path.with_name("gone"))
    copy.rename(path)
    assert finds(library, "comet") == []
    assert finds(library, "moon") == [*ids(folder, "moon.txt")]


def test_questions_during_updates(library: ArticleIndex, folder: Path) -> None:
    """Questions in four threads during ten updates see whole generations only."""
    faults: list[str] = []
    seen: set[int] = set()
    done = threading.Event()
    put(folder, {"one.txt": "Walrus number 1.", "two.txt": "Walrus number 1 too."})
    library.update()

    def ask() -> None:
        while not done.is_set():
            with library.snapshot() as snapshot:
                [hits] = snapshot.search_lexical(["walrus"], 10)
                vectors = HashEmbedder().encode_questions(["walrus number"])
                [dense] = snapshot.search_dense(vectors, 2)
                lexical = {p.text for p in snapshot.passages(hit.passage_id for hit in hits)}
                near = {p.text for p in snapshot.passages(hit.passage_id for hit in dense)}
                number = snapshot.generation - 1
                whole = {f"Walrus number {number}.", f"Walrus number {number} too."}
                if not lexical == near == whole:
                    faults.append(f"{number}: {lexical} {near}")
                seen.add(number)

    def run() -> None:
        try:
            ask()
        except Exception as error:
            faults.append(repr(error))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(2, 12):
            both = {
                "one.txt": f"Walrus number {number}.",
                "two.txt": f"Walrus number {number} too.",
            }
            put(folder, both)
            assert library.update().generation == number + 1
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert faults == []
    assert len(seen) > 2


def test_list_during_a_rebuild(library: ArticleIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lists articles sees the new store where the old one goes away before it is opened."""
    real = Home.current
    late = [real(library._home)]
    library.rebuild()
    monkeypatch.setattr(Home, "current", lambda home: late.pop() if late else real(home))
    assert (library.generation, late) == (2, [])


def test_info_during_a_rebuild(library: ArticleIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store goes away after it was opened, its size is told all the same."""

    def count(store: Store) -> tuple[int, int]:
        monkeypatch.undo()
        counted = store.count()
        library.rebuild()
        return counted

    before = library.info()
    monkeypatch.setattr(Store, "count", count)
    assert library.info() == before
    assert library.generation == 2


@pytest.mark.parametrize("verb", ["articles", "check"])
def test_list_and_check_during_a_change(
    library: ArticleIndex, folder: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that is published while articles are listed or checked does not look like damage."""

    def noted_seals(store: Store) -> tuple[str | None, str | None]:
        monkeypatch.undo()
        seals = store.noted_seals()
        put(folder, {"moon.txt": "A comet came by."})
        assert library.update().generation == 2
        return seals

    with open_index(library.path, embedder=HashEmbedder()) as other:
        before = other.articles()
    monkeypatch.setattr(Store, "noted_seals", noted_seals)
    found = getattr(library, verb)()
    assert library.generation == 2
    assert found == before if verb == "articles" else found.sound


def test_check_while_a_change_removes_what_was_derived(
    library: ArticleIndex, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Search indexes that a change removes while they are compared are no fault."""

    def faults(root: Path, store: Store) -> list[str]:
        monkeypatch.undo()
        put(folder, {"moon.txt": "A comet came by."})
        library.update()
        return ["the folder has gone"]

    monkeypatch.setattr(derived, "faults", faults)
    assert library.check().sound
    assert library.generation == 2


# Damage


@pytest.mark.parametrize("what", ["all", "one", "vectors.faiss", "manifest.json", "lexical"])
def test_deleted_derived_files(library: ArticleIndex, path: Path, what: str) -> None:
    """Whatever of the derived indexes is deleted, it is made again and finds the same."""
    before = answers(library)
    [made] = (path / "derived").iterdir()
    target = {"all": path / "derived", "one": made}.get(what, made / what)
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()
    with open_index(path, embedder=HashEmbedder()) as other:
        assert answers(other) == before
        assert other.check().sound
    assert (made / "manifest.json").is_file()


def flipped(content: bytes) -> bytes:
    """Return a content with one bit in its middle turned over."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def halved(content: bytes) -> bytes:
    """Return the first half of a content."""
    return content[: len(content) // 2]


def damage_file(file: Path, damage: Callable[[bytes], bytes]) -> None:
    """Put a damaged file in a file's place; cutting one that is mapped would end this process."""
    damaged = file.with_name("damaged")
    damaged.write_bytes(damage(file.read_bytes()))
    damaged.replace(file)


@pytest.mark.parametrize("damage", [flipped, halved])
def test_damaged_derived_files(
    library: ArticleIndex, path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Any file of the derived indexes that is altered or cut is noticed and made again."""
    before = answers(library)
    [made] = (path / "derived").iterdir()
    names = sorted(f.relative_to(made) for f in made.rglob("*") if f.is_file() and f.stat().st_size)
    assert len(names) >= 8
    for name in names:
        file = path / "derived" / made.name / name
        if not file.exists():  # a segment has a new name each time
            file = next(file.parent.glob(f"*{file.suffix}"))
        damage_file(file, damage)
        [fault] = library.check().faults
        assert fault.startswith("a derived index does not match"), name
        with open_index(path, embedder=HashEmbedder()) as other:
            assert answers(other) == before, name
        assert library.check().sound


def test_damaged_folder_that_cannot_be_removed(
    library: ArticleIndex, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that keeps files in a damaged folder is no obstacle to making it again."""
    before = answers(library)
    [made] = (path / "derived").iterdir()
    damage_file(made / "vectors.faiss", flipped)
    with monkeypatch.context() as patch, open_index(path, embedder=HashEmbedder()) as other:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        assert answers(other) == before
    assert library.check().sound


@pytest.mark.parametrize("damage", ["deleted", "altered"])
def test_change_after_damage_to_derived_files(
    library: ArticleIndex, path: Path, folder: Path, damage: str
) -> None:
    """A change is not derived from files that were damaged after they had been loaded."""
    answers(library)
    for file in (path / "derived").rglob("*.idx"):
        damage_file(file, flipped)
    if damage == "deleted":
        shutil.rmtree(path / "derived")
    put(folder, {"tea.txt": "Tea needs hot water."})
    assert library.update().added == ids(folder, "tea.txt")
    found = answers(library)
    shutil.rmtree(path / "derived")
    with open_index(path, embedder=HashEmbedder()) as other:
        assert answers(other) == found


def test_altered_text_is_reported(library: ArticleIndex, path: Path) -> None:
    """A text altered in the store is a fault that the check names."""
    connection = apsw.Connection(str(Home(path).current()))
    connection.execute("UPDATE articles SET text = replace(text, '1932', '1923')")
    connection.close()
    [fault] = library.check().faults
    assert fault.startswith("the text of “Bridge” (")


def test_missing_vector_is_repaired_by_rebuild(library: ArticleIndex, path: Path) -> None:
    """A missing vector is named, refused, and made again by the command that is named."""
    before = answers(library)
    connection = apsw.Connection(str(Home(path).current()))
    connection.execute("DELETE FROM vectors WHERE passage_id = 1")
    connection.close()
    shutil.rmtree(path / "derived")
    assert library.check().faults == ("passage 1 has no vector of 256 numbers",)
    with open_index(path, embedder=HashEmbedder()) as other:
        with pytest.raises(IndexDamaged, match="`footnote index check --repair` makes it again"):
            answers(other)
        other.rebuild()
        assert answers(other) == before
        assert other.check().sound


@pytest.mark.parametrize(
    "content",
    [b"store-000000000000.sqlite", b"", b"\xff\xfe\x00", b"../index", b"derived", b"x" * 5000],
)
def test_pointer_to_nowhere(path: Path, folder: Path, content: bytes) -> None:
    """A pointer that names no store is damage; a build puts a new index in its place."""
    (path / "CURRENT").write_bytes(content)
    with pytest.raises(IndexDamaged, match="which is not there; `footnote index check --repair`"):
        open_index(path, embedder=HashEmbedder())
    with pytest.raises(IndexDamaged, match="CURRENT names the store"):
        rebuild_index(path, embedder=HashEmbedder())
    build(folder, path)
    with open_index(path, embedder=HashEmbedder()) as library:
        assert len(library.articles()) == 3


def test_store_that_is_no_database(path: Path, folder: Path) -> None:
    """A store that cannot be read is damage; a build puts a new index in its place."""
    Home(path).current().write_bytes(b"rubbish" * 1000)
    with pytest.raises(IndexDamaged, match="cannot be read as an index"):
        open_index(path, embedder=HashEmbedder())
    assert build(folder, path).articles == 3
    assert len(list(path.glob("store-*.sqlite"))) == 1


def test_no_index(tmp_path: Path, folder: Path) -> None:
    """Where there is no index, the message names the command that makes one; nothing is made."""
    for verb in (open_index, rebuild_index):
        with pytest.raises(IndexMissing, match="make one with `footnote index rebuild FOLDER"):
            verb(tmp_path / "none", embedder=HashEmbedder())
    assert not (tmp_path / "none").exists()


def test_index_path_is_a_file(tmp_path: Path, folder: Path) -> None:
    """A file where the index should be is named and left as it is."""
    file = tmp_path / "notes"
    file.write_text("mine", encoding="utf-8")
    for bad in (file, file / "below"):
        with pytest.raises(IndexMissing, match="there is no index at"):
            open_index(bad, embedder=HashEmbedder())
        with pytest.raises(IndexMissing, match=r"is not an index; give|cannot be used for an"):
            build(folder, bad)
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 300, "cannot be used for an index: File name too long"),
        (os.fsdecode(b"caf\xe9"), r"the path .*/caf\\udce9 is not in UTF-8; give another one"),
    ],
    ids=["long", "not UTF-8"],
)
def test_index_path_that_cannot_be(tmp_path: Path, folder: Path, name: str, said: str) -> None:
    """A path that the system or SQLite refuses is one sentence."""
    for change in (lambda path: build(folder, path), repair_index):
        with pytest.raises(IndexMissing, match=said):
            change(tmp_path / name)


def test_pointer_is_a_folder(path: Path, folder: Path) -> None:
    """What stands in the place of the pointer is named, and no disk is blamed."""
    (path / "CURRENT").unlink()
    (path / "CURRENT").mkdir()
    said = "CURRENT is a folder and not the file that names the store; remove it, then `footnote"
    for verb in (open_index, repair_index, lambda path: build(folder, path)):
        with pytest.raises(IndexDamaged, match=said):
            verb(path)
    (path / "CURRENT").rmdir()
    assert repair_index(path).sound


def test_index_path_is_a_foreign_folder(folder: Path) -> None:
    """A folder that holds something else is named and left as it is."""
    before = sorted(folder.iterdir())
    with pytest.raises(IndexMissing, match="exists and is not an index; give an empty or a new"):
        build(folder, folder)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "theirs",
    [
        {"CURRENT": "MANIFEST-000001\n", "store-1.sqlite": "mine", "000003.log": "mine"},
        {"derived/data.csv": "mine"},
    ],
)
def test_other_data_is_not_taken_for_an_index(tmp_path: Path, theirs: dict[str, str]) -> None:
    """A folder of another program is refused, whatever names it shares, and left as it is."""
    put(tmp_path / "other", theirs)
    source = put(tmp_path, {"tea.txt": "Tea needs hot water."})
    with pytest.raises(IndexMissing, match="exists and is not an index"):
        build_index(source, path=tmp_path / "other", embedder=HashEmbedder())
    assert {name: (tmp_path / "other" / name).read_text("utf-8") for name in theirs} == theirs


def test_build_after_one_that_was_killed(tmp_path: Path, folder: Path) -> None:
    """What a killed first build can leave behind is no foreign folder."""
    path = tmp_path / "index"
    put(path, {"CURRENT.new": "store-1", "writer.lock": "", "making-12.sqlite": "half"})
    (path / "derived").mkdir()
    assert build(folder, path).articles == 3
    assert not (path / "making-12.sqlite").exists()


# Another model


def test_another_model_is_refused(path: Path, folder: Path) -> None:
    """An index made with another model is refused, naming the command; a rebuild repairs it."""
    other = HashEmbedder(name="other", fingerprint="f" * 64, dimension=32)
    with pytest.raises(
        IndexIncompatible,
        match=r"made with the model words-by-hash \(01234567\), and this is other \(ffffffff\);"
        r" run `footnote index rebuild --index .*` to embed its articles again",
    ):
        open_index(path, embedder=other)
    report = rebuild_index(path, embedder=other)
    assert (report.embedded, report.generation) == (3, 2)
    with open_index(path, embedder=other) as library:
        assert library.info().dimension == 32
        assert finds(library, "moon") == [*ids(folder, "moon.txt")]


def test_model_changed_under_an_open_index(library: ArticleIndex, folder: Path) -> None:
    """An open index neither asks nor changes one that was since rebuilt with another model."""
    rebuild_index(library.path, embedder=HashEmbedder(fingerprint="f" * 64))
    put(folder, {"tea.txt": "Tea."})
    with pytest.raises(IndexIncompatible, match="to embed its articles again"):
        finds(library, "moon")
    with pytest.raises(IndexIncompatible, match="to embed its articles again"):
        library.update()
    assert library.info().articles == 3


# One writer


def script(body: str, *arguments: object) -> subprocess.Popen[str]:
    """Start Python on a text, with this project's packages and the stand-ins to import."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, "-c", body, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


@contextmanager
def running(body: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Start a script as `script` does, and end it at the end of the block."""
    with script(body, *arguments) as process:
        try:
            yield process
        finally:
            process.kill()


HOLD = """
import sys
from pathlib import Path
from index.home import Home
with Home(Path(sys.argv[1])).writer():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_writer(library: ArticleIndex, folder: Path) -> None:
    """While another process writes, changes fail at once; after its SIGKILL they work."""
    put(folder, {"tea.txt": "Tea."})
    with running(HOLD, library.path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        changes: list[Callable[[], object]] = [
            library.update,
            library.rebuild,
            lambda: library.remove(ids(folder, "moon.txt")),
            lambda: library.add(folder),
            lambda: build(folder, library.path),
        ]
        for change in changes:
            with pytest.raises(IndexLocked, match="is being changed by another process"):
                change()
        assert finds(library, "moon") == [*ids(folder, "moon.txt")]
        holder.kill()
        holder.wait()
        assert library.update().added == ids(folder, "tea.txt")


def test_build_is_refused_before_anything_is_read(path: Path, folder: Path) -> None:
    """A build that another change is in the way of reads no file first."""
    read: list[Progress] = []
    with Home(path).writer(), pytest.raises(IndexLocked, match="is being changed"):
        build_index(folder, path=path, embedder=HashEmbedder(), progress=read.append)
    assert read == []


def test_two_first_builds(tmp_path: Path, folder: Path) -> None:
    """Of two that found no index, the second does not replace what the first has made."""
    path = tmp_path / "index"
    build(folder / "moon.txt", path)
    with pytest.raises(IndexLocked, match=r"has just made an index at .*; run this again to add"):
        build_index(folder, path=path, embedder=HashEmbedder(), replace_old=False)
    with open_index(path, embedder=HashEmbedder()) as library:
        assert texts(library) == [TEXTS["moon.txt"]]


def test_build_in_vain_beside_another(tmp_path: Path, folder: Path) -> None:
    """A first build that finds another at work leaves that one's folder and lock alone."""
    path = tmp_path / "index"
    with Home(path).making():
        with pytest.raises(IndexLocked, match="is being changed by another process"):
            build(folder, path)
        assert [file.name for file in path.iterdir()] == ["writer.lock"]


# Interrupted


class Stop:
    """Raises an error at the n-th report of progress."""

    def __init__(self, error: type[BaseException], at: int) -> None:
        self.error = error
        self.left = at

    def __call__(self, progress: Progress) -> None:
        """Count down."""
        self.left -= 1
        if self.left == 0:
            raise self.error(f"at {progress}")


CHANGES: dict[str, Callable[[ArticleIndex, Stop], object]] = {
    "build": lambda library, stop: build_index(
        library.path.with_name("articles"),
        path=library.path,
        embedder=HashEmbedder(),
        progress=stop,
    ),
    "rebuild": lambda library, stop: library.rebuild(progress=stop),
    "update": lambda library, stop: library.update(progress=stop),
}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("change", CHANGES)
def test_stopped_at_every_report(
    library: ArticleIndex, folder: Path, change: str, error: type[BaseException]
) -> None:
    """A change stopped at any report of progress leaves the old index and nothing beside it."""
    before = (library.generation, answers(library), library.articles())
    store = Home(library.path).current()
    put(folder, {"moon.txt": "A comet came by.", "tea.txt": "Tea needs hot water."})
    stops = 0
    while True:
        stop = Stop(error, stops + 1)
        try:
            CHANGES[change](library, stop)
        except error:
            stops += 1
        else:
            break
        assert (library.generation, answers(library), library.articles()) == before
        assert list(library.path.glob("store-*.sqlite")) == [store]
        with open_index(library.path, embedder=HashEmbedder()) as other:
            assert (other.generation, answers(other)) == before[:2]
    assert stops == {"build": 7, "rebuild": 3, "update": 7}[change]
    assert library.generation == 2
    assert library.check().sound


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_stopped_after_publishing(
    library: ArticleIndex,
    folder: Path,
    error: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A build stopped just after its store took the old one's place leaves the new index."""

    def fail(_: Path) -> None:
        raise error("the folder cannot be synchronised")

    put(folder, {"moon.txt": "A comet came by."})
    with monkeypatch.context() as patch:
        patch.setattr(index.home, "_sync_folder", fail)
        with pytest.raises(error):
            build(folder, library.path)
    assert library.generation == 2
    assert finds(library, "comet") == [*ids(folder, "moon.txt")]
    assert library.check().sound


STEP = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from stand_ins import HashEmbedder
from index import build_index, open_index
def step(progress):
    print(progress.stage, progress.done, flush=True)
    sys.stdin.readline()
verb, folder, path = sys.argv[1:]
if verb == "build":
    build_index(Path(folder), path=path, embedder=HashEmbedder(), progress=step)
else:
    open_index(path, embedder=HashEmbedder()).update(progress=step)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("verb", ["build", "update"])
@pytest.mark.parametrize("reports", [1, 5, 7])
def test_stopped_by_a_signal(
    library: ArticleIndex, folder: Path, verb: str, reports: int, number: signal.Signals
) -> None:
    """A change that Ctrl-C or SIGKILL ends leaves the old index, and it free to be changed."""
    before = (library.generation, answers(library))
    put(folder, {"moon.txt": "A comet came by.", "tea.txt": "Tea needs hot water."})
    with running(STEP, verb, folder, library.path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for report in range(reports):
            assert process.stdout.readline() != "", report
            if report < reports - 1:
                process.stdin.write("\n")
                process.stdin.flush()
        process.send_signal(number)
        assert process.wait(timeout=20) == -number
    assert (library.generation, answers(library)) == before
    with open_index(library.path, embedder=HashEmbedder()) as other:
        assert answers(other) == before[1]
        assert other.update().generation == 2
    assert library.check().sound
    assert finds(library, "comet") == [*ids(folder, "moon.txt")]


def test_messages_are_fit_to_be_shown(tmp_path: Path) -> None:
    """Every error of a wrong path is one of Footnote's own."""
    for bad in (Path("/dev/null"), tmp_path / ("x" * 300), tmp_path):
        with pytest.raises(FootnoteError):
            open_index(bad, embedder=HashEmbedder())

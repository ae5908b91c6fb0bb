"""What a change to the index is made of: worked by hand, and against a model of the files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from stand_ins import HashEmbedder

from index import Article, Chunking, Notice, build_index, open_index
from index.articles import article_id, normalise
from index.chunker import Cut, chunk
from index.ingest import FileRead, Plan, Reading, plan, read_files
from index.rows import SourceRow
from index.values import text_sha256

A, B, C = (article_id(name) for name in "abc")


def article(source: str, text: str, title: str = "T") -> Article:
    """Return an article as read from a file."""
    return Article(article_id(source), title, text, source, text_sha256(text))


def row(source: str, holder: str | None = None, sha256: str = "old") -> SourceRow:
    """Return the place `source` of the article with the id `holder`, by default its own."""
    return SourceRow(source, holder or article_id(source), source, sha256)


def read(**texts: str) -> Reading:
    """Return what came of reading files that hold one article each."""
    reads = (FileRead(name, "new", (article(name, text),)) for name, text in texts.items())
    return Reading(tuple(reads), (), (), ())


def planned(
    stored: Mapping[str, str], rows: list[SourceRow], reading: Reading, dropped: str = ""
) -> Plan:
    """Return the plan for an index of articles by source → text."""
    articles = {article_id(source): article(source, text) for source, text in stored.items()}
    return plan(articles, rows, reading, dropped, stored=articles.__getitem__)


def put(plan: Plan) -> dict[str, str]:
    """Return id → text of what a plan puts."""
    return {article.id: article.text for article in plan.put}


def test_new_file() -> None:
    """A new file's article is put and added; what is there stays."""
    change = planned({"a": "Ada"}, [row("a")], read(b="Bob"))
    assert put(change) == {B: "Bob"}
    assert (change.delete, change.added, change.updated, change.removed) == ((), (B,), (), ())
    assert change.rows == (row("a"), row("b", sha256="new"))
    assert change.unchanged == ()


def test_changed_file() -> None:
    """A changed file's article is put in the place of the one with its id."""
    change = planned({"a": "Ada"}, [row("a")], read(a="Bob"))
    assert put(change) == {A: "Bob"}
    assert (change.delete, change.added, change.updated, change.removed) == ((A,), (), (A,), ())
    assert change.rows == (row("a", sha256="new"),)


def test_same_text_again() -> None:
    """A file whose bytes changed and whose article did not changes its row alone."""
    change = planned({"a": "Ada"}, [row("a")], read(a="Ada"))
    assert (change.put, change.delete, change.unchanged) == ((), (), (A,))
    assert change.rows == (row("a", sha256="new"),)


def test_first_place_read_again() -> None:
    """A text's first place stays so when its file was rewritten and its copy's was not."""
    change = planned({"a": "Ada"}, [row("a"), row("b", A)], read(a="Ada"))
    assert (change.put, change.delete, change.unchanged) == ((), (), (A,))
    assert set(change.rows) == {row("a", sha256="new"), row("b", A)}
    assert change.duplicates == ()


def test_new_title() -> None:
    """A new title over the same text replaces the article."""
    reading = Reading((FileRead("a", "new", (article("a", "Ada", "New"),)),), (), (), ())
    change = planned({"a": "Ada"}, [row("a")], reading)
    assert [(put.title, put.text) for put in change.put] == [("New", "Ada")]
    assert (change.delete, change.updated) == ((A,), (A,))


def test_title_of_a_copy() -> None:
    """The title at a text's second place is not looked at."""
    reading = Reading((FileRead("b", "new", (article("b", "Ada", "New"),)),), (), (), ())
    change = planned({"a": "Ada"}, [row("a"), row("b", A)], reading)
    assert (change.put, change.delete, change.unchanged) == ((), (), (A,))
    assert change.duplicates == (Notice("b", "the same text as a"),)


def test_copy() -> None:
    """A second place of a text is a row of the first one's article."""
    change = planned({"a": "Ada"}, [row("a")], read(b="Ada"))
    assert (change.put, change.delete, change.added) == ((), (), ())
    assert change.rows == (row("a"), row("b", A, "new"))
    assert change.duplicates == (Notice("b", "the same text as a"),)


def test_new_file_twice() -> None:
    """Of two new files with one text the first is the article's place."""
    change = planned({}, [], read(b="Ada", a="Ada"))
    assert put(change) == {B: "Ada"}
    assert change.rows == (row("b", sha256="new"), row("a", B, "new"))
    assert change.duplicates == (Notice("a", "the same text as b"),)


def test_dropped_file() -> None:
    """A dropped file's article goes."""
    change = planned({"a": "Ada", "b": "Bob"}, [row("a"), row("b")], read(), dropped="a")
    assert (change.put, change.delete, change.removed) == ((), (A,), (A,))
    assert change.rows == (row("b"),)


def test_copy_is_promoted() -> None:
    """When a text's first place goes, its second place holds it, under its own id."""
    change = planned({"a": "Ada"}, [row("a"), row("b", A)], read(), dropped="a")
    assert put(change) == {B: "Ada"}
    assert change.put[0].source == "b"
    assert (change.delete, change.added, change.removed) == ((A,), (B,), (A,))
    assert change.rows == (row("b"),)


def test_first_place_changes() -> None:
    """When the text at its first place changes, the copy is promoted and the place keeps its id."""
    change = planned({"a": "Ada"}, [row("a"), row("b", A)], read(a="Eve"))
    assert put(change) == {A: "Eve", B: "Ada"}
    assert (change.delete, change.added, change.updated, change.removed) == ((A,), (B,), (A,), ())
    assert sorted(row.source for row in change.rows) == ["a", "b"]


def test_swap() -> None:
    """Two files that swapped their texts keep their ids."""
    change = planned({"a": "Ada", "b": "Bob"}, [row("a"), row("b")], read(a="Bob", b="Ada"))
    assert put(change) == {A: "Bob", B: "Ada"}
    assert set(change.delete) == {A, B}
    assert (set(change.updated), change.added, change.removed) == ({A, B}, (), ())
    assert set(change.rows) == {row("a", sha256="new"), row("b", sha256="new")}


def test_circle_with_a_copy() -> None:
    """A text that moves to a place whose own text moves on, too, stays with its copy."""
    stored = {"a": "Ada", "b": "Bob"}
    change = planned(stored, [row("a"), row("c", A), row("b")], read(a="Bob", b="Ada"))
    assert put(change) == {A: "Bob", C: "Ada"}
    assert (set(change.delete), change.removed) == ({A, B}, (B,))
    assert set(change.rows) == {
        row("a", sha256="new"),
        row("c"),
        row("b", C, "new"),
    }


def test_place_goes_to_a_known_text() -> None:
    """A file that now holds another article's text is its copy; its old article goes."""
    change = planned({"a": "Ada", "b": "Bob"}, [row("a"), row("b")], read(b="Ada"))
    assert (change.put, change.delete, change.removed) == ((), (B,), (B,))
    assert change.rows == (row("a"), row("b", A, "new"))


def test_reading_skips_what_is_known(tmp_path: Path) -> None:
    """A file of known content is not read; an unreadable one keeps what it held, with a reason."""
    for name, text in (("a.txt", "Ada"), ("b.txt", " "), ("c.txt", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [(name, tmp_path / name) for name in ("a.txt", "b.txt", "c.txt", "d.txt")]
    first = read_files(files[:1])
    known = [
        SourceRow("a.txt", A, "a.txt", first.reads[0].sha256),
        SourceRow("b.txt", B, "b.txt", "old"),
    ]
    reading = read_files(files, known)
    assert (reading.reads, reading.same) == ((), ("a.txt",))
    assert list(map(str, reading.skipped)) == [
        "b.txt: the file holds no text; the version indexed before is kept",
        "c.txt: the file holds no text",
        "d.txt: there is no such file",
    ]


NAMES = st.sampled_from(["a.txt", "b.txt", "c.txt", "deep/d.txt", "e.md"])
TEXTS = st.sampled_from(["One. Two.", "Three words here. And more of them.", "é 😀\n\nx", "Four."])
CHUNKING = Chunking(4, 1)


class Files(RuleBasedStateMachine):
    """Files come, change and go; after each update the index holds what the files hold."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.root = self.place / "articles"
        self.path = self.place / "index"
        self.embedder = HashEmbedder(dimension=4)
        self.files: dict[str, str] = {}  # name → text, as they are
        self.indexed: dict[str, str] = {}  # the same, as they were when they were last read
        self.uploads: dict[str, str] = {}

    def teardown(self) -> None:
        """Remove the files."""
        self.library.close()
        shutil.rmtree(self.place)

    @initialize(text=TEXTS)
    def build(self, text: str) -> None:
        """Build the index of one file."""
        self.put("a.txt", text)
        build_index(self.root, path=self.path, embedder=self.embedder, chunking=CHUNKING)
        self.library = open_index(self.path, embedder=self.embedder)
        self.indexed = dict(self.files)

    @rule(name=NAMES, text=TEXTS)
    def put(self, name: str, text: str) -> None:
        """Write a file, new or not."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.files[name] = text

    @rule(one=NAMES, other=NAMES)
    def swap(self, one: str, other: str) -> None:
        """Give two files each other's texts."""
        if one in self.files and other in self.files:
            texts = self.files[other], self.files[one]
            self.put(one, texts[0])
            self.put(other, texts[1])

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        """Delete a file, where it is there."""
        if self.files.pop(name, None) is not None:
            (self.root / name).unlink()

    @rule()
    def update(self) -> None:
        """Look at the files again."""
        before = {info.id for info in self.library.articles()}
        report = self.library.update()
        after = {info.id for info in self.library.articles()}
        assert set(report.added) == after - before
        assert set(report.removed) == before - after
        assert set(report.updated) <= after & before
        if any(self.root.iterdir()):  # an empty folder is taken for a drive that is not mounted
            self.indexed = dict(self.files)

    @rule(name=NAMES)
    def add(self, name: str) -> None:
        """Add one file."""
        if name in self.files:
            self.library.add(self.root / name)
            self.indexed[name] = self.files[name]

    @rule(name=NAMES, text=TEXTS)
    def upload(self, name: str, text: str) -> None:
        """Add a file by name."""
        file = self.place / "upload.txt"
        file.write_text(text, encoding="utf-8")
        self.library.add_uploads([(name, file)])
        self.uploads[name] = text

    @precondition(lambda self: self.indexed)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Remove an article, with all its places."""
        infos = self.library.articles()
        info = data.draw(st.sampled_from(sorted(infos, key=lambda info: info.source)))
        text = self.library.article(info.id).text
        assert self.library.remove(info.source).removed == (info.id,)
        self.indexed = {n: t for n, t in self.indexed.items() if t != text}
        self.uploads = {n: t for n, t in self.uploads.items() if t != text}

    @rule(path=st.booleans())
    def rebuild(self, path: bool) -> None:
        """Embed everything again, with the derived indexes or without."""
        if path:
            shutil.rmtree(self.path / "derived")
        self.library.rebuild(chunking=CHUNKING)

    @invariant()
    def index_holds_the_files(self) -> None:
        """Texts, places, hashes and passages are those of the files as they were last read."""
        expected: dict[str, set[str]] = {}
        for name, text in self.indexed.items():
            expected.setdefault(text, set()).add(str(self.root / name))
        for name, text in self.uploads.items():
            expected.setdefault(text, set()).add(f"upload:{name}")
        infos = self.library.articles()
        found = {self.library.article(info.id).text: {info.source, *info.copies} for info in infos}
        assert found == expected
        assert len(infos) == len(found)
        with self.library.snapshot() as snapshot:
            vectors = self.embedder.encode_questions(["one"])
            [hits] = snapshot.search_dense(vectors, 100)
            passages = snapshot.passages(sorted(hit.passage_id for hit in hits))
            assert len(passages) == len(hits)
            places: dict[str, list[Cut]] = {info.id: [] for info in infos}
            for passage in passages:
                text = self.library.article(passage.article_id).text
                assert passage.text == text[passage.start : passage.end] != ""
                places[passage.article_id].append(Cut(passage.start, passage.end))
        for info in infos:
            article = self.library.article(info.id)
            assert info.id == article_id(info.source)
            assert info.sha256 == article.sha256 == text_sha256(article.text)
            assert article.text == normalise(article.text)
            assert places[info.id] == chunk(article.text, self.embedder.count_tokens, CHUNKING)


Files.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestFiles = Files.TestCase

"""The `footnote` command: run in this process on scripted parts, and once whole, on real ones."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import typer
from stand_ins import HashEmbedder

import index
import qa
from index.errors import IndexDamaged, IndexMissing, NothingToIndex
from index.values import (
    Article,
    ArticleInfo,
    BuildReport,
    CheckReport,
    IndexInfo,
    Notice,
    Passage,
    Progress,
    Stage,
    text_sha256,
)
from qa.values import Alternative, Answer, Citation, ClosestPassage, Hit, Outcome
from ui import cli, problems
from ui.cli_options import index_path, starter_articles
from ui.conversation import Turn
from ui.history import History
from ui.terminal import ProgressLine, printable

TEXT = "The bridge opened in 1932. It was\x1b[31m built by Ada."
ARTICLE = Article("a1", "The bridge", TEXT, "notes/bridge.md", text_sha256(TEXT), "2020-01-02")
YEAR = Citation(ARTICLE, 21, 25, "1932", "The bridge opened in 1932.", 0, 1)
BUILDER = Citation(ARTICLE, 48, 51, "Ada", TEXT[27:], 27, 1)
ANSWER = Answer(
    question="When?",
    outcome=Outcome.ANSWERED,
    text="1932",
    confidence=0.914,
    citations=(YEAR,),
    alternatives=(Alternative("Ada", 0.2, (BUILDER,)),),
    closest=(ClosestPassage(ARTICLE, 0, 26, TEXT[:26], 0.1),),
    interpreted_question="When?",
    generation=1,
    timings={"retrieve": 12.3, "read": 45.6},
)
REPORT = BuildReport(2, 1, 3, added=("a1",), skipped=(Notice("notes/x.pdf", "it is encrypted"),))


@dataclass
class FakeIndex:
    """Returns what it was told to, and remembers what was asked of it."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    faults: tuple[str, ...] = ()

    def __enter__(self) -> FakeIndex:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def articles(self) -> list[ArticleInfo]:
        """Return one line."""
        return [ArticleInfo("a1", "The\nbridge", None, "b\udce9.md", ARTICLE.sha256, 52, 1)]

    def info(self) -> IndexInfo:
        """Return an index of one article."""
        return IndexInfo("/i", 2, 1, 3, 2_500_000, "mini", 384, 1, "2026-01-01", ("notes",))

    def check(self) -> CheckReport:
        """Return the faults."""
        return CheckReport(1, 3, self.faults)

    def add(self, sources: Sequence[Path], *, progress: Callable[[Progress], None]) -> BuildReport:
        """Report some progress."""
        self.calls.append(("add", *sources))
        progress(Progress(Stage.EMBED, 3, 3))
        return REPORT

    def update(self, *, progress: Callable[[Progress], None]) -> BuildReport:
        """Report some progress."""
        self.calls.append(("update",))
        progress(Progress(Stage.READ, 1, 1))
        return BuildReport(2, 1, 3, unchanged=("a1",))

    def remove(self, ids: Sequence[str]) -> BuildReport:
        """Report the removal."""
        self.calls.append(("remove", *ids))
        return BuildReport(3, 0, 0, removed=tuple(ids))


@dataclass
class FakeAssistant:
    """Gives one answer."""

    answer: Answer = ANSWER
    index: FakeIndex = field(default_factory=FakeIndex)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)  # that it was opened with

    def open(self, _path: Path, **options: object) -> FakeAssistant:
        """Return itself, for `Assistant.open`."""
        self.options = options
        return self

    def __enter__(self) -> FakeAssistant:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def ask(self, question: str, *, articles: Sequence[str] | None = None) -> Answer:
        """Return the answer."""
        self.asked.append((question, articles))
        return self.answer

    def retrieve(
        self,
        questions: Sequence[str],
        *,
        limit: int = 10,
        articles: Sequence[str] | None = None,
    ) -> list[list[Hit]]:
        """Return one hit for each question."""
        hit = Hit(Passage(1, "a1", 0, 26, TEXT[:26]), 0.16, 1, 0.9, None, None)
        return [[hit][:limit] for _ in questions]


@dataclass(frozen=True)
class Ran:
    """What a run of the command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def runner(*args: str) -> Ran:
        code = cli.main(args)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return runner


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in cli.ENVIRONMENT:  # set by `main`, put back by this
        monkeypatch.setenv(variable, "")
    monkeypatch.setenv("FOOTNOTE_INDEX", str(tmp_path / "index"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> FakeIndex:
    fake = FakeIndex()
    monkeypatch.setattr(index, "open_index", lambda _: fake)
    return fake


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []

    def build(
        sources: Sequence[Path], *, path: Path, progress: Any, replace_old: bool = True
    ) -> BuildReport:
        calls.append(("build" if replace_old else "make", list(sources), path))
        return REPORT

    def rebuild(path: Path, *, progress: Any) -> BuildReport:
        calls.append(("rebuild", path))
        return REPORT

    monkeypatch.setattr(index, "build_index", build)
    monkeypatch.setattr(index, "rebuild_index", rebuild)
    return calls


@pytest.fixture
def assistant(monkeypatch: pytest.MonkeyPatch) -> FakeAssistant:
    fake = FakeAssistant()
    monkeypatch.setattr(qa, "Assistant", fake)
    return fake


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


# Help


def commands(command: Any, name: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield name, command
    for word, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*name, word))


ALL = [name for name, _ in commands(typer.main.get_command(cli.app))]


def test_all_commands_are_walked() -> None:
    """The walk below sees every command."""
    assert {" ".join(name) for name in ALL} == {
        "", "ask", "chat", "doctor", "evaluate", "feedback", "feedback list", "feedback export",
        "index", "index add", "index rebuild", "index update",
        "index remove", "index list", "index info", "index check",
        "index export", "index import",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", [n for n in ALL if n not in (("index",), ("feedback",))], ids=" ".join
)
def test_help(name: tuple[str, ...], run: Run) -> None:
    """Every command has help that shows an example of it."""
    ran = run(*name, "--help")
    assert ran.code == 0
    assert f"Example: {' '.join(('footnote', *name))}" in " ".join(ran.out.split())


def test_every_option_has_help() -> None:
    """Every option and argument says what it is."""
    for name, command in commands(typer.main.get_command(cli.app)):
        for parameter in command.params:
            assert getattr(parameter, "help", None), (name, parameter.name)


def test_help_is_fast() -> None:
    """`--help` loads neither a model library nor an index."""
    code = (
        "import sys; from ui import cli\n"
        "assert cli.main(['--help']) == 0\n"
        "heavy = {'torch', 'numpy', 'gradio', 'transformers', 'faiss', 'index', 'qa'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_version(run: Run) -> None:
    """`--version` names the program."""
    assert run("--version").out.startswith("footnote")


# Where the index lies


def test_index_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """--index wins over the environment, and that over the data folder."""
    monkeypatch.setenv("FOOTNOTE_INDEX", "/env")
    assert index_path(Path("/given")) == Path("/given")
    assert index_path(None) == Path("/env")
    monkeypatch.delenv("FOOTNOTE_INDEX")
    assert index_path(None).parts[-2:] == ("footnote", "index")


def test_starter_articles() -> None:
    """The starter articles are the Markdown files of `seeds`."""
    assert len(starter_articles()) >= 12
    assert {path.suffix for path in starter_articles()} == {".md"}


# footnote index


def test_add(run: Run, opened: FakeIndex) -> None:
    """`add` gives the sources on; the report is on stdout, progress and skips are on stderr."""
    ran = run("index", "add", "notes", "more.md")
    assert ran.code == 0
    assert opened.calls == [("add", Path("notes"), Path("more.md"))]
    assert ran.out == "1 articles, 3 passages (1 added, 1 skipped) in 0.0 s\n"
    assert ran.err == "embedding 3/3\nskipped notes/x.pdf: it is encrypted\n"


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_no_progress(run: Run, opened: FakeIndex, option: str) -> None:
    """With --json or --quiet no progress is shown; skipped files are, all the same."""
    assert run("index", "add", "notes", option).err == "skipped notes/x.pdf: it is encrypted\n"


def test_add_makes_an_index(
    run: Run, built: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`add` builds an index where there is none."""
    monkeypatch.setattr(index, "open_index", raising(IndexMissing("no index")))
    assert run("index", "add", "notes").code == 0
    assert built == [("make", [Path("notes")], tmp_path / "index")]


def test_rebuild(run: Run, built: list[tuple[Any, ...]]) -> None:
    """`rebuild` reads the sources that are given, or else the stored texts."""
    run("index", "rebuild", "notes", "--index", "/i")
    run("index", "rebuild", "--index", "/i")
    assert built == [("build", [Path("notes")], Path("/i")), ("rebuild", Path("/i"))]


def test_update_and_remove(run: Run, opened: FakeIndex) -> None:
    """`update` and `remove` do what they say and report it as JSON where wanted."""
    assert "1 unchanged" in run("index", "update").out
    removed = json.loads(run("index", "remove", "a1", "a2", "--json").out)
    assert removed["removed"] == ["a1", "a2"]
    assert opened.calls == [("update",), ("remove", "a1", "a2")]


def test_list(run: Run, opened: FakeIndex) -> None:
    """`list` is one tab-separated line an article off the terminal, names of any bytes."""
    assert run("index", "list").out == "a1\tThe bridge\t–\t52\t1\tb\\udce9.md\n"
    assert json.loads(run("index", "list", "--json").out)[0]["source"] == "b\udce9.md"


def test_info(run: Run, opened: FakeIndex) -> None:
    """`info` tells size and model."""
    out = run("index", "info").out
    assert "2.5 MB" in out
    assert "mini (384 dimensions)" in out
    assert json.loads(run("index", "info", "--json").out)["bytes"] == 2_500_000


def test_check(run: Run, opened: FakeIndex) -> None:
    """`check` ends with 0 when the index is sound, and with 5 and the faults when not."""
    sound = run("index", "check")
    assert (sound.code, sound.out) == (0, "The index is sound: 1 articles, 3 passages.\n")
    opened.faults = ("a vector is missing",)
    broken = run("index", "check")
    assert (broken.code, broken.out) == (5, "a vector is missing\n")
    assert json.loads(run("index", "check", "--json").out)["sound"] is False


def test_check_of_a_damaged_index(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index too damaged to be opened is a fault that `check` reports."""
    monkeypatch.setattr(index, "open_index", raising(IndexDamaged("the store is cut off")))
    ran = run("index", "check")
    assert (ran.code, ran.out) == (5, "the store is cut off\n")


def test_repair(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check --repair` says what was made again, and ends with 5 when it could not."""
    report = CheckReport(1, 3, (), repaired=("a vector is missing",))
    monkeypatch.setattr(index, "repair_index", lambda _path, **_options: report)
    ran = run("index", "check", "--repair")
    assert ran.code == 0
    assert ran.out == (
        "repaired: a vector is missing\nThe index is sound: 1 articles, 3 passages.\n"
    )
    monkeypatch.setattr(index, "repair_index", raising(IndexDamaged("a text is lost; restore")))
    ran = run("index", "check", "--repair")
    assert (ran.code, ran.out) == (5, "a text is lost; restore\n")


def test_export_and_import(run: Run, seeds_index: Path, tmp_path: Path) -> None:
    """What `export` wrote, `import` puts elsewhere; a file that is no backup is one sentence."""
    file, other = str(tmp_path / "b.footnote"), str(tmp_path / "index")
    exported = run("index", "export", file, "--index", str(seeds_index))
    assert (exported.code, exported.out[: len(file)]) == (0, file)
    imported = run("index", "import", file, "--index", other, "--json")
    assert (imported.code, json.loads(imported.out)["articles"]) == (0, 16)
    refused = run("index", "import", str(seeds_index / "CURRENT"), "--index", other)
    assert refused.code == 1
    assert "is no backup of an index" in refused.err
    assert refused.err.count("\n") == 1


# footnote ask


@pytest.mark.parametrize(
    ("outcome", "code"), [(Outcome.ANSWERED, 0), (Outcome.UNSURE, 3), (Outcome.NOT_FOUND, 4)]
)
def test_ask_exit_codes(run: Run, assistant: FakeAssistant, outcome: Outcome, code: int) -> None:
    """The exit code of `ask` says how it came out."""
    assistant.answer = replace(ANSWER, outcome=outcome)
    assert run("ask", "When?").code == code


def test_ask(run: Run, assistant: FakeAssistant) -> None:
    """An answer is shown with confidence, numbered citation, sentence, path and offsets."""
    ran = run("ask", "When?", "--article", "a1")
    assert ran.out.splitlines() == [
        "1932  (91%)",
        "  [1] The bridge · 2020-01-02",
        "      “The bridge opened in 1932.”",
        "      notes/bridge.md:21–25",
    ]
    assert assistant.asked == [("When?", ["a1"])]


def test_ask_unsure(run: Run, assistant: FakeAssistant) -> None:
    """A candidate is not shown as an answer."""
    assistant.answer = replace(ANSWER, outcome=Outcome.UNSURE, notice="It is in Greek.")
    ran = run("ask", "When?")
    assert ran.out.startswith("Not sure. Perhaps: 1932  (91%)\n")
    assert ran.err == "It is in Greek.\n"


def test_ask_not_found(run: Run, assistant: FakeAssistant) -> None:
    """What is not in the articles is said, with what came nearest."""
    assistant.answer = replace(ANSWER, outcome=Outcome.NOT_FOUND, text="", citations=())
    lines = run("ask", "When?").out.splitlines()
    assert lines[:2] == ["Not in your articles.", "  closest: The bridge"]
    assert lines[-1].strip() == "notes/bridge.md:0–26"


def test_ask_explain(run: Run, assistant: FakeAssistant) -> None:
    """--explain adds alternatives, times and hits."""
    out = run("ask", "When?", "--explain").out
    assert "or: Ada  (20%)" in out
    assert "times: retrieve 12 ms, read 46 ms" in out
    assert "1  0.1600  The bridge 0–26  The bridge opened in 1932." in out


def test_ask_json(run: Run, assistant: FakeAssistant) -> None:
    """--json prints the one schema of an answer."""
    assert Answer.from_dict(json.loads(run("ask", "When?", "--json").out)) == ANSWER


def test_ask_on_a_terminal(
    run: Run, assistant: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal the span is highlighted, and an article cannot steer the terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assistant.answer = replace(ANSWER, text="Ada", citations=(BUILDER,))
    out = run("ask", "Who?").out
    assert "\x1b[1;30;43mAda\x1b[0m" in out
    assert "\x1b[31m" not in out


# footnote chat


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, dict[str, Any]]]:
    calls: list[tuple[Path, dict[str, Any]]] = []

    def serve(path: Path, **options: Any) -> None:
        options.pop("on_ready")("http://here/")
        calls.append((path, options))

    monkeypatch.setattr("ui.app.serve", serve)
    return calls


def test_chat(run: Run, opened: FakeIndex, served: list[Any], tmp_path: Path) -> None:
    """`chat` serves the index and prints the page's address."""
    ran = run("chat", "--port", "8000", "--no-browser", "--conversations", "/c")
    assert ran.out == "Footnote answers at http://here/ (Ctrl-C stops it)\n"
    options = {"host": "127.0.0.1", "port": 8000, "open_browser": False}
    quiet = {"login": None, "mcp": False, "precision": None, "conversations": Path("/c")}
    assert served == [(tmp_path / "index", {**options, **quiet})]


def test_chat_with_a_login(
    run: Run, opened: FakeIndex, served: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password comes from the environment or is typed; beyond loopback there must be one.

    One in the environment is never left unused without a word.
    """
    ran = run("chat", "--host", "192.0.2.1")
    assert ran.code == 1
    assert "needs a login there: give a user name" in ran.err
    monkeypatch.setenv("FOOTNOTE_PASSWORD", "secret")
    ran = run("chat")
    assert (ran.code, ran.err.count("\n"), "--user" in ran.err) == (1, 1, True)
    assert run("chat", "--host", "192.0.2.1", "--user", "me").code == 0
    monkeypatch.setenv("FOOTNOTE_PASSWORD", " ")
    assert run("chat", "--user", "me").code == 2
    monkeypatch.delenv("FOOTNOTE_PASSWORD")
    monkeypatch.setattr(typer, "prompt", lambda *_, **options: f"typed {options['hide_input']}")
    assert run("chat", "--user", "me").code == 0
    logins = [options["login"] for _, options in served]
    assert [
        login.check("me", password, client="")
        for login, password in zip(logins, ("secret", "typed True"), strict=True)
    ] == [True, True]


def test_chat_with_mcp_needs_its_package(
    run: Run, opened: FakeIndex, served: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the package, or with one too new, it is said at the start."""
    for found, said in (
        ("2.1.0", "below 2, and 2.1.0 is here"),
        (None, "`mcp`, which is not here"),
    ):

        def version(_: str, found: str | None = found) -> str:
            if found is None:
                raise PackageNotFoundError
            return found

        monkeypatch.setattr("ui.programs.version", version)
        ran = run("chat", "--mcp")
        assert ran.code == 1
        assert said in ran.err
    monkeypatch.setattr("ui.programs.version", lambda _: "1.30.0")
    assert run("chat", "--mcp").code == 0
    assert [options["mcp"] for _, options in served] == [True]


def test_feedback(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said of answers is listed, and exported as golden questions."""
    file, index_file = tmp_path / "c.sqlite", tmp_path / "index"

    class Articles(FakeIndex):
        def article(self, _: str) -> Article:
            return ARTICLE

    monkeypatch.setattr(index, "open_index", lambda *_: Articles())
    there = ("--conversations", str(file), "--index", str(index_file))
    ran = run("feedback", "export", str(tmp_path / "g.jsonl"), *there)
    assert (ran.code, "none of 0 judged answers" in ran.err) == (1, True)
    turn = Turn("When?", answer=ANSWER, fault="right")
    History(file, place=str(index_file)).save("id", 0, turn.to_dict(), "When?")
    assert run("feedback", "list", *there).out == "right          When? → 1932\n"
    assert json.loads(run("feedback", "list", "--json", *there).out)[0]["fault"] == "right"
    ran = run("feedback", "export", str(tmp_path / "g.jsonl"), *there)
    assert ran.out.startswith("1 of 1 judged answers written to ")
    assert json.loads((tmp_path / "g.jsonl").read_text("utf-8"))["answers"] == ["1932"]
    assert run("feedback", "export", str(tmp_path / "g.txt"), *there).code == 2
    nowhere = tmp_path / "missing" / "g.jsonl"
    ran = run("feedback", "export", str(nowhere), *there)
    said = f"footnote: {nowhere} cannot be written (No such file or directory).\n"
    assert (ran.code, ran.err) == (1, said)


def test_first_chat(
    run: Run, served: list[Any], built: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first start indexes the starter articles, and says so."""
    monkeypatch.setattr(index, "open_index", raising(IndexMissing("no index")))
    ran = run("chat")
    assert "indexing the starter articles" in ran.err
    assert built == [("make", starter_articles(), tmp_path / "index")]
    assert len(served) == 1


def test_chat_on_a_named_index(run: Run, built: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that was named and is not there is an error, not a new index."""
    missing = raising(IndexMissing("no index there"))
    monkeypatch.setattr(index, "open_index", missing)
    monkeypatch.setattr("ui.app.serve", missing)
    ran = run("chat", "--index", "/typo")
    assert (ran.code, ran.err) == (1, "footnote: no index there\n")
    assert not built


def test_end_of_chat(run: Run, opened: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is the way to end the page: no failure."""
    monkeypatch.setattr("ui.app.serve", raising(KeyboardInterrupt()))
    ran = run("chat")
    assert (ran.code, ran.err) == (0, "Stopped.\n")


def test_failures_while_serving(
    run: Run, opened: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails in an event is written with its place, without words; libraries are silent."""

    def serve(*_: object, **__: object) -> None:
        for name in ("torch", "uix"):
            logging.getLogger(name).error("a library's line")
        logging.getLogger("ui.jobs").warning("no error")
        try:
            raise RuntimeError("what was asked")
        except RuntimeError as error:
            problems.said(error)

    monkeypatch.setattr("ui.app.serve", serve)
    ran = run("chat")
    assert "ui.problems: an event of the page failed\nTraceback" in ran.err
    assert ran.err.endswith("RuntimeError\n")
    for words in ("asked\n", "library's line", "no error"):
        assert words not in ran.err
    assert "RuntimeError: what was asked\n" in run("chat", "--debug").err


# footnote evaluate


GOLDEN = {"id": "1", "question": "When?", "answers": ["1932"], "articles": ["b\udce9"]}


def test_evaluate(run: Run, assistant: FakeAssistant, tmp_path: Path) -> None:
    """`evaluate` prints the table, or the figures as JSON."""
    file = tmp_path / "golden.jsonl"
    file.write_text(json.dumps({**GOLDEN, "answerable": True}), "utf-8")
    ran = run("evaluate", str(file), "--index", "/i")
    assert ran.out.startswith("golden.jsonl: 1 questions (1 answerable)")
    assert ran.err == "asking 1/1\n"
    ran = run("evaluate", str(file), "--index", "/i", "--json")
    assert json.loads(ran.out)["wanted"]["exact"] == 1.0
    assert ran.err == ""


def test_evaluate_builds(
    run: Run, assistant: FakeAssistant, built: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    """Without an index one is built: of the starter articles, and of what --also-index names."""
    file = tmp_path / "golden.jsonl"
    file.write_text(json.dumps({**GOLDEN, "answerable": True}), "utf-8")
    squad = tmp_path / "squad.json"
    qas = [{"id": "q", "question": "When?", "answers": [{"text": "1932", "answer_start": 21}]}]
    paragraph = {"context": ARTICLE.text, "qas": qas}
    squad.write_text(json.dumps({"data": [{"title": "B", "paragraphs": [paragraph]}]}), "utf-8")
    assert run("evaluate", str(file), "--also-index", str(squad), "--quiet").code == 0
    ((_, sources, _),) = built
    assert sources[:-1] == starter_articles()
    assert sources[-1].name == "contexts.jsonl"


def test_evaluate_other_files(run: Run, tmp_path: Path) -> None:
    """A file of another layout is one sentence."""
    file = tmp_path / "x.json"
    file.write_text("[]", "utf-8")
    ran = run("evaluate", str(file))
    assert ran.code == 1
    assert ran.err.startswith(f"footnote: {file} is not a file of questions as expected")


# Failures


def test_footnote_errors(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FootnoteError is one sentence on stderr and exit code 1."""
    monkeypatch.setattr(index, "build_index", raising(NothingToIndex("nothing\nthere")))
    ran = run("index", "rebuild", "notes")
    assert (ran.code, ran.out, ran.err) == (1, "", "footnote: nothing there\n")


def test_usage(run: Run) -> None:
    """Wrong usage is exit code 2."""
    assert run("ask").code == 2
    assert run("ask", "Who?", "--unknown").code == 2
    assert run("sing").code == 2


def test_ctrl_c(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C says that the index is as it was, with exit code 130."""
    monkeypatch.setattr(index, "build_index", raising(KeyboardInterrupt()))
    ran = run("index", "rebuild", "notes")
    assert (ran.code, ran.err) == (130, "Stopped; the index is as it was.\n")


def test_ctrl_c_when_the_change_was_made(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C after the new index took its place says so."""
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    build = index.build_index

    def late(sources: Any, *, path: Path, progress: Any) -> BuildReport:
        build(sources, path=path, embedder=HashEmbedder())
        raise KeyboardInterrupt

    monkeypatch.setattr(index, "build_index", late)
    ran = run("index", "rebuild", str(tmp_path / "a.txt"))
    assert (ran.code, ran.err) == (130, "Stopped; the change was made already.\n")
    monkeypatch.setattr(index, "open_index", raising(KeyboardInterrupt()))
    assert run("index", "list").err == "Stopped.\n"


def output(descriptor: int, buffered: bool) -> io.TextIOWrapper:
    """Return a stdout, also one as `python -u` makes it."""
    raw = os.fdopen(descriptor, "wb", buffering=-1 if buffered else 0)
    return io.TextIOWrapper(raw, write_through=not buffered)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("buffered", [True, False])
def test_output_that_cannot_be_written(
    run: Run, opened: FakeIndex, monkeypatch: pytest.MonkeyPatch, buffered: bool
) -> None:
    """A full disk below stdout is one sentence, whether it is met at once or at the end."""
    said = "the output cannot be written: No space left on device; what was done before stands"
    for command in ("list", "info"):
        with output(os.open("/dev/full", os.O_WRONLY), buffered) as full:
            monkeypatch.setattr(sys, "stdout", full)
            ran = run("index", command)
        assert (ran.code, ran.err) == (1, f"footnote: {said}\n")


@pytest.mark.parametrize("buffered", [True, False])
def test_output_that_nobody_reads(
    run: Run, opened: FakeIndex, monkeypatch: pytest.MonkeyPatch, buffered: bool
) -> None:
    """A reader that has gone, as `head` does, is no fault and makes no noise."""
    reader, writer = os.pipe()
    os.close(reader)
    with output(writer, buffered) as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        ran = run("index", "list")
    assert (ran.code, ran.err) == (1, "")


def test_names_cannot_steer_the_terminal(
    run: Run, opened: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a folder or a title holds, it stays on its line and loses its controls."""
    evil = "n\x1b]0;owned\x07\n\x9b1mm"
    shown = "n�]0;owned� �1mm"
    monkeypatch.setattr(
        opened, "info", lambda: replace(FakeIndex().info(), path=evil, sources=(evil,))
    )
    said = run("index", "info")
    assert f"path        {shown}\n" in said.out
    assert f"sources     {shown}\n" in said.out
    opened.faults = (f"the text of “{evil}” is not the one indexed",)
    assert f"“{shown}”" in run("index", "check").out
    report = replace(REPORT, skipped=(Notice(evil, "it is encrypted"),))
    monkeypatch.setattr(opened, "update", lambda **_: report)
    assert f"skipped {shown}: it is encrypted\n" in run("index", "update", "-q").err
    parsed = run("index", "info", "--json").out
    assert json.loads(parsed)["path"] == evil
    assert "\x9b" not in parsed


def test_faults(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the program is one sentence and exit code 70; --debug adds the traceback."""
    monkeypatch.setattr(index, "build_index", raising(ZeroDivisionError("oh\nno")))
    ran = run("index", "rebuild", "notes")
    assert ran.code == 70
    assert ran.err == (
        "footnote: something failed inside: ZeroDivisionError: oh no."
        " Run again with --debug for the details\n"
    )
    ran = run("index", "rebuild", "notes", "--debug")
    assert "Traceback" in ran.err
    assert ran.err.endswith("ZeroDivisionError: oh no\n")


def test_debug_as_an_argument(run: Run, assistant: FakeAssistant) -> None:
    """What follows -- is no option."""
    run("ask", "--", "--debug")
    assert assistant.asked == [("--debug", None)]


def test_offline(run: Run) -> None:
    """Libraries are told to stay off the network before they are imported."""
    run("--version")
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


def test_printable() -> None:
    """Control characters are replaced; line breaks and tabs stay."""
    assert printable("a\x1b[2J\x07\x9b\tb\n") == "a�[2J��\tb\n"


def test_progress_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal a bar is drawn on stderr, for each stage one."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with ProgressLine(shown=True) as line:
        line.on_index(Progress(Stage.READ, 1, 2, "[bold]x.md"))
        line.on_index(Progress(Stage.EMBED, 2, 4))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "reading" in captured.err
    assert "embedding" in captured.err


# The whole, on the real parts


def test_whole_way(tmp_path: Path) -> None:
    """Files in, cited answer out, by the real program and model."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "bridge.md").write_text(
        "---\ntitle: The Sydney Harbour Bridge\n---\n\nThe Sydney Harbour Bridge was opened on"
        " 19 March 1932 by the premier Jack Lang. It was designed by John Bradfield.\n",
        "utf-8",
    )
    (notes / "empty.txt").write_text("", "utf-8")

    def footnote(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ui.cli", *args],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "FOOTNOTE_INDEX": str(tmp_path / "index")},
            capture_output=True,
            text=True,
            check=False,
        )

    built = footnote("index", "rebuild", str(notes))
    assert built.returncode == 0, built.stderr
    assert "1 articles" in built.stdout
    assert f"skipped {notes / 'empty.txt'}" in built.stderr

    asked = footnote("ask", "Who designed the Sydney Harbour Bridge?", "--json")
    assert asked.returncode == 0, asked.stderr
    assert asked.stderr == ""
    answer = Answer.from_dict(json.loads(asked.stdout))
    assert answer.text == "John Bradfield"

    assert footnote("index", "check").returncode == 0

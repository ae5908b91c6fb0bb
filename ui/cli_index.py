"""`footnote index …`: build the index, change it, and look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli_options import IndexOption, JsonOption, QuietOption, index_path, stoppable
from ui.terminal import ProgressLine, one_line, say, say_json, say_rows, warn

if TYPE_CHECKING:
    from index.values import BuildReport, IndexInfo, ProgressCallback

NOT_SOUND = 5  # exit code of `check`

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Build the index of your articles, change it, look at it.",
)

Sources = Annotated[
    list[Path],
    typer.Argument(metavar="SOURCES", help="Files (.txt .md .html .pdf .docx .jsonl) and folders."),
]


def _change_index(
    change: Callable[[Path, ProgressCallback], BuildReport],
    index: Path | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run a change to an index with its progress shown, then say what it did."""
    path = index_path(index)
    with stoppable(path), ProgressLine(shown=not (as_json or quiet)) as line:
        report = change(path, line.on_index)
    for notice in report.skipped:
        warn(one_line(f"skipped {notice}"))
    if not quiet:
        for notice in (*report.duplicates, *report.warnings):
            warn(one_line(str(notice)))
    if as_json:
        say_json(asdict(report))
    else:
        say(str(report))


@app.command()
def add(
    sources: Sources,
    index: IndexOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Add articles to the index; makes it when there is none.

    Files that the index has already are read again only when their content changed.

    Example: footnote index add notes/ report.pdf
    """
    from index import build_index, open_index
    from index.errors import IndexMissing

    def change(path: Path, progress: ProgressCallback) -> BuildReport:
        try:
            with open_index(path) as opened:
                return opened.add(sources, progress=progress)
        except IndexMissing:
            return build_index(sources, path=path, progress=progress, replace_old=False)

    _change_index(change, index, as_json=as_json, quiet=quiet)


@app.command()
def rebuild(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SOURCES", help="Files and folders; none: the stored texts."),
    ] = None,
    index: IndexOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build the index anew; the old one answers until it is done.

    With SOURCES the new index holds these and nothing else. Without, it is made from the texts
    that the old one stores, for instance after a change of the model.

    Example: footnote index rebuild notes/
    """
    from index import build_index, rebuild_index

    def change(path: Path, progress: ProgressCallback) -> BuildReport:
        if sources:
            return build_index(sources, path=path, progress=progress)
        return rebuild_index(path, progress=progress)

    _change_index(change, index, as_json=as_json, quiet=quiet)


@app.command()
def update(
    index: IndexOption = None, as_json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Read again the indexed files that changed.

    Folders are searched for new files, and articles whose files are gone are removed.

    Example: footnote index update
    """
    from index import open_index

    def change(path: Path, progress: ProgressCallback) -> BuildReport:
        with open_index(path) as opened:
            return opened.update(progress=progress)

    _change_index(change, index, as_json=as_json, quiet=quiet)


@app.command()
def remove(
    ids: Annotated[
        list[str],
        typer.Argument(metavar="ID", help="Ids, as `footnote index list` shows, or paths."),
    ],
    index: IndexOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Remove articles from the index; their files stay.

    Example: footnote index remove 3f2a9c01d4e8
    """
    from index import open_index

    def change(path: Path, _progress: ProgressCallback) -> BuildReport:
        with open_index(path) as opened:
            return opened.remove(ids)

    _change_index(change, index, as_json=as_json, quiet=quiet)


@app.command("list")
def list_articles(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """List the articles of the index.

    Example: footnote index list
    """
    from index import open_index

    with open_index(index_path(index)) as opened:
        articles = opened.articles()
    if as_json:
        say_json([asdict(article) for article in articles])
        return
    say_rows(
        ("id", "title", "date", "characters", "passages", "source"),
        [
            (a.id, a.title, a.date or "–", str(a.characters), str(a.passages), a.source)
            for a in articles
        ],
    )


@app.command()
def info(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Tell where the index lies, its size and its model.

    Example: footnote index info
    """
    from index import open_index

    with open_index(index_path(index)) as opened:
        found = opened.info()
    if as_json:
        say_json(asdict(found))
    else:
        _say_info(found)


def _say_info(info: IndexInfo) -> None:
    rows = {
        "path": one_line(info.path),
        "articles": f"{info.articles:,}",
        "passages": f"{info.passages:,}",
        "size": f"{info.bytes / 1e6:,.1f} MB",
        "generation": str(info.generation),
        "created": info.created,
        "model": one_line(f"{info.model} ({info.dimension} dimensions)"),
        "format": str(info.format_version),
        "sources": f"\n{'':<11} ".join(map(one_line, info.sources)),
    }
    for label, value in rows.items():
        say(f"{label:<11} {value}")


@app.command()
def check(
    index: IndexOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make again what the stored texts allow.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check the index; exit code 5 when something is wrong.

    Every text, passage and vector is compared with what was written. With --repair, vectors,
    passages and search indexes that are not are made again. A text that is damaged or lost comes
    back from a backup or its file only; then nothing is changed, and the message says so.

    Example: footnote index check --repair
    """
    from index import open_index, repair_index
    from index.errors import IndexDamaged
    from index.values import CheckReport

    path = index_path(index)
    try:
        if repair:
            with stoppable(path), ProgressLine(shown=not (as_json or quiet)) as line:
                report = repair_index(path, progress=line.on_index)
        else:
            with open_index(path) as opened:
                report = opened.check()
    except IndexDamaged as error:
        report = CheckReport(articles=0, passages=0, faults=(str(error),))
    for done in () if as_json else report.repaired:
        say(one_line(f"repaired: {done}"))
    if as_json:
        say_json({"sound": report.sound, **asdict(report)})
    elif report.sound:
        say(f"The index is sound: {report.articles:,} articles, {report.passages:,} passages.")
    else:
        for fault in report.faults:
            say(one_line(fault))
    if not report.sound:
        raise typer.Exit(NOT_SOUND)


@app.command("export")
def export_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole index to one file, to keep or to take elsewhere.

    The articles' texts lie in it as they are: whoever has the file can read them.

    Example: footnote index export backup.footnote
    """
    from index import export_index

    report = export_index(index_path(index), file)
    if as_json:
        say_json(asdict(report))
    else:
        say(one_line(str(report)))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `export` wrote.")],
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the index of a backup in the place of the one there, in one step.

    The file is compared with what was exported before anything is replaced.

    Example: footnote index import backup.footnote
    """
    from index import import_index

    path = index_path(index)
    with stoppable(path):
        report = import_index(file, path=path)
    if as_json:
        say_json(asdict(report))
    else:
        say(one_line(str(report)))

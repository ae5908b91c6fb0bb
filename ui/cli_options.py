"""What the commands share: their common options, and where the index lies by default."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

INDEX_VARIABLE = "FOOTNOTE_INDEX"

IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="PATH",
        help=f"The index to use. Default: ${INDEX_VARIABLE}, else the one in your data folder.",
    ),
]
ConversationsOption = Annotated[
    Path | None,
    typer.Option(
        "--conversations",
        metavar="FILE",
        help="The file that keeps the conversations. Default: one in your data folder.",
    ),
]
PrecisionOption = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Answer so that this share of the answers is right, as 0.9; refuse the rest.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


class Stopped(Exception):
    """Ctrl-C ended a change to an index; the text says what became of it."""


@contextmanager
def stoppable(path: Path) -> Iterator[None]:
    """Raise `Stopped` for Ctrl-C, which says whether the index was changed before it."""
    before = _latest_change(path)
    try:
        yield
    except KeyboardInterrupt:
        made = _latest_change(path) != before
        raise Stopped(
            "Stopped; the change was made already." if made else "Stopped; the index is as it was."
        ) from None


def _latest_change(path: Path) -> str | None:
    """Return the id of the last change to an index that can be read."""
    from index.errors import FootnoteError
    from index.home import Home

    try:
        with closing(Home(path).open_store()) as store:
            return store.meta().change
    except FootnoteError:
        return None


def index_path(given: Path | None) -> Path:
    """Return the index to use: the one given, $FOOTNOTE_INDEX, or the one in the data folder."""
    if given is not None:
        return given
    if variable := os.environ.get(INDEX_VARIABLE):
        return Path(variable)
    import platformdirs

    return platformdirs.user_data_path("footnote", appauthor=False) / "index"


def conversations_path(given: Path | None) -> Path:
    """Return the file of the conversations: the one given, or the one in the data folder."""
    if given is not None:
        return given
    import platformdirs

    return platformdirs.user_data_path("footnote", appauthor=False) / "conversations.sqlite"


def has_index(path: Path) -> bool:
    """Say whether there is an index at the path; one that cannot be used raises."""
    from index import open_index
    from index.errors import IndexMissing

    try:
        with open_index(path):
            return True
    except IndexMissing:
        return False


def starter_articles() -> list[Path]:
    """Return the files of the articles that come with Footnote."""
    from importlib.resources import files

    return sorted(Path(str(files("seeds"))).glob("*.md"))

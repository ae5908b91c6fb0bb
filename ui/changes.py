"""What happens in the tab of articles, as plain functions from values to HTML strings.

Nothing raises: what goes wrong becomes a message where the user looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.values import ArticleInfo, BuildReport, ProgressCallback
from ui.jobs import Change, Jobs
from ui.limits import LARGEST_UPLOAD, MOST_FILES
from ui.panel import LISTED, article_list, job_status, problem_panel, source_panel
from ui.places import Kind, Place, look
from ui.ports import Answerer
from ui.problems import counted, said
from ui.render import problem_message


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: the name it had for the user, and where it lies for now."""

    name: str
    path: Path


def sent_files(files: Any) -> list[Upload]:
    """Return what was dropped on the page, under the names the files had for the user.

    `files` is the drop area's value as it was sent, after it was checked that each file lies in
    the server's folder of uploads.
    """
    return [Upload(Path(f["orig_name"] or f["path"]).name, Path(f["path"])) for f in files or []]


class ArticleEvents:
    """The events of the tab, over one assistant; safe for use from several threads."""

    def __init__(self, assistant: Answerer, *, on_change: Callable[[], None]) -> None:
        self._assistant = assistant
        self._on_change = on_change
        self.jobs = Jobs()

    def listing(self, find: str = "") -> str:
        """Return the table of the articles whose title or path holds `find`."""
        try:
            infos = self._assistant.index.articles()
            matching = _matching(infos, find)
            return article_list(matching, len(infos), busy=self.jobs.running)
        except Exception as error:
            return problem_message(said(error))

    def choices(self, find: str = "", chosen: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return (title, id) of the articles a question may be limited to; the chosen first."""
        try:
            infos = self._assistant.index.articles()
        except Exception as error:
            said(error)
            return []
        first = [info for info in infos if info.id in chosen]
        rest = [info for info in _matching(infos, find) if info.id not in chosen]
        return [(info.title, info.id) for info in (*first, *rest[:LISTED])]

    def generation(self) -> str:
        """Return what is another text after each change of the articles; empty if unreadable."""
        try:
            return str(self._assistant.index.generation)
        except Exception as error:
            said(error)
            return ""

    def open_article(self, article_id: str) -> str:
        """Return the panel for a whole article, with nothing marked."""
        try:
            article = self._assistant.index.article(article_id)
            place = Place(Kind.LINK, article, 0, 0, "", "", 0)
            return source_panel(look(place, self._assistant.index))
        except Exception as error:
            return problem_panel(said(error))

    def upload(self, uploads: Sequence[Upload]) -> str:
        """Take files in, in the background; returns what was wrong, or an empty string."""
        try:
            total = sum(upload.path.stat().st_size for upload in uploads)
        except OSError as error:
            return problem_message(said(error))
        if len(uploads) > MOST_FILES or total > LARGEST_UPLOAD:
            return problem_message(
                f"These are {len(uploads):,} files with {total / 1e6:,.0f} MB; at most"
                f" {MOST_FILES} files and {LARGEST_UPLOAD / 1e6:,.0f} MB can be sent at once. For"
                " more, use `footnote index` on their folder."
            )
        files = [(upload.name, upload.path) for upload in uploads]
        name = f"Adding {counted(len(files), 'file')}"
        return self._start(
            name, lambda progress: self._assistant.index.add_uploads(files, progress=progress)
        )

    def update(self) -> str:
        """Take in what has changed in the sources, in the background."""
        return self._start(
            "Looking for changed files",
            lambda progress: self._assistant.index.update(progress=progress),
        )

    def rebuild(self) -> str:
        """Make the index anew, in the background."""
        return self._start(
            "Rebuilding the index",
            lambda progress: self._assistant.index.rebuild(progress=progress),
        )

    def remove(self, article_id: str) -> str:
        """Remove an article, in the background."""
        return self._start(
            "Removing an article", lambda _: self._assistant.index.remove([article_id])
        )

    def cancel(self) -> str:
        """Ask the change that goes on to stop."""
        self.jobs.cancel()
        return ""

    def status(self) -> str:
        """Return how far the latest change is."""
        return job_status(self.jobs.latest)

    def _start(self, name: str, change: Change) -> str:
        def changed(progress: ProgressCallback) -> BuildReport:
            report = change(progress)
            self._on_change()
            return report

        try:
            self.jobs.start(name, changed)
        except Exception as error:
            return problem_message(said(error))
        return ""


def _matching(infos: Sequence[ArticleInfo], find: str) -> list[ArticleInfo]:
    words = find.casefold().split()
    return [i for i in infos if all(w in f"{i.title} {i.source}".casefold() for w in words)]

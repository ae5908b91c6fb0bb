"""What happens on the page, as plain functions from values to HTML strings; no Gradio in here.

Nothing raises: what goes wrong becomes a message where the user looks. A `FootnoteError` is
shown as it is; anything else is logged and shown as "Something failed", and the page goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.errors import FootnoteError
from index.values import ArticleInfo
from ui.conversation import Conversations, Turn
from ui.jobs import SOMETHING_FAILED, Change, Jobs
from ui.panel import (
    LISTED,
    article_list,
    empty_panel,
    job_status,
    problem_panel,
    source_panel,
)
from ui.places import Kind, Place, from_query, look
from ui.ports import Answerer
from ui.render import (
    answer_card,
    example_chips,
    problem_message,
    question_message,
    working_message,
)
from ui.suggestions import questions_from

logger = logging.getLogger(__name__)

MOST_FILES = 500  # of one upload
MOST_BYTES = 500_000_000  # of one upload, all files together
LONGEST_WAIT = 120.0  # seconds, for an answer that another event works on


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: the name it had for the user, and where it lies for now."""

    name: str
    path: Path


def sent_files(payload: Any) -> list[Upload]:
    """Return what was dropped on the page, under the names the files had for the user.

    `payload` is the drop area's raw list, after it was checked that each file lies in the
    server's folder of uploads.
    """
    files = getattr(payload, "root", payload) or []
    return [Upload(Path(file.orig_name or file.path).name, Path(file.path)) for file in files]


Message = dict[str, str]


class Handlers:
    """The page's events, over one assistant; safe for use from several threads."""

    def __init__(self, assistant: Answerer, *, examples: Sequence[str] = ()) -> None:
        self._assistant = assistant
        self._examples = tuple(examples)
        self.conversations = Conversations()
        self.jobs = Jobs()

    # Questions

    def begin(self, conversation_id: str, question: str, scope: Sequence[str] = ()) -> str:
        """Put a question into its conversation, unless it is blank; returns the conversation's id.

        The id is another one when the page's conversation is over, after a restart for one.
        """
        conversation = self.conversations.get(conversation_id)
        if question.strip():
            try:
                turn = self._turn(question, tuple(scope))
            except Exception as error:
                turn = Turn(question, problem=_said(error))
            conversation.ask(turn)
        return conversation.id

    def begin_again(self, conversation_id: str, button: str, scope: Sequence[str] = ()) -> str:
        """Ask what a card's button asks; returns the conversation's id."""
        conversation = self.conversations.get(conversation_id)
        again = conversation.again(button)
        if again:
            conversation.ask(replace(self._turn(again.question, tuple(scope)), alone=again.alone))
        return conversation.id

    def _turn(self, question: str, scope: tuple[str, ...]) -> Turn:
        """Return the turn of a question, with what can be shown before it is answered."""
        index = self._assistant.index
        titles: tuple[str, ...] = ()
        if scope:
            infos = [info for info in index.articles() if info.id in scope]
            passages, articles = sum(info.passages for info in infos), len(infos)
            titles = tuple(info.title for info in infos)
        else:
            whole = index.info()
            passages, articles = whole.passages, whole.articles
        sign = f"Searching {_counted(passages, 'passage')} in {_counted(articles, 'article')}…"
        return Turn(question, scope, titles, sign)

    def answer(self, conversation_id: str) -> Iterator[list[Message]]:
        """Answer the questions of a conversation that wait; yields its messages after each.

        At the end those are waited for that another event of the same conversation answers.
        """
        conversation = self.conversations.get(conversation_id)
        while (number := conversation.claim()) is not None:
            turns = conversation.turns
            turn = turns[number]
            if not turn.waiting:
                continue
            history = [(t.question, t.answer) for t in turns[:number] if t.answer is not None]
            try:
                answer = self._assistant.ask(
                    turn.question,
                    history=() if turn.alone else history,
                    articles=turn.scope or None,
                )
            except Exception as error:
                conversation.settle(number, problem=_said(error))
            else:
                conversation.settle(number, answer=answer)
            yield self.messages(conversation_id)
        conversation.wait(LONGEST_WAIT)
        yield self.messages(conversation_id)

    def give_up(self, conversation_id: str) -> None:
        """Mark what still waits as failed: the page's last resort when an event went wrong."""
        conversation = self.conversations.get(conversation_id)
        for number, turn in enumerate(conversation.turns):
            if turn.waiting:
                conversation.settle(number, problem=SOMETHING_FAILED)

    def messages(self, conversation_id: str) -> list[Message]:
        """Return a conversation as messages of the chat."""
        conversation = self.conversations.get(conversation_id)
        said: list[Message] = []
        for number, turn in enumerate(conversation.turns):
            said.append({"role": "user", "content": question_message(turn.question)})
            said.append({"role": "assistant", "content": self._reply(turn, number)})
        return said

    def _reply(self, turn: Turn, number: int) -> str:
        if turn.problem:
            return problem_message(turn.problem)
        if turn.answer is None:
            return working_message(turn.sign)
        try:
            return answer_card(turn.answer, number, scope=turn.titles)
        except Exception as error:
            return problem_message(_said(error))

    def examples(self) -> str:
        """Return the questions to begin with, as buttons."""
        try:
            infos = self._assistant.index.articles()
        except Exception as error:
            return problem_message(_said(error))
        if not infos:
            return empty_panel("There are no articles yet. Add some under “Articles” to begin.")
        return example_chips(self._examples or questions_from(infos))

    # The source panel

    def show(self, conversation_id: str, place_id: str) -> str:
        """Return the panel for a citation's button, `c{turn}-{place}`; a client may send any."""
        try:
            turn, n = (int(part) for part in place_id.removeprefix("c").split("-"))
            turns = self.conversations.get(conversation_id).turns
            if not (0 <= turn < len(turns) and 0 <= n < len(turns[turn].places)):
                raise ValueError(place_id)
        except ValueError:
            return problem_panel("This citation belongs to a conversation that is over.")
        places = turns[turn].places
        try:
            view = look(places[n], self._assistant.index)
            return source_panel(view, turn=turn, n=n, count=len(places))
        except Exception as error:
            return problem_panel(_said(error))

    def open_article(self, article_id: str) -> str:
        """Return the panel for a whole article, with nothing marked."""
        try:
            article = self._assistant.index.article(article_id)
            place = Place(Kind.LINK, article, 0, 0, "", "", 0)
            return source_panel(look(place, self._assistant.index))
        except Exception as error:
            return problem_panel(_said(error))

    def deep_link(self, query: Mapping[str, str]) -> str | None:
        """Return the panel for a permanent link, or None when the address holds none."""
        try:
            place = from_query(query, self._assistant.index)
            return source_panel(look(place, self._assistant.index)) if place else None
        except Exception as error:
            return problem_panel(_said(error))

    # The articles

    def listing(self, find: str = "") -> str:
        """Return the table of the articles whose title or path holds `find`."""
        try:
            infos = self._assistant.index.articles()
            matching = _matching(infos, find)
            return article_list(matching, len(infos), busy=self.jobs.running)
        except Exception as error:
            return problem_message(_said(error))

    def choices(self, find: str = "", chosen: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return (title, id) of the articles a question may be limited to; the chosen first."""
        try:
            infos = self._assistant.index.articles()
        except Exception as error:
            _said(error)
            return []
        first = [info for info in infos if info.id in chosen]
        rest = [info for info in _matching(infos, find) if info.id not in chosen]
        return [(info.title, info.id) for info in (*first, *rest[:LISTED])]

    def upload(self, uploads: Sequence[Upload]) -> str:
        """Take files in, in the background; returns what to say at once."""
        try:
            total = sum(upload.path.stat().st_size for upload in uploads)
        except OSError as error:
            return problem_message(_said(error))
        if len(uploads) > MOST_FILES or total > MOST_BYTES:
            return problem_message(
                f"These are {len(uploads):,} files with {total / 1e6:,.0f} MB; at most"
                f" {MOST_FILES} files and {MOST_BYTES / 1e6:,.0f} MB can be sent at once. For"
                " more, use `footnote index` on their folder."
            )
        files = [(upload.name, upload.path) for upload in uploads]
        name = f"Adding {_counted(len(files), 'file')}"
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
        return self.status()

    def status(self) -> str:
        """Return how far the latest change is."""
        return job_status(self.jobs.latest)

    def generation(self) -> int:
        """The index's generation, or -1 when it cannot be told."""
        try:
            return self._assistant.index.generation
        except Exception as error:
            _said(error)
            return -1

    def _start(self, name: str, change: Change) -> str:
        try:
            self.jobs.start(name, change)
        except Exception as error:
            return problem_message(_said(error)) + self.status()
        return self.status()


def _matching(infos: Sequence[ArticleInfo], find: str) -> list[ArticleInfo]:
    words = find.casefold().split()
    return [i for i in infos if all(w in f"{i.title} {i.source}".casefold() for w in words)]


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _said(error: Exception) -> str:
    """Return what the user is told of an error; what is nobody's message goes to the log."""
    if isinstance(error, FootnoteError):
        return str(error)
    logger.error("an event of the page failed", exc_info=error)
    return SOMETHING_FAILED

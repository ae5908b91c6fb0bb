"""What happens on the page, as plain functions from values to HTML strings; no Gradio in here.

Nothing raises: what goes wrong becomes a message where the user looks. A `FootnoteError` is
shown as it is; anything else is logged and shown as "Something failed", and the page goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ui.changes import ArticleEvents
from ui.conversation import Conversations, Turn
from ui.panel import empty_panel, problem_panel, source_panel
from ui.places import from_query, look
from ui.ports import Answerer
from ui.problems import SOMETHING_FAILED, counted, said
from ui.render import (
    answer_card,
    example_chips,
    problem_message,
    question_message,
    working_message,
)
from ui.suggestions import questions_from

LONGEST_WAIT = 120.0  # seconds, for an answer that another event works on


Message = dict[str, str]


class Handlers:
    """The page's events, over one assistant; safe for use from several threads."""

    def __init__(self, assistant: Answerer, *, examples: Sequence[str] = ()) -> None:
        self._assistant = assistant
        self._examples = tuple(examples)
        self.conversations = Conversations()
        self.articles = ArticleEvents(assistant)

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
                turn = Turn(question, problem=said(error))
            conversation.ask(turn)
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
        sign = f"Searching {counted(passages, 'passage')} in {counted(articles, 'article')}…"
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
                    turn.question, history=history, articles=turn.scope or None
                )
            except Exception as error:
                conversation.settle(number, problem=said(error))
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
        shown: list[Message] = []
        for number, turn in enumerate(conversation.turns):
            shown.append({"role": "user", "content": question_message(turn.question)})
            shown.append({"role": "assistant", "content": self._reply(turn, number)})
        return shown

    def _reply(self, turn: Turn, number: int) -> str:
        if turn.problem:
            return problem_message(turn.problem)
        if turn.answer is None:
            return working_message(turn.sign)
        try:
            return answer_card(turn.answer, number, scope=turn.titles)
        except Exception as error:
            return problem_message(said(error))

    def examples(self) -> str:
        """Return the questions to begin with, as buttons."""
        try:
            infos = self._assistant.index.articles()
        except Exception as error:
            return problem_message(said(error))
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
            return problem_panel(said(error))

    def deep_link(self, query: Mapping[str, str]) -> str | None:
        """Return the panel for a permanent link, or None when the address holds none."""
        try:
            place = from_query(query, self._assistant.index)
            return source_panel(look(place, self._assistant.index)) if place else None
        except Exception as error:
            return problem_panel(said(error))

"""What happens on the page, as plain functions from values to HTML strings; no Gradio in here.

Nothing raises: what goes wrong becomes a message where the user looks. A `FootnoteError` is
shown as it is; anything else is logged and shown as "Something failed", and the page goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qa.questions import check_question
from qa.values import Answer
from ui.changes import ArticleEvents
from ui.conversation import Conversations, Turn
from ui.feedback import Fault, feedback_bar, marked_place
from ui.history import History, storable
from ui.limits import LONGEST_QUESTION
from ui.panel import empty_panel, problem_panel, source_panel
from ui.past import Past
from ui.places import from_query, look, restored
from ui.ports import Answerer
from ui.problems import BUSY, counted, said
from ui.render import (
    answer_card,
    exact,
    example_chips,
    problem_message,
    question_message,
    working_message,
)
from ui.suggestions import Suggestions

LONGEST_WAIT = 120.0  # seconds, for an answer that another event works on


Message = dict[str, str]


class Handlers:
    """The page's events, over one assistant; safe for use from several threads."""

    def __init__(
        self,
        assistant: Answerer,
        *,
        examples: Sequence[str] = (),
        history: History | None = None,
    ) -> None:
        self._assistant = assistant
        self._suggestions = Suggestions(assistant, given=examples)
        self.conversations = Conversations(history or History(), restore=self._restored)
        self.past = Past(self.conversations)
        self.articles = ArticleEvents(assistant, on_change=self.prepare)

    # Questions

    def begin(self, conversation_id: str, question: str, scope: Sequence[str] = ()) -> str:
        """Put a question into its conversation, unless it is blank; returns the conversation's id.

        The id is another one when the page's conversation is over, after a restart for one.
        """
        conversation = self.conversations.get(conversation_id)
        if question.strip():
            conversation.ask(self._turn(question, tuple(scope)))
        return conversation.id

    def begin_again(self, conversation_id: str, button: str, scope: Sequence[str] = ()) -> str:
        """Ask what a card's button asks; returns the conversation's id."""
        conversation = self.conversations.get(conversation_id)
        if again := conversation.again(button):
            turn = self._turn(again.question, tuple(scope))
            conversation.ask(replace(turn, alone=again.alone))
        return conversation.id

    def _turn(self, question: str, scope: tuple[str, ...]) -> Turn:
        """Return the turn of a question, with what can be shown before it is answered.

        Of one that is too long only the beginning is kept. What UTF-8 cannot hold becomes a
        question mark, as it could not be sent to the page again.
        """
        question = storable(question)
        try:
            check_question(question)
            sign, titles = self._size(scope)
        except Exception as error:
            kept = question if len(question) <= LONGEST_QUESTION else f"{question[:200]}…"
            return Turn(kept, problem=said(error))
        return Turn(question, scope, titles, sign)

    def _size(self, scope: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Return what is searched, in words, and the titles of the articles chosen."""
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
        return sign, titles

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
                conversation.settle(number, problem=said(error))
            else:
                conversation.settle(number, answer=answer)
            yield self.messages(conversation_id)
        conversation.wait(LONGEST_WAIT)
        yield self.messages(conversation_id)

    def give_up(self, conversation_id: str) -> None:
        """Tell of the questions that nobody has begun to answer: the queue had no place for them.

        Those that another event is at are left to it.
        """
        conversation = self.conversations.get(conversation_id)
        while (number := conversation.claim()) is not None:
            conversation.settle(number, problem=BUSY)

    def messages(self, conversation_id: str) -> list[Message]:
        """Return a conversation as messages of the chat.

        Each reply tells by a class which conversation it stands in, so that a button in it is
        not taken for one of another.
        """
        conversation = self.conversations.get(conversation_id)
        shown: list[Message] = []
        hashes, home = self._hashes(), f"fn-of-{exact(conversation.id)}"
        for number, turn in enumerate(conversation.turns):
            shown.append({"role": "user", "content": question_message(turn.question)})
            reply = f'<div class="{home}">{_reply(turn, number, hashes)}</div>'
            shown.append({"role": "assistant", "content": reply})
        return shown

    def _hashes(self) -> dict[str, str] | None:
        """Return the articles' hashes by id, or None when the index cannot be read."""
        try:
            return {info.id: info.sha256 for info in self._assistant.index.articles()}
        except Exception as error:
            said(error)
            return None

    def _restored(self, turn: Turn) -> Turn:
        if turn.answer is None:
            return turn
        return replace(turn, answer=restored(turn.answer, self._assistant.index))

    # Feedback

    def judge(self, conversation_id: str, name: str) -> list[Message]:
        """Note what is wrong with an answer, by its button `f{turn}-{fault}`; none takes it back.

        A client may send any name; what is no button changes nothing.
        """
        conversation = self.conversations.get(conversation_id)
        number, fault = _numbered(name, conversation.turns), name.partition("-")[2]
        if number is not None and fault in ("", *Fault):
            conversation.judge(number, fault=fault)
        return self.messages(conversation_id)

    def correct(
        self, conversation_id: str, name: str, article_id: str, *, before: int, quote: str
    ) -> list[Message]:
        """Note what the right answer is, by the button `w{turn}` and the place that is marked."""
        conversation = self.conversations.get(conversation_id)
        number = _numbered(name, conversation.turns)
        if number is None or not conversation.turns[number].fault:
            return self.messages(conversation_id)
        problem = ""
        try:
            right = marked_place(self._assistant.index, article_id, before=before, quote=quote)
            conversation.judge(number, fault=conversation.turns[number].fault, right=right)
        except Exception as error:
            problem = problem_message(said(error))
        messages = self.messages(conversation_id)
        messages[2 * number + 1]["content"] += problem
        return messages

    # Suggestions

    def prepare(self) -> None:
        """Begin to look for examples in the background, so that they are there when asked for."""
        try:
            if self._assistant.index.articles():
                self._suggestions.examples()
        except Exception as error:
            said(error)

    def chips(self, conversation_id: str, *, wait: float = 0.0) -> str | None:
        """Return questions to begin with, or to go on with, as buttons; waits for them so long.

        None when the conversation has gone on meanwhile.
        """
        conversation = self.conversations.get(conversation_id)
        turns = conversation.turns

        def gone_on() -> bool:
            return len(conversation.turns) != len(turns)

        try:
            if not turns:
                shown = self._beginnings(wait)
            elif turns[-1].answer is None:
                return ""
            else:
                asked = [turn.question for turn in turns]
                shown = example_chips(
                    self._suggestions.following(turns[-1].answer, asked, stop=gone_on), "Go on with"
                )
        except Exception as error:
            shown = "" if turns else problem_message(said(error))
        return None if gone_on() else shown

    def _beginnings(self, wait: float) -> str:
        if not self._assistant.index.articles():
            return empty_panel("There are no articles yet. Add some under “Articles” to begin.")
        return example_chips(self._suggestions.examples(wait=wait), "Try")

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
            return source_panel(view, turn=turn, n=n, count=len(places), of=conversation_id)
        except Exception as error:
            return problem_panel(said(error))

    def deep_link(self, query: Mapping[str, str]) -> str | None:
        """Return the panel for a permanent link, or None when the address holds none."""
        try:
            place = from_query(query, self._assistant.index)
            return source_panel(look(place, self._assistant.index)) if place else None
        except Exception as error:
            return problem_panel(said(error))


def _reply(turn: Turn, number: int, hashes: Mapping[str, str] | None) -> str:
    """Return a turn's message; `hashes` are those that its articles have now."""
    if turn.problem:
        return problem_message(turn.problem)
    if turn.answer is None:
        return working_message(turn.sign)
    try:
        since = [] if hashes is None else _since(turn.answer, hashes)
        card = answer_card(turn.answer, number, scope=turn.titles, since=since)
        return card + feedback_bar(turn, number)
    except Exception as error:
        return problem_message(said(error))


def _since(answer: Answer, hashes: Mapping[str, str]) -> list[str]:
    """Say which cited articles are not any more as they were when the answer was given."""
    cited = {citation.article.id: citation.article for citation in answer.sources}
    return [
        f"Changed since this answer: {article.title}"
        if article.id in hashes
        else f"No longer in your articles: {article.title}"
        for article in cited.values()
        if hashes.get(article.id) != article.sha256
    ]


def _numbered(name: str, turns: Sequence[Turn]) -> int | None:
    """Return the number of the answered turn that a button's name tells, or None."""
    digits = name[1:].partition("-")[0]
    if not digits.isdecimal() or len(digits) > 6 or int(digits) >= len(turns):
        return None
    return int(digits) if turns[int(digits)].answer else None

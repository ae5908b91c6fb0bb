"""What was asked and answered, kept on the server under an id that the page holds.

The conversations in use live in memory; every change to one is written to the `History`, and one
that is asked for again is taken from there.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from index.errors import FootnoteError
from qa.values import Answer, Citation
from ui.history import History
from ui.places import Place, places_of

logger = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{32}")  # what the page takes at random

CUT_OFF = "Footnote ended before this was answered; ask it again."


@dataclass(frozen=True, slots=True)
class Turn:
    """One question: waiting for its answer, answered, or failed with a text that says why."""

    question: str
    scope: tuple[str, ...] = ()  # ids of the articles asked; empty for all
    titles: tuple[str, ...] = ()  # of those articles
    sign: str = ""  # what to show until there is an answer
    alone: bool = False  # asked as typed, whatever came before
    answer: Answer | None = None
    problem: str = ""
    fault: str = ""  # the user's feedback, a `feedback.Fault`; empty while there is none
    right: Citation | None = None  # what the user says the answer is

    @property
    def waiting(self) -> bool:
        """True until there is an answer or a problem."""
        return self.answer is None and not self.problem

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that the answer's card points to."""
        return places_of(self.answer) if self.answer else ()

    def to_dict(self) -> dict[str, Any]:
        """Return the turn as plain data; article texts are not in it."""
        return {
            "question": self.question,
            "scope": list(self.scope),
            "titles": list(self.titles),
            "alone": self.alone,
            "answer": self.answer and self.answer.to_dict(),
            "problem": self.problem,
            "fault": self.fault,
            "right": self.right and self.right.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Turn:
        """Return the turn of `to_dict`; one that waited will wait no more."""
        answer, right = data["answer"], data["right"]
        return cls(
            question=data["question"],
            scope=tuple(data["scope"]),
            titles=tuple(data["titles"]),
            alone=data["alone"],
            answer=None if answer is None else Answer.from_dict(answer),
            problem=data["problem"] or ("" if answer else CUT_OFF),
            fault=data["fault"],
            right=None if right is None else Citation.from_dict(right),
        )


@dataclass(slots=True)
class Conversation:
    """The turns of one conversation; safe for use from several threads."""

    id: str
    _save: Callable[[str, int, Turn, str], None]
    _turns: list[Turn] = field(default_factory=list)
    _claimed: int = 0  # turns before this one are answered, or someone is at it
    _lock: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, oldest first."""
        with self._lock:
            return tuple(self._turns)

    def ask(self, turn: Turn) -> int:
        """Add a turn and return its number."""
        with self._lock:
            self._turns.append(turn)
            number = len(self._turns) - 1
            self._save(self.id, number, turn, "" if number else turn.question)
            return number

    def again(self, button: str) -> Turn | None:
        """Return the turn that a card's button asks for, or None: a client may send any.

        `t{turn}` asks the question as typed, `r{turn}-{n}` one of its readings.
        """
        match = re.fullmatch(r"t(\d{1,6})|r(\d{1,6})-(\d{1,3})", button)
        number = int(match[1] or match[2]) if match else -1
        turns = self.turns
        answer = turns[number].answer if 0 <= number < len(turns) else None
        if match is None or answer is None:
            return None
        if match[1]:
            return Turn(answer.question, alone=True)
        n = int(match[3])
        return Turn(answer.readings[n]) if n < len(answer.readings) else None

    def claim(self) -> int | None:
        """Return the number of the oldest turn that nobody answers yet, and take it."""
        with self._lock:
            if self._claimed == len(self._turns):
                return None
            self._claimed += 1
            return self._claimed - 1

    def settle(self, number: int, *, answer: Answer | None = None, problem: str = "") -> None:
        """Give a waiting turn its answer or its problem."""
        with self._lock:
            turn = self._turns[number]
            if turn.waiting:
                self._turns[number] = replace(turn, answer=answer, problem=problem)
                self._save(self.id, number, self._turns[number], "")
            self._lock.notify_all()

    def judge(self, number: int, *, fault: str, right: Citation | None = None) -> None:
        """Put the user's feedback to a turn."""
        with self._lock:
            self._turns[number] = replace(self._turns[number], fault=fault, right=right)
            self._save(self.id, number, self._turns[number], "")

    def wait(self, seconds: float) -> None:
        """Wait until no turn waits any more, at most so long."""
        with self._lock:
            self._lock.wait_for(lambda: not any(t.waiting for t in self._turns), seconds)


class Conversations:
    """Conversations by id: the `capacity` used last in memory, all of them in the history.

    `restore` completes a turn that comes from the history.
    """

    def __init__(
        self,
        history: History,
        *,
        restore: Callable[[Turn], Turn] = lambda turn: turn,
        capacity: int = 200,
    ) -> None:
        self.history = history
        self._restore = restore
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Conversation] = OrderedDict()
        self._deleted: set[str] = set()

    def new(self) -> Conversation:
        """Begin a conversation under an id that cannot be guessed."""
        with self._lock:
            return self._keep(Conversation(secrets.token_urlsafe(16), self._save))

    def get(self, conversation_id: str | None) -> Conversation:
        """Return the conversation of that id, or a new one when there is none.

        The browser chooses the id of a new one, so that a question may be asked in it before the
        server has replied. One that may be another conversation's, or is no id, is replaced.
        """
        with self._lock:
            kept = self._kept.get(conversation_id or "")
            if kept is not None:
                self._kept.move_to_end(kept.id)
                return kept
            if conversation_id and (turns := self._turns(conversation_id)):
                restored = list(map(self._restore, turns))
                return self._keep(
                    Conversation(conversation_id, self._save, restored, len(restored))
                )
            if conversation_id and self._free(conversation_id):
                return self._keep(Conversation(conversation_id, self._save))
        return self.new()

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good."""
        with self._lock:
            self._kept.pop(conversation_id, None)
            self._deleted.add(conversation_id)
        self.history.delete(conversation_id)

    def _keep(self, conversation: Conversation) -> Conversation:
        self._kept[conversation.id] = conversation
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        return conversation

    def _free(self, conversation_id: str) -> bool:
        """Tell if it is an id that no conversation has or had, of another index neither."""
        try:
            return (
                _ID.fullmatch(conversation_id) is not None
                and conversation_id not in self._deleted
                and not self.history.title(conversation_id)
            )
        except FootnoteError:
            logger.exception("the conversations could not be read")
            return False

    def _turns(self, conversation_id: str) -> list[Turn]:
        try:
            return list(map(Turn.from_dict, self.history.turns(conversation_id)))
        except (FootnoteError, KeyError, TypeError, ValueError):
            logger.exception("conversation %r could not be read", conversation_id)
            return []

    def _save(self, conversation_id: str, number: int, turn: Turn, title: str) -> None:
        """Write a turn; where that fails the conversation goes on in memory."""
        try:
            self.history.save(conversation_id, number, turn.to_dict(), title)
        except FootnoteError:
            logger.exception("a conversation could not be written")

"""What was asked and answered, kept on the server under an id that the page holds.

For now conversations live in memory: the newest `capacity` of them. What keeps them longer has
to offer `get` and `new` in the same way.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from qa.values import Answer
from ui.places import Place, places_of


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

    @property
    def waiting(self) -> bool:
        """True until there is an answer or a problem."""
        return self.answer is None and not self.problem

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that the answer's card points to."""
        return places_of(self.answer) if self.answer else ()


@dataclass(slots=True)
class Conversation:
    """The turns of one conversation; safe for use from several threads."""

    id: str
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
            return len(self._turns) - 1

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
            self._lock.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until no turn waits any more, at most so long."""
        with self._lock:
            self._lock.wait_for(lambda: not any(t.waiting for t in self._turns), seconds)


class Conversations:
    """Conversations by id, the newest `capacity` of them."""

    def __init__(self, capacity: int = 200) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Conversation] = OrderedDict()

    def new(self) -> Conversation:
        """Begin a conversation under an id that cannot be guessed."""
        conversation = Conversation(secrets.token_urlsafe(16))
        with self._lock:
            self._kept[conversation.id] = conversation
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return conversation

    def get(self, conversation_id: str) -> Conversation:
        """Return the conversation of that id, or a new one when there is none."""
        with self._lock:
            kept = self._kept.get(conversation_id)
            if kept is not None:
                self._kept.move_to_end(conversation_id)
                return kept
        return self.new()

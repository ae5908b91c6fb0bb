"""Measures follow-up questions: chains of turns with known answers, with and without a history.

    read_chains → build_chain_index → Assistant.open → evaluate_chains → ConversationReport

The history of a turn holds the assistant's own earlier answers, never the known ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from qa.evaluation import metrics
from qa.evaluation.chains import Chain, ChainTurn
from qa.evaluation.report import Machine, percent
from qa.values import Answer, Outcome

FOLLOW_UPS = frozenset(
    ("pronoun", "demonstrative", "definite", "ellipsis", "continuation", "comparison")
)
COMPLETE = frozenset(("standalone", "topic-change"))


class Answerer(Protocol):
    """What is evaluated; a `qa.Assistant` is one."""

    def ask(self, question: str, /, *, history: Sequence[tuple[str, Answer]] = ()) -> Answer:
        """Answer one question after others."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many cases."""

    count: int
    total: int

    def __str__(self) -> str:
        return f"{percent(self.count / self.total if self.total else None)}% of {self.total:,}"


@dataclass(frozen=True, slots=True)
class ConversationReport:
    """The figures of one run; prints itself as a table."""

    name: str
    chains: int
    turns: int
    right: Share  # follow-ups answered right, with the history
    right_without: Share  # the same turns, each asked alone
    right_by_kind: Mapping[str, Share]
    worse: Share  # complete questions that are right, or refused as they should be, only alone
    tied: Share  # changes of topic understood as something about the old one
    refused: Share  # questions without an answer that were not answered, with the history
    refused_without: Share
    asked_back: int
    small_talk: Share  # small talk and commands that got a reply
    dangling: Share  # pronouns that point to nothing, refused
    added_p50: float  # milliseconds that a history adds to a turn
    added_p95: float
    machine: Machine

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {share}" for kind, share in self.right_by_kind.items())
        rows = [
            ("follow-ups right", f"{self.right}  (history ignored: {self.right_without})"),
            ("", kinds),
            ("stand-alone, worse", f"{self.worse}"),
            ("topic change, tied", f"{self.tied}"),
            ("unanswerable refused", f"{self.refused}  (history ignored: {self.refused_without})"),
            ("asked back", f"{self.asked_back:,} turns"),
            ("small talk replied to", f"{self.small_talk}"),
            ("dangling refused", f"{self.dangling}"),
            ("added time of a turn", f"p50 {self.added_p50:.0f} ms  p95 {self.added_p95:.0f} ms"),
        ]
        head = f"{self.name}: {self.turns:,} turns in {self.chains:,} chains"
        lines = [head, *(f"  {label:<22} {text}" for label, text in rows), "", str(self.machine)]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn's two answers."""

    turn: ChainTurn
    first: bool
    answer: Answer  # with the history
    alone: Answer  # without
    before: frozenset[str]  # articles that earlier answers cite
    added: float  # milliseconds

    @property
    def worse(self) -> bool:
        """True when the turn came out right only without the history."""
        return came_right(self.turn, self.alone) and not came_right(self.turn, self.answer)

    @property
    def tied(self) -> bool:
        """True when the turn was taken to be about what was spoken of before."""
        if self.answer.outcome is Outcome.AMBIGUOUS:
            return True
        if self.answer.interpreted_question != self.alone.interpreted_question:
            return True
        cited = {citation.article.id for citation in self.answer.citations[:1]}
        alone = {citation.article.id for citation in self.alone.citations[:1]}
        return cited != alone and bool(cited & self.before)


def came_right(turn: ChainTurn, answer: Answer) -> bool:
    """Say whether an answer is right: F1 of 0.5 or more, or no answer where there is none."""
    if turn.answerable:
        return bool(answer.text) and metrics.f1(answer.text, turn.answers) >= metrics.RIGHT_F1
    return answer.outcome is not Outcome.ANSWERED


def ask_chain(assistant: Answerer, chain: Chain) -> Iterator[Asked]:
    """Ask the turns of a chain one after the other, each also alone."""
    history: list[tuple[str, Answer]] = []
    for number, turn in enumerate(chain.turns):
        begin = time.perf_counter()
        alone = assistant.ask(turn.question)
        middle = time.perf_counter()
        answer = assistant.ask(turn.question, history=tuple(history))
        added = 1000 * ((time.perf_counter() - middle) - (middle - begin))
        cited = (citation.article.id for _, old in history for citation in old.citations)
        yield Asked(turn, number == 0, answer, alone, frozenset(cited), added)
        history.append((turn.question, answer))


def evaluate_chains(
    assistant: Answerer,
    chains: Sequence[Chain],
    *,
    name: str = "conversations",
    progress: Callable[[int, int], None] | None = None,
) -> ConversationReport:
    """Ask all chains and compare with what is known."""
    asked: list[Asked] = []
    next(ask_chain(assistant, chains[0]), None)  # loads what is loaded on first use; not counted
    for number, chain in enumerate(chains, 1):
        asked += ask_chain(assistant, chain)
        if progress:
            progress(number, len(chains))
    return report_of(asked, name=name, chains=len(chains))


def report_of(asked: Sequence[Asked], *, name: str, chains: int) -> ConversationReport:
    """Return the figures of turns that were asked."""
    follow = [one for one in asked if one.turn.kind in FOLLOW_UPS and one.turn.answerable]
    complete = [one for one in asked if one.turn.kind in COMPLETE]
    changed = [one for one in asked if one.turn.kind == "topic-change"]
    without = [one for one in asked if one.turn.answerable is False]
    talk = [one for one in asked if one.turn.kind == "small-talk"]
    dangling = [one for one in asked if one.turn.kind == "dangling"]
    added = [one.added for one in asked if not one.first] or [0.0]
    p50, p95 = np.percentile(added, [50, 95]).tolist()
    kinds = sorted({one.turn.kind for one in follow})
    return ConversationReport(
        name=name,
        chains=chains,
        turns=len(asked),
        right=_share(follow, _right),
        right_without=_share(follow, _right_alone),
        right_by_kind={k: _share([o for o in follow if o.turn.kind == k], _right) for k in kinds},
        worse=_share(complete, lambda one: one.worse),
        tied=_share(changed, lambda one: one.tied),
        refused=_share(without, _right),
        refused_without=_share(without, _right_alone),
        asked_back=sum(one.answer.outcome is Outcome.AMBIGUOUS for one in asked),
        small_talk=_share(talk, lambda one: one.answer.outcome is Outcome.REPLY),
        dangling=_share(dangling, _right),
        added_p50=p50,
        added_p95=p95,
        machine=Machine.here(),
    )


def _right(one: Asked) -> bool:
    return came_right(one.turn, one.answer)


def _right_alone(one: Asked) -> bool:
    return came_right(one.turn, one.alone)


def _share(cases: Sequence[Asked], holds: Callable[[Asked], bool]) -> Share:
    return Share(sum(map(holds, cases)), len(cases))

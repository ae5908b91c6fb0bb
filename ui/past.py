"""The list of conversations: what happens in it, as plain functions from values to strings.

Nothing raises: what goes wrong becomes a message where the user looks.
"""

from __future__ import annotations

import json
import re

from index.errors import FootnoteError
from qa.values import Outcome
from ui.conversation import Conversations, Turn
from ui.history import Kept
from ui.panel import unmarked
from ui.problems import said
from ui.render import exact, isolated, problem_message

SHOWN = 200  # conversations in the list


class Past:
    """The events of the list; safe for use from several threads."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    def listing(self, current: str) -> str:
        """Return the list, the conversation that is open marked in it."""
        try:
            return past_list(self._conversations.history.all()[:SHOWN], current)
        except Exception as error:
            return problem_message(said(error))

    def rename(self, conversation_id: str, title: str, current: str) -> str:
        """Call a conversation otherwise; returns the list."""
        try:
            self._conversations.history.rename(conversation_id, title)
        except Exception as error:
            return problem_message(said(error))
        return self.listing(current)

    def delete(self, conversation_id: str, current: str) -> tuple[str, str]:
        """Delete a conversation; returns the id of the one to show now, and the list."""
        try:
            self._conversations.delete(conversation_id)
        except Exception as error:
            return current, problem_message(said(error))
        if conversation_id == current:
            current = self._conversations.new().id
        return current, self.listing(current)

    def export(self, conversation_id: str, kind: str) -> str:
        """Return a file to save as JSON {name, text}; `kind` is "md" or "json"."""
        history = self._conversations.history
        try:
            turns = list(map(Turn.from_dict, history.turns(conversation_id)))
            if not turns:
                raise FootnoteError("This conversation is not kept any more.")
            title = history.title(conversation_id)
            text = as_markdown(title, turns) if kind == "md" else as_json(title, turns)
        except Exception as error:
            return json.dumps({"problem": said(error)})
        name = re.sub(r"[^\w-]+", "-", title).strip("-")[:60] or "conversation"
        return json.dumps({"name": f"{name}.{'md' if kind == 'md' else 'json'}", "text": text})


def past_list(kept: list[Kept], current: str) -> str:
    """Return the conversations as a list of buttons, with tools at the one that is open."""
    if not kept:
        return '<p class="fn-quiet">Your conversations will be listed here.</p>'
    items = []
    for each in kept:
        now = each.id == current
        mark = ' aria-current="true"' if now else ""
        items.append(
            f'<li{" class=fn-now" if now else ""}><button type="button" class="fn-past"'
            f' data-conversation="{exact(each.id)}"{mark}>{isolated(each.title)}'
            f'<span class="fn-day">{exact(each.changed[:10])}</span></button>'
            f"{_tools(each) if now else ''}</li>"
        )
    return f'<ul class="fn-pasts">{"".join(items)}</ul>'


def _tools(kept: Kept) -> str:
    tools = "".join(
        f'<button type="button" class="fn-tool" data-do="{do}" title="{title}">{word}</button>'
        for do, word, title in (
            ("rename", "Rename", "Call this conversation otherwise"),
            ("md", "Markdown", "Save this conversation as Markdown"),
            ("json", "JSON", "Save this conversation as JSON"),
            ("delete", "Delete", "Delete this conversation and the feedback in it"),
        )
    )
    return (
        f'<div class="fn-past-tools" data-id="{exact(kept.id)}"'
        f' data-title="{exact(kept.title)}">{tools}</div>'
    )


def as_json(title: str, turns: list[Turn]) -> str:
    """Return a conversation as JSON; its answers have the schema of `Answer.to_dict`."""
    data = {"title": title, "turns": [turn.to_dict() for turn in turns]}
    return json.dumps(data, ensure_ascii=False, indent=2)


def as_markdown(title: str, turns: list[Turn]) -> str:
    """Return a conversation as Markdown: each question, the sentence of its answer, the source."""
    parts = [f"# {unmarked(title)}"]
    for turn in turns:
        parts.append(f"## {unmarked(' '.join(turn.question.split()))}")
        if turn.titles:
            parts.append("Only in: " + ", ".join(map(unmarked, turn.titles)))
        parts.append(_replied(turn))
    return "\n\n".join(parts) + "\n"


def _replied(turn: Turn) -> str:
    answer = turn.answer
    if answer is None:
        return unmarked(turn.problem)
    if answer.outcome is Outcome.NOT_FOUND:
        return "Not in your articles."
    if answer.outcome in (Outcome.AMBIGUOUS, Outcome.REPLY):
        return unmarked(answer.notice)
    doubt = "" if answer.outcome is Outcome.ANSWERED else "Perhaps: "
    lines = [f"{doubt}**{unmarked(answer.said)}** ({answer.confidence:.0%})"]
    for number, each in enumerate(answer.sources, 1):
        day = f", {unmarked(each.article.date)}" if each.article.date else ""
        quote = unmarked(" ".join(each.sentence.split()))
        lines.append(
            f"> {quote}\n>\n> — [{number}] {unmarked(each.article.title)}{day}"
            f" ({unmarked(each.article.source)}, {each.start}–{each.end})"
        )
    return "\n\n".join(lines)

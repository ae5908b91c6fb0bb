"""The tab of questions: the conversation, the box, and the source panel beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from ui.app_past import PastColumn
from ui.handlers import Handlers
from ui.limits import ANSWERS_AT_ONCE
from ui.offline import AS_SENT, FAST, gr, script, text, texts
from ui.panel import KEYS, empty_panel
from ui.problems import NOT_SENT
from ui.render import problem_message

PATIENCE = 60.0  # seconds to wait for the first examples of an index

# Which conversation is open is known to the browser first; its tab keeps the id. A question goes to
# that one, also when what opens it has not come yet.
_KEPT = "footnote-conversation"
_RANDOM = """Array.from(
  crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")
).join("")"""
_OPEN = f'(sessionStorage["{_KEPT}"] ||= {_RANDOM})'
OPEN = f"() => [{_OPEN}]"
_OPEN_NEW = f'() => [sessionStorage["{_KEPT}"] = {_RANDOM}]'
_ASK = f"(_, ...rest) => [{_OPEN}, ...rest]"

# In the browser, as only there it is certain which conversation is open when something comes.
_SHOW = """(told, open) => {
  const late = told ? JSON.parse(told) : {};
  if (late.of === open) return [late.value];
}"""

# While one conversation is answered, a question may be asked in another.
_QUIETLY: dict[str, Any] = {**FAST, "trigger_mode": "multiple"}
# Only answers go through Gradio's queue: the browser ends the stream of what comes from there when
# nothing is under way, and does not notice a call that joined at that very moment.
_QUEUED: dict[str, Any] = {
    **_QUIETLY, "queue": True, "concurrency_id": "answer", "concurrency_limit": ANSWERS_AT_ONCE
}  # fmt: skip
_NOT_SENT = f"() => [{json.dumps(problem_message(NOT_SENT))}]"


class Late:
    """A hidden box before a component: what is put into it is shown in its conversation only."""

    def __init__(self, shown_in: Any, conversation: gr.Textbox) -> None:
        self._shown_in = shown_in
        self._numbers = count()  # no text is like the one before, as only a change is noticed
        self.box = gr.Textbox(visible=False)
        self.box.change(
            None, [self.box, conversation], [shown_in], js=_SHOW, api_visibility="private"
        )

    def told(self, conversation_id: str, value: Any) -> str:
        """Return what to put into the box for a value that belongs to a conversation."""
        ready = self._shown_in.postprocess(value)
        if hasattr(ready, "model_dump"):
            ready = ready.model_dump()
        return json.dumps({"of": conversation_id, "value": ready, "number": next(self._numbers)})


class Chat:
    """The tab of questions: the conversation, the box, and the source panel beside them."""

    def __init__(self, handlers: Handlers, conversation: gr.Textbox) -> None:
        self._handlers = handlers
        with gr.Row(elem_id="desk", equal_height=False):
            self.past = PastColumn(handlers)
            with gr.Column(scale=5, min_width=320, elem_id="talk"):
                self.messages = gr.Chatbot(
                    elem_id="chat", label="Conversation", show_label=False, height=None,
                    latex_delimiters=[], allow_tags=False, sanitize_html=True, buttons=[],
                    layout="panel", feedback_options=None, placeholder=" ", autoscroll=False,
                )  # fmt: skip
                self.examples = gr.HTML(
                    elem_id="examples", js_on_load=script("chips.js"), apply_default_css=False
                )
                self.box = gr.Textbox(
                    elem_id="question", label="Your question", show_label=False, lines=1,
                    max_lines=6, placeholder="Ask your articles…", submit_btn=True, autofocus=True,
                )  # fmt: skip
                with gr.Accordion("Ask only some articles", open=False, elem_id="only"):
                    self.find = gr.Textbox(
                        label="Find articles", elem_id="only-find", placeholder="part of a title"
                    )
                    self.scope = gr.CheckboxGroup(
                        label="Articles to ask (none chosen: all)", elem_id="scope"
                    )
                with gr.Row(elem_id="below"):
                    gr.HTML(KEYS)
            with gr.Column(scale=5, min_width=320, elem_id="source-column"):
                self.panel = gr.HTML(
                    empty_panel(), elem_id="source", js_on_load=script("page.js"),
                    apply_default_css=False,
                )  # fmt: skip
        self.opened = [conversation, self.messages, self.panel, self.examples, self.past.list]
        self._conversation = conversation
        self._late = Late(self.messages, conversation)
        self._late_chips = Late(self.examples, conversation)
        self._wire_questions(conversation)
        self._wire_panel()
        self._wire_past(conversation)

    def open_conversation(self, held: str) -> list[Any]:
        """Return what all of `opened` is for a conversation; a new one when there is none."""
        kept = self._handlers.conversations.get(held).id
        messages = self._handlers.messages(kept)
        return [kept, messages, empty_panel(), "", self._handlers.past.listing(kept)]

    def settle(self, event: Any, *, asked: bool = False) -> None:
        """After an event: answer the questions that wait, then offer others.

        Where nothing was `asked`, another event may be at the answer; it is waited for.
        """
        handlers, late = self._handlers, self._late

        def answer(kept: str) -> Iterator[str]:
            for messages in handlers.answer(kept):
                yield late.told(kept, messages)

        def answer_all(kept: str) -> str:
            *_, last = answer(kept)
            return last

        def give_up(kept: str) -> str:
            handlers.give_up(kept)
            return self._now(kept)

        held = [self._conversation]
        if asked:
            answering = event.then(answer, held, [late.box], **_QUEUED)
            answering.failure(give_up, held, [late.box], **_QUIETLY)
        else:
            # A question may have come after it was known what there is to show.
            event.then(self._now, held, [late.box], **_QUIETLY)
            answering = event.then(answer_all, held, [late.box], **_QUIETLY)
        # Once more, as of what comes for two conversations at the same moment one goes unnoticed.
        self._refresh(answering.then)

    def follow(self, generation: gr.Textbox) -> None:
        """Show the conversation anew, and other suggestions, when the articles have changed."""
        self._refresh(generation.change)

    def _refresh(self, event: Any) -> None:
        """Show the conversation as it is now when an event comes, then what to ask next."""

        def chips(kept: str) -> Any:
            shown = self._handlers.chips(kept, wait=PATIENCE)
            return gr.skip() if shown is None else self._late_chips.told(kept, shown)

        held = [self._conversation]
        event(self._now, held, [self._late.box], **_QUIETLY)
        event(chips, held, [self._late_chips.box], **_QUIETLY)

    def _now(self, kept: str) -> str:
        """Return what to put into the box of messages for a conversation as it is now."""
        return self._late.told(kept, self._handlers.messages(kept))

    def _wire_questions(self, conversation: gr.Textbox) -> None:
        handlers = self._handlers
        begun = [conversation, self.messages, self.box, self.examples, self.past.list]

        def begin(held: Any, asked: Any, scope: Any) -> list[Any]:
            question = text(asked)
            kept = handlers.begin(text(held), question, texts(scope))
            messages = handlers.messages(kept)
            chips = "" if question.strip() else gr.skip()
            return [kept, messages, "", chips, handlers.past.listing(kept)]

        def begin_with(held: Any, scope: Any, event: gr.EventData) -> list[Any]:
            return begin(held, str(event._data.get("question", "")), scope)

        def begin_again(scope: Any, event: gr.EventData) -> list[Any]:
            kept = handlers.begin_again(*_button(event), texts(scope))
            messages = handlers.messages(kept)
            return [kept, messages, gr.skip(), "", handlers.past.listing(kept)]

        chosen = [conversation, self.scope]
        for event in (
            self.box.submit(begin, [conversation, self.box, self.scope], begun, js=_ASK, **AS_SENT),
            self.examples.ask_this(begin_with, chosen, begun, js=_ASK, **AS_SENT),
            self.panel.ask_again(begin_again, [self.scope], begun, **AS_SENT),
        ):
            event.failure(None, None, [self.examples], js=_NOT_SENT, api_visibility="private")
            self.settle(event, asked=True)
        self.find.change(
            lambda find, chosen: gr.update(
                choices=handlers.articles.choices(text(find), texts(chosen))
            ),
            [self.find, self.scope], [self.scope], **AS_SENT,
        )  # fmt: skip

    def _wire_panel(self) -> None:
        handlers, late = self._handlers, self._late

        def cite(event: gr.EventData) -> str:
            return handlers.show(*_button(event))

        def judge(event: gr.EventData) -> str:
            of, button = _button(event)
            return late.told(of, handlers.judge(of, button))

        def correct(event: gr.EventData) -> str:
            of, button = _button(event)
            article, quote = (str(event._data.get(key, "")) for key in ("article", "quote"))
            count = event._data.get("before")
            before = count if isinstance(count, int) else -1  # a client may send anything
            return late.told(of, handlers.correct(of, button, article, before=before, quote=quote))

        self.panel.cite(cite, None, [self.panel], **FAST)
        self.panel.judge(judge, None, [late.box], **FAST)
        self.panel.correct(correct, None, [late.box], **FAST)
        self._refresh(self.panel.look)

    def _wire_past(self, conversation: gr.Textbox) -> None:
        self.settle(
            self.past.fresh.click(
                self.open_conversation, [conversation], self.opened, js=_OPEN_NEW, **FAST
            )
        )
        for event in self.past.wire(conversation, self.opened, self.open_conversation):
            self.settle(event)
        conversation.change(
            None, [conversation], None,
            js=f"id => {{ sessionStorage.setItem('{_KEPT}', id); }}",
            api_visibility="private",
        )  # fmt: skip


def _button(event: gr.EventData) -> tuple[str, str]:
    """Return the conversation that the pressed button stands in, and the button's id."""
    return str(event._data.get("of", "")), str(event._data.get("id", ""))

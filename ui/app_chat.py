"""The tab of questions: the conversation, the box, and the source panel beside them."""

from __future__ import annotations

from typing import Any

from ui.app_past import PastColumn
from ui.handlers import Handlers, Message
from ui.limits import ANSWERS_AT_ONCE, LONGEST_QUESTION
from ui.offline import FAST, gr, script
from ui.panel import KEYS, empty_panel

PATIENCE = 60.0  # seconds to wait for the first examples of an index


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
                    max_length=LONGEST_QUESTION,
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
        self._wire_questions(conversation)
        self._wire_panel(conversation)
        self._wire_past(conversation)

    def open_conversation(self, held: str) -> list[Any]:
        """Return what all of `opened` is for a conversation; a new one when there is none."""
        kept = self._handlers.conversations.get(held).id
        messages = self._handlers.messages(kept)
        return [kept, messages, empty_panel(), "", self._handlers.past.listing(kept)]

    def settle(self, event: Any, *, asked: bool = False) -> None:
        """After an event: answer the questions that wait, then offer others.

        Where nothing was `asked`, another event may be at the answer; it is waited for, outside
        of the places for answers.
        """
        places: dict[str, Any] = {"concurrency_limit": None}
        if asked:
            places = {"concurrency_id": "answer", "concurrency_limit": ANSWERS_AT_ONCE}
        handlers, conversation = self._handlers, self._conversation

        def give_up(kept: str) -> list[Message]:
            handlers.give_up(kept)
            return handlers.messages(kept)

        def chips(kept: str) -> Any:
            shown = handlers.chips(kept, wait=PATIENCE)
            return gr.skip() if shown is None else shown

        answering = event.then(
            handlers.answer, [conversation], [self.messages], show_progress="hidden",
            api_visibility="private", **places,
        )  # fmt: skip
        answering.failure(give_up, [conversation], [self.messages], **FAST)
        answering.then(
            chips, [conversation], [self.examples], concurrency_limit=None,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip

    def _wire_questions(self, conversation: gr.Textbox) -> None:
        handlers = self._handlers
        begun = [conversation, self.messages, self.box, self.examples, self.past.list]

        def begin(held: str, question: str, scope: list[str]) -> list[Any]:
            kept = handlers.begin(held, question, scope)
            messages = handlers.messages(kept)
            chips = "" if question.strip() else gr.skip()
            return [kept, messages, "", chips, handlers.past.listing(kept)]

        def begin_with(held: str, scope: list[str], event: gr.EventData) -> list[Any]:
            return begin(held, str(event._data.get("question", "")), scope)

        def begin_again(held: str, scope: list[str], event: gr.EventData) -> list[Any]:
            kept = handlers.begin_again(held, str(event._data.get("id", "")), scope)
            messages = handlers.messages(kept)
            return [kept, messages, gr.skip(), "", handlers.past.listing(kept)]

        asked = [conversation, self.box, self.scope]
        self.settle(self.box.submit(begin, asked, begun, **FAST), asked=True)
        chosen = [conversation, self.scope]
        self.settle(self.examples.ask_this(begin_with, chosen, begun, **FAST), asked=True)
        self.settle(self.panel.ask_again(begin_again, chosen, begun, **FAST), asked=True)
        self.find.change(
            lambda find, chosen: gr.update(choices=handlers.articles.choices(find, chosen)),
            [self.find, self.scope], [self.scope], **FAST,
        )  # fmt: skip

    def _wire_panel(self, conversation: gr.Textbox) -> None:
        handlers = self._handlers

        def cite(kept: str, event: gr.EventData) -> str:
            return handlers.show(kept, str(event._data.get("id", "")))

        def judge(kept: str, event: gr.EventData) -> list[Message]:
            return handlers.judge(kept, str(event._data.get("id", "")))

        def correct(kept: str, event: gr.EventData) -> list[Message]:
            place = {key: str(event._data.get(key, "")) for key in ("article", "before", "quote")}
            return handlers.correct(kept, str(event._data.get("id", "")), place)

        self.panel.cite(cite, [conversation], [self.panel], **FAST)
        self.panel.judge(judge, [conversation], [self.messages], **FAST)
        self.panel.correct(correct, [conversation], [self.messages], **FAST)

    def _wire_past(self, conversation: gr.Textbox) -> None:
        self.settle(
            self.past.fresh.click(lambda: self.open_conversation(""), None, self.opened, **FAST)
        )
        for event in self.past.wire(conversation, self.opened, self.open_conversation):
            self.settle(event)
        conversation.change(
            None, [conversation], None,
            js="id => { sessionStorage.setItem('footnote-conversation', id); }",
            api_visibility="private",
        )  # fmt: skip

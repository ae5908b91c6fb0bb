"""The tab of questions: the conversation, the box, and the source panel beside them."""

from __future__ import annotations

from typing import Any

from ui.handlers import Handlers, Message
from ui.offline import FAST, gr, script
from ui.panel import KEYS, empty_panel

ANSWERS_AT_ONCE = 2


class Chat:
    """The tab of questions: the conversation, the box, and the source panel beside them."""

    def __init__(self, handlers: Handlers, conversation: gr.Textbox) -> None:
        self._handlers = handlers
        with gr.Row(elem_id="desk", equal_height=False):
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
                    max_length=2000,
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
                    self.fresh = gr.Button("New conversation", elem_id="fresh", size="sm")
            with gr.Column(scale=5, min_width=320, elem_id="source-column"):
                self.panel = gr.HTML(
                    empty_panel(), elem_id="source", js_on_load=script("page.js"),
                    apply_default_css=False,
                )  # fmt: skip
        self._wire(conversation)

    def _wire(self, conversation: gr.Textbox) -> None:
        handlers = self._handlers
        begun = [conversation, self.messages, self.box, self.examples]

        def begin(held: str, question: str, scope: list[str]) -> list[Any]:
            kept = handlers.begin(held, question, scope)
            messages = handlers.messages(kept)
            return [kept, messages, "", "" if messages else gr.skip()]

        def begin_with(held: str, scope: list[str], event: gr.EventData) -> list[Any]:
            return begin(held, str(event._data.get("question", "")), scope)

        def give_up(kept: str) -> list[Message]:
            handlers.give_up(kept)
            return handlers.messages(kept)

        for event in (
            self.box.submit(begin, [conversation, self.box, self.scope], begun, **FAST),
            self.examples.ask_this(begin_with, [conversation, self.scope], begun, **FAST),
        ):
            event.then(
                handlers.answer, [conversation], [self.messages], concurrency_id="answer",
                concurrency_limit=ANSWERS_AT_ONCE, show_progress="hidden",
                api_visibility="private",
            ).failure(give_up, [conversation], [self.messages], **FAST)  # fmt: skip

        def cite(kept: str, event: gr.EventData) -> str:
            return handlers.show(kept, str(event._data.get("id", "")))

        self.panel.cite(cite, [conversation], [self.panel], **FAST)
        self.find.change(
            lambda find, chosen: gr.update(choices=handlers.articles.choices(find, chosen)),
            [self.find, self.scope], [self.scope], **FAST,
        )  # fmt: skip

        def fresh() -> list[Any]:
            return [handlers.conversations.new().id, [], "", handlers.examples()]

        self.fresh.click(fresh, None, begun, **FAST)
        conversation.change(
            None, [conversation], None,
            js="id => { sessionStorage.setItem('footnote-conversation', id); }",
            api_visibility="private",
        )  # fmt: skip

"""The list of conversations beside the chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ui.handlers import Handlers
from ui.offline import FAST, gr, script

_SAVE_FILE = """text => {
  const file = JSON.parse(text);
  if (file.problem) { alert(file.problem); return; }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: "text/plain;charset=utf-8" }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}"""


class PastColumn:
    """The column of conversations; it is folded away on a phone."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        with gr.Column(scale=2, min_width=210, elem_id="past-column"):
            self.fresh = gr.Button("New conversation", elem_id="fresh", size="sm")
            self.list = gr.HTML(
                elem_id="past", js_on_load=script("past.js"), apply_default_css=False
            )
        self._file = gr.Textbox(visible=False, elem_id="export")

    def wire(
        self, conversation: gr.Textbox, opened: list[Any], open_it: Callable[[str], list[Any]]
    ) -> list[Any]:
        """Let the list act; returns the events that open a conversation.

        `open_it` returns what `opened` is for a conversation, the list last.
        """
        past = self._handlers.past

        def choose(event: gr.EventData) -> list[Any]:
            return open_it(str(event._data.get("id", "")))

        def delete(current: str, event: gr.EventData) -> list[Any]:
            now, listing = past.delete(str(event._data.get("id", "")), current)
            return [*open_it(now)[:-1], listing]

        def rename(current: str, event: gr.EventData) -> str:
            data = event._data
            return past.rename(str(data.get("id", "")), str(data.get("title", "")), current)

        def export(event: gr.EventData) -> str:
            return past.export(str(event._data.get("id", "")), str(event._data.get("kind", "")))

        self.list.rename_it(rename, [conversation], [self.list], **FAST)
        self.list.save_it(export, None, [self._file], **FAST).then(
            None, [self._file], None, js=_SAVE_FILE, api_visibility="private"
        )
        return [
            self.list.choose(choose, None, opened, **FAST),
            self.list.delete_it(delete, [conversation], opened, **FAST),
        ]

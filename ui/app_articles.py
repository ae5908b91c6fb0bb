"""The tab of articles: files in, the list, and the change that goes on."""

from __future__ import annotations

from typing import Any

from ui.changes import ArticleEvents, sent_files
from ui.limits import LARGEST_FILE, LARGEST_UPLOAD, MOST_FILES
from ui.offline import AS_SENT, FAST, gr, script, text, texts
from ui.render import problem_message


class ArticlesTab:
    """The tab of articles: files in, the list, and the change that goes on."""

    def __init__(self, events: ArticleEvents, scope: gr.CheckboxGroup) -> None:
        self._events = events
        limits = (
            f"at most {MOST_FILES} files of {LARGEST_FILE >> 20} MB,"
            f" {LARGEST_UPLOAD / 1e6:,.0f} MB together"
        )
        drop = gr.File(
            label=f"Add articles: {limits}", file_count="multiple", elem_id="upload", height=150
        )
        with gr.Row(elem_id="changes"):
            update = gr.Button("Look for changed files", elem_id="update", size="sm")
            rebuild = gr.Button("Rebuild the index", elem_id="rebuild", size="sm")
            self._cancel = gr.Button("Cancel", elem_id="cancel", size="sm", visible=False)
        self._job = gr.HTML(elem_id="job", apply_default_css=False)
        self._find = gr.Textbox(
            label="Find articles", show_label=False, elem_id="find",
            placeholder="Find articles by title or path",
        )  # fmt: skip
        self._list = gr.HTML(elem_id="list", js_on_load=script("list.js"), apply_default_css=False)
        self._timer = gr.Timer(1.0, active=False)
        self.generation = gr.Textbox(events.generation(), visible=False)
        self._asked = [self._find, scope]  # what `refreshed` goes by
        self.shown = [
            self._job, self._timer, self._cancel, self._list, scope, self.generation
        ]  # fmt: skip
        self._wire(drop, update, rebuild)

    def refreshed(self, find: Any = None, chosen: Any = None, *, problem: str = "") -> list[Any]:
        """Return what all of `shown` is now; `problem` goes before the state of the change.

        `find` and `chosen` are what the page sent.
        """
        find, chosen = text(find), texts(chosen)
        # Asked before the state: one that ends in between is shown as ended, or looked at again.
        running = self._events.jobs.running
        choices = self._events.choices(chosen=chosen)
        there = {article_id for _, article_id in choices}
        return [
            problem + self._events.status(),
            gr.update(active=running),
            gr.update(visible=running),
            self._events.listing(find),
            gr.update(choices=choices, value=[each for each in chosen if each in there]),
            self._events.generation(),
        ]

    def _wire(self, drop: gr.File, update: gr.Button, rebuild: gr.Button) -> None:
        events, asked, shown = self._events, self._asked, self.shown

        def tick(find: Any, chosen: Any) -> list[Any]:
            if events.jobs.running:
                return [events.status(), *([gr.skip()] * 5)]
            return self.refreshed(find, chosen)

        def add(files: Any, find: Any, chosen: Any) -> list[Any]:
            return [None, *self.refreshed(find, chosen, problem=events.upload(sent_files(files)))]

        def remove(find: Any, chosen: Any, event: gr.EventData) -> list[Any]:
            problem = events.remove(str(event._data.get("id", "")))
            return self.refreshed(find, chosen, problem=problem)

        def refused(find: Any, chosen: Any, event: gr.EventData) -> list[Any]:
            said = problem_message(str(event._data.get("said", "")))
            return [None, *self.refreshed(find, chosen, problem=said)]

        self._timer.tick(tick, asked, shown, **AS_SENT)
        drop.upload(add, [drop, *asked], [drop, *shown], **AS_SENT)
        self._list.remove_article(remove, asked, shown, **AS_SENT)
        self._list.upload_refused(refused, asked, [drop, *shown], **AS_SENT)
        for button, handler in (
            (update, events.update), (rebuild, events.rebuild), (self._cancel, events.cancel)
        ):  # fmt: skip
            button.click(
                lambda find, chosen, do=handler: self.refreshed(find, chosen, problem=do()),
                asked, shown, **AS_SENT,
            )  # fmt: skip
        self._find.change(events.listing, [self._find], [self._list], **FAST)

    def open_in(self, panel: gr.HTML, tabs: gr.Tabs) -> None:
        """Let a title of the list open its article in the source panel."""

        def opened(event: gr.EventData) -> list[Any]:
            html = self._events.open_article(str(event._data.get("id", "")))
            return [html, gr.Tabs(selected="chat")]

        self._list.open_article(opened, None, [panel, tabs], **FAST)

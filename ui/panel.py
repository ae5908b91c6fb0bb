"""Values → safe HTML: the source panel, and the list of articles with its changes.

Unlike messages of the chat, these strings go to the page unfiltered, so attributes may carry
data: `data-go` names the place a button opens, `data-copy-…` what a copy button copies. All text
of others still goes through `exact`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from index.values import ArticleInfo, BuildReport, Notice, Stage
from ui.jobs import Job, State
from ui.places import Kind, Place, Standing, View
from ui.render import exact, isolated

LISTED = 200  # rows of the list at once; a longer list is narrowed by searching it

HEADER = """<header class="fn-top"><button type="button" class="fn-tool" data-past
aria-expanded="false" aria-controls="past-column">☰ Conversations</button><h1>Footnote</h1>
<p>Answers from your own articles, in their own words, and where each word stands.</p></header>"""
KEYS = """<p class="fn-keys"><kbd>/</kbd> question <kbd>[</kbd> <kbd>]</kbd> sources
<kbd>Esc</kbd> back</p>"""

_STANDINGS = {
    Standing.VERBATIM: ("verbatim ✓", "The article reads word for word as quoted."),
    Standing.CHANGED: ("changed", "The article has changed since."),
    Standing.REMOVED: ("removed", "The article is no longer in the index."),
}
_STAGES = {
    Stage.READ: "Reading files",
    Stage.EMBED: "Reading passages",
    Stage.WRITE: "Writing the index",
}


def empty_panel(hint: str = "") -> str:
    """Return the panel when no article is open."""
    text = hint or "Click a citation to see the article it comes from, with the place marked."
    return (
        '<div class="fn-empty"><div class="fn-empty-sign" aria-hidden="true">❝</div>'
        f"<p>{exact(text)}</p></div>"
    )


def problem_panel(text: str) -> str:
    """Return the panel when an article could not be opened."""
    return (
        f'<div class="fn-head">{_closing()}</div>'
        f'<div class="fn-empty"><p class="fn-problem" role="alert">{exact(text)}</p></div>'
    )


def source_panel(view: View, *, turn: int = 0, n: int = 0, count: int = 1, of: str = "") -> str:
    """Return the whole article of a view, the quote marked by its offsets.

    The place is number `n` of `count` in the answer to question `turn` of the conversation `of`;
    a place that was opened from an address stands alone.
    """
    article, place = view.article, view.place
    word, meaning = _STANDINGS[view.standing]
    button = "" if place.kind is Kind.LINK else f"c{turn}-{n}"
    facts = [exact(article.date)] if article.date else []
    facts.append(isolated(article.source))
    return (
        f'<article class="fn-view" data-place="{button}" data-article="{exact(article.id)}"'
        f' data-of="{exact(of)}" aria-label="Source">'
        f'<header class="fn-head"><div class="fn-headline"><h2>{isolated(article.title)}</h2>'
        f"{_closing()}</div>"
        f'<div class="fn-facts"><span class="fn-standing fn-{view.standing}" title="{meaning}">'
        f"{word}</span>{''.join(f'<span>{fact}</span>' for fact in facts)}</div>"
        f'{_notice(view)}<div class="fn-tools">{_steps(turn, n, count)}{_copies(place)}</div>'
        f'</header><div class="fn-article" tabindex="0" role="region"'
        f' aria-label="Text of the article">{_article_text(view)}</div></article>'
    )


def _closing() -> str:
    return (
        '<button type="button" class="fn-close" data-close title="Close (Esc)"'
        ' aria-label="Close the source">✕</button>'
    )


def _article_text(view: View) -> str:
    """Return the canonical text with the mark, and a fainter one on the sentence around it."""
    text, start, end = view.article.text, view.start, view.end
    if not view.found or start >= end:
        return exact(text)
    first, last = start, end
    if view.standing is not Standing.CHANGED:
        sentence_start = view.place.sentence_start + view.start - view.place.start
        first = min(start, sentence_start)
        last = max(end, sentence_start + len(view.place.sentence))
    tone = ' class="fn-wide"' if view.place.kind is Kind.PASSAGE else ""
    return (
        f'{exact(text[:first])}<span class="fn-sentence">{exact(text[first:start])}'
        f'<mark{tone} tabindex="-1">{exact(text[start:end])}</mark>{exact(text[end:last])}</span>'
        f"{exact(text[last:])}"
    )


def _notice(view: View) -> str:
    if view.standing is Standing.VERBATIM:
        return ""
    if view.standing is Standing.REMOVED:
        part = "it is" if view.place.article.text else "its sentence is"
        text = f"This article is no longer in your articles. Here {part} as the answer read it."
    elif view.found:
        text = "This article has changed since. The nearest match is marked."
    else:
        text = "This article has changed since, and nothing in it matches the quote any more."
    quote = (
        f'<blockquote dir="auto">{exact(view.place.quote)}</blockquote>'
        if view.standing is Standing.CHANGED and view.place.quote
        else ""
    )
    return f'<div class="fn-notice" role="status">{text}{quote}</div>'


def _steps(turn: int, n: int, count: int) -> str:
    if count < 2:
        return ""
    buttons = []
    for sign, to, word, key in (("‹", n - 1, "Previous", "["), ("›", n + 1, "Next", "]")):
        off = "" if 0 <= to < count else " disabled"
        buttons.append(
            f'<button type="button" class="fn-tool" data-go="c{turn}-{to}" data-key="{key}"'
            f' title="{word} source ({key})" aria-label="{word} source"{off}>{sign}</button>'
        )
    return (
        f'<span class="fn-steps">{buttons[0]}<span class="fn-count">{n + 1} of {count}</span>'
        f"{buttons[1]}</span>"
    )


def _copies(place: Place) -> str:
    """Return the buttons that copy the citation; the page puts its own address before the link."""
    if not place.quote:
        return ""
    buttons = [
        f'<button type="button" class="fn-tool" data-copy-before="{exact(before)}"'
        f' data-copy-link="{exact(place.link if linked else "")}" data-copy-after="{after}"'
        f' title="{title}">{word}</button>'
        for word, title, before, linked, after in (
            ("Text", "Copy the quote with its source", cited_as_text(place), True, ""),
            ("Markdown", "Copy the quote as Markdown", cited_as_markdown(place), True, "&gt;"),
            ("JSON", "Copy the citation as JSON", cited_as_json(place), False, ""),
            ("Link", "Copy the permanent link", "", True, ""),
        )
    ]
    return f'<span class="fn-copies"><span class="fn-label">Copy</span>{"".join(buttons)}</span>'


def cited_as_text(place: Place) -> str:
    """Return quote and source as plain text, up to where the link follows."""
    return f"“{place.quote}”\n— {_source_line(place)}\n"


def cited_as_markdown(place: Place) -> str:
    """Return quote and source as Markdown, up to where the link follows."""
    quote = "\n".join(f"> {line}" for line in unmarked(place.quote).split("\n"))
    return f"{quote}\n>\n> — {unmarked(_source_line(place))} <"


def unmarked(text: str) -> str:
    """Return Markdown that reads as `text`."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~&" else c for c in text)


def cited_as_json(place: Place) -> str:
    """Return the citation as JSON, with the keys of `Citation.to_dict`."""
    data = {
        "article": place.article.to_dict(),
        "start": place.start,
        "end": place.end,
        "quote": place.quote,
        "sentence": place.sentence,
        "sentence_start": place.sentence_start,
        "link": place.link,
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


def _source_line(place: Place) -> str:
    day = f", {place.article.date}" if place.article.date else ""
    return f"{place.article.title}{day} ({place.article.source}, {place.start}–{place.end})"


def article_list(infos: Sequence[ArticleInfo], total: int, *, busy: bool = False) -> str:
    """Return the table of articles, at most `LISTED` of them; `total` is how many there are."""
    if not total:
        return empty_panel("There are no articles yet. Drop some files above to begin.")
    off = " disabled" if busy else ""
    rows = [
        f'<tr><td class="fn-title"><button type="button" class="fn-open"'
        f' data-open="{exact(info.id)}">{isolated(info.title)}</button>'
        f'<div class="fn-path">{isolated(info.source)}{_copies_note(info)}</div></td>'
        f"<td>{exact(info.date or '')}</td><td>{info.passages:,}</td><td>{info.characters:,}</td>"
        f'<td><button type="button" class="fn-tool fn-remove" data-remove="{exact(info.id)}"'
        f' aria-label="Remove {exact(info.title)}"{off}>Remove</button></td></tr>'
        for info in infos[:LISTED]
    ]
    shown = len(rows)
    counted = f"{total:,} article{'' if total == 1 else 's'}"
    note = counted if shown == total else f"{shown:,} of {counted} shown"
    return (
        f'<div class="fn-tablewrap"><table class="fn-table"><caption>{note}</caption><thead><tr>'
        '<th scope="col">Article</th><th scope="col">Date</th><th scope="col">Passages</th>'
        '<th scope="col">Characters</th><th scope="col"><span class="fn-unseen">Change</span></th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _copies_note(info: ArticleInfo) -> str:
    return f" · also {', '.join(map(isolated, info.copies))}" if info.copies else ""


def job_status(job: Job | None) -> str:
    """Return how far the change to the index is, or how it ended."""
    if job is None:
        return ""
    name = exact(job.name)
    if job.state in (State.RUNNING, State.CANCELLING):
        word = "Cancelling" if job.state is State.CANCELLING else name
        return f'<div class="fn-job" role="status"><b>{word}</b>{_bar(job)}</div>'
    if job.state is State.FAILED:
        return f'<div class="fn-job fn-problem" role="alert"><b>{name}:</b> {exact(job.note)}</div>'
    if job.state is State.CANCELLED:
        return f'<div class="fn-job"><b>{name}:</b> cancelled. Nothing was changed.</div>'
    said = exact(str(job.report)) if job.report else ""
    return f'<div class="fn-job fn-done"><b>{name}:</b> {said}{_notices(job.report)}</div>'


def _bar(job: Job) -> str:
    progress = job.progress
    if progress is None:
        return '<progress class="fn-bar" aria-label="Progress"></progress>'
    stage = _STAGES[progress.stage]
    left = f", about {job.seconds_left:.0f} s left" if job.seconds_left is not None else ""
    item = f'<div class="fn-path">{isolated(progress.item)}</div>' if progress.item else ""
    return (
        f'<progress class="fn-bar" aria-label="{stage}" max="{max(progress.total, 1)}"'
        f' value="{progress.done}"></progress>'
        f"<div>{stage}: {progress.done:,} of {progress.total:,}{left}</div>{item}"
    )


def _notices(report: BuildReport | None) -> str:
    if report is None:
        return ""
    lines: list[tuple[str, Notice]] = [
        *(("skipped", notice) for notice in report.skipped),
        *(("same as", notice) for notice in report.duplicates),
        *(("note", notice) for notice in report.warnings),
    ]
    items = "".join(
        f'<li><span class="fn-label">{word}</span> {isolated(notice.path)}: {exact(notice.reason)}'
        "</li>"
        for word, notice in lines[:LISTED]
    )
    return f"<ul>{items}</ul>" if items else ""

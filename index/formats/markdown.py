"""Markdown files: front matter to fields, the body to text without any mark of Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.errors import UnreadableFile
from index.formats import html
from index.formats.blocks import Blocks
from index.formats.draft import Draft, as_text, iso_date, readable_stem
from index.formats.limits import MAX_FRONT_MATTER, MAX_NESTING
from index.formats.text import decode

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_NOTE = re.compile(r"^ {0,3}\[\^([^\]\s]+)\]:", re.MULTILINE)
_MENTION = re.compile(r"\[\^([^\]\s]+)\](?:: *)?")
_TASK = re.compile(r"\[[ xX]\]\s+")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def read(data: bytes, stem: str) -> list[Draft]:
    """Return the one article of a Markdown file."""
    source, warnings = decode(data)
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    fields, head, body, faults = _front_matter(source)
    text, heading = _plain(body)
    title = as_text(fields.pop("title", None)) or heading or readable_stem(stem)
    date = iso_date(as_text(fields.get("date")) or "")
    if date:
        del fields["date"]
    metadata = {key: value for key, raw in fields.items() if (value := as_text(raw))}
    text = f"{head.strip()}\n\n{text}" if head.strip() else text
    return [Draft(title, text, date, metadata, warnings=warnings + faults)]


def _front_matter(source: str) -> tuple[dict[str, Any], str, str, tuple[str, ...]]:
    """Return the fields, the front matter's text where it is none, the body, and warnings."""
    from frontmatter.default_handlers import YAMLHandler
    from yaml import AliasEvent, CSafeLoader, YAMLError, parse  # type: ignore[import-untyped]

    handler = YAMLHandler()
    if not handler.detect(source):
        return {}, "", source, ()
    try:
        head, body = handler.split(source)
    except ValueError:  # never closed: a line of dashes and no more
        return {}, "", source, ()
    try:
        if len(head) > MAX_FRONT_MATTER:
            raise YAMLError("it is longer than 64 KiB")
        if any(isinstance(event, AliasEvent) for event in parse(head, Loader=CSafeLoader)):
            raise YAMLError("it holds aliases, which can unfold without end")
        fields = handler.load(head)
    except (YAMLError, ValueError, TypeError) as error:
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        return {}, head, body, (f"its front matter is not valid YAML ({reason}); kept as text",)
    if not head.strip() or isinstance(fields, dict):
        return {str(key).lower(): value for key, value in (fields or {}).items()}, "", body, ()
    return {}, "", source, ()  # text between two lines of dashes


def _plain(source: str) -> tuple[str, str]:
    """Return the text of a Markdown body and its first heading, "" without one."""
    tokens = _parser().parse(source)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        raise UnreadableFile(
            f"its lists or quotes are nested more than {MAX_NESTING // 2} deep; make them flatter"
        )
    writer = _Writer(frozenset(_NOTE.findall(source)))
    heading = ""
    for place, token in enumerate(tokens):
        writer.token(token)
        if token.type == "heading_open" and not heading:
            heading = " ".join(writer.inline(tokens[place + 1].children or ()).split())
    return writer.blocks.text(), heading


def _parser() -> MarkdownIt:
    """Return the parser; a footnote's text is a paragraph to it, never a link's definition."""
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import reference

    def reference_or_note(state: StateBlock, line: int, end: int, silent: bool) -> bool:
        if state.src.startswith("[^", state.bMarks[line] + state.tShift[line]):
            return False
        return reference(state, line, end, silent)

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.at("reference", reference_or_note)
    return parser


class _Writer:
    """Writes the parser's tokens as plain text."""

    def __init__(self, notes: frozenset[str]) -> None:
        self.blocks = Blocks()
        self._row: list[str] | None = None  # the cells of the table row that is open
        self._notes = notes
        self._starts_item = False

    def token(self, token: Token) -> None:
        """Write one token of the block level."""
        match token.type:
            case "bullet_list_open" | "ordered_list_open" | "table_open":
                self.blocks.open()
            case "bullet_list_close" | "ordered_list_close" | "table_close":
                self.blocks.close()
            case "list_item_open":
                self.blocks.item(f"{token.info}. " if token.info else "- ")
                self._starts_item = True
            case "tr_open":
                self._row = []
            case "tr_close":
                self.blocks.row(self._row or ())
                self._row = None
            case "inline":
                self._inline_block(token)
            case "fence" | "code_block":
                self.blocks.add(token.content)
            case "html_block":
                self.blocks.add(html.fragment_text(token.content))

    def _inline_block(self, token: Token) -> None:
        """Write a paragraph, a heading or a cell."""
        text = self.inline(token.children or ())
        if self._row is not None:
            self._row.append(text)
            return
        if self._starts_item:
            text = _TASK.sub("", text, count=1) if _TASK.match(text) else text
            self._starts_item = False
        self.blocks.add(text)

    def _unmarked(self, mention: re.Match[str]) -> str:
        """Return what stands for the mark of a footnote: nothing, where there is such a note."""
        return "" if mention[1] in self._notes else mention[0]

    def inline(self, tokens: Sequence[Token]) -> str:
        """Return the text of inline tokens."""
        parts = []
        for token in tokens:
            if token.type in ("text", "text_special"):
                parts.append(_MENTION.sub(self._unmarked, token.content))
            elif token.type == "code_inline":
                parts.append(token.content)
            elif token.type == "image":
                parts.append(self.inline(token.children) if token.children else token.content)
            elif token.type == "softbreak":
                parts.append(" ")
            elif token.type == "hardbreak" or _BREAK.fullmatch(token.content):
                parts.append("\n")
        return "".join(parts)

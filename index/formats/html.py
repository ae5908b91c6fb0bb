"""HTML files to text: what a reader of the page sees of its article, and the page's fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from index.errors import UnreadableFile
from index.formats.blocks import Blocks
from index.formats.draft import Draft, iso_date, readable_stem
from index.formats.text import decode

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml\s[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})")
_HEAD_BYTES = 4096  # the declaration of the encoding stands in them
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DROPPED = frozenset(
    "script style template noscript head iframe object embed svg canvas audio video"  # noqa: SIM905
    " map button select textarea datalist annotation annotation-xml".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div"  # noqa: SIM905
    " dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend"
    " li main menu nav ol optgroup p pre search section summary table tbody td tfoot th thead tr"
    " ul".split()
)
_GROUPS = frozenset(["ul", "ol", "menu", "dir", "dl"])
_AROUND = frozenset(["nav", "header", "footer", "aside"])
_LAYOUT = ".//table | .//h1 | .//h2 | .//h3 | .//h4 | .//td/p[2] | .//td/div/p"


def read(data: bytes, stem: str) -> list[Draft]:
    """Return the one article of an HTML file."""
    declared = _CHARSET.search(data[:_HEAD_BYTES]) or _XML_ENCODING.match(data)
    source, warnings = decode(data, declared[1].decode("ascii") if declared else "")
    root = _parse(source)
    if root is None:
        raise UnreadableFile("the file holds no text")
    first = _finder(root)
    title = first("//meta[@property='og:title']/@content", "//title", "//h1")
    date = first(
        "//meta[@property='article:published_time']/@content",
        "//time/@datetime",
        "//meta[@name='date' or @name='DC.date' or @name='dc.date']/@content",
        accept=lambda value: iso_date(value) is not None,
    )
    metadata = {
        "url": first("//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content"),
        "author": first("//meta[@name='author']/@content"),
        "description": first("//meta[@name='description']/@content"),
        "language": first("/html/@lang"),
    }
    text = _article_text(root)
    return [
        Draft(
            title or readable_stem(stem),
            text,
            iso_date(date),
            {key: value for key, value in metadata.items() if value},
            warnings=warnings,
        )
    ]


def fragment_text(source: str) -> str:
    """Return the text of a piece of HTML, as it may stand in a Markdown file."""
    root = _parse(source)
    return "" if root is None else _text(_pruned(root))


def _parse(source: str) -> Any:
    """Return the root element, or None where there is nothing but white space and comments."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml.html.document_fromstring(source.encode("utf-8"), parser=parser)
    except lxml.etree.ParserError:
        root = None
    for fault in parser.error_log:  # the parser stops there and keeps what it has
        if fault.level_name == "FATAL":
            raise UnreadableFile(
                "its HTML is nested too deep or has an overlong part"
                f" ({fault.message.strip().partition(',')[0]}); save the article alone as text"
            )
    return root


def _finder(root: Any) -> Callable[..., str]:
    """Return a function for the first value of some XPaths that is accepted, "" for none."""

    def first(*paths: str, accept: Callable[[str], bool] = bool) -> str:
        for path in paths:
            for found in root.xpath(path):
                value = " ".join((found if isinstance(found, str) else _flat(found)).split())
                if accept(value):
                    return value
        return ""

    return first


def _article_text(root: Any) -> str:
    """Return the text of the page's article, or of the page where it marks no article.

    An `<article>`, else a `<main>`, that holds at least half of the page's text stands for the
    page. Where neither does, the page goes without the navigation and the like around them.
    """
    _pruned(root)
    whole = _length(root)
    candidates = []
    for path in ("//article", "//main | //*[@role='main']"):
        found = root.xpath(path)
        candidates += found
        best = max(found, key=_length, default=None)
        if best is not None and 2 * _length(best) >= whole:
            return _text(best)
    if candidates:
        kept = {node for candidate in candidates for node in candidate.iter()}
        for node in [node for node in root.iter(*_AROUND) if node not in kept]:
            if not any(child in kept for child in node.iter()):
                _empty(node)
    return _text(root)


def _pruned(root: Any) -> Any:
    """Empty the elements that a reader of the page does not see, and return the tree."""
    for node in list(root.iter()):
        if node.getparent() is not None and (
            node.tag in _DROPPED
            or "hidden" in node.attrib
            or node.get("aria-hidden", "").strip().lower() == "true"
            or _INVISIBLE.search(node.get("style", ""))
        ):
            _empty(node)
    return root


def _empty(node: Any) -> None:
    """Make an element one without content; the text after it stays.

    Taking thousands out of one parent would join its text anew each time.
    """
    node.clear(keep_tail=True)
    node.tag = "span"


def _length(node: Any) -> int:
    """Return the number of characters that are not white space."""
    return sum(len(part.strip()) for part in node.itertext())


def _text(node: Any) -> str:
    """Return the text of an element of a pruned tree."""
    walker = _Walker()
    walker.element(node)
    walker.flush()
    return walker.blocks.text()


def _flat(node: Any) -> str:
    """Return the text of an element in one line."""
    return " ".join(_text(node).split())


class _Walker:
    """Writes elements as plain text; the parser's limit of 256 levels bounds its recursion."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self._pieces: list[str] = []  # of the paragraph that is being written
        self._verbatim = False
        self._data_table = False
        self._number: int | None = None  # of the next item, in an ordered list

    def element(self, node: Any) -> None:
        """Write an element without the text after it."""
        tag = node.tag
        if tag == "br":
            self._pieces.append("\n")
        elif tag not in _BLOCKS:
            self._children(node)
        else:
            self.flush()
            self._block(node, tag)
            self.flush()

    def _block(self, node: Any, tag: str) -> None:
        """Write the inside of a block."""
        if tag == "li":
            self.blocks.item("- " if self._number is None else f"{self._number}. ")
            self._number = None if self._number is None else self._number + 1
        outer = self._verbatim, self._data_table, self._number
        grouped = tag in _GROUPS
        if grouped:
            self._number = _start(node) if tag == "ol" else None
        elif tag == "table":
            self._data_table = grouped = not node.xpath(_LAYOUT)
        elif tag == "pre":
            self._verbatim = True
        if grouped:
            self.blocks.open()
        if tag == "tr" and self._data_table:
            self._row(node)
        else:
            self._children(node)
        self.flush()
        if grouped:
            self.blocks.close()
        self._verbatim, self._data_table, self._number = outer

    def _children(self, node: Any) -> None:
        """Write an element's text and children."""
        self._add(node.text)
        for child in node:
            self.element(child)
            self._add(child.tail)

    def _row(self, node: Any) -> None:
        """Write a table's row; text outside its cells counts as a cell."""
        cells = [node.text] if node.text and node.text.strip() else []
        for child in node:
            text = _flat(child)
            if text or child.tag in ("td", "th"):
                cells.append(text)
            if child.tail and child.tail.strip():
                cells.append(child.tail)
        self.blocks.row(cells)

    def _add(self, text: str | None) -> None:
        """Add text to the paragraph."""
        if text:
            self._pieces.append(text if self._verbatim else re.sub(r"[ \t\r\n\f]+", " ", text))

    def flush(self) -> None:
        """End the paragraph."""
        text = "".join(self._pieces)
        self._pieces = []
        if not self._verbatim:
            text = re.sub(r" ?\n ?", "\n", re.sub(r" {2,}", " ", text)).strip()
        self.blocks.add(text)


def _start(items: Any) -> int:
    """Return the number of an ordered list's first item."""
    start = items.get("start", "").strip()
    return int(start) if re.fullmatch(r"-?[0-9]{1,6}", start) else 1

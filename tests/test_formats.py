"""Each format's file to plain text and fields, and the refusal of what cannot be read whole."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import UnreadableFile
from index.formats import SUFFIXES, Draft, parse, read_bytes
from index.formats import read as reading

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of a name and content, and return its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


def read_file(path: Path) -> list[Draft]:
    """Return the articles of a file, read in this process."""
    return parse(read_bytes(path), path.name)


def only(path: Path) -> Draft:
    """Return the one article of a file."""
    [draft] = read_file(path)
    return draft


def refusal(path: Path) -> str:
    """Return the reason for which a file is refused."""
    with pytest.raises(UnreadableFile) as error:
        read_file(path)
    return str(error.value)


# Any format


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"%PDF-1.7\n...", "it is a PDF file named .txt; rename it to .pdf"),
        ("a.md", b"PK\x03\x04...", "it is a ZIP file named .md; supported are .docx, "),
        ("a.txt", b"PK\x03\x04 word/document.xml", "it is a Word file named .txt; rename it to"),
        ("a.html", b"\x89PNG\r\n\x1a\n", "it is a PNG image named .html; supported are .docx, "),
        ("a.docx", b"%PDF-1.7\n...", "it is a PDF file named .docx; rename it to .pdf"),
        ("a.docx", b"\xd0\xcf\x11\xe0...", "it is an old Office file (.doc) or one with a pass"),
        ("a.docx", b"words", "it is named .docx but does not begin like a .docx file"),
        ("a.pdf", b"words", "it is named .pdf but does not begin like a .pdf file"),
        ("a.pdf", b"PK\x03\x04...", "it is a ZIP file named .pdf; supported are .docx, "),
        ("a.txt", b"\n<!DOCTYPE HTML><p>", "it is an HTML file named .txt; rename it to .html"),
        ("a.txt", b"", "the file holds no text"),
        ("a.md", b" \n\t\r\n", "the file holds no text"),
        ("a.txt", b"\xef\xbb\xbf\n", "the file holds no text"),
        ("a.html", b"<script>x</script>", "the file holds no text"),
        ("a.txt", b"ab\0cd", "it holds a NUL byte at position 2, so it is binary data or UTF-16"),
        ("a.jsonl", b"\0", "it holds a NUL byte at position 0"),
        ("a.txt", b"\xff\xfea\0\0\0", "it holds NUL characters, so it is binary data"),
        ("a.txt", b"\xff\xfea\0b", "it begins as UTF-16 but is not valid UTF-16 at byte 4"),
        ("a.txt", b"\xff\x01", "it is neither UTF-8 text (byte 0 is not) nor Windows-1252 text"),
        ("a.doc", b"words", "it is not an article format; supported are .docx, .htm, .html, "),
        ("a", b"words", "it is not an article format; supported are "),
    ],
)
def test_refused_content(write: Write, name: str, content: bytes, reason: str) -> None:
    """Content that is not what its name says, or no text, is refused with the reason."""
    assert refusal(write(name, content)).startswith(reason)


def test_refused_paths(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that cannot be opened is refused with the reason, and never waited for."""
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    assert refusal(tmp_path / "gone.txt") == "there is no such file"
    assert refusal(tmp_path / "pipe.txt").startswith("it is not a regular file")
    assert refusal(tmp_path / "folder.txt").startswith("it is not a regular file")
    assert refusal(tmp_path / "a\0.txt") == "it cannot be opened (embedded null byte)"

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write("a.txt", "Text.")
    monkeypatch.setattr(os, "open", denied)
    assert refusal(path) == "permission denied; allow this user to read it"


def test_large_file(write: Write) -> None:
    """A file of more than 50 MB is refused before it is read."""
    path = write("a.txt", "Text.")
    os.truncate(path, 52_428_801)
    assert refusal(path) == (
        "it is 52.4 MB large, and at most 50 MB are read; split it into smaller files"
    )


def test_fault_of_a_parser(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a parser raises comes out as the one error, but for a lack of memory."""

    def fail(error: type[BaseException]) -> Callable[[bytes, str], list[Draft]]:
        def read(data: bytes, stem: str) -> list[Draft]:
            raise error("too\ndeep")

        return read

    path = write("a.txt", "Text.")
    monkeypatch.setitem(reading._READERS, ".txt", fail(RecursionError))
    assert refusal(path).startswith("it cannot be read as a .txt file (too deep)")
    monkeypatch.setitem(reading._READERS, ".txt", fail(MemoryError))
    with pytest.raises(MemoryError):
        read_file(path)


BEGINNINGS = (b"", b"%PDF-1.4\n", b"PK\x03\x04", b"---\n", b"<p>", b'{"text": ', b"\xff\xfe")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(BEGINNINGS),
    st.binary(max_size=300) | st.text("-*_#>[]()!|`~\\\n \t<&a1.:", max_size=200).map(str.encode),
)
def test_any_bytes(write: Write, beginning: bytes, rest: bytes) -> None:
    """Arbitrary bytes under any suffix give articles with text, or the one error."""
    for suffix in SUFFIXES:
        try:
            drafts = read_file(write(f"a{suffix}", beginning + rest))
        except UnreadableFile as error:
            assert str(error)  # noqa: PT017 - raising is one of two right outcomes
        else:
            assert any(draft.text.strip() for draft in drafts)


# Plain text


@pytest.mark.parametrize("name", ["a.txt", "a.text", "A.TXT"])
def test_text_is_kept(write: Write, name: str) -> None:
    """A text file's text is its content."""
    assert only(write(name, "One.\n\nTwo <b>.\n")).text == "One.\n\nTwo <b>.\n"


@pytest.mark.parametrize(
    ("content", "warned"),
    [
        ("Café".encode(), False),
        ("Café".encode("utf-8-sig"), False),
        ("Café".encode("utf-16"), False),
        (b"\xfe\xff" + "Café".encode("utf-16-be"), False),
        ("Café".encode("utf-32"), False),
        ("Café".encode("cp1252"), True),
    ],
)
def test_encodings(write: Write, content: bytes, *, warned: bool) -> None:
    """Byte order marks are obeyed, then comes UTF-8, then Windows-1252 with a warning."""
    draft = only(write("a.txt", content))
    assert draft.text == "Café"
    warning = "it is not valid UTF-8; it was read as Windows-1252"
    assert draft.warnings == ((warning,) if warned else ())


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("The Great Fire\n\nIt burned.", "The Great Fire"),
        ("The Great Fire\r\n\r\nIt burned.", "The Great Fire"),
        ("The fire burned.\n\nFor days.", "My file"),
        ("The fire\nburned.", "My file"),
        ("The fire", "My file"),
        ("x" * 121 + "\n\nIt burned.", "My file"),
    ],
)
def test_title_of_a_text(write: Write, content: str, title: str) -> None:
    """A first line like a title is the title and stays in the text; else the name serves."""
    draft = only(write("my_-file.txt", content))
    assert draft.title == title
    assert draft.text == content


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("2025-03-14", "2025-03-14"),
        ("14 March 2025", "2025-03-14"),
        ("Friday, 14th mar 2025", "2025-03-14"),
        ("March 14, 2025", "2025-03-14"),
        ("Sept. 1, 2025 at 10:30", "2025-09-01"),
        ("Published: 2025-03-14T10:00:00Z", "2025-03-14"),
        ("Published on 1 May 2025", "2025-05-01"),
        ("31 February 2025", None),
        ("On 14 March 2025 it burned.", None),
        ("1984", None),
        ("2025-03", None),
    ],
)
def test_date_of_a_text(write: Write, line: str, date: str | None) -> None:
    """A line near the top that is a whole date and nothing else dates the article."""
    assert only(write("a.txt", f"Title\n\n{line}\n\nText.")).date == date


def test_late_date_of_a_text(write: Write) -> None:
    """A date line below the first five lines dates nothing."""
    assert only(write("a.txt", "a\nb\nc\nd\ne\n2025-03-14\n")).date is None


# Markdown

MARKDOWN = r"""---
Title: "Fire: a history"
date: 2025-03-14
tags: [city, fire]
draft: false
nested: {a: 1}
---

# The *Great* Fire

Soft
break, hard\
break, **bold**, [a link](http://x "t"), <http://y.org>, ![a *picture*](p.png).

Setext
------

> Quoted &amp; \*escaped\*, `code *x*`, ~~struck~~, <b>tag</b>.[^1]

- One
  - Inner
- [x] Done

7. Seven
8. Eight

   More.

| a | b |
|---|--:|
| 1 \| 2 | **3** |

```python
def f():
    return "*"
```

***

<div><p>Block <i>one</i></p><script>x</script></div>

[ref]: http://z
[^1]: Note
"""

PLAIN = """The Great Fire

Soft break, hard
break, bold, a link, http://y.org, a picture.

Setext

Quoted & *escaped*, code *x*, struck, tag.

- One
- Inner
- Done

7. Seven
8. Eight
More.

a | b
1 | 2 | 3

def f():
    return "*"

Block one

Note"""


@pytest.mark.parametrize("name", ["a.md", "a.markdown"])
def test_markdown(write: Write, name: str) -> None:
    """Markdown's marks go and its words stay; the front matter becomes fields."""
    draft = only(write(name, MARKDOWN))
    assert draft.text == PLAIN
    assert draft.title == "Fire: a history"
    assert draft.date == "2025-03-14"
    assert draft.metadata == {"tags": "city, fire", "draft": "false"}
    assert draft.warnings == ()


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Text.\n\n## A *heading*\n\nText.", "A heading"),
        ("Text.", "My file"),
        ("---\ntitle:\n---\n# H\n", "H"),
    ],
)
def test_title_of_a_markdown(write: Write, content: str, title: str) -> None:
    """Without a title in the front matter the first heading serves, then the file's name."""
    assert only(write("my-file.md", content)).title == title


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("a: [b", "did not find expected ',' or ']'"),
        ("a: &x 1\nb: *x", "it holds aliases, which can unfold without end"),
        ("a: 2025-02-31", "day is out of range for month"),
    ],
)
def test_broken_front_matter(write: Write, head: str, reason: str) -> None:
    """Front matter that is not safe YAML is kept as text, with a warning."""
    draft = only(write("a.md", f"---\n{head}\n---\n*Body*."))
    assert draft.text == f"{head}\n\nBody."
    warning = f"its front matter is not valid YAML ({reason}); kept as text"
    assert draft.warnings == (warning,)


def test_text_between_lines_of_dashes(write: Write) -> None:
    """Dashes around text that is no front matter lose nothing."""
    draft = only(write("a.md", "---\n\nIntro *text*.\n\n---\n\nMore."))
    assert draft.text == "Intro text.\n\nMore."
    assert only(write("b.md", "---\nOpen")).text == "Open"


def test_date_that_is_none(write: Write) -> None:
    """A date that is not understood stays among the fields as it was written."""
    draft = only(write("a.md", "---\ndate: last summer\n---\nText."))
    assert (draft.date, draft.metadata) == (None, {"date": "last summer"})


def test_nesting_that_the_parser_drops(write: Write) -> None:
    """Quotes and lists deeper than the parser goes are refused, never left out."""
    assert only(write("a.md", ">" * 90 + " deep")).text == "deep"
    reason = "its lists or quotes are nested more than 50 deep; make them flatter"
    assert refusal(write("b.md", ">" * 150 + " deep\n\nText.")) == reason
    lists = "\n".join("  " * depth + "- x" for depth in range(60))
    assert refusal(write("c.md", lists)) == reason


# HTML

PAGE = """<!DOCTYPE html><html lang="en"><head><title>Fire | Site</title>
<meta property="og:title" content="The Great Fire"><meta name="author" content="Ann Lee">
<meta property="article:published_time" content="2025-03-14T10:00:00+01:00">
<meta name="description" content="A history."><link rel="canonical" href="https://x.org/fire">
<style>p {}</style></head><body><nav>Menu</nav><header>Site</header>
<main><article><h1>The Fire</h1><p>One <b>two</b>
   three<br>four &amp; <i>five</i>.<script>x()</script> Tail.<!-- no --></p>
<p hidden>gone</p><p style="display: none">gone</p><span aria-hidden="true">gone</span>
<template>gone</template><noscript>gone</noscript>
<ol start="3"><li>Three<ul><li>Inner</li></ul></li><li><p>Four</p></li></ol>
<table><caption>Burned</caption><tr><th>Year</th> <th>Houses</th></tr>
<tr><td>1666</td> <td></td> <td><p>13,200</p></td></tr></table>
<pre>a
  b</pre><div>Loose <div>Block</div> end</div></article></main>
<footer>Imprint</footer></body></html>"""

PAGE_TEXT = """The Fire

One two three
four & five. Tail.

3. Three
- Inner
4. Four

Burned
Year | Houses
1666 |  | 13,200

a
  b

Loose

Block

end"""


@pytest.mark.parametrize("name", ["a.html", "a.htm"])
def test_html(write: Write, name: str) -> None:
    """The article's visible words stay, the page around it and all marks go."""
    draft = only(write(name, PAGE))
    assert draft.text == PAGE_TEXT
    assert draft.title == "The Great Fire"
    assert draft.date == "2025-03-14"
    assert draft.metadata == {
        "url": "https://x.org/fire",
        "author": "Ann Lee",
        "description": "A history.",
        "language": "en",
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<nav>Menu</nav><p>Text</p><footer>Foot</footer>", "Menu\n\nText\n\nFoot"),
        ("<nav>Menu</nav><main>Main text</main><p>Side</p>", "Main text"),
        (
            "<nav>Menu</nav><main>Main</main><p>Much more text here</p><aside>Ad</aside>",
            "Main\n\nMuch more text here",
        ),
        (
            "<header><article>One</article></header><article><nav>Two</nav></article><p>Three more",
            "One\n\nTwo\n\nThree more",
        ),
    ],
)
def test_what_of_a_page_is_its_article(write: Write, body: str, text: str) -> None:
    """An article or main of half the page stands for it; else the page less what is around."""
    assert only(write("a.html", body)).text == text


def test_table_for_layout(write: Write) -> None:
    """A table that lays out a page is read as the blocks in it."""
    page = "<table><tr><td><h2>Head</h2><p>One<p>Two</td><td>Side</td></tr></table>"
    assert only(write("a.html", page)).text == "Head\n\nOne\n\nTwo\n\nSide"


@pytest.mark.parametrize(
    ("head", "title", "date"),
    [
        ("<title> A\n B </title><h1>C</h1>", "A B", None),
        ("<h1>C <i>D</i></h1><time datetime='2025-03-14 10:00'>x</time>", "C D", "2025-03-14"),
        ("<time datetime='PT2H'></time><meta name=date content='2025-03'>", "My page", "2025-03"),
    ],
)
def test_title_and_date_of_a_page(write: Write, head: str, title: str, date: str | None) -> None:
    """The page's title, its first heading or its name, and the first date that is one."""
    draft = only(write("my page.html", head + "<p>Text."))
    assert (draft.title, draft.date) == (title, date)


@pytest.mark.parametrize(
    ("content", "text", "warnings"),
    [
        ("<meta charset=koi8-r><p>Привет".encode("koi8-r"), "Привет", 0),
        ("<meta content='text/html; charset=latin1'><p>“é”".encode("cp1252"), "“é”", 0),
        ("<meta charset=utf-16><p>é".encode(), "é", 0),
        ('<?xml version="1.0" encoding="koi8-r"?><p>Привет'.encode("koi8-r"), "Привет", 0),
        ("<?xml encoding='koi8-r'?><meta charset=utf-8><p>é".encode(), "é", 0),
        (b"<meta charset=unicode_escape><p>\\x41", "\\x41", 0),
        ("<meta charset=utf-8><p>é".encode("cp1252"), "é", 2),
        ("<p>é".encode("cp1252"), "é", 1),
        ("<?xml version='1.0' encoding='ascii'?><p>é".encode("utf-16"), "é", 0),
    ],
)
def test_encoding_of_a_page(write: Write, content: bytes, text: str, warnings: int) -> None:
    """The declared encoding is tried where it is one of the web, then the usual ones."""
    draft = only(write("a.html", content))
    assert draft.text == text
    assert len(draft.warnings) == warnings


@pytest.mark.parametrize("page", ["<div>" * 300 + "deep", "<p>" + "x" * 11_000_000 + "<p>after"])
def test_page_that_the_parser_cuts(write: Write, page: str) -> None:
    """A page that the parser would read in part is refused."""
    assert refusal(write("a.html", page)).startswith("its HTML is nested too deep or has an overl")


def test_entities_and_files(write: Write, tmp_path: Path) -> None:
    """Entities that a page defines, or files that it names, are never read."""
    secret = write("secret.txt", "secret")
    page = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]><p>Text &x;'
    assert "secret" not in only(write("a.html", page)).text.replace(str(secret), "")


# PDF

Placed = tuple[int, int, int, str]  # left, bottom, size, words


def pdf(pages: list[list[Placed]], *, info: str = "", image: bool = False) -> bytes:
    """Return a PDF file of pages with lines of Helvetica, or each with an image."""
    kids = " ".join(f"{5 + 2 * page} 0 R" for page in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        f"<<{info}>>",
    ]
    for lines in pages:
        content = " ".join(
            f"BT /F1 {size} Tf {left} {bottom} Td ({words}) Tj ET"
            for left, bottom, size, words in lines
        )
        if image:
            content += " q 9 0 0 9 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q"
        objects += [
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
            f"/Contents {len(objects) + 2} 0 R>>",
            f"<</Length {len(content)}>>stream\n{content}\nendstream",
        ]
    out, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj{text}endobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer"
        f"<</Size {len(objects) + 1}/Root 1 0 R/Info 4 0 R>>\nstartxref\n{len(out)}\n%%EOF\n"
    )
    return out.encode("cp1252")


def column(*lines: str, top: int = 700) -> list[Placed]:
    """Return lines one below the other, an empty one being a gap."""
    return [(72, top - 14 * place, 11, line) for place, line in enumerate(lines) if line]


def test_pdf_paragraphs(write: Write) -> None:
    """Lines are joined to paragraphs, and words divided at a line's end are made whole."""
    page = [
        (72, 740, 18, "The Great Fire"),
        *column(
            "The fire began in a bakery in Pudding Lane and spread to the west through hou-",
            "ses of wood and pitch until the wind turned, as the diary of Samuel Pepys, an eye-",
            "Witness, says in a long entry that fills the whole width of this narrow column.",
            "",
            "It ended after four days.",
            "London was rebuilt.",
        ),
    ]
    draft = only(write("a.pdf", pdf([page])))
    assert draft.text == (
        "The Great Fire\n\n"
        "The fire began in a bakery in Pudding Lane and spread to the west through houses of wood"
        " and pitch until the wind turned, as the diary of Samuel Pepys, an eye-Witness, says in a"
        " long entry that fills the whole width of this narrow column.\n\n"
        "It ended after four days.\nLondon was rebuilt."
    )
    assert draft.title == "The Great Fire"
    assert draft.metadata == {"pages": "1"}
    assert draft.warnings == ()


def test_pdf_headers_and_footers(write: Write) -> None:
    """What returns on three pages is kept once, page numbers not at all, other lines always."""
    bodies = ["One goes on to the", "next page. Two.", "Three.", "Four."]
    pages = [
        [(72, 760, 9, "Fire report"), *column(body), (72, 40, 9, f"Page {number} of 4")]
        for number, body in enumerate(bodies, start=1)
    ]
    draft = only(write("a.pdf", pdf(pages)))
    assert draft.text == "Fire report\n\nOne goes on to the next page. Two.\n\nThree.\n\nFour."


def test_pdf_lines_alike_on_two_pages(write: Write) -> None:
    """Lines that are alike on two pages only, or numbered headings, are text like any other."""
    pages = [
        column("Results", "", "Chapter 1"),
        column("Results", "", "Chapter 2"),
        column("Chapter 3"),
    ]
    draft = only(write("a.pdf", pdf(pages)))
    assert draft.text == "Results\n\nChapter 1\n\nResults\n\nChapter 2\n\nChapter 3"


def test_pdf_info(write: Write) -> None:
    """Title, author and date come from the document's info."""
    info = "/Title(The Fire)/Author(Ann Lee)/CreationDate(D:20250314100000+01'00')"
    draft = only(write("a.pdf", pdf([column("Text.")], info=info)))
    assert (draft.title, draft.date) == ("The Fire", "2025-03-14")
    assert draft.metadata == {"pages": "1", "author": "Ann Lee"}


@pytest.mark.parametrize("title", ["Microsoft Word - x.doc", "untitled", "report.indd", " - "])
def test_pdf_info_without_sense(write: Write, title: str) -> None:
    """Titles that programs invent and dates that are none are passed over."""
    info = f"/Title({title})/CreationDate(D:20251350)"
    draft = only(write("my_fire.pdf", pdf([column("Text.")], info=info)))
    assert (draft.title, draft.date) == ("My fire", None)


@pytest.mark.parametrize("password", ["secret", ""])
def test_pdf_with_password(write: Write, password: str) -> None:
    """A PDF that asks for a password is refused, one that only forbids changes is read."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([column("Text.")])))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")  # noqa: S106
    content = io.BytesIO()
    writer.write(content)
    path = write("a.pdf", content.getvalue())
    if password:
        assert refusal(path) == "it is encrypted; save a copy without a password"
    else:
        assert only(path).text == "Text."


def test_pdf_without_text(write: Write) -> None:
    """A scan is refused with the way out, and so are empty pages."""
    assert refusal(write("a.pdf", pdf([[], []], image=True))) == (
        "its 2 pages hold images and no text; run OCR on it first"
    )
    assert refusal(write("b.pdf", pdf([[]]))) == (
        "its 1 page holds no text; if they are scans, run OCR on it first"
    )


def test_pdf_with_some_scans(write: Write) -> None:
    """Pages that hold images and no text are named."""
    draft = only(write("a.pdf", pdf([column("Text."), []], image=True)))
    assert draft.text == "Text."
    assert draft.warnings == ("these of its 2 pages hold images and no text: 2",)


def test_pdf_of_too_many_pages(write: Write) -> None:
    """A PDF of more than 2,000 pages is refused."""
    assert refusal(write("a.pdf", pdf([[]] * 2_001))) == (
        "it has 2001 pages, and at most 2000 are read; split it into smaller files"
    )


def test_pdf_that_pdfium_cannot_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pypdfium2 fails, pypdf reads, guesses the paragraphs, and a warning says so."""
    import pypdfium2

    def fail(*_: object) -> None:
        raise pypdfium2.PdfiumError("Data format error.")

    lines = column(
        "The fire began in a bakery and spread to the west through hou-",
        "ses of wood. It ended.",
        "London was rebuilt in stone, and a column marks the place now.",
    )
    path = write("a.pdf", pdf([lines], info="/Title(Fire)"))
    monkeypatch.setattr(pypdfium2, "PdfDocument", fail)
    draft = only(path)
    assert draft.title == "Fire"
    assert draft.text == (
        "The fire began in a bakery and spread to the west through houses of wood. It ended.\n\n"
        "London was rebuilt in stone, and a column marks the place now."
    )
    assert draft.warnings == ("its PDF structure is damaged; what could be recovered was read",)


def test_pdf_that_is_damaged(write: Write) -> None:
    """A PDF that neither library can open is refused with the reason."""
    assert refusal(write("a.pdf", b"%PDF-1.4 junk")).startswith("its PDF structure is damaged (")


# Word


def word(fill: Callable[..., None]) -> bytes:
    """Return a Word file that `fill` writes into."""
    document = docx.Document()
    fill(document)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """Return a ZIP package with parts added or replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def one_paragraph(document: docx.document.Document) -> None:
    document.add_paragraph("Text.")


def test_docx(write: Write) -> None:
    """Headings, paragraphs, lists and tables come in their order."""

    def fill(document: docx.document.Document) -> None:
        document.add_heading("The Great Fire", level=1)
        paragraph = document.add_paragraph("One ")
        paragraph.add_run("two").bold = True
        paragraph.add_run(" three").add_break()
        paragraph.add_run("four\tfive.")
        document.add_paragraph("First", style="List Bullet")
        document.add_paragraph("Second", style="List Bullet 2")
        document.add_paragraph("Between.")
        document.add_paragraph("Third", style="List Number")
        document.add_paragraph("Fourth", style="List Number")
        table = document.add_table(rows=2, cols=2)
        for place, text in enumerate(["Year", "Houses", "1666", "13,200\n(about)"]):
            table.cell(place // 2, place % 2).text = text
        document.add_table(rows=1, cols=1).cell(0, 0).text = "Framed."
        document.add_heading("After", level=2)

    draft = only(write("a.docx", word(fill)))
    assert draft.text == (
        "The Great Fire\n\nOne two three\nfour five.\n\n- First\n- Second\n\nBetween.\n\n"
        "1. Third\n2. Fourth\n\nYear | Houses\n1666 | 13,200 (about)\n\nFramed.\n\nAfter"
    )
    assert draft.title == "The Great Fire"


def test_docx_properties(write: Write) -> None:
    """Title, author and date come from the core properties."""

    def fill(document: docx.document.Document) -> None:
        one_paragraph(document)
        properties = document.core_properties
        properties.title, properties.author = "Fire", "Ann Lee"
        properties.created = properties.created.replace(year=2025, month=3, day=14)

    draft = only(write("a.docx", word(fill)))
    assert (draft.title, draft.date) == ("Fire", "2025-03-14")
    assert draft.metadata == {"author": "Ann Lee"}


BODY = b"""<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"
 xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>
<w:sdt><w:sdtContent><w:p><w:r><w:t>Control.</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:p><w:r><w:t xml:space="preserve">Kept </w:t></w:r><w:ins><w:r><w:t>in</w:t></w:r></w:ins>
<w:del><w:r><w:delText>out</w:delText></w:r></w:del><w:hyperlink><w:r><w:t>link</w:t></w:r>
</w:hyperlink><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>Box.</w:t>
</w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>Box.</w:t>
</w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>
</w:body></w:document>"""


def test_docx_text_in_odd_places(write: Write) -> None:
    """Content controls, insertions, links and text boxes are read; deletions are not."""
    content = repacked(word(one_paragraph), **{"word/document.xml": BODY})
    assert only(write("a.docx", content)).text == "Control.\n\nKept inlink\n\nBox."


def with_notes(part: str, head: bytes = b"") -> bytes:
    """Return a Word file with footnotes in a part of that name, below `word/`."""
    content = word(one_paragraph)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        relations = package.read("word/_rels/document.xml.rels")
        types = package.read("[Content_Types].xml")
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    link = b'<Relationship Id="rId99" Target="%s" Type="%s"/>' % (part.encode(), kind)
    notes = (
        b'<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b'<w:footnote w:type="separator"><w:p><w:r><w:t>no</w:t></w:r></w:p></w:footnote>'
        b"<w:footnote><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    end = b"</Relationships>"
    svg = b'<Default Extension="svg" ContentType="image/svg+xml"/></Types>'
    parts = {
        "[Content_Types].xml": types.replace(b"</Types>", svg),
        "word/_rels/document.xml.rels": relations.replace(end, link + end),
        f"word/{part}": head + notes,
    }
    return repacked(content, **parts)


def test_docx_notes(write: Write) -> None:
    """Footnotes come after the text."""
    content = with_notes("footnotes.xml")
    assert only(write("a.docx", content)).text == "Text.\n\nA note."


def test_docx_with_a_drawing(write: Write) -> None:
    """A drawing may have a DOCTYPE, since it is not read, whatever it is said to be."""
    head = b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">'
    drawing = {"word/media/image1.svg": head + b"<svg/>"}
    content = repacked(word(one_paragraph), **drawing)
    assert only(write("a.docx", content)).text == "Text."
    assert only(write("b.docx", with_notes("media/x.svg", head))).text == "Text."


@pytest.mark.parametrize(
    ("part", "content", "reason"),
    [
        ("word/x.xml", b"<?xml version='1.0'?><!DOCTYPE a><a/>", "its part word/x.xml has a DOCTY"),
        ("x.rels", "<!DOCTYPE a><a/>".encode("utf-16"), "its part x.rels has a DOCTYPE"),
        ("x.xml", b" " * 1_048_570 + b"<!DOCTYPE a>", "its part x.xml has a DOCTYPE"),
        ("x.zip", b"PK\x03\x04", "it holds another archive (x.zip); take that out"),
        ("word/embeddings/a.bin", b"\x1f\x8b", "it holds another archive (word/embeddings/a.bin)"),
        ("x.bin", bytes(30_000_000), "its ZIP package unpacks to more than 200 MB or 100 times"),
    ],
)
def test_docx_dangers(write: Write, part: str, content: bytes, reason: str) -> None:
    """Document types, archives inside and ZIP bombs are refused before anything is parsed."""
    path = write("a.docx", repacked(word(one_paragraph), **{part: content}))
    assert refusal(path).startswith(reason)


def test_docx_with_a_chart(write: Write) -> None:
    """The workbook behind a chart is an archive inside that is never opened, and allowed."""
    part = "word/embeddings/Microsoft_Excel_Sheet1.xlsx"
    content = repacked(word(one_paragraph), **{part: b"PK\x03\x04..."})
    assert only(write("a.docx", content)).text == "Text."


def test_docx_of_too_many_entries(write: Write) -> None:
    """A package of more than 2,000 entries is refused."""
    parts = {f"{number}.xml": b"" for number in range(2_000)}
    path = write("a.docx", repacked(word(one_paragraph), **parts))
    assert refusal(path) == "its ZIP package has more than 2000 entries"


def test_docx_that_is_none(write: Write) -> None:
    """Damaged packages, and packages of something else, are refused with the reason."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/workbook.xml", "<a/>")
    assert refusal(write("a.docx", out.getvalue())).startswith("it is a ZIP file named .docx but")
    assert refusal(write("b.docx", word(one_paragraph)[:-100])).startswith("its ZIP package is dam")
    broken = repacked(word(one_paragraph), **{"word/document.xml": b"<a"})
    assert refusal(write("c.docx", broken)).startswith("it cannot be read as a .docx file (")


# JSON Lines


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_jsonl(write: Write, name: str) -> None:
    """Each line is an article with its fields."""
    rows = [
        {"id": 7, "title": "One", "text": "Text\u2028one.", "date": "March 14, 2025", "n": 2.5},
        {"url": "http://x", "body": "Two.", "ok": True, "no": None, "deep": {"a": 1}},
        {"content": "Three.", "tags": ["a", "b"], "date": "soon"},
    ]
    lines = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert read_file(write(name, lines)) == [
        Draft("One", "Text\u2028one.", "2025-03-14", {"n": "2.5"}, "7"),
        Draft("A, http://x", "Two.", None, {"url": "http://x", "ok": "true"}, "http://x"),
        Draft("A, line 5", "Three.", None, {"tags": "a, b", "date": "soon"}, "line 5"),
    ]


def test_bad_lines(write: Write) -> None:
    """A bad line is named with its reason, and the other lines are read."""
    lines = ['{"text": ', "[]", '{"title": "x"}', '{"text": " "}', "[" * 99_999, '{"text": "T."}']
    draft = only(write("a.jsonl", "\n".join(lines)))
    assert draft.text == "T."
    assert draft.warnings[:4] == (
        "line 1 is not valid JSON (Expecting value at column 10)",
        "line 2 is not a JSON object",
        'line 3 has no text under "text", "body" or "content"',
        "line 4 has an empty text",
    )
    assert draft.warnings[4].startswith("line 5 is not JSON that can be read (")


def test_many_bad_lines(write: Write) -> None:
    """The first twenty bad lines are named, the rest counted."""
    draft = only(write("a.jsonl", '{"text": "T."}\n' + "x\n" * 25))
    assert len(draft.warnings) == 21
    assert draft.warnings[-1] == "5 more lines were left out"


def test_no_good_line(write: Write) -> None:
    """A file without a good line is refused with the first line's fault."""
    assert refusal(write("a.jsonl", "[]\n{}\n")) == (
        "none of its lines is an article (line 1 is not a JSON object); each line must be a JSON"
        ' object with its text under "text"'
    )

"""Files made to harm: known attacks on each format, and mutations of good files by a seed."""

from __future__ import annotations

import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from test_formats import column, one_paragraph, pdf, repacked, word

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.md"))
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>{}]>".format(
    "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 11))
)


def document(head: str, body: str, codec: str = "utf-8") -> bytes:
    """Return a Word file of which the document's XML is `head` and a body."""
    xml = f"{head}<w:document xmlns:w='{_W}'><w:body>{body}</w:body></w:document>"
    return repacked(word(one_paragraph), **{"word/document.xml": xml.encode(codec)})


def bomb() -> bytes:
    """Return a Word file of 0.3 MB that unpacks to 300 MB."""
    out = io.BytesIO(word(one_paragraph))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package,
        package.open("word/media/image1.png", "w") as entry,
    ):
        for _ in range(300):
            entry.write(bytes(1 << 20))
    return out.getvalue()


def page_loop() -> bytes:
    """Return a PDF whose tree of pages holds itself."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 999999999>>endobj\n"
        b"trailer<</Root 1 0 R/Size 3>>\n%%EOF"
    )


def stream_bomb() -> bytes:
    """Return a PDF of 0.4 MB with one page that unpacks to 400 MB of blanks."""
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(400)) + packer.flush()
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Filter/FlateDecode/Length "
        + str(len(stream)).encode()
        + b">>stream\n"
        + stream
        + b"\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\n%%EOF"
    )


# Name, content, and what the reason for skipping it contains; "" for a file that can be read.
ATTACKS: tuple[tuple[str, Callable[[], bytes], str], ...] = (
    ("bomb.docx", bomb, "unpacks to more than 200 MB or 100 times its own size"),
    ("laughs.docx", lambda: document(_LAUGHS, "<w:p>&a10;</w:p>"), "has a DOCTYPE"),
    ("nested.docx", lambda: repacked(word(one_paragraph), **{"a.zip": bomb()}), "another archive"),
    ("deep.docx", lambda: document("", "<w:sdt>" * 100_000), "cannot be read as a .docx file"),
    ("laughs.html", lambda: (_LAUGHS + "<p>&a10;</p><p>Text.").encode(), ""),
    ("deep.html", lambda: b"<div>" * 100_000 + b"Text.", "nested too deep"),
    ("table.html", lambda: b"<table>" + b"<tr><td>1<td>2<td>3" * 10_000, ""),
    ("line.txt", lambda: b"a" * 1_000_000, ""),
    ("marks.txt", lambda: ("a" + "\u0301\u0316" * 300_000).encode(), "processor time"),
    ("table.md", lambda: b"|a|b|\n|-|-|\n" + b"|1|2|\n" * 10_000, ""),
    ("slow.md", lambda: b"![[" * 20_000, "processor time"),
    ("loop.pdf", page_loop, "its PDF structure is damaged"),
    ("blank.pdf", stream_bomb, ""),
    ("xref.pdf", lambda: pdf([column("Text.")]).replace(b"0000000", b"9999999"), ""),
    ("nul.txt", lambda: b"Text.\0", "NUL byte at position 5"),
    ("empty.md", lambda: b"", "holds no text"),
    ("latin.txt", lambda: b"caf\xe9", ""),
    ("deep.jsonl", lambda: b'{"text": "T.", "a": ' + b"[" * 1_000_000, "none of its lines"),
)


def tokens(canary: Path) -> list[bytes]:
    """Return pieces that mean something to a parser; some ask it to read the file `canary`."""
    url = canary.as_uri()
    texts = [
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "{url}">]>&x;',
        f'<iframe src="{url}"></iframe><object data="{url}"></object><img src="{url}">',
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}" parse="text"/>',
        f'<?xml-stylesheet href="{url}"?><base href="{url}"><link rel="import" href="{url}">',
        f'<w:altChunk r:id="rId1"/><w:instrText>INCLUDETEXT "{canary}"</w:instrText>',
        f'<Relationship Id="rId1" Type="x/footnotes" Target="{url}" TargetMode="External"/>',
        f"---\nx: !!python/object/apply:builtins.open ['{canary}']\n---\n",
        f"![x]({url})", f"[x]: {url}\n", f'{{"text": {{"$ref": "{url}"}}}}\n',
        f"<</Type/EmbeddedFile/F({canary})/FFilter/FlateDecode>>stream\nendstream",
        "<div>", "</div>", "<table><tr><td>", "<script>", "<!--", "]]>", "<svg>", "&#x1F600;",
        "[", "](", "*", "**a", "_", "`", "```\n", "> ", "- ", "  - ", "| a | b |\n|-|-|\n", "[^1]",
        "[^1]: a\n", "---\n", "&a: *a", "\\", "{", '{"text": "', '"', ",", "\\ud800", "1e999",
        "obj", "endobj", "stream\n", "/Kids[2 0 R]", "/Count 99999999", "/Length 0", "<<",
        ">>", "(", "BT", "Tj", "0 0 m", "999999999 0 R", "<w:p>", "<w:tbl><w:tr><w:tc>", "</w:p>",
        "\r", "\n", "\n\n", "\x00", "\ufeff", "\u0301", "\u202e", "\U0001f468\u200d", "-\n",
    ]  # fmt: skip
    return [text.encode() for text in texts] + [b"\xff\xfe", b"\x80", b"PK\x03\x04", b"\x1f\x8b"]


@cache
def good_files() -> tuple[tuple[str, bytes], ...]:
    """Return names and contents of small good files of each format."""
    texts = [path.read_text(encoding="utf-8")[:1500] for path in SEEDS[:3]]
    pages = [f"<article><h1>A</h1><p>{text}</p><ul><li>b</ul></article>" for text in texts]
    lines = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(texts)]
    lists = word(lambda document: document.add_paragraph("One.", style="List Bullet"))
    columns = pdf([column(*texts[0].encode("ascii", "ignore").decode().split("\n")[:20])] * 3)
    return (
        *(("a.md", text.encode()) for text in texts),
        ("a.txt", texts[0].encode("utf-16")),
        ("a.text", texts[1].encode("cp1252", "ignore")),
        *(("a.html", page.encode()) for page in pages),
        ("a.htm", b"<meta charset=shift_jis>" + pages[0].encode()),
        ("a.jsonl", "\n".join(lines).encode()),
        ("a.docx", word(one_paragraph)),
        ("a.docx", lists),
        ("a.pdf", columns),
        ("a.pdf", pdf([column("One."), column("Two.")], info="/Title(T)")),
    )


def mutated(seed: int, pieces: list[bytes]) -> tuple[str, bytes]:
    """Return the name and content of the hostile file of a number; the same for the same number."""
    draw = random.Random(seed)  # noqa: S311 - files to test with, no secret
    name, data = draw.choice(good_files())
    if name == "a.docx" and draw.random() < 0.9:  # inside its package, so that it still opens
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            part = draw.choice([*package.namelist(), *["word/document.xml"] * 8])
            content = _changed(package.read(part), draw, pieces)
        return name, repacked(data, **{part: content})
    return name, _changed(data, draw, pieces)


def _changed(data: bytes, draw: random.Random, pieces: list[bytes]) -> bytes:
    """Return data after a few changes."""
    for _ in range(draw.randint(1, 6)):
        start = draw.randint(0, len(data))
        end = min(len(data), start + draw.choice([1, 4, 40, 400]))
        head, middle, tail = data[:start], data[start:end], data[end:]
        match draw.randrange(6):
            case 0:
                middle = bytes(byte ^ 1 << draw.randrange(8) for byte in middle[:3]) + middle[3:]
            case 1:
                middle = b""
            case 2:
                middle *= draw.choice([2, 20, 200])
            case 3 | 4:
                middle += draw.choice(pieces) * draw.choice([1, 1, 1, 30, 3_000])
            case _:
                tail = tail if draw.random() < 0.8 else b""
                middle = draw.choice(good_files())[1][:1_000]
        data = head + middle + tail
    return data

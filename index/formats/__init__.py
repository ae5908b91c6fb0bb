"""Files of seven formats to drafts of articles: `read_bytes`, `parse` and its value.

One module per format; each turns a file's bytes into plain text in which no mark of the format
is left. Nothing is cut off silently: what cannot be read whole is refused with the reason. The
parsers run third-party code on untrusted bytes, and pypdfium2 is not thread-safe: `parse` runs
in a process of its own, `index/worker.py`, with limits on time and memory, one file at a time.
"""

from index.formats.draft import Draft
from index.formats.read import SUFFIXES, parse, read_bytes

__all__ = ["Draft", "SUFFIXES", "parse", "read_bytes"]

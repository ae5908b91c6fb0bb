"""Every limit on what is read of a file, with its reason.

The first part bounds what a file may be, and is checked by the reader of its format. `Limits`
bounds what reading it may cost, and is enforced from outside, on the process that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

# A file.
MAX_BYTES = 50 * 1024 * 1024  # some 8 million words; larger ones are dumps, not articles

# A ZIP package, such as a Word file. Its headers lie, so bytes are counted as they are unpacked.
MAX_ENTRIES = 2_000  # one for each picture; the directory alone of more would be costly
MAX_UNPACKED = 200 * 1024 * 1024  # parsed XML takes several times that in memory
MAX_RATIO = 100  # of unpacked to packed bytes; text packs 3 to 20 times, a bomb 1,000 times

# A PDF file.
MAX_PAGES = 2_000  # the longest books; the pages of a loop never end

# A Markdown file.
MAX_NESTING = 100  # levels; the parser drops, without a word, what lies deeper
MAX_FRONT_MATTER = 64 * 1024  # characters of YAML, whose parser recurses


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost before it is skipped.

    `characters` is what the reading process promises not to exceed; `answer_bytes` is what is
    accepted from it whatever it promises.
    """

    cpu_seconds: int = 60  # Markdown of 10 MB takes 10 to 30
    wall_seconds: float = 300.0  # the same on a machine that is busy with other work
    memory_bytes: int = 2 * 1024**3  # of addresses; Markdown of 50 MB takes 1.2 GB
    characters: int = 50 * 1024 * 1024  # of text: no more than the largest file has
    answer_bytes: int = 128 * 1024 * 1024  # those in UTF-8, and the fields of the articles
    open_files: int = 32  # the pipes, and one module at a time

"""Everything that Footnote raises on purpose.

FootnoteError
├── IndexMissing        no index at the path
├── IndexLocked         another process is changing the index
├── IndexDamaged        the stored data does not read as it was written
├── IndexNotWritten     a full disk, or a folder that may not be written to
├── IndexIncompatible   made with another model, chunking or format version
├── BackupUnusable      the file to import is no backup, or a damaged one
├── NothingToIndex      no article could be read from the sources
├── ArticleMissing      no such article in the index
├── UnreadableFile      one file could not be turned into an article
├── ModelError          the weights of the encoder or the reader cannot be used
├── RuntimeUnknown      the runtime to use is none that there is
├── PrecisionError      more precision is asked than the confidence can promise
└── QuestionError       the question cannot be asked (empty, too long, not text)

Each message is one sentence or two: what was found, what was expected, what to do.
"""

from typing import Self


class FootnoteError(Exception):
    """Root of all errors that a user may see; its text is fit to be shown."""


class IndexMissing(FootnoteError):
    """There is no index at the path that was given."""


class IndexLocked(FootnoteError):
    """Another process holds the index's writer lock."""


class IndexDamaged(FootnoteError):
    """The index's file cannot be read as what it was written as."""


class IndexNotWritten(FootnoteError):
    """The index could not be written, for instance on a full disk; it is as it was before."""


class IndexIncompatible(FootnoteError):
    """The index was made with another model, dimension, chunking or format version."""


class BackupUnusable(FootnoteError):
    """The file to import is not what `footnote index export` wrote."""


class NothingToIndex(FootnoteError):
    """The sources hold no readable article."""


class ArticleMissing(FootnoteError):
    """The index holds no article of that id."""

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the error for an id, or a path, that the index does not know."""
        return cls(f"there is no article {name} in the index; `footnote index list` shows all")


class UnreadableFile(FootnoteError):
    """A file could not be read as an article; the text is the reason, without the path."""


class ModelError(FootnoteError):
    """A model folder is missing, damaged or not of the kind that was asked for."""


class RuntimeUnknown(FootnoteError, ValueError):
    """The runtime that was asked for is none of those known, or is not installed."""


class PrecisionError(FootnoteError, ValueError):
    """The precision that was asked for is no share, or more than the confidence can promise."""


class QuestionError(FootnoteError, ValueError):
    """The question cannot be asked: empty, too long, or not text."""

"""Everything that Footnote raises on purpose.

FootnoteError
├── IndexMissing        no index at the path
├── IndexLocked         another process is changing the index
├── IndexDamaged        the stored data does not read as it was written
├── IndexUnreadable     the system does not let it be read: rights, too many open files
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

import errno
from pathlib import Path
from typing import Self

READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}  # what says that nothing may be written
_HELP = {  # where the system refuses to open what is there
    errno.EACCES: "allow this user to read it",
    errno.EPERM: "allow this user to read it",
    errno.EMFILE: "allow this process more open files (`ulimit -n`)",
    errno.ENFILE: "close other programs, too many files are open",
}


class FootnoteError(Exception):
    """Root of all errors that a user may see; its text is fit to be shown."""


class IndexMissing(FootnoteError):
    """There is no index at the path that was given."""


class IndexLocked(FootnoteError):
    """Another process holds the index's writer lock."""


class IndexDamaged(FootnoteError):
    """The index's file cannot be read as what it was written as."""


class IndexUnreadable(FootnoteError):
    """The system does not let the index be read, which says nothing against what it holds."""

    @classmethod
    def refused(cls, path: Path, error: OSError) -> Self:
        """Return the error for a file or folder of the index that could not be read."""
        what = error.strerror or error
        return cls(f"{path} cannot be read ({what}); {_HELP.get(error.errno or 0, 'try again')}")

    @staticmethod
    def is_refusal(error: OSError) -> bool:
        """Say whether what is there was refused, and may be good."""
        return error.errno in _HELP


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

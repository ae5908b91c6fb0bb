"""What the user is told when something goes wrong."""

from __future__ import annotations

import logging

from index.errors import FootnoteError

logger = logging.getLogger(__name__)

BUSY = "Too many questions are waiting already; ask this one again in a moment."
NOT_SENT = "This question could not be sent; make it shorter, or load the page again and ask anew."
SOMETHING_FAILED = "Something failed; the details are in the server's log."


def said(error: Exception) -> str:
    """Return what the user is told of an error; what is nobody's message goes to the log."""
    if isinstance(error, FootnoteError):
        return str(error)
    logger.error("an event of the page failed", exc_info=error)
    return SOMETHING_FAILED


def counted(number: int, word: str) -> str:
    """Return a number with its word in singular or plural."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"

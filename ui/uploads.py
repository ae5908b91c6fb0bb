"""What a request may name as a file: one that was uploaded, and nothing else.

Gradio fetches a path that is an address, and without its own launch, which this page does not
use, it takes any other file of the machine as well.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from index.errors import FootnoteError


class NotUploaded(FootnoteError):
    """A request names a file that was not uploaded."""

    def __init__(self) -> None:
        super().__init__("A file of this request was not uploaded here; upload it first.")


def require_uploads(value: Any, folder: str) -> None:
    """Raise `NotUploaded` when a file anywhere in the inputs lies outside the folder of uploads.

    Looks at names alone: nothing is opened.
    """
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "path" in each and not _is_upload(each, folder):
                raise NotUploaded
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)


def _is_upload(file: dict[Any, Any], folder: str) -> bool:
    path, url = file["path"], file.get("url")
    if not isinstance(path, str):
        return False
    place = PurePath(path)
    if ".." in place.parts or not place.is_relative_to(folder):
        return False
    return url is None or (isinstance(url, str) and unquote(url).endswith(f"/file={path}"))

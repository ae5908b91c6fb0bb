"""`footnote feedback`: what was said of answers on the chat page, for evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli_options import (
    ConversationsOption,
    IndexOption,
    JsonOption,
    conversations_path,
    index_path,
)
from ui.terminal import one_line, say, say_json

if TYPE_CHECKING:
    from ui.history import History

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See and export what was said of answers on the chat page.",
)


@app.command("list")
def list_(
    index: IndexOption = None,
    conversations: ConversationsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the answers that were called right or wrong.

    Example: footnote feedback list
    """
    from ui.feedback import judged

    feedback = judged(_history(index, conversations))
    if as_json:
        say_json([each.turn.to_dict() for each in feedback])
        return
    for each in feedback:
        given = each.turn.answer.text if each.turn.answer else ""
        say(f"{each.turn.fault:<14} {one_line(each.turn.question)} → {one_line(given) or '–'}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .jsonl file to write.")],
    index: IndexOption = None,
    conversations: ConversationsOption = None,
) -> None:
    """Write golden questions for `footnote evaluate`.

    Left out are answers whose right words nobody marked, and those whose article has changed.

    Example: footnote feedback export golden.jsonl
    """
    from index import open_index
    from index.errors import FootnoteError
    from ui.feedback import golden_lines, judged

    if file.suffix != ".jsonl":
        raise typer.BadParameter("give a file that ends in .jsonl", param_hint="FILE")
    feedback = judged(_history(index, conversations))
    with open_index(index_path(index)) as articles:
        lines = golden_lines(feedback, articles)
    if not lines:
        raise FootnoteError(
            f"none of {len(feedback)} judged answers can be exported: say on the chat page which"
            " are right, or mark the right words."
        )
    try:
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise FootnoteError(f"{file} cannot be written ({error.strerror or error}).") from error
    say(f"{len(lines)} of {len(feedback)} judged answers written to {file}")


def _history(index: Path | None, conversations: Path | None) -> History:
    from ui.history import History

    return History(conversations_path(conversations), place=str(index_path(index).resolve()))

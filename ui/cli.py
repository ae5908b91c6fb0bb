"""The `footnote` command: its root, `ask` and `chat`, and what failures look like.

Exit codes: 0 done · 1 a FootnoteError, one sentence on stderr · 2 wrong usage · 70 a fault of
the program · 130 Ctrl-C. `ask` says how it came out by 0 answered, 3 unsure, 4 not found;
`index check` by 5 that the index is not sound.

What is heavy is imported inside the commands, so that `--help` comes at once.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ui import cli_index
from ui.cli_doctor import doctor
from ui.cli_evaluate import evaluate
from ui.cli_feedback import app as feedback
from ui.cli_options import (
    ConversationsOption,
    IndexOption,
    JsonOption,
    PrecisionOption,
    Stopped,
    conversations_path,
    has_index,
    index_path,
    starter_articles,
    stoppable,
)
from ui.log import own_errors
from ui.terminal import (
    ProgressLine,
    end_output,
    one_line,
    say,
    say_alternatives,
    say_answer,
    say_json,
    warn,
)

if TYPE_CHECKING:
    from qa import Assistant
    from qa.values import Answer
    from ui.login import Login

FAILED, FAULT, STOPPED = 1, 70, 130
PASSWORD_VARIABLE = "FOOTNOTE_PASSWORD"  # noqa: S105 - the name of a variable
ENVIRONMENT = {  # read by these libraries when they are imported
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(cli_index.app, name="index")
app.command()(evaluate)
app.command()(doctor)
app.add_typer(feedback, name="feedback")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    options = args[: args.index("--")] if "--" in args else args
    debug = "--debug" in options
    if debug:
        args.remove("--debug")
    os.environ.update(ENVIRONMENT)
    for stream in (sys.stdout, sys.stderr):  # a file name need not be text
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with _others_silenced(debug=debug):
        code = _run(args, debug=debug)
    return code if end_output() else code or FAILED


def _run(args: list[str], *, debug: bool) -> int:
    try:
        typer.main.get_command(app)(args, prog_name="footnote")
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
        if code == STOPPED:
            warn("Stopped.")
        return code
    except Stopped as stop:
        warn(str(stop))
        return STOPPED
    except Exception as error:
        from index.errors import FootnoteError

        if isinstance(error, OSError) and not end_output():
            return FAILED
        if debug:
            traceback.print_exception(error)
        if isinstance(error, FootnoteError):
            warn(f"footnote: {one_line(str(error))}")
            return FAILED
        hint = "" if debug else ". Run again with --debug for the details"
        warn(
            "footnote: something failed inside:"
            f" {type(error).__name__}: {one_line(str(error))}{hint}"
        )
        return FAULT
    return 0


@contextmanager
def _others_silenced(*, debug: bool) -> Iterator[None]:
    """Keep warnings and log lines of libraries off the terminal, unless debugging."""
    handler = logging.StreamHandler() if debug else own_errors()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with warnings.catch_warnings():
            if not debug and not sys.warnoptions:
                warnings.simplefilter("ignore")
            yield
    finally:
        root.removeHandler(handler)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            say(f"footnote {version('footnote-qa')}")
        except PackageNotFoundError:
            say("footnote, run from its source folder")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version."),
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a failure; may stand anywhere.")
    ] = False,
) -> None:
    """Answer questions from your own articles, in the articles' own words.

    Example: footnote index rebuild notes/
    """


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.", metavar="QUESTION")],
    articles: Annotated[
        list[str] | None,
        typer.Option("--article", metavar="ID", help="Look in this article only; repeatable."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add times, hits and alternatives.")
    ] = False,
    precision: PrecisionOption = None,
    index: IndexOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer one question, with its citations.

    Exit code 0: answered; 3: unsure, the candidate is shown; 4: not in the articles. The JSON
    holds times and alternatives always.

    Example: footnote ask "Who designed the bridge?" --explain
    """
    from qa import Assistant, Outcome

    with Assistant.open(index_path(index), precision=precision) as assistant:
        answer = assistant.ask(question, articles=articles or None)
        if as_json:
            say_json(answer.to_dict())
        else:
            say_answer(answer)
            if explain:
                _explain(assistant, answer, articles or None)
    codes = {Outcome.UNSURE: 3, Outcome.AMBIGUOUS: 3, Outcome.NOT_FOUND: 4}
    raise typer.Exit(codes.get(answer.outcome, 0))


def _explain(assistant: Assistant, answer: Answer, articles: Sequence[str] | None) -> None:
    say()
    say_alternatives(answer.alternatives)
    if answer.interpreted_question != answer.question:
        say(f"searched for: {one_line(answer.interpreted_question)}", indent=2)
    stages = ", ".join(f"{stage} {ms:.0f} ms" for stage, ms in answer.timings.items())
    say(f"times: {stages}", indent=2)
    titles = {article.id: article.title for article in assistant.index.articles()}
    say("hits:", indent=2)
    (hits,) = assistant.retrieve([answer.interpreted_question], articles=articles)
    for rank, hit in enumerate(hits, 1):
        passage = hit.passage
        place = f"{one_line(titles[passage.article_id])} {passage.start}–{passage.end}"
        say(f"{rank:>2}  {hit.score:.4f}  {place}  {one_line(passage.text)[:60]}…", indent=4)


@app.command()
def chat(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 7860,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    user: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Ask for this user name and a password: ${PASSWORD_VARIABLE}, or typed here.",
        ),
    ] = None,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Also answer programs that speak MCP.")
    ] = False,
    precision: PrecisionOption = None,
    index: IndexOption = None,
    conversations: ConversationsOption = None,
) -> None:
    """Open the chat page in a browser.

    When there is no index yet, one of the starter articles is built first. Beyond loopback a
    login is needed.

    Example: footnote chat --port 8000 --no-browser
    """
    from ui.guards import require_login

    login = _login(user)
    require_login(host, login)
    if mcp:
        from ui.programs import require_mcp

        require_mcp()
    from index import build_index

    path = index_path(index)
    if index is None and not has_index(path):
        warn(f"There is no index at {path} yet: indexing the starter articles.")
        with stoppable(path), ProgressLine(shown=True) as line:
            report = build_index(
                starter_articles(), path=path, progress=line.on_index, replace_old=False
            )
            say(str(report))

    from ui.app import serve

    def ready(url: str) -> None:
        say(f"Footnote answers at {url} (Ctrl-C stops it)")
        sys.stdout.flush()

    try:
        serve(
            path, host=host, port=port, open_browser=browser, login=login, mcp=mcp,
            precision=precision, conversations=conversations_path(conversations), on_ready=ready,
        )  # fmt: skip
    except KeyboardInterrupt:  # the way to end it
        warn("Stopped.")


def _login(user: str | None) -> Login | None:
    """Return the login, by the password of the environment, or the one that is typed."""
    from index.errors import FootnoteError
    from ui.login import Login

    given = os.environ.get(PASSWORD_VARIABLE)
    if user is None:
        if given:
            raise FootnoteError(
                f"{PASSWORD_VARIABLE} is set, and nobody is named who logs in with it: name"
                " somebody by --user, or unset it."
            )
        return None
    if given is None:
        given = str(typer.prompt(f"Password for {user}", hide_input=True))
    if not given.strip():
        raise typer.BadParameter("the password is empty", param_hint="--user")
    return Login(user, given)


if __name__ == "__main__":
    sys.exit(main())

"""``homebody refactor PATH…``: edits by the model, as diffs or in place."""
# ruff: noqa: ARG001 - typer takes the options from the parameters; they are read as one value

from typing import Annotated

import typer
from msgspec import convert

from homebody.cli.edge import warn
from homebody.cli.flags import Flags, without_keys
from homebody.cli.prompts import library_of, show_actions
from homebody.cli.refactor_options import STDIN, RefactorOptions, check_options, places_of
from homebody.engine import prompt_folders
from homebody.headless.find import tree_of
from homebody.prompt.library import PromptLibrary
from homebody.settings import Settings


def _action_names() -> list[str]:
    """Names of the actions that are shipped and of the user's own."""
    return [action.name for action in PromptLibrary(prompt_folders(Settings(), ())).actions]


def command(
    context: typer.Context,
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH[:START[-END]]",
            help="Files, folders or quoted globs; lines count from 1; - is the standard input.",
        ),
    ] = None,
    *,
    action: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="One of the actions that --list shows.", autocompletion=_action_names
        ),
    ] = "",
    instruction: Annotated[str, typer.Option(metavar="TEXT", help="What to do, in your own words.")] = "",
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="SYMBOL", help="Only symbols of that name: test_*, Class.method. Repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Leave these paths out. Repeatable.")
    ] = None,
    changed: Annotated[
        str | None,
        typer.Option(
            metavar="[REV]", help="Only files that differ from REV (--changed=main), or from the last commit."
        ),
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Only files that are staged.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff (the default).")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if there is something to change.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Change the files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each file.")] = False,
    verify: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help="Run this after each file ({file} is its path); if it fails, the change is undone. "
            "It may run code that the model wrote: on a terminal, you see each diff first and are asked.",
        ),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Run the command of --verify without asking.")
    ] = False,
    verify_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="Time limit of the command.")
    ] = 300.0,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=1, max=64, help="Files to process in parallel.")
    ] = 1,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Maximum number of files.")] = None,
    max_tokens: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Maximum length of an answer, in tokens.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="Make sampling repeatable.")] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.1, help="Time limit of the model for each file."),
    ] = None,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Also change files with uncommitted changes.")
    ] = False,
    allow_notes: Annotated[
        bool,
        typer.Option("--allow-notes", help="Also write edits that are refused because of their notes."),
    ] = False,
    apply_refused: Annotated[
        bool,
        typer.Option(
            "--apply-refused", help="Also apply edits that were refused, such as ones that do not parse."
        ),
    ] = False,
    resume: Annotated[
        str | None, typer.Option(metavar="[RUN]", help="Continue a run that ended early.")
    ] = None,
    stdin_filename: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the file that - reads, such as app.py.")
    ] = "",
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Also show each exact prompt, and the answer.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no progress, remarks or summary.")
    ] = False,
    list_actions: Annotated[
        bool, typer.Option("--list", help="List the actions, without starting a model.")
    ] = False,
) -> None:
    """Rewrite files, or parts of them: as diffs, or in place."""
    flags = Flags.of(context.obj)
    given = {name: value for name, value in context.params.items() if value is not None}
    given |= {"mode": "write" if write else "check" if check else "diff", "shows_diff": diff}
    options = convert(given, RefactorOptions)
    if list_actions:
        library = library_of(flags, tree_of(places_of(options)))
        if library.summary:
            warn(library.summary)
        show_actions(library.actions, as_json=as_json)
        return
    # It takes time to load.
    from homebody.cli.refactor_run import refactor_stdin, resume_run, run_refactor

    if resume is not None:
        raise typer.Exit(resume_run(resume, flags))
    check_options(options, writes=write, checks=check)
    if str(STDIN) in options.places:
        raise typer.Exit(refactor_stdin(options, flags))
    raise typer.Exit(run_refactor(options, flags, without_keys(context.obj["arguments"])))

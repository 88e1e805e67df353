"""``homebody refactor PATH…``: edits by the model, as diffs or in place."""

from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.edge import warn
from homebody.cli.flags import Flags
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
            help="Run this after each file ({file} is its path); if it fails, the change is undone.",
        ),
    ] = "",
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
        typer.Option(
            "--allow-notes", help="Also write edits that come with notes on what they remove or add."
        ),
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
        str, typer.Option(metavar="NAME", help="Treat the standard input as this file.")
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
    options = RefactorOptions(
        places=tuple(places or ()),
        action=action,
        instruction=instruction,
        select=tuple(select or ()),
        exclude=tuple(exclude or ()),
        changed=changed,
        staged=staged,
        mode="write" if write else "check" if check else "diff",
        shows_diff=diff,
        as_json=as_json,
        show_prompt=show_prompt,
        quiet=quiet,
        jobs=jobs,
        limit=limit,
        max_tokens=max_tokens,
        seed=seed,
        timeout=timeout,
        verify=verify,
        verify_timeout=verify_timeout,
        allow_dirty=allow_dirty,
        allow_notes=allow_notes,
        apply_refused=apply_refused,
    )
    if list_actions:
        _list(flags, options)
        return
    if resume is not None:
        from homebody.cli.refactor_run import resume as resume_run

        raise typer.Exit(resume_run(resume, flags))
    check_options(options, writes=write, checks=check)
    if places_of(options)[:1] and places_of(options)[0].path == STDIN:
        from homebody.cli.refactor_stdin import refactor_stdin

        raise typer.Exit(refactor_stdin(options, Path(stdin_filename or "stdin"), flags))
    from homebody.cli.refactor_run import run_refactor

    raise typer.Exit(run_refactor(options, flags, _command(options)))


def _command(options: RefactorOptions) -> list[str]:
    """Return the command line without what does not change the result, for `undo --list` and other runs."""
    what = ["--action", options.action] if options.action else ["--instruction", options.instruction]
    chosen = ["--staged"] if options.staged else []
    chosen += [f"--changed={options.changed}"] if options.changed is not None else []
    chosen += [word for pattern in options.select for word in ("--select", pattern)]
    chosen += [word for pattern in options.exclude for word in ("--exclude", pattern)]
    verify = ["--verify", options.verify] if options.verify else []
    return ["refactor", *options.places, *chosen, *what, f"--{options.mode}", *verify]


def _list(flags: Flags, options: RefactorOptions) -> None:
    library = library_of(flags, tree_of(places_of(options)))
    if library.summary:
        warn(library.summary)
    show_actions(library, as_json=options.as_json)

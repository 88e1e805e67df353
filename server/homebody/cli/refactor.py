"""``homebody refactor PATH…``: edits by the model, as diffs or in place."""

import typer
from msgspec import convert

from homebody.cli.edge import warn
from homebody.cli.flags import Flags, without_keys
from homebody.cli.prompts import library_of, show_actions
from homebody.cli.refactor_options import STDIN, RefactorOptions, check_options, with_options
from homebody.headless.find import tree_of


@with_options
def command(context: typer.Context, **given: object) -> None:
    """Rewrite files, or parts of them: as diffs, or in place."""
    flags = Flags.of(context.obj)
    options = convert({name: value for name, value in given.items() if value is not None}, RefactorOptions)
    if options.list_actions:
        library = library_of(flags, tree_of(options.files))
        if library.summary:
            warn(library.summary)
        show_actions(library.actions, as_json=options.as_json)
        return
    # It takes time to load.
    from homebody.cli.refactor_run import refactor_stdin, resume_run, run_refactor

    if options.resume is not None:
        raise typer.Exit(resume_run(options.resume, flags))
    check_options(options)
    if STDIN in options.places:
        raise typer.Exit(refactor_stdin(options, flags))
    raise typer.Exit(run_refactor(options, flags, without_keys(context.obj["arguments"])))

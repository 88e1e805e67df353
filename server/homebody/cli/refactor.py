"""``homebody refactor PATH…``: edits by the model, as diffs or in place."""

import typer
from msgspec import convert

from homebody.cli.flags import Flags, without_keys
from homebody.cli.refactor_options import STDIN, RefactorOptions, check_options, with_options


@with_options
def command(context: typer.Context, **given: object) -> None:
    """Rewrite files, or parts of them: as diffs, or in place."""
    flags = Flags.of(context.obj)
    options = convert({name: value for name, value in given.items() if value is not None}, RefactorOptions)
    # It takes time to load.
    from homebody.cli.refactor_run import refactor_stdin, resume_run, run_refactor

    if options.resume is not None:
        raise typer.Exit(resume_run(options.resume, flags))
    check_options(options)
    if STDIN in options.places:
        raise typer.Exit(refactor_stdin(options, flags))
    raise typer.Exit(run_refactor(options, flags, without_keys(context.obj["arguments"])))

"""The options of ``homebody refactor``, as typer reads them and as a journal stores them."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer
from msgspec import Struct, structs

from homebody.cli.edge import parse_lines
from homebody.engine import prompt_folders
from homebody.errors import UsageError
from homebody.headless.find import Chosen
from homebody.headless.run import RunRequest
from homebody.prompt.library import PromptLibrary
from homebody.settings import Settings

STDIN = "-"


def _action_names() -> list[str]:
    """Names of the actions that are shipped and of the user's own."""
    return [action.name for action in PromptLibrary(prompt_folders(Settings(), ())).actions]


class RefactorOptions(Struct, frozen=True, omit_defaults=True):
    """The options of one run, as the command line has them; a journal stores them, to resume the run.

    ``flags`` are settings from the command line, without API keys.
    """

    places: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH[:START[-END]]",
            help="Files, folders or quoted globs; lines count from 1; - is the standard input.",
        ),
    ] = []
    action: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="One that `homebody prompts` lists.",
            autocompletion=_action_names,
        ),
    ] = ""
    instruction: Annotated[str, typer.Option(metavar="TEXT", help="What to do, in your own words.")] = ""
    select: Annotated[
        list[str],
        typer.Option(metavar="SYMBOL", help="Only symbols of that name: test_*, Class.method. Repeatable."),
    ] = []
    exclude: Annotated[
        list[str], typer.Option(metavar="GLOB", help="Leave these paths out. Repeatable.")
    ] = []
    changed: Annotated[
        str | None,
        typer.Option(
            metavar="[REV]", help="Only files that differ from REV (--changed=main), or from the last commit."
        ),
    ] = None
    staged: Annotated[bool, typer.Option("--staged", help="Only files that are staged.")] = False
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff (the default).")] = False
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if there is something to change.")
    ] = False
    write: Annotated[bool, typer.Option("--write", help="Change the files.")] = False
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each file.")] = False
    verify: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help="Run this after each file ({file} is its path); if it fails, the change is undone. "
            "It may run code that the model wrote: on a terminal, you see each diff first and are asked.",
        ),
    ] = ""
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Run the command of --verify without asking.")] = (
        False
    )
    verify_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="Time limit of the command.")
    ] = 300.0
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=1, max=64, help="Files to process in parallel.")
    ] = 1
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Maximum number of files.")] = None
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Also change files with uncommitted changes.")
    ] = False
    allow_notes: Annotated[
        bool,
        typer.Option("--allow-notes", help="Also write edits that are refused because of their notes."),
    ] = False
    apply_refused: Annotated[
        bool,
        typer.Option(
            "--apply-refused", help="Also apply edits that were refused, such as ones that do not parse."
        ),
    ] = False
    resume: Annotated[str | None, typer.Option(metavar="[RUN]", help="Continue a run that ended early.")] = (
        None
    )
    stdin_filename: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the file that - reads, such as app.py.")
    ] = ""
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Also show each exact prompt, and the answer.")
    ] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress, remarks or summary.")] = (
        False
    )
    flags: dict[str, str] = {}

    @property
    def files(self) -> list[Chosen]:
        """The places as paths with lines. Raises ``UsageError`` where one is malformed."""
        parsed = (parse_lines(place) for place in self.places)
        return [Chosen(path, (lines,) if lines else ()) for path, lines in parsed]

    @property
    def request(self) -> RunRequest:
        """The task that the run performs on each file."""
        return RunRequest(
            action=self.action or None,
            instruction=self.instruction or None,
            select=tuple(self.select),
            keeps_noted=not self.write or self.allow_notes,
            keeps_refused=self.apply_refused,
        )

    @property
    def prints_diff(self) -> bool:
        """Whether diffs go to stdout."""
        return not self.as_json and (self.diff or not (self.write or self.check))


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer read a parameter for each of the options, instead of those that the function has."""
    kind = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(
            field.name,
            kind,
            default=None if field.default is structs.NODEFAULT else field.default,
            annotation=field.type,
        )
        for field in structs.fields(RefactorOptions)
        if field.name != "flags"
    ]
    typed: Any = command
    typed.__signature__ = inspect.Signature(
        [inspect.Parameter("context", kind, annotation=typer.Context), *options]
    )
    return command


def check_options(options: RefactorOptions) -> None:
    """Check that the options can be combined. Raises ``UsageError``, which says what to do."""
    reads_stdin = STDIN in options.places
    rows = (
        (
            not options.places and options.changed is None and not options.staged,
            "The command refactor needs files or folders: homebody refactor PATH --action NAME.",
        ),
        (
            bool(options.action) == bool(options.instruction.strip()),
            "Give either --action NAME (see `homebody prompts`) or --instruction TEXT.",
        ),
        (
            options.write and options.check,
            "--check changes no files and --write does: give only one of them.",
        ),
        (
            bool(options.verify) and not options.write,
            "--verify runs on changed files: give --write with it.",
        ),
        (
            options.changed is not None and options.staged,
            "--changed and --staged are two ways to choose files: give only one of them.",
        ),
        (
            bool(options.select) and any(place.lines for place in options.files),
            "Lines and --select are two ways to choose a part of a file: give only one of them.",
        ),
        (
            reads_stdin and not options.stdin_filename,
            "- needs the name of the file, such as --stdin-filename app.py: its ending tells the language.",
        ),
        (
            reads_stdin and (len(options.places) > 1 or bool(options.verify)),
            "- reads one text from the standard input; it cannot be combined with other files or --verify.",
        ),
    )
    for is_wrong, message in rows:
        if is_wrong:
            raise UsageError(message)
